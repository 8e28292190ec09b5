"""Judging one asset: its operating state, its limits and its model, folded over its own frames. No I/O, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from models import watch as watches
from models.watch import Anomaly, ModelDocument, Watch
from rules import operating_state, threshold
from rules.operating_state import StateNow
from rules.rulebook import Rulebook
from rules.threshold import NORMAL, Condition, Threshold
from runtime.frames import Gathering
from workorder_core.findings import Finding, Sign
from workorder_core.words import WHOLE_MACHINE, Criticality, FailureMode, OperatingState, Severity

UNSEEN = StateNow()
_log = structlog.get_logger("judge")
MOST_SIGNS = 10
"""A finding names this many signals at most, those with the largest shares."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(us: int) -> datetime:
    """Return the time of epoch microseconds."""
    return _EPOCH + timedelta(microseconds=us)


@dataclass(slots=True)
class AssetJudge:
    """What the judge remembers of one asset. All times are the asset's event time, epoch microseconds.

    Parameters
    ----------
    watermark_us
        The newest reading judged; what is older came late and is not judged.
    downtimes
        Planned downtimes by id, as (start, end).
    """

    key: str
    rulebook: Rulebook
    document: ModelDocument
    asset_class: str = "unclassified"
    criticality: Criticality = Criticality.MEDIUM
    units: dict[str, str] = field(default_factory=dict)
    watermark_us: int | None = None
    state: StateNow = UNSEEN
    conditions: dict[str, Condition] = field(default_factory=dict)
    downtimes: dict[str, tuple[int, int]] = field(default_factory=dict)
    watch: Watch | None = None
    gathering: Gathering = field(default_factory=Gathering)
    _thresholds: tuple[Threshold, ...] = ()
    _state_rule: operating_state.StateRule | None = None

    def __post_init__(self) -> None:
        if not self.gathering.step_us:
            self.gathering = _gathering(self.document)
        self._apply_documents()

    def use(self, rulebook: Rulebook, document: ModelDocument) -> None:
        """Go on with other documents. Conditions of rules that stay keep their state; a changed model learns anew."""
        if document.version != self.document.version:
            self.watch = None
            self.gathering = _gathering(document)
        self.rulebook, self.document = rulebook, document
        self._apply_documents()

    def judge(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        """Judge one frame, or a part of one, and yield what is found. They come in order of event time, but that parts
        of one step may come in any order.
        """
        if self.gathering.due(at_us):
            yield from self.close_frame(arrival)
        self.watermark_us = at_us if self.watermark_us is None else max(self.watermark_us, at_us)
        self._follow_state(at_us, values)
        for rule in self._thresholds:
            value = values.get(rule.signal)
            if value is None:
                continue
            if self.state.state not in rule.states:
                self.conditions.pop(rule.id, None)
                continue
            before = self.conditions.get(rule.id, NORMAL)
            if before.last is not None and at_us < before.last:
                continue  # an older part of the same step: the rule has judged a newer value of its signal
            condition = threshold.step(rule, before, at_us, value)
            self.conditions[rule.id] = condition
            if condition.active:
                yield self._of_rule(rule, condition, arrival, at_us, value)
        if self.gathering.step_us:
            self.gathering.add(at_us, values, self._model_judges())
        elif self._model_judges():
            yield from self._judge_by_model(arrival, at_us, values)

    def close_frame(self, arrival: int) -> Iterator[Finding]:
        """Judge what was gathered for a frame; ``arrival`` is of the input that closes it."""
        closed = self.gathering.close()
        if closed is not None:
            yield from self._judge_by_model(arrival, closed.at_us, closed.values)

    def stale(self, signals: Iterable[str], arrival: int) -> Iterator[Finding]:
        """Those signals are measured no more: what has not lasted yet does not last, and nothing is taken from them."""
        names = set(signals)
        yield from self.close_frame(arrival)
        self.gathering.forget(names)
        for rule in self._thresholds:
            condition = self.conditions.get(rule.id)
            if rule.signal in names and condition is not None and not condition.active:
                del self.conditions[rule.id]
        rule_of_state = self._state_rule
        if rule_of_state is not None and rule_of_state.signal in names:
            self.state = StateNow(OperatingState.UNKNOWN, self.state.last, self.state.last)

    def learn_history(self, frames: Iterable[tuple[int, Mapping[str, float]]], arrival: int) -> None:
        """Let the model learn what was measured before; nothing is found in it, and no limit looks at it."""
        for at_us, values in frames:
            if self.watermark_us is not None and at_us <= self.watermark_us:
                continue
            if self.gathering.due(at_us):
                self._drop(self.close_frame(arrival))
            self.watermark_us = at_us
            self._follow_state(at_us, values)
            if self.gathering.step_us:
                self.gathering.add(at_us, values, self._model_judges())
            elif self._model_judges():
                self._drop(self._judge_by_model(arrival, at_us, values))

    @staticmethod
    def _drop(findings: Iterator[Finding]) -> None:
        for _ in findings:
            pass

    def learn_again(self) -> None:
        """After a repair the machine's normal is another one."""
        if self.watch is not None:
            self.watch.rebaseline()

    def dump(self) -> dict[str, Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return {
            "class": self.asset_class,
            "criticality": int(self.criticality),
            "units": dict(sorted(self.units.items())),
            "watermark_us": self.watermark_us,
            "state": [self.state.state.value, self.state.since, self.state.last],
            "conditions": {name: list(self.conditions[name]) for name in sorted(self.conditions)},
            "downtimes": {name: list(self.downtimes[name]) for name in sorted(self.downtimes)},
            "watch": None if self.watch is None else self.watch.state(),
            "gathering": self.gathering.dump(),
        }

    @classmethod
    def restore(cls, key: str, dumped: dict[str, Any], rulebook: Rulebook, document: ModelDocument) -> "AssetJudge":
        """Continue from a dump."""
        state, since, last = dumped["state"]
        return cls(
            key=key,
            rulebook=rulebook,
            document=document,
            asset_class=dumped["class"],
            criticality=Criticality(dumped["criticality"]),
            units=dict(dumped["units"]),
            watermark_us=dumped["watermark_us"],
            state=StateNow(OperatingState(state), since, last),
            conditions={name: Condition(*values) for name, values in dumped["conditions"].items()},
            downtimes={name: (start, end) for name, (start, end) in dumped["downtimes"].items()},
            watch=None if dumped["watch"] is None else watches.go_on(document, dumped["watch"]),
            gathering=_gathering(document, dumped["gathering"]),
        )

    def _apply_documents(self) -> None:
        self._thresholds = self.rulebook.thresholds_for(self.asset_class)
        self._state_rule = self.rulebook.state_rule_for(self.asset_class)
        known = {rule.id for rule in self._thresholds}
        for name in [name for name in self.conditions if name not in known]:
            del self.conditions[name]

    def _follow_state(self, at_us: int, values: Mapping[str, float]) -> None:
        if self.downtimes and any(start <= at_us < end for start, end in self.downtimes.values()):
            planned = self.state.state is OperatingState.MAINTENANCE
            self.state = StateNow(OperatingState.MAINTENANCE, self.state.since if planned else at_us, at_us)
            return
        if self._state_rule is not None and at_us >= self.state.last:
            self.state = operating_state.step(self._state_rule, self.state, at_us, values.get(self._state_rule.signal))
        if self.state.state is OperatingState.MAINTENANCE:
            self.state = StateNow(OperatingState.UNKNOWN, at_us, at_us)

    def _judge_by_model(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        if self.watch is None:
            self.watch = watches.begin(self.document)
        try:
            anomaly = self.watch.judge(at_us, values)
        except Exception:  # noqa: BLE001 - any model may be run here, and one asset's must not stop the plant
            # The same input fails again on every restart, so it is told and this asset's model begins anew.
            _log.exception("a model failed and learns again from nothing", asset=self.key, model=self.document.name)
            self.watch = None
            return
        if anomaly is not None:
            yield self._of_model(anomaly, arrival, at_us)

    def _model_judges(self) -> bool:
        if self._state_rule is None:
            return self.state.state is not OperatingState.MAINTENANCE
        return operating_state.settled(self._state_rule, self.state)

    def _of_rule(self, rule: Threshold, condition: Condition, arrival: int, at_us: int, value: float) -> Finding:
        unit = self.units.get(rule.signal, "")
        usual = self.watch.usual(rule.signal) if self.watch is not None else None
        low, high = usual or ((None, rule.clear_at) if rule.upper else (rule.clear_at, None))
        side, limit = "above" if rule.upper else "below", _quantity(rule.raise_at, unit)
        return Finding(
            asset=self.key,
            arrival=arrival,
            component=rule.component,
            failure_mode=rule.failure_mode,
            severity=rule.severity,
            source=f"rule:{rule.id}",
            version=self.rulebook.version,
            since=moment(condition.beyond_since or at_us),
            at=moment(at_us),
            score=None,
            limit=rule.raise_at,
            signs=(Sign(signal=rule.signal, value=value, unit=unit, usual_low=low, usual_high=high, share=1.0),),
            summary=f"{_told(rule.signal)} is {_quantity(value, unit)}, {side} its limit of {limit}",
        )

    def _of_model(self, anomaly: Anomaly, arrival: int, at_us: int) -> Finding:
        signs = tuple(
            Sign(
                signal=part.signal,
                value=part.value,
                unit=self.units.get(part.signal, ""),
                usual_low=part.usual_low,
                usual_high=part.usual_high,
                share=part.share,
            )
            for part in anomaly.contributions[:MOST_SIGNS]
        )
        told = ", ".join(
            f"{_told(sign.signal)} {_quantity(sign.value, sign.unit)} "
            f"(usual {sign.usual_low:.4g} to {sign.usual_high:.4g})"
            for sign in signs[:3]
        )
        return Finding(
            asset=self.key,
            arrival=arrival,
            component=self._component(signs),
            failure_mode=FailureMode.UNK,
            severity=Severity.DEGRADING,
            source=f"model:{self.document.name}",
            version=self.document.version,
            since=moment(anomaly.since_us),
            at=moment(at_us),
            score=anomaly.score,
            limit=anomaly.limit,
            signs=signs,
            summary=f"does not behave as it usually does: {told}",
        )

    def _component(self, signs: tuple[Sign, ...]) -> str:
        """The component that at least half of the finding speaks of."""
        tells = self.rulebook.component_of_signal.get(self.asset_class, {})
        shares: dict[str, float] = {}
        for sign in signs:
            if sign.signal in tells:
                shares[tells[sign.signal]] = shares.get(tells[sign.signal], 0.0) + sign.share
        return next((component for component, share in sorted(shares.items()) if share >= 0.5), WHOLE_MACHINE)


def _gathering(document: ModelDocument, dumped: list[Any] | None = None) -> Gathering:
    step_us, hold_us = round(document.frame_step_s * 1e6), round(document.hold_s * 1e6)
    return Gathering(step_us, hold_us) if dumped is None else Gathering.restore(step_us, hold_us, dumped)


def _quantity(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".rstrip()


def _told(signal: str) -> str:
    return signal.replace("_", " ")
