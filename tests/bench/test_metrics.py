"""The published metrics against cases worked by hand."""

import math
from typing import Any

import pytest

from bench.cmapss import report
from bench.cmapss_rul import phm08, rmse
from bench.metrics_labels import Rows, count_events, count_rows, episodes
from bench.metrics_nab import PROFILES, best_threshold, normalised, raw_score, sigmoid
from bench.skab import change_windows


def test_rows_are_counted_and_rated() -> None:
    rows = count_rows([False, False, True, True, True, False], [False, True, True, True, False, False])
    assert rows == Rows(hit=2, false=1, missed=1, quiet=2)
    assert rows.f1 == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert rows.far == pytest.approx(100 / 3)
    assert rows.mar == pytest.approx(100 / 3)


def test_alarming_everything_has_the_f1_of_its_share_of_faults() -> None:
    rows = count_rows([True] * 35 + [False] * 65, [True] * 100)
    assert (rows.f1, rows.far, rows.mar) == (pytest.approx(70 / 135), 100.0, 0.0)


def test_an_alarm_that_touches_a_fault_is_not_a_false_episode() -> None:
    truth = [False, False, True, True, False, False, False]
    alarm = [False, True, True, False, False, True, True]
    assert episodes(alarm) == [(1, 3), (5, 7)]
    events = count_events(truth, alarm)
    assert (events.detected, events.of, events.delays, events.false_episodes) == (1, 1, (0,), 1)
    assert events.normal_rows == 5


def test_the_nab_sigmoid_is_one_early_zero_at_the_end_and_minus_one_far_after() -> None:
    assert sigmoid(-1.0) == pytest.approx(2 / (1 + math.exp(-5)) - 1)
    assert sigmoid(0.0) == 0.0
    assert sigmoid(3.5) == -1.0


def test_nab_scores_a_perfect_a_silent_and_a_late_detector() -> None:
    standard = PROFILES["standard"]
    windows = [(10, 19)]
    assert normalised(raw_score([10], windows, standard), 1, standard) == pytest.approx(100.0)
    assert normalised(raw_score([], windows, standard), 1, standard) == 0.0
    # The last row of ten lies a tenth of the window before its end; only the earliest detection counts.
    assert raw_score([19], windows, standard) == pytest.approx(sigmoid(-0.1) / sigmoid(-1.0))
    assert raw_score([12, 19], windows, standard) == pytest.approx(sigmoid(-0.8) / sigmoid(-1.0))


def test_nab_makes_a_false_detection_cost_more_the_further_it_is_from_a_window() -> None:
    standard, low_fp = PROFILES["standard"], PROFILES["low_fp"]
    windows = [(10, 19)]
    assert raw_score([5, 10], windows, standard) == pytest.approx(1.0 - 0.11)
    assert raw_score([5, 10], windows, low_fp) == pytest.approx(1.0 - 0.22)
    assert raw_score([10, 22], windows, standard) == pytest.approx(1.0 + 0.11 * sigmoid(3 / 9))
    assert raw_score([10, 90], windows, standard) == pytest.approx(1.0 - 0.11)
    assert raw_score([3, 10], windows, standard, probation=5) == pytest.approx(1.0)


def test_the_threshold_is_the_one_that_scores_best_over_all_series() -> None:
    series = [([0.1, 0.2, 0.9, 0.2], [(2, 3)], 0), ([0.3, 0.1, 0.1, 0.8], [(3, 3)], 0)]
    assert best_threshold(series, PROFILES["standard"]) == (0.8, pytest.approx(100.0))


def test_change_points_are_given_a_minute_to_their_right() -> None:
    change = [k in (5, 40, 200) for k in range(230)]
    assert change_windows(change) == [(5, 39), (40, 100), (200, 229)]
    assert change_windows([False] * 5) == []


def test_late_predictions_cost_more_than_early_ones() -> None:
    assert rmse([10, 20], [13, 24]) == pytest.approx(math.sqrt((9 + 16) / 2))
    assert phm08([20], [10]) == pytest.approx(math.e - 1)
    assert phm08([10], [23]) == pytest.approx(math.e - 1)


def test_leads_are_counted_from_the_alarm_to_the_last_cycle() -> None:
    fleet: Any = {unit: [None] * 200 for unit in (1, 2, 3, 4)}
    said = report({1: 150, 2: 195, 3: None, 4: 60}, fleet)
    assert (said["missed"], said["false"], said["lead_min"], said["lead_max"]) == (2, 1, 5, 140)
