"""Escalations, and what people answer. The caller owns the transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import scope, sql, storable
from db.errors import NotFound, StoreError
from db.events import events
from db.oncall import rotas
from db.orders import order_history, work_orders
from db.requests import requests
from workorder_core.escalating import course
from workorder_core.escalating.course import Answer, State
from workorder_core.escalating.documents import from_document
from workorder_core.escalating.policies import CauseKind, Policy
from workorder_core.sentences import say

QUERIES = sql.load("escalations")
_STEPS = {Answer.ACKNOWLEDGE: "acknowledged", Answer.DECLINE: "declined", Answer.HAND_ON: "handed_on"}


class CannotDecline(StoreError):
    """Declining by somebody who was not asked, or without a reason. ``field`` names what is missing."""

    def __init__(self, problem: str, field: str = "why") -> None:
        super().__init__(problem)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """An order, an alarm or a request in danger about which people are asked.

    Parameters
    ----------
    subject, title
        The order's number, the asset or the engine alarm; what it is.
    taken
        How many steps of its policy have been taken.
    due_at
        When the next one is due; None: none is.
    answered_by, how
        Who has acknowledged, as histories name them, or what ended it; by ``link``, ``page``, ``api`` or ``work``.
    """

    id: int
    site: str
    zone: str
    policy: str
    policy_id: int
    version: int
    cause: CauseKind
    cause_key: str
    order_id: UUID | None
    asset_id: int | None
    subject: str
    title: str
    began_at: datetime
    state: State
    state_since: datetime
    taken: int
    due_at: datetime | None
    answered_by: str | None
    how: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody who was asked. ``delivery`` is the state of their message; None: there is none, or it was dropped."""

    id: int
    escalation_id: int
    person: str
    full_name: str
    step: int
    asked_at: datetime
    asked_by: str | None
    message_id: UUID | None
    sent_at: datetime | None
    answer: Answer | None
    answered_at: datetime | None
    how: str | None
    why: str
    subject: str
    title: str
    state: State
    began_at: datetime
    cause: CauseKind
    order_id: UUID | None
    answered_by: str | None
    site: str
    zone: str
    place: str
    delivery: str | None


def get(conn: Connection, escalation_id: int, within: Collection[str] | None = None) -> Escalation:
    """Return an escalation. Raises NotFound."""
    found = rows(conn, "get", {"id": escalation_id, "within": scope.codes(within)})
    if not found:
        raise NotFound("escalation", escalation_id)
    return found[0]


