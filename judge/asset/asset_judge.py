"""Judges one asset: its operating state, limits and model, folded over its own frames. No I/O, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import structlog

from judge.asset import asset_findings, by_fleet, by_model, doubtful, operating
from judge.asset.asset_findings import Alarmed, Facts
from judge.asset.frames import Gathering
from judge.events import SignalSet
from judge.limits import expressions, staleness
from judge.limits.fleets import NO_FLEET, Fleets, OfFleet
from judge.limits.hits import Hit
from judge.limits.limits import Limits
from judge.limits.rule_sets import RuleSets
from models.asset_monitor import AssetMonitor
from models.document import ModelDocument
from models.lives.fleet import FleetModel
from models.lives.life import LifeState
from models.lives.life_recording import Recording
from rules import operating_state
from rules.counter import Counter
from rules.operating_state import StateNow
from rules.rulebook import Rulebook
from rules.threshold import NORMAL
from rules.trend import Trend
from workorder_core.intake.findings import Finding
from workorder_core.plant.health import Health
from workorder_core.plant.seen import Seen
from workorder_core.plant.signals import within
from workorder_core.reliability.survival import Survival
from workorder_core.sentences import kept
from workorder_core.words import Criticality, OperatingState

UNSEEN = StateNow()
_MAINTENANCE = OperatingState.MAINTENANCE  # looked up once: in Python 3.11 that is slow
_log = structlog.get_logger("judge")


@dataclass(slots=True)
class AssetJudge:
    """The judge's state of one asset. All times are the asset's event time, epoch microseconds.

    Parameters
    ----------
    watermark_us
        The newest reading judged. The model skips an older one, unless it belongs to the open frame.
    newest
        The newest event time judged of each signal; an older reading of that signal is late and not judged.
    parent
        Its upstream asset.
    area
        Its area, ``<site>/<location>``; None if unknown, then its site counts as the area.
    named
        The signals whose numbers are states with names.
    plausible
        The ranges that an engineer has set, outside which no reading of a signal can be true.
    seen
        What has been seen of each signal, and so what is too far out; updated where readings are numbered.
    doubted
        Since when a signal of a safety rule has had no plausible value.
    downtimes
        Planned downtimes by id, as (start, end).
    alarmed, ahead
        What the model's active alarm was raised for; likewise for its forecast within the lead time.
    factor
        The factor by which close-outs have moved the model's limit.
    health, fresh
        The asset's health as of its newest look, and whether it has yet to be stored; not part of the state.
    fleet_model, life
        The fleet model of its class, and its own life as that follows it. None if the class has none, or before the
        first frame.
    worn
        What the fleet model's active alarm was raised for.
    survival, fresh_survival
        Its survival function as of the newest prediction, and whether it has yet to be stored; not part of the state.
    pressing
        How many looks in a row have said that the limit is near.
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
    monitor: AssetMonitor | None = None
    factor: float = 1.0
    pressing: int = 0
    health: Health | None = None
    fresh: bool = False
    gathering: Gathering = field(default_factory=Gathering)
    alarmed: Alarmed | None = None
    ahead: Alarmed | None = None
    state_rule: operating_state.StateRule | None = None
    fleet: OfFleet = NO_FLEET
    apart: frozenset[str] = frozenset()
    fleet_model: FleetModel | Recording | None = None
    life: LifeState | None = None
    worn: Alarmed | None = None
    survival: Survival | None = None
    fresh_survival: bool = False
    residuals_seen: int = 0
    trends: dict[str, Trend | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.gathering.step_us:
            self.gathering = gathering_of(self.document)
        self.residuals_seen = 0 if self.monitor is None else self.monitor.history.count
        self._apply_documents()

    @property
    def rulebook(self) -> Rulebook:
        return self.rulesets.rulebook

    def use(
        self,
        rulesets: RuleSets,
        document: ModelDocument,
        factor: float = 1.0,
        fleet_model: FleetModel | Recording | None = None,
    ) -> None:
        """Switch to other documents. Unchanged rules keep their state; a changed model learns again."""
        by_fleet.use(self, fleet_model)
        if document.version != self.document.version:
            by_model.start_over(self)
            self.gathering = gathering_of(document)
        self.rulesets, self.document = rulesets, document
        self.set_factor(factor)
        self._apply_documents()

    def set_factor(self, factor: float) -> None:
        """Go on with the model's limit as close-outs have moved it."""
        self.factor = factor
        if self.monitor is not None:
            self.monitor.set_factor(factor)

    def advance_watermark(self, at_us: int) -> None:
        """Record that everything up to a time has been judged, in the operating state that it was in."""
        self.watermark_us = at_us
        if self.state_rule is not None:
            self.state = self.state._replace(last=at_us)

    def set_signal(self, meaning: SignalSet) -> None:
        """Apply a new definition of a signal."""
        signal = meaning.signal
        self.units[signal] = meaning.unit
        self.plausible.pop(signal, None)
        if meaning.plausible is not None:
            self.plausible[signal] = within(*meaning.plausible)
        self.limits.count(signal, None if meaning.counter is None else Counter(meaning.counter.wraps_at))
        self.named = self.named - {signal} if meaning.states is None else self.named | {signal}
        self._set_apart()

    def _set_apart(self) -> None:
        """Exclude counters from the model, and named states except those of the regime."""
        self.apart = (self.named | self.limits.counters.keys()) - frozenset(self.document.regime)

    def try_fast_path(self, at_us: int, values: Mapping[str, float]) -> bool:
        """Buffer readings of the open step that no rule reacts to. Returns False if they need ``judge``.

        Nearly every reading that comes by itself is such, so this decides what judging costs.
        """
        gathering = self.gathering
        start_us = gathering.start_us
        if start_us is None or not start_us <= at_us < start_us + gathering.step_us:
            return False
        state = self.state[0]
        if self.state_rule is not None or self.downtimes or self.doubted or state is _MAINTENANCE:
            return False
        if not self.limits.passes(at_us, values, state):
            return False
        if self.watermark_us is None or at_us > self.watermark_us:
            self.watermark_us = at_us
        newest = self.newest
        for signal in values:
            newest[signal] = at_us
        gathering.add(at_us, values, True)
        return True

    def judge(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterable[Finding]:
        """Judge a frame, or a part of one, and return its findings.

        Readings of one signal come in order of event time. Different signals may come in any order: readings before the
        asset's newest frame are judged by limits only.
        """
        newest = self.newest
        for signal in values:
            newest[signal] = at_us
        mark = self.watermark_us
        behind = mark is not None and at_us < mark and self._in_another_frame(at_us, mark)
        if self.doubted and not self.doubted.keys().isdisjoint(values):
            return chain(
                doubtful.trust_again(self, arrival, at_us, values),
                self._look_at(arrival, at_us, values, behind=behind),
            )
        running_on = self.state_rule is None and not self.downtimes and self.state.state is not _MAINTENANCE
        if running_on and self.limits.passes(at_us, values, self.state.state):
            return () if behind else self._let_pass(arrival, at_us, values)
        return self._look_at(arrival, at_us, values, behind=behind)

    def _in_another_frame(self, at_us: int, mark_us: int) -> bool:
        """Return whether two times, of which the second is that of the newest frame, are of different frames."""
        step_us = self.gathering.step_us
        return not step_us or at_us // step_us != mark_us // step_us

    def _let_pass(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterable[Finding]:
        """Judge a frame by the model only: no limit is passed, and the operating state does not change."""
        gathering = self.gathering
        found: Iterable[Finding] = ()
        if gathering.due(at_us):
            found = tuple(self.close_frame(arrival))
        if self.watermark_us is None or at_us > self.watermark_us:
            self.watermark_us = at_us
        if not gathering.step_us:
            return by_model.judge(self, arrival, at_us, values)
        gathering.add(at_us, values, fit=True)
        return found

    def _look_at(self, arrival: int, at_us: int, values: Mapping[str, float], *, behind: bool) -> Iterator[Finding]:
        if not behind and self.gathering.due(at_us):
            yield from self.close_frame(arrival)
        if self.watermark_us is None or at_us > self.watermark_us:
            self.watermark_us = at_us
        operating.follow(self, at_us, values)
        for hit in self.limits.judge(at_us, values, self.state.state, self.fleet):
            yield from self.of_hit(hit, arrival)
        if self.gathering.step_us and not behind:
            self.gathering.add(at_us, values, operating.model_judges(self))
        elif not behind and operating.model_judges(self):
            yield from by_model.judge(self, arrival, at_us, values)
        if self.alarmed is not None and not operating.model_judges(self):
            why = kept("is not judged while the machine is {state}", state=operating.why_not_judged(self))
            yield by_model.end_alarm(self, arrival, at_us, values, why)

    def judge_late(self, arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
        """Judge late readings by the rules that open orders for the past; nothing else changes."""
        if any(start <= at_us < end for start, end in self.downtimes.values()):
            return
        for hit in self.limits.judge_late(at_us, values):
            yield asset_findings.of_late(self.facts(), hit, arrival, self.watermark_us)

    def judge_below(
        self, below: "AssetJudge", at_us: int, values: Mapping[str, float], arrival: int
    ) -> Iterator[Finding]:
        """Judge what was measured on a downstream asset; this asset's own clock does not advance."""
        if not self.limits.rules.below:
            return
        for hit in expressions.judge_below(self.limits, below.key, below.asset_class, at_us, values, self.state.state):
            for signal, _ in hit.signs:
                key, colon, name = signal.partition(":")
                if colon and key == below.key:
                    self.units[signal] = below.units.get(name, "")
            yield from self.of_hit(hit, arrival)

    def close_frame(self, arrival: int) -> Iterator[Finding]:
        """Judge the buffered frame; ``arrival`` is the input that closes it."""
        closed = self.gathering.close()
        if closed is not None:
            yield from by_model.judge(self, arrival, closed.at_us, closed.values)

    def stale(self, signals: Iterable[str], arrival: int) -> Iterator[Finding]:
        """Mark signals as stale: durations that were running end, and frames no longer keep their last values."""
        names = set(signals)
        yield from self.close_frame(arrival)
        self.gathering.forget(names)
        self.limits.mark_stale(names)
        rule_of_state = self.state_rule
        if rule_of_state is not None and rule_of_state.signal in names:
            self.state = StateNow(OperatingState.UNKNOWN, self.state.last, self.state.last)

    def tick(self, wall_us: int, arrival: int, unheard_us: int = 0) -> Iterator[Finding]:
        """Judge a tick of the wall clock: it closes a frame that has gone quiet, and notices a silence.

        The time that nobody has listened since the tick before is part of neither.
        """
        if self.gathering.quiet(wall_us, unheard_us):
            yield from self.close_frame(arrival)
        for hit in staleness.tick(self.limits, wall_us, self.watermark_us, self.state.state, unheard_us):
            yield from self.of_hit(hit, arrival)

    @property
    def reacts_to_ticks(self) -> bool:
        """Whether a tick of the wall clock can change anything."""
        return self.gathering.start_us is not None or bool(self.limits.rules.stale)

    def is_active(self, source: str) -> bool:
        """Whether the condition of a source is active, as far as it has been judged."""
        kind, _, name = source.partition(":")
        if kind == "model":
            return any(each is not None and each.source == source for each in (self.alarmed, self.ahead, self.worn))
        if kind == "implausible":
            return name in self.doubted
        if kind == "chatter":
            return name in self.limits.chatter.chattering
        return self.limits.conditions.get(name, NORMAL).active

    def _apply_documents(self) -> None:
        self.limits.use(self.rulesets.of(self.asset_class, self.key))
        self.state_rule = self.rulebook.state_rule_for(self.asset_class)
        self.fleet = OfFleet(self.fleets, self.asset_class, self.key)
        self._set_apart()

    def of_hit(self, hit: Hit, arrival: int) -> Iterator[Finding]:
        return asset_findings.of_hit(self.facts(), hit, arrival)

    def facts(self) -> Facts:
        return Facts(
            self.key, self.asset_class, self.rulebook, self.limits.rules, self.document, self.monitor, self.state.state,
            self.units, self.trends,
        )  # fmt: skip


def gathering_of(document: ModelDocument, dumped: list[Any] | None = None) -> Gathering:
    step_us, hold_us = round(document.frame_step_s * 1e6), round(document.hold_s * 1e6)
    return Gathering(step_us, hold_us) if dumped is None else Gathering.restore(step_us, hold_us, dumped)
