"""Small changes that a site's own rules accept, and publish, without asking a planner.

The caller owns the transaction.
"""

from collections.abc import Callable
from datetime import datetime

from psycopg import Connection

from db.scheduling import publishing, schedules, weeks, weights
from db.scheduling.schedules import Schedule
from db.scheduling.weeks import NotAllowedHere, Week
from workorder_core.people.access import Role, Who
from workorder_core.scheduling.policy import asks_a_planner, told_otherwise
from workorder_core.scheduling.weeks import Differences, State, plan_of
from workorder_core.sentences import kept, say

POLICY = Who("system:policy", frozenset({Role.PLANNER}))
"""Who has accepted what no planner was asked about."""


def accept(
    conn: Connection,
    proposal: Schedule,
    week: Week,
    changes: Differences,
    *,
    at: datetime,
    log: Callable[[str], None],
) -> Schedule:
    """Accept a proposal where the site's policy allows it, publish it where that is allowed too, and return it as it is
    then. A week without a plan, and a proposal that breaks a rule, are always left for a planner; ``log`` is told why.
    """
    before = schedules.working(week.current)
    policy = weights.of_site(conn, week.site_id).policy
    if before is None or not policy.changes:
        return proposal
    mine = schedules.visits_of(conn, proposal)
    told = told_otherwise(schedules.visits_of(conn, week.current.get(State.PUBLISHED)), mine)
    old = plan_of(week.problem, schedules.visits_of(conn, before))
    why = asks_a_planner(
        policy, changes, told, before=weeks.costs_of(week.problem, old)["total"], after=proposal.costs["total"]
    )
    if why is None and weeks.broken(conn, proposal, week):
        why = say("it breaks a rule")
    if why is not None:
        log(kept("left for a planner: {why}", why=why))
        return proposal
    done = weeks.accept(conn, proposal.id, actor=POLICY.actor, at=at)
    log(kept("accepted by the site's policy"))
    if not policy.publish or before.state is not State.PUBLISHED:
        return done
    try:
        return publishing.publish(conn, done.id, who=POLICY, at=at)
    except NotAllowedHere as refused:
        log(kept("not published: {why}", why=str(refused)))
        return done
