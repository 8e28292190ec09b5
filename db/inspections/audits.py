"""Audits and their findings: owners, due dates, states. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row, kwargs_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from db.inspections import history, rounds
from workorder_core.inspections import audits
from workorder_core.inspections.audits import (
    AuditKind,
    AuditNotSettled,
    FindingState,
    FindingStep,
    Grade,
    IllegalFindingStep,
    Standing,
)
from workorder_core.inspections.owners import Owner, meant
from workorder_core.people.access import Who
from workorder_core.sentences import say

_QUERIES = sql.load("audits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """An audit of records or of a site; ``unsettled`` of its ``findings`` are neither verified nor withdrawn."""

    id: int
    site_id: int
    site: str
    time_zone: str
    number: str
    title: str
    kind: AuditKind
    scope: str
    auditor: str
    made_at: datetime
    closed_at: datetime | None
    conclusion: str
    findings: int
    unsettled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding. ``called`` is its name for people, ``NTH-A3/2``; ``due`` is a local day of its site. ``owner`` is its
    owner's name; an old finding may have neither user nor technician, just what somebody wrote.
    """

    audit_id: int
    seq: int
    called: str
    site: str
    audit: str
    statement: str
    grade: Grade
    owner: str
    owner_user: str | None
    owner_technician: str | None
    due: date
    state: FindingState
    answer: str
    answered_by: str | None
    state_at: datetime
    overdue: bool

    @property
    def rank(self) -> int:
        """0 overdue, 1 unsettled, 2 settled: the order in which they are listed."""
        return 0 if self.overdue else 1 if self.state in audits.UNSETTLED else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinding:
    """A new finding: its statement, its owner and its due date."""

    statement: str
    grade: Grade
    owner: Owner
    due: date


def owners(conn: Connection, site_id: int) -> list[Owner]:
    """Return who can answer for findings of a site, by name."""
    with conn.cursor(row_factory=class_row(Owner)) as cursor:
        return cursor.execute(_QUERIES["owners"], {"site_id": site_id}).fetchall()


def owner(conn: Connection, audit_id: int, words: str) -> Owner:
    """Return the person of an audit's site whom words mean. Raises UnknownOwner, NotFound."""
    audit = get(conn, audit_id)
    return meant(words, audit.site, owners(conn, audit.site_id))


def page(
    conn: Connection,
    *,
    site: str | None = None,
    within: Collection[str] | None = None,
    closed: bool | None = None,
    before: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Audit]:
    """Return audits, the newest first; ``closed`` None: both."""
    asked = {"site": site, "within": scope.codes(within), "closed": closed, "before": before}
    asked |= {"limit": limit, "offset": offset}
    with conn.cursor(row_factory=kwargs_row(_audit)) as cursor:
        return cursor.execute(_QUERIES["page"], asked).fetchall()


def get(conn: Connection, audit_id: int) -> Audit:
    """Return one audit. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_audit)) as cursor:
        found = cursor.execute(_QUERIES["get"], {"id": audit_id}).fetchone()
    if found is None:
        raise NotFound("audit", audit_id)
    return found


def add(
    conn: Connection, site_id: int, site: str, title: str, kind: AuditKind, about: str, *, actor: str, at: datetime
) -> Audit:
    """Begin an audit."""
    facts = {"site_id": site_id, "number": rounds.next_number(conn, site_id, site, "A"), "title": title}
    facts |= {"kind": kind.value, "scope": about, "auditor": actor, "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add"], facts).fetchone()
    assert made is not None
    history.note(conn, audit_id=made, at=at, actor=actor, what="begun")
    return get(conn, made)


def close(conn: Connection, audit_id: int, conclusion: str, *, actor: str, at: datetime) -> Audit:
    """Close an audit whose findings are settled. Raises NotFound, AuditNotSettled; closing twice changes nothing."""
    conn.execute(_QUERIES["lock"], {"id": audit_id})
    before = get(conn, audit_id)
    if before.closed_at is not None:
        return before
    if before.unsettled:
        raise AuditNotSettled(before.number, before.unsettled)
    conn.execute(_QUERIES["close"], {"id": audit_id, "conclusion": conclusion.strip(), "at": at})
    history.note(conn, audit_id=audit_id, at=at, actor=actor, what="closed", why=conclusion)
    return get(conn, audit_id)


def findings(
    conn: Connection,
    *,
    now: datetime,
    audit_id: int | None = None,
    site: str | None = None,
    within: Collection[str] | None = None,
    states: Collection[FindingState] | None = None,
    owner: str | None = None,
    of: Who | None = None,
    after: tuple[int, date, int, int] | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[Finding]:
    """Return findings: the overdue first, then the unsettled by their due date, then the settled.

    ``owner`` is a part of the owner's name, ``of`` the person whose they are; ``after`` the rank, due date, audit and
    number of the last one of the page before.
    """
    asked: dict[str, Any] = {"audit_id": audit_id, "site": site, "within": scope.codes(within), "now": now}
    asked |= {"states": None if states is None else [each.value for each in states], "limit": limit}
    asked |= {"owner": owner, "offset": offset, "mine": of is not None, "user": None if of is None else of.person}
    asked |= {"technician": of and of.technician, "technician_site": of and of.technician_site}
    rank, due, audit, seq = after or (None, None, None, None)
    asked |= {"after_rank": rank, "after_due": due, "after_audit": audit, "after_seq": seq}
    with conn.cursor(row_factory=kwargs_row(_finding)) as cursor:
        return cursor.execute(_QUERIES["findings"], asked).fetchall()


def finding(conn: Connection, audit_id: int, seq: int, *, now: datetime) -> Finding:
    """Return one finding. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_finding)) as cursor:
        found = cursor.execute(_QUERIES["finding"], {"audit_id": audit_id, "seq": seq, "now": now}).fetchone()
    if found is None:
        raise NotFound("finding", f"{audit_id}/{seq}")
    return found


