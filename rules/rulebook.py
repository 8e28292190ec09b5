"""The rulebook: limits and operating states per asset class in TOML, checked whole before any of it is used."""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rules.operating_state import StateRule
from rules.threshold import Threshold
from workorder_core.words import FailureMode, OperatingState, Severity

DEFAULT_MAX_GAP_US = 15 * 60_000_000
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|min|h|d)$")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_THRESHOLD_KEYS = {
    "id", "asset_class", "signal", "raise_at", "clear_below", "clear_above", "for", "max_gap", "states", "component",
    "failure_mode", "severity", "enabled",
}  # fmt: skip
_STATE_KEYS = {"asset_class", "signal", "running_above", "stopped_below", "settle", "max_gap"}
_TOP_KEYS = {"threshold", "operating_state", "component_of_signal"}


class WrongRulebook(ValueError):
    """A rulebook that cannot be used: says the document, the rule, the key and the mend."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(f"{source}: {place}: {problem}")
        self.source, self.place, self.problem = source, place, problem


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of a plant at one version.

    Parameters
    ----------
    document
        The document as it was read, for the log of inputs; ``version`` is a hash of it.
    component_of_signal
        By asset class: the component that a signal tells of, so that a model's finding can name one.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    version: str = "none"
    thresholds: tuple[Threshold, ...] = ()
    states: tuple[StateRule, ...] = ()
    component_of_signal: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def thresholds_for(self, asset_class: str) -> tuple[Threshold, ...]:
        return tuple(rule for rule in self.thresholds if rule.asset_class == asset_class)

    def state_rule_for(self, asset_class: str) -> StateRule | None:
        return next((rule for rule in self.states if rule.asset_class == asset_class), None)


EMPTY = Rulebook()


def read(path: Path) -> Rulebook:
    """Read a rulebook file. Raises WrongRulebook with file, rule, key and mend."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongRulebook(str(path), "file", "there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongRulebook(str(path), "TOML", str(error)) from None
    return parse(document, source=str(path))


def parse(document: Mapping[str, Any], *, source: str = "rulebook") -> Rulebook:
    """Check a document and make a rulebook of it. Nothing of a wrong document is used."""
    if not document:
        return EMPTY
    _known(document, _TOP_KEYS, source, "the document")
    thresholds = [
        _threshold(_Table(table, source, f"threshold {i}")) for i, table in _tables(document, "threshold", source)
    ]
    states = [
        _state(_Table(table, source, f"operating_state {i}"))
        for i, table in _tables(document, "operating_state", source)
    ]
    ids = [rule.id for rule in thresholds if rule is not None]
    for twice in {each for each in ids if ids.count(each) > 1}:
        raise WrongRulebook(source, f"threshold {twice!r}", "the id is used twice; give each rule its own")
    classes = [rule.asset_class for rule in states]
    for twice in {each for each in classes if classes.count(each) > 1}:
        raise WrongRulebook(source, f"operating_state of {twice!r}", "a class has one operating state rule; join them")
    components = document.get("component_of_signal", {})
    if not isinstance(components, Mapping) or not all(map(_texts, components.values())):
        raise WrongRulebook(source, "component_of_signal", "must be a table per asset class of signal = component")
    return Rulebook(
        document=document,
        version=hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12],
        thresholds=tuple(rule for rule in thresholds if rule is not None),
        states=tuple(states),
        component_of_signal=components,
    )


