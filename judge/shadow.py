"""Documents on trial: a second judge within the judge, which opens no orders. No I/O, no clock.

It begins as a copy of the judge, so that what does not change need not be learned again, and gets the same inputs. An
order that only it would have opened was never seen by anybody; as in a backtest it counts as done after a while, or
it would absorb all later findings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from judge.events import OrderMoved, ShadowBegun
from judge.inputs import Event
from judge.moments import moment
from workorder_core.intake.order_book import OrderBook
from workorder_core.orders.lifecycle import FINAL
from workorder_core.words import Status

if TYPE_CHECKING:
    from judge.inputs import Input
    from judge.judge import Judge, Verdict

DOCUMENTS = ("rulebook", "models")
DONE_AFTER = timedelta(days=3)


@dataclass(slots=True)
class Shadow:
    """A shadow run; ``replaced`` are the kinds of document that it does not share with the plant."""

    run: int
    judge: "Judge"
    replaced: tuple[str, ...]

    @classmethod
    def begin(cls, change: ShadowBegun, judge: "Judge") -> "Shadow":
        """Begin a run with a copy of the judge and the documents of the event that requested it."""
        replaced = tuple(kind for kind in DOCUMENTS if getattr(change, kind) is not None)
        shadow = cls(change.run, judge, replaced)
        if "rulebook" in replaced:
            judge.rules_in_shadow.clear()
        for kind in replaced:
            shadow._judge(Event.of(judge.arrival, kind, None, getattr(change, kind)))
        return shadow

    def consider(self, each: "Input", live: OrderBook) -> Iterator["Verdict"]:
        """Judge an input that the plant's judge has judged; ``live`` is the plant's order book."""
        if isinstance(each, Event):
            others = each.kind == "rule_shadow" and "rulebook" in self.replaced
            if each.kind != "shadow" and each.kind not in self.replaced and not others:
                yield from self.judge.consider((_without_entry(each),))
            return
        for event in self._unseen_that_are_done(each.arrival, each.asset, each.at_us, live):
            self._judge(event)
        yield from self.judge.consider((each,))

    def dump(self) -> dict[str, Any]:
        """Return the state in plain types, without its judge's, which is stored beside the plant's."""
        return {"run": self.run, "replaced": list(self.replaced)}

    @classmethod
    def restore(cls, dumped: Mapping[str, Any], judge: "Judge") -> "Shadow":
        """Continue from a dump, whose judge the caller has restored."""
        return cls(dumped["run"], judge, tuple(dumped["replaced"]))

    def _unseen_that_are_done(self, arrival: int, asset: str, at_us: int, live: OrderBook) -> list[Event]:
        ours = [entry for entry in self.judge.book.of(asset) if entry.status not in FINAL]
        if not ours:
            return []
        seen = {entry.id for entry in live.of(asset)}
        limit = moment(at_us) - DONE_AFTER
        return [
            Event(arrival, asset, OrderMoved(entry.id, Status.CLOSED))
            for entry in ours
            if entry.id not in seen and entry.opened_at <= limit
        ]

    def _judge(self, event: Event) -> None:
        for _ in self.judge.consider((event,)):
            pass


def _without_entry(event: Event) -> Event:
    """Return the event without the entry of an order that the run may never have opened."""
    if not isinstance(event.change, OrderMoved) or event.change.entry is None:
        return event
    return replace(event, change=event.change.without_entry())
