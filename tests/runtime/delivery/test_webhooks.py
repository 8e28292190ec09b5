"""Webhooks against a real HTTP receiver: order, at least once, a day away, disabled and said, and where they may go."""

import json
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpcore
import pytest
from standardwebhooks import Webhook

from db.events import deliveries, events, receivers
from db.events.sealing import Sealer
from runtime.delivery import delivering, reach, webhook
from runtime.delivery.delivering import Means
from tests.runtime.delivery.conftest import LOOPBACK
from tests.runtime.delivery.servers import HttpReceiver
from workorder_core.notifying.attempts import Fault

DAY = timedelta(days=1)


def ids(post):
    return [str(each.uid) for each in events.after(post.conn, 0) if each.kind == "test.written"]


def test_an_event_comes_signed_and_can_be_verified_with_the_secret(post, http):
    _, secret = post.hook(http.url)
    post.happen("NTH-1042", number="NTH-1042", title="Bearing: übermäßig heiß")
    post.settle()
    (got,) = http.got
    told = Webhook(secret).verify(got.body, got.headers)
    assert (told["type"], told["data"]["subject"], told["data"]["title"]) == (
        "test.written", "NTH-1042", "Bearing: übermäßig heiß",
    )  # fmt: skip
    assert got.id == ids(post)[0]
    with pytest.raises(Exception, match="signature"):
        Webhook(secret).verify(got.body.replace(b"1042", b"1043"), got.headers)


def test_a_new_secret_and_the_one_before_it_verify_until_the_overlap_ends(post, http):
    receiver, old = post.hook(http.url)
    with post.conn.transaction():
        new = receivers.renew_secret(
            post.conn, receiver, sealer=post.means.sealer, actor="person:a", at=post.now, overlap=timedelta(hours=2)
        )

    def verifying() -> list[bool]:
        post.happen("it")
        post.settle()
        return [_verifies(each, http.got[-1]) for each in (old, new)]

    assert verifying() == [True, True]
    post.now += timedelta(hours=3)
    assert verifying() == [False, True]
    with post.conn.transaction():
        last = receivers.renew_secret(
            post.conn, receiver, sealer=post.means.sealer, actor="person:a", at=post.now, overlap=timedelta(0)
        )
    assert verifying() == [False, False], "whoever may have the secret has nothing of it any more"
    assert _verifies(last, http.got[-1])


def _verifies(secret, got):
    # By its own time: the library looks at the clock, which this test sets.
    signatures = got.headers["webhook-signature"].split(" ")
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    return Webhook(secret).sign(got.id, at, got.body.decode()) in signatures


@pytest.mark.parametrize(
    ("asks", "waits"),
    [
        ("600", timedelta(minutes=10)),
        ("0", timedelta(seconds=5)),
        ("999999999", timedelta(hours=24)),
        ("soon", timedelta(seconds=5)),
    ],
)
def test_a_receiver_that_asks_to_wait_is_left_alone_so_long_within_a_day(post, http, asks, waits):
    receiver, _ = post.hook(http.url)
    http.answer, http.headers = (lambda number: 503 if number < 1 else 204), {"Retry-After": asks}
    post.happen("it")
    post.settle()
    assert len(http.got) == 1
    post.now += waits - timedelta(seconds=1)
    assert post.settle() == 0
    post.now += timedelta(seconds=1)
    assert post.settle() == 1
    assert post.receiver(receiver).pending == 0


def test_a_time_to_wait_for_is_read_as_http_writes_it():
    at = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
    assert webhook.retry_after("Mon, 02 Mar 2026 07:00:00 GMT", now=at) == timedelta(minutes=30)
    assert webhook.retry_after("Mon, 02 Mar 2026 06:00:00 GMT", now=at) == timedelta(0)
    assert webhook.retry_after("", now=at) is None
    assert webhook.retry_after("-5", now=at) is None
    assert webhook.retry_after("Mon, 02 Mar 99999999999999999999 07:00:00 GMT", now=at) is None


def test_a_receiver_that_is_away_for_a_day_gets_everything_in_order_and_once(post, http):
    receiver, _ = post.hook(http.url)
    back = post.now + DAY
    http.answer = lambda _: 204 if post.now >= back else 503
    for hour in range(24):
        post.happen(f"hour {hour}")
        post.pass_time(timedelta(hours=1), step=timedelta(minutes=5))
    assert http.accepted == []
    assert post.receiver(receiver).pending == 24
    refused = len(http.got)
    assert {each.id for each in http.got} == {ids(post)[0]}, "only the first is tried, so that order is kept"
    assert refused == 7, "0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h after one another"
    post.pass_time(DAY, step=timedelta(minutes=30))
    assert http.accepted == ids(post)
    assert post.receiver(receiver).pending == 0


