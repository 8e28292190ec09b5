"""The administrator's page of deliveries: receivers, waiting messages, every attempt; and the newest events."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from api.asking import ADMINISTERS, KNOWN, Actor, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.routers.notifying.receivers import delivery
from api.shapes.notifying.receivers import WebhookIn
from db.errors import AlreadyExists
from db.events import deliveries, events, receivers
from db.plant import plant
from workorder_core.alarms.engine_alarms import spoken
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
PAGE_SIZE = 50
KINDS = ("order.*", "alarm.*", "finding.*", "document.*", "rule.*", "engine_alarm.*", "run.*", "receiver.*")
"""The kinds of events that a webhook can subscribe to, in groups."""
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
EventId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/outbox", dependencies=[ADMINISTERS])
def outbox(
    request: Request, conn: Conn, now: Now, before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None
) -> Response:
    """Show receivers and the newest events, with the receivers of each."""
    found = events.newest_first(conn, before=before, limit=PAGE_SIZE + 1)
    shown, waits = found[:PAGE_SIZE], deliveries.backlog(conn)
    return page(
        request,
        "outbox.html",
        now=now,
        waits=waits,
        oldest=spoken(waits.oldest_s),
        receivers=receivers.listed(conn),
        events=shown,
        told=deliveries.receiver_counts(conn, [each.id for each in shown]),
        older=shown[-1].id if len(found) > PAGE_SIZE else None,
        before=before,
        sites=plant.sites(conn),
        kinds=KINDS,
        delivery=delivery(request),
        made=request.scope.get("shown_once"),
    )


@router.get("/outbox/{receiver_id}", dependencies=[ADMINISTERS])
def receiver(
    request: Request,
    receiver_id: Number,
    conn: Conn,
    now: Now,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """Show one receiver: its waiting messages, its sent messages, and each attempt."""
    sent = deliveries.of_receiver(conn, receiver_id, before=before, limit=PAGE_SIZE + 1)
    return page(
        request,
        "receiver.html",
        now=now,
        receiver=receivers.get(conn, receiver_id),
        messages=sent[:PAGE_SIZE],
        older=sent[PAGE_SIZE - 1].event_id if len(sent) > PAGE_SIZE else None,
        before=before,
        attempts=deliveries.attempts(conn, receiver_id, limit=PAGE_SIZE),
        delivery=delivery(request),
        made=request.scope.get("shown_once"),
    )


@router.post("/outbox", dependencies=[ADMINISTERS])
@shown_on("/outbox", at={AlreadyExists: "name"})
def add(
    request: Request,
    conn: Conn,
    now: Now,
    actor: Actor,
    sent: SentForm,
    name: Annotated[str, Form(max_length=200)] = "",
    url: Annotated[str, Form(max_length=2000)] = "",
    kinds: Annotated[Sequence[str], Form()] = (),
    sites: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """Create a webhook and show its secret, once."""
    try:
        wanted = WebhookIn(name=name, url=url, kinds=list(kinds), sites=list(sites) or None)
    except ValidationError as wrong:
        raise InvalidForm(fields={str(each["loc"][0]): _sentence(each) for each in wrong.errors()}) from None
    _, secret = receivers.add_webhook(
        conn, wanted.name, wanted.url, wants=wanted.kinds, sites=wanted.sites, sealer=delivery(request).sealer,
        actor=actor, at=now,
    )  # fmt: skip
    return sent.shows("/outbox", ("secret", wanted.name, secret))


@router.post("/outbox/{receiver_id}/{verb}", dependencies=[ADMINISTERS])
@shown_on("/outbox/{receiver_id}")
def change(
    request: Request,
    receiver_id: Number,
    verb: Literal["pause", "enable", "delete", "test", "secret", "secret-now"],
    conn: Conn,
    now: Now,
    actor: Actor,
    sent: SentForm,
) -> Response:
    """Pause, enable, delete or test a receiver, or give a webhook a new secret, which is shown once."""
    here = f"/outbox/{receiver_id}"
    match verb:
        case "pause":
            receivers.set_state(conn, receiver_id, "paused", actor=actor, at=now)
        case "enable":
            receivers.set_state(conn, receiver_id, "active", actor=actor, at=now)
        case "test":
            receivers.ask_for_test(conn, receiver_id, actor=actor, at=now)
        case "delete":
            receivers.delete(conn, receiver_id, actor=actor, at=now)
            here = "/outbox"
        case "secret" | "secret-now":
            sealer, overlap = delivery(request).sealer, receivers.OVERLAP if verb == "secret" else timedelta(0)
            secret = receivers.renew_secret(conn, receiver_id, sealer=sealer, actor=actor, at=now, overlap=overlap)
            return sent.shows(here, ("secret", receivers.get(conn, receiver_id).name, secret))
    return sent.leads_to(here)


@router.post("/outbox/{receiver_id}/messages/{event_id}/{verb}", dependencies=[ADMINISTERS])
@shown_on("/outbox/{receiver_id}")
def change_message(
    receiver_id: Number,
    event_id: EventId,
    verb: Literal["replay", "skip"],
    conn: Conn,
    actor: Actor,
    now: Now,
    sent: SentForm,
) -> Response:
    """Send a message again, or skip a waiting one."""
    if verb == "replay":
        deliveries.replay(conn, receiver_id, event_id, at=now)
    else:
        deliveries.skip(conn, receiver_id, event_id, actor=actor, at=now)
    return sent.leads_to(f"/outbox/{receiver_id}")


def _sentence(error: object) -> str:
    assert isinstance(error, dict)
    name = error["loc"][0]
    return {
        "name": say("give it a name of 64 characters at most"),
        "kinds": say("choose one kind of event at least"),
        "sites": say("choose the sites from the list, or none for all"),
    }.get(name, str(error.get("ctx", {}).get("error", error["msg"])))
