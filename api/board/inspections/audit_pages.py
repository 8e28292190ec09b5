"""The pages of audits: findings with the overdue first, one audit, and the steps of its findings."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import Number, page
from api.once import SentForm
from db.inspections import audits, history
from db.inspections.audits import NewFinding
from db.plant import plant
from workorder_core.far_times import near_day
from workorder_core.inspections.audits import (
    UNSETTLED,
    AuditKind,
    AuditNotSettled,
    AuditReasonMissing,
    FindingState,
    FindingStep,
    Grade,
)
from workorder_core.inspections.owners import UnknownOwner
from workorder_core.language import _

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
Line = Annotated[str, Form(max_length=200)]
Short = Annotated[str, Form(max_length=40)]
Text = Annotated[str, Form(max_length=4000)]
Seq = Annotated[int, Path(ge=1, le=1000)]
MOST_SHOWN, A_PAGE = 10, 50


@router.get("/audits", dependencies=[SEES])
def overview(
    request: Request, conn: Conn, now: Now, who: Asking, site: str = "", closed: str = "", number: Number = 1
) -> Response:
    """Show the unsettled findings, the overdue first, and the audits."""
    sites = plant.sites(conn, who.sites)
    chosen = {
        "site": next((each.code for each in sites if each.code == site), ""),
        "closed": closed if closed in ("true", "false") else "",
    }
    asked: dict[str, Any] = {"site": chosen["site"] or None, "within": who.sites}
    open_ = audits.findings(conn, now=now, **asked, states=UNSETTLED, limit=MOST_SHOWN)
    is_closed = {"true": True, "false": False}.get(chosen["closed"])
    found = audits.page(conn, **asked, closed=is_closed, limit=A_PAGE + 1, offset=(number - 1) * A_PAGE)
    return page(
        request,
        "inspections/audits.html",
        now=now,
        sites=sites,
        chosen=chosen,
        query=urlencode({name: value for name, value in chosen.items() if value}),
        findings=open_,
        audits=found[:A_PAGE],
        more=len(found) > A_PAGE,
        number=number,
        kinds=list(AuditKind),
    )


@router.get("/audit-findings", dependencies=[SEES])
def findings(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    site: str = "",
    state: str = "",
    owner: Annotated[str, Query(max_length=200)] = "",
    number: Number = 1,
) -> Response:
    """Show the findings of all audits, the overdue first."""
    sites = plant.sites(conn, who.sites)
    chosen = {
        "site": next((each.code for each in sites if each.code == site), ""),
        "state": state if state in set(FindingState) else "",
        "owner": owner.strip().replace("\0", ""),
    }
    found = audits.findings(
        conn,
        now=now,
        site=chosen["site"] or None,
        within=who.sites,
        states=[FindingState(chosen["state"])] if chosen["state"] else None,
        owner=chosen["owner"] or None,
        limit=A_PAGE + 1,
        offset=(number - 1) * A_PAGE,
    )
    return page(
        request,
        "inspections/findings.html",
        sites=sites,
        chosen=chosen,
        query=urlencode({name: value for name, value in chosen.items() if value}),
        findings=found[:A_PAGE],
        more=len(found) > A_PAGE,
        number=number,
        states=list(FindingState),
    )


@router.get("/audits/{audit_id}", dependencies=[SEES])
def one(request: Request, audit_id: int, conn: Conn, now: Now, who: Asking) -> Response:
    """Show an audit: its findings, the overdue first, the possible steps, and its history."""
    found = audits.get(conn, audit_id)
    return page(
        request,
        "inspections/audit.html",
        now=now,
        audit=found,
        zone=found.time_zone,
        findings=audits.findings(conn, now=now, audit_id=audit_id, limit=1000),
        grades=list(Grade),
        people=audits.owners(conn, found.site_id),
        history=history.of_audit(conn, audit_id),
        me=who.actor,
    )


@router.post("/audits", dependencies=[PLANS])
@shown_on("/audits")
def create(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Line = "",
    title: Line = "",
    kind: Short = "",
    scope: Text = "",
) -> Response:
    """Begin an audit."""
    there = {each.code: each for each in plant.sites(conn, who.sites)}
    with Fields() as read:
        read.need("site", site in there, _("choose one from the list"))
        read.need("title", title.strip(), _("say in a few words what is audited"))
        read.need("kind", kind in set(AuditKind), _("choose one from the list"))
    about = {"actor": who.actor, "at": now}
    made = audits.add(conn, there[site].id, site, title.strip(), AuditKind(kind), scope.strip(), **about)  # type: ignore[arg-type]
    return sent.leads_to(f"/audits/{made.id}")


@router.post("/audits/{audit_id}/findings", dependencies=[PLANS])
@shown_on("/audits/{audit_id}", at={UnknownOwner: "owner"})
def add_finding(
    audit_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    statement: Text = "",
    grade: Short = "",
    owner: Line = "",
    due: Short = "",
) -> Response:
    """Record a finding."""
    with Fields() as read:
        read.need("statement", statement.strip(), _("say what was found"))
        read.need("grade", grade in set(Grade), _("choose one from the list"))
        read.need("owner", owner.strip(), _("say who has to answer for it"))
        day = read("due", date.max, lambda: _day(due))
    person = audits.owner(conn, audit_id, owner)
    new = NewFinding(statement=statement.strip(), grade=Grade(grade), owner=person, due=day)
    audits.add_finding(conn, audit_id, new, actor=who.actor, at=now)
    return sent.leads_to(f"/audits/{audit_id}#findings")


@router.post("/audits/{audit_id}/findings/{seq}/answer", dependencies=[WORKS_OR_PLANS])
@shown_on("/audits/{audit_id}", at={AuditReasonMissing: "said"})
def answer(audit_id: int, seq: Seq, conn: Conn, now: Now, who: Asking, sent: SentForm, said: Text = "") -> Response:
    """Answer a finding: record what was done."""
    audits.move(conn, audit_id, seq, FindingStep.ANSWER, said=said, actor=who.actor, at=now)
    return sent.leads_to(f"/audits/{audit_id}#findings")


@router.post("/audits/{audit_id}/findings/{seq}/settle", dependencies=[PLANS])
@shown_on("/audits/{audit_id}", at={AuditReasonMissing: "said"})
def settle(
    audit_id: int,
    seq: Seq,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    step: Short = "",
    said: Text = "",
) -> Response:
    """Verify, reject or withdraw a finding."""
    with Fields() as read:
        read.need("step", step in {"verify", "reject", "withdraw"}, _("choose one from the list"))
    audits.move(conn, audit_id, seq, FindingStep(step), said=said, actor=who.actor, at=now)
    return sent.leads_to(f"/audits/{audit_id}#findings")


@router.post("/audits/{audit_id}/close", dependencies=[PLANS])
@shown_on("/audits/{audit_id}", at={AuditNotSettled: "conclusion"})
def close(audit_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm, conclusion: Text = "") -> Response:
    """Close an audit whose findings are settled."""
    audits.close(conn, audit_id, conclusion, actor=who.actor, at=now)
    return sent.leads_to(f"/audits/{audit_id}")


def _day(text: str) -> date:
    try:
        return near_day(date.fromisoformat(text.strip()))
    except ValueError:
        raise InvalidForm(_("give the day by which it has to be answered")) from None