def test_a_receiver_whose_port_is_closed_gets_everything_once_it_is_back(post):
    receiver = HttpReceiver()
    with receiver.serving():
        pass
    number, _ = post.hook(receiver.url)
    post.happen("a", "b", "c")
    assert post.settle() == 1
    assert "no connection" in post.receiver(number).last_detail
    with receiver.serving():
        post.pass_time(timedelta(minutes=1), step=timedelta(seconds=5))
    assert receiver.accepted == ids(post)


def test_one_that_fails_for_days_is_disabled_which_is_said_and_enabled_goes_on_where_it_was(post, http):
    http.answer = lambda _: 500
    receiver, _ = post.hook(http.url)
    post.happen("first", "second")
    post.pass_time(timedelta(hours=80), step=timedelta(minutes=30))
    found = post.receiver(receiver)
    assert (found.state, found.pending) == ("disabled", 3)
    assert "10 attempts failed, the last one: answered 500" in found.state_why
    assert len(http.got) == 10
    said = [each for each in events.after(post.conn, 0) if each.kind == "receiver.disabled"]
    assert [each.data["name"] for each in said] == ["erp"]
    assert deliveries.backlog(post.conn).disabled == ("erp",)
    assert post.pass_time(DAY, step=timedelta(hours=1)) == 0

    http.answer = lambda _: 204
    receivers.set_state(post.conn, receiver, "active", actor="person:a", at=post.now)
    post.conn.commit()
    post.settle()
    assert http.accepted[:2] == ids(post)
    assert deliveries.backlog(post.conn).disabled == ()


def test_one_that_says_it_is_gone_is_disabled_at_once(post, http):
    http.answer, http.body = lambda _: 410, b"moved out"
    receiver, _ = post.hook(http.url)
    post.happen("first")
    post.settle()
    assert post.receiver(receiver).state == "disabled"
    assert "410: moved out" in post.receiver(receiver).state_why


def test_what_waits_for_a_paused_receiver_is_kept(post, http):
    receiver, _ = post.hook(http.url)
    receivers.set_state(post.conn, receiver, "paused", actor="person:a", at=post.now)
    post.happen("one", "two")
    post.settle()
    assert http.got == []
    receivers.set_state(post.conn, receiver, "active", actor="person:a", at=post.now)
    post.conn.commit()
    post.settle()
    assert http.accepted == ids(post)


def test_a_replay_has_the_same_id_and_content(post, http):
    receiver, secret = post.hook(http.url)
    post.happen("one", "two")
    post.settle()
    post.pass_time(timedelta(days=3), step=DAY)
    first = events.after(post.conn, 0)[0]
    deliveries.replay(post.conn, receiver, first.id, at=post.now)
    post.conn.commit()
    post.settle()
    assert http.accepted == [*ids(post), str(first.uid)]
    assert http.got[0].body == http.got[2].body
    assert int(http.got[2].headers["webhook-timestamp"]) - int(http.got[0].headers["webhook-timestamp"]) == 3 * 86_400
    signed = Webhook(secret).sign(str(first.uid), post.now, http.got[2].body.decode())
    assert http.got[2].headers["webhook-signature"] == signed
    assert [each.fault for each in deliveries.attempts(post.conn, receiver)] == [None] * 3


def test_a_message_that_is_never_accepted_can_be_skipped(post, http):
    http.answer = lambda number: 500 if number == 0 else 204
    receiver, _ = post.hook(http.url)
    post.happen("poison", "good")
    post.settle()
    deliveries.skip(post.conn, receiver, events.after(post.conn, 0)[0].id, actor="person:a", at=post.now)
    post.conn.commit()
    post.settle()
    assert http.accepted == ids(post)[1:]


def test_a_receiver_that_is_away_delays_no_other(post, http):
    with HttpReceiver().serving() as other:
        http.answer = lambda _: 500
        post.hook(http.url, name="away")
        post.hook(other.url, name="there")
        post.happen("one", "two")
        post.settle()
        assert other.accepted == ids(post)


def test_a_receiver_gets_the_kinds_and_sites_that_it_is_for(post, http):
    sites = {
        code: post.conn.execute("INSERT INTO sites (code, name) VALUES (%s, '') RETURNING id", [code]).fetchone()[0]
        for code in ("NTH", "STH")
    }
    receivers.add_webhook(
        post.conn, "north", http.url, wants=["order.*"], sites=["NTH"], sealer=Sealer(), actor="a", at=post.now
    )
    for site, number in sites.items():
        post.happen(f"{site}-1", kind="order.opened", site_id=number)
        post.happen(f"{site}/P-1", kind="alarm.raised", site_id=number)
    post.happen("plant", kind="order.opened")
    post.settle()
    assert [json.loads(each.body)["data"]["subject"] for each in http.got] == ["NTH-1"]


