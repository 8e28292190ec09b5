"""The state of each alarm and every move of it: the engine's in its batch, people's in their own transaction."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import scope, sql, storable
from db.documents import rules_in_force
from db.errors import NotFound
from workorder_core.alarms import alarm_states
from workorder_core.alarms.alarm_states import Move, Point, State, Terms
from workorder_core.alarms.alarms import Change
from workorder_core.words import Severity, Status

_QUERIES = sql.load("alarm_points")
_TELLS_THE_JUDGE = (Move.SHELVE, Move.UNSHELVE, Move.TAKE_OUT, Move.RETURN)
ENGINE = "system:engine"
Id = tuple[int, str]
"""An asset's id and a source."""
Position = tuple[str, int, datetime | None, int, str]
"""An alarm's position in the list: its state, severity, since when, its asset and source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One alarm of a list. ``raised_at`` is the asset's event time, the others the wall clock."""

    asset_id: int
    source: str
    asset: str
    asset_name: str
    time_zone: str
    state: State
    active: bool
    latching: bool
    severity: Severity
    acknowledged: bool
    since: datetime | None
    until: datetime | None
    actor: str
    why: str
    summary: str
    raised_at: datetime | None

    @property
    def id(self) -> Id:
        return self.asset_id, self.source

    @property
    def position(self) -> Position:
        """Return its position in the list."""
        return self.state.value, self.severity.value, self.since, self.asset_id, self.source

    @property
    def to_be_seen(self) -> bool:
        """Return whether it can be acknowledged."""
        return Move.ACKNOWLEDGE in self.possible

    @property
    def possible(self) -> tuple[Move, ...]:
        """Return what people can do with it now."""
        return alarm_states.possible(
            Point(name=self.source, state=self.state, severity=self.severity, acknowledged=self.acknowledged)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOf:
    """The order to which an alarm is evidence."""

    id: UUID
    number: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A move in an alarm's history."""

    id: int
    asset_id: int
    asset: str
    time_zone: str
    source: str
    at: datetime
    event_at: datetime | None
    actor: str
    move: str
    old_state: str
    new_state: str
    until: datetime | None
    why: str


def follow(conn: Connection, changes: Sequence[Change], asset_id: Callable[[str], int], *, at: datetime) -> None:
    """Apply the judge's alarm changes, in the caller's transaction."""
    ids = [(asset_id(change.asset), change.source) for change in changes]
    before = _lock(conn, ids)
    points, facts, moves = dict(before), dict[Id, dict[str, Any]](), list[dict[str, Any]]()
    for key, change in zip(ids, changes, strict=True):
        terms, old = None, points[key]
        more = facts.setdefault(key, {"actor": None, "why": None, "summary": None, "raised_at": None})
        if change.finding is not None:
            terms = Terms(severity=change.finding.severity, latching=change.finding.latching)
            more |= {"summary": change.finding.summary, "raised_at": change.at}
        new = points[key] = _follow(old, change, at, terms)
        if new.since is not old.since or new.state is not old.state:
            more |= {"actor": ENGINE, "why": change.why}
            moves.append(_note(key, old, new, change.move, ENGINE, change.why, at) | {"event_at": change.at})
    with conn.cursor() as cursor:
        cursor.executemany(_QUERIES["save"], [_facts(key, points[key]) | facts[key] for key in points])
        cursor.executemany(_QUERIES["note"], moves)


def _follow(point: Point, change: Change, at: datetime, terms: Terms | None) -> Point:
    """Return whether a change repeats a person's move, which was applied when it was made; the judge reports when it
    takes effect."""
    silenced = {Move.SHELVE: State.SHELVED, Move.TAKE_OUT: State.OUT_OF_SERVICE}.get(change.move)
    if silenced is not None and point.state is silenced and point.until == change.until:
        return point
    return alarm_states.follow_engine(point, change.move, at=at, terms=terms, until=change.until)


def acknowledge(conn: Connection, alarms: Iterable[Id], *, actor: str, at: datetime, why: str = "") -> list[Standing]:
    """Record that somebody has seen alarms, all or none of them. Raises NotFound and IllegalAlarmMove."""
    return [
        _step(conn, key, Move.ACKNOWLEDGE, lambda point: alarm_states.acknowledge(point, at=at), actor, at, why)
        for key in sorted(set(alarms))
    ]


def reset(conn: Connection, alarm: Id, *, actor: str, at: datetime, why: str = "") -> Standing:
    """Reset a latched alarm. Raises NotFound and IllegalAlarmMove."""
    return _step(conn, alarm, Move.RESET, lambda point: alarm_states.reset(point, at=at), actor, at, why)


def shelve(conn: Connection, alarm: Id, *, until: datetime, why: str, actor: str, at: datetime) -> Standing:
    """Shelve an alarm, active or not; the event for the judge is written in the same transaction.

    Raises NotFound, IllegalAlarmMove, AlarmReasonMissing, MayNotBeShelved and InvalidEnd.
    """
    terms = _terms(conn, alarm)
    return _step(
        conn, alarm, Move.SHELVE,
        lambda point: alarm_states.shelve(point, terms, until=until, why=why, at=at), actor, at, why, known=True,
    )  # fmt: skip


def unshelve(conn: Connection, alarm: Id, *, actor: str, at: datetime, why: str = "") -> Standing:
    """Unshelve an alarm. Raises NotFound and IllegalAlarmMove."""
    return _step(conn, alarm, Move.UNSHELVE, lambda point: alarm_states.unshelve(point, at=at), actor, at, why)


def take_out(conn: Connection, alarm: Id, *, until: datetime | None, why: str, actor: str, at: datetime) -> Standing:
    """Remove an alarm from service; the event for the judge is written in the same transaction.

    Raises NotFound, IllegalAlarmMove, AlarmReasonMissing and InvalidEnd.
    """
    terms = _terms(conn, alarm)
    return _step(
        conn, alarm, Move.TAKE_OUT,
        lambda point: alarm_states.take_out(point, terms, until=until, why=why, at=at), actor, at, why, known=True,
    )  # fmt: skip


def return_to_service(conn: Connection, alarm: Id, *, actor: str, at: datetime, why: str = "") -> Standing:
    """Put an alarm back into service. Raises NotFound and IllegalAlarmMove."""
    return _step(conn, alarm, Move.RETURN, lambda point: alarm_states.return_to_service(point, at=at), actor, at, why)


def page(
    conn: Connection,
    *,
    states: Sequence[State] | None = None,
    site: str | None = None,
    within: Collection[str] | None = None,
    asset_id: int | None = None,
    source: str | None = None,
    severity: Severity | None = None,
    limit: int = 50,
    offset: int = 0,
    after: Position | None = None,
) -> list[Standing]:
    """Return alarms, the worst first, ``after`` one; without ``states`` all that are not normal."""
    asked = {
        "states": None if states is None else [each.value for each in states],
        "site": site,
        "within": scope.codes(within),
        "asset_id": asset_id,
        "source": source,
        "severity": severity,
    }
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["page"], asked | {"limit": limit, "offset": offset} | _after(after)).fetchall()
    return [_standing(row) for row in rows]


