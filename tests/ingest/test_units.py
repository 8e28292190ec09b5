"""A value in another unit is the same measurement."""

import pytest

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


@pytest.mark.parametrize("pair", [("degC", "bar"), ("furlong", "mm"), ("mm", "furlong"), ("", "mm")])
def test_what_nothing_converts(pair):
    assert units.factor(*pair) is None
