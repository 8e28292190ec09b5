"""Every kind of news by every channel, and what becomes of messages whose person sees it no more."""

# ruff: noqa: F811 - fixtures of another module are parameters here

import json
import sys
import types
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from db.events import events
from db.notifying import ways
from tests.runtime.delivery.test_channels import choose, ntfy, plant, ways_of  # noqa: F401
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice

ORDER = {"title": "Pump", "number": "NTH-1", "type": "reactive", "assignee": "mara"}
NEWS: dict[Choice, tuple[str, dict[str, Any]]] = {
    Choice.ASSIGNED: ("order.assigned", ORDER | {"new": {"assignee": "mara"}}),
    Choice.EMERGENCY: ("order.opened", {"title": "Gas", "type": "emergency"}),
    Choice.ESCALATED: ("order.escalated", ORDER),
    Choice.ENGINE_ALARM: ("engine_alarm.raised", {"code": "behind", "problem": "judging is behind"}),
    Choice.ROUND_MISSED: ("round.missed", {"round": 1, "title": "Night round"}),
    Choice.FINDING_MINE: ("audit.found", {"audit": 1, "finding": 1, "title": "No end", "owner_user": "mara"}),
    Choice.FINDING_OVERDUE: ("audit.finding_overdue", {"audit": 1, "finding": 2, "title": "No sign"}),
    Choice.REQUESTED: ("request.new", {"request": str(UUID(int=7)), "danger": False}),
    Choice.WARNED: ("order.warned", ORDER),
    Choice.DELAYED: ("order.on_hold", ORDER | {"why": "no seal"}),
    Choice.SCHEDULED: ("schedule.published", {"from": "2026-03-02", "dates": 7, "technicians": ["mara"]}),
    Choice.ALARM: ("alarm.raised", {"source": "rule:hot", "summary": "Bearing hot", "severity": 2}),
    Choice.STOCK_LOW: ("stock.low", {"name": "Seal", "on_hand": "1", "reorder_point": "2", "unit": "pcs"}),
    Choice.PARTS_LACKING: ("stock.lacking", {}),
    Choice.SHADOWED: ("rule.shadowed", {"why": "false positives"}),
    Choice.DOCUMENT: ("document.added", {"why": "calmer"}),
    Choice.CERTIFICATE_ENDING: ("certificate.ending", {"certificate": "gas", "valid_until": "2026-04-01"}),
    Choice.SWAP: ("rota.swap_asked", {"to": "mara", "asker": "ola", "other": "mara", "layer": "first", "zone": "UTC",
                                      "begins_at": "2026-03-02T08:00:00Z", "ends_at": "2026-03-09T08:00:00Z"}),
}  # fmt: skip
OF_THE_PLANT = {Choice.ENGINE_ALARM, Choice.SHADOWED, Choice.DOCUMENT}


class Apprise:
    """Stands for the library, and keeps what it is given."""

    sent: ClassVar[list[str]] = []

    def add(self, address: str) -> bool:
        return bool(address)

    def notify(self, **facts: Any) -> bool:
        self.sent.append(f"{facts['title']} {facts['body']}")
        return True


