"""Events that change decisions: a type for each kind, read from the payloads of ``judge_events``.

A payload that other code has written, or in which a person has set something impossible, is reported as a change that
cannot be applied; the caller then continues or stops.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from workorder_core.alarms.alarm_states import Move
from workorder_core.words import CloseFinding, Criticality, FailureMode, OrderType, Status


class RulebookSet(msgspec.Struct, frozen=True):
    """A new rulebook judges from here on."""

    kind: ClassVar[str] = "rulebook"
    document: dict[str, Any]


class ModelsSet(msgspec.Struct, frozen=True):
    """New model documents judge from here on, by asset class."""

    kind: ClassVar[str] = "models"
    document: dict[str, Any]


class LimitMoved(msgspec.Struct, frozen=True):
    """Close-outs have moved the limit of a model's version on an asset class, by a factor."""

    kind: ClassVar[str] = "threshold"
    asset_class: str = msgspec.field(name="class")
    version: str
    factor: float


class ShadowBegun(msgspec.Struct, frozen=True):
    """A shadow run begins, with its own documents."""

    kind: ClassVar[str] = "shadow"
    run: int
    rulebook: dict[str, Any] | None = None
    models: dict[str, Any] | None = None


class ShadowEnded(msgspec.Struct, frozen=True):
    """A shadow run has ended; ``ended`` is "promoted" if its documents judge from here on."""

    kind: ClassVar[str] = "shadow"
    ended: str


class AssetSet(msgspec.Struct, frozen=True):
    """An asset's class, criticality, the asset upstream of it and its area, ``<site>/<code>`` each."""

    kind: ClassVar[str] = "asset"
    asset_class: str = msgspec.field(name="class")
    criticality: Criticality
    parent: str | None = None
    area: str | None = None


class Counts(msgspec.Struct, frozen=True):
    """A signal is a counter, and wraps to 0 at ``wraps_at``; None if it is not known to wrap."""

    wraps_at: float | None = None


class SignalSet(msgspec.Struct, frozen=True):
    """What a signal's numbers mean. ``plausible``: the range outside which no value can be true; None is open."""

    kind: ClassVar[str] = "signal"
    signal: str
    unit: str
    states: dict[str, float] | None = None
    counter: Counts | None = None
    plausible: tuple[float | None, float | None] | None = None


class DowntimeSet(msgspec.Struct, frozen=True):
    """Planned downtime as it was recorded: times in ISO 8601, the end None where it is open."""

    kind: ClassVar[str] = "downtime"
    id: int | str
    starts_at: str
    ends_at: str | None = None
    cancelled: bool = False


class Reopened(msgspec.Struct, frozen=True):
    """The facts that the order book needs of a reopened order."""

    asset: str
    component: str
    failure_mode: FailureMode
    type: OrderType
    opened_at: datetime
    signals: frozenset[str]
    evidence: int
    last_evidence_at: datetime
    inferred: bool


class OrderMoved(msgspec.Struct, frozen=True):
    """Somebody has moved an order; ``entry`` is given if the order returns to the order book."""

    kind: ClassVar[str] = "order_moved"
    order_id: UUID
    status: Status
    entry: Reopened | None = None
    close_finding: CloseFinding | None = None

    def without_entry(self) -> "OrderMoved":
        """Return the move of an order that does not return to the order book."""
        return msgspec.structs.replace(self, entry=None)


class HistoryImported(msgspec.Struct, frozen=True):
    """Recorded frames of an asset, as (event time in epoch microseconds, values), for its model to learn from."""

    kind: ClassVar[str] = "history"
    frames: list[tuple[int, dict[str, float]]]


class SignalsStale(msgspec.Struct, frozen=True):
    """Those signals are no longer measured."""

    kind: ClassVar[str] = "stale"
    signals: list[str]


class AlarmMoved(msgspec.Struct, frozen=True):
    """Somebody shelves an alarm or removes it from service until a time, or ends either."""

    kind: ClassVar[str] = "alarm"
    source: str
    move: Move
    until: datetime | None = None
    why: str = ""


class RuleInShadow(msgspec.Struct, frozen=True):
    """A rule is put in shadow, or returned."""

    kind: ClassVar[str] = "rule_shadow"
    rule: str
    shadow: bool


class Ticked(msgspec.Struct, frozen=True):
    """Some of the wall clock's time has passed since the tick before.

    Parameters
    ----------
    unheard_s
        How much of it nobody has listened, because ingest or the broker was away, or the clock was set; negative if it
        was set back. No machine was silent for that long.
    latest
        The latest event time that a reading can have now, if readings before this tick may have a later one from a
        clock that was ahead.
    """

    kind: ClassVar[str] = "tick"
    at: datetime
    unheard_s: float = 0.0
    latest: datetime | None = None


class Unreadable(msgspec.Struct, frozen=True):
    """A payload that is invalid for its kind, and why."""

    kind: str
    why: str


class Unknown(msgspec.Struct, frozen=True):
    """An event of a kind that this code does not know."""

    kind: str


Change = (
    RulebookSet
    | ModelsSet
    | LimitMoved
    | ShadowBegun
    | ShadowEnded
    | AssetSet
    | SignalSet
    | DowntimeSet
    | OrderMoved
    | HistoryImported
    | SignalsStale
    | AlarmMoved
    | RuleInShadow
    | Ticked
    | Unreadable
    | Unknown
)


def read(kind: str, payload: Mapping[str, Any]) -> Change:
    """Parse the payload of an event of a kind."""
    reads = _READ.get(kind)
    if reads is None:
        return Unknown(kind)
    try:
        return reads(payload)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        return Unreadable(kind, f"{type(error).__name__}: {error}")


def _as(kind: type[Any]) -> Callable[[Mapping[str, Any]], Any]:
    return lambda payload: msgspec.convert(payload, kind)


def _shadow(payload: Mapping[str, Any]) -> Change:
    return msgspec.convert(payload, ShadowEnded) if "ended" in payload else msgspec.convert(payload, ShadowBegun)


_READ: Mapping[str, Callable[[Mapping[str, Any]], Change]] = {
    RulebookSet.kind: lambda payload: RulebookSet(dict(payload)),
    ModelsSet.kind: lambda payload: ModelsSet(dict(payload)),
    ShadowBegun.kind: _shadow,
    **{
        each.kind: _as(each)
        for each in (
            LimitMoved, AssetSet, SignalSet, DowntimeSet, OrderMoved, HistoryImported, SignalsStale, AlarmMoved,
            RuleInShadow, Ticked,
        )
    },
}  # fmt: skip