def listed(
    conn: Connection,
    *,
    within: Collection[str] | None = None,
    site: str | None = None,
    states: Collection[State] | None = None,
    order_id: UUID | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[Escalation]:
    """Return escalations, the newest first; ``before`` is the id of the last one of a page."""
    asked = {"within": scope.codes(within), "site": site, "before": before, "limit": limit, "order_id": order_id}
    return rows(conn, "listed", asked | {"states": None if states is None else sorted(states)})


def unanswered(conn: Connection, within: Collection[str] | None = None) -> list[Escalation]:
    """Return the escalations that nobody has acknowledged to the end, the oldest first, up to a hundred."""
    return rows(conn, "unanswered", {"within": scope.codes(within)})


def about(conn: Connection, keys: Collection[str], within: Collection[str] | None = None) -> dict[str, Escalation]:
    """Return the newest escalation about each of some orders and alarms, by its key, if it is not over."""
    found = rows(conn, "of_causes", {"keys": sorted(keys), "within": scope.codes(within)}) if keys else []
    return {each.cause_key: each for each in found}


def asks(conn: Connection, ids: Collection[int]) -> dict[int, list[Ask]]:
    """Return who was asked in some escalations, by their ids, in order."""
    found: dict[int, list[Ask]] = {each: [] for each in ids}
    for each in ask_rows(conn, "asks_of", {"ids": sorted(ids)}):
        found[each.escalation_id].append(each)
    return found


def policy_of(conn: Connection, escalation: Escalation) -> Policy:
    """Return the policy by which an escalation runs, in the version in force when it began."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(QUERIES["policy"], {"id": escalation.policy_id, "version": escalation.version}).fetchone()
    assert row is not None, "versions are never deleted"
    return from_document(row["document"], code=row["code"], site=row["site"], version=row["version"])


def answer(
    conn: Connection,
    escalation_id: int,
    given: Answer,
    *,
    actor: str,
    how: str,
    at: datetime,
    why: str = "",
    to: str | None = None,
) -> Escalation:
    """Record what somebody does about an escalation, with the order's history; return it.

    Parameters
    ----------
    actor
        As histories name them; ``person:anna`` counts as Anna's answer to what she was asked.
    how
        ``link``, ``page`` or ``api``.
    to
        The user whom it is handed on to.

    Raises NotFound, CannotAnswer, CannotDecline and CannotBeCalled.
    """
    before = lock(conn, escalation_id)
    course.check(before.subject, before.state, given)
    person = actor.removeprefix("person:") if actor.startswith("person:") else ""
    facts: dict[str, Any] = {"state": before.state, "due_at": before.due_at, "answered_by": before.answered_by}
    facts |= {"how": before.how, "taken": before.taken}
    new: dict[str, Any] = {"how": how}
    if given is Answer.ACKNOWLEDGE:
        if before.state is State.ACKNOWLEDGED and before.answered_by == actor:
            return before
        facts |= {"state": State.ACKNOWLEDGED, "due_at": None, "answered_by": actor, "how": how}
        conn.execute(QUERIES["drop_unsent"], {"id": before.id})
    elif given is Answer.DECLINE:
        _check_decline(conn, before, person, why)
        facts |= {"due_at": at}
    else:
        facts |= {"state": State.RUNNING, "due_at": _handed_on(conn, before, to or "", actor, at)}
        facts |= {"answered_by": None, "how": None}
        new["to"] = to
    told = {"id": before.id, "user": person, "answer": given.value, "at": at, "how": how, "why": storable.text(why)}
    conn.execute(QUERIES["answer_ask"], told)
    save(conn, before, at, **facts)
    if given is Answer.ACKNOWLEDGE and before.cause is CauseKind.REQUEST:
        order = requests.confirm_danger(conn, UUID(before.cause_key.removeprefix("request:")), actor=actor, at=at)
        conn.execute(QUERIES["of_its_order"], {"id": before.id, "order_id": order})
    step = "taken_over" if given is Answer.ACKNOWLEDGE and before.state is State.ACKNOWLEDGED else _STEPS[given]
    note(conn, before, step, actor=actor, at=at, new=new, why=why)
    return get(conn, before.id)


def _check_decline(conn: Connection, escalation: Escalation, person: str, why: str) -> None:
    if not why.strip():
        raise CannotDecline(say("say why, so that who is asked next knows"))
    with conn.cursor(row_factory=scalar_row) as cursor:
        asked = cursor.execute(QUERIES["was_asked"], {"id": escalation.id, "user": person}).fetchone()
    if not asked:
        raise CannotDecline(say("only somebody who was asked can decline"))


def _handed_on(conn: Connection, escalation: Escalation, to: str, actor: str, at: datetime) -> datetime:
    rotas.check_people(conn, [to], escalation.site)
    step = max(escalation.taken, 1)
    conn.execute(QUERIES["ask"], {"id": escalation.id, "user": to, "step": step, "at": at, "asked_by": actor})
    steps = policy_of(conn, escalation).steps
    return at + timedelta(minutes=steps[(step - 1) % len(steps)].wait_minutes)


def end(conn: Connection, cause_key: str, state: State, *, by: str, how: str, at: datetime, why: str = "") -> int:
    """End the unfinished escalation about something, if there is one; return how many."""
    found = rows(conn, "unfinished_of", {"cause_key": cause_key})
    for each in found:
        conn.execute(QUERIES["drop_unsent"], {"id": each.id})
        save(conn, each, at, state=state, taken=each.taken, due_at=None, answered_by=by, how=how)
        # What ended it is in the history of the order already.
        tell(conn, each, state.value, at=at, actor=by, data={"how": how, "why": why})
    return len(found)


def lock(conn: Connection, escalation_id: int) -> Escalation:
    """Lock an escalation until the transaction ends. Raises NotFound."""
    found = rows(conn, "lock", {"id": escalation_id})
    if not found:
        raise NotFound("escalation", escalation_id)
    return found[0]


def save(conn: Connection, escalation: Escalation, at: datetime, **facts: Any) -> None:
    """Store what has become of an escalation."""
    conn.execute(QUERIES["save"], facts | {"id": escalation.id, "at": at})


def note(
    conn: Connection,
    escalation: Escalation,
    step: str,
    *,
    actor: str,
    at: datetime,
    new: Mapping[str, Any],
    why: str = "",
) -> None:
    """Record a step of an escalation in its order's history, and as an event."""
    if escalation.order_id is not None:
        work_orders.lock(conn, escalation.order_id)
        name = step.replace("_", " ")
        order_history.append(conn, escalation.order_id, at=at, actor=actor, step=name, new=new, why=why)
    tell(conn, escalation, step, at=at, actor=actor, data={**new, "why": why})


def tell(
    conn: Connection, escalation: Escalation, what: str, *, at: datetime, actor: str, data: Mapping[str, Any]
) -> None:
    """Write an event of an escalation; one about the engine is for those who see every site."""
    of_site = None if escalation.cause is CauseKind.ENGINE else site_id(conn, escalation.site)
    facts = {"escalation": escalation.id, "policy": escalation.policy, "title": escalation.title, "actor": actor}
    events.append(
        conn,
        f"escalation.{what}",
        escalation.subject,
        at=at,
        site_id=of_site,
        asset_id=escalation.asset_id,
        order_id=escalation.order_id,
        data=facts | dict(data),
    )


def site_id(conn: Connection, code: str) -> int:
    """Return a site's id."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(QUERIES["site_id"], {"site": code}).fetchone() or 0)


def rows(conn: Connection, query: str, asked: Mapping[str, Any]) -> list[Escalation]:
    """Return the escalations of a query."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(QUERIES[query], asked).fetchall()
    return [Escalation(**row | {"cause": CauseKind(row["cause"]), "state": State(row["state"])}) for row in found]


def ask_rows(conn: Connection, query: str, asked: Mapping[str, Any]) -> Sequence[Ask]:
    """Return the asks of a query."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(QUERIES[query], asked).fetchall()
    kinds = {"answer": Answer, "state": State, "cause": CauseKind}
    return [
        Ask(**row | {name: kind(row[name]) for name, kind in kinds.items() if row[name] is not None}) for row in found
    ]
