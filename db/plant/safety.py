"""Proposed changes of safety facts, waiting for a second person; ``db.plant.confirming`` applies them.

The caller owns the transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import NotFound, StoreError
from db.plant import changes
from workorder_core.sentences import coded, say

_QUERIES = sql.load("safety")
Verdict = Literal["confirmed", "rejected"]


class WhyMissing(StoreError):
    """A change of a safety fact has no reason."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            say("say why {subject} becomes less safe: a second person decides, and sees your reason", subject=subject)
        )
        self.subject = subject


class AlreadyProposed(StoreError):
    """Another safety change of the same thing already waits for a second person."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            say(
                "a change of {subject} is already waiting for a second person; confirm or reject that one first",
                subject=subject,
            )
        )
        self.subject = subject


class SamePerson(StoreError):
    """Somebody tried to confirm their own proposal, themselves or by a key that they made."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            say(
                "you proposed this change of {subject}; somebody else has to confirm it, not one of your keys",
                subject=subject,
            )
        )
        self.subject = subject


class AlreadyDecided(StoreError):
    """A proposal has been confirmed or rejected already."""

    def __init__(self, subject: str, verdict: str, by: str) -> None:
        super().__init__(
            say(
                "this change of {subject} has already been {verdict} by {name}; propose it again",
                subject=subject,
                verdict=coded(verdict),
                name=by.partition(":")[2],
            )
        )
        self.subject, self.verdict = subject, verdict


class Superseded(StoreError):
    """The subject of a proposal has changed since."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            say(
                "{subject} has changed since this was proposed; reject it, and propose it again as it is now",
                subject=subject,
            )
        )
        self.subject = subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change of a safety fact.

    Parameters
    ----------
    site, plan, asset_id
        What it concerns: an asset, or the job plan of that code, of a site or (None) of the plant.
    subject
        Its subject in words.
    was, change
        Only the fields to be confirmed, before and after.
    verdict
        None while it waits.
    """

    id: int
    asset_id: int | None
    site: str | None
    plan: str | None
    subject: str
    was: Mapping[str, Any]
    change: Mapping[str, Any]
    why: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    verdict: Verdict | None


def propose(
    conn: Connection,
    subject: str,
    *,
    asset_id: int | None = None,
    site: str | None = None,
    plan: str | None = None,
    was: Mapping[str, Any],
    change: Mapping[str, Any],
    why: str,
    actor: str,
    at: datetime,
) -> Proposal:
    """Propose a change to a second person. Raises WhyMissing, AlreadyProposed."""
    if not why.strip():
        raise WhyMissing(subject)
    facts: dict[str, Any] = {"asset_id": asset_id, "site": None if asset_id else site, "plan": plan, "actor": actor}
    facts |= {"was": Jsonb(dict(was)), "change": Jsonb(dict(change)), "why": why.strip(), "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        new_id = cursor.execute(_QUERIES["propose"], facts).fetchone()
    if new_id is None:
        raise AlreadyProposed(subject)
    made = get(conn, new_id)
    _log(conn, made, "proposed", actor, at, why)
    return made


def get(conn: Connection, proposal_id: int) -> Proposal:
    """Return one proposal. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Proposal)) as cursor:
        found = cursor.execute(_QUERIES["get"], {"id": proposal_id}).fetchone()
    if found is None:
        raise NotFound("safety proposal", proposal_id)
    return found


def page(
    conn: Connection,
    *,
    waiting: bool | None = None,
    asset_id: int | None = None,
    within: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Proposal]:
    """Return proposals, the newest first."""
    asked = {"waiting": waiting, "asset_id": asset_id, "within": scope.codes(within), "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Proposal)) as cursor:
        return cursor.execute(_QUERIES["page"], asked).fetchall()


def decide(
    conn: Connection, proposal_id: int, verdict: Verdict, *, actor: str, at: datetime, why: str = ""
) -> Proposal:
    """Store the verdict on a proposal, and return the proposal as it was. Raises NotFound, AlreadyDecided,
    SamePerson.
    """
    conn.execute(_QUERIES["lock"], {"id": proposal_id})
    found = get(conn, proposal_id)
    if found.verdict is not None:
        raise AlreadyDecided(found.subject, found.verdict, found.decided_by or "")
    with conn.cursor(row_factory=scalar_row) as cursor:
        one = cursor.execute(_QUERIES["are_one"], {"one": actor, "other": found.proposed_by}).fetchone()
    if verdict == "confirmed" and one:
        raise SamePerson(found.subject)
    conn.execute(_QUERIES["decide"], {"id": proposal_id, "verdict": verdict, "actor": actor, "at": at})
    _log(conn, found, verdict, actor, at, why)
    return found


def _log(conn: Connection, of: Proposal, what: str, actor: str, at: datetime, why: str) -> None:
    changes.append(
        conn,
        "safety",
        of.subject,
        what,
        old=of.was,
        new=of.change,
        site=of.site,
        asset_id=of.asset_id,
        actor=actor,
        at=at,
        why=why,
    )
