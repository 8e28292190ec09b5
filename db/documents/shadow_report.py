"""Compares the orders of a shadow run with those that the plant opened meanwhile, with the precision of both."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import sql
from db.documents import shadow
from db.documents.shadow import ShadowOrder, ShadowRun
from workorder_core.orders.order_difference import Difference, Pair, difference
from workorder_core.words import CloseFinding

_QUERIES = sql.load("shadow_report")
_RIGHT = (CloseFinding.CONFIRMED, CloseFinding.OTHER_CAUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrder:
    """An order that the plant has opened since a run began, in its present state. ``why`` is its first evidence."""

    id: UUID
    number: str
    asset_id: int
    asset: str
    component: str
    failure_mode: str
    type: str
    opened_at: datetime
    status: str
    duplicate_of: UUID | None
    close_finding: str | None
    opened_as: str
    why: str
    evidence: int


@dataclass(frozen=True, slots=True)
class Rightness:
    """Of the orders closed with a finding, for how many something was wrong."""

    right: int
    close_outs: int

    @property
    def precision(self) -> float | None:
        """Return the share that was right, 0 to 1; None if nothing was closed."""
        return self.right / self.close_outs if self.close_outs else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run beside the plant, since it began.

    Parameters
    ----------
    frames
        How many both have judged; 0 until the engine has started the run.
    found
        The plant's orders first, then the run's. Duplicates are in neither.
    live, candidate
        The precision of each. Nobody has inspected what only the run would have opened, so it counts for neither; what
        both opened counts by the plant's close-outs.
    """

    run: ShadowRun
    frames: int
    found: Difference[LiveOrder, ShadowOrder]
    live: Rightness
    candidate: Rightness

    @property
    def both(self) -> list[Pair[LiveOrder, ShadowOrder]]:
        """Return what both have opened, the oldest first."""
        return sorted(self.found.same + self.found.changed, key=lambda pair: pair.after.opened_at)


def report(conn: Connection, run_id: int) -> Report:
    """Compare a run with the plant. Raises NotFound."""
    run = shadow.run(conn, run_id)
    live: list[LiveOrder] = []
    frames = 0
    if run.first is not None:
        inputs: dict[str, Any] = {"first": run.first, "last": run.last}
        with conn.cursor(row_factory=class_row(LiveOrder)) as cursor:
            asked = inputs | {"begun_at": run.begun_at}
            live = [each for each in cursor.execute(_QUERIES["live"], asked) if each.duplicate_of is None]
        with conn.cursor(row_factory=tuple_row) as numbers:
            row: Any = numbers.execute(_QUERIES["judged"], inputs).fetchone()
            frames = int(row[0])
    found = difference(live, [each for each in shadow.orders(conn, run_id) if each.duplicate_of is None])
    both = [pair.before for pair in (*found.same, *found.changed)]
    return Report(run=run, frames=frames, found=found, live=_rightness(live), candidate=_rightness(both))


def _rightness(orders: Iterable[LiveOrder]) -> Rightness:
    findings = [each.close_finding for each in orders if each.close_finding is not None]
    return Rightness(sum(1 for each in findings if each in _RIGHT), len(findings))
