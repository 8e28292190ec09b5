"""Names of a rulebook can be stored and shown in a line; its numbers and durations can be reckoned with."""

from typing import Any

import pytest

from rules import rulebook
from rules.rulebook import InvalidRulebook

HOT: dict[str, Any] = {
    "id": "hot", "asset_class": "pump", "signal": "temp", "raise_at": 90, "clear_below": 80,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", ["a\0b", "\ud800", "a\nb", "x" * 201], ids=["NUL", "half a character", "lines", "long"]
)
@pytest.mark.parametrize("key", ["id", "asset_class", "signal", "component", "unit"])
def test_a_name_that_could_not_be_stored_or_shown_is_refused(key, name):
    with pytest.raises(InvalidRulebook, match=f"{key}: "):
        rulebook.parse({"threshold": [HOT | {key: name}]})


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_so_is_one_in_a_condition_and_one_of_a_component(name):
    condition = {each: HOT[each] for each in ("id", "asset_class", "component", "failure_mode", "severity")}
    with pytest.raises(InvalidRulebook, match="when: "):
        rulebook.parse({"expression": [condition | {"when": f"temp > 90 && 'a' != '{name}'"}]})
    with pytest.raises(InvalidRulebook, match="component_of_signal"):
        rulebook.parse({"component_of_signal": {"pump": {"temp": name}}})
    with pytest.raises(InvalidRulebook, match="component_of_signal"):
        rulebook.parse({"component_of_signal": {name: {"temp": "bearing"}}})


@pytest.mark.parametrize("key", ["raise_at", "clear_below"])
@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan")], ids=repr)
def test_a_limit_is_a_number_that_can_be_reckoned_with(key, number):
    with pytest.raises(InvalidRulebook, match=f"{key}: "):
        rulebook.parse({"threshold": [HOT | {key: number}]})


@pytest.mark.parametrize(
    "duration", ["9" * 400 + " s", "99999999999999 d", "36601 d"], ids=["400 digits", "ages", "a century"]
)
@pytest.mark.parametrize("key", ["for", "max_gap", "max_shelf"])
def test_a_duration_is_no_longer_than_a_hundred_years(key, duration):
    with pytest.raises(InvalidRulebook, match=f"{key}: .*hundred years"):
        rulebook.parse({"threshold": [HOT | {key: duration}]})
