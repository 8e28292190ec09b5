"""Applies events to a judge. One that fails does so in every replay, and judging continues."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from ingest.failures import traced
from judge.asset import by_model, turned_back
from judge.events import (
    AlarmMoved,
    AssetSet,
    DowntimeSet,
    HistoryImported,
    LimitMoved,
    ModelsSet,
    OrderMoved,
    Reopened,
    RulebookSet,
    RuleInShadow,
    ShadowBegun,
    ShadowEnded,
    SignalSet,
    SignalsStale,
    Ticked,
    Unknown,
    Unreadable,
)
from judge.inputs import Event
from judge.limits.rule_sets import RuleSets
from judge.moments import downtime_span, micros, moment
from judge.shadow import Shadow
from rules.rulebook import parse as parse_rulebook
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Change as AlarmChange
from workorder_core.alarms.silence import Suppressed
from workorder_core.intake.findings import Finding
from workorder_core.intake.order_book import Entry
from workorder_core.orders.lifecycle import FINAL, WAITING
from workorder_core.words import Severity, Status

if TYPE_CHECKING:
    from judge.judge import Judge

_log = structlog.get_logger("judge")
_MOST_FAILED = 100


class UnknownEvent(ValueError):
    """An event written by other code; later inputs cannot be judged as that code would."""


def leave_lane(judge: "Judge", event: Event) -> None:
    """Take off the lane the assets whose state an event may read."""
    if judge.lane is None:
        return
    if isinstance(event.change, Ticked):
        judge.lane.settle()
    else:
        judge.lane.leave(event.asset)


def follow(judge: "Judge", event: Event) -> Iterable[Finding]:
    """Apply an event. One that fails keeps its partial effect, which is the same in every replay."""
    try:
        findings = _follow(judge, event)
    except UnknownEvent:
        raise
    except Exception as error:  # noqa: BLE001 - a person's input must not stop the plant
        _note_failed(judge, event, f"{type(error).__name__}: {error}", traced(error))
        return ()
    return _found(judge, event, findings)


def _found(judge: "Judge", event: Event, findings: Iterable[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except Exception as error:  # noqa: BLE001 - likewise
        _note_failed(judge, event, f"{type(error).__name__}: {error}", traced(error))


def _note_failed(judge: "Judge", event: Event, why: str, whole: str | None = None) -> None:
    _log.error("event failed, judging continues", kind=event.kind, arrival=event.arrival, error=why, traceback=whole)
    if len(judge.failed) < _MOST_FAILED:
        judge.failed.append(f"input {event.arrival}, {event.kind!r}: {why}")


def _follow(judge: "Judge", event: Event) -> Iterable[Finding]:
    match event.change:
        case Unknown(kind):
            raise UnknownEvent(f"input {event.arrival} is an event of kind {kind!r}, which this code does not know")
        case Unreadable(_, why):
            _note_failed(judge, event, why)
            return ()
        case change:
            return _FOLLOW[type(change)](judge, event, change) or ()


def _on_rulebook(judge: "Judge", _: Event, change: RulebookSet) -> None:
    judge.rulesets = RuleSets(parse_rulebook(change.document))
    judge.use_documents()
    judge.end_alarms("its rule was removed or changed")


def _on_models(judge: "Judge", _: Event, change: ModelsSet) -> None:
    judge.models.documents = change.document
    judge.use_documents()


def _on_limit_moved(judge: "Judge", _: Event, change: LimitMoved) -> None:
    judge.models.factors[change.asset_class] = (change.version, change.factor)
    for asset in judge.assets.values():
        if asset.asset_class == change.asset_class:
            asset.set_factor(judge.models.factor(change.asset_class, asset.document))


def _on_shadow_begun(judge: "Judge", _: Event, change: ShadowBegun) -> None:
    judge.shadow = None
    judge.shadow = Shadow.begin(change, judge.twin())


def _on_shadow_ended(judge: "Judge", _: Event, change: ShadowEnded) -> None:
    """Promote the documents on trial, with what their judge has learned."""
    shadow, judge.shadow = judge.shadow, None
    if shadow is not None and change.ended == "promoted":
        judge.rulesets, judge.models = shadow.judge.rulesets, shadow.judge.models
        judge.assets, judge.fleets = shadow.judge.assets, shadow.judge.fleets
        judge.end_alarms("the promoted documents do not find it")


def _on_asset(judge: "Judge", event: Event, change: AssetSet) -> None:
    asset = judge.asset(_asset_of(event))
    asset.asset_class, asset.criticality, asset.parent = change.asset_class, change.criticality, change.parent
    if judge.rulesets.looks_below:
        for other in judge.assets.values():
            other.limits.around.pop(asset.key, None)  # it may be downstream of others now
    asset.area = change.area
    asset.use(judge.rulesets, *judge.models.of_class(asset.asset_class))
    judge.end_alarms("the asset is judged by the rules of another class", asset.key)


def _on_signal(judge: "Judge", event: Event, change: SignalSet) -> None:
    judge.asset(_asset_of(event)).set_signal(change)


def _on_downtime(judge: "Judge", event: Event, change: DowntimeSet) -> None:
    asset, name = judge.asset(_asset_of(event)), str(change.id)
    if change.cancelled:
        asset.downtimes.pop(name, None)
        return
    asset.downtimes[name] = downtime_span(change.starts_at, change.ends_at)


def _on_order_moved(judge: "Judge", event: Event, change: OrderMoved) -> None:
    asset, status = judge.asset(_asset_of(event)), change.status
    if status in WAITING and status is not Status.OPEN:
        return  # planning and assignment depend on the wall clock and must not affect the state
    now = moment(asset.watermark_us or 0)
    if change.entry is not None:
        judge.book.remember(_reopened(change.order_id, change.entry, status))
    judge.book.moved(asset.key, change.order_id, status, at=now)
    if status in FINAL:
        judge.inhibition.ended(change.order_id)
    if status is Status.CLOSED:
        by_model.learn_again(asset, change.close_finding)


def _on_history(judge: "Judge", event: Event, change: HistoryImported) -> None:
    asset = judge.asset(_asset_of(event))
    by_model.learn_history(
        asset, ((at_us, dict(sorted(values.items()))) for at_us, values in change.frames), event.arrival
    )
    judge.end_alarms("over in the history that was imported", asset.key)


def _on_stale(judge: "Judge", event: Event, change: SignalsStale) -> Iterable[Finding]:
    return judge.asset(_asset_of(event)).stale(change.signals, event.arrival)


def _on_tick(judge: "Judge", event: Event, change: Ticked) -> Iterable[Finding]:
    for key in sorted(judge.silences.of):
        judge.end_silences(key, change.at)
    wall_us, unheard_us = micros(change.at), round(change.unheard_s * 1e6)
    if change.latest is not None:
        _turn_back(judge, wall_us, micros(change.latest))
    for key in sorted(key for key, asset in judge.assets.items() if asset.reacts_to_ticks):
        yield from judge.assets[key].tick(wall_us, event.arrival, unheard_us)
    if judge.lane is not None:
        judge.lane.tick()


def _turn_back(judge: "Judge", now_us: int, latest_us: int) -> None:
    """Turn the assets back to the present that have been judged later than is possible now."""
    for key, asset in judge.assets.items():
        if asset.watermark_us is not None and asset.watermark_us > latest_us:
            if judge.lane is not None:
                judge.lane.leave(key)
            turned_back.turn_back(asset, now_us)


def _on_alarm(judge: "Judge", event: Event, change: AlarmMoved) -> None:
    asset = judge.asset(_asset_of(event))
    if change.move in _SILENCES:
        judge.silences.put(asset.key, change.source, _SILENCES[change.move], change.until)
    else:
        judge.silences.end(asset.key, change.source)
    at = moment(asset.watermark_us or 0)
    judge.note(AlarmChange(asset.key, change.source, at, change.move, change.why, until=change.until))


def _on_rule_in_shadow(judge: "Judge", _: Event, change: RuleInShadow) -> None:
    (judge.rules_in_shadow.add if change.shadow else judge.rules_in_shadow.discard)(change.rule)


_SILENCES = {Move.SHELVE: Suppressed.SHELVED, Move.TAKE_OUT: Suppressed.OUT_OF_SERVICE}
_FOLLOW: Mapping[type[Any], Callable[["Judge", Event, Any], Iterable[Finding] | None]] = {
    RulebookSet: _on_rulebook,
    ModelsSet: _on_models,
    LimitMoved: _on_limit_moved,
    ShadowBegun: _on_shadow_begun,
    ShadowEnded: _on_shadow_ended,
    AssetSet: _on_asset,
    SignalSet: _on_signal,
    DowntimeSet: _on_downtime,
    OrderMoved: _on_order_moved,
    HistoryImported: _on_history,
    SignalsStale: _on_stale,
    AlarmMoved: _on_alarm,
    RuleInShadow: _on_rule_in_shadow,
    Ticked: _on_tick,
}


def _asset_of(event: Event) -> str:
    if event.asset is None:
        raise UnknownEvent(f"input {event.arrival}, an event of kind {event.kind!r}, names no asset")
    return event.asset


def _reopened(order_id: UUID, event: Reopened, status: Status) -> Entry:
    return Entry(
        id=order_id,
        asset=event.asset,
        component=event.component,
        failure_mode=event.failure_mode,
        severity=next(each for each in Severity if each.order_type == event.type),
        status=status,
        opened_at=event.opened_at,
        signals=event.signals,
        evidence=event.evidence,
        last_evidence_at=event.last_evidence_at,
        last_seen_at=event.last_evidence_at,
        moved_at=event.last_evidence_at,
        inferred=event.inferred,
    )
