"""What a pattern of signals is said to be, and that it is said only where it is."""

import pytest

from rules import patterns
from rules.rulebook import InvalidRulebook, parse
from workorder_core.intake.findings import Sign
from workorder_core.words import FailureMode

PUMP = parse({"pack": [{"use": "failure-patterns-pump", "asset_class": "pump"}]}).patterns_for("pump")


def signs(**off: float) -> list[Sign]:
    """Signals with the part of the finding that each is, below zero where it is too low."""
    total = sum(abs(each) for each in off.values())
    return [
        Sign(
            signal=name,
            value=1.0 if part > 0 else -1.0,
            unit="1",
            usual_low=-0.5,
            usual_high=0.5,
            share=abs(part) / total,
        )
        for name, part in off.items()
    ]


@pytest.mark.parametrize(
    ("off", "mode", "component"),
    [
        ({"vibration": 1.0, "flow": 0.02}, "VIB", ""),
        ({"vibration": 0.6, "bearing_temp": 0.4}, "VIB", "bearing"),
        ({"bearing_temp": 0.5, "bearing_temp_radial": 0.3, "flow": -0.01}, "OHE", "bearing"),
        ({"flow": -0.5, "vibration": 0.4}, "LOO", "impeller"),
        ({"flow": -0.5, "discharge_pressure": -0.5}, "LOO", "impeller"),
        ({"flow": -0.5, "discharge_pressure": 0.5}, "PLU", "discharge"),
        ({"flow": 0.5, "discharge_pressure": -0.5}, "ELP", "discharge"),
        ({"flow": -0.5, "motor_current": 0.5}, "INL", "wear_ring"),
    ],
)
def test_a_pump_says_what_it_is_likely_to_suffer_from(off, mode, component):
    found = patterns.likely(PUMP, signs(**off))
    assert found is not None
    assert (found.pattern.failure_mode, found.pattern.component) == (FailureMode(mode), component)
    assert patterns.LEAST <= found.alike <= 1.0 + 1e-9


@pytest.mark.parametrize(
    "off",
    [
        {"oil_level": 1.0},
        {"vibration": -1.0},
        {"flow": 1.0},
        {"flow": 0.3, "vibration": -0.4, "oil_temp": -0.3},
        {"vibration": 0.4, "voltage": 0.6},
    ],
)
def test_what_is_like_nothing_known_is_unknown(off):
    assert patterns.likely(PUMP, signs(**off)) is None


def test_two_that_say_different_things_and_are_alike_say_nothing():
    book = parse(
        {
            "pattern": [
                {"id": "a", "asset_class": "pump", "signals": {"x": "up"}, "failure_mode": "VIB"},
                {"id": "b", "asset_class": "pump", "signals": {"*": "either"}, "failure_mode": "OHE"},
            ]
        }
    )
    assert patterns.likely(book.patterns, signs(x=1.0)) is None
    only = patterns.likely(book.patterns, signs(y=1.0))
    assert only is not None
    assert only.pattern.id == "b"


def test_a_pattern_of_another_class_says_nothing_and_one_that_is_off_neither():
    assert parse({"pack": [{"use": "failure-patterns-fan", "asset_class": "fan"}]}).patterns_for("pump") == ()
    off = {"id": "a", "asset_class": "pump", "signals": {"x": "up"}, "failure_mode": "VIB", "enabled": False}
    assert parse({"pattern": [off]}).patterns == ()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"signals": {"x": "above"}}, "'above'; use one of up, down, either"),
        ({"signals": {}}, "must be a table of names and directions"),
        ({"failure_mode": "BAD"}, "'BAD' is not known"),
        ({"signal": "x"}, "'signal' is not a known key"),
    ],
)
def test_a_wrong_pattern_names_its_place_and_the_mend(table, says):
    right = {"id": "a", "asset_class": "pump", "signals": {"x": "up"}, "failure_mode": "VIB"}
    with pytest.raises(InvalidRulebook) as caught:
        parse({"pattern": [right | table]})
    assert says in str(caught.value)
    assert "pattern 'a'" in str(caught.value)
