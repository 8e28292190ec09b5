"""The rules of one asset, folded over its values: what each remembers, and which are active. No I/O, no clock."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rules import ruleset, threshold
from rules.counter import Counter
from rules.expression import Around, WrongExpression
from rules.figures import Fleet, Memory
from rules.rulebook import EMPTY, Rulebook
from rules.ruleset import RuleSet
from rules.threshold import EVERY, NORMAL, Condition, Threshold
from workorder_core.words import OperatingState

CHATTER = 3
CHATTER_US = 60_000_000
"""A rule chatters when it becomes active three times within a minute (ISA-18.2)."""
CALM_US = 600_000_000
"""One that chatters stays active until its value has not passed the limit for ten minutes."""
NEVER_US = 1 << 62
FEWEST_OTHERS = 3
"""A fleet's median is that of at least so many other machines."""
_new = tuple.__new__
EMPTY_SET = ruleset.of_asset(EMPTY, "")


class Hit(NamedTuple):
    """A rule that is active, or has just ceased to be.

    ``figure`` is what it holds against its limit, ``signs`` are signals and their values; ``chatters`` tells that it
    has just begun to chatter, ``calm`` that it chatters no more. One that ceased because it does not judge in the
    asset's operating state is not ``judged``.
    """

    rule: Threshold
    condition: Condition
    at_us: int
    figure: float
    signs: tuple[tuple[str, float], ...]
    chatters: bool = False
    calm: bool = False
    judged: bool = True


class Fleets:
    """The newest values of the signals that rules compare across the machines of a class, for a whole plant."""

    def __init__(self, dumped: Iterable[tuple[str, str, Mapping[str, Any]]] = ()) -> None:
        self._of: dict[tuple[str, str], Fleet] = {}
        for asset_class, signal, latest in dumped:
            values = {asset: (at_us, value) for asset, (at_us, value) in latest.items()}
            self._of[asset_class, signal] = Fleet(values)

    def of(self, asset_class: str, signal: str) -> Fleet:
        """Return the fleet of a class and a signal."""
        found = self._of.get((asset_class, signal))
        if found is None:
            found = self._of[asset_class, signal] = Fleet()
        return found

    def dump(self) -> list[tuple[str, str, Any]]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [(*key, self._of[key].dump()) for key in sorted(self._of)]


class RuleSets:
    """The rule sets of a rulebook: assets of a class without overrides share one."""

    def __init__(self, rulebook: Rulebook = EMPTY) -> None:
        self.rulebook = rulebook
        self.looks_below = rulebook.looks_below
        self.heeds_late = rulebook.heeds_late
        self._special = {each.asset for each in rulebook.overrides}
        self._made: dict[tuple[str, str | None], RuleSet] = {}

    def of(self, asset_class: str, asset: str) -> RuleSet:
        """Return what judges an asset."""
        key = asset_class, asset if asset in self._special else None
        if key not in self._made:
            self._made[key] = ruleset.of_asset(self.rulebook, *key)
        return self._made[key]


