"""Escalations as the process that delivers runs them: they begin with an event, step follows step, and whoever is asked
gets a message, at most one a minute. The caller owns the transaction; each step commits as a whole.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from psycopg import Connection, InterfaceError, OperationalError
from psycopg.rows import dict_row, scalar_row, tuple_row

from db.alarms import engine_alarms
from db.escalating import escalations
from db.escalating.escalations import QUERIES, Ask, Escalation
from db.events import events
from db.events.events import Event
from db.oncall import chiefs, counting, rotas
from db.requests import requests
from workorder_core.alarms.engine_alarms import Code
from workorder_core.escalating import course
from workorder_core.escalating.course import State
from workorder_core.escalating.documents import from_document
from workorder_core.escalating.policies import Cause, CauseKind, Policy, Step, Target, TargetKind, choose
from workorder_core.notifying.kinds import ASKED
from workorder_core.notifying.whom import OF_THE_PAST
from workorder_core.orders.lifecycle import FINAL
from workorder_core.sentences import kept
from workorder_core.words import OrderType, Priority, Status

ACTOR = "system:escalation"
AT_ONCE = 100
"""The most escalations that take a step in one transaction."""
TRIED_AGAIN = timedelta(minutes=1)
"""When a step is tried again that has failed by an error of the program."""
_log = structlog.get_logger("escalation")


def follow(conn: Connection, found: Sequence[Event], *, now: datetime) -> int:
    """Begin and end escalations by what has happened; return how many. One event's error stops none of the others."""
    policies: dict[tuple[int, int], Policy] | None = None
    sites: dict[tuple[int, int], int] = {}
    changed = 0
    for event in found:
        try:
            with conn.transaction():
                changed += _end_by(conn, event, now)
                if not _may_begin(event):
                    continue
                if policies is None:
                    policies, sites = _in_force(conn)
                changed += _begin(conn, event, policies, sites, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - everybody else's messages go on
            _failed(conn, f"{event.kind} {event.subject}", error)
    return changed


def _may_begin(event: Event) -> bool:
    if event.recorded_at - event.at > OF_THE_PAST:
        return False
    if event.kind in ("alarm.raised", "engine_alarm.raised", "order.opened"):
        return True
    if event.kind == "request.new":
        return bool(event.data.get("danger"))
    new = event.data.get("new") or {}
    return event.kind.startswith("order.") and not new.keys().isdisjoint({"type", "priority"})


def _in_force(conn: Connection) -> tuple[dict[tuple[int, int], Policy], dict[tuple[int, int], int]]:
    """Return the policies in force by document and version, and the ids of their sites."""
    found, sites = {}, {}
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(QUERIES["policies"]):
            key = row["id"], row["version"]
            found[key] = from_document(row["document"], code=row["code"], site=row["site"], version=row["version"])
            sites[key] = row["site_id"]
    return found, sites


def _begin(
    conn: Connection,
    event: Event,
    policies: Mapping[tuple[int, int], Policy],
    sites: Mapping[tuple[int, int], int],
    now: datetime,
) -> int:
    cause, key, title = _cause(conn, event)
    if cause is None:
        return 0
    # An alarm of the engine is of no site: the first policy of any site that fits.
    of_site = [each for each in policies.values() if event.site in (None, each.site)]
    codes = dict.fromkeys(each.site for each in of_site)
    policy = next((one for site in codes if (one := choose([p for p in of_site if p.site == site], cause))), None)
    if policy is None:
        return 0
    document = next(each for each, one in policies.items() if one is policy)
    facts: dict[str, Any] = {
        "site_id": sites[document],
        "document_id": document[0],
        "version": document[1],
        "cause": cause.kind.value,
    }
    facts |= {"cause_key": key, "order_id": event.order_id, "asset_id": event.asset_id, "subject": event.subject}
    with conn.cursor(row_factory=scalar_row) as cursor:
        begun = cursor.execute(QUERIES["begin"], facts | {"title": title, "at": now}).fetchone()
    if begun is None:
        return 0
    escalations.tell(conn, escalations.get(conn, begun), "began", at=now, actor=ACTOR, data={})
    return 1


def _cause(conn: Connection, event: Event) -> tuple[Cause | None, str, str]:
    """Return what an event may begin to be escalated, its key, and what it is called."""
    data = event.data
    if event.kind == "engine_alarm.raised":
        code = str(data.get("code", ""))
        return Cause(kind=CauseKind.ENGINE, code=code), f"engine:{code}", str(data.get("problem", ""))
    asked = {"asset_id": event.asset_id, "order_id": event.order_id}
    with conn.cursor(row_factory=tuple_row) as cursor:
        asset_class, areas = cursor.execute(QUERIES["surroundings"], asked).fetchone() or ("", [])
    if event.kind == "alarm.raised":
        cause = Cause(
            kind=CauseKind.ALARM, severity=int(data.get("severity") or 0), areas=areas, asset_class=asset_class
        )
        title = str(data.get("summary") or data.get("source") or "")
        return cause, f"alarm:{event.asset_id}/{data.get('source')}", title
    if event.kind == "request.new":
        return _danger(conn, event, areas, asset_class)
    if data.get("status") in FINAL:
        return None, "", ""
    cause = Cause(
        kind=CauseKind.ORDER,
        type=str(data.get("type", "")),
        priority=int(data.get("priority") or 0),
        areas=areas,
        asset_class=asset_class,
    )
    return cause, f"order:{event.order_id}", str(data.get("title", ""))


def _danger(conn: Connection, event: Event, areas: Collection[str], asset_class: str) -> tuple[Cause | None, str, str]:
    """Return the cause that a request in danger is, unless somebody has decided on it, or the site makes the order at
    once.
    """
    request = requests.get(conn, UUID(event.data["request"]))
    if not request.undecided:
        return None, "", ""
    cause = Cause(
        kind=CauseKind.REQUEST,
        type=OrderType.EMERGENCY,
        priority=Priority.EMERGENCY,
        areas=areas,
        asset_class=asset_class,
    )
    title = kept("somebody reports danger at {thing}: acknowledging makes an emergency order", thing=request.thing_name)
    return cause, f"request:{request.id}", title


def _end_by(conn: Connection, event: Event, now: datetime) -> int:
    """End an escalation because somebody has begun the work or acknowledged the alarm, or because it is over."""
    kind, _, happened = event.kind.partition(".")
    actor, why = str(event.data.get("actor") or ACTOR), str(event.data.get("why") or "")
    if kind == "order" and happened == Status.IN_PROGRESS:
        key, state, how = f"order:{event.order_id}", State.ACKNOWLEDGED, "work"
    elif kind == "order" and happened in FINAL | {Status.COMPLETED}:
        key, state, how = f"order:{event.order_id}", State.OVER, happened
    elif kind == "alarm" and happened in ("acknowledged", "cleared"):
        key = f"alarm:{event.asset_id}/{event.data.get('source')}"
        state, how = (State.ACKNOWLEDGED, "alarm") if happened == "acknowledged" else (State.OVER, happened)
    elif kind == "request" and happened in ("accepted", "merged", "declined", "settled", "withdrawn"):
        key, state, how = f"request:{event.data.get('request')}", State.OVER, happened
    elif event.kind == "engine_alarm.cleared":
        key, state, how = f"engine:{event.data.get('code')}", State.OVER, happened
    else:
        return 0
    return escalations.end(conn, key, state, by=actor, how=how, at=now, why=why)


@dataclass(slots=True)
class _Around:
    """What several steps of one moment have in common: the policies, and who is on call now."""

    conn: Connection
    now: datetime
    policies: dict[tuple[int, int], Policy] = field(default_factory=dict)
    on_call: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)

    def policy(self, escalation: Escalation) -> Policy:
        key = escalation.policy_id, escalation.version
        if key not in self.policies:
            self.policies[key] = escalations.policy_of(self.conn, escalation)
        return self.policies[key]

    def whom(self, escalation: Escalation, step: Step) -> list[str]:
        """Return whom a step asks now, without those who cannot be called."""
        names = {each.name for each in step.whom if each.kind is TargetKind.PERSON}
        for each in step.whom:
            if each.kind is TargetKind.CHIEF and (chief := chiefs.of_site(self.conn, escalation.site)) is not None:
                names.add(chief.person)
            if each.kind is TargetKind.ROTA:
                names |= self._on_call(escalation.site, each)
        roles = [each.name for each in step.whom if each.kind is TargetKind.ROLE]
        crews = [each.name for each in step.whom if each.kind is TargetKind.CREW]
        everybody = any(each.kind is TargetKind.EVERYBODY for each in step.whom)
        return can_be_asked(self.conn, escalation, names=names, roles=roles, crews=crews, everybody=everybody)

    def _on_call(self, site: str, of: Target) -> frozenset[str]:
        key = site, of.name, of.layer
        if key not in self.on_call:
            stored = rotas.by_code(self.conn, site, of.name)
            found = []
            if stored is not None:
                until = self.now + timedelta(microseconds=1)
                found = counting.duties(self.conn, {stored.id: stored.rota}, self.now, until)[stored.id]
            self.on_call[key] = frozenset(each.person for each in found if of.layer in ("", each.layer))
        return self.on_call[key]


