"""One run: feeds inputs in their order to the production judge, and its decisions to a ledger.

With the plant's own documents, people's recorded steps end the orders that they ended. Other documents open orders that
nobody ever saw; such an order counts as done ``Assumed.done_after`` after it was opened, as otherwise it would absorb
all later findings.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from judge.events import OrderMoved
from judge.inputs import Event, Input, JudgedFrame
from judge.judge import Judge
from judge.moments import moment
from judge.shadow import DOCUMENTS, DONE_AFTER
from runtime.backtest.ledger import Ledger, Order
from workorder_core.orders.lifecycle import FINAL
from workorder_core.words import Status

REPORT_EVERY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The documents that judge in place of those of the time, as plain tables; None keeps those of the time."""

    rulebook: Mapping[str, Any] | None = None
    models: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Assumptions about people, for orders that never existed on the plant. Durations are of event time."""

    done_after: timedelta = DONE_AFTER


@dataclass(slots=True, kw_only=True)
class Run:
    """The result of a run.

    Parameters
    ----------
    orders
        Every order opened in the range, the oldest first.
    start, end
        The event time of the first and the last frame judged in the range; None if there is none.
    asset_days
        How long each asset was observed in the range, by ``<site>/<asset>``: the days with a frame.
    frames
        How many frames went through the judge, warm-up included.
    """

    orders: list[Order]
    start: datetime | None
    end: datetime | None
    asset_days: dict[str, int]
    frames: int
    assumed: Assumed = field(default_factory=Assumed)


def run(
    inputs: Iterable[Input],
    *,
    documents: Documents | None = None,
    seen: Collection[UUID] = (),
    assumed: Assumed | None = None,
    since: datetime | None = None,
    on_input: Callable[[int], None] | None = None,
) -> Run:
    """Judge ``inputs`` and return the orders that this opens.

    ``seen`` are the orders that exist on the plant: only people's steps end them. Orders opened before ``since`` belong
    to the warm-up and are left out. ``on_input`` is called from time to time with the sequence number of the newest
    input.
    """
    stream = _Stream(documents or Documents(), frozenset(seen), assumed or Assumed(), since)
    judge = Judge()
    for verdict in judge.consider(stream.of(inputs, on_input)):
        order = None if verdict.shadow is not None else stream.ledger.apply(verdict.decision)
        if order is not None:
            stream.opened(order)
    orders = [order for order in stream.ledger if since is None or order.opened_at >= since]
    orders.sort(key=lambda order: (order.opened_at, order.asset, str(order.id)))
    return Run(
        orders=orders,
        start=None if stream.first_us is None else moment(stream.first_us),
        end=None if stream.last_us is None else moment(stream.last_us),
        asset_days={key: len(days) for key, days in sorted(stream.days.items())},
        frames=stream.frames,
        assumed=stream.assumed,
    )


class _Stream:
    """The inputs as the judge gets them: with other documents, and with the ends of orders that nobody saw."""

    def __init__(self, documents: Documents, seen: frozenset[UUID], assumed: Assumed, since: datetime | None) -> None:
        self.ledger = Ledger()
        self.assumed = assumed
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.days: dict[str, set[int]] = {}
        self.frames = 0
        self._documents, self._seen = documents, seen
        self._since_us = None if since is None else (since - moment(0)) // datetime.resolution
        self._today: dict[str, int] = {}
        self._due: dict[str, list[tuple[int, UUID]]] = {}

    def of(self, inputs: Iterable[Input], on_input: Callable[[int], None] | None) -> Iterator[Input]:
        """Yield lazily: the judge's decisions on one input are in the ledger before the next one is requested."""
        replaced = {kind for kind in DOCUMENTS if getattr(self._documents, kind) is not None}
        for kind in DOCUMENTS:
            if kind in replaced:
                yield Event.of(0, kind, None, dict(getattr(self._documents, kind)))
        next_report = 0
        for each in inputs:
            if on_input is not None and each.arrival >= next_report:
                on_input(each.arrival)
                next_report = each.arrival + REPORT_EVERY
            if isinstance(each, Event):
                if each.kind in replaced or (replaced and each.kind == "shadow"):
                    continue
                if each.kind == "rule_shadow" and "rulebook" in replaced:
                    continue  # Other rules have budgets of their own.
                if isinstance(each.change, OrderMoved):
                    self._note_end(each.change)
                    yield replace(each, change=self._known(each.change))
                    continue
            elif isinstance(each, JudgedFrame):
                yield from self._before(each)
            yield each

    def _before(self, frame: JudgedFrame) -> Iterator[Event]:
        """Count a frame, and yield the ends of orders that are due by its time."""
        if frame.asset in self._due:
            yield from self._ended(frame.arrival, frame.asset, frame.at_us)
        self._observe(frame.asset, frame.at_us)
        self.frames += 1

    def opened(self, order: Order) -> None:
        """Record that an order was opened; if people never saw it, schedule its assumed end."""
        if order.id not in self._seen:
            due = (order.opened_at + self.assumed.done_after - moment(0)) // datetime.resolution
            heapq.heappush(self._due.setdefault(order.asset, []), (due, order.id))

    def _ended(self, arrival: int, asset: str, at_us: int) -> Iterator[Event]:
        due = self._due.get(asset)
        while due and due[0][0] <= at_us:
            _, order_id = heapq.heappop(due)
            order = self.ledger.get(order_id)
            if order is not None and order.ended_at is None:
                self.ledger.end(order_id, moment(at_us), "taken as done")
                yield Event(arrival, asset, OrderMoved(order_id, Status.CLOSED))

    def _note_end(self, moved: OrderMoved) -> None:
        order = self.ledger.get(moved.order_id)
        if order is not None and moved.status in FINAL:
            at = moment(self.last_us) if self.last_us is not None else order.opened_at
            self.ledger.end(order.id, at, moved.status.label)

    def _known(self, moved: OrderMoved) -> OrderMoved:
        """Return the move without anything that would add an order to the book that this run never opened."""
        if moved.entry is None:
            return moved
        self.ledger.reopen(moved.order_id)
        return moved if self.ledger.get(moved.order_id) is not None else moved.without_entry()

    def _observe(self, asset: str, at_us: int) -> None:
        if self._since_us is not None and at_us < self._since_us:
            return
        if self.last_us is None or self.first_us is None:
            self.first_us = self.last_us = at_us
        elif at_us > self.last_us:
            self.last_us = at_us
        day = at_us // 86_400_000_000
        if self._today.get(asset) != day:
            self._today[asset] = day
            self.days.setdefault(asset, set()).add(day)
