"""Every channel at once by real servers: killed at every step, a day with outages, and two processes. Nothing is lost,
what comes twice has one id, each receiver's order is kept, and a flood is one message a person and span of time.
"""

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from psycopg.rows import dict_row

from db.alarms import alarms
from db.events import events, receivers
from db.notifying import policies
from db.people import users
from db.people.users import Standing
from tests import a_plant
from tests.runtime.delivery.conftest import Post
from tests.runtime.delivery.mortal_delivery import OF_WHAT_IS_HELD, POINTS, made_of
from tests.runtime.delivery.servers import HttpReceiver, MailServer, certificates
from tests.workorder_core.findings import a_finding
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Change
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.people.access import Role

ROOT = Path(__file__).parents[3]
PEOPLE = ("mara", "nils", "olga")
POLICY: dict[str, Any] = {
    "events": {}, "quiet_hours": None, "zone": "Europe/Berlin", "digest_at": "07:00:00", "same_within_minutes": 0,
    "seconds_apart": 1, "one_by_one": 100,
}  # fmt: skip


@dataclass(slots=True)
class Servers:
    """A mail server, and one of HTTP each for a webhook, ntfy and what stands for apprise; each can be away."""

    mail: MailServer = field(default_factory=MailServer)
    hook: HttpReceiver = field(default_factory=HttpReceiver)
    ntfy: HttpReceiver = field(default_factory=HttpReceiver)
    apprise: HttpReceiver = field(default_factory=HttpReceiver)
    _up: dict[str, ExitStack] = field(default_factory=dict)

    def switch(self, name: str, *, up: bool) -> None:
        if up and name not in self._up:
            self._up[name] = ExitStack()
            self._up[name].enter_context(getattr(self, name).serving())
        elif not up and name in self._up:
            self._up.pop(name).close()

    def means(self) -> dict[str, Any]:
        ntfy = f"http://127.0.0.1:{self.ntfy.port}"
        # A process of its own would make another authority.
        authority = str(certificates() / "ca.crt")
        return {"mail": self.mail.port, "authority": authority, "ntfy": ntfy, "apprise": self.apprise.url}

    def ids(self, name: str) -> list[str]:
        """What came to a server, in order, by the ids or, where a channel has none, the titles of the messages."""
        if name == "mail":
            return [str(each["Message-ID"]).strip("<>").split(".")[0] for each in self.mail.got]
        got = [each for each in getattr(self, name).got if 200 <= each.status < 300]
        if name == "hook":
            return [each.id for each in got]
        return [json.loads(each.body)["sequence_id" if name == "ntfy" else "title"] for each in got]


NAMES = ("mail", "hook", "ntfy", "apprise")


@contextmanager
def all_up() -> Iterator[Servers]:
    servers = Servers()
    try:
        for name in NAMES:
            servers.switch(name, up=True)
        yield servers
    finally:
        for name in NAMES:
            servers.switch(name, up=False)


@pytest.fixture
def servers() -> Iterator[Servers]:
    with all_up() as found:
        yield found


def person(post: Post, name: str) -> None:
    standing = Standing(
        full_name=name.title(), roles=frozenset({Role.PLANNER}), sites=None, technician=None, technician_site=None,
        disabled=False,
    )  # fmt: skip
    users.add(post.conn, name, standing, password_hash="x", must_change=False, actor="person:a", at=post.now)


@pytest.fixture
def site(post: Post, servers: Servers) -> int:
    """A plant, a webhook, and mara, who has every channel."""
    a_plant.build(post.conn, now=post.now, days=0.1)
    for each in PEOPLE:
        person(post, each)
    post.conn.commit()
    post.settle()
    choices = [Choice.ESCALATED, Choice.ALARM]
    wants = {
        Channel.EMAIL: ("mara@plant.example", None), Channel.NTFY: (f"http://127.0.0.1:{servers.ntfy.port}/mara", "tk"),
        Channel.APPRISE: ("", "tgram://1:secret/2"), Channel.BANNER: ("", None),
    }  # fmt: skip
    for channel, (address, secret) in wants.items():
        receivers.choose(
            post.conn, "mara", address, choices, actor="person:mara", at=post.now, channel=channel, secret=secret,
            sealer=post.means.sealer,
        )  # fmt: skip
    policies.save(post.conn, "NTH", POLICY, actor="person:a", at=post.now)
    post.conn.commit()
    post.settle()
    post.hook(servers.hook.url, "order.*", "alarm.*")
    post.means = replace(made_of(servers.means()), chance=lambda: 0.0)
    (found,) = post.conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone() or (0,)
    post.conn.commit()
    return int(found)


