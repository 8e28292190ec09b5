"""The judge: a fold over the one sequence of inputs, the same live, restored and in a backtest. No I/O, no clock.

Inputs come in the order of their arrival numbers: frames of readings, and events (documents, people's steps, planned
downtime, ticks). Given the same inputs, however they are cut into batches, it makes the same decisions and has the same
state, byte for byte.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, groupby
from typing import Any
from uuid import UUID

import msgspec
import structlog

from ingest.failures import traced
from judge import asset_dump, by_model, doubtful
from judge.asset_judge import AssetJudge
from judge.fleets import Fleets
from judge.inputs import Event, Input, JudgedFrame, LateFrame
from judge.lane import Lane
from judge.moments import downtime_span, micros, moment
from judge.ordinary import ForModel
from judge.parts import Part
from judge.rule_sets import RuleSets
from judge.shadow import Shadow
from models import documents as model_documents
from models.document import ModelDocument
from rules.rulebook import Rulebook
from rules.rulebook import parse as parse_rulebook
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Change, Standing
from workorder_core.alarms.silence import Held, Silences
from workorder_core.intake import flood, intake, priority
from workorder_core.intake.decisions import Collect, Decision, Ignore, Open, Urgency
from workorder_core.intake.effects import apply_decision
from workorder_core.intake.findings import Finding
from workorder_core.intake.flood import Floods
from workorder_core.intake.inhibition import Cause, Inhibition
from workorder_core.intake.order_book import Entry, OrderBook
from workorder_core.orders.lifecycle import FINAL, WAITING
from workorder_core.plant import seen
from workorder_core.plant.health import Health
from workorder_core.plant.seen import Seen
from workorder_core.words import CloseFinding, Criticality, FailureMode, Severity, Status

FORMAT = 19
"""Grows with every change that makes older checkpoints unreadable; they are then rebuilt from readings."""

_log = structlog.get_logger("judge")
_MOST_FAILED = 100
CHANGES_RULES = ("rulebook", "shadow")
"""The kinds of event after which other rules judge."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, with the priority that the asset's criticality and the severity give its order.

    ``shadow`` is the run in shadow that would have decided so; None for what is to be done.
    """

    decision: Decision
    urgency: Urgency
    shadow: int | None = None


class UnknownEvent(ValueError):
    """An event that other code has written; nothing after it can be judged as that code would."""


class Judge:
    """Rules, models and the order book of a plant, as far as the sequence of inputs has come.

    Parameters
    ----------
    arrival
        The newest input judged.
    factors
        By asset class: the version of a model whose limit close-outs have moved, and by how much.
    alarms
        What was raised and what is over, for whoever wants to keep it and takes it away; None where nobody does.
    failed
        What was said of events that failed, for whoever takes it away.
    shadow
        Documents on trial that judge beside those in force.
    early
        What has been seen of the signals of assets that nothing has been judged of yet.
    lane
        Where ordinary readings are judged many at once, for whoever has them as messages. What it has taken on is given
        back before anything here looks at it.
    """

    def __init__(self, policy: intake.Policy | None = None) -> None:
        self.policy = policy or intake.Policy()
        self.arrival = 0
        self.rulesets = RuleSets()
        self.fleets = Fleets()
        self.models: Mapping[str, Any] = {}
        self.factors: dict[str, tuple[str, float]] = {}
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
        self._on_trial: Mapping[str, Any] | None = None
        self.failed: list[str] = []
        self._beside: Judge | None = None

    @property
    def rulebook(self) -> Rulebook:
        return self.rulesets.rulebook

    def decide(self, inputs: Iterable[Input | ForModel]) -> list[Verdict]:
        """Judge inputs in their order and return what is to be done; what is ignored is left out."""
        return [verdict for verdict in self.consider(inputs) if not isinstance(verdict.decision, Ignore)]

    def consider(self, inputs: Iterable[Input | ForModel]) -> Iterator[Verdict]:
        """Judge inputs in their order and yield every decision, with the ignored findings and the reasons why."""
        assets, silenced, looks_below = self.assets, self.silences.of, self.rulesets.looks_below
        findings: Iterable[Finding]
        for each in inputs:
            self.arrival = each.arrival
            if isinstance(each, ForModel):
                # The lane has judged its limits; while a shadow judges, nothing is on the lane.
                yield from self._weigh(by_model.judge(assets[each.asset], each.arrival, each.at_us, each.values))
                continue
            if not isinstance(each, JudgedFrame):
                findings = self._of_late(each) if isinstance(each, LateFrame) else self._of_event(each)
                assets, silenced, looks_below = self.assets, self.silences.of, self.rulesets.looks_below
            else:
                key, values = each.asset, each.values
                if self.lane is not None and key in self.lane.on:
                    self.lane.leave(key)
                if key in silenced:
                    self._end_silences(key, moment(each.at_us))
                asset = assets.get(key) or self._asset(key)
                if len(values) > 1:
                    values = _sorted(values)
                if each.doubtful:
                    findings = doubtful.judge(asset, each.arrival, each.at_us, values, each.doubtful)
                    values = {name: value for name, value in values.items() if name not in each.doubtful}
                else:
                    taken = asset.takes_in(each.at_us, values)
                    findings = () if taken else asset.judge(each.arrival, each.at_us, values)
                if looks_below:
                    findings = chain(findings, self._judge_above(each, values))
            yield from self._weigh(findings)
            if self.shadow is not None:
                yield from self._in_shadow_beside(self.shadow, each)

    @property
    def heeds_late(self) -> bool:
        """Whether a rule, in force or on trial, opens orders for what came late."""
        return self.rulesets.heeds_late or (self.shadow is not None and self.shadow.judge.heeds_late)

    def _of_event(self, event: Event) -> Iterable[Finding]:
        self._give_back(event)
        return self._followed(event)

    def _of_late(self, frame: LateFrame) -> Iterable[Finding]:
        if not self.rulesets.heeds_late:
            return ()
        if self.lane is not None:
            self.lane.leave(frame.asset)
        asset = self.assets.get(frame.asset)
        return () if asset is None else asset.judge_late(frame.arrival, frame.at_us, _sorted(frame.values))

    def _in_shadow_beside(self, shadow: Shadow, each: Input) -> Iterator[Verdict]:
        for verdict in shadow.consider(each, self.book):
            yield replace(verdict, shadow=shadow.run)

    def enter_lane(self, keys: Iterable[str]) -> None:
        """Give those assets to the lane that it can take."""
        if self.lane is None or self.shadow is not None or self.rulesets.looks_below:
            return
        for key in keys:
            if key not in self.silences.of:
                self.lane.enter(self.assets.get(key))

    def _give_back(self, event: Event) -> None:
        """Take from the lane what an event may look at."""
        if self.lane is None:
            return
        if event.kind == "tick":
            self.lane.settle()
        else:
            self.lane.leave(event.asset)

    def _weigh(self, findings: Iterable[Finding]) -> Iterator[Verdict]:
        for finding in findings:
            asset = self.assets[finding.asset]
            decision = self._intake(finding)
            if decision is None:
                continue
            self.book.apply(decision)
            yield Verdict(decision, priority.of_finding(asset.criticality, _severity(decision)))

    def _judge_above(self, frame: JudgedFrame, values: Mapping[str, float]) -> Iterator[Finding]:
        """What the rules of the assets above say of a frame, the nearest asset first."""
        below = self.assets[frame.asset]
        above, seen = below.parent, {below.key}
        while above is not None and above not in seen and above in self.assets:
            seen.add(above)
            yield from self.assets[above].judge_below(below, frame.at_us, values, frame.arrival)
            above = self.assets[above].parent

    def _intake(self, finding: Finding) -> Decision | None:
        orders = self.book.of(finding.asset)
        if finding.late:
            return self._of_the_past(finding, orders)
        change = self.standing.follow(finding)
        self._note(change)
        if finding.cleared:
            self.inhibition.over(finding)
            return intake.clear(finding, orders)
        decision, held = self._held_or_decided(finding, orders, new=change is not None)
        self._note(self.standing.hold((finding.asset, finding.source), held))
        return decision

    def _of_the_past(self, finding: Finding, orders: Sequence[Entry]) -> Decision | None:
        """What came late leads to an order, and to no alarm: nobody could do anything about it at once."""
        if self.silences.holds(finding) is not None:
            return None
        if finding.severity is not Severity.SAFETY and self._in_shadow(finding.source):
            return None
        return intake.decide(finding, orders, self.policy)

    def _held_or_decided(
        self, finding: Finding, orders: Sequence[Entry], *, new: bool
    ) -> tuple[Decision | None, Held | None]:
        """What a finding leads to; and why it leads to nothing of its own, where that is so."""
        silenced = self.silences.holds(finding)
        if silenced is not None:
            return None, silenced
        if self.rules_in_shadow and finding.severity is not Severity.SAFETY and self._in_shadow(finding.source):
            return None, Held.BUDGET
        if self.assets[finding.asset].parent is not None:
            causes = self._causes(finding)
            of_causes = [entry for cause in causes if cause.active for entry in self.book.of(cause.asset)]
            held, collected = self.inhibition.hold(finding, causes, orders, of_causes)
            if held:
                return collected, Held.CAUSE if any(cause.active for cause in causes) else Held.WAITS
        decision = intake.decide(finding, orders, self.policy)
        # Machines that nobody has put anywhere have one operator too: those of a site are an area.
        area = self.assets[finding.asset].area or finding.asset.partition("/")[0]
        return self._flood(decision, area, new=new)

    def _in_shadow(self, source: str) -> bool:
        """Whether the rule behind a source judges in shadow; one for every signal is named with the signal too."""
        kind, _, name = source.partition(":")
        return kind != "model" and (name in self.rules_in_shadow or name.rpartition(":")[0] in self.rules_in_shadow)

    def _flood(self, decision: Decision, name: str, *, new: bool) -> tuple[Decision | None, Held | None]:
        """Where an area is flooded, its order collects what would open one of its own."""
        finding = decision.finding
        area, key = self.floods.note(finding, name, new=new), (finding.asset, finding.source)
        if not isinstance(decision, Open) or finding.severity is Severity.SAFETY:
            return decision, None
        unfinished = any(entry.id == area.order and entry.unfinished for entry in self.book.of(area.asset))
        if unfinished and key in area.told:
            return None, Held.FLOOD
        if not area.flooded:
            return decision, None
        if unfinished and area.order is not None:
            area.told.add(key)
            return Collect(area.order, area.asset, finding), Held.FLOOD
        opened = intake.decide(flood.of_area(finding, name), self.book.of(finding.asset), self.policy)
        if isinstance(opened, Open):
            area.order, area.asset, area.told = opened.order_id, finding.asset, {key}
        return opened, None

    def _causes(self, finding: Finding) -> list[Cause]:
        """The declared causes, on the assets above, that explain a finding; the nearest first.

        One that is silenced, or in shadow, has no order that could tell of what it explains, and is none.
        """
        causes: list[Cause] = []
        above, seen = self.assets[finding.asset].parent, {finding.asset}
        while above is not None and above not in seen:
            seen.add(above)
            asset = self.assets.get(above)
            if asset is None:
                break
            causes += [
                Cause(above, rule.component, rule.failure_mode, asset.limits.is_active(rule))
                for rule in asset.limits.rules.inhibiting
                if not rule.explains or finding.failure_mode in rule.explains
                if self.silences.silent(above, f"rule:{rule.id}") is None and rule.id not in self.rules_in_shadow
            ]
            above = asset.parent
        return causes

    def watermarks(self, assets: Iterable[str]) -> dict[str, int]:
        """Return the newest event time judged of those assets that have one."""
        found = {}
        for key in assets:
            asset = self.assets.get(key)
            if asset is not None and asset.watermark_us is not None:
                found[key] = asset.watermark_us
        return found

    def judged_times(self, assets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return the newest event time judged of every signal of those assets, each asset's own map: whoever numbers
        readings moves them on, as judging the same readings does.
        """
        found: dict[str, dict[str, int]] = {}
        for key in assets:
            if self.lane is not None and key in self.lane.on:
                self.lane.leave(key)
            asset = self.assets.get(key)
            if asset is not None:
                found[key] = asset.newest
        return found

    def ranges(self, assets: Iterable[str]) -> dict[str, dict[str, Seen]]:
        """Return what has been seen of every signal of those assets, each asset's own map: whoever numbers readings
        moves them on. They are given back by the lane already, see ``judged_times``.
        """
        return {key: self._seen_of(key) for key in assets}

    def see(self, frame: JudgedFrame) -> None:
        """Take in what was seen when a stored frame was numbered."""
        seen.take(self._seen_of(frame.asset), frame.values)

    def _seen_of(self, key: str) -> dict[str, Seen]:
        asset = self.assets.get(key)
        return self.early.setdefault(key, {}) if asset is None else asset.seen

    def share_seen(self, of: "Judge") -> None:
        """Have seen what the plant's judge has: both judge the same readings, and that one sees them."""
        self._beside = of
        for key, asset in self.assets.items():
            asset.seen = of._seen_of(key)

    def take_healths(self, assets: Iterable[str]) -> list[tuple[str, Health | None]]:
        """Return how those assets are of which that is told anew since it was last taken."""
        found = []
        for key in sorted(assets):
            asset = self.assets.get(key)
            if asset is not None and asset.fresh:
                asset.fresh = False
                found.append((key, asset.health))
        return found

    def parts(self, name: str = "live") -> Iterator[Part]:
        """Yield the state part by part, an asset's each by itself; their bytes depend on the inputs alone."""
        if self.lane is not None:
            self.lane.settle()
        whole: dict[str, Any] = {
            "book": [_dump_entry(entry) for entry in self.book.all()],
            "factors": {key: list(self.factors[key]) for key in sorted(self.factors)},
            "fleets": self.fleets.dump(),
            "floods": self.floods.dump(),
            "inhibition": self.inhibition.dump(),
            "models": self.models,
            "rulebook": self.rulebook.document,
            "rules_in_shadow": sorted(self.rules_in_shadow),
            "shadow": None if self.shadow is None else self.shadow.dump(),
            "silences": self.silences.dump(),
            "standing": self.standing.dump(),
        }
        for kind, state in whole.items():
            yield Part(name, kind, "", msgspec.msgpack.encode(state))
        for key in sorted(self.assets):
            yield Part(name, "asset", key, msgspec.msgpack.encode(asset_dump.dump(self.assets[key])))
        if self.shadow is not None:
            yield from self.shadow.judge.parts("shadow")

    def dump(self) -> bytes:
        """Return the state in a form whose bytes depend on the inputs alone."""
        return msgspec.msgpack.encode([tuple(part) for part in self.parts()])

    @classmethod
    def restore(cls, dumped: bytes, arrival: int, policy: intake.Policy | None = None) -> "Judge":
        """Continue from a dump of this code's FORMAT, made after input ``arrival``."""
        return cls.from_parts((Part(*each) for each in msgspec.msgpack.decode(dumped)), arrival, policy)

    @classmethod
    def from_parts(cls, parts: Iterable[Part], arrival: int, policy: intake.Policy | None = None) -> "Judge":
        """Continue from parts in the order in which `parts` yields them, made after input ``arrival``."""
        judges: dict[str, Judge] = {}
        for name, of_judge in groupby(parts, key=lambda part: part.judge):
            judges[name] = cls._of_parts(of_judge, arrival, policy)
        judge = judges["live"]
        if judge._on_trial is not None:
            judges["shadow"].share_seen(judge)
            judge.shadow = Shadow.restore(judge._on_trial, judges["shadow"])
            judge._on_trial = None
        return judge

    @classmethod
    def _of_parts(cls, parts: Iterable[Part], arrival: int, policy: intake.Policy | None) -> "Judge":
        judge, whole = cls(policy), dict[str, Any]()
        judge.arrival = arrival
        for part in parts:
            state = msgspec.msgpack.decode(part.state)
            if part.kind != "asset":
                whole[part.kind] = state
                continue
            if whole:
                judge._go_on(whole)
                whole = {}
            judge.put_asset(part.asset, state)
        if whole:
            judge._go_on(whole)
        return judge

    def put_asset(self, key: str, dumped: dict[str, Any]) -> AssetJudge:
        """Let an asset be as it was when it was dumped, under the documents in force."""
        document = self._document(dumped["class"])
        factor = self._factor(dumped["class"], document)
        asset = self.assets[key] = asset_dump.restore(key, dumped, self.rulesets, self.fleets, document, factor)
        return asset

    def _go_on(self, whole: Mapping[str, Any]) -> None:
        """Go on from what is of the whole plant."""
        if whole["rulebook"]:
            self.rulesets = RuleSets(parse_rulebook(whole["rulebook"]))
        self.fleets = Fleets(whole["fleets"])
        self.models = whole["models"]
        self.factors = {key: (version, factor) for key, (version, factor) in whole["factors"].items()}
        self.book = OrderBook(iter([_restore_entry(entry) for entry in whole["book"]]))
        self.inhibition = Inhibition.restore(whole["inhibition"])
        self.floods = Floods.restore(whole["floods"])
        self.standing = Standing.restore(whole["standing"])
        self.silences = Silences.restore(whole["silences"])
        self.rules_in_shadow = set(whole["rules_in_shadow"])
        self._on_trial = whole["shadow"]

    def _followed(self, event: Event) -> Iterable[Finding]:
        """Follow an event. One that fails is left at what it has done so far: it fails so in every replay too."""
        try:
            findings = self._follow(event)
        except UnknownEvent:
            raise
        except Exception as error:  # noqa: BLE001 - what a person has set must not stop the plant
            self._note_failed(event, error)
            return ()
        return self._found(event, findings)

    def _found(self, event: Event, findings: Iterable[Finding]) -> Iterator[Finding]:
        try:
            yield from findings
        except Exception as error:  # noqa: BLE001 - likewise
            self._note_failed(event, error)

    def _note_failed(self, event: Event, error: Exception) -> None:
        _log.error(
            "an event fails and judging goes on",
            kind=event.kind,
            arrival=event.arrival,
            why=str(error),
            whole=traced(error),
        )
        if len(self.failed) < _MOST_FAILED:
            self.failed.append(f"input {event.arrival}, {event.kind!r}: {type(error).__name__}: {error}")

    def _follow(self, event: Event) -> Iterable[Finding]:
        handler = _FOLLOW.get(event.kind)
        if handler is None:
            said = f"input {event.arrival} is an event of kind {event.kind!r}, which this code does not know"
            raise UnknownEvent(said)
        return handler(self, event) or ()

    def _on_rulebook(self, event: Event) -> None:
        self.rulesets = RuleSets(parse_rulebook(event.payload))
        self._use_documents()
        self._end_alarms("its rule is not there any more, or judges otherwise")

    def _on_models(self, event: Event) -> None:
        self.models = event.payload
        self._use_documents()

    def _on_threshold(self, event: Event) -> None:
        """Close-outs have moved the limit of a model's version on an asset class."""
        asset_class, facts = str(event.payload["class"]), event.payload
        self.factors[asset_class] = (str(facts["version"]), float(facts["factor"]))
        for asset in self.assets.values():
            if asset.asset_class == asset_class:
                asset.heed(self._factor(asset_class, asset.document))

    def _on_shadow(self, event: Event) -> None:
        """Begin a run in shadow, or end it; what is promoted goes on with what it has learned in the shadow."""
        if "ended" not in event.payload:
            self.shadow = None
            beside = Judge.restore(self.dump(), self.arrival, self.policy)
            beside.share_seen(self)
            self.shadow = Shadow.begin(event.payload, beside)
            return
        shadow, self.shadow = self.shadow, None
        if shadow is not None and event.payload["ended"] == "promoted":
            self.rulesets, self.models = shadow.judge.rulesets, shadow.judge.models
            self.assets, self.fleets = shadow.judge.assets, shadow.judge.fleets
            self.factors = shadow.judge.factors
            self._end_alarms("what was on trial judges now, and sees nothing")

    def _on_asset(self, event: Event) -> None:
        asset = self._asset(_of(event))
        asset.asset_class = event.payload["class"]
        asset.criticality = Criticality(event.payload["criticality"])
        asset.parent = event.payload.get("parent")
        if self.rulesets.looks_below:
            for other in self.assets.values():
                other.limits.around.pop(asset.key, None)  # it may stand behind others now
        asset.area = event.payload.get("area")
        document = self._document(asset.asset_class)
        asset.use(self.rulesets, document, self._factor(asset.asset_class, document))
        self._end_alarms("the asset is judged by the rules of another class", asset.key)

    def _on_signal(self, event: Event) -> None:
        asset, signal = self._asset(_of(event)), event.payload["signal"]
        asset.units[signal] = event.payload["unit"]
        asset.is_told_of(signal, event.payload)

    def _on_downtime(self, event: Event) -> None:
        asset, name = self._asset(_of(event)), str(event.payload["id"])
        if event.payload.get("cancelled"):
            asset.downtimes.pop(name, None)
            return
        asset.downtimes[name] = downtime_span(event.payload["starts_at"], event.payload["ends_at"])

    def _on_order_moved(self, event: Event) -> None:
        asset, status = self._asset(_of(event)), Status(event.payload["status"])
        if status in WAITING and status is not Status.OPEN:
            return  # who does the work decides nothing, and depends on the wall clock: the state must not
        now = moment(asset.watermark_us or 0)
        order_id = UUID(event.payload["order_id"])
        if (entry := event.payload.get("entry")) is not None:
            self.book.remember(_reopened(order_id, entry, status))
        self.book.moved(asset.key, order_id, status, at=now)
        if status in FINAL:
            self.inhibition.ended(UUID(event.payload["order_id"]))
        if status is Status.CLOSED:
            told = event.payload.get("close_finding")
            by_model.learn_again(asset, None if told is None else CloseFinding(told))

    def _on_history(self, event: Event) -> None:
        frames = ((at_us, dict(sorted(values.items()))) for at_us, values in event.payload["frames"])
        by_model.learn_history(self._asset(_of(event)), frames, event.arrival)
        self._end_alarms("over in the history that was taken in", _of(event))

    def _on_stale(self, event: Event) -> Iterable[Finding]:
        return self._asset(_of(event)).stale(event.payload["signals"], event.arrival)

    def _on_tick(self, event: Event) -> Iterable[Finding]:
        """A minute of the wall clock has passed."""
        wall = datetime.fromisoformat(event.payload["at"])
        for key in sorted(self.silences.of):
            self._end_silences(key, wall)
        wall_us = micros(wall)
        for key in sorted(key for key, asset in self.assets.items() if asset.heeds_ticks):
            yield from self.assets[key].tick(wall_us, event.arrival)
        if self.lane is not None:
            self.lane.tick()

    def _on_alarm(self, event: Event) -> None:
        """Somebody shelves an alarm or takes it out of service, or ends that."""
        key, move = (self._asset(_of(event)).key, event.payload["source"]), Move(event.payload["move"])
        until = event.payload.get("until")
        ends = None if until is None else datetime.fromisoformat(until)
        if move in _SILENCES:
            self.silences.put(*key, _SILENCES[move], ends)
        else:
            self.silences.take(*key)
        at = moment(self.assets[key[0]].watermark_us or 0)
        self._note(Change(*key, at, move, event.payload.get("why", ""), until=ends))

    def _on_rule_shadow(self, event: Event) -> None:
        """A rule goes to the shadow, because it is over its alarm budget or somebody wants it; or comes back."""
        change = self.rules_in_shadow.add if event.payload["shadow"] else self.rules_in_shadow.discard
        change(event.payload["rule"])

    def _end_silences(self, asset: str, now: datetime) -> None:
        for source, held in self.silences.ended(asset, now):
            move = Move.UNSHELVE if held is Held.SHELVED else Move.RETURN
            self._note(Change(asset, source, now, move, "its time is over"))

    def _end_alarms(self, why: str, asset: str | None = None) -> None:
        """End what stands, of one asset or of all, and whose condition is not known any more."""
        for key in self.standing.of(asset):
            if not self.assets[key[0]].stands(key[1]):
                self.inhibition.waiting.pop(key, None)
                self._note(self.standing.end(key, why))

    def _note(self, change: Change | None) -> None:
        if change is not None and self.alarms is not None:
            self.alarms.append(change)

    def _use_documents(self) -> None:
        for asset in self.assets.values():
            document = self._document(asset.asset_class)
            asset.use(self.rulesets, document, self._factor(asset.asset_class, document))

    def _asset(self, key: str) -> AssetJudge:
        asset = self.assets.get(key)
        if asset is None:
            document = self._document("unclassified")
            factor = self._factor("unclassified", document)
            early = self.early.pop(key, {}) if self._beside is None else self._beside._seen_of(key)
            asset = self.assets[key] = AssetJudge(key, self.rulesets, document, self.fleets, factor=factor, seen=early)
        return asset

    def _document(self, asset_class: str) -> ModelDocument:
        return model_documents.of_class(self.models, asset_class)

    def _factor(self, asset_class: str, document: ModelDocument) -> float:
        """What close-outs have made of the limit of this version of the class's model."""
        version, factor = self.factors.get(asset_class, ("", 1.0))
        return factor if version == document.version else 1.0


