from datetime import UTC, datetime, timedelta

import pytest

from workorder_core.intake import priority
from workorder_core.orders import targets
from workorder_core.words import Criticality, OrderType, Priority, Severity

#                 low        medium     high       critical
TABLE = """
DEGRADING         LOW        LOW        MEDIUM     MEDIUM
MALFUNCTION       LOW        MEDIUM     HIGH       HIGH
SAFETY            EMERGENCY  EMERGENCY  EMERGENCY  EMERGENCY
"""
CASES = [
    (Severity[row.split()[0]], criticality, Priority[cell])
    for row in TABLE.strip().splitlines()
    for criticality, cell in zip(Criticality, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("severity", "criticality", "expected"), CASES)
def test_priority_is_criticality_times_severity_with_safety_on_top(severity, criticality, expected):
    urgency = priority.of_finding(criticality, severity)
    assert urgency.priority is expected
    assert urgency.reason.startswith(expected.name.capitalize())
    assert urgency.reason.endswith(".")


@pytest.mark.parametrize("severity", Severity)
def test_a_more_critical_asset_never_waits_longer(severity):
    row = [priority.of_finding(criticality, severity).priority for criticality in Criticality]
    assert row == sorted(row, reverse=True)


@pytest.mark.parametrize("criticality", Criticality)
def test_a_worse_finding_never_waits_longer(criticality):
    column = [priority.of_finding(criticality, severity).priority for severity in Severity]
    assert column == sorted(column, reverse=True)


@pytest.mark.parametrize("kind", OrderType)
def test_every_type_of_order_has_a_priority(kind):
    assert priority.of_type(Criticality.HIGH, kind).reason


@pytest.mark.parametrize("criticality", Criticality)
def test_the_reason_says_how_critical_the_asset_is_in_plain_words(criticality):
    words = "critical" if criticality is Criticality.CRITICAL else f"of {criticality.name.lower()} criticality"
    for kind in (OrderType.PREDICTIVE, OrderType.INSPECTION):
        assert priority.of_type(criticality, kind).reason.endswith(f" is {words}.")


def test_planned_work_says_so():
    assert "planned inspection work" in priority.of_type(Criticality.HIGH, OrderType.INSPECTION).reason


def test_the_more_urgent_the_sooner():
    at = datetime(2026, 3, 2, tzinfo=UTC)
    due = [targets.due(each, at) for each in Priority]
    responses = [each.response for each in due if each.response is not None]
    assert len(responses) == len(Priority)
    assert responses == sorted(responses)
    assert responses[0] - at == timedelta(minutes=15)
    for each in due:
        in_order = [at, each.response_warn, each.response, each.completion_warn, each.completion]
        assert in_order == sorted(moment for moment in in_order if moment is not None)
