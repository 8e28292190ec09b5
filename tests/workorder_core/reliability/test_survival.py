from datetime import UTC, datetime, timedelta

import pytest

from workorder_core.reliability.survival import Survival

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BEARING = Survival(NOW, (10.0, 20.0, 40.0), (0.1, 0.5, 0.9))


@pytest.mark.parametrize(
    ("days", "failed"), [(-1, 0.0), (0, 0.0), (5, 0.05), (10, 0.1), (15, 0.3), (40, 0.9), (4000, 0.9)]
)
def test_the_probability_is_interpolated_and_unknown_beyond_its_end(days, failed):
    assert BEARING.failed_within(days) == pytest.approx(failed)


@pytest.mark.parametrize(("p", "days"), [(0.0, 0.0), (0.05, 5.0), (0.1, 10.0), (0.5, 20.0), (0.7, 30.0), (0.95, None)])
def test_a_quantile_is_the_inverse_and_none_beyond_what_is_known(p, days):
    assert BEARING.quantile(p) == (None if days is None else pytest.approx(days))
    assert BEARING.date(p) == (None if days is None else NOW + timedelta(days=days))


def test_an_asset_that_still_works_has_survived_the_days_that_passed():
    later = BEARING.given_works_at(NOW + timedelta(days=15))
    assert later is not None
    assert later.at == NOW + timedelta(days=15)
    assert later.days == (5.0, 25.0)
    assert later.failed == pytest.approx((0.2 / 0.7, 0.6 / 0.7))
    assert BEARING.given_works_at(NOW - timedelta(days=1)) == BEARING
    assert BEARING.given_works_at(NOW + timedelta(days=41)) is None


@pytest.mark.parametrize(
    ("days", "failed"),
    [((), ()), ((1.0,), (0.1, 0.2)), ((0.0, 1.0), (0.1, 0.2)), ((2.0, 1.0), (0.1, 0.2)), ((1.0, 2.0), (0.2, 0.1)),
     ((1.0,), (1.1,)), ((1.0,), (-0.1,)), ((1.0, float("nan")), (0.1, 0.2)), ((1.0,), (float("nan"),))],
)  # fmt: skip
def test_an_impossible_function_cannot_be_made(days, failed):
    with pytest.raises(ValueError, match="survival function"):
        Survival(NOW, days, failed)
