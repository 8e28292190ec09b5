"""The page on which users choose by which channels they hear of what, test them, and see the way of each message."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, ValidationError

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.routers.notifying import banner
from api.routers.notifying.own import save_others
from api.routers.notifying.receivers import delivery, person
from api.shapes.notifying.receivers import NotificationsIn
from db.events import receivers
from db.notifying import own, policies, ways
from db.notifying.own import NotToBeChosen
from db.plant import plant
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import Digest
from workorder_core.notifying.whom import OF_CONTRACTORS
from workorder_core.sentences import Said, say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
SHOWN = 30


class Written(BaseModel):
    """The page's form. ``choices`` are those of e-mail."""

    model_config = ConfigDict(extra="ignore")

    address: Annotated[str, Form(max_length=300)] = ""
    choices: Sequence[str] = ()
    banner: Sequence[str] = ()
    ntfy: Sequence[str] = ()
    apprise: Sequence[str] = ()
    ntfy_address: Annotated[str, Form(max_length=300)] = ""
    ntfy_token: Annotated[str, Form(max_length=200)] = ""
    apprise_address: Annotated[str, Form(max_length=1000)] = ""
    off: Sequence[str] = ()
    quiet_begins: Annotated[str, Form(max_length=10)] = ""
    quiet_ends: Annotated[str, Form(max_length=10)] = ""
    zone: Annotated[str, Form(max_length=64)] = ""
    digest: Annotated[str, Form(max_length=20)] = Digest.AT_ONCE.value
    digest_at: Annotated[str, Form(max_length=10)] = ""


@router.get("/notifications", dependencies=[SEES])
def mine(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show what the user hears of by which channels, and the way of recent messages."""
    is_person = who.actor.startswith("person:")
    user = person(who) if is_person else ""
    setup = delivery(request)
    return page(
        request,
        "notifications.html",
        now=now,
        is_person=is_person,
        receiver=receivers.of_user(conn, user) if is_person else None,
        others={channel.value: each for channel, each in own.channels(conn, user).items()} if is_person else {},
        settings=policies.settings_of(conn, user),
        bounds=own.bounds(conn, who.sites),
        messages=ways.of_user(conn, user, limit=SHOWN) if is_person else [],
        choices=[each for each in Choice if who.contractor is None or each in OF_CONTRACTORS],
        channels=[Channel.EMAIL, *own.OTHERS],
        digests=list(Digest),
        mail_from=setup.mail_from,
        ntfy_servers=sorted(setup.ntfy_servers),
        apprise_services=sorted(setup.apprise_services),
        technician=who.technician,
        sees_all=who.sites is None,
        own_zone=next((each.time_zone for each in plant.sites(conn, who.sites)), "UTC"),
    )


@router.get("/notifications/banner", dependencies=[SEES])
def now_unseen(request: Request, conn: Conn, who: Asking) -> Response:
    """Return what the user has not seen yet, which open pages show at their top."""
    request.state.banner = banner.of_person(conn, who)
    return page(request, "notifying/banner_now.html")


@router.post("/notifications", dependencies=[SEES])
@shown_on("/notifications")
def choose(
    request: Request, conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[Written, Form()]
) -> Response:
    """Store the choices."""
    user, setup, bounds = person(who), delivery(request), own.bounds(conn, who.sites)
    try:
        wanted = NotificationsIn.model_validate(_body(form))
    except ValidationError as wrong:
        raise InvalidForm(fields=dict(_at_field(each["loc"]) for each in wrong.errors())) from None
    try:
        own.check(bounds, Channel.EMAIL, wanted.choices)
        receivers.choose(conn, user, wanted.address, wanted.choices, actor=who.actor, at=now)
        save_others(conn, wanted, who, setup, bounds, now)
    except NotToBeChosen as error:
        at = {"ntfy": "ntfy_address", "apprise": "apprise_address"}.get(error.field)
        raise InvalidForm(str(error), fields={at: str(error)} if at else {}) from None
    return sent.leads_to("/notifications")


@router.post("/notifications/test/{channel}", dependencies=[SEES])
@shown_on("/notifications")
def test(channel: Annotated[Channel, Path()], conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Send a test message to oneself."""
    own.ask_for_test(conn, person(who), channel, actor=who.actor, at=now)
    return sent.leads_to("/notifications#messages")


@router.post("/notifications/seen", dependencies=[SEES])
@shown_on("/notifications")
def seen(
    conn: Conn, now: Now, who: Asking, sent: SentForm, until: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0
) -> Response:
    """Record that the user has seen the banner."""
    ways.see(conn, person(who), until, at=now)
    return sent.leads_to("/notifications")


def _body(form: Written) -> dict[str, Any]:
    """Return the body of the API that a form stands for. What a plant does not allow is not in the form."""
    body: dict[str, Any] = {"address": form.address, "choices": list(form.choices), "banner": list(form.banner)}
    if form.ntfy_address.strip():
        body["ntfy"] = {"address": form.ntfy_address, "token": form.ntfy_token or None, "choices": list(form.ntfy)}
    if form.apprise_address.strip() or form.apprise:
        address = form.apprise_address.strip() or None
        body["apprise"] = {"address": address, "choices": list(form.apprise)}
    quiet = {"begins": form.quiet_begins or form.quiet_ends, "ends": form.quiet_ends or form.quiet_begins}
    settings: dict[str, Any] = {"off": list(form.off), "zone": form.zone.strip() or "UTC", "digest": form.digest}
    settings |= {"quiet_hours": quiet if quiet["begins"] else None}
    body["settings"] = settings | ({"digest_at": form.digest_at} if form.digest_at else {})
    return body


def _at_field(path: Sequence[Any]) -> tuple[str, Said]:
    """Return the field of the form that a problem is at, and what to write there."""
    named = ".".join(map(str, path))
    for beginning, field, sentence in (
        ("address", "address", say("write an e-mail address, like mara@example.com")),
        ("ntfy.address", "ntfy_address", say("write an address like https://ntfy.example.com/my-topic")),
        ("ntfy.token", "ntfy_token", say("write the token as ntfy shows it")),
        ("apprise.address", "apprise_address", say("write an address of apprise, like tgram://…")),
        ("settings.zone", "zone", say("write a time zone like Europe/Berlin")),
        ("settings.quiet_hours", "quiet_begins", say("write two times, like 22:00 and 06:00")),
        ("settings.digest_at", "digest_at", say("write a time, like 07:00")),
    ):
        if named.startswith(beginning):
            return field, sentence
    return "choices", say("choose from the list")
