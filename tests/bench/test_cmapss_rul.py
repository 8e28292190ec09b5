"""What the features of remaining life are, by hand, and what they must not know."""

import numpy as np
import pytest

from bench.cmapss_rul import Signals, change, features, judged, remaining, trailing


def fleet(count: int, seed: int = 1) -> list[np.ndarray]:
    """Engines of which two signals tell of the last hundred cycles, one of nothing, and one never varies."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        rows = int(rng.integers(110, 200))
        wear = np.exp(-np.arange(rows)[::-1] / 40.0).reshape(-1, 1)
        made.append(
            np.concatenate([rng.normal(0, 0.2, (rows, 3)) + wear * [3.0, -2.0, 0.0], np.full((rows, 1), 9.0)], 1)
        )
    return made


def test_means_are_of_the_last_rows() -> None:
    values = np.array([[2.0], [4.0], [9.0], [1.0]])
    assert trailing(values, 2).ravel().tolist() == [2.0, 3.0, 6.5, 5.0]


def test_a_change_is_the_rise_of_the_line_over_the_window() -> None:
    assert change(np.array([[1.0], [3.0], [5.0], [7.0]]), 3).ravel().tolist() == pytest.approx([0.0, 6.0, 6.0, 6.0])
    # Through 0, 3, 0 the line is flat.
    assert change(np.array([[0.0], [3.0], [0.0]]), 3)[-1, 0] == pytest.approx(0.0)


def test_what_is_left_is_capped() -> None:
    assert remaining(200)[[0, 74, 75, 199]].tolist() == [125.0, 125.0, 124.0, 0.0]


def test_without_age_nothing_counts_cycles() -> None:
    signals = Signals.of(fleet(10))
    still = np.tile(fleet(1)[0][0], (150, 1))
    known = features(signals, still, age=False)
    assert np.ptp(known, axis=0).max() < 1e-9
    assert features(signals, still, age=True)[:, -1].tolist() == list(range(1, 151))


def test_a_row_knows_nothing_of_those_after_it() -> None:
    signals = Signals.of(fleet(10))
    whole = fleet(1, seed=2)[0]
    assert features(signals, whole, age=True)[:60] == pytest.approx(features(signals, whole[:60], age=True))


def test_errors_are_told_capped_and_raw() -> None:
    said = judged([120.0, 10.0], [135.0, 10.0])
    assert said["rmse_capped"] == pytest.approx(round((5**2 / 2) ** 0.5, 2))
    assert said["rmse_raw"] == pytest.approx(round((15**2 / 2) ** 0.5, 2))
