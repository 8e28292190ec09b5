"""Rounds: due, begun, handed over, finished. Answers are in ``stops``. The caller owns the transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, kwargs_row, scalar_row, tuple_row

from db import scope, sql
from db.errors import NotFound
from db.inspections import checklists, history, round_orders, stops
from workorder_core.inspections import rounds
from workorder_core.inspections.round_orders import walked_hours
from workorder_core.inspections.rounds import How, RoundStatus, RoundStep
from workorder_core.sentences import say

_QUERIES = sql.load("inspection_rounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round. ``stops``, ``done``, ``skipped`` count its stops, ``failed`` the points that have failed.

    Parameters
    ----------
    how
        Begun by hand or by a scanned code, or due by a plan.
    order_id
        The order that requires it; None: none does.
    latest
        If not begun by then, it is missed; None: never.
    walker
        The person who has it now, or had it last.
    """

    id: int
    site_id: int
    site: str
    time_zone: str
    number: str
    title: str
    route_id: int | None
    order_id: UUID | None
    how: How
    status: RoundStatus
    made_at: datetime
    due_at: datetime
    latest: datetime | None
    walker: str | None
    started_at: datetime | None
    finished_at: datetime | None
    signed_name: str
    signed_drawn: str
    why: str
    stops: int
    done: int
    skipped: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAsset:
    """A round in progress with an open stop at an asset."""

    round_id: int
    position: int
    number: str
    title: str
    status: RoundStatus
    walker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The content of a round: a route, or stops as pairs of asset and checklist in walking order."""

    title: str = ""
    route_id: int | None = None
    stops: tuple[tuple[int, int], ...] = ()


def page(
    conn: Connection,
    *,
    site: str | None = None,
    within: Collection[str] | None = None,
    statuses: Collection[RoundStatus] | None = None,
    asset_id: int | None = None,
    order_id: UUID | None = None,
    route_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Round]:
    """Return rounds due from ``since`` and before ``until``, the latest first; ``after`` a round's due time and id."""
    asked: dict[str, Any] = {"site": site, "within": scope.codes(within), "asset_id": asset_id, "order_id": order_id}
    asked |= {"statuses": None if statuses is None else [each.value for each in statuses], "route_id": route_id}
    asked |= {"after_at": after[0] if after else None, "after_id": after[1] if after else None, "limit": limit}
    asked |= {"since": since, "until": until, "offset": offset}
    with conn.cursor(row_factory=kwargs_row(_round)) as cursor:
        return cursor.execute(_QUERIES["page"], asked).fetchall()


def get(conn: Connection, round_id: int) -> Round:
    """Return one round. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_round)) as cursor:
        found = cursor.execute(_QUERIES["get"], {"id": round_id}).fetchone()
    if found is None:
        raise NotFound("round", round_id)
    return found


def next_number(conn: Connection, site_id: int, site: str, kind: str) -> str:
    """Assign the next number of a site, ``NTH-R12`` for a round (R) or ``NTH-A3`` for an audit (A)."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        number = cursor.execute(_QUERIES["next_number"], {"site_id": site_id, "kind": kind}).fetchone()
    return f"{site}-{kind}{number}"


def make_due(
    conn: Connection,
    site_id: int,
    walk: Walk,
    *,
    due_at: datetime,
    latest: datetime | None = None,
    order_id: UUID | None = None,
    how: How = How.PLAN,
    actor: str,
    at: datetime,
) -> Round:
    """Create a round that is due, and return it; a maintenance plan does this for each occurrence. Exactly once per
    order, even with simultaneous calls: the second gets the round of the first. The stops of a route are those at the
    time when the round begins. Raises NotFound, InvalidRoute.
    """
    if order_id is not None and (there := of_order(conn, order_id)) is not None:
        return there
    title, at_stops, site = _stops_of(conn, site_id, walk)
    facts: dict[str, Any] = {"site_id": site_id, "number": next_number(conn, site_id, site, "R"), "title": title}
    facts |= {"route_id": walk.route_id, "order_id": order_id, "how": how.value, "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add"], facts | {"due_at": due_at, "latest": latest}).fetchone()
    if made is None:
        assert order_id is not None, "only an order's round can be there already"
        found = of_order(conn, order_id)
        assert found is not None
        return found
    _put_stops(conn, made, at_stops)
    history.note(conn, round_id=made, at=at, actor=actor, what="due", told={"how": how.value})
    return get(conn, made)


def begin(conn: Connection, site_id: int, walk: Walk, *, how: How = How.HAND, actor: str, at: datetime) -> Round:
    """Create a round and begin it at once, by hand or by a scanned code. Raises NotFound, InvalidRoute."""
    made = make_due(conn, site_id, walk, due_at=at, how=how, actor=actor, at=at)
    return take_step(conn, made.id, RoundStep.START, actor=actor, at=at)


