"""Receivers of events: systems by webhook, people by e-mail. The caller owns the transaction.

Every change is in the log of access changes, without secrets.
"""

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row, scalar_row, tuple_row

from db import sql, storable
from db.errors import AlreadyExists, NotFound
from db.events import deliveries, events
from db.events.sealing import Sealer
from db.plant import changes
from workorder_core.notifying import whom
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.sentences import kept

_QUERIES = sql.load("receivers")
OVERLAP = timedelta(hours=24)
"""For how long the previous secret signs too, unless another overlap is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A receiver of a list.

    Parameters
    ----------
    state
        ``active``; ``paused`` by somebody; ``disabled`` after failures. Its messages are queued in every state.
    pending, oldest
        Its waiting messages, and since when the oldest has waited.
    last_at, last_fault, last_detail
        The newest attempt; fault None: it was confirmed.
    secret_is_sealed
        Whether its secret is encrypted in the database; None: it has none.
    old_secret_until
        Until when the previous secret signs too; None: there is none.
    """

    id: int
    channel: Channel
    name: str
    address: str
    user_name: str | None
    wants: Sequence[str]
    sites: Sequence[str] | None
    state: str
    state_since: datetime
    state_why: str
    refused: int
    secret_is_sealed: bool | None
    old_secret_until: datetime | None
    created_by: str
    created_at: datetime
    pending: int
    oldest: datetime | None
    last_at: datetime | None
    last_fault: str | None
    last_detail: str | None


def listed(conn: Connection) -> list[Receiver]:
    """Return all receivers, webhooks first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_receiver(row) for row in cursor.execute(_QUERIES["listed"])]


def get(conn: Connection, receiver_id: int) -> Receiver:
    """Return one receiver. Raises NotFound."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["get"], {"id": receiver_id}).fetchone()
    if row is None:
        raise NotFound("receiver", receiver_id)
    return _receiver(row)


def of_user(conn: Connection, user: str, channel: Channel = Channel.EMAIL) -> Receiver | None:
    """Return the receiver of a person by a channel; None where they have chosen nothing for it yet."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["of_user"], {"user": user, "channel": channel.value}).fetchone()
    return None if row is None else _receiver(row)


def whom_to_tell(conn: Connection) -> list[whom.Receiver]:
    """Return all receivers with the facts that decide which events they get."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [whom.Receiver(**row | {"channel": Channel(row["channel"])}) for row in cursor.execute(_QUERIES["whom"])]


def add_webhook(
    conn: Connection,
    name: str,
    url: str,
    *,
    wants: Collection[str],
    sites: Collection[str] | None,
    sealer: Sealer,
    actor: str,
    at: datetime,
) -> tuple[int, str]:
    """Create a webhook; return its id and its secret, which is never shown again. Raises AlreadyExists."""
    secret = secrets.token_bytes(32)
    stored, sealed = sealer.seal(secret)
    facts: dict[str, Any] = {"channel": Channel.WEBHOOK.value, "name": name, "address": url, "user": None}
    facts |= {
        "secret": stored,
        "sealed": sealed,
        "wants": sorted(wants),
        "sites": None if sites is None else sorted(sites),
    }
    made = _add(conn, facts, actor=actor, at=at)
    new = {"address": url, "wants": sorted(wants), "sites": facts["sites"]}
    changes.append(conn, "receiver", name, "added", new=new, actor=actor, at=at)
    return made, shown(secret)


def renew_secret(
    conn: Connection, receiver_id: int, *, sealer: Sealer, actor: str, at: datetime, overlap: timedelta = OVERLAP
) -> str:
    """Replace a webhook's secret and return the new one. Raises NotFound.

    Messages are signed with both for the ``overlap``, so that a receiver verifies by whichever it has; without an
    overlap the old one ends at once.
    """
    receiver = _locked(conn, receiver_id)
    if receiver.channel is not Channel.WEBHOOK:
        raise NotFound("webhook", receiver_id)
    secret = secrets.token_bytes(32)
    stored, sealed = sealer.seal(secret)
    until = at + overlap if overlap else None
    conn.execute(_QUERIES["set_secret"], {"id": receiver_id, "secret": stored, "sealed": sealed, "until": until})
    new = {} if until is None else {"old_secret_until": until.isoformat(timespec="seconds")}
    changes.append(conn, "receiver", receiver.name, "given a new secret", new=new, actor=actor, at=at)
    return shown(secret)


def secrets_of(conn: Connection, receiver_id: int, sealer: Sealer, *, now: datetime) -> list[str]:
    """Return the secrets that sign a webhook's messages now, the newest first. Raises CannotUnseal."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["secrets"], {"id": receiver_id, "now": now}).fetchall()
    if not rows:
        raise NotFound("webhook", receiver_id)
    return [shown(sealer.unseal(bytes(secret), sealed=sealed)) for secret, sealed in rows]


def shown(secret: bytes) -> str:
    """Return a secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secret).decode()


