"""Which open pages an event concerns."""

from uuid import UUID

import pytest

from workorder_core.notifying.altered import altered

ORDER = UUID(int=7)
OF_ORDER = ("order:00000000-0000-0000-0000-000000000007", "asset:3")
EVENTS = {
    "a step that lists show": (
        ("order.assigned", {"step": "assign", "assignee": "deniz", "old": {"assignee": None}}),
        ("order", "orders", "orders@NTH", "technician:deniz", *OF_ORDER),
    ),
    "who had the order sees it go": (
        ("order.assigned", {"step": "assign", "assignee": "sofia", "old": {"assignee": "deniz"}}),
        ("order", "orders", "orders@NTH", "technician:sofia", "technician:deniz", *OF_ORDER),
    ),
    "a comment is on the order's own page only": (
        ("order.changed", {"step": "comment", "assignee": "deniz", "old": {}}),
        ("order", "technician:deniz", *OF_ORDER),
    ),
    "a step that nobody has thought of alters lists": (
        ("order.changed", {"step": "blessed", "assignee": None, "old": None}),
        ("order", "orders", "orders@NTH", *OF_ORDER),
    ),
    "long work": (("run.started", {"run": "r-1"}), ("run", "run@NTH", "run:r-1", *OF_ORDER)),
    "an alarm": (("alarm.raised", {"assignee": "deniz"}), ("alarm", "alarm@NTH", *OF_ORDER)),
}


@pytest.mark.parametrize(("event", "names"), EVENTS.values(), ids=EVENTS)
def test_an_event_names_what_it_alters(event, names) -> None:
    kind, data = event
    assert altered(kind, site="NTH", asset_id=3, order_id=ORDER, data=data) == names


def test_what_concerns_the_whole_plant_has_no_site() -> None:
    assert altered("document.added", site=None, asset_id=None, order_id=None, data={}) == ("document",)
