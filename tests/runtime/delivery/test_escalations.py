"""Escalations with a real mail server: who is asked when, links that acknowledge, floods, and the process killed."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db.alarms import engine_alarms
from db.errors import NotFound
from db.escalating import escalations, links
from db.escalating.escalations import CannotDecline
from db.escalating.policies import POLICIES, UnknownInPolicy
from db.events import events, receivers
from db.notifying import policies
from db.oncall import chiefs
from db.oncall.chiefs import NoChief
from db.oncall.rotas import CannotBeCalled
from db.orders import order_history, work_orders
from db.people import technicians, users, workforce
from db.people.users import Standing
from db.people.workforce import Crew
from db.plant import plant as plants
from db.requests import requests
from db.requests.personal import Person
from tests import a_plant
from tests.runtime.delivery.conftest import mail_server
from workorder_core.escalating.course import Answer, CannotAnswer, State
from workorder_core.escalating.policies import Covers, Policy, Step, target
from workorder_core.orders.details import Cancel
from workorder_core.orders.lifecycle import Step as Move
from workorder_core.people.access import Role, system
from workorder_core.requests.asking import RequestStep
from workorder_core.words import FailureMode, OrderType

MINUTE = timedelta(minutes=1)
PEOPLE = ("anna", "ben", "cem")


def step(*whom: str, wait: int = 5) -> Step:
    return Step(tuple(target(each, field="whom") for each in whom), wait)


A_POLICY = Policy(
    code="NIGHT", site="NTH", title="Emergencies", covers=Covers(order_types=frozenset({OrderType.EMERGENCY})),
    steps=(step("anna"), step("ben", wait=10)), repeat=0,
)  # fmt: skip


@pytest.fixture
def plant(post, mails):
    """A plant with three people who can be reached by mail, and a policy."""
    seeded = a_plant.build(post.conn, now=post.now, days=0.1)
    post.settle()
    for name in PEOPLE:
        standing = Standing(
            full_name=name.title(), roles=frozenset({Role.PLANNER}), sites=None, technician=None,
            technician_site=None, disabled=False,
        )  # fmt: skip
        users.add(post.conn, name, standing, password_hash="x", must_change=False, actor="person:a", at=post.now)
        receivers.choose(post.conn, name, f"{name}@plant.example", [], actor=f"person:{name}", at=post.now)
    POLICIES.add(post.conn, A_POLICY, actor="person:a", at=post.now)
    post.conn.commit()
    post.means = replace(post.means, mail_server=mail_server(mails.port))
    post.settle()
    return seeded


def emergency(post, title="Gas"):
    """Open an emergency order, as a person does."""
    asset = plants.assets(post.conn, now=post.now)[0]
    made = work_orders.create_by_hand(
        post.conn, asset=asset, kind=OrderType.EMERGENCY, title=title, component="seal", failure_mode=FailureMode.OHE,
        actor="person:olaf", at=post.now,
    )  # fmt: skip
    post.conn.commit()
    return made


def only(post, **asked):
    with post.conn.transaction():
        (found,) = escalations.listed(post.conn, **asked)
    return found


def to(mails):
    return [each["To"].split("@")[0].strip("<") for each in mails.got]


def token(mail):
    (found,) = re.findall(r"https://plant\.example/asked/(\S+)", mail.get_body(("plain",)).get_content())
    return found


def answer(post, who, given, **facts):
    with post.conn.transaction():
        return escalations.answer(
            post.conn, only(post).id, given, actor=f"person:{who}", how="page", at=post.now, **facts
        )


def steps(post, order):
    with post.conn.transaction():
        return [
            (each.actor, each.step, each.new.get("people") or each.new.get("to") or each.why)
            for each in order_history.of_order(post.conn, order.id)
        ]


def alarm(post):
    with post.conn.transaction():
        found = engine_alarms.standing(post.conn, now=post.now)
    return next((each.problem for each in found if each.code == "nobody_acknowledged"), None)


def test_an_emergency_is_asked_about_at_once_step_by_step_until_somebody_acknowledges(post, plant, mails):
    order = emergency(post)
    post.settle()
    assert to(mails) == ["anna"]
    post.pass_time(4 * MINUTE)
    assert to(mails) == ["anna"]
    post.pass_time(2 * MINUTE)
    assert to(mails) == ["anna", "ben"]
    found = answer(post, "ben", Answer.ACKNOWLEDGE)
    assert (found.state, found.answered_by, found.due_at) == (State.ACKNOWLEDGED, "person:ben", None)
    post.pass_time(60 * MINUTE)
    assert to(mails) == ["anna", "ben"]
    assert steps(post, order)[-3:] == [
        ("system:escalation", "step taken", "anna"),
        ("system:escalation", "step taken", "ben"),
        ("person:ben", "acknowledged", ""),
    ]
    known = steps(post, order)
    answer(post, "ben", Answer.ACKNOWLEDGE)
    assert steps(post, order) == known, "a second time changes nothing"
    answer(post, "cem", Answer.ACKNOWLEDGE)
    assert steps(post, order)[-1][:2] == ("person:cem", "taken over")


def test_what_nobody_acknowledges_is_an_alarm_of_the_engine_and_goes_to_everybody_of_the_site(post, plant, mails):
    order = emergency(post)
    post.settle()
    post.pass_time(15 * MINUTE)
    assert only(post).state is State.UNANSWERED
    assert order.number in alarm(post)
    assert sorted(to(mails)[2:]) == ["anna", "ben", "cem"]
    answer(post, "cem", Answer.ACKNOWLEDGE)
    assert alarm(post) is None
    with pytest.raises(CannotAnswer):
        answer(post, "anna", Answer.DECLINE, why="too late")


def test_declining_goes_on_at_once_and_handing_on_asks_whom_is_named(post, plant, mails):
    order = emergency(post)
    post.settle()
    with pytest.raises(CannotDecline):
        answer(post, "anna", Answer.DECLINE)
    with pytest.raises(CannotDecline):
        answer(post, "cem", Answer.DECLINE, why="nobody asked me")
    answer(post, "anna", Answer.DECLINE, why="I am ill")
    post.settle()
    assert to(mails) == ["anna", "ben"]
    with pytest.raises(CannotBeCalled):
        answer(post, "ben", Answer.HAND_ON, to="nobody")
    answer(post, "ben", Answer.HAND_ON, to="cem", why="it is her pump")
    post.settle()
    assert to(mails) == ["anna", "ben", "cem"]
    assert steps(post, order)[-4:] == [
        ("system:escalation", "step taken", "anna"),
        ("person:anna", "declined", "I am ill"),
        ("system:escalation", "step taken", "ben"),
        ("person:ben", "handed on", "cem"),
    ]


def test_work_that_begins_acknowledges_and_an_order_that_is_cancelled_is_over(post, plant, mails):
    begun, cancelled = emergency(post), emergency(post, "Smoke")
    post.settle()
    who = system("test")
    with post.conn.transaction():
        work_orders.take_step(
            post.conn, cancelled.id, Move.CANCEL, Cancel("a drill"), who=who, at=post.now, why="a drill"
        )
        post.conn.execute("UPDATE work_orders SET status = 'in_progress' WHERE id = %s", [begun.id])
        facts = {"status": "in_progress"}
        order_history.append(post.conn, begun.id, at=post.now, actor="person:olaf", step="start", new=facts)
    post.settle()
    assert only(post, order_id=begun.id).state is State.ACKNOWLEDGED
    assert only(post, order_id=begun.id).answered_by == "person:olaf"
    assert only(post, order_id=cancelled.id).state is State.OVER


def test_a_link_is_one_persons_for_one_message_and_for_a_day(post, plant, mails):
    emergency(post)
    post.settle()
    (mail,) = mails.got
    with post.conn.transaction():
        link, asks = links.read(post.conn, token(mail), now=post.now)
        assert (link.person, [each.title for each in asks]) == ("anna", ["Gas"])
        for wrong, at in (("x", post.now), (token(mail), post.now + timedelta(hours=25))):
            with pytest.raises(NotFound):
                links.read(post.conn, wrong, now=at)
    stored = post.conn.execute("SELECT token_sha256 FROM escalation_links").fetchone()[0]
    assert token(mail).encode() not in bytes(stored)


def test_a_flood_makes_at_most_one_message_a_person_and_minute(post, plant, mails):
    for number in range(521):
        asset = plants.assets(post.conn, now=post.now)[number % 5]
        work_orders.create_by_hand(
            post.conn, asset=asset, kind=OrderType.EMERGENCY, title=f"Flood {number}", component="seal",
            failure_mode=FailureMode.OHE, actor="person:olaf", at=post.now,
        )  # fmt: skip
    post.conn.commit()
    post.settle()
    post.pass_time(3 * MINUTE, step=timedelta(seconds=20))
    assert to(mails) == ["anna"] * len(mails.got)
    assert len(mails.got) <= 3
    with post.conn.transaction():
        listed = [links.read(post.conn, token(each), now=post.now)[1] for each in mails.got]
    assert sum(map(len, listed)) == 521, "each is in one message"
    assert "521" in mails.got[-1]["Subject"] or len(mails.got) > 1


def test_a_person_whom_no_message_reaches_is_not_waited_for(post, plant, mails):
    post.conn.execute("UPDATE receivers SET state = 'disabled' WHERE name = 'anna'")
    emergency(post)
    post.settle()
    assert to(mails) == ["ben"]


def test_a_step_asks_a_crew_and_news_goes_to_who_has_requested_an_order(post, plant, mails):
    site = plants.site_by_code(post.conn, "NTH")
    code = next(each.code for each in technicians.listed(post.conn, site.id))
    workforce.put_crew(post.conn, site.id, Crew(code="PUMPS", name="Pumps", members=(code,)))
    post.conn.execute(
        "UPDATE users SET technician_id = (SELECT id FROM technicians WHERE code = %s AND site_id = %s) "
        "WHERE name = 'cem'",
        [code, site.id],
    )
    stored = POLICIES.by_code(post.conn, "NTH", "NIGHT")
    assert stored is not None
    POLICIES.save(post.conn, stored.id, replace(A_POLICY, steps=(step("crew:PUMPS"),)), actor="x", at=post.now)
    rule = {"to": ["requester"], "channels": ["email"], "compulsory": False, "forbidden": [], "digest": "at_once"}
    document: dict[str, Any] = {"events": {"emergency": rule}, "quiet_hours": None, "zone": "UTC", "digest_at": "07:00"}
    document |= {"same_within_minutes": 0, "seconds_apart": 60, "one_by_one": 5}
    policies.save(post.conn, "NTH", document, actor="x", at=post.now)
    order = emergency(post)
    post.conn.execute("UPDATE work_orders SET requested_by = 'person:anna' WHERE id = %s", [order.id])
    post.conn.commit()
    post.settle()
    assert sorted(to(mails)) == ["anna", "cem"]


def test_a_step_and_news_go_to_the_sites_chief_whoever_that_is_then(post, plant, mails):
    stored = POLICIES.by_code(post.conn, "NTH", "NIGHT")
    assert stored is not None
    to_chief = replace(A_POLICY, steps=(step("chief"), step("ben")))
    rule = {"to": ["chief"], "channels": ["email"], "compulsory": False, "forbidden": [], "digest": "at_once"}
    document: dict[str, Any] = {"events": {"delayed": rule}, "quiet_hours": None, "zone": "UTC", "digest_at": "07:00"}
    document |= {"same_within_minutes": 0, "seconds_apart": 60, "one_by_one": 5}
    for save in (
        lambda: POLICIES.save(post.conn, stored.id, to_chief, actor="x", at=post.now),
        lambda: policies.save(post.conn, "NTH", document, actor="x", at=post.now),
    ):
        with pytest.raises(NoChief):
            save()
        post.conn.rollback()
    chiefs.put(post.conn, "NTH", "anna")
    POLICIES.save(post.conn, stored.id, to_chief, actor="x", at=post.now)
    policies.save(post.conn, "NTH", document, actor="x", at=post.now)
    chiefs.put(post.conn, "NTH", "cem")
    post.conn.commit()
    order = emergency(post)
    order_id, site = order.id, plants.site_by_code(post.conn, "NTH").id
    facts = {"title": "Gas"}
    events.append(post.conn, "order.on_hold", "NTH-1", at=post.now, site_id=site, order_id=order_id, data=facts)
    post.conn.commit()
    post.settle()
    assert to(mails) == ["cem", "cem"]
    assert {each["Subject"].partition(":")[0] for each in mails.got} == {"PLEASE ACKNOWLEDGE", "On hold"}
    post.conn.execute("UPDATE users SET disabled_at = now() WHERE name = 'cem'")
    post.conn.commit()
    emergency(post, "Later")
    post.settle()
    assert to(mails)[2:] == ["ben"], "a chief who cannot be called is not waited for"


def test_a_policy_names_people_and_rotas_that_there_are(post, plant):
    for changed, error in (
        ({"steps": (step("olga"),)}, CannotBeCalled),
        ({"steps": (step("rota:NONE"),)}, UnknownInPolicy),
        ({"steps": (step("crew:NONE"),)}, UnknownInPolicy),
        ({"covers": replace(A_POLICY.covers, areas=frozenset({"NOWHERE"}))}, UnknownInPolicy),
    ):
        with pytest.raises(error):
            POLICIES.add(post.conn, replace(A_POLICY, code="P", **changed), actor="x", at=post.now)


def test_a_policys_versions_follow_each_other_and_a_running_escalation_keeps_its_own(post, plant, mails):
    emergency(post)
    post.settle()
    with post.conn.transaction():
        stored = POLICIES.by_code(post.conn, "NTH", "NIGHT")
        assert stored is not None
        POLICIES.save(post.conn, stored.id, replace(A_POLICY, steps=(step("cem"),)), actor="x", at=post.now)
        assert [each.version for each in POLICIES.versions(post.conn, stored.id)] == [2, 1]
    post.pass_time(6 * MINUTE)
    assert to(mails) == ["anna", "ben"]
    with post.conn.transaction():
        POLICIES.retire(post.conn, stored.id, actor="x", at=post.now)
    emergency(post, "Later")
    post.settle()
    assert only(post).title == "Gas"


def test_whoever_is_on_call_confirms_a_danger_and_nobody_is_asked_twice(post, plant):
    """A stranger's word asks the person on call; acknowledging makes the emergency order, which rings nobody again."""
    asset = next(each for each in plants.assets(post.conn, now=post.now) if each.code == "P-102")
    person = Person(what="smoke")
    asked, _ = requests.create(post.conn, asset, person, danger=True, language="en", at=post.now)
    calm, _ = requests.create(post.conn, asset, person, danger=False, language="en", at=post.now)
    post.conn.commit()
    post.settle()
    found = only(post)
    assert (found.cause, found.subject, found.order_id) == ("request", asked.number, None)
    with post.conn.transaction():
        (ask,) = escalations.asks(post.conn, [found.id])[found.id]
        assert (ask.person, requests.get(post.conn, asked.id).order_id) == ("anna", None)
        escalations.answer(post.conn, found.id, Answer.ACKNOWLEDGE, actor="person:anna", how="link", at=post.now)
        done = requests.get(post.conn, asked.id)
        assert done.order_id is not None
        order = work_orders.get(post.conn, done.order_id)
        assert (order.type, order.requested_by) == (OrderType.EMERGENCY, "person:anna")
        assert requests.get(post.conn, calm.id).undecided
    post.settle()
    assert only(post).order_id == done.order_id, "the order's own escalation is this one"


def test_a_planner_who_decides_ends_the_asking(post, plant):
    asset = plants.assets(post.conn, now=post.now)[0]
    asked, _ = requests.create(post.conn, asset, Person(what="gas"), danger=True, language="en", at=post.now)
    post.conn.commit()
    post.settle()
    requests.say_and_take(post.conn, asked.id, RequestStep.DECLINE, "A drill", actor="person:ben", at=post.now)
    post.conn.commit()
    post.settle()
    assert only(post).state is State.OVER
