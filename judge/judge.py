"""The judge: a fold over the one sequence of inputs, the same live, restored and in a backtest. No I/O, no clock.

Inputs come in the order of their sequence numbers: frames of readings, and events (documents, people's steps, planned
downtime, ticks). The same inputs, however they are split into batches, give the same decisions and the same state,
byte for byte.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from judge import following, gates, seen_values, state
from judge.asset import asset_dump, by_model, doubtful
from judge.asset.asset_judge import AssetJudge
from judge.gates import Case
from judge.inputs import Event, Input, JudgedFrame, LateFrame
from judge.lane.lane import Lane
from judge.lane.ordinary import ForModel
from judge.limits.fleets import Fleets
from judge.limits.rule_sets import RuleSets
from judge.models_in_force import ModelsInForce
from judge.moments import moment
from judge.parts import Part
from judge.shadow import Shadow
from rules.rulebook import Rulebook
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Change, Standing
from workorder_core.alarms.silence import Silences, Suppressed
from workorder_core.intake import intake, priority
from workorder_core.intake.decisions import Decision, Ignore, Urgency
from workorder_core.intake.effects import apply_decision
from workorder_core.intake.findings import Finding
from workorder_core.intake.flood import Floods
from workorder_core.intake.inhibition import Inhibition
from workorder_core.intake.order_book import OrderBook
from workorder_core.plant.health import Health
from workorder_core.plant.seen import Seen
from workorder_core.words import Severity

FORMAT = 20
"""Incremented by every change that makes older checkpoints unreadable; state is then rebuilt from readings."""

CHANGES_RULES = ("rulebook", "shadow")
"""The kinds of event that change the rules."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, with the priority that the asset's criticality and the severity give its order.

    ``shadow`` is the shadow run that would have decided so; None for a decision to carry out.
    """

    decision: Decision
    urgency: Urgency
    shadow: int | None = None


class Judge:
    """Rules, models and the order book of a plant, as of the newest input judged.

    Parameters
    ----------
    arrival
        The sequence number of the newest input judged.
    models
        The model documents in force, with the limits moved by close-outs.
    alarms
        Alarms raised and ended, for the caller to collect and clear; None where nobody collects them.
    failed
        One line for each event that failed, for the caller to collect and clear.
    shadow
        Documents on trial that judge beside those in force.
    early
        The ranges seen of signals whose assets have not been judged yet.
    beside
        The plant's judge, if this one runs in shadow: it tracks the ranges seen for both.
    lane
        Judges ordinary readings of many messages at once. An asset leaves it before anything here reads the asset's
        state.
    """

    def __init__(self, policy: intake.Policy | None = None) -> None:
        self.policy = policy or intake.Policy()
        self.arrival = 0
        self.rulesets = RuleSets()
        self.fleets = Fleets()
        self.models = ModelsInForce()
        self.assets: dict[str, AssetJudge] = {}
        self.book = OrderBook()
        self.inhibition = Inhibition()
        self.floods = Floods()
        self.standing = Standing()
        self.silences = Silences()
        self.rules_in_shadow: set[str] = set()
        self.alarms: list[Change] | None = None
        self.shadow: Shadow | None = None
        self.early: dict[str, dict[str, Seen]] = {}
        self.lane: Lane | None = None
        self.on_trial: Mapping[str, Any] | None = None
        self.failed: list[str] = []
        self.beside: Judge | None = None

    @property
    def rulebook(self) -> Rulebook:
        return self.rulesets.rulebook

    def decide(self, inputs: Iterable[Input | ForModel]) -> list[Verdict]:
        """Judge inputs in order and return the decisions to apply, without ignored findings."""
        return [verdict for verdict in self.consider(inputs) if not isinstance(verdict.decision, Ignore)]

    def consider(self, inputs: Iterable[Input | ForModel]) -> Iterator[Verdict]:
        """Judge inputs in order and yield every decision, including ignored findings with their reasons."""
        assets, silenced, looks_below = self.assets, self.silences.of, self.rulesets.looks_below
        findings: Iterable[Finding]
        for each in inputs:
            self.arrival = each.arrival
            if isinstance(each, JudgedFrame):
                key, values = each.asset, each.values
                if self.lane is not None and key in self.lane.on:
                    self.lane.leave(key)
                if key in silenced:
                    self.end_silences(key, moment(each.at_us))
                asset = assets.get(key) or self.asset(key)
                if len(values) > 1:
                    values = _sorted(values)
                if each.doubtful:
                    findings = doubtful.judge(asset, each.arrival, each.at_us, values, each.doubtful)
                    values = {name: value for name, value in values.items() if name not in each.doubtful}
                else:
                    buffered = asset.try_fast_path(each.at_us, values)
                    findings = () if buffered else asset.judge(each.arrival, each.at_us, values)
                if looks_below:
                    findings = chain(findings, self._judge_above(each, values))
            elif isinstance(each, ForModel):
                # The lane has judged its limits; while a shadow judges, nothing is on the lane.
                yield from self._weigh(by_model.judge(assets[each.asset], each.arrival, each.at_us, each.values))
                continue
            else:
                findings = self._of_late(each) if isinstance(each, LateFrame) else self._of_event(each)
                assets, silenced, looks_below = self.assets, self.silences.of, self.rulesets.looks_below
            yield from self._weigh(findings)
            if self.shadow is not None:
                yield from self._in_shadow_beside(self.shadow, each)

    @property
    def judges_late(self) -> bool:
        """Return whether a rule, in force or in shadow, opens orders for late readings."""
        return self.rulesets.judges_late or (self.shadow is not None and self.shadow.judge.judges_late)

    def _of_event(self, event: Event) -> Iterable[Finding]:
        following.leave_lane(self, event)
        return following.follow(self, event)

    def _of_late(self, frame: LateFrame) -> Iterable[Finding]:
        if not self.rulesets.judges_late:
            return ()
        if self.lane is not None:
            self.lane.leave(frame.asset)
        asset = self.assets.get(frame.asset)
        return () if asset is None else asset.judge_late(frame.arrival, frame.at_us, _sorted(frame.values))

    def _in_shadow_beside(self, shadow: Shadow, each: Input) -> Iterator[Verdict]:
        for verdict in shadow.consider(each, self.book):
            yield replace(verdict, shadow=shadow.run)

    def enter_lane(self, keys: Iterable[str]) -> None:
        """Put those assets on the lane that qualify for it."""
        if self.lane is None or self.shadow is not None or self.rulesets.looks_below:
            return
        for key in keys:
            if key not in self.silences.of:
                self.lane.enter(self.assets.get(key))

    def _weigh(self, findings: Iterable[Finding]) -> Iterator[Verdict]:
        for finding in findings:
            asset = self.assets[finding.asset]
            decision = self._intake(finding)
            if decision is None:
                continue
            self.book.apply(decision)
            yield Verdict(decision, priority.of_finding(asset.criticality, _severity(decision)))

    def _judge_above(self, frame: JudgedFrame, values: Mapping[str, float]) -> Iterator[Finding]:
        """Yield the findings of upstream assets' rules about a frame, the nearest asset first."""
        below = self.assets[frame.asset]
        above, seen = below.parent, {below.key}
        while above is not None and above not in seen and above in self.assets:
            seen.add(above)
            yield from self.assets[above].judge_below(below, frame.at_us, values, frame.arrival)
            above = self.assets[above].parent

    def _intake(self, finding: Finding) -> Decision | None:
        orders = self.book.of(finding.asset)
        if finding.late:
            return gates.late(Case(self, finding, orders, new=True))
        change = self.standing.follow(finding)
        self.note(change)
        if finding.cleared:
            self.inhibition.over(finding)
            return intake.clear(finding, orders)
        decision, suppressed = gates.pass_through(Case(self, finding, orders, new=change is not None))
        self.note(self.standing.suppress((finding.asset, finding.source), suppressed))
        return decision

    def judged_times(self, assets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return the newest event time judged of every signal of those assets, each asset's own map: numbering readings
        updates it, as judging the same readings does.
        """
        found: dict[str, dict[str, int]] = {}
        for key in assets:
            if self.lane is not None and key in self.lane.on:
                self.lane.leave(key)
            asset = self.assets.get(key)
            if asset is not None:
                found[key] = asset.newest
        return found

    def changed_healths(self, assets: Iterable[str]) -> list[tuple[str, Health | None]]:
        """Return the health of the assets whose health is new since the last call."""
        found = []
        for key in sorted(assets):
            asset = self.assets.get(key)
            if asset is not None and asset.fresh:
                asset.fresh = False
                found.append((key, asset.health))
        return found

    def parts(self) -> Iterator[Part]:
        """Yield the state in parts, one for each asset; their bytes depend on the inputs only."""
        return state.parts(self)

    def dump(self) -> bytes:
        """Return the state as bytes that depend on the inputs only."""
        return msgspec.msgpack.encode([tuple(part) for part in self.parts()])

    @classmethod
    def restore(cls, dumped: bytes, arrival: int, policy: intake.Policy | None = None) -> "Judge":
        """Continue from a dump of this code's FORMAT, made after input ``arrival``."""
        return cls.from_parts((Part(*each) for each in msgspec.msgpack.decode(dumped)), arrival, policy)

    @classmethod
    def from_parts(cls, parts: Iterable[Part], arrival: int, policy: intake.Policy | None = None) -> "Judge":
        """Continue from parts in the order in which `parts` yields them, made after input ``arrival``."""
        return state.restore(lambda: cls(policy), parts, arrival)

    def twin(self) -> "Judge":
        """Return a copy that judges in parallel, sharing the ranges seen."""
        beside = Judge.restore(self.dump(), self.arrival, self.policy)
        seen_values.share(beside, self)
        return beside

    def put_asset(self, key: str, dumped: dict[str, Any]) -> AssetJudge:
        """Restore an asset from its dump, under the documents in force."""
        documents = self.models.of_class(dumped["class"])
        asset = self.assets[key] = asset_dump.restore(key, dumped, self.rulesets, self.fleets, *documents)
        return asset

    def end_silences(self, asset: str, now: datetime) -> None:
        """End the shelving and out-of-service periods of an asset's alarms that have expired."""
        for source, suppressed in self.silences.expire(asset, now):
            move = Move.UNSHELVE if suppressed is Suppressed.SHELVED else Move.RETURN
            self.note(Change(asset, source, now, move, "its time is over"))

    def end_alarms(self, why: str, asset: str | None = None) -> None:
        """End active alarms, of one asset or of all, whose condition no longer exists."""
        for key in self.standing.of(asset):
            if not self.assets[key[0]].is_active(key[1]):
                self.inhibition.waiting.pop(key, None)
                self.note(self.standing.end(key, why))

    def note(self, change: Change | None) -> None:
        """Keep a change of an alarm for the caller to collect."""
        if change is not None and self.alarms is not None:
            self.alarms.append(change)

    def use_documents(self) -> None:
        """Judge all assets by the documents in force."""
        for asset in self.assets.values():
            asset.use(self.rulesets, *self.models.of_class(asset.asset_class))

    def asset(self, key: str) -> AssetJudge:
        """Return an asset, adding it if it is new."""
        asset = self.assets.get(key)
        if asset is None:
            document, factor, model = self.models.of_class("unclassified")
            early = self.early.pop(key, {}) if self.beside is None else seen_values.of(self.beside, key)
            asset = AssetJudge(key, self.rulesets, document, self.fleets, factor=factor, seen=early, fleet_model=model)
            self.assets[key] = asset
        return asset


def _sorted(values: dict[str, float]) -> dict[str, float]:
    """Return values in the order of their signals' names."""
    names = sorted(values)
    return values if names == list(values) else {name: values[name] for name in names}


def _severity(decision: Decision) -> Severity:
    return apply_decision(decision).severity or decision.finding.severity
