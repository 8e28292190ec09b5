"""Operations arrive: each is carried out and stored once, whatever becomes of the others. The caller owns the
transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from psycopg import Connection, DataError, OperationalError
from psycopg.errors import QueryCanceled
from psycopg.rows import scalar_row

from db import storable
from db.errors import NotFound, StoreError
from db.orders import order_history, work_orders
from db.sync import acts, devices, operations
from db.sync.acts import Act, Moment, NotForThem, NothingToMeasure, Outcome, SetField
from db.sync.devices import Contact, Device
from db.sync.operations import QUERIES, Stored
from workorder_core.errors import CurrencyMissing
from workorder_core.orders import record
from workorder_core.people.access import Who
from workorder_core.sentences import say
from workorder_core.sync import clocks, reasons, sequence
from workorder_core.sync.sequence import Turn
from workorder_core.sync.words import WAITING, Because, OpKind, Verdict

_log = structlog.get_logger("sync")
_REFUSED = (NotForThem, NothingToMeasure, CurrencyMissing, DataError, UnicodeEncodeError)


@dataclass(frozen=True, slots=True)
class Malformed:
    """What an operation lacks, in a sentence."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An operation as it was sent, and what it means.

    Parameters
    ----------
    op_id, seq
        None: it cannot be stored, because it says no name or number that can be read.
    body
        What was sent of its kind, for the planner and for the record.
    fingerprint
        SHA-256 of all that was sent.
    """

    op_id: UUID | None
    seq: int | None
    order_id: UUID | None
    kind: str
    body: Mapping[str, Any]
    fingerprint: bytes
    occurred_at: datetime | None
    act: Act | Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to one operation; ``first`` is the verdict that one received before got then."""

    op_id: UUID | None
    seq: int | None
    verdict: Verdict
    answer: Mapping[str, Any]
    first: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The answers to a batch, in the order in which it was sent, and the device after it."""

    answers: Sequence[Answered]
    device: Device


def receive(conn: Connection, contact: Contact, arrived: Sequence[Arrived], *, who: Who, now: datetime) -> Received:
    """Carry out and store a batch of a device, by the numbers of its operations. Raises DeviceOfAnother.

    An operation that fails, even for a reason that nobody foresaw, is undone and kept by itself. Only where the
    database fails does the whole batch, and the device sends it again.
    """
    device = devices.begin(conn, contact, who=who, now=now)
    batch = _Batch(conn, contact, device, who, now, arrived)
    # What has no number is refused wherever it comes.
    order = sorted(range(len(arrived)), key=lambda place: arrived[place].seq or 0)
    answers = {place: batch.one(arrived[place]) for place in order}
    devices.seen(conn, contact, known_seq=batch.known_seq, lost=batch.lost, now=now)
    after = devices.get(conn, device.id)
    return Received(answers=[answers[place] for place in range(len(arrived))], device=after)


class _Batch:
    """A batch being received: how far the device's numbers are known, and which operations were received before."""

    def __init__(
        self, conn: Connection, contact: Contact, device: Device, who: Who, now: datetime, arrived: Sequence[Arrived]
    ) -> None:
        self.conn, self.contact, self.device, self.who, self.now = conn, contact, device, who, now
        self.known_seq = sequence.after_gap(device.known_seq, contact.oldest_seq)
        self.lost = device.lost + self.known_seq - device.known_seq
        self._stored: set[UUID] = set()
        self._before = operations.known(conn, [each.op_id for each in arrived if each.op_id is not None])
        conn.execute(QUERIES["lock_orders"], {"ids": list({each.order_id for each in arrived if each.order_id})})

    def one(self, op: Arrived) -> Answered:
        if op.op_id is None or op.seq is None:
            assert isinstance(op.act, Malformed), "an operation without a name or number is malformed"
            return _answered(op, Verdict.REFUSED, _why(Because.MALFORMED, op.act.problem))
        before = self._before.get(op.op_id) or operations.known(self.conn, self._stored & {op.op_id}).get(op.op_id)
        if before is not None:
            return self._again(op, before)
        turn = sequence.turn(op.seq, known=self.known_seq)
        if turn is Turn.EARLY:
            missing = say("operation {seq} of this device has not arrived yet", seq=self.known_seq + 1)
            return _answered(op, Verdict.EARLY, _why(Because.EARLIER_MISSING, missing))
        taken = turn is Turn.PAST and operations.seq_taken(self.conn, self.device.id, op.seq)
        outcome = self._carried_out(op)
        self._store(op, outcome, None if taken else op.seq)
        self._stored.add(op.op_id)
        self.known_seq = max(self.known_seq, op.seq)
        return _answered(op, outcome.verdict, outcome.answer)

    def _again(self, op: Arrived, before: Stored) -> Answered:
        """Answer an operation that was received before: as then, so that an answer that was lost is not."""
        if before.fingerprint != op.fingerprint or before.device_id != self.device.id:
            problem = say("another operation has this op_id; give each its own")
            return _answered(op, Verdict.REFUSED, _why(Because.OP_ID_REUSED, problem))
        return _answered(op, Verdict.ALREADY, before.answer, first=before.verdict)

    def _carried_out(self, op: Arrived) -> Outcome:
        """Return the verdict on an operation whose turn it is, with its effect; without one where it is not applied."""
        if isinstance(op.act, Malformed):
            return Outcome(verdict=Verdict.REFUSED, answer=_why(Because.MALFORMED, op.act.problem))
        if op.order_id is not None:
            outcome = self._of_a_stranger(op.order_id)
            if outcome is not None:
                return outcome
        if self.device.revoked_at is not None:
            return Outcome(verdict=Verdict.KEPT, answer=_why(Because.DEVICE_REVOKED, say("this device was revoked")))
        skew = self.contact.skew_s
        happened = self.now if op.occurred_at is None else clocks.corrected(op.occurred_at, skew, now=self.now)
        try:
            with self.conn.transaction():
                order_history.reported(self.conn, facts_of(op.op_id, self.device.id, op.occurred_at, skew))
                when = Moment(now=self.now, happened=happened)
                outcome = acts.perform(self.conn, op.act, op.order_id, who=self.who, when=when)
                self._settle(op, outcome)
                order_history.reported(self.conn, None)
            return outcome
        except OperationalError as error:
            if not isinstance(error, QueryCanceled):
                raise
            return self._failed(op, error)
        except Exception as error:  # noqa: BLE001 - kept with what failed, so that it holds up nothing else
            return self._failed(op, error)

    def _of_a_stranger(self, order_id: UUID) -> Outcome | None:
        """Return the verdict on work on an order that somebody does not see; None: they see it."""
        try:
            work_orders.get(self.conn, order_id, self.who)
        except NotFound as error:
            if had(self.conn, order_id, self.who):
                mine = say("this order is no longer yours")
                return Outcome(verdict=Verdict.KEPT, answer=_why(Because.NO_LONGER_YOURS, mine))
            return Outcome(verdict=Verdict.REFUSED, answer=_why(Because.NOT_FOUND, str(error)))
        return None

    def _settle(self, op: Arrived, outcome: Outcome) -> None:
        """Settle the conflict that an operation resolves, where it did not run into another one."""
        act = op.act
        if isinstance(act, SetField) and act.resolves is not None and outcome.verdict is not Verdict.CONFLICT:
            facts = {"op_id": act.resolves, "order_id": op.order_id, "field": act.name}
            self.conn.execute(QUERIES["resolve"], facts | {"actor": self.who.actor, "now": self.now})

    def _failed(self, op: Arrived, error: Exception) -> Outcome:
        """Return the verdict on an operation that raised an error and was undone."""
        if isinstance(error, NotFound):
            if op.kind in (OpKind.REQUEST, OpKind.ACKNOWLEDGE):
                return Outcome(verdict=Verdict.REFUSED, answer=_why(Because.NOT_FOUND, str(error)))
            return Outcome(verdict=Verdict.KEPT, answer=_why(Because.MISSING, str(error)))
        if isinstance(error, _REFUSED):
            problem = (
                say("a value cannot be stored") if isinstance(error, DataError | UnicodeEncodeError) else str(error)
            )
            return Outcome(verdict=Verdict.REFUSED, answer=_why(Because.MALFORMED, problem))
        verdict, because = reasons.of_error(error)
        if because is Because.FAILED and not isinstance(error, StoreError):
            _log.error(
                "operation failed, kept", op_id=str(op.op_id), kind=op.kind, error=f"{type(error).__name__}: {error}"
            )
            name = type(error).__name__
            problem = say("this failed where nobody expected it ({error}); it is kept for the planner", error=name)
            return Outcome(verdict=verdict, answer=_why(because, problem))
        return Outcome(verdict=verdict, answer=_why(because, str(error)))

    def _store(self, op: Arrived, outcome: Outcome, seq: int | None) -> None:
        """Store an operation, and note on its order what waits for a person."""
        # A refused one is tied to nothing: it may name what its sender does not see.
        order_id = None if outcome.verdict is Verdict.REFUSED else op.order_id
        body = dict(op.body) | ({} if op.order_id == order_id else {"order": str(op.order_id)})
        facts: dict[str, Any] = {
            "op_id": op.op_id,
            "device": self.device.id,
            "person": self.who.actor,
            "seq": seq,
            "order_id": order_id,
            "site_id": _site(self.conn, self.who.technician_site),
            "kind": storable.text(op.kind),
            "body": storable.json(body),
            "fingerprint": op.fingerprint,
            "occurred_at": op.occurred_at,
            "skew_s": self.contact.skew_s,
            "now": self.now,
            "verdict": outcome.verdict.value,
            "answer": storable.json(dict(outcome.answer)),
        }
        self.conn.execute(QUERIES["store"], facts)
        if outcome.verdict in WAITING and order_id is not None:
            work_orders.lock(self.conn, order_id)
            order_history.reported(self.conn, facts_of(op.op_id, self.device.id, op.occurred_at, self.contact.skew_s))
            why = str(outcome.answer.get("detail", ""))[:500]
            new = {f"operation {op.kind}": dict(op.body)}
            row: dict[str, Any] = {"step": outcome.verdict.value, "new": new, "why": storable.text(why)}
            order_history.append(self.conn, order_id, at=self.now, actor=self.who.actor, **row)
            order_history.reported(self.conn, None)


def had(conn: Connection, order_id: UUID, who: Who) -> bool:
    """Return whether somebody has or had an order, even one of a site that they do not see any more."""
    asked = {"order_id": order_id, "technician": who.technician, "site": who.technician_site}
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(QUERIES["had"], asked).fetchone())


def facts_of(op_id: UUID | None, device_id: UUID, occurred_at: datetime | None, skew: float) -> dict[str, Any]:
    """Return what a history row says of an operation: which, and when by the device's clock."""
    return {
        "device": str(device_id),
        "operation": str(op_id),
        "at": record.plain(occurred_at),
        "skew_s": round(skew, 1),
    }


def _site(conn: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(QUERIES["site_of_person"], {"site": code}).fetchone()


def _why(because: Because, detail: str) -> dict[str, Any]:
    return {"because": because.value, "detail": str.__str__(detail)}


def _answered(op: Arrived, verdict: Verdict, answer: Mapping[str, Any], *, first: Verdict | None = None) -> Answered:
    return Answered(op_id=op.op_id, seq=op.seq, verdict=verdict, answer=answer, first=first)