def take_step(
    conn: Connection,
    round_id: int,
    step: RoundStep,
    *,
    actor: str,
    at: datetime,
    why: str = "",
    signed_name: str = "",
    signed_drawn: str = "",
) -> Round:
    """Lock a round, apply a step and return it.

    Raises NotFound, IllegalRoundStep, RoundIncomplete, SignedByAnother.
    """
    conn.execute(_QUERIES["lock"], {"id": round_id})
    before = get(conn, round_id)
    to = rounds.after(before.number, before.status, step)
    if step is RoundStep.CANCEL and not why.strip():
        raise rounds.RoundIncomplete(before.number, [say("say why it is cancelled")])
    if step is RoundStep.START:
        _fix_stops(conn, before)
    if step is RoundStep.FINISH:
        rounds.check_signer(before.number, before.walker, actor)
        there = [(f"stop {each.position}, {each.asset}", each.status) for each in stops.of_round(conn, round_id)]
        rounds.check_finished(before.number, there, signed_name)
    walks = step in (RoundStep.START, RoundStep.RESUME)
    facts = {"id": round_id, "status": to.value, "walker": actor if walks else None, "at": at, "why": why.strip()}
    conn.execute(_QUERIES["set_status"], facts | {"signed_name": signed_name.strip(), "signed_drawn": signed_drawn})
    told: dict[str, Any] = {"old": before.status.value, "new": to.value}
    if step is RoundStep.RESUME and before.walker != actor:
        told["from"] = before.walker
    history.note(conn, round_id=round_id, at=at, actor=actor, what=_TOLD[step], told=told, why=why)
    after = get(conn, round_id)
    if step is RoundStep.FINISH and after.order_id is not None:
        _tell_order(conn, after, actor, at)
    return after


_TOLD = {
    RoundStep.START: "started",
    RoundStep.PAUSE: "paused",
    RoundStep.RESUME: "resumed",
    RoundStep.FINISH: "finished",
    RoundStep.CANCEL: "cancelled",
    RoundStep.MISS: "missed",
}


def _tell_order(conn: Connection, done: Round, actor: str, at: datetime) -> None:
    """Record a round's result on the order that required it, and complete the order."""
    assert done.order_id is not None
    said = f"Round {done.number} was walked: {done.done} of {done.stops} stops, {done.failed} failed points."
    hours = walked_hours((each.at, each.what) for each in history.of_round(conn, done.id))
    round_orders.settle(conn, done.order_id, said, hours=hours, seen=done.done, failed=done.failed, actor=actor, at=at)


def miss_late(conn: Connection, *, now: datetime, actor: str) -> list[int]:
    """Mark the rounds as missed that nobody has begun before their latest time; return their ids."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        late = cursor.execute(_QUERIES["too_late"], {"now": now}).fetchall()
    for round_id in late:
        take_step(conn, round_id, RoundStep.MISS, actor=actor, at=now, why="nobody began it in time")
    return late


def of_order(conn: Connection, order_id: UUID) -> Round | None:
    """Return the round that an order requires; None if there is none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(_QUERIES["id_of_order"], {"order_id": order_id}).fetchone()
    return None if found is None else get(conn, found)


def at_asset(conn: Connection, asset_id: int) -> list[AtAsset]:
    """Return the rounds in progress with an open stop at an asset."""
    with conn.cursor(row_factory=class_row(AtAsset)) as cursor:
        return cursor.execute(_QUERIES["at_asset"], {"asset_id": asset_id}).fetchall()


def tally(conn: Connection) -> dict[RoundStatus, int]:
    """Return how many rounds there are in each status."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        found: dict[str, int] = dict(cursor.execute(_QUERIES["tally"]).fetchall())
    return {status: found.get(status.value, 0) for status in RoundStatus}


def failed_tally(conn: Connection) -> tuple[int, int]:
    """Return how many failed points have unfinished orders, and how many answers have failed in total."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_QUERIES["failed_tally"]).fetchone()
    assert found is not None
    return found


def _stops_of(conn: Connection, site_id: int, walk: Walk) -> tuple[str, list[tuple[int, int]], str]:
    """Return the title of a round, its stops, and the code of its site."""
    if walk.route_id is not None:
        route = checklists.route(conn, walk.route_id)
        if route.site_id != site_id:
            raise NotFound("route", walk.route_id)
        walked = [(each.asset_id, each.checklist_id) for each in route.walk if not each.gone]
        if route.archived_at is not None or not walked:
            raise checklists.InvalidRoute(
                say("route {code} is archived or has no stop that is in use", code=route.code)
            )
        return walk.title or route.title, walked, route.site
    checklists.check_stops(conn, site_id, walk.stops)
    first = checklists.get(conn, walk.stops[0][1])
    return walk.title or first.checklist.title, list(walk.stops), first.site


def _put_stops(conn: Connection, round_id: int, at_stops: Sequence[tuple[int, int]]) -> None:
    assets, lists = [each[0] for each in at_stops], [each[1] for each in at_stops]
    conn.execute(_QUERIES["add_stops"], {"id": round_id, "assets": assets, "checklists": lists})


def _fix_stops(conn: Connection, due: Round) -> None:
    """Give a beginning round the present stops of its route, and each stop its checklist's version."""
    if due.route_id is not None and due.how is How.PLAN:
        _, at_stops, _ = _stops_of(conn, due.site_id, Walk(route_id=due.route_id))
        conn.execute(_QUERIES["drop_stops"], {"id": due.id})
        _put_stops(conn, due.id, at_stops)
    conn.execute(_QUERIES["fix_versions"], {"id": due.id})


def _round(**row: Any) -> Round:
    return Round(**row | {"how": How(row["how"]), "status": RoundStatus(row["status"])})
