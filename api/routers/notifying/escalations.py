"""Escalations: who is asked about what, and what they answer; the policies by which they run."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from psycopg import Connection

from api.asking import PLANS_PEOPLE, SEES, WORKS_OR_PLANS, Asking, Conn, Now, Version, Why
from api.once import OnlyOnce
from api.paging import Id, Order, PagedByFifty, Text
from api.shapes.notifying.escalations import (
    AcknowledgeIn,
    ChiefIn,
    ChiefOut,
    DeclineIn,
    EscalationOut,
    HandOnIn,
    NewPolicyIn,
    OneEscalationOut,
    PolicyIn,
    PolicyOut,
    PolicyVersionOut,
)
from db.documents import site_documents
from db.escalating import escalations
from db.escalating.escalations import Escalation
from db.escalating.policies import POLICIES
from db.oncall import chiefs
from db.plant import plant
from workorder_core.escalating.course import Answer, State
from workorder_core.escalating.policies import Policy

router = APIRouter(tags=["escalations"])
NEWEST_FIRST = Order[Escalation](tuple[Id], lambda each: (-each.id,))
BY_CODE = Order[site_documents.Stored[Policy]](tuple[Text, Text], lambda each: (each.content.site, each.content.code))
VERSIONS = Order[site_documents.Version[Policy]](tuple[Id], lambda each: (-each.version,))
EscalationId = Annotated[int, Path(ge=1, le=2**63 - 1)]
PolicyId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Site = Annotated[str | None, Query(max_length=64, description="a site's code")]


@router.get("/escalations", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    state: Annotated[State | None, Query(description="none: every state")] = None,
) -> list[EscalationOut]:
    """List escalations, the newest first. Those of the engine's alarms are for who sees every site."""
    after = part.after(NEWEST_FIRST)
    found = escalations.listed(
        conn,
        within=who.sites,
        site=site,
        states=None if state is None else [state],
        before=None if after is None else -after[0],
        limit=part.fetched,
    )
    return [EscalationOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.get("/escalations/{escalation_id}", dependencies=[SEES])
def read(escalation_id: EscalationId, conn: Conn, who: Asking) -> OneEscalationOut:
    """Read an escalation, with everybody who was asked."""
    return _out(conn, escalations.get(conn, escalation_id, who.sites))


@router.post("/escalations/{escalation_id}/acknowledge", dependencies=[WORKS_OR_PLANS])
def acknowledge(
    escalation_id: EscalationId, body: AcknowledgeIn, conn: Conn, now: Now, who: Asking
) -> OneEscalationOut:
    """Take care of it, or take it over from who has acknowledged before. A second time changes nothing."""
    escalations.get(conn, escalation_id, who.sites)
    found = escalations.answer(
        conn, escalation_id, Answer.ACKNOWLEDGE, actor=who.actor, how="api", at=now, why=body.why
    )
    return _out(conn, found)


@router.post("/escalations/{escalation_id}/decline", dependencies=[SEES])
def decline(escalation_id: EscalationId, body: DeclineIn, conn: Conn, now: Now, who: Asking) -> OneEscalationOut:
    """Decline what the requester was asked, with a reason: the next step follows at once."""
    escalations.get(conn, escalation_id, who.sites)
    return _out(
        conn, escalations.answer(conn, escalation_id, Answer.DECLINE, actor=who.actor, how="api", at=now, why=body.why)
    )


@router.post("/escalations/{escalation_id}/hand-on", dependencies=[WORKS_OR_PLANS])
def hand_on(escalation_id: EscalationId, body: HandOnIn, conn: Conn, now: Now, who: Asking) -> OneEscalationOut:
    """Ask somebody else, by name, at once."""
    escalations.get(conn, escalation_id, who.sites)
    found = escalations.answer(
        conn, escalation_id, Answer.HAND_ON, actor=who.actor, how="api", at=now, why=body.why, to=body.to
    )
    return _out(conn, found)


@router.get("/sites/{site_code}/chief", dependencies=[SEES])
def chief(site_code: str, conn: Conn, who: Asking) -> ChiefOut:
    """Read who is the chief of a site, whom policies can ask as `chief`."""
    site = plant.site_by_code(conn, site_code, who.sites)
    return ChiefOut.of(site.code, chiefs.of_site(conn, site.code))


@router.put("/sites/{site_code}/chief", dependencies=[PLANS_PEOPLE])
def name_chief(site_code: str, body: ChiefIn, conn: Conn, who: Asking, _: Why) -> ChiefOut:
    """Make somebody the chief of a site, instead of who was. The change is in the log of changes."""
    site = plant.site_by_code(conn, site_code, who.sites)
    chiefs.put(conn, site.code, body.person)
    return ChiefOut.of(site.code, chiefs.of_site(conn, site.code))


@router.get("/escalation-policies", dependencies=[SEES])
def policies(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    retired: Annotated[bool, Query(description="include retired policies")] = False,
) -> list[PolicyOut]:
    """List escalation policies by site and code."""
    found = POLICIES.listed(
        conn, within=who.sites, site=site, retired=retired, after=part.after(BY_CODE), limit=part.fetched
    )
    return [PolicyOut.of(each) for each in part.of_fetched(found, BY_CODE)]


@router.post("/escalation-policies", status_code=201, response_model=PolicyOut, dependencies=[PLANS_PEOPLE])
def create(body: NewPolicyIn, conn: Conn, now: Now, who: Asking, why: Why, once: OnlyOnce) -> Response:
    """Create a policy, in force at once. The header Idempotency-Key is required: the same request returns the same
    policy.
    """

    def make(response: Response) -> PolicyOut:
        plant.site_by_code(conn, body.site, who.sites)
        made = POLICIES.add(conn, body.policy(body.code, body.site), actor=who.actor, at=now, why=why)
        response.headers["Location"] = f"/api/v1/escalation-policies/{made.id}"
        response.headers["ETag"] = f'"{made.content.version}"'
        return PolicyOut.of(made)

    return once(body, make)


@router.get("/escalation-policies/{policy_id}", dependencies=[SEES])
def read_policy(policy_id: PolicyId, conn: Conn, who: Asking, response: Response) -> PolicyOut:
    """Read a policy."""
    stored = POLICIES.get(conn, policy_id, who.sites)
    response.headers["ETag"] = f'"{stored.content.version}"'
    return PolicyOut.of(stored)


@router.put("/escalation-policies/{policy_id}", dependencies=[PLANS_PEOPLE])
def write(
    policy_id: PolicyId,
    body: PolicyIn,
    conn: Conn,
    now: Now,
    who: Asking,
    why: Why,
    version: Version,
    response: Response,
) -> PolicyOut:
    """Store the next version of a policy, in force at once. Running escalations keep to theirs."""
    before = POLICIES.get(conn, policy_id, who.sites).content
    policy = body.policy(before.code, before.site)
    saved = POLICIES.save(conn, policy_id, policy, actor=who.actor, at=now, why=why, expected_version=version)
    response.headers["ETag"] = f'"{saved.content.version}"'
    return PolicyOut.of(saved)


@router.delete("/escalation-policies/{policy_id}", status_code=204, response_model=None, dependencies=[PLANS_PEOPLE])
def retire(policy_id: PolicyId, conn: Conn, now: Now, who: Asking, why: Why) -> None:
    """Retire a policy: nothing new is escalated by it."""
    POLICIES.get(conn, policy_id, who.sites)
    POLICIES.retire(conn, policy_id, actor=who.actor, at=now, why=why)


@router.get("/escalation-policies/{policy_id}/versions", dependencies=[SEES])
def versions(policy_id: PolicyId, conn: Conn, who: Asking, part: PagedByFifty) -> list[PolicyVersionOut]:
    """List the versions of a policy, with author and reason, the newest first."""
    POLICIES.get(conn, policy_id, who.sites)
    return [PolicyVersionOut.of(each) for each in part.of_all(POLICIES.versions(conn, policy_id), VERSIONS)]


def _out(conn: Connection, found: Escalation) -> OneEscalationOut:
    return OneEscalationOut.with_asks(found, escalations.asks(conn, [found.id])[found.id])