def _after(position: Position | None) -> dict[str, Any]:
    names = ("after_state", "after_severity", "after_since", "after_id", "after_source")
    return dict(zip(names, position or (None,) * 5, strict=True))


def get(conn: Connection, alarm: Id) -> Standing:
    """Return one alarm. Raises NotFound for one that was never raised or moved."""
    found = page(conn, states=list(State), asset_id=alarm[0], source=alarm[1], limit=1)
    if not found:
        raise NotFound("alarm", f"{alarm[1]} of asset {alarm[0]}")
    return found[0]


def tally(
    conn: Connection, site: str | None = None, within: Collection[str] | None = None
) -> list[tuple[State, Severity, int]]:
    """Return how many alarms are in each state, by severity."""
    rows = conn.execute(_QUERIES["tally"], {"site": site, "within": scope.codes(within)}).fetchall()
    return [(State(state), Severity(severity), count) for state, severity, count in rows]


def orders_of(conn: Connection, alarms: Sequence[Id]) -> dict[Id, OrderOf]:
    """Return the newest order of each alarm that has one."""
    asked = {"asset_ids": [asset_id for asset_id, _ in alarms], "sources": [source for _, source in alarms]}
    with conn.cursor(row_factory=dict_row) as cursor:
        return {
            (row["asset_id"], row["source"]): OrderOf(id=row["id"], number=row["number"], status=Status(row["status"]))
            for row in cursor.execute(_QUERIES["orders_of"], asked)
        }


