"""Audits: findings, their owners and due dates, and their states."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.asking import PLANS, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import Id, Order, PagedByFifty, Small
from api.shapes.inspections.audits import (
    AuditIn,
    AuditOut,
    ConclusionIn,
    FindingIn,
    FindingOut,
    SaidIn,
    WholeAuditOut,
)
from api.shapes.inspections.rounds import HistoryOut
from api.shapes.times import Day
from db.inspections import audits, history
from db.inspections.audits import Audit, Finding, NewFinding
from db.plant import plant
from workorder_core.inspections.audits import FindingState, FindingStep

router = APIRouter(tags=["audits"])
NEWEST_FIRST = Order[Audit](tuple[Id], lambda each: (each.id,))
OVERDUE_FIRST = Order[Finding](
    tuple[Small, Day, Id, Small], lambda each: (each.rank, each.due, each.audit_id, each.seq)
)
Site = Annotated[str | None, Query(description="a site's code")]
Seq = Annotated[int, Path(ge=1, le=1000)]


@router.get("/audits", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    closed: Annotated[bool | None, Query(description="only closed ones, or only those that are not")] = None,
) -> list[AuditOut]:
    """List audits, the newest first."""
    after = part.after(NEWEST_FIRST)
    before = after[0] if after else None
    found = audits.page(conn, site=site, within=who.sites, closed=closed, before=before, limit=part.fetched)
    return [AuditOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("/audits", status_code=201, response_model=AuditOut, dependencies=[PLANS])
def create(body: AuditIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Begin an audit. The header Idempotency-Key is required."""

    def make(response: Response) -> AuditOut:
        site = plant.site_by_code(conn, body.site, who.sites)
        made = audits.add(conn, site.id, site.code, body.title, body.kind, body.scope, actor=who.actor, at=now)
        response.headers["Location"] = f"/api/v1/audits/{made.id}"
        return AuditOut.of(made)

    return once(body, make)


@router.get("/audits/{audit_id}", dependencies=[SEES])
def read(audit_id: int, conn: Conn, now: Now) -> WholeAuditOut:
    """Read an audit with its findings, the overdue first, and its history."""
    return WholeAuditOut(
        **AuditOut.of(audits.get(conn, audit_id)).model_dump(),
        found=[FindingOut.of(each) for each in audits.findings(conn, audit_id=audit_id, now=now, limit=1000)],
        history=[HistoryOut.model_validate(each) for each in history.of_audit(conn, audit_id)],
    )


@router.post("/audits/{audit_id}/close", dependencies=[PLANS])
def close(audit_id: int, body: ConclusionIn, conn: Conn, now: Now, who: Asking) -> AuditOut:
    """Close an audit whose findings are all verified or withdrawn."""
    return AuditOut.of(audits.close(conn, audit_id, body.conclusion, actor=who.actor, at=now))


@router.get("/audit-findings", dependencies=[SEES])
def find_findings(
    conn: Conn,
    now: Now,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    state: Annotated[list[FindingState] | None, Query(description="in one of these states; none: in any")] = None,
    owner: Annotated[str | None, Query(max_length=200, description="whose owner's name has this in it")] = None,
    mine: Annotated[bool, Query(description="only those that the user who asks has to answer for")] = False,
) -> list[FindingOut]:
    """List the findings of all audits: the overdue first, then the unsettled by due date, then the settled."""
    after = part.after(OVERDUE_FIRST)
    found = audits.findings(
        conn,
        now=now,
        site=site,
        within=who.sites,
        states=state,
        owner=owner,
        of=who if mine else None,
        after=None if after is None else (after[0], after[1], after[2], after[3]),
        limit=part.fetched,
    )
    return [FindingOut.of(each) for each in part.of_fetched(found, OVERDUE_FIRST)]


@router.post("/audits/{audit_id}/findings", status_code=201, response_model=FindingOut, dependencies=[PLANS])
def add_finding(audit_id: int, body: FindingIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Record a finding, with its owner and due date. The header Idempotency-Key is required.

    The owner is a person of the audit's site (422, ``unknown-owner``), who is notified if they wish.
    """

    def make(_: Response) -> FindingOut:
        owner = audits.owner(conn, audit_id, body.owner)
        new = NewFinding(statement=body.statement, grade=body.grade, owner=owner, due=body.due)
        return FindingOut.of(audits.add_finding(conn, audit_id, new, actor=who.actor, at=now))

    return once(body, make)


@router.post("/audits/{audit_id}/findings/{seq}/answer", dependencies=[WORKS_OR_PLANS])
def answer(audit_id: int, seq: Seq, body: SaidIn, conn: Conn, now: Now, who: Asking) -> FindingOut:
    """Answer a finding: record what was done."""
    return _moved(conn, audit_id, seq, FindingStep.ANSWER, body, who, now)


@router.post("/audits/{audit_id}/findings/{seq}/verify", dependencies=[PLANS])
def verify(audit_id: int, seq: Seq, body: SaidIn, conn: Conn, now: Now, who: Asking) -> FindingOut:
    """Verify an answer; whoever answered the finding cannot."""
    return _moved(conn, audit_id, seq, FindingStep.VERIFY, body, who, now)


@router.post("/audits/{audit_id}/findings/{seq}/reject", dependencies=[PLANS])
def reject(audit_id: int, seq: Seq, body: SaidIn, conn: Conn, now: Now, who: Asking) -> FindingOut:
    """Reject an answer, with the reason and optionally another due date."""
    return _moved(conn, audit_id, seq, FindingStep.REJECT, body, who, now)


@router.post("/audits/{audit_id}/findings/{seq}/withdraw", dependencies=[PLANS])
def withdraw(audit_id: int, seq: Seq, body: SaidIn, conn: Conn, now: Now, who: Asking) -> FindingOut:
    """Withdraw a finding, with the reason."""
    return _moved(conn, audit_id, seq, FindingStep.WITHDRAW, body, who, now)


def _moved(conn: Conn, audit_id: int, seq: int, step: FindingStep, body: SaidIn, who: Asking, now: Now) -> FindingOut:
    return FindingOut.of(audits.move(conn, audit_id, seq, step, said=body.said, due=body.due, actor=who.actor, at=now))
