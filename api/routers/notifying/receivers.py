"""Receivers of events: webhooks, and the e-mail of people; what each was sent; and one's own choices."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.asking import ADMINISTERS, SEES, Actor, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, PagedByFifty, Text
from api.routers.notifying.setup import Delivery
from api.shapes.receivers import (
    AttemptOut,
    MessageOut,
    NewWebhookOut,
    NotificationsIn,
    NotificationsOut,
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
    """Return the name of the user who asks. Raises NotFound for a key, which nobody sends mail."""
    kind, _, name = who.actor.partition(":")
    if kind != "person":
        raise NotFound("user", name)
    return name


def delivery(request: Request) -> Delivery:
    """Return what the application knows of delivery."""
    known: Delivery = request.app.state.delivery
    return known


@router.get("/receivers", dependencies=[ADMINISTERS])
def find(conn: Conn, part: Paged) -> list[ReceiverOut]:
    """List the receivers of events, with the waiting messages and the newest attempt of each."""
    return [ReceiverOut.model_validate(each) for each in part.of_all(receivers.listed(conn), BY_NAME)]


@router.post("/receivers", status_code=201, response_model=NewWebhookOut, dependencies=[ADMINISTERS])
def add(request: Request, body: WebhookIn, conn: Conn, now: Now, actor: Actor, once: OnlyOnce) -> Response:
    """Make a webhook. The answer holds its secret, for the only time. With an Idempotency-Key it is made once."""

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
    """Tell a receiver nothing any more; what waits for it is skipped."""
    receivers.delete(conn, receiver_id, actor=actor, at=now)


@router.post("/receivers/{receiver_id}/pause", dependencies=[ADMINISTERS])
def pause(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> ReceiverOut:
    """Send nothing for now; what happens meanwhile waits."""
    return ReceiverOut.model_validate(receivers.set_state(conn, receiver_id, "paused", actor=actor, at=now))


@router.post("/receivers/{receiver_id}/enable", dependencies=[ADMINISTERS])
def enable(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> ReceiverOut:
    """Send again, from the message on at which it stopped."""
    return ReceiverOut.model_validate(receivers.set_state(conn, receiver_id, "active", actor=actor, at=now))


@router.post("/receivers/{receiver_id}/test", status_code=202, dependencies=[ADMINISTERS])
def test(receiver_id: Number, conn: Conn, now: Now, actor: Actor) -> ReceiverOut:
    """Let a test message be sent to it; its attempts show what became of that."""
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
        Query(ge=0, le=168, description="hours for which the secret before signs too; 0: not any more"),
    ] = receivers.OVERLAP / timedelta(hours=1),
) -> NewWebhookOut:
    """Give a webhook a new secret, in force at once. The answer holds it, for the only time.

    Messages carry a signature of each secret for the overlap, so that the receiver can change over in its own time.
    """
    sealer, overlap = delivery(request).sealer, timedelta(hours=overlap_h)
    secret = receivers.renew_secret(conn, receiver_id, sealer=sealer, actor=actor, at=now, overlap=overlap)
    return NewWebhookOut(receiver=ReceiverOut.model_validate(receivers.get(conn, receiver_id)), secret=secret)


@router.get("/receivers/{receiver_id}/messages", dependencies=[ADMINISTERS])
def messages(receiver_id: Number, conn: Conn, part: PagedByFifty) -> list[MessageOut]:
    """List what a receiver is sent, the newest first."""
    receivers.get(conn, receiver_id)
    (before,) = part.after(BY_EVENT) or (None,)
    found = deliveries.of_receiver(conn, receiver_id, before=before, limit=part.fetched)
    return [MessageOut.model_validate(each) for each in part.of_fetched(found, BY_EVENT)]


@router.get("/receivers/{receiver_id}/attempts", dependencies=[ADMINISTERS])
def attempts(receiver_id: Number, conn: Conn, part: PagedByFifty) -> list[AttemptOut]:
    """List the attempts to deliver to it, the newest first."""
    receivers.get(conn, receiver_id)
    (before,) = part.after(NEWEST_FIRST) or (None,)
    found = deliveries.attempts(conn, receiver_id, before=before, limit=part.fetched)
    return [AttemptOut.model_validate(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("/receivers/{receiver_id}/messages/{event_id}/replay", status_code=202, dependencies=[ADMINISTERS])
def replay(receiver_id: Number, event_id: EventId, conn: Conn, now: Now) -> ReceiverOut:
    """Send a message again, with the same id and before all later ones that wait."""
    deliveries.replay(conn, receiver_id, event_id, at=now)
    return ReceiverOut.model_validate(receivers.get(conn, receiver_id))


@router.post("/receivers/{receiver_id}/messages/{event_id}/skip", dependencies=[ADMINISTERS])
def skip(receiver_id: Number, event_id: EventId, conn: Conn, now: Now) -> ReceiverOut:
    """Do not send a message that waits, so that those behind it are sent."""
    deliveries.skip(conn, receiver_id, event_id, at=now)
    return ReceiverOut.model_validate(receivers.get(conn, receiver_id))


@router.get("/outbox", dependencies=[ADMINISTERS])
def outbox(conn: Conn) -> OutboxOut:
    """Say what waits to be delivered."""
    return OutboxOut.model_validate(deliveries.backlog(conn))


@router.get("/me/notifications", dependencies=[SEES])
def mine(request: Request, conn: Conn, who: Asking) -> NotificationsOut:
    """Return which e-mails the user gets."""
    found = receivers.of_user(conn, person(who))
    return NotificationsOut.of(found, mail_is_set_up=delivery(request).mail_from is not None)


@router.put("/me/notifications", dependencies=[SEES])
def choose(request: Request, body: NotificationsIn, conn: Conn, now: Now, who: Asking) -> NotificationsOut:
    """Choose which e-mails to get, and where."""
    receivers.choose(conn, person(who), body.address, body.choices, actor=who.actor, at=now)
    found = receivers.of_user(conn, person(who))
    return NotificationsOut.of(found, mail_is_set_up=delivery(request).mail_from is not None)
