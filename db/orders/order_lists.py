"""Lists of orders by urgency, and counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import scope, sql
from db.orders import order_rows
from workorder_core.orders import lifecycle
from workorder_core.orders.order import WorkOrder
from workorder_core.words import OrderType, Origin, Priority, Status

_QUERIES = sql.load("order_lists")
MOST_COUNTED = 1_000
"""The most that a count returns: nobody pages that far, and counting many orders costs more than showing a page."""

MOST_WORDS = 8
"""Of a text that orders are narrowed to."""


Position = (
    tuple[Literal["unfinished"], bool, int, int, datetime | None, datetime, UUID]
    | tuple[Literal["finished"], datetime, UUID]
)
"""An order's position in the list: of an unfinished one whether it waits for verification, its priority, how late it
is, its next target and when it was recorded; of a finished one when it ended; and the id.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An order of a list, with names. ``why`` is the newest finding's sentence, or the order's title.

    Parameters
    ----------
    why_at
        When that was found, in event time; None without a finding.
    asset_code, asset_name
        For work at a location without an asset the code is None and the name is the location's.
    """

    order: WorkOrder
    site_code: str
    site_name: str
    time_zone: str
    asset_code: str | None
    asset_name: str
    assignee_name: str | None
    why: str
    why_at: datetime | None
    evidence_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters of a list; None does not filter.

    Parameters
    ----------
    assignee
        A technician's code; "-" for unassigned orders.
    text
        Words, or parts of words, all of which occur in the number, the title, or the asset's code and name.
    location_id
        Orders at a functional location, or of the assets installed there now.
    overdue
        Only orders past a target that still applies.
    within
        The codes of the sites that the user may see.
    given_to
        The id of a technician: only orders that they have or had.
    """

    status: Sequence[Status] | None = None
    type: Sequence[OrderType] | None = None
    origin: Sequence[Origin] | None = None
    priority: Sequence[Priority] | None = None
    site: str | None = None
    asset: str | None = None
    asset_id: int | None = None
    location_id: int | None = None
    assignee: str | None = None
    requested_by: str | None = None
    text: str | None = None
    unfinished: bool | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    within: Collection[str] | None = None
    given_to: int | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many orders there are of a kind, and how many of them are overdue."""

    type: OrderType
    status: Status
    priority: Priority
    orders: int
    escalated: int


def page(
    conn: Connection, filters: Filters, *, limit: int = 50, offset: int = 0, after: Position | None = None
) -> list[Listed]:
    """Return orders, the most urgent first and the finished ones last, the newest end first.

    Begin after so many, or ``after`` the position of one of them, but not both.
    """
    asked = _asked(conn, filters)
    after_unfinished, after_finished = _after(after)
    ids: list[UUID] = []
    with conn.cursor(row_factory=scalar_row) as cursor:
        if filters.unfinished is not False and after_finished["after_id"] is None:
            more = after_unfinished | {"limit": limit, "offset": offset}
            ids += cursor.execute(_QUERIES["unfinished"], asked | more).fetchall()
        if filters.unfinished is not True and len(ids) < limit:
            passed = 0
            if filters.unfinished is None and not ids and after is None:
                counted = asked | {"unfinished": True, "most": offset + 1}
                passed = cursor.execute(_QUERIES["count"], counted).fetchone() or 0
            beyond = 0 if ids else offset - passed
            more = after_finished | {"limit": limit - len(ids), "offset": beyond}
            ids += cursor.execute(_QUERIES["finished"], asked | more).fetchall()
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_listed(row) for row in cursor.execute(_QUERIES["shown"], {"ids": ids})]


def position(listed: Listed) -> Position:
    """Return an order's position in the list."""
    order = listed.order
    if order.status in lifecycle.FINAL:
        return "finished", order.status_since, order.id
    due = order.response_due if order.status in lifecycle.WAITING else order.completion_due
    return (
        "unfinished",
        order.status in lifecycle.DONE,
        order.priority.value,
        order.escalation,
        due,
        order.recorded_at,
        order.id,
    )


