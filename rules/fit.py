"""Checks a rulebook against a plant: every signal that it names is measured there, in the unit that the rule says."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from ingest import units
from rules import ruleset
from rules.kinds import SCORE
from rules.rulebook import Rulebook
from rules.table import InvalidRulebook
from rules.threshold import EVERY, Threshold
from workorder_core.sentences import kept

Plant = Mapping[str, Mapping[str, Sequence[str]]]
"""By asset class and signal: the units that the signal has on the assets of the class."""


def misfits(
    book: Rulebook, plant: Plant, downstream: Mapping[str, Collection[str]] | None = None, *, source: str = "rulebook"
) -> list[InvalidRulebook]:
    """Return what does not fit, each with its rule and what to do. A class that measures nothing yet fits anything.

    ``downstream`` has, by class, the classes of the assets downstream of it; None where that is not known.
    """
    found = [] if downstream is None else list(_none_downstream(book, plant, downstream, source))
    for location, key, asset_class, signal, unit in _named(book):
        measured = plant.get(asset_class)
        derived = {each.name: each.unit for each in book.derived_for(asset_class)}
        if not measured or signal in (EVERY, SCORE):
            continue
        if signal not in measured and signal not in derived:
            problem = kept(
                "{key}: no asset of the class {asset_class!r} measures {signal!r}; {hint}",
                key=key,
                asset_class=asset_class,
                signal=signal,
                hint=_near(signal, measured),
            )
            found.append(InvalidRulebook(source, location, problem))
            continue
        for other in measured.get(signal, [derived.get(signal, "")]):
            if unit is not None and other and units.factor(unit, other) != (1.0, 0.0):
                how = units.factor(unit, other)
                action = (
                    kept("write the limits in {other}", other=other)
                    if how
                    else kept("nothing converts {unit} to it", unit=unit)
                )
                problem = kept(
                    "unit: {signal!r} is measured in {other}, not in {unit}; {action}",
                    signal=signal,
                    other=other,
                    unit=unit,
                    action=action,
                )
                found.append(InvalidRulebook(source, location, problem))
    return found


def _none_downstream(
    book: Rulebook, plant: Plant, downstream: Mapping[str, Collection[str]], source: str
) -> Iterator[InvalidRulebook]:
    for rule in _all_rules(book):
        for of_class in sorted(ruleset.reads_below(rule)):
            location = f"{rule.kind} {rule.id!r}"
            if of_class not in plant:
                problem = kept(
                    "when: there is no class {of_class!r}; {hint}",
                    of_class=of_class,
                    hint=_near(of_class, plant, classes=True),
                )
                yield InvalidRulebook(source, location, problem)
            elif rule.asset_class in plant and of_class not in downstream.get(rule.asset_class, ()):
                problem = kept(
                    "when: no {of_class!r} is downstream of a {asset_class!r}; set its parent",
                    of_class=of_class,
                    asset_class=rule.asset_class,
                )
                yield InvalidRulebook(source, location, problem)


def _all_rules(book: Rulebook) -> list[Threshold]:
    return [*book.rules, *(each.instead for each in book.overrides if each.instead is not None)]


def _named(book: Rulebook) -> Iterator[tuple[str, str, str, str, str | None]]:
    """Yield every signal that a rule names: the rule's location, the key, the class, the signal, its unit if given."""
    for rule in _all_rules(book):
        location = f"{rule.kind} {rule.id!r}"
        if rule.expression is not None:
            yield from ((location, "when", rule.asset_class, signal, None) for signal in sorted(ruleset.reads(rule)))
            for of_class, signals in sorted(ruleset.reads_below(rule).items()):
                yield from ((location, "when", of_class, signal, None) for signal in sorted(signals))
            continue
        yield location, "signal", rule.asset_class, rule.signal, rule.unit
        if rule.reference is not None:
            yield location, "from", rule.asset_class, rule.reference, rule.unit
    for state in book.states:
        yield f"operating_state of {state.asset_class!r}", "signal", state.asset_class, state.signal, None
    for derived in book.derived:
        for signal in sorted(derived.value.reads):
            yield f"derived {derived.name!r}", "value", derived.asset_class, signal, None


def _near(name: str, known: Mapping[str, object], *, classes: bool = False) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return kept("did you mean {near!r}?", near=near[0])
    names = ", ".join(sorted(known))
    return kept("the classes are {names}", names=names) if classes else kept("its signals are {names}", names=names)
