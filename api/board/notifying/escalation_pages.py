"""The pages of escalations: who is asked about what, and the policies with their editor."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS_PEOPLE, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.forms import FormRoute, shown_on
from api.board.notifying.answering import page_after, page_of_form
from api.board.notifying.policy_form import WrittenPolicy, fields_of, read
from api.board.rendering import page
from api.once import SentForm
from db.errors import AlreadyExists
from db.escalating import escalations
from db.escalating.escalations import CannotDecline
from db.escalating.policies import POLICIES, UnknownInPolicy
from db.oncall import chiefs, rotas
from db.oncall.chiefs import NoChief
from db.oncall.rotas import CannotBeCalled
from db.people import users
from db.plant import changes, plant
from workorder_core.escalating.course import ALLOWED, UNFINISHED, Answer
from workorder_core.people.access import Who

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
EscalationId = Annotated[int, Path(ge=1, le=2**63 - 1)]
PolicyId = Annotated[int, Path(ge=1, le=2**31 - 1)]
_AT: Mapping[type[Exception], str] = {
    AlreadyExists: "code",
    CannotBeCalled: "whom_1",
    UnknownInPolicy: "whom_1",
    NoChief: "whom_1",
}
Back = Annotated[str, Form(max_length=100)]
_SHOWN = 50


@router.get("/escalations", dependencies=[SEES])
def now_asked(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the running escalations, the latest that have ended, and the policies."""
    running = escalations.listed(conn, within=who.sites, states=UNFINISHED, limit=_SHOWN)
    latest = escalations.listed(conn, within=who.sites, limit=_SHOWN)
    ended = [each for each in latest if each.state not in UNFINISHED][:20]
    return page(
        request,
        "escalations/list.html",
        now=now,
        running=running,
        ended=ended,
        asks=escalations.asks(conn, [each.id for each in running]),
        policies=POLICIES.listed(conn, within=who.sites),
        sites=plant.sites(conn, who.sites),
        chiefs=chiefs.listed(conn, who.sites),
        people=_callable(conn, who),
    )