def can_be_asked(
    conn: Connection,
    escalation: Escalation,
    *,
    names: Collection[str] = (),
    roles: Collection[str] = (),
    crews: Collection[str] = (),
    everybody: bool = False,
) -> list[str]:
    """Return, of some people, those who are not disabled and see what it is about, by name."""
    asked: dict[str, Any] = {
        "site": escalation.site,
        "names": sorted(names),
        "roles": sorted(roles),
        "crews": sorted(crews),
        "everybody": everybody,
    }
    asked["every_site"] = escalation.cause is CauseKind.ENGINE
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(QUERIES["reachable"], asked).fetchall()


def take_steps(conn: Connection, *, now: datetime) -> int:
    """Take the steps that are due; return how many. Any number of processes share them, each step is taken once."""
    around, done = _Around(conn, now), 0
    for each in escalations.rows(conn, "due", {"now": now, "most": AT_ONCE}):
        try:
            with conn.transaction():
                _take(conn, each, around)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the other escalations go on
            again = {name: getattr(each, name) for name in ("state", "taken", "answered_by", "how")}
            escalations.save(conn, each, now, due_at=now + TRIED_AGAIN, **again)
            _failed(conn, each.subject, error)
        done += 1
    return done


def _take(conn: Connection, escalation: Escalation, around: _Around) -> None:
    now = around.now
    decision = course.advance(around.policy(escalation), escalation.taken, now=now)
    if isinstance(decision, course.End):
        facts = {"state": State.UNANSWERED, "taken": escalation.taken, "due_at": None}
        escalations.save(conn, escalation, now, answered_by=None, how=None, **facts)
        names, step = can_be_asked(conn, escalation, everybody=True), escalation.taken + 1
        _log.error("ALARM: nobody has acknowledged, everybody of the site is asked", subject=escalation.subject)
        _ask(conn, escalation, names, step, now)
        new: dict[str, Any] = {"people": ", ".join(names)}
        escalations.note(conn, escalation, "not_acknowledged", actor=ACTOR, at=now, new=new)
        return
    names = around.whom(escalation, decision.step)
    # Waiting for somebody whom no message reaches would only lose time.
    next_at = decision.next_at if _have_channel(conn, names) else now
    escalations.save(
        conn, escalation, now, state=State.RUNNING, taken=decision.taken, due_at=next_at, answered_by=None, how=None
    )
    _ask(conn, escalation, names, decision.taken, now)
    new = {"step": decision.taken, "people": ", ".join(names), "whom": ", ".join(map(str, decision.step.whom))}
    escalations.note(conn, escalation, "step_taken", actor=ACTOR, at=now, new=new)


