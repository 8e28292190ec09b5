"""Judging one asset: its operating state, its limits and its model, folded over its own frames. No I/O, no clock."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any

import structlog

from judge import asset_findings, expressions, health, staleness
from judge.asset_findings import Alarmed, Doubt, Facts
from judge.fleets import NO_FLEET, Fleets, OfFleet
from judge.frames import Gathering
from judge.health import PRESSING
from judge.hits import Hit
from judge.limits import Limits
from judge.moments import moment
from judge.rule_sets import RuleSets
from models import attendant
from models.alarm import Anomaly
from models.attendant import Attendant
from models.document import ModelDocument
from models.estimator_state import StateError
from rules import operating_state
from rules.counter import Counter
from rules.operating_state import StateNow
from rules.rulebook import Rulebook
from rules.threshold import NORMAL
from rules.trend import Trend
from workorder_core.intake.findings import Finding
from workorder_core.plant.health import Health
from workorder_core.plant.seen import Seen
from workorder_core.plant.signals import BEYOND, within
from workorder_core.words import CloseFinding, Criticality, OperatingState

UNSEEN = StateNow()
_log = structlog.get_logger("judge")
_MAINTENANCE = OperatingState.MAINTENANCE


@dataclass(slots=True)
class AssetJudge:
    """What the judge remembers of one asset. All times are the asset's event time, epoch microseconds.

    Parameters
    ----------
    watermark_us
        The newest reading judged. An older one is not for the model, unless it belongs to the step that is open.
    newest
        The newest event time judged of each signal; what is older of that signal came late and is not judged.
    parent
        The asset that it stands behind.
    area
        Where it is installed: ``<site>/<location>`` of level area; None where nobody has said, which is its site's.
    named
        The signals whose numbers stand for states that have names.
    plausible
        The ranges that somebody has said, outside which no reading of a signal can be true.
    seen
        What has been seen of each signal, and so what is too far out; moved on by whoever numbers readings.
    doubted
        Since when a signal that a safety rule looks at has had no value that can be true.
    downtimes
        Planned downtimes by id, as (start, end).
    alarmed, ahead
        What the model's alarm was raised for, while it is active; what it sees coming within the lead time, likewise.
    factor
        What close-outs have made of the model's limit.
    health, fresh
        The asset's health as of its newest look, and whether nobody has taken it away yet; not part of the state.
    pressing
        So many looks running have said that the limit is near.
    """

    key: str
    rulesets: RuleSets
    document: ModelDocument
    fleets: Fleets = field(default_factory=Fleets)
    asset_class: str = "unclassified"
    criticality: Criticality = Criticality.MEDIUM
    parent: str | None = None
    area: str | None = None
    units: dict[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    plausible: dict[str, tuple[float, float]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    doubted: dict[str, int] = field(default_factory=dict)
    watermark_us: int | None = None
    newest: dict[str, int] = field(default_factory=dict)
    state: StateNow = UNSEEN
    limits: Limits = field(default_factory=Limits)
    downtimes: dict[str, tuple[int, int]] = field(default_factory=dict)
    watch: Attendant | None = None
    factor: float = 1.0
    pressing: int = 0
    health: Health | None = None
    fresh: bool = False
    gathering: Gathering = field(default_factory=Gathering)
    alarmed: Alarmed | None = None
    ahead: Alarmed | None = None
    _state_rule: operating_state.StateRule | None = None
    _fleet: OfFleet = NO_FLEET
    _apart: frozenset[str] = frozenset()
    _looks: int = 0
    _trends: dict[str, Trend | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.gathering.step_us:
            self.gathering = _gathering(self.document)
        self._looks = 0 if self.watch is None else self.watch.course.taken
        self._apply_documents()

    @property
    def rulebook(self) -> Rulebook:
        return self.rulesets.rulebook

    def use(self, rulesets: RuleSets, document: ModelDocument, factor: float = 1.0) -> None:
        """Go on with other documents. Rules that stay keep their state; a changed model learns anew."""
        if document.version != self.document.version:
            self._begin_anew()
            self.gathering = _gathering(document)
        self.rulesets, self.document = rulesets, document
        self.heed(factor)
        self._apply_documents()

    def heed(self, factor: float) -> None:
        """Go on with the model's limit as close-outs have moved it."""
        self.factor = factor
        if self.watch is not None:
            self.watch.heed(factor)

    @property
    def steady(self) -> bool:
        """Whether nothing but its limits and its model looks at the next reading, if the operating state stays."""
        rule = self._state_rule
        if rule is None:
            stays = self.state.state is not _MAINTENANCE
        else:
            stays = self.state.last == self.watermark_us and operating_state.settled(rule, self.state)
        return stays and not self.downtimes and not self.doubted and self.gathering.fit

    @property
    def state_rule(self) -> operating_state.StateRule | None:
        """What tells its operating state."""
        return self._state_rule

    def runs_on(self, at_us: int) -> None:
        """Take note that all up to a time has been judged, in the operating state that it was in."""
        self.watermark_us = at_us
        if self._state_rule is not None:
            self.state = self.state._replace(last=at_us)

    def is_told_of(self, signal: str, meaning: Mapping[str, Any]) -> None:
        """Note what a signal's numbers are: ``states`` where they have names, ``counter`` where they count.

        ``plausible`` is the range outside which they cannot be true, where somebody has said one.
        """
        self.plausible.pop(signal, None)
        if "plausible" in meaning:
            self.plausible[signal] = within(*meaning["plausible"])
        told = meaning.get("counter")
        self.limits.count(signal, None if told is None else Counter(told.get("wraps_at")))
        self.named = self.named | {signal} if "states" in meaning else self.named - {signal}
        self._set_apart()

    def _set_apart(self) -> None:
        """The model sees no counter's level, and of states only what says how the machine is run."""
        self._apart = (self.named | self.limits.counters.keys()) - frozenset(self.document.regime)

    def takes_in(self, at_us: int, values: Mapping[str, float]) -> bool:
        """Gather readings of the open step of which nothing is to be said; False where ``judge`` has to look.

        What nearly every reading is that comes by itself, so that this decides what judging costs.
        """
        gathering = self.gathering
        start_us = gathering.start_us
        if start_us is None or not start_us <= at_us < start_us + gathering.step_us:
            return False
        state = self.state[0]
        if self._state_rule is not None or self.downtimes or self.doubted or state is _MAINTENANCE:
            return False
        if not self.limits.passes(at_us, values, state):
            return False
        if self.watermark_us is None or at_us > self.watermark_us:
            self.watermark_us = at_us
        self.newest.update(dict.fromkeys(values, at_us))
        gathering.add(at_us, values, True)
        return True

    def judge_doubtful(
        self, arrival: int, at_us: int, values: Mapping[str, float], doubtful: Collection[str]
    ) -> Iterator[Finding]:
        """Judge a frame in which values of the ``doubtful`` signals cannot be true.

        No model sees those, and limits only where nobody has said what can be true. Where a safety rule looks at one,
        its instrument has failed: what the rule protects is not seen.
        """
        sound = {signal: value for signal, value in values.items() if signal not in doubtful}
        if sound:
            yield from self.judge(arrival, at_us, sound)
        self.newest.update(dict.fromkeys(doubtful, at_us))
        judged = {signal: values[signal] for signal in sorted(doubtful) if signal not in self.plausible}
        if judged:
            for hit in self.limits.judge(at_us, judged, self.state.state, self._fleet):
                yield from self._of_hit(hit, arrival)
        for signal in sorted(doubtful):
            rules = self.limits.rules.protects_by(signal)
            if rules:
                since_us = self.doubted.setdefault(signal, at_us)
                doubt = Doubt(signal, values[signal], *self._true_between(signal, values[signal]), rules)
                yield asset_findings.of_doubt(self._facts(), doubt, arrival, since_us, at_us)

    def _true_between(self, signal: str, value: float) -> tuple[float, float]:
        """Return the range outside which a doubtful value lies; infinite where it is what was seen that speaks against
        it, which moves on with the input.
        """
        return self.plausible.get(signal, (-BEYOND, BEYOND) if abs(value) > BEYOND else (-math.inf, math.inf))

    def _believe_again(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        """What a safety rule looks at is measured again by a value that can be true."""
        for signal in sorted(self.doubted.keys() & values.keys()):
            since_us = self.doubted.pop(signal)
            doubt = Doubt(signal, values[signal], *self._true_between(signal, values[signal]), ())
            yield asset_findings.of_doubt(self._facts(), doubt, arrival, since_us, at_us)

    def judge(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterable[Finding]:
        """Judge one frame, or a part of one, and return what is found.

        What comes of one signal comes in order of event time. Signals may come in any order: of what lies before the
        asset's newest frame the limits are judged, and the model leaves it out.
        """
        self.newest.update(dict.fromkeys(values, at_us))
        behind = self._is_behind(at_us)
        if self.doubted and not self.doubted.keys().isdisjoint(values):
            return chain(
                self._believe_again(arrival, at_us, values), self._look_at(arrival, at_us, values, behind=behind)
            )
        running_on = self._state_rule is None and not self.downtimes and self.state.state is not _MAINTENANCE
        if running_on and self.limits.passes(at_us, values, self.state.state):
            return () if behind else self._let_pass(arrival, at_us, values)
        return self._look_at(arrival, at_us, values, behind=behind)

    def _is_behind(self, at_us: int) -> bool:
        """Whether a time lies before the newest frame that the model has, or will have."""
        mark, step_us = self.watermark_us, self.gathering.step_us
        return mark is not None and at_us < mark and (not step_us or at_us // step_us != mark // step_us)

    def _let_pass(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterable[Finding]:
        """Judge a frame in which no limit is passed, of an asset whose state stays: what is left is the model."""
        gathering = self.gathering
        found: Iterable[Finding] = ()
        if gathering.due(at_us):
            found = tuple(self.close_frame(arrival))
        if self.watermark_us is None or at_us > self.watermark_us:
            self.watermark_us = at_us
        if not gathering.step_us:
            return self._judge_by_model(arrival, at_us, values)
        gathering.add(at_us, values, fit=True)
        return found

    def _look_at(self, arrival: int, at_us: int, values: Mapping[str, float], *, behind: bool) -> Iterator[Finding]:
        if not behind and self.gathering.due(at_us):
            yield from self.close_frame(arrival)
        self.watermark_us = at_us if self.watermark_us is None else max(self.watermark_us, at_us)
        self._follow_state(at_us, values)
        for hit in self.limits.judge(at_us, values, self.state.state, self._fleet):
            yield from self._of_hit(hit, arrival)
        if self.gathering.step_us and not behind:
            self.gathering.add(at_us, values, self._model_judges())
        elif not behind and self._model_judges():
            yield from self._judge_by_model(arrival, at_us, values)
        if self.alarmed is not None and not self._model_judges():
            why = f"is not judged while the machine is {self._stands_still()}"
            yield self._model_is_over(arrival, at_us, values, why)

    def judge_late(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        """Judge what came late by the rules that open orders for the past; nothing else changes by it."""
        if any(start <= at_us < end for start, end in self.downtimes.values()):
            return
        for hit in self.limits.judge_late(at_us, values):
            yield asset_findings.of_late(self._facts(), hit, arrival, self.watermark_us)

    def judge_frame(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        """Judge a frame by the model alone: its limits have been judged, and its state stays."""
        return self._judge_by_model(arrival, at_us, values)

    def judge_below(
        self, below: "AssetJudge", at_us: int, values: Mapping[str, float], arrival: int
    ) -> Iterator[Finding]:
        """Judge what was measured on an asset that stands behind this one; this one's own clock stands still."""
        if not self.limits.rules.below:
            return
        for hit in expressions.judge_below(self.limits, below.key, below.asset_class, at_us, values, self.state.state):
            for signal, _ in hit.signs:
                key, colon, name = signal.partition(":")
                if colon and key == below.key:
                    self.units[signal] = below.units.get(name, "")
            yield from self._of_hit(hit, arrival)

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
        self.limits.gone_stale(names)
        rule_of_state = self._state_rule
        if rule_of_state is not None and rule_of_state.signal in names:
            self.state = StateNow(OperatingState.UNKNOWN, self.state.last, self.state.last)

    def tick(self, wall_us: int, arrival: int) -> Iterator[Finding]:
        """A tick of the wall clock: a frame to which nothing is added any more is closed, and a silence is noticed."""
        if self.gathering.quiet(wall_us):
            yield from self.close_frame(arrival)
        for hit in staleness.tick(self.limits, wall_us, self.watermark_us, self.state.state):
            yield from self._of_hit(hit, arrival)

    @property
    def heeds_ticks(self) -> bool:
        """Whether a tick of the wall clock can change anything."""
        return self.gathering.start_us is not None or bool(self.limits.rules.stale)

    def learn_history(self, frames: Iterable[tuple[int, Mapping[str, float]]], arrival: int) -> None:
        """Let the model learn what was measured before; nothing is found in it, and no limit looks at it."""
        for at_us, values in frames:
            if self.watermark_us is not None and at_us <= self.watermark_us:
                continue
            if self.gathering.due(at_us):
                self._drop(self.close_frame(arrival))
            self.watermark_us = at_us
            self.newest.update(dict.fromkeys(values, at_us))
            self._follow_state(at_us, values)
            if self.gathering.step_us:
                self.gathering.add(at_us, values, self._model_judges())
            elif self._model_judges():
                self._drop(self._judge_by_model(arrival, at_us, values))

    @staticmethod
    def _drop(findings: Iterator[Finding]) -> None:
        for _ in findings:
            pass

    def stands(self, source: str) -> bool:
        """Whether the condition of a source is there, as far as it has been judged."""
        kind, _, name = source.partition(":")
        if kind == "model":
            return any(each is not None and each.source == source for each in (self.alarmed, self.ahead))
        if kind == "implausible":
            return name in self.doubted
        if kind == "chatter":
            return name in self.limits.chatter.chattering
        return self.limits.conditions.get(name, NORMAL).active

    def learn_again(self, found: CloseFinding | None = None) -> None:
        """After a repair the machine's normal is another one; ``found`` is what the order was closed with."""
        if self.watch is not None:
            self.watch.rebaseline(faults=found in (CloseFinding.CONFIRMED, CloseFinding.OTHER_CAUSE))
        self._forget_course()

    def dump(self) -> dict[str, Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return {
            "class": self.asset_class,
            "criticality": int(self.criticality),
            "parent": self.parent,
            "area": self.area,
            "units": dict(sorted(self.units.items())),
            "named": sorted(self.named),
            "plausible": {name: list(self.plausible[name]) for name in sorted(self.plausible)},
            "seen": {name: self.seen[name].dump() for name in sorted(self.seen)},
            "doubted": {name: self.doubted[name] for name in sorted(self.doubted)},
            "watermark_us": self.watermark_us,
            "newest": {name: self.newest[name] for name in sorted(self.newest)},
            "state": [self.state.state.value, self.state.since, self.state.last],
            "limits": self.limits.dump(),
            "downtimes": {name: list(self.downtimes[name]) for name in sorted(self.downtimes)},
            "watch": None if self.watch is None else self.watch.state(),
            "pressing": self.pressing,
            "gathering": self.gathering.dump(),
            "alarmed": None if self.alarmed is None else list(self.alarmed),
            "ahead": None if self.ahead is None else list(self.ahead),
        }

    @classmethod
    def restore(
        cls,
        key: str,
        dumped: dict[str, Any],
        rulesets: RuleSets,
        fleets: Fleets,
        document: ModelDocument,
        factor: float = 1.0,
    ) -> "AssetJudge":
        """Continue from a dump."""
        state, since, last = dumped["state"]
        return cls(
            key=key,
            rulesets=rulesets,
            fleets=fleets,
            document=document,
            asset_class=dumped["class"],
            criticality=Criticality(dumped["criticality"]),
            parent=dumped["parent"],
            area=dumped["area"],
            units=dict(dumped["units"]),
            named=frozenset(dumped["named"]),
            plausible={name: (low, high) for name, (low, high) in dumped["plausible"].items()},
            seen={name: Seen(*known) for name, known in dumped["seen"].items()},
            doubted=dict(dumped["doubted"]),
            watermark_us=dumped["watermark_us"],
            newest=dict(dumped["newest"]),
            state=StateNow(OperatingState(state), since, last),
            limits=Limits.restore(dumped["limits"], rulesets.of(dumped["class"], key)),
            downtimes={name: (start, end) for name, (start, end) in dumped["downtimes"].items()},
            watch=None if dumped["watch"] is None else _restored(key, document, dumped["watch"]),
            factor=factor,
            pressing=dumped["pressing"],
            gathering=_gathering(document, dumped["gathering"]),
            alarmed=None if dumped["alarmed"] is None else Alarmed(*dumped["alarmed"]),
            ahead=None if dumped["ahead"] is None else Alarmed(*dumped["ahead"]),
        )

    def _apply_documents(self) -> None:
        self.limits.use(self.rulesets.of(self.asset_class, self.key))
        self._state_rule = self.rulebook.state_rule_for(self.asset_class)
        self._fleet = OfFleet(self.fleets, self.asset_class, self.key)
        self._set_apart()

    def _follow_state(self, at_us: int, values: Mapping[str, float]) -> None:
        """Follow the operating state up to the asset's newest moment, which a reading of ``at_us`` may lie behind."""
        now_us = at_us if self.watermark_us is None else max(at_us, self.watermark_us)
        if self.downtimes and any(start <= now_us < end for start, end in self.downtimes.values()):
            planned = self.state.state is OperatingState.MAINTENANCE
            self.state = StateNow(OperatingState.MAINTENANCE, self.state.since if planned else now_us, now_us)
            return
        rule = self._state_rule
        if rule is not None:
            # What lies further back than the state's own patience says nothing of now.
            value = values.get(rule.signal) if now_us - at_us <= rule.max_gap_us else None
            self.state = operating_state.step(rule, self.state, now_us, value)
        if self.state.state is OperatingState.MAINTENANCE:
            self.state = StateNow(OperatingState.UNKNOWN, now_us, now_us)

    def _judge_by_model(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        if self._apart and not self._apart.isdisjoint(values):
            values = {signal: value for signal, value in values.items() if signal not in self._apart}
            if not values:
                return
        if self.watch is None:
            self.watch = attendant.begin(self.document, self.factor)
        try:
            anomaly = self.watch.judge(at_us, values)
        except Exception:  # noqa: BLE001 - any model may be run here, and one asset's must not stop the plant
            # The same input fails again on every restart, so it is told and this asset's model begins anew.
            _log.exception("a model failed and learns again from nothing", asset=self.key, model=self.document.name)
            self._begin_anew()
            return
        if anomaly is not None:
            yield self._of_model(anomaly, arrival, at_us)
        elif self.alarmed is not None:
            yield self._model_is_over(arrival, at_us, values, "behaves as it usually does again")
        if self.watch.course.taken != self._looks:
            yield from self._look_ahead(self.watch, arrival, at_us, values)
        if self.limits.rules.of_score and self.watch.ready():
            for hit in self.limits.judge_score(at_us, self.watch.score(), self.state.state):
                yield from self._of_hit(hit, arrival)

    def _look_ahead(self, watch: Attendant, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        """After a look of the model: how well the asset is, and whether it is about to reach a limit."""
        self._looks = watch.course.taken
        self._trends.clear()
        found = health.assess(moment(at_us), watch.course, self.limits.rules)
        self.health, self.fresh = found, True
        lead = timedelta(days=self.document.lead_time_days)
        if found is None or not lead or not health.presses(found, lead):
            self.pressing = 0
            if self.ahead is not None:
                was, self.ahead = self.ahead, None
                yield self._over(was, arrival, at_us, values, "is not on its way to a limit any more")
            return
        self.pressing = min(self.pressing + 1, PRESSING)
        if self.pressing == PRESSING:
            yield self._of_lead_time(found, watch, arrival)

    def _begin_anew(self) -> None:
        self.watch = None
        self._forget_course()

    def _forget_course(self) -> None:
        self._looks, self.pressing = 0, 0
        self._trends.clear()
        self.health, self.fresh = None, True

    def _model_judges(self) -> bool:
        if self._state_rule is None:
            return self.state.state is not OperatingState.MAINTENANCE
        return operating_state.settled(self._state_rule, self.state)

    def _stands_still(self) -> str:
        """What the machine does while its model does not judge."""
        state = self.state.state
        return "settling" if state is OperatingState.RUNNING else state.value

    def _of_hit(self, hit: Hit, arrival: int) -> Iterator[Finding]:
        return asset_findings.of_hit(self._facts(), hit, arrival)

    def _of_model(self, anomaly: Anomaly, arrival: int, at_us: int) -> Finding:
        finding = asset_findings.of_model(self._facts(), anomaly, arrival, at_us)
        self.alarmed = Alarmed.by(finding)
        return finding

    def _model_is_over(self, arrival: int, at_us: int, values: Mapping[str, float], why: str) -> Finding:
        """The end of the model's alarm."""
        was, self.alarmed = self.alarmed, None
        assert was is not None
        return self._over(was, arrival, at_us, values, why)

    def _over(self, was: Alarmed, arrival: int, at_us: int, values: Mapping[str, float], why: str) -> Finding:
        return asset_findings.over(self._facts(), was, arrival, at_us, values, why)

    def _of_lead_time(self, found: Health, watch: Attendant, arrival: int) -> Finding:
        finding = asset_findings.of_lead_time(self._facts(), found, watch, arrival)
        self.ahead = Alarmed.by(finding)
        return finding

    def _facts(self) -> Facts:
        return Facts(
            self.key, self.asset_class, self.rulebook, self.limits.rules, self.document, self.watch, self.state.state,
            self.units, self._trends,
        )  # fmt: skip


def _restored(key: str, document: ModelDocument, state: object) -> Attendant | None:
    try:
        return Attendant.restore(document, state)
    except StateError:
        # Such as that of a class that another release of river has no more; it must not keep the plant from starting.
        _log.exception(
            "a model's state cannot be read and it learns again from nothing", asset=key, model=document.name
        )
        return None


def _gathering(document: ModelDocument, dumped: list[Any] | None = None) -> Gathering:
    step_us, hold_us = round(document.frame_step_s * 1e6), round(document.hold_s * 1e6)
    return Gathering(step_us, hold_us) if dumped is None else Gathering.restore(step_us, hold_us, dumped)