def test_a_redirect_is_not_followed(post, http):
    with HttpReceiver().serving() as inside:
        http.answer, http.headers = lambda _: 302, {"Location": inside.url}
        receiver, _ = post.hook(http.url)
        post.happen("one")
        post.settle()
        assert inside.got == []
    assert "redirect" in post.receiver(receiver).last_detail


def test_an_endless_answer_is_not_read_to_its_end(post, http):
    http.body = b"x" * 5_000_000
    receiver, _ = post.hook(http.url)
    post.happen("one")
    post.settle()
    assert post.receiver(receiver).last_fault is None


def test_a_secret_is_sealed_by_the_settings_key_and_with_another_key_nothing_is_sent(post, http):
    receiver, secret = post.hook(http.url)
    stored, sealed = post.conn.execute("SELECT secret, secret_is_sealed FROM receivers").fetchone()
    assert sealed
    assert secret.removeprefix("whsec_").encode() not in stored
    assert len(stored) == 12 + 32 + 16
    post.happen("one")
    for key in (Sealer(), Sealer("another key, which is as long")):
        post.means = Means(webhooks=post.means.webhooks, sealer=key)
        assert post.pass_time(timedelta(minutes=2), step=timedelta(minutes=2)) == 1
        assert "sealed with another secrets_key" in post.receiver(receiver).last_detail
    assert http.got == []


# Where webhooks may go.

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_may_not_be_reached(address):
    assert not reach.may_reach(ip_address(address), ())


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_public_may_be_reached(address):
    assert reach.may_reach(ip_address(address), ())


def test_an_allowed_network_may_be_reached_in_each_of_its_spellings():
    allowed = reach.networks(["10.20.0.0/16"])
    assert reach.may_reach(ip_address("10.20.1.1"), allowed)
    assert reach.may_reach(ip_address("::ffff:10.20.1.1"), allowed)
    assert not reach.may_reach(ip_address("10.21.1.1"), allowed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"])
def test_a_private_address_is_refused_by_whatever_name_and_nothing_comes_there(post, http, host):
    post.means = Means(webhooks=webhook.Sender(), sealer=post.means.sealer)
    receiver, _ = post.hook(http.url.replace("127.0.0.1", host))
    post.happen("one")
    post.settle()
    assert http.got == []
    assert "not a public address" in post.receiver(receiver).last_detail
    assert post.receiver(receiver).last_fault == Fault.PASSING


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_connected_to(post, http, monkeypatch):
    asked, real = [], socket.getaddrinfo

    def rebinding(host, port, *more, **named):
        if host != "rebinds.example":
            return real(host, port, *more, **named)
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "10.9.9.9", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    connected = []
    inner = httpcore.SyncBackend.connect_tcp

    def connect(self, host, *more):
        connected.append(host)
        return inner(self, host, *more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    post.means = Means(webhooks=webhook.Sender(LOOPBACK), sealer=post.means.sealer)
    post.hook(http.url.replace("127.0.0.1", "rebinds.example"))
    post.happen("one")
    post.settle()
    assert (asked, connected) == (["rebinds.example"], ["127.0.0.1"])
    assert http.got[0].headers["host"] == f"rebinds.example:{http.port}"


def test_a_receiver_that_answers_drop_by_drop_is_left_after_its_time(post, monkeypatch):
    """The time is one for the whole exchange, so that a receiver cannot stretch it by sending now and then."""
    deadline = reach.Deadline(at=0.0)
    with pytest.raises(reach.TooLong):
        deadline.left(10.0)
    monkeypatch.setattr(webhook, "WITHIN_S", 0.0)
    with HttpReceiver().serving() as http:
        receiver, _ = post.hook(http.url)
        post.happen("one")
        post.settle()
        assert http.got == []
    assert "no whole answer within" in post.receiver(receiver).last_detail


def test_deciding_twice_tells_nobody_twice(post, http):
    post.hook(http.url)
    post.happen("one")
    delivering.decide(post.conn, now=post.now)
    post.conn.execute("UPDATE fan_out SET event_id = 0")
    post.conn.commit()
    post.settle()
    assert http.accepted == ids(post)


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_a_message_does_not_wait_until_a_clock_that_was_set_back_has_come_so_far_again(post, http, back):
    post.hook(http.url)
    post.now += back
    post.happen("one")
    while delivering.decide(post.conn, now=post.now):
        pass
    post.now -= back
    assert post.settle() == 1
    http.answer = lambda _: 500
    post.happen("two")
    assert post.settle() == 1, "what failed is not tried again without a wait"


def test_a_retry_does_not_wait_for_a_time_that_no_wait_reaches(post, http):
    post.hook(http.url)
    http.answer = lambda number: 500 if number == 0 else 204
    post.now += timedelta(days=30)
    post.happen("one")
    post.settle()
    post.now -= timedelta(days=30)
    assert post.settle() == 1
    assert len(http.accepted) == 1
