"""Rules that look at several signals together: derived signals, conditions over them, and over assets below."""

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from judge.limits.fleets import NO_FLEET, OfFleet
from judge.limits.hits import Hit
from rules import ruleset
from rules.expression import Around, InvalidExpression
from rules.threshold import NORMAL, Threshold
from workorder_core.words import OperatingState

if TYPE_CHECKING:
    from judge.limits.limits import Limits


def judge_derived(
    limits: "Limits", at_us: int, values: Mapping[str, float], state: OperatingState, fleet: "OfFleet"
) -> Generator[Hit, None, Mapping[str, float]]:
    """Judge what those values make of the signals that are reckoned from others; return them with the values."""
    rules, made = limits.rules, dict(values)
    for derived in rules.derived:
        if derived.value.reads.isdisjoint(values):
            continue
        now = limits.latest.newest_time(derived.value.reads, at_us)
        known = limits.latest.fresh(derived.value.reads, now, derived.max_gap_us)
        number = None if known is None else _reckoned(derived.value, known)
        if not isinstance(number, float) or number - number != 0.0:  # infinite, or not a number
            continue
        made[derived.name] = number
        if derived.name in rules.latest:
            limits.latest[derived.name] = now, number
        for rule in rules.of(derived.name):
            hit = limits.step(rule, now, number, state, fleet)
            if hit is not None:
                yield hit
    return made


def judge_expressions(
    limits: "Limits", at_us: int, values: Mapping[str, float], state: OperatingState
) -> Iterator[Hit]:
    done: set[str] = set()
    for signal in values:
        for rule in limits.rules.expressions.get(signal, ()):
            if rule.id in done:
                continue
            done.add(rule.id)
            now = max(
                limits.latest.newest_time(ruleset.reads(rule), at_us),
                limits.conditions.get(rule.id, NORMAL).last or at_us,
            )
            known = limits.latest.fresh(ruleset.reads(rule), now, rule.max_gap_us)
            if known is not None:
                yield from _judge_one(limits, rule, now, known, state)


def _judge_one(
    limits: "Limits", rule: Threshold, at_us: int, known: Mapping[str, float], state: OperatingState
) -> Iterator[Hit]:
    assert rule.expression is not None
    before = limits.conditions.get(rule.id, NORMAL)
    around, signs = None, sorted(known.items())
    if rule.expression.below or (rule.clears is not None and rule.clears.below):
        around = _around(limits, rule, at_us, signs)
        if around is None:
            return
    holds = _reckoned(rule.expression, known, around)
    if before.active and rule.clears is not None:
        holds = _reckoned(rule.clears, known, around) is not True
    if holds is None:
        return  # it cannot be reckoned from these values: a division by nothing
    hit = limits.step(rule, at_us, 1.0 if holds else 0.0, state, NO_FLEET)
    if hit is not None:
        yield hit._replace(signs=tuple(signs))


def _around(limits: "Limits", rule: Threshold, at_us: int, signs: list[tuple[str, float]]) -> Around | None:
    """The assets below that a rule looks at, each with all that it wants of them, newest values that are not old.

    None where there is none of a class: nothing is said of machines that nobody hears. What is looked at is added
    to ``signs``, as ``<site>/<asset>:<signal>``.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for of_class, signals in ruleset.reads_below(rule).items():
        for asset, (its_class, latest) in sorted(limits.around.items()):
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


def judge_below(
    limits: "Limits", asset: str, asset_class: str, at_us: int, values: Mapping[str, float], state: OperatingState
) -> Iterator[Hit]:
    """Judge what was measured on a downstream asset, by the rules that look at such assets.

    Their time is the newest of all that they look at: each asset has a clock of its own.
    """
    seen = limits.rules.around.get(asset_class, frozenset()) & values.keys()
    if not seen:
        return
    of_class, latest = limits.around.get(asset, ("", {}))
    if of_class != asset_class:
        latest = {}
    limits.around[asset] = asset_class, latest
    for signal in seen:
        if signal not in latest or latest[signal][0] <= at_us:
            latest[signal] = at_us, values[signal]
    for rule in limits.rules.below:
        if not seen.isdisjoint(ruleset.reads_below(rule).get(asset_class, ())):
            now = max(
                limits.latest.newest_time(ruleset.reads(rule), at_us),
                limits.conditions.get(rule.id, NORMAL).last or at_us,
            )
            known = limits.latest.fresh(ruleset.reads(rule), now, rule.max_gap_us)
            if known is not None:
                yield from _judge_one(limits, rule, now, known, state)


def _reckoned(expression: Any, known: Mapping[str, float], around: Around | None = None) -> Any:
    try:
        return expression.value(known, around)
    except InvalidExpression:
        return None
