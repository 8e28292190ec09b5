"""How likely assets are to fail while their orders wait, by the best that is known of each. The caller owns the
transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.costs import costs
from db.reliability import lives, survival
from db.scheduling import weights
from workorder_core.orders.order import WorkOrder
from workorder_core.reliability import weibull
from workorder_core.scheduling import failing
from workorder_core.scheduling.failing import Basis, Chance, Delay
from workorder_core.scheduling.problem import Weights
from workorder_core.sentences import coded, say
from workorder_core.words import OrderType

_QUERIES = sql.load("scheduling")
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What it costs that an order waits.

    Parameters
    ----------
    why
        By what its asset's failure is expected, or why waiting costs nothing, as a sentence.
    done_in
        Days from now until it is planned to be done; 0 where it is not scheduled.
    """

    chance: Chance | None
    why: str
    done_in: float
    delays: tuple[Delay, ...]
    currency: str


def chances(
    conn: Connection, site_id: int, orders: Iterable[Mapping[str, Any]], at: datetime, of_priority: Weights
) -> dict[UUID, Chance]:
    """Return how likely the assets of orders are to fail from ``at`` on, where a failure has a price.

    Of each asset the first order has it, and orders come with the most urgent first: so a failure is counted once.
    Inspections keep nothing from failing.
    """
    first: dict[int, Mapping[str, Any]] = {}
    for row in orders:
        if row["asset_id"] is not None and row["type"] != OrderType.INSPECTION:
            first.setdefault(row["asset_id"], row)
    model = costs.model(conn, site_id) if first else None
    if model is None or not model.is_set:
        return {}
    priced = {
        asset_id: failing.failure_cost(model.of(row["asset_code"], row["asset_class"]))
        for asset_id, row in first.items()
    }
    first = {asset_id: row for asset_id, row in first.items() if priced[asset_id] > 0}
    curves = survival.latest(conn, first, at)
    unknown = {row["asset_class"] for asset_id, row in first.items() if asset_id not in curves}
    known = lives.of_classes(conn, site_id, unknown, at=at) if unknown else {}
    found = {}
    for asset_id, row in first.items():
        cost, of_class = priced[asset_id], known.get(row["asset_class"])
        since = None if of_class is None else of_class.since.get(asset_id)
        if asset_id in curves:
            chance = Chance(basis=Basis.ASSET, survival=curves[asset_id], cost=cost, why=failing.by_model())
        elif of_class is not None and since is not None:
            age = max((at - since).total_seconds() / _DAY_S, 0.0)
            curve = of_class.weibull.survival(at, age=age)
            why = failing.by_class(row["asset_class"], of_class.weibull, age)
            chance = Chance(basis=Basis.CLASS, survival=curve, cost=cost, why=why)
        else:
            a_day = of_priority.failure_day.get(row["priority"], 0.0)
            if a_day <= 0:
                continue
            curve = weibull.constant(at, a_day)
            chance = Chance(basis=Basis.PRIORITY, survival=curve, cost=cost, why=failing.by_priority(a_day * 100))
        found[row["id"]] = chance
    return found


def of_order(conn: Connection, order: WorkOrder, *, days: Iterable[float], now: datetime) -> Waits:
    """Return what it costs that an order is done so many days later than it is scheduled, or than now."""
    weighed = weights.of_site(conn, order.site_id).weights
    with conn.cursor(row_factory=dict_row) as cursor:
        asked = {"site_id": order.site_id, "asset_id": order.asset_id}
        rows = cursor.execute(_QUERIES["orders_of_asset"], asked).fetchall() if order.asset_id is not None else []
    mine = next((row for row in rows if row["id"] == order.id), None)
    chance = chances(conn, order.site_id, rows, now, weighed).get(order.id)
    ends = order.scheduled_end or order.scheduled_start
    done_in = 0.0 if ends is None else max((ends - now).total_seconds() / _DAY_S, 0.0)
    target = order.completion_due
    target_in = None if target is None or mine is None else (target - now).total_seconds() / _DAY_S
    return Waits(
        chance=chance,
        why=chance.why if chance is not None else _why_none(order, mine, rows),
        done_in=done_in,
        delays=tuple(
            failing.delay_cost(
                chance, done_in=done_in, days=each, target_in=target_in,
                late_hour=weighed.lateness_hour.get(order.priority, 0.0),
            )
            for each in days
        ),
        currency=costs.currency_of(conn, order.site_id) or "",
    )  # fmt: skip


def _why_none(order: WorkOrder, mine: Mapping[str, Any] | None, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return why it costs nothing in failures that an order waits."""
    if mine is None:
        return say("Waiting costs nothing: the order does not wait, or is of no asset.")
    if order.type is OrderType.INSPECTION:
        return say("Waiting costs nothing: an inspection keeps nothing from failing.")
    first = next(row for row in rows if row["type"] != OrderType.INSPECTION)
    if first["id"] != order.id:
        return say(
            "Waiting costs nothing more: the failure is counted at {number}, the asset’s most urgent order.",
            number=coded(first["number"]),
        )
    return say("Waiting costs nothing: a failure of the asset has no price, or the weights expect none.")
