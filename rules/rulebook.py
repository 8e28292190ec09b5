"""The rulebook: limits and operating states per asset class in TOML, checked as a whole before any of it is used."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ingest import toml_text
from ingest.toml_text import NotToml
from rules import kinds, packs, patterns
from rules.expression import Expression
from rules.kinds import KINDS
from rules.operating_state import StateRule
from rules.patterns import Pattern
from rules.table import InvalidRulebook, Table, is_name, is_storable, known, tables
from rules.threshold import EVERY, Threshold
from workorder_core.sentences import kept

__all__ = ["EMPTY", "Derived", "InvalidRulebook", "Rulebook", "parse", "read"]

_STATE_KEYS = {"asset_class", "signal", "running_above", "stopped_below", "settle", "max_gap"}
_DERIVED_KEYS = {"asset_class", "name", "unit", "value", "max_gap"}
MOST_RULES = 200_000
MOST_OF_SIGNAL = 1_000
MOST_EXPRESSIONS = 200
"""Conditions and derived signals of an asset class."""
_TOP_KEYS = {*KINDS, "operating_state", "component_of_signal", "derived", "override", "pack", "pattern"}


@dataclass(frozen=True, slots=True)
class Derived:
    """A signal that is calculated from others, for rules to use; in ``unit``."""

    asset_class: str
    name: str
    unit: str
    value: Expression
    max_gap_us: int


class Override(NamedTuple):
    """A rule changed for one asset (``<site>/<asset>``); None where it is disabled for it."""

    rule: str
    asset: str
    instead: Threshold | None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of a plant at one version.

    Parameters
    ----------
    document
        The document as it was read, for the log of inputs; ``version`` is a hash of it, and of the packs it uses.
    component_of_signal
        By asset class: the component that a signal belongs to, so that a model's finding can name one.
    patterns
        The signals that are off together in a failure mode, so that a model's finding can name the likely one.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    version: str = "none"
    rules: tuple[Threshold, ...] = ()
    states: tuple[StateRule, ...] = ()
    derived: tuple[Derived, ...] = ()
    overrides: tuple[Override, ...] = ()
    component_of_signal: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    _by_class: dict[str, list[Threshold]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def patterns_for(self, asset_class: str) -> tuple[Pattern, ...]:
        return tuple(each for each in self.patterns if each.asset_class == asset_class)

    def rules_for(self, asset_class: str, asset: str | None = None) -> tuple[Threshold, ...]:
        """Return the rules of a class, with the overrides of one asset of it."""
        instead = {each.rule: each.instead for each in self.overrides if each.asset == asset}
        if not self._by_class:
            for each in self.rules:
                self._by_class.setdefault(each.asset_class, []).append(each)
        of_class = self._by_class.get(asset_class, ())
        return tuple(rule for each in of_class if (rule := instead.get(each.id, each)) is not None)

    @property
    def compares_assets(self) -> bool:
        """Return whether a rule compares several assets."""
        instead = (each.instead for each in self.overrides if each.instead is not None)
        return any(rule.reference == EVERY for rule in (*self.rules, *instead))

    @property
    def looks_below(self) -> bool:
        """Return whether a rule reads downstream assets."""
        instead = (each.instead for each in self.overrides if each.instead is not None)
        parts = (part for rule in (*self.rules, *instead) for part in (rule.expression, rule.clears))
        return any(part is not None and part.below for part in parts)

    @property
    def judges_late(self) -> bool:
        """Return whether a rule opens orders for late readings."""
        instead = (each.instead for each in self.overrides if each.instead is not None)
        return any(rule.late for rule in (*self.rules, *instead))

    def state_rule_for(self, asset_class: str) -> StateRule | None:
        return next((rule for rule in self.states if rule.asset_class == asset_class), None)

    def derived_for(self, asset_class: str) -> tuple[Derived, ...]:
        return tuple(each for each in self.derived if each.asset_class == asset_class)


EMPTY = Rulebook()


def read(path: Path) -> Rulebook:
    """Read a rulebook: a TOML file, or a folder whose ``*.toml`` are one rulebook together.

    Raises InvalidRulebook with file, rule, key and what to do.
    """
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise InvalidRulebook(str(path), "folder", kept("has no .toml file; write the rules into one, rules.toml"))
    documents = {str(file): _document(file) for file in files}
    if len(documents) == 1:
        source, document = next(iter(documents.items()))
        return parse(document, source=source)
    for source, document in documents.items():
        if document:
            parse({key: value for key, value in document.items() if key != "override"}, source=source)
    return parse(_joined(documents), source=str(path))


def parse(document: Mapping[str, Any], *, source: str = "rulebook") -> Rulebook:
    """Check a document and make a rulebook of it. No part of an invalid document is used. Raises InvalidRulebook."""
    if not document:
        return EMPTY
    known(document, _TOP_KEYS, source, "the document")
    from_packs = [packs.filled_in(table) for table in tables(document, "pack", source)]
    written = [(kind, table) for kind in KINDS for table in _of_kind(document, from_packs, kind, source)]
    ids = Counter(str(table.table.get("id")) for _, table in written)
    for kind, table in written:
        if "id" in table and ids[str(table.table["id"])] > 1:
            raise InvalidRulebook(
                source, f"{kind} {table.table.get('id')!r}", kept("the id is used twice; give each rule its own")
            )
    _check_sizes(written, [*tables(document, "derived", source), *tables(document, "override", source)], source)
    made = [kinds.rule(kind, table) for kind, table in written]
    states = [_state(table) for table in tables(document, "operating_state", source)]
    classes = [rule.asset_class for rule in states]
    for twice in (each for each, times in Counter(classes).items() if times > 1):
        raise InvalidRulebook(
            source, f"operating_state of {twice!r}", kept("a class has one operating state rule; join them")
        )
    components = document.get("component_of_signal", {})
    if not isinstance(components, Mapping) or not all(
        is_storable(key) and _texts(components[key]) for key in components
    ):
        raise InvalidRulebook(
            source, "component_of_signal", kept("must be a table per asset class of signal = component")
        )
    hashed = [document, from_packs] if from_packs else document
    derived = tuple(_derived(table) for table in tables(document, "derived", source))
    _check_late([rule for rule in made if rule is not None], derived, source)
    return Rulebook(
        document=document,
        version=hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()[:12],
        rules=tuple(rule for rule in made if rule is not None),
        states=tuple(states),
        derived=derived,
        overrides=tuple(_override(table, written) for table in tables(document, "override", source)),
        component_of_signal=components,
        patterns=_patterns(document, from_packs, source),
    )


def _check_late(rules: Sequence[Threshold], derived: Sequence[Derived], source: str) -> None:
    """Refuse a late rule on a derived signal, which never arrives.  Raises InvalidRulebook."""
    calculated = {(each.asset_class, each.name) for each in derived}
    for rule in rules:
        if rule.late and (rule.asset_class, rule.signal) in calculated:
            problem = kept(
                "late: {signal!r} is calculated from other signals, and never late itself; leave it out",
                signal=rule.signal,
            )
            raise InvalidRulebook(source, f"threshold {rule.id!r}", problem)


def _check_sizes(written: Sequence[tuple[str, Table]], others: Sequence[Table], source: str) -> None:
    """Raise InvalidRulebook for a document that would make a reading, or a change of the document, too expensive."""
    if len(written) + len(others) > MOST_RULES:
        problem = kept(
            "has {count:,} rules, derived signals and overrides; {most:,} is the most",
            count=len(written) + len(others),
            most=MOST_RULES,
        )
        raise InvalidRulebook(
            source,
            "the document",
            kept("{problem}: write one rule for a class, not one for each asset", problem=problem),
        )
    of_class = Counter(str(table.table.get("asset_class")) for kind, table in written if kind == "expression")
    of_class.update(str(table.table.get("asset_class")) for table in others if "value" in table)
    of_signal = Counter((str(table.table.get("asset_class")), str(table.table.get("signal"))) for _, table in written)
    for name, count in of_class.items():
        if count > MOST_EXPRESSIONS:
            problem = kept(
                "has {count:,} expressions; {most} is the most: a reading may evaluate all of them",
                count=count,
                most=MOST_EXPRESSIONS,
            )
            raise InvalidRulebook(source, f"asset class {name!r}", problem)
    for (name, signal), count in of_signal.items():
        if count > MOST_OF_SIGNAL:
            problem = kept(
                "has {count:,} rules on the signal {signal!r}; {most:,} is the most",
                count=count,
                signal=signal,
                most=MOST_OF_SIGNAL,
            )
            raise InvalidRulebook(source, f"asset class {name!r}", problem)


def _patterns(
    document: Mapping[str, Any], from_packs: list[dict[str, list[dict[str, Any]]]], source: str
) -> tuple[Pattern, ...]:
    made = [patterns.pattern(table) for table in _of_kind(document, from_packs, "pattern", source)]
    return tuple(each for each in made if each is not None)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return toml_text.read(path)
    except NotToml as error:
        raise InvalidRulebook(str(path), "TOML" if error.is_read else "file", error.problem) from None


def _joined(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for source, document in documents.items():
        for key, value in document.items():
            if isinstance(value, list):
                joined[key] = [*joined.get(key, []), *value]
            elif isinstance(value, Mapping):
                before = joined.setdefault(key, {})
                joined[key] = before | {name: before.get(name, {}) | more for name, more in value.items()}
            else:
                raise InvalidRulebook(source, key, kept("must be a table, or a list of tables"))
    return joined


def _of_kind(
    document: Mapping[str, Any], from_packs: list[dict[str, list[dict[str, Any]]]], kind: str, source: str
) -> list[Table]:
    of_packs = [
        Table(table, source, kind, number)
        for pack in from_packs
        for number, table in enumerate(pack.get(kind, []), start=1)
    ]
    return tables(document, kind, source) + of_packs


def _state(table: Table) -> StateRule:
    table.only(_STATE_KEYS)
    try:
        return StateRule(
            asset_class=table.name("asset_class"),
            signal=table.name("signal"),
            running_above=table.number("running_above"),
            stopped_below=table.number("stopped_below"),
            settle_us=table.duration_us("settle", 0),
            max_gap_us=table.duration_us("max_gap", kinds.DEFAULT_MAX_GAP_US),
        )
    except InvalidRulebook:
        raise
    except ValueError as error:
        raise table.wrong("stopped_below", str(error)) from None


def _derived(table: Table) -> Derived:
    table.only(_DERIVED_KEYS)
    return Derived(
        asset_class=table.name("asset_class"),
        name=table.name("name"),
        unit=table.name("unit", "1"),
        value=kinds.compiled(table, "value", float),
        max_gap_us=table.duration_us("max_gap", kinds.DEFAULT_MAX_GAP_US),
    )


def _override(table: Table, written: list[tuple[str, Table]]) -> Override:
    """Override keys of the rule that a table names, for one asset."""
    name, asset = table.name("rule"), table.name("asset")
    found = next(((kind, each) for kind, each in written if each.table.get("id") == name), None)
    if found is None:
        near = ", ".join(sorted(str(each.table.get("id")) for _, each in written)) or "none"
        raise table.wrong("rule", kept("there is no rule {name!r}; the rules are {near}", name=name, near=near))
    if "/" not in asset:
        raise table.wrong("asset", kept("{asset!r} is not an asset; write <site>/<asset>", asset=asset))
    kind, rule = found
    changed = {key: value for key, value in table.table.items() if key not in ("rule", "asset")}
    for fixed in ("id", "asset_class", "signal"):
        if fixed in changed:
            raise table.wrong(fixed, kept("cannot be overridden; write a rule of its own instead"))
    laid = Table({**rule.table, **changed}, table.source, kind, 1)
    laid.location = f"override of {name!r} for {asset}"
    return Override(name, asset, kinds.rule(kind, laid))


def _texts(table: object) -> bool:
    return isinstance(table, Mapping) and all(
        isinstance(value, str) and is_storable(key) and is_name(value) for key, value in table.items()
    )
