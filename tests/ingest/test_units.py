"""A value in another unit is the same measurement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import units

CASES = {
    ("°C", "degC"): (20, 20), ("degF", "degC"): (212, 100), ("K", "degC"): (273.15, 0), ("degC", "degF"): (100, 212),
    ("bar", "kPa"): (1, 100), ("psi", "bar"): (14.503774, 1), ("L/min", "m3/h"): (100, 6), ("l/s", "L/min"): (1, 60),
    ("in/s", "mm/s"): (1, 25.4), ("g", "m/s2"): (1, 9.80665), ("Hz", "rpm"): (50, 3000), ("W", "kW"): (1500, 1.5),
    ("barrels", "barrels"): (3, 3),
}  # fmt: skip


@pytest.mark.parametrize(("pair", "values"), CASES.items(), ids=map(str, CASES))
def test_a_conversion(pair, values):
    how = units.factor(*pair)
    assert how is not None
    assert values[0] * how[0] + how[1] == pytest.approx(values[1], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("pair", [("degC", "bar"), ("wibble", "mm"), ("mm", "wibble"), ("", "mm")])
def test_what_nothing_converts(pair):
    assert units.factor(*pair) is None


LOOKED_UP = {
    ("ft", "m"): (0.3048, 0.0),
    ("inHg", "mbar"): (33.8639, 0.0),
    ("ft3/min", "m3/h"): (1.69901, 0.0),
    ("degR", "degC"): (5 / 9, -273.15),
    ("g", "kg"): (0.001, 0.0),
    ("kgf", "N"): (9.80665, 0.0),
}


@pytest.mark.parametrize(("given", "wanted"), LOOKED_UP)
def test_a_unit_that_is_not_in_the_table_is_looked_up(given, wanted):
    assert units.factor(given, wanted) == pytest.approx(LOOKED_UP[given, wanted], rel=1e-4)


@pytest.mark.parametrize("unit", ["9**9**9**9", "m" * 41, "ft + ft", "__import__", "furlong", "", "ft/0", "s", "m3**9"])
def test_what_does_not_convert_is_told_at_once(unit):
    assert units.factor(unit, "degC") is None


@given(st.text())
def test_no_text_of_a_device_raises(unit):
    assert units.factor(unit, "mbar") is None or units.spelled(unit)


FOLDED = {
    "degC": ["Celsius", "deg C", "DegC", "DEGC", "deg. C", "º C", "° C", "degrees Celsius"], "kPa": ["kpa", "KPA"],
    "L/min": ["L/MIN", "lpm"], "rpm": ["r/min", "U/min", "min-1", "min⁻¹", "min^-1", "Rpm"],
    "m3/h": ["M3/H", "m ³/h"], "kW": ["KW"],
    "mW": ["mW"], "mPa": ["mPa"], "mpa": ["mpa"], "S": ["S"], "Ma": ["Ma"], "MV": ["MV"],
}  # fmt: skip


@pytest.mark.parametrize(("unit", "said"), [(unit, said) for unit, spelled in FOLDED.items() for said in spelled])
def test_a_spelling_is_known_in_any_case_unless_case_says_the_size(unit, said):
    assert units.spelled(said) == unit


@given(st.sampled_from([unit for known in units._QUANTITIES.values() for unit in known]))
def test_a_known_unit_stays_itself(unit):
    assert units.spelled(unit) == unit
