"""The rules of one asset, folded over its values: each rule's state, and which are active. No I/O, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.limits import expressions, staleness
from judge.limits.chatter import Chatter
from judge.limits.fleets import NO_FLEET, OfFleet
from judge.limits.hits import Hit
from judge.limits.latest import Latest
from judge.limits.rule_sets import EMPTY_SET
from rules import ruleset, threshold
from rules.counter import Counter
from rules.measures import Memory
from rules.ruleset import RuleSet
from rules.threshold import EVERY, NORMAL, Condition, Threshold
from workorder_core.words import OperatingState

_new = tuple.__new__


@dataclass(slots=True)
class Limits:
    """The state of one asset's rules. Times are its event time, epoch microseconds.

    Parameters
    ----------
    conditions, memories
        By rule id: the state of its condition, and the history that its measure is computed from.
    latest
        The newest value of each signal that several rules read together.
    heard
        When each signal was last measured, kept if a rule checks for stale ones.
    chatter
        The rules that chatter.
    counters
        The signals that are counters: a rate is computed from their totals.
    quiet_since_us, next_look_us
        The wall clock of the first tick after the newest frame; the event time at which a silence can have lasted too
        long.
    late
        By rule id: the state of its condition over late readings, kept apart from current ones.
    around
        By downstream asset, if a rule reads such assets: its class, and its newest values.
    """

    rules: RuleSet = field(default_factory=lambda: EMPTY_SET)
    conditions: dict[str, Condition] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    latest: Latest = field(default_factory=Latest)
    heard: dict[str, int] = field(default_factory=dict)
    chatter: Chatter = field(default_factory=Chatter)
    counters: dict[str, Counter] = field(default_factory=dict)
    quiet_since_us: int | None = None
    late: dict[str, Condition] = field(default_factory=dict)
    around: dict[str, tuple[str, dict[str, tuple[int, float]]]] = field(default_factory=dict)
    next_look_us: int = 0

    def use(self, rules: RuleSet) -> None:
        """Switch to other rules. An unchanged rule keeps its state; a changed one starts afresh."""
        if rules is self.rules:
            return
        for key in list(self.conditions):
            now, before = _named(rules, key), _named(self.rules, key)
            if now is None or (before is not None and _judged_by(before) != _judged_by(now)):
                self._forget(key)
        for key in list(self.memories):
            now, before = _named(rules, key), _named(self.rules, key)
            if now is None or (before is not None and before.measure != now.measure):
                del self.memories[key]
        self.latest = Latest((signal, seen) for signal, seen in self.latest.items() if signal in rules.latest)
        self.late = {key: condition for key, condition in self.late.items() if _alike(rules, self.rules, key)}
        if not rules.stale:
            self.heard.clear()
        if not rules.below:
            self.around.clear()
        self.rules, self.next_look_us = rules, 0

    @property
    def look_again_us(self) -> int:
        """The first event time at which a silence can have lasted too long; `staleness.NEVER_US` if no rule checks."""
        return self.next_look_us if self.rules.stale else staleness.NEVER_US

    def count(self, signal: str, counter: Counter | None) -> None:
        """Declare a signal as a counter, or (None) as none. If that is a change, its rates start afresh."""
        before = self.counters.get(signal)
        if (before is None) == (counter is None) and (
            before is None or counter is None or before.wraps_at == counter.wraps_at
        ):
            return
        self.counters.pop(signal, None)
        if counter is not None:
            self.counters[signal] = counter
        for rule in self.rules.of(signal):
            if rule.kind == "rate":
                self.memories.pop(rule.id, None)

    def judge(self, at_us: int, values: Mapping[str, float], state: OperatingState, fleet: OfFleet) -> Iterator[Hit]:
        """Judge the values of a frame, or of a part of one, and yield the rules that are active or just cleared."""
        rules = self.rules
        if rules.stale:
            staleness.hear(self, at_us, values)
        if rules.latest:
            self.latest.remember(rules.latest, at_us, values)
        for signal, value in values.items():
            of_signal = rules.by_signal.get(signal)
            if of_signal is None:
                of_signal = rules.of(signal)
            for rule in of_signal:
                hit = self.step(rule, at_us, value, state, fleet)
                if hit is not None:
                    yield hit
        if rules.derived:
            values = yield from expressions.judge_derived(self, at_us, values, state, fleet)
        if rules.expressions:
            yield from expressions.judge_expressions(self, at_us, values, state)
        if rules.stale and at_us >= self.next_look_us:
            yield from staleness.look(self, at_us, state)

    def passes(self, at_us: int, values: Mapping[str, float], state: OperatingState) -> bool:
        """Record the values of a frame where all rules are plain limits, none of which is active or exceeded.

        Nearly every frame is such, and this costs a fifth of ``judge``. Returns False if it needs ``judge``, which the
        values recorded by then do not affect.
        """
        rules, conditions = self.rules, self.conditions
        bands = rules.bands(state)
        if bands is None:
            return False
        now = _new(Condition, (None, False, at_us))
        for signal, value in values.items():
            of_signal = bands[signal] if signal in bands else rules.band(signal, state)
            if of_signal is None:
                return False
            for key, low, high in of_signal:
                before = conditions.get(key, NORMAL)
                _, active, last = before
                if active or not low < value < high or (last is not None and at_us < last):
                    return False
                conditions[key] = now
        return True

    def judge_late(self, at_us: int, values: Mapping[str, float]) -> Iterator[Hit]:
        """Judge late readings, and yield, once per excursion, the rules that open orders for them. The asset's state at
        that time is no longer known. A reading before the newest late one, or long after it, starts another stretch of
        the past.
        """
        for signal, value in values.items():
            for rule in self.rules.late.get(signal, ()):
                before = self.late.get(rule.id, NORMAL)
                if before.last is not None and not 0 <= at_us - before.last <= rule.max_gap_us:
                    before = NORMAL
                now = self.late[rule.id] = threshold.step(rule, before, at_us, value)
                if now.active and not before.active:
                    yield Hit(rule, now, at_us, value, ((signal, value),))

    def judge_score(self, at_us: int, score: float, state: OperatingState) -> Iterator[Hit]:
        """Judge the model's score of a frame: 0 ordinary, 1 full."""
        for rule in self.rules.of_score:
            hit = self.step(rule, at_us, score, state, NO_FLEET)
            if hit is not None:
                yield hit

    def mark_stale(self, signals: Iterable[str]) -> None:
        """Mark those signals as stale: durations that were running end."""
        names = set(signals)
        for key, condition in list(self.conditions.items()):
            rule = _named(self.rules, key)
            if rule is not None and not condition.active and rule.kind != "stale" and _signals(rule) & names:
                self._forget(key)
        for name in names:
            self.latest.pop(name, None)

    def turn_back(self, now_us: int) -> None:
        """Forget what was measured later than ``now_us``: conditions go on from there, measures begin anew."""
        for key, (since_us, active, last_us) in list(self.conditions.items()):
            if last_us is not None and last_us > now_us:
                self.conditions[key] = Condition(None if since_us is None else min(since_us, now_us), active, now_us)
        self.memories.clear()
        self.late.clear()
        self.around.clear()
        self.latest = Latest((signal, seen) for signal, seen in self.latest.items() if seen[0] <= now_us)
        self.chatter.turn_back(now_us)
        for counter in self.counters.values():
            counter.turn_back(now_us)
        self.quiet_since_us, self.next_look_us = None, 0

    def is_active(self, rule: Threshold) -> bool:
        """Whether a rule is active."""
        return self.conditions.get(rule.id, NORMAL).active

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [
            {name: list(self.conditions[name]) for name in sorted(self.conditions)},
            {name: self.memories[name] for name in sorted(self.memories)},
            {name: list(self.latest[name]) for name in sorted(self.latest)},
            {name: self.heard[name] for name in sorted(self.heard)},
            {name: self.chatter.raised[name] for name in sorted(self.chatter.raised)},
            {name: self.chatter.chattering[name] for name in sorted(self.chatter.chattering)},
            {name: self.counters[name].dump() for name in sorted(self.counters)},
            self.quiet_since_us,
            {name: list(self.late[name]) for name in sorted(self.late)},
            self.next_look_us,
            [
                [name, of_class, sorted([signal, *seen] for signal, seen in latest.items())]
                for name, (of_class, latest) in sorted(self.around.items())
            ],
        ]

    @classmethod
    def restore(cls, dumped: list[Any], rules: RuleSet) -> "Limits":
        """Continue from a dump."""
        (
            conditions,
            memories,
            latest,
            heard,
            raised,
            chattering,
            counters,
            quiet_since_us,
            late,
            look_again_us,
            around,
        ) = dumped
        return cls(
            rules=rules,
            conditions={name: Condition(*values) for name, values in conditions.items()},
            memories=dict(memories),
            latest=Latest((name, (at_us, value)) for name, (at_us, value) in latest.items()),
            heard=dict(heard),
            chatter=Chatter(dict(raised), dict(chattering)),
            counters={name: Counter(*known) for name, known in counters.items()},
            quiet_since_us=quiet_since_us,
            late={name: Condition(*values) for name, values in late.items()},
            next_look_us=look_again_us,
            around={
                name: (of_class, {signal: (at_us, value) for signal, at_us, value in latest})
                for name, of_class, latest in around
            },
        )

    def step(self, rule: Threshold, at_us: int, value: float, state: OperatingState, fleet: OfFleet) -> Hit | None:
        """Judge one value by one rule. THE MAIN PATH of judging: it runs once for every rule of every reading."""
        before = self.conditions.get(rule.id, NORMAL)
        if state not in rule.states:
            calm = rule.id in self.chatter.chattering
            self._forget(rule.id)
            if not before.active:
                return None
            now = Condition(None, False, at_us)
            return Hit(rule, now, at_us, value, ((rule.signal, value),), calm=calm, judged=False)
        if before.last is not None and at_us < before.last:
            return None  # the rule has judged a newer value of its signal
        measured = value
        if rule.measure is not None:
            memory = self.memories.get(rule.id)
            if memory is None:
                memory = self.memories[rule.id] = []
            reference = self._reference(rule, at_us, value, fleet) if rule.reference is not None else None
            known = rule.measure.step(memory, at_us, self._counted(rule, at_us, value), reference)
            if known is None:
                return None
            measured = known
        condition = threshold.step(rule, before, at_us, measured)
        chatters = calm = False
        if before.active and rule.id in self.chatter.chattering:
            condition = self.chatter.damp(rule.id, before, condition, at_us)
            calm = not condition.active
        elif condition.active and not before.active:
            chatters = self.chatter.note_raised(rule.id, at_us)
        self.conditions[rule.id] = condition
        if not condition.active and not before.active:
            return None
        return Hit(rule, condition, at_us, measured, ((rule.signal, value),), chatters, calm)

    def _counted(self, rule: Threshold, at_us: int, value: float) -> float:
        """Return the value that a rate is computed from: a counter's total, else the value itself."""
        counter = self.counters.get(rule.signal) if rule.kind == "rate" else None
        return value if counter is None else counter.total(at_us, value)

    def _reference(self, rule: Threshold, at_us: int, value: float, fleet: OfFleet) -> float | None:
        assert rule.reference is not None
        if rule.reference == EVERY:
            return fleet.median(rule.signal, at_us, value, rule.max_gap_us)
        seen = self.latest.get(rule.reference)
        return None if seen is None or abs(at_us - seen[0]) > rule.max_gap_us else seen[1]

    def _forget(self, key: str) -> None:
        self.conditions.pop(key, None)
        self.memories.pop(key, None)
        self.chatter.forget(key)


def _named(rules: RuleSet, key: str) -> Threshold | None:
    """Return the rule of a key of ``conditions``: its id, or its id and the signal."""
    return rules.rules.get(key) or rules.rules.get(key.rpartition(":")[0])


def _alike(rules: RuleSet, others: RuleSet, key: str) -> bool:
    """Return whether both rulebooks judge late readings by a rule of that id, and in the same manner."""
    now, before = rules.rules.get(key), others.rules.get(key)
    return now is not None and before is not None and now.late and _judged_by(now) == _judged_by(before)


def _judged_by(rule: Threshold) -> tuple[object, ...]:
    """Return what identifies a rule's condition. Changed limits keep the condition; another signal starts a new one."""
    return rule.kind, rule.signal, rule.reference, rule.expression, rule.clears


def _signals(rule: Threshold) -> frozenset[str]:
    return ruleset.reads(rule) if rule.expression is not None else frozenset({rule.signal})
