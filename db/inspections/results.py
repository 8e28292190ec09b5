"""Answers of all rounds as one list, and what rounds and audits ask of people now. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, kwargs_row

from db import scope, sql
from workorder_core.inspections.answers import Verdict
from workorder_core.inspections.checklists import Item, ItemKind, from_document

_QUERIES = sql.load("inspection_results")
RECENTLY = timedelta(days=7)
"""How long a missed round is pointed out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An answer of a round with what was asked: ``item`` as the checklist's version had it.

    ``number`` is in the item's unit. An order is there for a point that has failed and led to one.
    """

    round_id: int
    round: str
    round_title: str
    site: str
    time_zone: str
    position: int
    asset_id: int
    asset: str
    asset_name: str
    checklist: str
    checklist_version: int
    item: Item
    typed: str
    note: str
    photo_id: UUID | None
    number: float | None
    verdict: Verdict
    at: datetime
    actor: str
    order_id: UUID | None
    order_number: str | None

    @property
    def place_in_list(self) -> tuple[datetime, int, int, str]:
        """By what results are sorted, the newest first."""
        return self.at, self.round_id, self.position, self.item.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which results: None is all of them. ``asset`` is a code, ``item`` a question's key; ``since <= at < until``."""

    site: str | None = None
    within: Collection[str] | None = None
    round_id: int | None = None
    asset_id: int | None = None
    asset: str | None = None
    checklist_id: int | None = None
    item: str | None = None
    verdicts: Collection[Verdict] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """Rounds that are due by now, rounds that were missed lately, and findings of audits past their due date."""

    due: int
    missed: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rounds were begun, finished and missed so far."""

    begun: int
    finished: int
    missed: int


def page(
    conn: Connection,
    asked: Asked,
    *,
    after: tuple[datetime, int, int, str] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Result]:
    """Return answers that mean something, the newest first; ``after`` the last one of the page before."""
    facts: dict[str, Any] = {name: getattr(asked, name) for name in Asked.__dataclass_fields__}
    facts |= {"within": scope.codes(asked.within), "limit": limit, "offset": offset}
    facts["verdicts"] = None if asked.verdicts is None else [each.value for each in asked.verdicts]
    at, round_id, position, item = after or (None, None, None, None)
    facts |= {"after_at": at, "after_round": round_id, "after_position": position, "after_item": item}
    with conn.cursor(row_factory=kwargs_row(_result)) as cursor:
        return cursor.execute(_QUERIES["page"], facts).fetchall()


def attention(conn: Connection, *, within: Collection[str] | None, now: datetime) -> Attention:
    """Return what rounds and audits ask of people now, at the sites that somebody sees."""
    asked = {"within": scope.codes(within), "now": now, "since": now - RECENTLY}
    with conn.cursor(row_factory=class_row(Attention)) as cursor:
        found = cursor.execute(_QUERIES["attention"], asked).fetchone()
    assert found is not None
    return found


def totals(conn: Connection) -> Totals:
    """Return how many rounds were begun, finished and missed so far."""
    with conn.cursor(row_factory=class_row(Totals)) as cursor:
        found = cursor.execute(_QUERIES["totals"]).fetchone()
    assert found is not None
    return found


def _result(**row: Any) -> Result:
    key = row["item"]
    # An answer whose question its version does not have is shown by its key.
    unknown = {"key": key, "text": key, "kind": ItemKind.TEXT}
    asked = next((each for each in row.pop("items") if each["key"] == key), unknown)
    return Result(**row | {"item": from_document(asked), "verdict": Verdict(row["verdict"])})
