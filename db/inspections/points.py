"""Failed points and their orders: one unfinished order per point of an asset, linked both ways.

The caller owns the transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, kwargs_row, scalar_row

from db import sql
from db.files import files
from db.files.files import Of, Owner
from db.inspections import history
from db.orders import order_content, order_history, order_links, work_orders
from db.orders.order_links import LinkKind
from db.plant import plant
from workorder_core.inspections import rounds
from workorder_core.inspections.answers import Answer
from workorder_core.inspections.checklists import Item, from_document
from workorder_core.inspections.rounds import OpenOrder, SameOrder
from workorder_core.words import FailureMode, Status

if TYPE_CHECKING:
    from db.inspections.stops import Stop

_QUERIES = sql.load("inspection_rounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A point that failed earlier, and whose order is unfinished."""

    checklist_id: int
    asset_id: int
    item: str
    order_id: UUID
    number: str
    status: Status
    title: str
    round: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The answer that led to an order."""

    round_id: int
    round: str
    round_title: str
    position: int
    asset: str
    item: Item
    typed: str
    note: str
    number: float | None
    photo_id: UUID | None
    at: datetime
    actor: str


def open_points(conn: Connection, round_id: int, position: int | None = None) -> list[OpenPoint]:
    """Return the points of a round's stops, or of one stop, that failed in any round and still have an unfinished
    order."""
    with conn.cursor(row_factory=kwargs_row(_open)) as cursor:
        return cursor.execute(_QUERIES["open_points"], {"id": round_id, "position": position}).fetchall()


def of_order(conn: Connection, order_id: UUID) -> list[Failure]:
    """Return the failed answers that led to an order, the newest first; empty if no round did."""
    with conn.cursor(row_factory=kwargs_row(_failure)) as cursor:
        return cursor.execute(_QUERIES["failures_of_order"], {"order_id": order_id}).fetchall()


def follow(conn: Connection, stop: "Stop", item: Item, answer: Answer, *, actor: str, at: datetime) -> None:
    """Open the order of a failed point, or add a remark to its unfinished one; do nothing if none is required."""
    point = {"asset_id": stop.asset_id, "checklist_id": stop.checklist_id, "item": item.key}
    conn.execute(_QUERIES["lock_point"], point)
    with conn.cursor(row_factory=dict_row) as cursor:
        known = cursor.execute(_QUERIES["unfinished_point"], point).fetchone()
        row = cursor.execute(_QUERIES["get"], {"id": stop.round_id}).fetchone()
        answers = cursor.execute(_QUERIES["answers"], {"id": stop.round_id, "position": stop.position}).fetchall()
    assert row is not None
    mine = next(each for each in answers if each["item"] == item.key)
    if mine["order_id"] is not None and known is not None and mine["order_id"] == known["order_id"]:
        return  # this same answer has led to it already
    unfinished = known["order_id"] if known else None
    led = rounds.follow_up(item, answer, number=row["number"], note=mine["note"], unfinished=unfinished)
    if isinstance(led, OpenOrder):
        order_id = _open_order(conn, stop, led, row["order_id"], actor, at)
        facts = point | {"order_id": order_id, "id": stop.round_id, "position": stop.position}
        with conn.cursor(row_factory=scalar_row) as cursor:
            point_id = cursor.execute(_QUERIES["add_point"], facts).fetchone()
    elif isinstance(led, SameOrder):
        assert known is not None
        order_id, point_id = led.order_id, known["id"]
        _remark(conn, order_id, led.remark, actor, at)
    else:
        return
    facts = {"point": point_id, "id": stop.round_id, "position": stop.position, "item": item.key}
    conn.execute(_QUERIES["point_of_answer"], facts)
    if mine["photo_id"] is not None:
        _copy_photo(conn, stop, mine["photo_id"], order_id, actor, at)
    told = {"stop": stop.position, "asset": stop.asset, "item": item.key, "order": str(order_id)}
    told |= {"again": isinstance(led, SameOrder)}
    history.note(conn, round_id=stop.round_id, at=at, actor=actor, what="point_failed", told=told, why=answer.why)


def _open_order(
    conn: Connection, stop: "Stop", led: OpenOrder, asked_by: UUID | None, actor: str, at: datetime
) -> UUID:
    order = work_orders.create_by_hand(
        conn,
        asset=plant.asset(conn, stop.asset_id, now=at),
        kind=led.type,
        title=led.title,
        component="machine",
        failure_mode=FailureMode.UNK,
        actor=actor,
        at=at,
        why=led.why,
    )
    if asked_by is not None:
        work_orders.lock(conn, asked_by)
        order_links.add(conn, order.id, LinkKind.FOLLOW_UP_OF, asked_by, actor=actor, at=at, why=led.why)
    return order.id


def _remark(conn: Connection, order_id: UUID, said: str, actor: str, at: datetime) -> None:
    work_orders.lock(conn, order_id)
    number = order_content.add_comment(conn, order_id, said, actor=actor, at=at)
    told = {f"comment {number}": said}
    order_history.append(conn, order_id, at=at, actor=actor, step="comment", new=told, why=said[:500])


def _copy_photo(conn: Connection, stop: "Stop", photo_id: UUID, order_id: UUID, actor: str, at: datetime) -> None:
    """Attach the photo of a failed answer to its order."""
    with conn.cursor(row_factory=dict_row) as cursor:
        photo = cursor.execute(_QUERIES["photo"], {"id": stop.round_id, "photo_id": photo_id}).fetchone()
    assert photo is not None
    files.add(conn, Owner(Of.ORDER, order_id), photo["name"], bytes(photo["content"]), actor=actor, at=at)


def _open(**row: Any) -> OpenPoint:
    return OpenPoint(**row | {"status": Status(row["status"])})


def _failure(**row: Any) -> Failure:
    items: Sequence[Mapping[str, Any]] = row.pop("items")
    found = next(from_document(each) for each in items if each["key"] == row["item"])
    return Failure(**row | {"item": found})
