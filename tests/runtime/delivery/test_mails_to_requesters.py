"""Mails to requesters: each step once, in their language, with a private link; nobody answers, and few are sent."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.portal import app as portal
from db.plant import plant
from db.requests import mails as request_mails
from db.requests import personal, requests
from db.requests.personal import Person
from runtime.delivery import delivering, requesters
from tests import a_plant
from tests.runtime.delivery.conftest import mail_server
from workorder_core.requests import mailing
from workorder_core.requests.asking import RequestStep

MINUTES = timedelta(minutes=2)
PORTAL = "https://requests.example"


@pytest.fixture
def town(post, mails):
    """A plant, and what sends its mails: a function that lets two minutes pass and returns the new ones."""
    a_plant.build(post.conn, now=post.now, days=0.1)
    post.settle()
    server, seen = mail_server(mails.port), 0

    def send():
        nonlocal seen
        post.conn.commit()
        while delivering.decide(post.conn, now=post.now):
            pass
        post.now += MINUTES
        while requesters.send_due(post.conn, server, PORTAL, lambda: post.now):
            pass
        seen, new = len(mails.got), mails.got[seen:]
        return new

    return send


def ask(post, contact="erika@example.org", language="de", what="WVKB drips", asset="P-105"):
    thing = plant.asset_by_key(post.conn, "NTH", asset, now=post.now)
    made, _ = requests.create(
        post.conn, thing, Person(what=what, contact=contact, name="WVKB"), danger=False, language=language, at=post.now
    )
    return made


def text(mail):
    return mail.get_body(("plain",)).get_content()


def test_each_step_is_mailed_once_in_the_requesters_language_with_a_link_of_its_own(post, town):
    made = ask(post)
    (first,) = town()
    assert first["To"] == "erika@example.org"
    assert first["Subject"] == "Meldung NTH-R1: Wir haben sie erhalten."
    assert (first["Auto-Submitted"], first["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert first["Content-Language"] == "de"
    assert "WVKB" not in first.as_string(), "nothing that was typed: nobody knows whose address it is"
    assert town() == []
    requests.say_and_take(post.conn, made.id, RequestStep.ASK_BACK, "Welche?", actor="person:pat", at=post.now)
    (question,) = town()
    assert "Welche?" in text(question)
    requests.write(post.conn, made.id, "die rote", actor=None, at=post.now)
    assert len(town()) == 1, "received again"
    order = requests.accept(post.conn, made.id, title="Seal", actor="person:pat", at=post.now)
    for status in ("in_progress", "completed"):
        post.conn.execute("UPDATE work_orders SET status = %s WHERE id = %s", [status, order.id])
        post.happen("x", kind="order.changed")
        post.conn.execute("UPDATE new_events SET order_id = %s WHERE kind = 'order.changed'", [order.id])
    (done,) = town()
    assert done["Subject"] == "Meldung NTH-R1: Sie ist erledigt. Wie ist es gelaufen?", "what was overtaken is not said"
    requests.write(post.conn, made.id, "Danke", actor="person:pat", at=post.now)
    (written,) = town()
    assert "Danke" in text(written)
    links = [link for each in (first, question, done) for link in re.findall(rf"{PORTAL}(/r/s/\S+)", text(each))]
    assert len(set(links)) == len(links) == 3
    with (
        ConnectionPool(post.url, min_size=1, max_size=2) as pool,
        TestClient(portal.alone(pool), base_url="http://plant.example", follow_redirects=False) as visitor,
    ):
        assert all("NTH-R1" in visitor.get(each).text for each in links)
        assert "no more e-mails" in visitor.get(links[0]).text
        answer = visitor.post(f"{links[0]}/no-mails", data={}, headers={"Origin": "http://plant.example"})
        assert answer.status_code == 303
        assert "no more e-mails" not in visitor.get(links[0]).text
        requests.write(post.conn, made.id, "noch etwas", actor="person:pat", at=post.now)
        assert town() == []
        personal.erase(post.conn, made.id, number="NTH-R1", site="NTH", actor="person:pat", at=post.now)
        post.conn.commit()
        assert visitor.get(links[1]).status_code == 404


def test_an_address_gets_so_many_mails_a_day_whoever_names_it_and_a_phone_none(post, town):
    for number in range(mailing.MOST_TO_ADDRESS + 3):
        ask(post, "Victim@example.org" if number % 2 else "victim@example.org")
    for contact in ("0170 555", "a@b.example\nBcc: c@d.example", "plant@plant.example", ""):
        ask(post, contact)
    assert len(town()) == mailing.MOST_TO_ADDRESS
    states = post.conn.execute("SELECT state, detail FROM request_mails WHERE state NOT IN ('sent')").fetchall()
    assert sorted(states) == [
        ("failed", "the address is the sender's own"), *[("withheld", "too_many_to_address")] * 3,
    ]  # fmt: skip
    post.now += timedelta(days=1)
    ask(post, "victim@example.org")
    assert len(town()) == 1


def test_a_server_that_is_away_is_tried_again_and_after_two_days_nothing_is_said_any_more(post, town):
    ask(post)
    post.conn.commit()
    delivering.decide(post.conn, now=post.now)
    for _ in range(2):
        assert requesters.send_due(post.conn, None, PORTAL, lambda: post.now) == 1
        assert requesters.send_due(post.conn, None, PORTAL, lambda: post.now) == 0, "it waits"
        post.now += timedelta(hours=1)
    assert len(town()) == 1
    ask(post)
    post.conn.commit()
    delivering.decide(post.conn, now=post.now)
    for _ in range(8):
        requesters.send_due(post.conn, None, PORTAL, lambda: post.now)
        post.now += timedelta(hours=20)
    assert town() == []
    with post.conn.transaction():
        assert request_mails.next_due(post.conn, now=post.now) is None