def _ask(conn: Connection, escalation: Escalation, names: Collection[str], step: int, now: datetime) -> None:
    for name in names:
        facts = {"id": escalation.id, "user": name, "step": step, "at": now, "asked_by": None}
        conn.execute(QUERIES["ask"], facts)


def _have_channel(conn: Connection, names: Collection[str]) -> bool:
    return conn.execute(QUERIES["have_channel"], {"names": sorted(names)}).fetchone() is not None


def make_messages(conn: Connection, *, now: datetime) -> int:
    """Make one message for each person who is asked about something and has got none within the last minute, about all
    of it; return how many.
    """
    conn.execute(QUERIES["messages_alone"])
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(QUERIES["to_send"], {"now": now, "every": course.ONE_A_PERSON_EVERY}).fetchall()
    for person, ids in found:
        message = uuid4()
        conn.execute(QUERIES["send"], {"message": message, "asks": ids, "now": now})
        items = escalations.ask_rows(conn, "asks_in", {"asks": ids[: course.ITEMS_LISTED]})
        first = escalations.get(conn, items[0].escalation_id)
        alone = len(ids) == 1
        data = {"person": person, "message": str(message), "count": len(ids), "items": list(_items(items))}
        subject = first.subject if alone else f"{first.subject} +{len(ids) - 1}"
        of_site = len({each.site for each in items}) == 1 and all(each.cause is not CauseKind.ENGINE for each in items)
        events.append(
            conn,
            ASKED,
            subject,
            at=now,
            site_id=escalations.site_id(conn, first.site) if of_site else None,
            asset_id=first.asset_id if alone else None,
            order_id=first.order_id if alone else None,
            data=data,
        )
    return len(found)


def _items(asks: Sequence[Ask]) -> Iterator[dict[str, object]]:
    for each in asks:
        yield {
            "escalation": each.escalation_id,
            "site": each.site,
            "subject": each.subject,
            "title": each.title,
            "place": each.place,
            "order_id": None if each.order_id is None else str(each.order_id),
            "began_at": each.began_at.isoformat(),
        }


def next_due(conn: Connection) -> datetime | None:
    """Return when the next step, or the next message, is due; None: nothing waits."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(QUERIES["next_due"], {"every": course.ONE_A_PERSON_EVERY}).fetchone()


def _failed(conn: Connection, what: str, error: Exception) -> None:
    _log.exception("escalation failed on one item, continuing", item=what)
    engine_alarms.note_trouble(conn, Code.JOB_FAILED, f"escalation, {what}: {type(error).__name__}: {error}")