def choose(
    conn: Connection,
    user: str,
    address: str,
    choices: Collection[Choice],
    *,
    actor: str,
    at: datetime,
    channel: Channel = Channel.EMAIL,
    secret: str | None = None,
    sealer: Sealer = Sealer(),  # noqa: B008 - immutable
) -> int:
    """Store which news a user wants by a channel, and where; return the receiver's id.

    ``secret``: a token of ntfy, or the whole address of apprise; None: it stays as it is. A disabled receiver becomes
    active again: its owner has just checked the address.
    """
    before = of_user(conn, user, channel)
    wants = sorted(each.value for each in choices)
    stored, sealed = (None, None) if secret is None else sealer.seal(secret.encode())
    name = user if channel is Channel.EMAIL else f"{user} {channel}"
    if before is None:
        facts = {"channel": channel.value, "name": name, "address": address, "user": user, "secret": stored}
        made = _add(conn, facts | {"sealed": sealed, "wants": wants, "sites": None}, actor=actor, at=at)
        changes.append(conn, "receiver", name, "added", new={"wants": wants}, actor=actor, at=at)
        return made
    conn.execute(_QUERIES["save_person"], {"id": before.id, "wants": wants, "address": address, "at": at})
    if stored is not None:
        conn.execute(_QUERIES["set_secret"], {"id": before.id, "secret": stored, "sealed": sealed, "until": None})
    if before.state == "disabled":
        deliveries.make_due(conn, before.id, at=at)
    if wants != list(before.wants):
        old, new = {"wants": list(before.wants)}, {"wants": wants}
        changes.append(conn, "receiver", name, "changed", old=old, new=new, actor=actor, at=at)
    return before.id


def token_of(conn: Connection, receiver_id: int, sealer: Sealer) -> str | None:
    """Return the secret of a person's receiver as text; None: it has none. Raises CannotUnseal."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            _QUERIES["secrets"], {"id": receiver_id, "now": datetime.max.replace(tzinfo=UTC)}
        ).fetchone()
    return None if row is None else sealer.unseal(bytes(row[0]), sealed=row[1]).decode()


def set_state(conn: Connection, receiver_id: int, state: str, *, actor: str, at: datetime, why: str = "") -> Receiver:
    """Pause, enable or disable a receiver; enabling makes its waiting messages due now. Raises NotFound."""
    before = _locked(conn, receiver_id)
    if before.state == state:
        return before
    conn.execute(_QUERIES["set_state"], {"id": receiver_id, "state": state, "why": storable.text(why), "at": at})
    if state == "active":
        deliveries.make_due(conn, receiver_id, at=at)
    old, new = {"state": before.state}, {"state": state}
    changes.append(conn, "receiver", before.name, "changed", old=old, new=new, actor=actor, at=at, why=why)
    if state == "disabled":
        facts = {"receiver": receiver_id, "name": before.name, "channel": before.channel.value, "why": why}
        events.append(conn, "receiver.disabled", before.name, at=at, data=facts)
    return get(conn, receiver_id)


def delete(conn: Connection, receiver_id: int, *, actor: str, at: datetime) -> None:
    """Delete a receiver; its waiting messages are skipped. Raises NotFound."""
    before = _locked(conn, receiver_id)
    note = kept("its receiver was deleted by {actor}", actor=actor)
    conn.execute(_QUERIES["skip_pending"], {"id": receiver_id, "note": note, "at": at})
    conn.execute(_QUERIES["delete"], {"id": receiver_id, "at": at})
    changes.append(conn, "receiver", before.name, "removed", actor=actor, at=at)


def set_refused(conn: Connection, receiver_id: int, refused: int) -> None:
    """Record how many messages in a row a receiver has refused for good."""
    conn.execute(_QUERIES["set_refused"], {"id": receiver_id, "refused": refused})


def ask_for_test(conn: Connection, receiver_id: int, *, actor: str, at: datetime) -> None:
    """Write an event that only this receiver gets. Raises NotFound."""
    receiver = get(conn, receiver_id)
    data = {"receiver": receiver.id, "actor": actor, "text": "A test message of Plantwright."}
    events.append(conn, whom.TEST, receiver.name, at=at, data=data)


def _add(conn: Connection, facts: dict[str, Any], *, actor: str, at: datetime) -> int:
    try:
        with conn.transaction(), conn.cursor(row_factory=scalar_row) as cursor:
            return int(cursor.execute(_QUERIES["add"], facts | {"actor": actor, "at": at}).fetchone() or 0)
    except UniqueViolation:
        raise AlreadyExists("receiver", facts["name"]) from None


def _locked(conn: Connection, receiver_id: int) -> Receiver:
    conn.execute(_QUERIES["lock"], {"id": receiver_id})
    return get(conn, receiver_id)


def _receiver(row: dict[str, Any]) -> Receiver:
    return Receiver(**row | {"channel": Channel(row["channel"])})
