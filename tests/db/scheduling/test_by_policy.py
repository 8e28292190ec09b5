"""Small changes are accepted by the site's own rules, all others are left for a planner."""

import pytest

from db.scheduling import by_policy, publishing, weeks, weights
from tests.db.scheduling.conftest import ACTOR, MONDAY, make_orders
from tests.db.scheduling.test_weeks import DAHL, HOUR, accepted, propose, visits_by_order
from workorder_core.scheduling.documents import InvalidWeights
from workorder_core.scheduling.policy import Policy, asks_a_planner, policy_of
from workorder_core.scheduling.weeks import Differences, State

ADDS = Policy(changes=frozenset({"assigned"}))
CHANGES = {
    "only new orders, not dearer": ((("1",), (), ()), frozenset(), 90.0, None),
    "nothing at all": (((), (), ()), frozenset(), 90.0, "nothing"),
    "something moves": ((("1",), ("2",), ()), frozenset(), 90.0, "kinds"),
    "somebody was told": ((("1",), (), ()), frozenset({"ann"}), 90.0, "1 people"),
    "dearer": ((("1",), (), ()), frozenset(), 101.0, "1.00 more"),
}


@pytest.mark.parametrize(("of", "told", "after", "why"), CHANGES.values(), ids=CHANGES)
def test_a_proposal_is_accepted_alone_or_says_why_a_planner_has_to_look(of, told, after, why):
    changes = Differences(assigned=of[0], moved=of[1], dropped=of[2])
    found = asks_a_planner(ADDS, changes, told, before=100.0, after=after)
    assert (found is None) if why is None else why in str(found)
    assert asks_a_planner(Policy(), changes, told, before=100.0, after=after) is not None


@pytest.mark.parametrize(
    "given", [[], {"x": 1}, {"changes": ["all"]}, {"people_told": -1}, {"costlier": "1"}, {"publish": 1}]
)
def test_a_policy_that_cannot_be_read_is_refused(given):
    with pytest.raises(InvalidWeights):
        policy_of({"accept_alone": given})


@pytest.mark.parametrize("publish", [True, False])
def test_new_orders_are_accepted_without_asking_and_published_where_that_is_allowed(conn, publish):
    plan = publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    make_orders(conn, 1)

    def asked():
        draft = propose(conn, MONDAY + HOUR)
        said: list[str] = []
        week = weeks.of_schedule(conn, draft, now=MONDAY + HOUR)
        changes, _ = weeks.compared(conn, draft)
        return by_policy.accept(conn, draft, week, changes, at=MONDAY + HOUR, log=said.append), said

    assert asked()[0].state is State.DRAFT
    document = {"accept_alone": {"changes": ["assigned"], "publish": publish}, "moved_today": 5000, "moved_later": 5000}
    made = weights.write(conn, plan.site_id, document, actor=ACTOR, at=MONDAY)
    assert (made.weights.moved_today, made.policy.publish) == (5000.0, publish)
    done, said = asked()
    assert (done.state, done.accepted_by) == (State.PUBLISHED if publish else State.ACCEPTED, "system:policy"), said
    assert len(visits_by_order(conn, done)) == 7
