"""Receivers of events: webhooks, and people's e-mail; their messages; and the user's own choices."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.asking import ADMINISTERS, Actor, Conn, Now
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, PagedByFifty, Text
from api.routers.notifying.setup import Delivery
from api.shapes.notifying.receivers import (
    AttemptOut,
    MessageOut,
    NewWebhookOut,
    OutboxOut,
    ReceiverOut,
    WebhookIn,
)
from db.errors import NotFound
from db.events import deliveries, receivers
from workorder_core.people.access import Who

router = APIRouter(tags=["notifications"])
BY_NAME = Order[receivers.Receiver](tuple[Text, Text], lambda each: (each.channel, each.name))
BY_EVENT = Order[deliveries.Delivery](tuple[Id], lambda each: (each.event_id,))
NEWEST_FIRST = Order[deliveries.Attempt](tuple[Id], lambda each: (each.id,))
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
EventId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def person(who: Who) -> str:
    """Return the requesting user's name. Raises NotFound for a key, which gets no mail."""
    kind, _, name = who.actor.partition(":")
    if kind != "person":
        raise NotFound("user", name)
    return name


def delivery(request: Request) -> Delivery:
    """Return the application's settings for delivery."""
    known: Delivery = request.app.state.delivery
    return known


@router.get("/receivers", dependencies=[ADMINISTERS])
def find(conn: Conn, part: Paged) -> list[ReceiverOut]:
    """List the receivers of events, with the waiting messages and the newest attempt of each."""
    return [ReceiverOut.model_validate(each) for each in part.of_all(receivers.listed(conn), BY_NAME)]


@router.post("/receivers", status_code=201, response_model=NewWebhookOut, dependencies=[ADMINISTERS])
def add(request: Request, body: WebhookIn, conn: Conn, now: Now, actor: Actor, once: OnlyOnce) -> Response:
    """Create a webhook. Only this answer contains its secret. With an Idempotency-Key, at most once."""

    def make(_: Response) -> NewWebhookOut:
        made, secret = receivers.add_webhook(
            conn, body.name, body.url, wants=body.kinds, sites=body.sites, sealer=delivery(request).sealer, actor=actor,
            at=now,
        )  # fmt: skip
        return NewWebhookOut(receiver=ReceiverOut.model_validate(receivers.get(conn, made)), secret=secret)

    return once(body, make, needed=False, kept=lambda made: made.model_copy(update={"secret": None}))


@router.get("/receivers/{receiver_id}", dependencies=[ADMINISTERS])
def read(receiver_id: Number, conn: Conn) -> ReceiverOut:
    """Read one receiver."""
    return ReceiverOut.model_validate(receivers.get(conn, receiver_id))


@router.delete("/receivers/{receiver_id}", status_code=204, dependencies=[ADMINISTERS])
def delete(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> None:
    """Delete a receiver; its waiting messages are skipped."""
    receivers.delete(conn, receiver_id, actor=actor, at=now)


@router.post("/receivers/{receiver_id}/pause", dependencies=[ADMINISTERS])
def pause(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> ReceiverOut:
    """Pause delivery; messages wait meanwhile."""
    return ReceiverOut.model_validate(receivers.set_state(conn, receiver_id, "paused", actor=actor, at=now))


@router.post("/receivers/{receiver_id}/enable", dependencies=[ADMINISTERS])
def enable(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> ReceiverOut:
    """Resume delivery, from the message at which it stopped."""
    return ReceiverOut.model_validate(receivers.set_state(conn, receiver_id, "active", actor=actor, at=now))


@router.post("/receivers/{receiver_id}/test", status_code=202, dependencies=[ADMINISTERS])
def test(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> ReceiverOut:
    """Send it a test message; its attempts show the result."""
    receivers.ask_for_test(conn, receiver_id, actor=actor, at=now)
    return ReceiverOut.model_validate(receivers.get(conn, receiver_id))


@router.post("/receivers/{receiver_id}/secret", dependencies=[ADMINISTERS])
def renew_secret(
    request: Request,
    receiver_id: Number,
    conn: Conn,
    now: Now,
    actor: Actor,
    overlap_h: Annotated[
        float,
        Query(ge=0, le=168, description="hours for which the previous secret signs too; 0: it ends at once"),
    ] = receivers.OVERLAP / timedelta(hours=1),
) -> NewWebhookOut:
    """Give a webhook a new secret, in force at once. Only this answer contains it. During the overlap messages carry a
    signature of each secret, so that the receiver can switch when it suits.
    """
    sealer, overlap = delivery(request).sealer, timedelta(hours=overlap_h)
    secret = receivers.renew_secret(conn, receiver_id, sealer=sealer, actor=actor, at=now, overlap=overlap)
    return NewWebhookOut(receiver=ReceiverOut.model_validate(receivers.get(conn, receiver_id)), secret=secret)


@router.get("/receivers/{receiver_id}/messages", dependencies=[ADMINISTERS])
def messages(receiver_id: Number, conn: Conn, part: PagedByFifty) -> list[MessageOut]:
    """List a receiver's messages, the newest first."""
    receivers.get(conn, receiver_id)
    (before,) = part.after(BY_EVENT) or (None,)
    found = deliveries.of_receiver(conn, receiver_id, before=before, limit=part.fetched)
    return [MessageOut.model_validate(each) for each in part.of_fetched(found, BY_EVENT)]


@router.get("/receivers/{receiver_id}/attempts", dependencies=[ADMINISTERS])
def attempts(receiver_id: Number, conn: Conn, part: PagedByFifty) -> list[AttemptOut]:
    """List the delivery attempts, the newest first."""
    receivers.get(conn, receiver_id)
    (before,) = part.after(NEWEST_FIRST) or (None,)
    found = deliveries.attempts(conn, receiver_id, before=before, limit=part.fetched)
    return [AttemptOut.model_validate(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("/receivers/{receiver_id}/messages/{event_id}/replay", status_code=202, dependencies=[ADMINISTERS])
def replay(receiver_id: Number, event_id: EventId, conn: Conn, now: Now) -> ReceiverOut:
    """Send a message again, with the same id and before all later waiting ones."""
    deliveries.replay(conn, receiver_id, event_id, at=now)
    return ReceiverOut.model_validate(receivers.get(conn, receiver_id))


@router.post("/receivers/{receiver_id}/messages/{event_id}/skip", dependencies=[ADMINISTERS])
def skip(receiver_id: Number, event_id: EventId, conn: Conn, actor: Actor, now: Now) -> ReceiverOut:
    """Skip a waiting message, so that those behind it are sent."""
    deliveries.skip(conn, receiver_id, event_id, actor=actor, at=now)
    return ReceiverOut.model_validate(receivers.get(conn, receiver_id))


@router.get("/outbox", dependencies=[ADMINISTERS])
def outbox(conn: Conn) -> OutboxOut:
    """Read how many messages wait to be delivered."""
    return OutboxOut.model_validate(deliveries.backlog(conn))
