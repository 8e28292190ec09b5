"""A person's own notifications: channels, choices, settings, messages, and a test message to oneself."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from psycopg import Connection

from api.asking import SEES, Asking, Conn, Now
from api.language.chosen import IN_THEIR_LANGUAGE
from api.paging import Id, Order, PagedByFifty
from api.routers.notifying import banner
from api.routers.notifying.receivers import EventId, delivery, person
from api.routers.notifying.setup import Delivery
from api.shapes.notifying.notifications import MyNewsOut, WayOut
from api.shapes.notifying.receivers import NotificationsIn, NotificationsOut
from db.events import receivers
from db.notifying import own, policies, ways
from db.notifying.own import NotToBeChosen
from workorder_core.notifying.attempts import Channel
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(tags=["notifications"])
NEWEST_FIRST = Order[ways.Way](tuple[Id, Id], lambda each: (each.event_id, each.receiver_id))


@router.get("/me/notifications", dependencies=[SEES])
def mine(request: Request, conn: Conn, who: Asking) -> NotificationsOut:
    """Read which messages you get by which channels."""
    return _read(conn, who, delivery(request))


@router.put("/me/notifications", dependencies=[SEES])
def choose(request: Request, body: NotificationsIn, conn: Conn, now: Now, who: Asking) -> NotificationsOut:
    """Choose which messages you get by which channels, and where, within the policies of your sites."""
    user, setup = person(who), delivery(request)
    bounds = own.bounds(conn, who.sites)
    own.check(bounds, Channel.EMAIL, body.choices)
    receivers.choose(conn, user, body.address, body.choices, actor=who.actor, at=now)
    save_others(conn, body, who, setup, bounds, now)
    return _read(conn, who, setup)


def save_others(
    conn: Connection, body: NotificationsIn, who: Who, setup: Delivery, bounds: own.Bounds, now: Now
) -> None:
    """Store what somebody has chosen beside e-mail. Raises NotToBeChosen."""
    user = person(who)
    if body.banner is not None:
        own.check(bounds, Channel.BANNER, body.banner)
        receivers.choose(conn, user, "", body.banner, actor=who.actor, at=now, channel=Channel.BANNER)
    if body.ntfy is not None:
        own.check(bounds, Channel.NTFY, body.ntfy.choices)
        if body.ntfy.address.rpartition("/")[0] not in setup.ntfy_servers:
            allowed = ", ".join(sorted(setup.ntfy_servers)) or "-"
            raise NotToBeChosen("ntfy", say("the plant allows these ntfy servers: {allowed}", allowed=allowed))
        receivers.choose(
            conn, user, body.ntfy.address, body.ntfy.choices, actor=who.actor, at=now, channel=Channel.NTFY,
            secret=body.ntfy.token or None, sealer=setup.sealer,
        )  # fmt: skip
    if body.apprise is not None:
        own.check(bounds, Channel.APPRISE, body.apprise.choices)
        address = body.apprise.address
        if address is None and receivers.of_user(conn, user, Channel.APPRISE) is None:
            raise NotToBeChosen("apprise", say("there is no address for {channel} yet", channel=Channel.APPRISE))
        if address is not None and address.partition("://")[0] not in setup.apprise_services:
            allowed = ", ".join(sorted(setup.apprise_services)) or "-"
            raise NotToBeChosen("apprise", say("the plant allows these services: {allowed}", allowed=allowed))
        receivers.choose(
            conn, user, "", body.apprise.choices, actor=who.actor, at=now, channel=Channel.APPRISE,
            secret=address, sealer=setup.sealer,
        )  # fmt: skip
    if body.settings is not None:
        own.check_off(bounds, body.settings.off)
        policies.save_settings(conn, user, body.settings.settings(), at=now)


@router.post("/me/notifications/{channel}/test", status_code=202, dependencies=[SEES])
def test(channel: Annotated[Channel, Path()], request: Request, conn: Conn, now: Now, who: Asking) -> NotificationsOut:
    """Send a test message to yourself by a channel; your messages show its way."""
    own.ask_for_test(conn, person(who), channel, actor=who.actor, at=now)
    return _read(conn, who, delivery(request))


@router.get("/me/messages", dependencies=[SEES])
def messages(conn: Conn, who: Asking, part: PagedByFifty) -> list[WayOut]:
    """List the messages to you by all channels with the way of each, the newest first."""
    found = ways.of_user(conn, person(who), before=part.after(NEWEST_FIRST), limit=part.fetched)
    return [WayOut.model_validate(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.get("/me/news", dependencies=[SEES, IN_THEIR_LANGUAGE])
def news(conn: Conn, who: Asking) -> MyNewsOut:
    """Read what your banner has: the newest messages that you have not seen, in your language."""
    person(who)
    return MyNewsOut.of(who.actor, banner.of_person(conn, who))


@router.post("/me/messages/{event_id}/seen", dependencies=[SEES])
def see(event_id: EventId, request: Request, conn: Conn, now: Now, who: Asking) -> NotificationsOut:
    """Record that you have seen what is in your banner, up to an event: no page and no device shows it any more."""
    ways.see(conn, person(who), event_id, at=now)
    return _read(conn, who, delivery(request))


def _read(conn: Connection, who: Who, setup: Delivery) -> NotificationsOut:
    user = person(who)
    others = list(own.channels(conn, user).values())
    return NotificationsOut.of(
        receivers.of_user(conn, user),
        others,
        policies.settings_of(conn, user),
        mail_is_set_up=setup.mail_from is not None,
    )
