"""What people change of an order besides its status: by status and by whose order it is."""

import pytest

from tests.workorder_core.test_lifecycle import an_order
from workorder_core.errors import IllegalMove, NotAllowed
from workorder_core.orders import edits
from workorder_core.orders.edits import EDITS, Edit
from workorder_core.orders.lifecycle import FINAL
from workorder_core.people.access import Role, Who
from workorder_core.words import Status

PLANNER = Who("person:ada", frozenset({Role.PLANNER}))
HOLM = Who("person:holm", frozenset({Role.TECHNICIAN}), technician="holm")
OTHER = Who("person:bo", frozenset({Role.TECHNICIAN}), technician="bo")
ASKED = Who("person:requester", frozenset({Role.REQUESTER}))


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("edit", [Edit.FIELDS, Edit.STEPS, Edit.PARTS, Edit.FILES, Edit.UNLINK])
def test_an_order_that_has_ended_stays_as_it_is_even_for_planners(edit, status):
    with pytest.raises(IllegalMove):
        edits.permit(an_order(status), edit, PLANNER)


@pytest.mark.parametrize("status", Status)
def test_remarks_and_orders_that_follow_are_always_possible(status):
    for edit in (Edit.REMARKS, Edit.FOLLOW_UP):
        edits.permit(an_order(status), edit, OTHER)
    for edit in (Edit.LINK, Edit.PRICES):
        edits.permit(an_order(status), edit, PLANNER)


@pytest.mark.parametrize("edit", [Edit.FIELDS, Edit.STEPS, Edit.PARTS, Edit.FILES, Edit.LINK, Edit.UNLINK])
def test_an_order_that_somebody_has_is_not_another_technicians_to_change(edit):
    order = an_order(Status.IN_PROGRESS, assignee="holm", requested_by=ASKED.actor)
    with pytest.raises(NotAllowed):
        edits.permit(order, edit, OTHER)
    if EDITS[edit].technician:
        edits.permit(order, edit, HOLM)


def test_who_asked_for_work_adds_files_and_changes_the_request_until_it_is_approved():
    draft, open_ = (an_order(each, assignee=None, requested_by=ASKED.actor) for each in (Status.DRAFT, Status.OPEN))
    edits.permit(draft, Edit.FIELDS, ASKED)
    edits.permit(open_, Edit.FILES, ASKED)
    for edit in (Edit.FIELDS, Edit.STEPS, Edit.PARTS):
        with pytest.raises(NotAllowed):
            edits.permit(open_, edit, ASKED)


def test_every_edit_has_a_rule():
    assert EDITS.keys() == set(Edit)