def happen(post: Post, site: int, *names: str) -> None:
    """One order escalated and one alarm raised for each name: the first are sent alone, the second gathered."""
    for name in names:
        data: dict[str, Any] = {"title": name}
        events.append(post.conn, "order.escalated", f"NTH-{name}", at=post.now, site_id=site, data=data)
        data = {"source": f"rule:{name}", "severity": 2, "summary": name}
        events.append(post.conn, "alarm.raised", "NTH/P-101", at=post.now, site_id=site, data=data)
    post.conn.commit()


def once_each(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def assert_nothing_is_lost(post: Post, servers: Servers, *, most_twice: int) -> None:
    """Every message of every receiver has arrived or went in one that has, twice only what was under way, in order."""
    with post.conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT r.channel, e.uid::text, e.kind, e.data ->> 'title' AS title, d.state FROM deliveries d "
            "JOIN receivers r ON r.id = d.receiver_id JOIN events e ON e.id = d.event_id ORDER BY e.id"
        ).fetchall()
    count = "SELECT count(*) FROM events WHERE kind IN ('order.escalated', 'alarm.raised')"
    (happened,) = post.conn.execute(count).fetchone() or (0,)
    post.conn.commit()
    for channel, name in zip(("email", "webhook", "ntfy", "apprise"), NAMES, strict=True):
        of_channel = [each for each in rows if each["channel"] == channel]
        assert len(of_channel) == happened, f"{channel}: each event has a message"
        assert {each["state"] for each in of_channel} <= {"delivered", "gathered"}
        got = servers.ids(name)
        if name == "apprise":
            alone = [each["title"] for each in of_channel if each["kind"] == "order.escalated"]
            found = once_each([each.rsplit(" ", 1)[-1] for each in got if "NTH-" in each])
            assert found == alone
            continue
        for kinds in (
            ({"order.escalated"}, {"alarm.raised"}) if channel != "webhook" else ({"order.escalated", "alarm.raised"},)
        ):
            sent = [each["uid"] for each in of_channel if each["state"] == "delivered" and each["kind"] in kinds]
            assert once_each([each for each in got if each in set(sent)]) == sent, f"{channel}: in order, none missing"
        assert len(got) - len(once_each(got)) <= most_twice
        for place, each in enumerate(got[1:], 1):
            assert each not in got[: place - 1] or each == got[place - 1], (
                "only what was under way comes again, at once"
            )
    assert {each["state"] for each in rows if each["channel"] == "banner"} <= {"delivered", "gathered"}


