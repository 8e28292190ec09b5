"""What belongs to an order besides its row: the steps of its job plan, its parts, and what people say about it.

Each change is recorded in the order's history. The caller owns the transaction.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, kwargs_row, scalar_row, tuple_row

from db import sql
from workorder_core.orders import record
from workorder_core.orders.job_plans import PartLine, PlanStep, StepDone, StepKind

_QUERIES = sql.load("order_content")


@dataclass(frozen=True, slots=True)
class Undone:
    """The instructions of an order's open mandatory steps, permits apart from the others."""

    steps: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()


NOTHING_UNDONE = Undone()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said about an order. ``at`` is the wall clock."""

    seq: int
    at: datetime
    actor: str
    text: str


def undone(conn: Connection, order_id: UUID) -> Undone:
    """Return the open mandatory steps of an order's job plan."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["undone"], {"order_id": order_id}).fetchall()
    return Undone(
        steps=tuple(text for kind, text in rows if kind != StepKind.PERMIT),
        permits=tuple(text for kind, text in rows if kind == StepKind.PERMIT),
    )


def steps(conn: Connection, order_id: UUID) -> list[StepDone]:
    """Return the steps of an order's job plan with what was recorded for each."""
    with conn.cursor(row_factory=kwargs_row(_step)) as cursor:
        return cursor.execute(_QUERIES["steps"], {"order_id": order_id}).fetchall()


def set_steps(conn: Connection, order_id: UUID, steps: Sequence[PlanStep]) -> None:
    """Replace an order's steps by those of a plan, none of them done."""
    conn.execute(_QUERIES["drop_steps"], {"order_id": order_id})
    rows = [
        asdict(step) | {"order_id": order_id, "seq": seq, "kind": step.kind.value} for seq, step in enumerate(steps, 1)
    ]
    with conn.cursor() as cursor:
        cursor.executemany(_QUERIES["add_step"], rows)


def save_step(conn: Connection, order_id: UUID, step: StepDone) -> None:
    """Store a step's result; the order must be locked by this transaction."""
    facts = {"done_at": step.done_at, "done_by": step.done_by, "value": step.value, "note": step.note}
    conn.execute(
        _QUERIES["do_step"], facts | {"order_id": order_id, "seq": step.seq, "attachment_id": step.attachment_id}
    )


def begin_anew(conn: Connection, order_id: UUID) -> None:
    """Mark all steps as not done, because the work begins again."""
    conn.execute(_QUERIES["begin_anew"], {"order_id": order_id})


def parts(conn: Connection, order_id: UUID) -> list[PartLine]:
    """Return the parts that an order needs and has used."""
    with conn.cursor(row_factory=class_row(PartLine)) as cursor:
        return cursor.execute(_QUERIES["parts"], {"order_id": order_id}).fetchall()


def put_parts(conn: Connection, order_id: UUID, lines: Sequence[PartLine]) -> None:
    """Store parts of an order by their lines."""
    with conn.cursor() as cursor:
        cursor.executemany(_QUERIES["put_part"], [asdict(line) | {"order_id": order_id} for line in lines])


def comments(conn: Connection, order_id: UUID) -> list[Comment]:
    """Return an order's comments, the oldest first."""
    with conn.cursor(row_factory=class_row(Comment)) as cursor:
        return cursor.execute(_QUERIES["comments"], {"order_id": order_id}).fetchall()


def add_comment(conn: Connection, order_id: UUID, text: str, *, actor: str, at: datetime) -> int:
    """Store a comment and return its number; the order must be locked by this transaction."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = {"order_id": order_id, "at": at, "actor": actor, "text": text}
        return int(cursor.execute(_QUERIES["add_comment"], facts).fetchone() or 0)


def step_facts(step: StepDone) -> dict[str, Any]:
    """Return what the history records of a step."""
    return {f"step {step.seq}": record.plain(replace(step, instruction=step.instruction[:200]))}


def _step(**row: Any) -> StepDone:
    return StepDone(**row | {"kind": StepKind(row["kind"])})