@router.post("/escalations/chief", dependencies=[PLANS_PEOPLE])
@shown_on("/escalations", at={CannotBeCalled: "person"})
def name_chief(
    conn: Conn,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=64)] = "",
    person: Annotated[str, Form(max_length=64)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Make somebody the chief of a site, and show the escalations."""
    changes.because(conn, why)
    chiefs.put(conn, plant.site_by_code(conn, site, who.sites).code, person.strip())
    return sent.leads_to("/escalations#chiefs")


@router.get("/escalations/policies/new", dependencies=[PLANS_PEOPLE])
def new(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the form of a new policy."""
    empty = WrittenPolicy(order_types="emergency", repeat="1")
    sites = plant.sites(conn, who.sites)
    return page(request, "escalations/new.html", now=now, filled=empty, sites=sites, **_choices(conn, who))


@router.post("/escalations/policies/new", dependencies=[PLANS_PEOPLE])
@shown_on("/escalations/policies/new", at=_AT)
def create(conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[WrittenPolicy, Form()]) -> Response:
    """Create a policy and show it."""
    site = plant.site_by_code(conn, form.site, who.sites)
    policy = read(form, site=site.code, code=form.code.strip())
    made = POLICIES.add(conn, policy, actor=who.actor, at=now, why=form.why.strip())
    return sent.leads_to(f"/escalations/policies/{made.id}")


@router.get("/escalations/policies/{policy_id}", dependencies=[SEES])
def policy(request: Request, policy_id: PolicyId, conn: Conn, now: Now, who: Asking) -> Response:
    """Show a policy, its versions, and its editor."""
    stored = POLICIES.get(conn, policy_id, who.sites)
    return page(
        request,
        "escalations/policy.html",
        now=now,
        stored=stored,
        policy=stored.content,
        filled=fields_of(stored.content),
        versions=POLICIES.versions(conn, policy_id)[:20],
        zone=plant.site_by_code(conn, stored.content.site).time_zone,
        **_choices(conn, who),
    )


@router.post("/escalations/policies/{policy_id}", dependencies=[PLANS_PEOPLE])
@shown_on("/escalations/policies/{policy_id}", at=_AT)
def change(
    policy_id: PolicyId, conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[WrittenPolicy, Form()]
) -> Response:
    """Store the next version of a policy, and show it."""
    before = POLICIES.get(conn, policy_id, who.sites).content
    changed = read(form, site=before.site, code=before.code)
    POLICIES.save(conn, policy_id, changed, actor=who.actor, at=now, why=form.why.strip())
    return sent.leads_to(f"/escalations/policies/{policy_id}")


@router.post("/escalations/policies/{policy_id}/retire", dependencies=[PLANS_PEOPLE])
@shown_on("/escalations/policies/{policy_id}")
def retire(policy_id: PolicyId, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Retire a policy, and show it."""
    POLICIES.get(conn, policy_id, who.sites)
    POLICIES.retire(conn, policy_id, actor=who.actor, at=now)
    return sent.leads_to(f"/escalations/policies/{policy_id}")


@router.get("/escalations/{escalation_id}", dependencies=[SEES])
def one(request: Request, escalation_id: EscalationId, conn: Conn, now: Now, who: Asking) -> Response:
    """Show an escalation: who was asked, what they answered, and when the next step is due."""
    found = escalations.get(conn, escalation_id, who.sites)
    asks = escalations.asks(conn, [found.id])[found.id]
    return page(
        request,
        "escalations/one.html",
        now=now,
        found=found,
        asks=asks,
        steps=escalations.policy_of(conn, found).steps,
        answers_in=ALLOWED,
        asked=any(each.person == who.person for each in asks),
        names=users.full_names(conn),
        people=rotas.can_be_called(conn, found.site),
    )


@router.post("/escalations/{escalation_id}/acknowledge", dependencies=[WORKS_OR_PLANS])
@shown_on(page_of_form)
def acknowledge(
    escalation_id: EscalationId, conn: Conn, now: Now, who: Asking, sent: SentForm, back: Back = ""
) -> Response:
    """Acknowledge, or take over, and show the page with the button."""
    escalations.get(conn, escalation_id, who.sites)
    escalations.answer(conn, escalation_id, Answer.ACKNOWLEDGE, actor=who.actor, how="page", at=now)
    return sent.leads_to(page_after(escalation_id, back))


@router.post("/escalations/{escalation_id}/decline", dependencies=[SEES])
@shown_on(page_of_form, at={CannotDecline: "reason"})
def decline(
    escalation_id: EscalationId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    reason: Annotated[str, Form(max_length=2000)] = "",
    back: Back = "",
) -> Response:
    """Decline, and show the page with the button."""
    escalations.get(conn, escalation_id, who.sites)
    escalations.answer(conn, escalation_id, Answer.DECLINE, actor=who.actor, how="page", at=now, why=reason.strip())
    return sent.leads_to(page_after(escalation_id, back))


@router.post("/escalations/{escalation_id}/hand-on", dependencies=[WORKS_OR_PLANS])
@shown_on(page_of_form, at={CannotBeCalled: "to"})
def hand_on(
    escalation_id: EscalationId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    to: Annotated[str, Form(max_length=64)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    back: Back = "",
) -> Response:
    """Hand it on to somebody, and show the page with the button."""
    escalations.get(conn, escalation_id, who.sites)
    facts: dict[str, Any] = {"actor": who.actor, "how": "page", "why": reason.strip(), "to": to.strip()}
    escalations.answer(conn, escalation_id, Answer.HAND_ON, at=now, **facts)
    return sent.leads_to(page_after(escalation_id, back))


def _choices(conn: Connection, who: Who) -> dict[str, Any]:
    """Return whom a policy can ask, as the form's hint lists them."""
    known = [each.rota.code for each in rotas.listed(conn, within=who.sites)]
    return {"people": list(_callable(conn, who)), "rotas": sorted(set(known))}


def _callable(conn: Connection, who: Who) -> dict[str, str]:
    """Return the full names of those who can be asked at some site of the requester, by name."""
    found: dict[str, str] = {}
    for site in plant.sites(conn, who.sites):
        found |= rotas.can_be_called(conn, site.code)
    return dict(sorted(found.items()))