def begin(post: Post, servers: Servers, point: str, times: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.runtime.delivery.mortal_delivery", post.url, point, str(times)]
    return subprocess.Popen([*command, json.dumps(servers.means())], cwd=ROOT)


@pytest.mark.slow
def test_killed_at_every_step_of_every_channel_nothing_is_lost(post: Post, servers: Servers, site: int) -> None:
    deaths = 0
    for number, point in enumerate((*POINTS, *OF_WHAT_IS_HELD)):
        happen(post, site, *(f"{number}-{each}" for each in range(3)))
        times = 1 + 2 * (number % 3) if point.startswith(("sent", "noted", "about")) else 1
        assert begin(post, servers, point, times).wait(120) == -signal.SIGKILL, point
        deaths += 1
    assert begin(post, servers, "never", 1).wait(120) == 0
    # Up to four receivers are being sent to at the moment of each death.
    assert_nothing_is_lost(post, servers, most_twice=deaths)


@pytest.mark.slow
def test_two_processes_of_which_one_is_killed_and_nothing_is_lost(post: Post, servers: Servers, site: int) -> None:
    happen(post, site, "first")
    one, two = begin(post, servers, "sent, before it is noted", 12), begin(post, servers, "never", 1)
    for number in range(12):
        happen(post, site, *(f"{number}-{each}" for each in range(3)))
    assert {one.wait(180), two.wait(180)} <= {0, -signal.SIGKILL}
    assert begin(post, servers, "never", 1).wait(120) == 0
    assert_nothing_is_lost(post, servers, most_twice=4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_on_which_each_server_is_away_now_and_then(post: Post, servers: Servers, site: int, seed: int) -> None:
    chance = random.Random(seed)
    # By name: until when it is in its present state (a simulated clock), and whether that is up.
    states = dict.fromkeys(NAMES, (post.now, True))
    over, number = post.now + timedelta(days=1), 0
    while post.now < over:
        for name, (until, up) in states.items():
            if post.now >= until:
                lasts = timedelta(minutes=chance.choice([10, 30, 180]) if up else chance.choice([20, 60, 240]))
                states[name] = post.now + lasts, not up
                servers.switch(name, up=not up)
        happen(post, site, f"{number}")
        number += 1
        post.pass_time(timedelta(minutes=20), step=timedelta(minutes=10))
    for name in NAMES:
        servers.switch(name, up=True)
    post.pass_time(timedelta(hours=24), step=timedelta(minutes=30))
    assert_nothing_is_lost(post, servers, most_twice=0)


def flood(post: Post, *, count: int, assets: int, on: Callable[[int], object] = lambda _: None) -> None:
    """Raise alarms as the pipeline does, each committed with its event by the triggers."""
    rows = post.conn.execute(
        "SELECT s.code || '/' || a.code, a.id FROM assets a JOIN sites s ON s.id = a.site_id "
        "WHERE a.code LIKE 'FLOOD-%%' ORDER BY a.id LIMIT %s", [assets]
    ).fetchall()  # fmt: skip
    ids = {str(code): int(number) for code, number in rows}
    codes = list(ids)
    for number in range(count):
        asset = codes[number % len(codes)]
        finding = replace(a_finding(), asset=asset, summary=f"Bearing {number}: hot")
        change = Change(asset, f"rule:hot-{number // len(codes)}", datetime.now(UTC), Move.RAISE, "hot", finding)
        alarms.write(post.conn, [change], ids.__getitem__, at=datetime.now(UTC))
        post.conn.commit()
        on(number)


@pytest.fixture
def forty(post: Post, site: int) -> int:
    """40 assets, and a policy by which everybody who plans hears of alarms, though only mara has chosen any."""
    post.conn.execute(
        "INSERT INTO assets (site_id, code, name) SELECT %s, 'FLOOD-' || n, 'Fan ' || n FROM generate_series(1, 40) n",
        [site],
    )
    rule = {"to": ["role:planner"], "channels": ["email"], "compulsory": True, "forbidden": [], "digest": "at_once"}
    policies.save(
        post.conn, "NTH", POLICY | {"events": {"alarm": rule}, "seconds_apart": 60}, actor="person:a", at=post.now
    )
    for each in PEOPLE:
        if each != "mara":
            receivers.choose(post.conn, each, f"{each}@plant.example", [], actor=f"person:{each}", at=post.now)
    post.conn.commit()
    post.settle()
    return site


def mails_to(post: Post, kind: str = "alarm.raised") -> dict[str, list[datetime]]:
    """When messages were made for each person by mail."""
    found: dict[str, list[datetime]] = {}
    rows = post.conn.execute(
        "SELECT r.user_name, d.made_at FROM deliveries d JOIN receivers r ON r.id = d.receiver_id JOIN events e "
        "ON e.id = d.event_id WHERE r.channel = 'email' AND e.kind = %s AND d.made_at IS NOT NULL ORDER BY d.made_at",
        [kind],
    ).fetchall()
    post.conn.commit()
    for name, at in rows:
        found.setdefault(name, []).append(at)
    return found


@pytest.mark.slow
def test_521_alarms_on_40_assets_are_one_mail_a_person_and_minute_by_two_processes(
    post: Post, servers: Servers, forty: int
) -> None:
    """Alarms as the pipeline raises them, their triggers, the policy, two processes, a real mail server."""
    one, two = begin(post, servers, "about to send", 4), begin(post, servers, "never", 1)
    flood(post, count=521, assets=40)
    assert {one.wait(300), two.wait(300)} <= {0, -signal.SIGKILL}
    assert begin(post, servers, "never", 1).wait(300) == 0
    assert_nothing_is_lost_by_mail(post, servers, people=3, alarms=521)
    made = mails_to(post)
    assert sorted(made) == sorted(PEOPLE)
    for name, times in made.items():
        assert all(later - earlier >= timedelta(seconds=60) for earlier, later in pairwise(times)), name


def assert_nothing_is_lost_by_mail(post: Post, servers: Servers, *, people: int, alarms: int) -> None:
    rows = post.conn.execute(
        "SELECT d.state, count(*) FROM deliveries d JOIN receivers r ON r.id = d.receiver_id JOIN events e "
        "ON e.id = d.event_id WHERE r.channel = 'email' AND e.kind = 'alarm.raised' GROUP BY 1"
    ).fetchall()
    post.conn.commit()
    states = {str(state): int(count) for state, count in rows}
    assert sum(states.values()) == people * alarms
    assert set(states) == {"delivered", "gathered"}
    assert len(set(servers.ids("mail"))) <= states["delivered"]
    assert len({str(each["Message-ID"]) for each in servers.mail.got}) == states["delivered"]
