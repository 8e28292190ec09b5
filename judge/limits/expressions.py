"""Rules over several signals: derived signals, conditions, and conditions over downstream assets."""

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
    """Calculate and judge the derived signals that those values affect; return them with the values."""
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
        return  # it cannot be calculated from these values: a division by zero
    hit = limits.step(rule, at_us, 1.0 if holds else 0.0, state, NO_FLEET)
    if hit is not None:
        yield hit._replace(signs=tuple(signs))


def _around(limits: "Limits", rule: Threshold, at_us: int, signs: list[tuple[str, float]]) -> Around | None:
    """Return the downstream assets that a rule reads, each with the newest values of the signals that it needs, if none
    is too old. None if a class has no such asset: the condition is unknown. The values are added to ``signs``, as
    ``<site>/<asset>:<signal>``.
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
    """Judge readings of a downstream asset by the rules that read such assets. Their time is the newest of all the
    values that they read: each asset has its own clock.
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
