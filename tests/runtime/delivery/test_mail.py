"""E-mail through a real mail server with TLS: who gets which, the same Message-ID, and whose fault a failure is."""

import ssl
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from db.events import events, receivers
from db.people import users
from db.people.users import Standing
from runtime.delivery import mail
from runtime.delivery.delivering import Means
from tests import a_plant
from tests.runtime.delivery.conftest import mail_server
from workorder_core.notifying.attempts import Fault
from workorder_core.notifying.kinds import Choice
from workorder_core.people.access import Role

ORDER = UUID("00000000-0000-0000-0000-000000000042")


@pytest.fixture
def plant(post, mails):
    """A plant, and mara, who is a technician of it and wants all mails."""
    a_plant.build(post.conn, now=post.now, days=0.1)
    code = post.conn.execute("SELECT code FROM technicians ORDER BY id").fetchone()[0]
    standing = Standing(
        full_name="Mara", roles=frozenset({Role.TECHNICIAN}), sites=None, technician=code, technician_site="NTH",
        disabled=False,
    )  # fmt: skip
    users.add(post.conn, "mara", standing, password_hash="x", must_change=False, actor="person:a", at=post.now)
    post.settle()
    receivers.choose(post.conn, "mara", "mara@plant.example", list(Choice), actor="person:mara", at=post.now)
    post.conn.commit()
    post.means = Means(webhooks=post.means.webhooks, mail_server=mail_server(mails.port), pages="https://plant.example")
    return code


def happen(post, kind="order.opened", *, order=ORDER, **data):
    site = post.conn.execute("SELECT id FROM sites").fetchone()[0]
    facts = {"number": "NTH-1042", "title": "Bearing: overheating", "asset": "Hall A / P-105", "priority": 1} | data
    events.append(post.conn, kind, "NTH-1042", at=post.now, site_id=site, order_id=order, data=facts)
    post.conn.commit()


def newest(post):
    with post.conn.transaction():
        return receivers.of_user(post.conn, "mara")


def test_an_emergency_reaches_who_asked_for_it_over_tls(post, mails, plant):
    happen(post, type="emergency")
    post.settle()
    (got,) = mails.got
    assert (got["Subject"], got["To"]) == ("EMERGENCY: NTH-1042 Bearing: overheating", "mara@plant.example")
    assert f"https://plant.example/orders/{ORDER}" in got.get_body(("plain",)).get_content()
    assert f"https://plant.example/orders/{ORDER}" in got.get_body(("html",)).get_content()
    assert got["Auto-Submitted"] == "auto-generated"
    assert newest(post).last_detail == "the mail server has accepted it"


def test_assigned_escalated_and_engine_alarms_reach_her_and_other_events_do_not(post, mails, plant):
    happen(post, "order.assigned", type="reactive", assignee=plant, new={"assignee": plant})
    happen(post, "order.in_progress", type="reactive", assignee=plant, new={"status": "in_progress"})
    happen(post, "order.escalated", type="reactive", assignee=plant, why="Escalated: response.")
    post.happen("behind", kind="engine_alarm.raised", problem="Judging lags", action="Wait")
    post.settle()
    assert [each["Subject"] for each in mails.got] == [
        "Assigned to you: NTH-1042 Bearing: overheating",
        "Escalated: NTH-1042 Bearing: overheating",
        "Engine alarm raised: Judging lags",
    ]


def test_an_order_assigned_by_the_timetable_reaches_its_technician(post, mails, plant):
    """The whole chain: from the order's own history to the mail."""
    from db.people import assignments

    order = post.conn.execute("SELECT id FROM work_orders WHERE status = 'open'").fetchone()
    if order is None:
        pytest.fail("the plant has no open order")
    post.conn.execute("UPDATE technicians SET active = (code = %s)", [plant])
    post.conn.execute(
        "UPDATE work_orders SET required_skill = NULL, other_skills = '{}', required_certificates = '{}' WHERE id = %s",
        order,
    )
    assignments.assign_best(post.conn, order[0], actor="system:timetable", at=post.now)
    post.conn.commit()
    post.settle()
    assert [each["Subject"].partition(":")[0] for each in mails.got] == ["Assigned to you"]