def moves(
    conn: Connection,
    *,
    asset_id: int | None = None,
    source: str | None = None,
    site: str | None = None,
    within: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Moved]:
    """Return the moves of alarms, the newest first; with ``before`` those of smaller ids."""
    asked = {
        "asset_id": asset_id,
        "source": source,
        "site": site,
        "within": scope.codes(within),
        "before": before,
        "limit": limit,
        "offset": offset,
    }
    with conn.cursor(row_factory=class_row(Moved)) as cursor:
        return cursor.execute(_QUERIES["moves"], asked).fetchall()


def _step(
    conn: Connection, alarm: Id, move: Move, step: Callable[[Point], Point], actor: str, at: datetime, why: str,
    *, known: bool = False,
) -> Standing:  # fmt: skip
    """Lock an alarm, apply a pure step, store the result and write the event that the judge needs."""
    if not known:
        get(conn, alarm)
    old = _lock(conn, [alarm])[alarm]
    new = step(old)
    facts = {"actor": actor, "why": why, "summary": None, "raised_at": None}
    conn.execute(_QUERIES["save"], _facts(alarm, new) | facts)
    conn.execute(_QUERIES["note"], _note(alarm, old, new, move, actor, why, at))
    if move in _TELLS_THE_JUDGE:
        until = None if new.until is None else new.until.isoformat()
        payload = {"source": alarm[1], "move": move.value, "until": until, "why": why}
        event = {"asset_id": alarm[0], "actor": actor, "why": why, "payload": storable.json(payload)}
        conn.execute(_QUERIES["tell_the_judge"], event)
    return get(conn, alarm)


def _terms(conn: Connection, alarm: Id) -> Terms:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["class_of"], {"asset_id": alarm[0]}).fetchone()
    if row is None:
        raise NotFound("asset", alarm[0])
    terms = rules_in_force.terms(conn, row["asset_class"], row["asset"], alarm[1])
    if terms is None:
        get(conn, alarm)  # A model's alarm, or that of a removed rule: it must have been raised once.
    return terms or Terms()


def _lock(conn: Connection, ids: Sequence[Id]) -> dict[Id, Point]:
    keys = sorted(set(ids))
    asked = {"asset_ids": [key[0] for key in keys], "sources": [key[1] for key in keys]}
    conn.execute(_QUERIES["make"], asked)
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["lock"], asked).fetchall()
    return {(row["asset_id"], row["source"]): _point(row) for row in rows}


def _point(row: dict[str, Any]) -> Point:
    same = ("active", "latching", "acknowledged", "since", "until")
    return Point(
        name=f"{row['source']} of {row['asset']}",
        state=State(row["state"]),
        severity=Severity(row["severity"]),
        **{name: row[name] for name in same},
    )


def _standing(row: dict[str, Any]) -> Standing:
    return Standing(**row | {"state": State(row["state"]), "severity": Severity(row["severity"])})


def _facts(key: Id, point: Point) -> dict[str, Any]:
    same = ("active", "latching", "acknowledged", "since", "until")
    facts = {name: getattr(point, name) for name in same}
    return facts | {
        "asset_id": key[0], "source": key[1], "state": point.state.value, "severity": int(point.severity),
    }  # fmt: skip


def _note(key: Id, old: Point, new: Point, move: Move, actor: str, why: str, at: datetime) -> dict[str, Any]:
    return {
        "asset_id": key[0],
        "source": key[1],
        "at": at,
        "event_at": None,
        "actor": actor,
        "move": move.value,
        "old": old.state.value,
        "new": new.state.value,
        "until": new.until,
        "why": why,
    }