def add_finding(conn: Connection, audit_id: int, new: NewFinding, *, actor: str, at: datetime) -> Finding:
    """Record a finding. Raises NotFound, and IllegalFindingStep for a closed audit."""
    conn.execute(_QUERIES["lock"], {"id": audit_id})
    audit = get(conn, audit_id)
    if audit.closed_at is not None:
        raise IllegalFindingStep(say("{audit}, which is closed,", audit=audit.number), FindingState.VERIFIED, "add")
    facts: dict[str, Any] = {"audit_id": audit_id, "statement": new.statement, "grade": new.grade.value}
    facts |= {"owner": new.owner.name, "owner_user": new.owner.user, "owner_technician_id": new.owner.technician_id}
    facts |= {"due": new.due, "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        seq = cursor.execute(_QUERIES["add_finding"], facts).fetchone()
    assert seq is not None
    made = finding(conn, audit_id, seq, now=at)
    told = {"finding": seq, "grade": new.grade.value, "due": new.due.isoformat()} | _whose(made)
    history.note(conn, audit_id=audit_id, at=at, actor=actor, what="found", told=told, why=new.statement)
    return made


def move(
    conn: Connection,
    audit_id: int,
    seq: int,
    step: FindingStep,
    *,
    said: str = "",
    due: date | None = None,
    actor: str,
    at: datetime,
) -> Finding:
    """Apply a step to a finding. ``due`` is a new due date if it is rejected. Raises what the step raises."""
    conn.execute(_QUERIES["lock"], {"id": audit_id})
    before = finding(conn, audit_id, seq, now=at)
    standing = Standing(called=before.called, state=before.state, answered_by=before.answered_by)
    to = audits.after(standing, step, actor=actor, said=said)
    answers = step is FindingStep.ANSWER
    facts: dict[str, Any] = {"audit_id": audit_id, "seq": seq, "state": to.value, "at": at}
    facts |= {"answer": said.strip() if answers else None, "answered_by": actor if answers else None}
    conn.execute(_QUERIES["move_finding"], facts | {"due": due if step is FindingStep.REJECT else None})
    told: dict[str, Any] = {"finding": seq, "old": before.state.value, "new": to.value} | _whose(before)
    if due is not None and step is FindingStep.REJECT:
        told |= {"due": [before.due.isoformat(), due.isoformat()]}
    history.note(conn, audit_id=audit_id, at=at, actor=actor, what=f"finding_{to.value}", told=told, why=said)
    return finding(conn, audit_id, seq, now=at)


def report_overdue(conn: Connection, *, now: datetime, actor: str) -> int:
    """Write into the history, once for each due date, that a finding is overdue; return how many findings were.

    The row of the history is an event, of which people and systems are notified.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["newly_overdue"], {"now": now}).fetchall()
    for each in found:
        conn.execute(_QUERIES["overdue_told"], {"audit_id": each["audit_id"], "seq": each["seq"]})
        told = {"finding": each["seq"], "grade": each["grade"], "due": each["due"].isoformat()}
        told |= {name: each[name] for name in ("owner", "owner_user", "owner_technician")}
        statement = each["statement"]
        history.note(
            conn, audit_id=each["audit_id"], at=now, actor=actor, what="finding_overdue", told=told, why=statement
        )
    return len(found)


def overdue(conn: Connection, *, now: datetime) -> int:
    """Return how many findings' answers are overdue."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: int | None = cursor.execute(_QUERIES["overdue"], {"now": now}).fetchone()
    return found or 0


def _whose(finding: Finding) -> dict[str, Any]:
    """Return what an event says of a finding's owner, by which they are notified."""
    return {
        "owner": finding.owner,
        "owner_user": finding.owner_user,
        "owner_technician": finding.owner_technician,
    }


def _audit(**row: Any) -> Audit:
    return Audit(**row | {"kind": AuditKind(row["kind"])})


def _finding(**row: Any) -> Finding:
    return Finding(**row | {"grade": Grade(row["grade"]), "state": FindingState(row["state"])})