class _Table:
    """One table of the document, with its place for errors."""

    def __init__(self, table: Any, source: str, place: str) -> None:
        self.source, self.place = source, place
        if not isinstance(table, Mapping):
            raise WrongRulebook(source, place, "must be a table")
        self.table = table
        if isinstance(table.get("id"), str):
            self.place = f"threshold {table['id']!r}"

    def wrong(self, key: str, problem: str) -> WrongRulebook:
        return WrongRulebook(self.source, self.place, f"{key}: {problem}")

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "is missing; it must be a text")
        return value

    def number(self, key: str) -> float:
        value = self.table.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(key, "is missing; it must be a number in the signal's unit")
        return float(value)

    def duration_us(self, key: str, default: int) -> int:
        value = self.table.get(key)
        if value is None:
            return default
        found = _DURATION.match(value) if isinstance(value, str) else None
        if found is None:
            raise self.wrong(key, f'{value!r} is no duration; write it like "30 s", "5 min", "2 h" or "1 d"')
        return round(float(found[1]) * _SECONDS[found[2]] * 1_000_000)

    def one_of(self, key: str, names: Mapping[str, Any], default: str | None = None) -> Any:
        value = self.table.get(key, default)
        if not isinstance(value, str) or value not in names:
            raise self.wrong(key, f"{value!r} is not known; use one of {', '.join(names)}")
        return names[value]


def _threshold(table: _Table) -> Threshold | None:
    _known(table.table, _THRESHOLD_KEYS, table.source, table.place)
    enabled = table.table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise table.wrong("enabled", "must be true or false")
    if not enabled:
        return None
    raise_at = table.number("raise_at")
    sides = [key for key in ("clear_below", "clear_above") if key in table.table]
    if len(sides) != 1:
        raise table.wrong(
            "clear_below", "give clear_below for an upper limit, or clear_above for a lower one, not both"
        )
    clear_at = table.number(sides[0])
    if sides[0] == "clear_below" and not clear_at < raise_at:
        raise table.wrong("clear_below", f"({clear_at}) must be lower than raise_at ({raise_at})")
    if sides[0] == "clear_above" and not clear_at > raise_at:
        raise table.wrong("clear_above", f"({clear_at}) must be higher than raise_at ({raise_at})")
    states = table.table.get("states", ["running", "unknown"])
    known = {state.value: state for state in OperatingState}
    if not isinstance(states, list) or not states or not {*map(str, states)} <= {*known}:
        raise table.wrong("states", f"must be a list of {', '.join(known)}")
    return Threshold(
        id=table.text("id"),
        asset_class=table.text("asset_class"),
        signal=table.text("signal"),
        raise_at=raise_at,
        clear_at=clear_at,
        for_us=table.duration_us("for", 0),
        max_gap_us=table.duration_us("max_gap", DEFAULT_MAX_GAP_US),
        states=frozenset(known[state] for state in states),
        component=table.text("component"),
        failure_mode=table.one_of("failure_mode", {mode.value: mode for mode in FailureMode}),
        severity=table.one_of("severity", {each.name.lower(): each for each in Severity}),
    )


def _state(table: _Table) -> StateRule:
    _known(table.table, _STATE_KEYS, table.source, table.place)
    try:
        return StateRule(
            asset_class=table.text("asset_class"),
            signal=table.text("signal"),
            running_above=table.number("running_above"),
            stopped_below=table.number("stopped_below"),
            settle_us=table.duration_us("settle", 0),
            max_gap_us=table.duration_us("max_gap", DEFAULT_MAX_GAP_US),
        )
    except WrongRulebook:
        raise
    except ValueError as error:
        raise table.wrong("stopped_below", str(error)) from None


def _tables(document: Mapping[str, Any], key: str, source: str) -> list[tuple[int, Any]]:
    tables = document.get(key, [])
    if not isinstance(tables, list):
        raise WrongRulebook(source, key, f"must be a list of tables; write [[{key}]]")
    return list(enumerate(tables, start=1))


def _texts(table: object) -> bool:
    return isinstance(table, Mapping) and all(isinstance(value, str) for value in table.values())


def _known(table: Mapping[str, Any], keys: set[str], source: str, place: str) -> None:
    for key in table:
        if key not in keys:
            raise WrongRulebook(source, place, f"{key!r} is not a key here; the keys are {', '.join(sorted(keys))}")