def test_who_may_no_longer_sign_in_gets_nothing_more(post, mails, plant):
    post.conn.execute("UPDATE users SET disabled_at = now()")
    happen(post, type="emergency")
    post.settle()
    assert mails.got == []


def test_a_mail_that_is_sent_twice_has_one_message_id(post, mails, plant):
    happen(post, type="emergency")
    post.settle()
    post.conn.execute("UPDATE deliveries SET state = 'pending', ended_at = NULL, attempts = 0")
    post.conn.commit()
    post.settle()
    assert len(mails.got) == 2
    assert len({each["Message-ID"] for each in mails.got}) == 1


def test_a_full_mailbox_is_tried_again_and_one_that_is_not_there_is_disabled_after_three(post, mails, plant):
    mails.refuses["mara@plant.example"] = 452
    happen(post, type="emergency")
    assert post.settle() == 1
    mails.refuses.clear()
    assert post.pass_time(timedelta(minutes=10)) == 1
    assert len(mails.got) == 1
    mails.refuses["mara@plant.example"] = 550
    for _ in range(4):
        happen(post, type="emergency")
    assert post.settle() == 3
    assert newest(post).state == "disabled"
    assert "550" in newest(post).state_why
    assert newest(post).pending == 1

    mails.refuses.clear()
    receivers.choose(post.conn, "mara", "mara@home.example", list(Choice), actor="person:mara", at=post.now)
    post.conn.commit()
    post.settle()
    assert mails.got[-1]["To"] == "mara@home.example"


OURS = {
    "nobody listens": ({"port": 1}, "cannot be used"),
    "a wrong password": ({"password": "wrong"}, "refuses our user and password"),
    "a certificate of nobody that we trust": ({"tls": ssl.create_default_context()}, "certificate is not trusted"),
}


@pytest.mark.parametrize(("changed", "said"), OURS.values(), ids=OURS)
def test_a_fault_of_ours_blames_no_receiver_and_nothing_is_lost(post, mails, plant, changed, said):
    good = post.means
    post.means = Means(webhooks=good.webhooks, mail_server=mail_server(mails.port, **changed))
    happen(post, type="emergency")
    assert post.pass_time(timedelta(minutes=3)) == 3
    assert said in newest(post).last_detail
    assert (newest(post).last_fault, newest(post).state) == (Fault.OWN, "active")
    post.means = good
    post.pass_time(timedelta(minutes=2))
    assert len(mails.got) == 1


def test_without_a_mail_server_it_is_said_and_mails_wait(post, plant):
    post.means = Means(webhooks=post.means.webhooks)
    happen(post, type="emergency")
    post.settle()
    assert newest(post).last_detail == mail.NOT_SET_UP
    assert newest(post).pending == 1


def test_a_mail_is_in_its_readers_language_else_in_the_plants(post, mails, plant):
    due = post.now.replace(microsecond=0) + timedelta(hours=1)
    facts = {
        "type": "emergency",
        "assignee": plant,
        "response_due": due.isoformat(),
        "why": "flow is 58.7 m3/h, below its limit of 120 m3/h",
    }
    post.conn.execute("UPDATE users SET language = 'de' WHERE name = 'mara'")
    happen(post, **facts)
    post.settle()
    post.conn.execute("UPDATE users SET language = NULL WHERE name = 'mara'")
    happen(post, **facts)
    post.settle()
    post.means = replace(post.means, language="de")
    happen(post, kind="order.escalated", **facts)
    post.settle()
    german, english, of_plant = (each.get_body(("plain",)).get_content() for each in mails.got)
    assert "Priorität: Notfall" in german
    assert "Grund: flow: 58,7 m3/h, unter dem Grenzwert 120 m3/h" in german
    assert "Sie erhalten diese Mail wegen Ihrer Auswahl" in german
    assert "Lager: Überhitzung" in mails.got[0]["Subject"]
    assert "Reason: flow is 58.7 m3/h, below its limit of 120 m3/h" in english
    assert mails.got[2]["Subject"].startswith("Eskaliert: NTH-1042")
    assert "Beginn bis: " in of_plant