_SILENCES = {Move.SHELVE: Held.SHELVED, Move.TAKE_OUT: Held.OUT_OF_SERVICE}
_FOLLOW: Mapping[str, Callable[[Judge, Event], Iterable[Finding] | None]] = {
    "rulebook": Judge._on_rulebook,
    "models": Judge._on_models,
    "threshold": Judge._on_threshold,
    "shadow": Judge._on_shadow,
    "asset": Judge._on_asset,
    "signal": Judge._on_signal,
    "downtime": Judge._on_downtime,
    "order_moved": Judge._on_order_moved,
    "stale": Judge._on_stale,
    "history": Judge._on_history,
    "alarm": Judge._on_alarm,
    "rule_shadow": Judge._on_rule_shadow,
    "tick": Judge._on_tick,
}


def _sorted(values: dict[str, float]) -> dict[str, float]:
    """Return values in the order of their signals' names."""
    names = sorted(values)
    return values if names == list(values) else {name: values[name] for name in names}


def _of(event: Event) -> str:
    if event.asset is None:
        raise UnknownEvent(f"input {event.arrival}, an event of kind {event.kind!r}, names no asset")
    return event.asset


def _reopened(order_id: UUID, told: Mapping[str, Any], status: Status) -> Entry:
    last = datetime.fromisoformat(told["last_evidence_at"])
    return Entry(
        id=order_id,
        asset=told["asset"],
        component=told["component"],
        failure_mode=FailureMode(told["failure_mode"]),
        severity=next(each for each in Severity if each.order_type == told["type"]),
        status=status,
        opened_at=datetime.fromisoformat(told["opened_at"]),
        signals=frozenset(told["signals"]),
        evidence=told["evidence"],
        last_evidence_at=last,
        last_seen_at=last,
        moved_at=last,
        inferred=told["inferred"],
    )


