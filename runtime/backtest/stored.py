"""A plant's own history as a backtest's inputs, and its real orders."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import Connection

from db.documents import backtest as backtest_db
from db.documents.backtest import LiveOrder
from db.telemetry import judge as judge_db
from db.telemetry import readings
from judge.inputs import Input, in_order
from runtime.backtest.ledger import Order
from runtime.backtest.outcomes import Failure
from workorder_core.orders.lifecycle import FINAL
from workorder_core.sentences import kept
from workorder_core.words import CloseFinding, FailureMode, OrderType, Severity, Status

SPAN = 100_000
"""Sequence numbers read at once; bounds the memory of a backtest."""
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_OF_THE_PLANT = ("asset", "signal", "rulebook", "models", "threshold", "shadow", "downtime", "alarm", "rule_shadow")


class NothingToJudge(ValueError):
    """The range or the assets have no judged reading; says which, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The range to judge: event times, inclusive, and assets as ``<site>/<asset>``; None is unbounded.

    ``warm_up`` is judged before ``since`` and not counted, so that the models know the machines by then; None begins
    with the first stored reading.
    """

    since: datetime | None = None
    until: datetime | None = None
    assets: tuple[str, ...] | None = None
    warm_up: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ArrivalRange:
    """The sequence numbers of a range, both ends included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


def arrival_range(conn: Connection, wanted: Range) -> ArrivalRange:
    """Return the sequence numbers of a range. Raises NothingToJudge."""
    if wanted.assets is not None:
        unknown = sorted(set(wanted.assets) - set(backtest_db.known_assets(conn, wanted.assets)))
        if unknown:
            raise NothingToJudge(
                kept("there is no asset {assets}; an asset is named <site>/<asset>", assets=", ".join(unknown))
            )
    since, until = wanted.since or EVER[0], wanted.until or EVER[1]
    if since > until:
        raise NothingToJudge(
            kept(
                "the range ends at {until:%Y-%m-%d %H:%M}, before it begins at {since:%Y-%m-%d %H:%M}",
                until=until,
                since=since,
            )
        )
    counted = backtest_db.arrival_range(conn, since=since, until=until)
    if counted is None:
        raise NothingToJudge(
            kept(
                "nothing was judged from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC", since=since, until=until
            )
        )
    begin = EVER[0] if wanted.warm_up is None else max(since - wanted.warm_up, EVER[0])
    before = backtest_db.arrival_range(conn, since=begin, until=since)
    return ArrivalRange(counted[0] if before is None else min(before[0], counted[0]), counted[1])


def inputs(conn: Connection, where: ArrivalRange, assets: Collection[str] | None = None) -> Iterator[Input]:
    """Yield the judged inputs in their order, preceded by what was known about the machines by then."""
    for event in judge_db.events_after(conn, 0, where.first - 1):
        if event.kind in _OF_THE_PLANT and _wanted(event.asset, assets):
            yield event
    after = where.first - 1
    while after < where.last:
        end = min(after + SPAN, where.last)
        frames = readings.judged_after(conn, after, end, assets)
        events = [each for each in judge_db.events_after(conn, after, end) if _wanted(each.asset, assets)]
        yield from in_order(frames, events, readings.late_after(conn, after, end, assets))
        after = end


def live_orders(conn: Connection, wanted: Range) -> list[LiveOrder]:
    """Return the orders that the engine opened on the plant in the range."""
    since, until = wanted.since or EVER[0], wanted.until or EVER[1]
    return backtest_db.orders(conn, since=since, until=until, assets=wanted.assets)


def as_order(live: LiveOrder) -> Order:
    """Return a plant's order as a backtest's order."""
    final = Status(live.status) in FINAL
    return Order(
        id=live.id,
        asset=live.asset,
        component=live.component,
        failure_mode=FailureMode(live.failure_mode),
        severity=next(each for each in Severity if each.order_type == live.type),
        opened_at=live.opened_at,
        opened_as=OrderType(live.opened_as),
        why=f"{live.source}: {live.summary}",
        evidence=live.evidence,
        duplicate_of=live.duplicate_of,
        ended=live.status if final else None,
    )


def close_outs(orders: Sequence[LiveOrder]) -> tuple[list[Failure], list[LiveOrder]]:
    """Return the failures that technicians confirmed, and the orders for which they found nothing.

    A confirmed order's failure is known only by the order: it counts as failed when the order was opened, so that its
    lead says how much earlier or later another run would have been.
    """
    confirmed = (CloseFinding.CONFIRMED, CloseFinding.OTHER_CAUSE)
    failures = [
        Failure(
            asset=each.asset,
            failed_at=each.opened_at,
            component=each.component,
            what=f"an order of the plant, closed as {CloseFinding(each.close_finding).value.replace('_', ' ')}",
        )
        for each in orders
        if each.close_finding in confirmed and each.duplicate_of is None
    ]
    return failures, [each for each in orders if each.close_finding == CloseFinding.NOTHING_FOUND]


def _wanted(asset: str | None, assets: Collection[str] | None) -> bool:
    return assets is None or asset is None or asset in assets
