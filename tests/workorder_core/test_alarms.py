"""The figures of ISA-18.2, counted by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from workorder_core.alarms.alarms import Alarm, alarm_metrics
from workorder_core.words import Severity

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def alarm(
    minute: float, source="rule:a", *, asset="S/A", severity=Severity.DEGRADING, lasts: float | None = 1.0
) -> Alarm:
    at = START + minute * MINUTE
    return Alarm(
        asset=asset, source=source, severity=severity, raised_at=at,
        cleared_at=None if lasts is None else at + lasts * MINUTE,
    )  # fmt: skip


def day(*alarms: Alarm):
    return alarm_metrics(alarms, START, START + DAY)


def each(count: int, begin: float, every: float) -> list[Alarm]:
    return [alarm(begin + every * number, f"rule:{number}") for number in range(count)]


def test_a_quiet_day():
    found = day()
    assert (found.alarms, found.per_10_min, found.peak_10_min, found.periods) == (0, 0.0, 0, 144)
    assert (found.periods_above_10, found.floods, found.stale, found.top, found.chattering) == (0, 0, 0, (), ())


def test_averages_and_peaks():
    found = day(*each(144, 0, 10), alarm(15), alarm(16))
    assert (found.alarms, found.per_10_min, found.per_day) == (146, 146 / 144, 146.0)
    assert found.peak_10_min == 3


@pytest.mark.parametrize(
    ("alarms", "floods", "periods"),
    [
        (each(10, 0, 0.5), 0, 0),
        (each(11, 0, 0.5), 1, 1),
        ([*each(11, 0, 0.5), *each(5, 10, 1), *each(11, 20, 0.5)], 1, 2),
        ([*each(11, 0, 0.5), *each(4, 10, 1), *each(11, 20, 0.5)], 2, 2),
        ([*each(11, 0, 0.5), *each(11, 20, 0.5)], 2, 2),
    ],
    ids=["ten are none", "eleven are one", "five keep it up", "four end it", "silence ends it"],
)
def test_floods(alarms, floods, periods):
    found = day(*alarms)
    assert (found.floods, found.periods_above_10) == (floods, periods)


def test_what_chatters_comes_three_times_within_a_minute():
    found = day(alarm(0), alarm(0.5), alarm(1), alarm(0, "rule:b"), alarm(0.6, "rule:b"), alarm(1.2, "rule:b"))
    assert found.chattering == (("S/A", "rule:a"),)


def test_stale_is_what_has_stood_for_more_than_a_day():
    found = day(alarm(-1, lasts=None), alarm(-1, lasts=1441), alarm(-1, lasts=1442), alarm(0, lasts=None))
    assert found.stale == 2
    assert found.alarms == 1


def test_the_ten_most_frequent_and_the_severities():
    alarms = [alarm(10 * number, f"rule:{number % 12:02}", severity=Severity.SAFETY) for number in range(26)]
    found = day(*alarms)
    assert found.top[:3] == (("S/A", "rule:00", 3), ("S/A", "rule:01", 3), ("S/A", "rule:02", 2))
    assert len(found.top) == 10
    assert dict(found.by_severity) == {Severity.DEGRADING: 0, Severity.MALFUNCTION: 0, Severity.SAFETY: 26}


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="not after it begins"):
        alarm_metrics([], START, START)
