"""The engine's own alarms: which stand, from what is known of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workorder_core.alarms.engine_alarms import Facts, spoken, standing

NOW = datetime(2026, 11, 26, 1, tzinfo=UTC)
WELL: dict[str, Any] = {"state": "judging", "age_s": 0.5, "lag_s": 0.2, "lag_limit_s": 60.0}


def fenced(minutes: float) -> tuple[str, str, datetime]:
    return "old-host, process 7", "new-host, process 9", NOW - timedelta(minutes=minutes)


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all is well": ({}, []),
    "it never ran": ({"state": None}, ["never_ran"]),
    "it was stopped": ({"state": "stopped"}, ["stopped"]),
    "it is silent": ({"state": "silent", "age_s": 400}, ["silent"]),
    "it is behind": ({"state": "behind", "lag_s": 90}, ["behind"]),
    "a process was fenced off": ({"fenced_off": fenced(59)}, ["fenced_off"]),
    "that is told for an hour": ({"fenced_off": fenced(61)}, []),
    "a few refusals are no growth": ({"refused": 9}, []),
    "ten are": ({"refused": 10}, ["quarantine_grows"]),
    "the worst comes first": (
        {"state": "silent", "fenced_off": fenced(1), "refused": 1000}, ["silent", "fenced_off", "quarantine_grows"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES)
def test_which_stand(facts, expected):
    assert [each.code for each in standing(Facts(**WELL | facts), now=NOW)] == expected


def test_they_say_what_is_known_and_what_to_do():
    silent, told, grows = standing(
        Facts(**WELL | {"state": "silent", "age_s": 400, "fenced_off": fenced(3), "refused": 1000}), now=NOW
    )
    assert "last heard of 7 minutes ago" in silent.problem
    assert "old-host, process 7 was stopped, because new-host, process 9 has taken over" in told.problem
    assert "1000 or more kinds" in grows.problem
    assert all(each.action and not each.action.endswith(".") for each in (silent, told, grows))


def test_a_time_is_told_by_its_greatest_unit():
    assert [spoken(each) for each in (0.4, 119, 120, 7199, 7200, 200_000)] == [
        "0 seconds", "119 seconds", "2 minutes", "120 minutes", "2 hours", "2 days",
    ]  # fmt: skip