def _after(position: Position | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a position as parameters of the two lists; the list that does not contain it begins with its first
    order.
    """
    unfinished = position[1:] if position is not None and position[0] == "unfinished" else (None,) * 6
    finished = position[1:] if position is not None and position[0] == "finished" else (None, None)
    names = ("after_checked", "after_priority", "after_escalation", "after_due", "after_recorded", "after_id")
    return (
        dict(zip(names, unfinished, strict=True)),
        dict(zip(("after_since", "after_id"), finished, strict=True)),
    )


def count(conn: Connection, filters: Filters, *, most: int = MOST_COUNTED) -> int:
    """Count the orders that match; returns ``most`` if there are as many or more."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        asked = _asked(conn, filters) | {"unfinished": filters.unfinished, "most": most}
        return int(cursor.execute(_QUERIES["count"], asked).fetchone() or 0)


def tally(conn: Connection, within: Collection[str] | None = None) -> list[Tally]:
    """Return how many orders there are of each type, status and priority."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [
            Tally(
                type=OrderType(row["type"]),
                status=Status(row["status"]),
                priority=Priority(row["priority"]),
                orders=row["orders"],
                escalated=row["escalated"],
            )
            for row in cursor.execute(_QUERIES["count_by_kind"], {"within": scope.codes(within)})
        ]


def _asked(conn: Connection, filters: Filters) -> dict[str, Any]:
    """Return filters as query parameters: ids instead of codes, and enumerations as the columns store them."""
    asked: dict[str, Any] = {"opened_from": filters.opened_from, "opened_to": filters.opened_to}
    for name in ("status", "type", "origin", "priority"):
        codes = getattr(filters, name)
        asked[name] = None if codes is None else [code.value for code in codes]
    sites = None if filters.site is None and filters.within is None else _sites(filters)
    assignee = None if filters.assignee == "-" else filters.assignee
    ids: Mapping[str, Any] = {"sites": None, "assets": None, "assignees": None}
    if sites is not None or filters.asset is not None or assignee is not None:
        with conn.cursor(row_factory=dict_row) as cursor:
            named = {"sites": sites, "asset": filters.asset, "assignee": assignee}
            ids = cursor.execute(_QUERIES["ids_of"], named).fetchone() or ids
    asked["sites"] = None if sites is None else ids["sites"] or []
    asked["assets"] = None if filters.asset is None else ids["assets"] or []
    if filters.asset_id is not None:
        asked["assets"] = [filters.asset_id]
    asked["assignees"] = None if assignee is None else ids["assignees"] or []
    # A single site is passed as one value: only then is the list read in index order.
    for many, one in (("assets", "asset"), ("assignees", "assignee")):
        asked[one] = asked[many][0] if asked[many] is not None and len(asked[many]) == 1 else None
    words = [f"%{_literally(word)}%" for word in (filters.text or "").replace("\0", "").split()[:MOST_WORDS]]
    return asked | {
        "overdue": filters.overdue, "nobody": filters.assignee == "-", "requested_by": filters.requested_by,
        "words": words or None, "location": filters.location_id, "given_to": filters.given_to,
    }  # fmt: skip


def _literally(word: str) -> str:
    """Return a word as a pattern that matches only itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _sites(filters: Filters) -> list[str]:
    if filters.within is None:
        return [] if filters.site is None else [filters.site]
    return sorted(set(filters.within) if filters.site is None else {filters.site} & set(filters.within))


def _listed(row: Mapping[str, Any]) -> Listed:
    return Listed(
        order=order_rows.order(row),
        site_code=row["site_code"],
        site_name=row["site_name"],
        time_zone=row["time_zone"],
        asset_code=row["asset_code"],
        asset_name=row["asset_name"],
        assignee_name=row["assignee_name"],
        why=row["newest_summary"] or row["title"],
        why_at=row["newest_at"],
        evidence_count=row["evidence_count"] or 0,
    )
