"""Who is called in the sample plant: the rota, the policies of notification and escalation, and an emergency of today.

By the functions that the API calls. The process that delivers asks about the emergency, as on any plant; only the
answers of the people are the demo's.
"""

from datetime import datetime, time, timedelta
from typing import Any

from psycopg import Connection

from db.escalating import escalations
from db.escalating.policies import POLICIES
from db.notifying import policies
from db.oncall import chiefs, counting, rotas, swaps
from db.oncall.rotas import Stored
from db.orders import work_orders
from db.plant import plant
from runtime.processes.people import DEMO_PEOPLE
from workorder_core.escalating.course import UNFINISHED, Answer
from workorder_core.escalating.policies import Covers, Policy, Step, target
from workorder_core.oncall.rotas import Layer, Rota
from workorder_core.oncall.swaps import AHEAD, Proposal, turns
from workorder_core.people.access import Role
from workorder_core.words import FailureMode, OrderType

ACTOR = "system:demo"
LEAK = "Oil on the floor, pump drips at the shaft"
"""The title of the emergency that the demo's people answer for themselves."""
THINKS = timedelta(seconds=15)
"""How long they take to answer."""
WAIT_MINUTES = 1
"""The shortest wait that a policy may have, so that one can watch the next person being asked."""
STEPS = (("rota:PUMPS/first",), ("rota:PUMPS/second",), ("chief",))


def put(conn: Connection, *, site: str, now: datetime) -> bool:
    """Give a site without rotas one that has begun four weeks ago, policies, and an emergency; return whether it did.
    The caller commits.
    """
    callable_here = rotas.can_be_called(conn, site)
    there = [each for each in DEMO_PEOPLE if each.name in callable_here]
    technicians = tuple(each.name for each in there if each.role is Role.TECHNICIAN)
    planners = tuple(each.name for each in there if each.role in (Role.PLANNER, Role.RELIABILITY_ENGINEER))
    chief = next((each.name for each in there if each.role is Role.ADMINISTRATOR), None)
    if rotas.listed(conn, site=site, retired=True, limit=1) or not technicians or not planners or not chief:
        return False
    friday = now.date() - timedelta(days=28 + (now.weekday() - 4) % 7)
    zone = plant.site_by_code(conn, site).time_zone
    rota = Rota(
        code="PUMPS",
        site=site,
        title="Pumps",
        purpose="Emergencies at the pumps, day and night",
        zone=zone,
        layers=(
            Layer(name="first", people=technicians, starts=friday, hands_over=time(8)),
            Layer(name="second", people=planners, starts=friday, hands_over=time(8)),
        ),
    )
    stored = rotas.add(conn, rota, actor=ACTOR, at=now, why="the demo's rota")
    chiefs.put(conn, site, chief)
    _swap(conn, stored, now)
    policies.save(conn, site, _notification_policy(zone), actor=ACTOR, at=now, why="the demo's policy")
    POLICIES.add(conn, _escalation_policy(site), actor=ACTOR, at=now, why="the demo's policy")
    _leak(conn, site, now)
    return True


def _swap(conn: Connection, stored: Stored, now: datetime) -> None:
    """Have who is second on call next ask whom they share the turns with to swap; nobody has answered yet."""
    duties = counting.duties(conn, {stored.id: stored.rota}, now, now + AHEAD)[stored.id]
    ahead = [each for each in turns(duties) if each.layer == "second" and each.begins > now]
    if len(ahead) < 3:
        return
    mine, theirs = ahead[1:3]
    asked = Proposal(
        layer="second",
        asker=mine.person,
        other=theirs.person,
        begins=mine.begins,
        ends=mine.ends,
        back=(theirs.begins, theirs.ends),
    )
    swaps.ask(conn, stored, asked, at=now, why="I am at a fair that week")


def _notification_policy(zone: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"channels": ["ntfy"], "compulsory": False, "forbidden": [], "digest": "at_once"}
    return {
        "events": {
            "emergency": rule | {"to": ["role:planner"], "compulsory": True},
            "stock_low": rule | {"to": ["role:storekeeper"], "channels": ["banner"], "digest": "daily"},
        },
        "quiet_hours": {"begins": "22:00", "ends": "06:00"},
        "zone": zone,
        "digest_at": "07:00",
        "same_within_minutes": 30,
        "seconds_apart": 60,
        "one_by_one": 5,
    }


def _escalation_policy(site: str) -> Policy:
    steps = (tuple(target(one, field="whom") for one in each) for each in STEPS)
    return Policy(
        code="EMERGENCY",
        site=site,
        title="Emergencies, day and night",
        covers=Covers(order_types=frozenset({OrderType.EMERGENCY})),
        steps=tuple(Step(each, wait_minutes=WAIT_MINUTES) for each in steps),
        repeat=1,
    )


def _leak(conn: Connection, site: str, now: datetime) -> None:
    work_orders.create_by_hand(
        conn,
        asset=plant.asset_by_key(conn, site, "P-103", now=now),
        kind=OrderType.EMERGENCY,
        title=LEAK,
        component="seal",
        failure_mode=FailureMode.ELP,
        actor="person:iversen",
        at=now,
    )


def answer(conn: Connection, *, site: str, now: datetime) -> int:
    """Answer for the demo's people what they are asked about its own emergency, after a while: who is on call first
    cannot come, who is second takes care of it. Returns how many answered; the caller commits.
    """
    done = 0
    for each in escalations.listed(conn, site=site, states=UNFINISHED):
        waiting = [
            ask
            for ask in escalations.asks(conn, [each.id])[each.id]
            if ask.answer is None and ask.sent_at is not None and now - ask.sent_at >= THINKS
        ]
        if each.title != LEAK or not waiting:
            continue
        given, why = (Answer.DECLINE, "I am at the dentist until noon") if each.taken == 1 else (Answer.ACKNOWLEDGE, "")
        facts: dict[str, Any] = {"actor": f"person:{waiting[-1].person}", "how": "page", "at": now, "why": why}
        escalations.answer(conn, each.id, given, **facts)
        done += 1
    return done