@dataclass(slots=True)
class Limits:
    """What the rules remember of one asset. Times are its event time, epoch microseconds.

    Parameters
    ----------
    conditions, memories
        By rule id: how it stands, and what its figure is made of.
    latest
        The newest value of each signal that several rules look at together.
    heard
        When each signal was last measured, kept where a rule looks for stale ones.
    raised, chattering
        When each rule became active within a minute; of one that chatters, when it was last active by itself.
    counters
        The signals that are counters: a rate is that of what they have counted.
    quiet_since_us
        The wall clock of the first tick after the newest frame.
    late
        By rule id: how it stands in what came late, apart from what is measured now.
    around
        Of assets that stand behind this one, where a rule looks at them: their class, and their newest values.
    """

    rules: RuleSet = field(default_factory=lambda: EMPTY_SET)
    conditions: dict[str, Condition] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    latest: dict[str, tuple[int, float]] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    raised: dict[str, list[int]] = field(default_factory=dict)
    chattering: dict[str, int] = field(default_factory=dict)
    counters: dict[str, Counter] = field(default_factory=dict)
    quiet_since_us: int | None = None
    late: dict[str, Condition] = field(default_factory=dict)
    around: dict[str, tuple[str, dict[str, tuple[int, float]]]] = field(default_factory=dict)
    _look_again_us: int = 0

    def use(self, rules: RuleSet) -> None:
        """Go on with other rules. What stays as it was keeps its state; a rule that is judged otherwise begins anew."""
        if rules is self.rules:
            return
        for key in list(self.conditions):
            now, before = _named(rules, key), _named(self.rules, key)
            if now is None or (before is not None and _judged_by(before) != _judged_by(now)):
                self._forget(key)
        for key in list(self.memories):
            now, before = _named(rules, key), _named(self.rules, key)
            if now is None or (before is not None and before.figure != now.figure):
                del self.memories[key]
        self.latest = {signal: seen for signal, seen in self.latest.items() if signal in rules.latest}
        self.late = {key: condition for key, condition in self.late.items() if _alike(rules, self.rules, key)}
        if not rules.stale:
            self.heard.clear()
        if not rules.below:
            self.around.clear()
        self.rules, self._look_again_us = rules, 0

    @property
    def look_again_us(self) -> int:
        """The first event time at which a silence can have lasted too long; one that never comes where no rule asks."""
        return self._look_again_us if self.rules.stale else NEVER_US

    def count(self, signal: str, counter: Counter | None) -> None:
        """Take note that a signal is a counter, or (None) is none. Its rates begin anew where that is another one."""
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

    def judge(self, at_us: int, values: Mapping[str, float], state: OperatingState, fleet: "OfFleet") -> Iterator[Hit]:
        """Judge the values of a frame, or of a part of one, and yield the rules that are active or just cleared."""
        rules = self.rules
        if rules.stale:
            self._hear(at_us, values)
        if rules.latest:
            self._remember(at_us, values)
        for signal, value in values.items():
            of_signal = rules.by_signal.get(signal)
            if of_signal is None:
                of_signal = rules.of(signal)
            for rule in of_signal:
                hit = self._step(rule, at_us, value, state, fleet)
                if hit is not None:
                    yield hit
        if rules.derived:
            values = yield from self._judge_derived(at_us, values, state, fleet)
        if rules.expressions:
            yield from self._judge_expressions(at_us, values, state)
        if rules.stale and at_us >= self._look_again_us:
            yield from self._look_for_stale(at_us, state)

    def passes(self, at_us: int, values: Mapping[str, float], state: OperatingState) -> bool:
        """Take in the values of a frame where all rules are plain limits, none of which is active or passed.

        What nearly every frame is, at a fifth of the price. False where ``judge`` has to look: it comes to the same for
        what was taken in by then.
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
        """Judge what came late, and yield once for each excursion the rules that open orders for it.

        What state the asset was in then nobody knows any more. What lies before the newest of it, or long after, is
        another stretch of the past.
        """
        for signal, value in values.items():
            for rule in self.rules.late.get(signal, ()):
                before = self.late.get(rule.id, NORMAL)
                if before.last is not None and not 0 <= at_us - before.last <= rule.max_gap_us:
                    before = NORMAL
                now = self.late[rule.id] = threshold.step(rule, before, at_us, value)
                if now.active and not before.active:
                    yield Hit(rule, now, at_us, value, ((signal, value),))

    def judge_below(
        self, asset: str, asset_class: str, at_us: int, values: Mapping[str, float], state: OperatingState
    ) -> Iterator[Hit]:
        """Judge what was measured on an asset that stands behind this one, by the rules that look at such assets.

        Their time is the newest of all that they look at: each asset has a clock of its own.
        """
        seen = self.rules.around.get(asset_class, frozenset()) & values.keys()
        if not seen:
            return
        of_class, latest = self.around.get(asset, ("", {}))
        if of_class != asset_class:
            latest = {}
        self.around[asset] = asset_class, latest
        for signal in seen:
            if signal not in latest or latest[signal][0] <= at_us:
                latest[signal] = at_us, values[signal]
        for rule in self.rules.below:
            if not seen.isdisjoint(ruleset.reads_below(rule).get(asset_class, ())):
                now = max(self._now(ruleset.reads(rule), at_us), self.conditions.get(rule.id, NORMAL).last or at_us)
                known = self._fresh(ruleset.reads(rule), now, rule.max_gap_us)
                if known is not None:
                    yield from self._judge_expression(rule, now, known, state)

    def judge_score(self, at_us: int, score: float, state: OperatingState) -> Iterator[Hit]:
        """Judge what the model says of a frame: 0 ordinary, 1 full."""
        for rule in self.rules.of_score:
            hit = self._step(rule, at_us, score, state, NO_FLEET)
            if hit is not None:
                yield hit

    def quiet(self, wall_us: int, last_us: int | None, state: OperatingState) -> Iterator[Hit]:
        """Take note of a tick of the wall clock: an asset that sends nothing at all is noticed by it.

        Event time stands still then; the silence is counted from the first tick after the newest reading.
        """
        if not self.rules.stale or last_us is None:
            return
        if self.quiet_since_us is None or wall_us < self.quiet_since_us:  # the clock was set back
            self.quiet_since_us = wall_us
        yield from self._look_for_stale(last_us + wall_us - self.quiet_since_us, state)

    def gone_stale(self, signals: Iterable[str]) -> None:
        """Those signals are measured no more: what has not lasted yet does not last."""
        names = set(signals)
        for key, condition in list(self.conditions.items()):
            rule = _named(self.rules, key)
            if rule is not None and not condition.active and rule.kind != "stale" and _signals(rule) & names:
                self._forget(key)
        for name in names:
            self.latest.pop(name, None)

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
            {name: self.raised[name] for name in sorted(self.raised)},
            {name: self.chattering[name] for name in sorted(self.chattering)},
            {name: self.counters[name].dump() for name in sorted(self.counters)},
            self.quiet_since_us,
            {name: list(self.late[name]) for name in sorted(self.late)},
            self._look_again_us,
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
            latest={name: (at_us, value) for name, (at_us, value) in latest.items()},
            heard=dict(heard),
            raised=dict(raised),
            chattering=dict(chattering),
            counters={name: Counter(*known) for name, known in counters.items()},
            quiet_since_us=quiet_since_us,
            late={name: Condition(*values) for name, values in late.items()},
            _look_again_us=look_again_us,
            around={
                name: (of_class, {signal: (at_us, value) for signal, at_us, value in latest})
                for name, of_class, latest in around
            },
        )

    def _step(self, rule: Threshold, at_us: int, value: float, state: OperatingState, fleet: "OfFleet") -> Hit | None:
        """Judge one value by one rule. THE MAIN PATH of judging: it runs once for every rule of every reading."""
        before = self.conditions.get(rule.id, NORMAL)
        if state not in rule.states:
            calm = rule.id in self.chattering
            self._forget(rule.id)
            if not before.active:
                return None
            now = Condition(None, False, at_us)
            return Hit(rule, now, at_us, value, ((rule.signal, value),), calm=calm, judged=False)
        if before.last is not None and at_us < before.last:
            return None  # the rule has judged a newer value of its signal
        figure = value
        if rule.figure is not None:
            memory = self.memories.get(rule.id)
            if memory is None:
                memory = self.memories[rule.id] = []
            reference = self._reference(rule, at_us, value, fleet) if rule.reference is not None else None
            known = rule.figure.step(memory, at_us, self._counted(rule, at_us, value), reference)
            if known is None:
                return None
            figure = known
        condition = threshold.step(rule, before, at_us, figure)
        chatters = calm = False
        if before.active and rule.id in self.chattering:
            condition = self._damped(rule.id, before, condition, at_us)
            calm = not condition.active
        elif condition.active and not before.active:
            chatters = self._chatters(rule.id, at_us)
        self.conditions[rule.id] = condition
        if not condition.active and not before.active:
            return None
        return Hit(rule, condition, at_us, figure, ((rule.signal, value),), chatters, calm)

    def _chatters(self, key: str, at_us: int) -> bool:
        """Note that a rule has become active; whether it chatters from now on."""
        raised = [at for at in self.raised.get(key, ()) if at_us - at <= CHATTER_US]
        raised.append(at_us)
        if len(raised) < CHATTER:
            self.raised[key] = raised
            return False
        self.raised.pop(key, None)
        self.chattering[key] = at_us
        return True

    def _damped(self, key: str, before: Condition, condition: Condition, at_us: int) -> Condition:
        """A rule that chatters stays active until it has been calm for long enough."""
        if condition.active:
            self.chattering[key] = at_us
        elif at_us - self.chattering[key] < CALM_US:
            return Condition(before.beyond_since, True, at_us)
        else:
            del self.chattering[key]
        return condition

    def _counted(self, rule: Threshold, at_us: int, value: float) -> float:
        """What a rate is made of: of a counter what it has counted in all, else the value itself."""
        counter = self.counters.get(rule.signal) if rule.kind == "rate" else None
        return value if counter is None else counter.total(at_us, value)

    def _reference(self, rule: Threshold, at_us: int, value: float, fleet: "OfFleet") -> float | None:
        assert rule.reference is not None
        if rule.reference == EVERY:
            return fleet.median(rule.signal, at_us, value, rule.max_gap_us)
        seen = self.latest.get(rule.reference)
        return None if seen is None or abs(at_us - seen[0]) > rule.max_gap_us else seen[1]

    def _remember(self, at_us: int, values: Mapping[str, float]) -> None:
        for signal in self.rules.latest:
            if signal in values:
                before = self.latest.get(signal)
                if before is None or before[0] <= at_us:
                    self.latest[signal] = (at_us, values[signal])

    def _fresh(self, signals: frozenset[str], at_us: int, max_gap_us: int) -> dict[str, float] | None:
        """The newest values of those signals; None where one is missing or too old to be looked at with the others."""
        found: dict[str, float] = {}
        for signal in signals:
            seen = self.latest.get(signal)
            if seen is None or at_us - seen[0] > max_gap_us:
                return None
            found[signal] = seen[1]
        return found

    def _now(self, signals: frozenset[str], at_us: int) -> int:
        """The newest time of what is looked at together: a reading that lies behind another one completes it."""
        return max([at_us, *(self.latest[signal][0] for signal in signals if signal in self.latest)])

    def _judge_derived(
        self, at_us: int, values: Mapping[str, float], state: OperatingState, fleet: "OfFleet"
    ) -> Generator[Hit, None, Mapping[str, float]]:
        """Judge what those values make of the signals that are reckoned from others; return them with the values."""
        rules, made = self.rules, dict(values)
        for derived in rules.derived:
            if derived.value.reads.isdisjoint(values):
                continue
            now = self._now(derived.value.reads, at_us)
            known = self._fresh(derived.value.reads, now, derived.max_gap_us)
            number = None if known is None else _reckoned(derived.value, known)
            if not isinstance(number, float) or number - number != 0.0:  # infinite, or not a number
                continue
            made[derived.name] = number
            if derived.name in rules.latest:
                self.latest[derived.name] = now, number
            for rule in rules.of(derived.name):
                hit = self._step(rule, now, number, state, fleet)
                if hit is not None:
                    yield hit
        return made

    def _judge_expressions(self, at_us: int, values: Mapping[str, float], state: OperatingState) -> Iterator[Hit]:
        done: set[str] = set()
        for signal in values:
            for rule in self.rules.expressions.get(signal, ()):
                if rule.id in done:
                    continue
                done.add(rule.id)
                now = max(self._now(ruleset.reads(rule), at_us), self.conditions.get(rule.id, NORMAL).last or at_us)
                known = self._fresh(ruleset.reads(rule), now, rule.max_gap_us)
                if known is not None:
                    yield from self._judge_expression(rule, now, known, state)

    def _judge_expression(
        self, rule: Threshold, at_us: int, known: Mapping[str, float], state: OperatingState
    ) -> Iterator[Hit]:
        assert rule.expression is not None
        before = self.conditions.get(rule.id, NORMAL)
        around, signs = None, sorted(known.items())
        if rule.expression.below or (rule.clears is not None and rule.clears.below):
            around = self._around(rule, at_us, signs)
            if around is None:
                return
        holds = _reckoned(rule.expression, known, around)
        if before.active and rule.clears is not None:
            holds = _reckoned(rule.clears, known, around) is not True
        if holds is None:
            return  # it cannot be reckoned from these values: a division by nothing
        hit = self._step(rule, at_us, 1.0 if holds else 0.0, state, NO_FLEET)
        if hit is not None:
            yield hit._replace(signs=tuple(signs))

    def _around(self, rule: Threshold, at_us: int, signs: list[tuple[str, float]]) -> Around | None:
        """The assets below that a rule looks at, each with all that it wants of them, newest values that are not old.

        None where there is none of a class: nothing is said of machines that nobody hears. What is looked at is added
        to ``signs``, as ``<site>/<asset>:<signal>``.
        """
        found: dict[str, list[dict[str, float]]] = {}
        for of_class, signals in ruleset.reads_below(rule).items():
            for asset, (its_class, latest) in sorted(self.around.items()):
                fresh = {
                    signal: latest[signal][1]
                    for signal in sorted(signals)
                    if signal in latest and at_us - latest[signal][0] <= rule.max_gap_us
                }
                if its_class == of_class and len(fresh) == len(signals):
                    found.setdefault(of_class, []).append(fresh)
                    signs += [(f"{asset}:{signal}", value) for signal, value in fresh.items()]
            if of_class not in found:
                return None
        return found

    def _hear(self, at_us: int, values: Mapping[str, float]) -> None:
        self.quiet_since_us = None
        for signal in values:
            before = self.heard.get(signal)
            if before is None or before < at_us:
                self.heard[signal] = at_us
        if any(self.conditions.get(rule.id, NORMAL).active for rule in self.rules.stale):
            self._look_again_us = 0

    def _look_for_stale(self, at_us: int, state: OperatingState) -> Iterator[Hit]:
        """Hold the longest silence of any signal against each limit; the next look is when one can have passed."""
        again = []
        for rule in self.rules.stale:
            after_us = round(rule.raise_at * 60e6)
            watched = {
                signal: at
                for signal, at in self.heard.items()
                if signal not in rule.excluded and rule.signal in (EVERY, signal)
            }
            if not watched:
                continue
            silent = sorted((at, signal) for signal, at in watched.items() if at_us - at >= after_us)
            oldest = min(watched.values())
            again.append(oldest + after_us)
            before = self.conditions.get(rule.id)
            if before is not None and before.last is not None and at_us < before.last:
                self.conditions[rule.id] = before._replace(last=at_us)  # ticks had reckoned further than event time is
            hit = self._step(rule, at_us, (at_us - oldest) / 60e6, state, NO_FLEET)
            if hit is not None:
                told = silent or [(oldest, min(watched, key=lambda signal: (watched[signal], signal)))]
                signs = tuple((signal, (at_us - at) / 60e6) for at, signal in told)
                yield hit._replace(signs=signs, condition=hit.condition._replace(beyond_since=told[0][0]))
        self._look_again_us = min(again, default=at_us)

    def _forget(self, key: str) -> None:
        self.conditions.pop(key, None)
        self.memories.pop(key, None)
        self.raised.pop(key, None)
        self.chattering.pop(key, None)


class OfFleet:
    """How one asset stands among the machines of its class."""

    __slots__ = ("_asset", "_asset_class", "_fleets")

    def __init__(self, fleets: Fleets | None, asset_class: str, asset: str) -> None:
        self._fleets, self._asset_class, self._asset = fleets, asset_class, asset

    def median(self, signal: str, at_us: int, value: float, max_gap_us: int) -> float | None:
        """Take the asset's value in, and return the median of the others'; None where too few are known."""
        if self._fleets is None:
            return None
        fleet = self._fleets.of(self._asset_class, signal)
        fleet.put(self._asset, at_us, value)
        fleet.forget_before(at_us - max_gap_us)
        return fleet.median_without(self._asset, FEWEST_OTHERS)


NO_FLEET = OfFleet(None, "", "")


def _named(rules: RuleSet, key: str) -> Threshold | None:
    """Return the rule of a key of ``conditions``: its id, or its id and the signal that it was met on."""
    return rules.rules.get(key) or rules.rules.get(key.rpartition(":")[0])


def _alike(rules: RuleSet, others: RuleSet, key: str) -> bool:
    """Whether both judge what came late by a rule of that id, and alike."""
    now, before = rules.rules.get(key), others.rules.get(key)
    return now is not None and before is not None and now.late and _judged_by(now) == _judged_by(before)


def _judged_by(rule: Threshold) -> tuple[object, ...]:
    """What a rule looks at. Its limits may change and its condition goes on; with another signal it begins anew."""
    return rule.kind, rule.signal, rule.reference, rule.expression, rule.clears


def _signals(rule: Threshold) -> frozenset[str]:
    return ruleset.reads(rule) if rule.expression is not None else frozenset({rule.signal})


def _reckoned(expression: Any, known: Mapping[str, float], around: Around | None = None) -> Any:
    try:
        return expression.value(known, around)
    except WrongExpression:
        return None
