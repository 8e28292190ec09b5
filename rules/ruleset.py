"""The rules of one asset, indexed by signal: the cost of a reading depends on its own signal's rules only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rules.rulebook import Derived, Rulebook
from rules.threshold import EVERY, Threshold
from workorder_core.words import OperatingState, Severity

Bands = tuple[tuple[str, float, float], ...]
"""For each rule of a signal: its id, and the values between which it is not beyond its limit, exclusive."""


@dataclass(slots=True)
class RuleSet:
    """The rules that judge an asset. Assets of one class without overrides share one set.

    Parameters
    ----------
    by_signal
        The rules that judge each value of a signal; filled as signals are first seen, by ``of``.
    expressions
        By signal of the asset: the conditions over several signals that read it.
    latest
        The signals whose newest value has to be remembered.
    inhibiting
        The declared causes of findings on downstream assets.
    below
        The conditions that read downstream assets; ``around`` has the classes and signals that they read.
    late
        By signal: the rules that open orders for late readings.
    fleet
        The signals whose values are compared with those of the other assets of the class.
    """

    rules: Mapping[str, Threshold]
    by_signal: dict[str, tuple[Threshold, ...]]
    for_every: tuple[Threshold, ...]
    expressions: Mapping[str, tuple[Threshold, ...]]
    stale: tuple[Threshold, ...]
    of_score: tuple[Threshold, ...]
    inhibiting: tuple[Threshold, ...]
    derived: tuple[Derived, ...]
    below: tuple[Threshold, ...]
    around: Mapping[str, frozenset[str]]
    latest: frozenset[str]
    fleet: frozenset[str]
    late: Mapping[str, tuple[Threshold, ...]] = field(default_factory=dict)
    _bands: list[tuple[OperatingState, dict[str, Bands | None] | None]] = field(default_factory=list)
    _newest: tuple[OperatingState | None, dict[str, Bands | None] | None] = (None, None)

    def of(self, signal: str) -> tuple[Threshold, ...]:
        """Return the rules that judge a value of that signal by itself."""
        found = self.by_signal.get(signal)
        if found is None:
            found = self.by_signal[signal] = _for_signal(self.for_every, signal)
        return found

    def safety_rules_reading(self, signal: str) -> tuple[str, ...]:
        """Return the ids of the safety rules that read a signal, directly or through a derived one."""
        made = {each.name for each in self.derived if signal in each.value.reads}
        return tuple(
            rule.id
            for rule in self.rules.values()
            if rule.severity is Severity.SAFETY
            and not made.union({signal}).isdisjoint({*reads(rule), rule.signal, rule.reference or ""})
        )

    def bands(self, state: OperatingState) -> dict[str, Bands | None] | None:
        """Return, by signal, the bands in which an asset in that state is ordinary; filled by ``band``.

        None where a rule needs more than one value.
        """
        if state is self._newest[0]:
            return self._newest[1]
        for each in self._bands:
            if each[0] is state:
                break
        else:
            simple = not (self.expressions or self.stale or self.of_score or self.derived or self.latest)
            each = (state, {} if simple else None)
            self._bands.append(each)
        self._newest = each
        return each[1]

    def plain_bands(self, signal: str, state: OperatingState) -> Bands | None:
        """Return the bands of a signal's rules if it has only plain limits and staleness rules; None otherwise."""
        if self.expressions or self.of_score or self.derived or self.latest:
            return None
        bands = self.bands(state)
        return bands[signal] if bands is not None and signal in bands else self.band(signal, state)

    def band(self, signal: str, state: OperatingState) -> Bands | None:
        """Return a signal's bands; None if one of its rules needs more than the value, or is inactive in that state."""
        rules = self.of(signal)
        plain = all(rule.kind == "threshold" and rule.measure is None and state in rule.states for rule in rules)
        found = tuple(_band(rule) for rule in rules) if plain else None
        bands = self.bands(state)
        if bands is not None:
            bands[signal] = found
        return found


def of_asset(rulebook: Rulebook, asset_class: str, asset: str | None = None) -> RuleSet:
    """Return the rules of an asset; None for any of the class that has no override."""
    rules = rulebook.rules_for(asset_class, asset)
    derived = rulebook.derived_for(asset_class)
    single = [rule for rule in rules if rule.kind not in ("expression", "stale", "model_score")]
    conditions = [rule for rule in rules if rule.expression is not None]
    for_every = tuple(rule for rule in single if rule.signal == EVERY)
    by_signal: dict[str, list[Threshold]] = {}
    for rule in single:
        if rule.signal != EVERY:
            by_signal.setdefault(rule.signal, []).append(rule)
    expressions: dict[str, list[Threshold]] = {}
    latest = {rule.reference for rule in single if rule.reference is not None} - {EVERY}
    for rule in conditions:
        latest |= reads(rule)
        for signal in reads(rule):
            expressions.setdefault(signal, []).append(rule)
    for made in derived:
        latest |= made.value.reads
    around: dict[str, frozenset[str]] = {}
    for rule in conditions:
        for of_class, signals in reads_below(rule).items():
            around[of_class] = around.get(of_class, frozenset()) | signals
    return RuleSet(
        rules={rule.id: rule for rule in rules},
        by_signal={signal: (*of_signal, *_for_signal(for_every, signal)) for signal, of_signal in by_signal.items()},
        for_every=for_every,
        expressions={signal: tuple(of_signal) for signal, of_signal in expressions.items()},
        stale=tuple(rule for rule in rules if rule.kind == "stale"),
        of_score=tuple(rule for rule in rules if rule.kind == "model_score"),
        inhibiting=tuple(rule for rule in rules if rule.inhibits),
        derived=derived,
        below=tuple(rule for rule in conditions if reads_below(rule)),
        around=around,
        latest=frozenset(latest),
        fleet=frozenset(rule.signal for rule in single if rule.reference == EVERY),
        late={
            signal: judging_late
            for signal, of_signal in by_signal.items()
            if (judging_late := tuple(rule for rule in of_signal if rule.late))
        },
    )


def reads(rule: Threshold) -> frozenset[str]:
    """Return the signals that a condition reads."""
    parts = (rule.expression, rule.clears)
    return frozenset(signal for part in parts if part is not None for signal in part.reads)


def _band(rule: Threshold) -> tuple[str, float, float]:
    return (rule.id, -math.inf, rule.raise_at) if rule.upper else (rule.id, rule.raise_at, math.inf)


def reads_below(rule: Threshold) -> dict[str, frozenset[str]]:
    """Return what a condition reads of downstream assets: by class, their signals."""
    found: dict[str, frozenset[str]] = {}
    for part in (rule.expression, rule.clears):
        for of_class, signals in part.below.items() if part is not None else ():
            found[of_class] = found.get(of_class, frozenset()) | signals
    return found


def _for_signal(for_every: tuple[Threshold, ...], signal: str) -> tuple[Threshold, ...]:
    """Return the rules for every signal as rules for one: each with an id, and so a memory, of its own."""
    wild = (rule for rule in for_every if signal not in rule.excluded)
    return tuple(replace(rule, id=f"{rule.id}:{signal}", signal=signal) for rule in wild)
