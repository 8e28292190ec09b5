"""Eight generators at once, killed at random: every occurrence is made once, none is left out."""

from datetime import UTC, datetime

import pytest

from tests.db.planning import killed_generators
from workorder_core.planning.plans import AfterOutage, ByCalendar, MaintenancePlan, ObjectKind, WhenOpen

BEGUN, DAYS = datetime(2026, 3, 2, 9, tzinfo=UTC), 120


def a_plan(index: int) -> MaintenancePlan:
    rule = ("FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=WEEKLY;BYDAY=MO,FR")[index % 4]
    return MaintenancePlan(
        code=f"P{index}",
        site="NTH",
        title="Look",
        object=ObjectKind.ASSET,
        objects=(f"P-10{index % 8 + 1}",),
        calendar=ByCalendar(rule=rule, starts=datetime(2026, 1, 31, 2, 30)),
        when_open=WhenOpen.STACK,
        after_outage=AfterOutage.CATCH_UP,
        lead_days=index % 5,
    )


@pytest.mark.slow
def test_eight_generators_that_are_killed_at_random_make_every_occurrence_once(database):
    of = [a_plan(index) for index in range(16)]
    found = killed_generators.run(database, of, begun=BEGUN, days=DAYS, seconds=30)
    assert found.exact, found
    assert found.occurrences > 200
    assert found.killed >= 8
