"""Each channel by a real server, floods, what is held back and why, and a site's policy at work."""

import json
import sys
import threading
import types
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from db.escalating import escalations
from db.escalating.policies import POLICIES
from db.events import deliveries, engine_alarm_events, events, receivers
from db.notifying import fanning_out, policies, ways
from db.people import users
from db.people.users import Standing
from runtime.delivery import delivering
from tests import a_plant
from tests.runtime.delivery.conftest import mail_server
from workorder_core.escalating.course import State
from workorder_core.escalating.policies import Covers, Step, target
from workorder_core.escalating.policies import Policy as Escalating
from workorder_core.notifying.attempts import Channel, Fault
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import Settings
from workorder_core.people.access import Role

NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "events": {}, "quiet_hours": None, "zone": "Europe/Berlin", "digest_at": "07:00:00", "same_within_minutes": 0,
    "seconds_apart": 60, "one_by_one": 5,
}  # fmt: skip


class Ntfy:
    """Speaks like a server of ntfy: takes JSON at its root, and refuses a wrong token."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.token, self.answers = "tk_right", 200
        there = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                right = self.headers.get("Authorization") == f"Bearer {there.token}"
                status = there.answers if right else 403
                if status == 200:
                    there.got.append(json.loads(sent) | {"path": self.path})
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b'{"id":"x"}')

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def ntfy():
    there = Ntfy()
    thread = threading.Thread(target=there.server.serve_forever)
    thread.start()
    yield there
    there.server.shutdown()
    there.server.server_close()
    thread.join()


@pytest.fixture
def plant(post, mails):
    """A plant with 40 assets, and mara, a planner, whose e-mail is known."""
    a_plant.build(post.conn, now=post.now, days=0.1)
    standing = Standing(
        full_name="Mara", roles=frozenset({Role.PLANNER}), sites=None, technician=None, technician_site=None,
        disabled=False,
    )  # fmt: skip
    users.add(post.conn, "mara", standing, password_hash="x", must_change=False, actor="person:a", at=post.now)
    post.settle()
    post.conn.execute(
        "INSERT INTO assets (site_id, code, name) SELECT id, 'F-' || n, 'Fan ' || n FROM sites, "
        "generate_series(1, 40) n WHERE code = 'NTH'"
    )
    post.conn.execute(
        "INSERT INTO installations (asset_id, location_id, installed_at) SELECT a.id, l.id, '2020-01-01' "
        "FROM assets a, (SELECT min(id) AS id FROM locations) l WHERE a.code LIKE 'F-%'"
    )
    post.conn.commit()
    post.means = replace(post.means, mail_server=mail_server(mails.port))
    return post.conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()[0]


def choose(post, *choices, channel=Channel.EMAIL, address="mara@plant.example", secret=None):
    made = receivers.choose(
        post.conn, "mara", address, choices, actor="person:mara", at=post.now, channel=channel, secret=secret,
        sealer=post.means.sealer,
    )  # fmt: skip
    post.conn.commit()
    return made


def alarm(post, site, number, asset):
    code = f"F-{asset % 40 + 1}"
    found = post.conn.execute("SELECT id FROM assets WHERE code = %s", [code]).fetchone()[0]
    data = {"source": f"rule:hot-{number % 13}", "severity": 2, "summary": f"Bearing {number}: hot"}
    events.append(post.conn, "alarm.raised", f"NTH/{code}", at=post.now, site_id=site, asset_id=found, data=data)


def policy(post, **changed):
    policies.save(post.conn, "NTH", DOCUMENT | changed, actor="person:a", at=post.now)
    post.conn.commit()
    post.settle()


def rule(**changed):
    whole = {"to": [], "channels": ["email"], "compulsory": False, "forbidden": [], "digest": "at_once"}
    return whole | changed


def ways_of(post):
    post.settle()
    found = ways.of_user(post.conn, "mara")
    post.conn.rollback()
    return found


def test_521_alarms_on_40_assets_are_at_most_one_mail_a_person_and_minute_and_every_one_is_in_one(post, mails, plant):
    choose(post, Choice.ALARM)
    first = post.now
    for number in range(521):
        if number % 100 == 0:
            post.conn.commit()
            post.settle()
            post.now += timedelta(seconds=20)
        alarm(post, plant, number, number)
    post.conn.commit()
    post.pass_time(timedelta(minutes=3), step=timedelta(seconds=10))
    assert len(mails.got) <= (post.now - first) / timedelta(minutes=1)
    assert 3 <= len(mails.got) <= 4
    assert "assets" in mails.got[-1]["Subject"]
    text = mails.got[-1].get_body(("plain",)).get_content()
    assert "and 10 more" in text, "40 assets, of which 30 are listed"
    assert "What to do: open the page" in text
    states = [each.state for each in ways_of(post)]
    assert (len(states), states.count("delivered")) == (521, len(mails.got))
    assert states.count("gathered") == 521 - len(mails.got), "each says in whose message it went"


def test_ntfy_gets_title_priority_click_address_and_actions_once(post, plant, ntfy):
    post.means = replace(post.means, ntfy_servers=frozenset({ntfy.url}))
    made = choose(post, Choice.EMERGENCY, channel=Channel.NTFY, address=f"{ntfy.url}/mara-1", secret=ntfy.token)
    facts = {"number": "NTH-1042", "title": "Bearing: overheating", "asset": "Hall A / P-105", "priority": 1}
    events.append(post.conn, "order.opened", "NTH-1042", at=post.now, site_id=plant, data=facts | {"type": "emergency"})
    post.conn.commit()
    post.settle()
    (got,) = ntfy.got
    assert (got["topic"], got["path"], got["priority"]) == ("mara-1", "/", 5)
    assert got["title"] == "EMERGENCY: NTH-1042 Bearing: overheating"
    assert got["click"].startswith("https://plant.example/")
    assert got["actions"][0]["url"] == got["click"]
    assert "What to do" in got["message"]
    assert post.receiver(made).last_fault is None


FAULTS = {
    "a server that the plant does not allow": ({"allowed": False}, Fault.OWN, "ntfy_servers"),
    "a wrong token": ({"token": "tk_wrong"}, Fault.FINAL, "403"),
    "a server that is overloaded": ({"answers": 503}, Fault.PASSING, "503"),
}


@pytest.mark.parametrize(("changed", "fault", "said"), FAULTS.values(), ids=FAULTS)
def test_ntfy_that_fails_says_whose_fault_it_is(post, plant, ntfy, changed, fault, said):
    ntfy.answers = changed.get("answers", 200)
    if changed.get("allowed", True):
        post.means = replace(post.means, ntfy_servers=frozenset({ntfy.url}))
    token = changed.get("token", ntfy.token)
    made = choose(post, channel=Channel.NTFY, address=f"{ntfy.url}/t", secret=token)
    receivers.ask_for_test(post.conn, made, actor="person:mara", at=post.now)
    post.conn.commit()
    post.settle()
    found = post.receiver(made)
    assert (found.last_fault, said in (found.last_detail or "")) == (fault, True)
    assert token not in (found.last_detail or "") + found.address
    assert ntfy.got == []


def test_a_server_of_ntfy_that_is_away_for_a_day_gets_everything_in_order(post, plant, ntfy):
    post.means = replace(post.means, ntfy_servers=frozenset({ntfy.url}))
    choose(post, Choice.ESCALATED, channel=Channel.NTFY, address=f"{ntfy.url}/t", secret=ntfy.token)
    ntfy.answers = 503
    for number in range(4):
        events.append(post.conn, "order.escalated", f"NTH-{number}", at=post.now, site_id=plant, data={"title": "x"})
        post.conn.commit()
        post.pass_time(timedelta(hours=6), step=timedelta(hours=1))
    ntfy.answers = 200
    post.pass_time(timedelta(hours=15), step=timedelta(hours=1))
    assert [each["title"].split()[1] for each in ntfy.got] == [f"NTH-{number}" for number in range(4)]


def test_apprise_is_said_to_be_missing_where_it_is_not_installed_and_used_where_it_is(post, plant, monkeypatch):
    post.means = replace(post.means, apprise_services=frozenset({"tgram"}))
    made = choose(post, channel=Channel.APPRISE, address="", secret="tgram://123:very-secret/42")
    monkeypatch.setitem(sys.modules, "apprise", None)
    receivers.ask_for_test(post.conn, made, actor="person:mara", at=post.now)
    post.conn.commit()
    post.settle()
    assert (post.receiver(made).last_fault, "plantwright[apprise]" in post.receiver(made).last_detail) == ("own", True)

    sent: list[Any] = []

    class Apprise:
        def add(self, address: str) -> bool:
            sent.append(address)
            return True

        def notify(self, **facts: object) -> bool:
            sent.append(facts)
            return True

    library = types.SimpleNamespace(Apprise=Apprise, NotifyType=types.SimpleNamespace(FAILURE="failure", INFO="info"))
    monkeypatch.setitem(sys.modules, "apprise", library)
    post.pass_time(timedelta(minutes=2))
    assert sent[0] == "tgram://123:very-secret/42"
    assert (sent[1]["title"], sent[1]["notify_type"]) == ("Test message", "info")
    assert "very-secret" not in str(post.receiver(made))


def test_quiet_hours_hold_everything_but_emergencies_and_say_until_when(post, mails, plant):
    post.now = NIGHT
    policy(post, quiet_hours={"begins": "22:00:00", "ends": "06:00:00"})
    choose(post, Choice.EMERGENCY, Choice.ESCALATED)
    for kind, data in (("order.escalated", {}), ("order.opened", {"type": "emergency"}), ("order.escalated", {})):
        events.append(post.conn, kind, "NTH-1", at=post.now, site_id=plant, data={"title": "Pump"} | data)
    post.conn.execute("UPDATE new_events SET recorded_at = %s", [post.now])
    post.conn.commit()
    held = ways_of(post)
    assert [each["Subject"] for each in mails.got] == ["EMERGENCY: NTH-1 Pump"]
    assert [each.state for each in held] == ["held", "delivered", "held"]
    assert held[0].note == "quiet hours of the site"
    assert held[0].due_at == datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    post.pass_time(timedelta(hours=6, minutes=2), step=timedelta(minutes=30))
    assert len(mails.got) == 2
    assert mails.got[1]["Subject"].startswith("2 messages: ")


def test_a_policy_reaches_people_who_have_chosen_nothing_and_what_they_switch_off_is_kept_with_the_reason(
    post, mails, plant
):
    events_of = {"escalated": rule(to=["role:planner"], compulsory=True), "delayed": rule(to=["person:mara"])}
    policy(post, events=events_of, one_by_one=100)
    policies.save_settings(post.conn, "mara", Settings(off=frozenset({"escalated", "delayed"})), at=post.now)
    for kind in ("order.escalated", "order.on_hold"):
        events.append(post.conn, kind, "NTH-1", at=post.now, site_id=plant, data={"title": "Pump"})
    post.conn.commit()
    found = {each.why: each for each in ways_of(post)}
    assert mails.got == [], "no address is known: the banner has it"
    assert (found["escalated"].channel, found["escalated"].state) == (Channel.BANNER, "delivered")
    assert (found["delayed"].state, found["delayed"].note) == ("withheld", "switched off by the person")
    (shown,) = ways.unseen(post.conn, "mara")
    assert shown.happened.kind == "order.escalated"
    ways.see(post.conn, "mara", shown.event_id, at=post.now)
    post.conn.commit()
    assert ways.unseen(post.conn, "mara") == []
    assert {each.why: each.seen_at for each in ways_of(post)}["escalated"] == post.now


def test_the_same_within_a_window_is_sent_once_and_the_repetition_says_so(post, mails, plant):
    policy(post, same_within_minutes=30)
    choose(post, Choice.ESCALATED)
    for minutes in (0, 10, 40):
        post.now += timedelta(minutes=minutes)
        events.append(post.conn, "order.escalated", "NTH-1", at=post.now, site_id=plant, data={"title": "Pump"})
        post.conn.commit()
        post.settle()
    assert len(mails.got) == 2
    assert [each.state for each in ways_of(post)] == ["delivered", "withheld", "delivered"]


def test_a_forbidden_channel_gets_nothing_whatever_was_chosen_before_and_says_so(post, mails, plant):
    choose(post, Choice.ESCALATED)
    policy(post, events={"escalated": rule(forbidden=["email"])})
    events.append(post.conn, "order.escalated", "NTH-1", at=post.now, site_id=plant, data={"title": "Pump"})
    post.conn.commit()
    assert [(each.state, each.note) for each in ways_of(post)] == [
        ("withheld", "the site's policy forbids this by the channel")
    ]
    assert mails.got == []


def test_what_waits_for_a_receiver_that_is_deleted_or_is_skipped_says_by_whom(post, mails, plant):
    made = choose(post, Choice.ESCALATED)
    post.means = replace(post.means, mail_server=None)
    for number in range(2):
        events.append(post.conn, "order.escalated", f"NTH-{number}", at=post.now, site_id=plant, data={"title": "x"})
    post.conn.commit()
    newest, oldest = ways_of(post)
    deliveries.skip(post.conn, made, oldest.event_id, actor="person:ada", at=post.now)
    receivers.delete(post.conn, made, actor="person:mara", at=post.now)
    post.conn.commit()
    assert {each.event_id: (each.state, each.note) for each in ways_of(post)} == {
        oldest.event_id: ("skipped", "skipped by person:ada"),
        newest.event_id: ("skipped", "its receiver was deleted by person:mara"),
    }


def test_an_alarm_of_the_engine_goes_by_policy_to_who_sees_every_site_and_is_escalated(post, mails, plant):
    """The alarm as the jobs find it, its event, the policies, the steps: the road of everything else."""
    receivers.choose(post.conn, "mara", "mara@plant.example", [], actor="person:mara", at=post.now)
    elsewhere = Standing(
        full_name="Nils", roles=frozenset({Role.PLANNER}), sites=frozenset({"NTH"}), technician=None,
        technician_site=None, disabled=False,
    )  # fmt: skip
    users.add(post.conn, "nils", elsewhere, password_hash="x", must_change=False, actor="person:a", at=post.now)
    receivers.choose(post.conn, "nils", "nils@plant.example", [], actor="person:nils", at=post.now)
    policy(post, events={"engine_alarm": rule(to=["role:planner"], compulsory=True)})
    step = Step((target("person:mara", field="whom"),), 5)
    covers = Covers(engine_alarms=frozenset({"never_ran"}))
    escalating = Escalating(code="ENGINE", site="NTH", title="The engine", covers=covers, steps=(step,), repeat=0)
    POLICIES.add(post.conn, escalating, actor="person:a", at=post.now)
    post.conn.commit()
    post.settle()
    for _ in range(3):
        engine_alarm_events.report(post.conn, now=post.now)
        post.conn.commit()
        post.settle()
        post.now += timedelta(seconds=20)
    by = {each.why: (each.channel, each.state) for each in ways_of(post)}
    assert by == {"engine_alarm": (Channel.EMAIL, "delivered"), "asked": (Channel.EMAIL, "delivered")}
    assert {each["To"] for each in mails.got} == {"mara@plant.example"}, "nils does not see every site"
    (found,) = escalations.listed(post.conn)
    post.conn.rollback()
    assert (found.subject, found.state) == ("never ran", State.RUNNING)


def test_held_messages_survive_a_kill_before_and_after_they_are_made(post, mails, plant):
    choose(post, Choice.ALARM)
    alarm(post, plant, 1, 1)
    post.conn.commit()
    post.settle()
    for number in range(3):
        alarm(post, plant, number, number)
    post.conn.commit()
    while delivering.decide(post.conn, now=post.now):
        pass
    fanning_out.release(post.conn, now=post.now + timedelta(hours=1))
    post.conn.rollback()
    post.now += timedelta(minutes=2)
    assert delivering.release(post.conn, now=post.now) == 3
    assert delivering.release(post.conn, now=post.now) == 0, "a second process makes no second message"
    post.settle()
    assert len(mails.got) == 2


def test_a_certificate_near_its_end_is_an_event_once(post, plant):
    post.conn.execute(
        "UPDATE technicians SET certificates = '{LOTO}', valid_until = jsonb_build_object('LOTO', current_date + 10)"
    )
    people = post.conn.execute("SELECT count(*) FROM technicians WHERE active").fetchone()[0]
    assert ways.report_certificates(post.conn, now=post.now) == people > 0
    assert ways.report_certificates(post.conn, now=post.now) == 0