def test_every_kind_of_news_goes_by_every_channel_and_the_way_of_each_is_known(
    post,
    mails,
    plant,
    ntfy,
    http,
    monkeypatch,
):
    kinds = types.SimpleNamespace(FAILURE="failure", INFO="info")
    monkeypatch.setitem(sys.modules, "apprise", types.SimpleNamespace(Apprise=Apprise, NotifyType=kinds))
    post.means = replace(post.means, ntfy_servers=frozenset({ntfy.url}), apprise_services=frozenset({"tgram"}))
    post.conn.execute(
        "UPDATE users SET technician_id = (SELECT min(id) FROM technicians WHERE site_id = %s), language = 'de' "
        "WHERE name = 'mara'",
        [plant],
    )
    post.conn.execute(
        "UPDATE technicians SET code = 'mara' WHERE id = (SELECT technician_id FROM users WHERE name = 'mara')"
    )
    choose(post, *Choice)
    choose(post, *Choice, channel=Channel.BANNER, address="")
    choose(post, *Choice, channel=Channel.NTFY, address=f"{ntfy.url}/mara", secret=ntfy.token)
    choose(post, *Choice, channel=Channel.APPRISE, address="", secret="tgram://1:x/42")
    post.hook(http.url, "*")
    post.settle()
    for number, (choice, (kind, data)) in enumerate(NEWS.items()):
        site = None if choice in OF_THE_PLANT else plant
        events.append(post.conn, kind, f"S-{number}", at=post.now, site_id=site, data=data)
    post.conn.commit()
    for _ in range(4):
        post.pass_time(timedelta(minutes=1))
    found: dict[Channel, set[str]] = {}
    for each in ways_of(post):
        assert each.state in ("delivered", "gathered"), each
        found.setdefault(each.channel, set()).add(each.why)
    of_people = (Channel.EMAIL, Channel.BANNER, Channel.NTFY, Channel.APPRISE)
    assert found == {channel: {each.value for each in Choice} for channel in of_people}
    assert {json.loads(each.body)["type"] for each in http.got} >= {kind for kind, _ in NEWS.values()}
    banner = " ".join(each.subject for each in ways.unseen(post.conn, "mara", limit=50))
    texts = {
        "email": " ".join(f"{each['Subject']} {each.get_body(('plain',)).get_content()}" for each in mails.got),
        "ntfy": " ".join(f"{each['title']} {each['message']}" for each in ntfy.got),
        "apprise": " ".join(Apprise.sent),
    }
    for channel, text in texts.items():
        for number, choice in enumerate(NEWS):
            named = "judging is behind" if choice is Choice.ENGINE_ALARM else f"S-{number}"
            assert named in text, (channel, choice)
        assert "Neue Meldung" in text, "in the reader's language"
    assert banner


def test_nothing_is_sent_to_who_is_disabled_or_sees_the_site_no_more_while_it_waited_and_each_message_says_so(
    post, mails, plant
):
    choose(post, Choice.ESCALATED, Choice.STOCK_LOW)
    server, post.means = post.means, replace(post.means, mail_server=None)
    south = post.conn.execute("SELECT id FROM sites WHERE code = 'STH'").fetchone()
    if south is None:
        insert = "INSERT INTO sites (code, name, time_zone) VALUES ('STH', 'South', 'UTC') RETURNING id"
        south = post.conn.execute(insert).fetchone()
    for site, subject in ((plant, "NTH-1"), (south[0], "STH-1")):
        events.append(post.conn, "order.escalated", subject, at=post.now, site_id=site, data={"title": "x"})
    post.conn.commit()
    post.settle()
    # What is gathered in one message: of what she sees no more nothing is in it, whichever leads.
    for site, subject in ((south[0], "S-1"), (plant, "N-1"), (south[0], "S-2")):
        events.append(post.conn, "stock.low", subject, at=post.now, site_id=site, data={"name": "Seal"})
    post.conn.execute("UPDATE users SET sites = '{NTH}' WHERE name = 'mara'")
    post.conn.commit()
    post.means = server
    post.pass_time(timedelta(minutes=2))
    post.pass_time(timedelta(minutes=2))
    found = {each.subject: (each.state, each.note) for each in ways_of(post)}
    blind = ("withheld", "the person does not see the site any more")
    assert (found["NTH-1"][0], found["STH-1"]) == ("delivered", blind)
    assert found["N-1"][0] == "delivered"
    assert [each["Subject"].partition(":")[0] for each in mails.got] == ["Escalated", "Stock low"]
    assert "S-1" not in mails.got[1].get_body(("plain",)).get_content()

    post.means = replace(server, mail_server=None)
    events.append(post.conn, "order.escalated", "NTH-2", at=post.now, site_id=plant, data={"title": "x"})
    post.conn.commit()
    post.settle()
    post.conn.execute("UPDATE users SET disabled_at = now() WHERE name = 'mara'")
    post.conn.commit()
    post.means = server
    post.pass_time(timedelta(minutes=2))
    newest = ways_of(post)[0]
    assert (newest.subject, newest.state, newest.note) == ("NTH-2", "withheld", "the person is disabled")
    assert len(mails.got) == 2
