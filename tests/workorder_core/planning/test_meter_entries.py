"""Counts that people enter: what fits between the known ones, and the sentence for what does not."""

from datetime import datetime, timedelta

import pytest

from workorder_core.planning.meter_entries import Count, CountRefused, check

AT = datetime(2026, 3, 2, 8)
HOUR = timedelta(hours=1)


def count(at_hour: float, value: float, **facts) -> Count:
    return Count(at=AT + at_hour * HOUR, count=value, **facts)


FIT = {
    "the first count of all": (count(1, 5), None, None),
    "the same count: it stood still": (count(1, 100), count(0, 100), None),
    "a higher one": (count(1, 120), count(0, 100), None),
    "the same one again": (count(0, 100), count(0, 100), None),
    "a new meter's first count": (count(1, 3, exchanged=True), count(0, 100), None),
    "a new meter that shows more": (count(1, 900, exchanged=True), count(0, 100), None),
    "the old meter's last count at the moment of the exchange": (
        count(1, 120),
        count(0, 100),
        count(1, 3, exchanged=True),
    ),
    "the first after a rollover": (count(1, 3, rolled_over=True), count(0, 9990), None),
    "late, between two": (count(1, 110), count(0, 100), count(2, 120)),
    "late, before a new meter": (count(1, 110), count(0, 100), count(2, 5, exchanged=True)),
    "late, before a rollover": (count(1, 9995), count(0, 9990), count(2, 5, rolled_over=True)),
    "late, after the rollover": (count(1, 2, rolled_over=True), count(0, 9990), count(2, 5, rolled_over=True)),
    "late, where a device began anew": (count(1, 110), count(0, 100), count(2, 5)),
}


@pytest.mark.parametrize("case", FIT)
def test_a_count_fits(case: str) -> None:
    check(*FIT[case], now=AT + 3 * HOUR)


AGAIN = ": read the meter again, or say that it was exchanged or has rolled over"
WITHOUT = ": enter the count without it"
REFUSED = {
    "mistyped": (
        count(1, 412), count(0, 4120.5), None, "count",
        "412 is lower than the last count, 4120.5 at 2026-03-02 08:00" + AGAIN,
    ),
    "late, lower than the one before": (
        count(1, 90), count(0, 100), count(2, 120), "count",
        "90 is lower than the last count, 100 at 2026-03-02 08:00" + AGAIN,
    ),
    "late, higher than the one after": (
        count(1, 130), count(0, 100), count(2, 120), "count",
        "130 is higher than the next count, 120 at 2026-03-02 10:00: correct the count or its time",
    ),
    "late, before the first": (
        count(1, 130), None, count(2, 120), "count",
        "130 is higher than the next count, 120 at 2026-03-02 10:00: correct the count or its time",
    ),
    "a late new meter that shows more than it did later": (
        count(1, 130, exchanged=True), count(0, 100), count(2, 120), "count",
        "130 is higher than the next count, 120 at 2026-03-02 10:00: correct the count or its time",
    ),
    "no rollover": (
        count(1, 120, rolled_over=True), count(0, 100), None, "rolled_over",
        "120 is not lower than the last count, 100 at 2026-03-02 08:00, so the meter has not rolled over" + WITHOUT,
    ),
    "another count at the same moment": (
        count(0, 120), count(0, 100), None, "at",
        "the count at 2026-03-02 08:00 is known already, 100: enter this one with the time at which it was read",
    ),
    "a moment to come": (count(4, 120), count(0, 100), None, "at", "choose a time that has passed"),
    "both reasons": (
        count(1, 3, exchanged=True, rolled_over=True), count(0, 100), None, "rolled_over",
        "a new meter has not rolled over: choose one of the two",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_count_is_refused_with_what_to_do(case: str) -> None:
    entered, before, after, field, said = REFUSED[case]
    with pytest.raises(CountRefused) as refused:
        check(entered, before, after, now=AT + 3 * HOUR)
    assert (refused.value.field, str(refused.value)) == (field, said)