def _severity(decision: Decision) -> Severity:
    return apply_decision(decision).severity or decision.finding.severity


def _dump_entry(entry: Entry) -> list[Any]:
    return [
        entry.id.bytes, entry.asset, entry.component, entry.failure_mode.value, int(entry.severity), entry.status.value,
        micros(entry.opened_at), sorted(entry.signals), entry.evidence, micros(entry.last_evidence_at),
        micros(entry.last_seen_at), micros(entry.moved_at), sorted(entry.cleared), entry.inferred,
    ]  # fmt: skip


def _restore_entry(dumped: list[Any]) -> Entry:
    (
        order_id,
        asset,
        component,
        mode,
        severity,
        status,
        opened,
        signals,
        evidence,
        last_evidence,
        last_seen,
        moved,
        cleared,
        inferred,
    ) = dumped
    return Entry(
        id=UUID(bytes=order_id),
        asset=asset,
        component=component,
        failure_mode=FailureMode(mode),
        severity=Severity(severity),
        status=Status(status),
        opened_at=moment(opened),
        signals=frozenset(signals),
        evidence=evidence,
        last_evidence_at=moment(last_evidence),
        last_seen_at=moment(last_seen),
        moved_at=moment(moved),
        cleared=frozenset(cleared),
        inferred=inferred,
    )
