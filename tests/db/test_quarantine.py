"""What could not be read is kept with its reason, and nothing that a device sends can make the keeping fail."""

import hashlib
import random
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.telemetry import quarantine, quarantine_ledger
from db.telemetry.quarantine_ledger import Ledger
from ingest.messages import Reason, Refused
from tests.parts import databases

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
TOPIC = "plantwright/v1/NTH/P-101"


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def refused(payload=b"junk", *, topic=TOPIC, reason=Reason.NOT_JSON, problem="it is no JSON", after_s=0):
    return Refused(topic, payload, START_US + after_s * 1_000_000, reason, problem)


def test_it_is_kept_with_topic_payload_reason_and_time(conn):
    quarantine.keep(conn, [refused()])
    (kept,) = quarantine.page(conn)
    assert (kept.topic, kept.payload, kept.reason, kept.problem) == (TOPIC, b"junk", "not_json", "it is no JSON")
    assert (kept.received_at, kept.last_received_at, kept.times) == (START, START, 1)


def test_of_a_great_payload_the_beginning_is_kept_with_its_length_and_hash(conn):
    payload = bytes(range(256)) * 4096 * 3
    quarantine.keep(conn, [refused(payload)])
    (kept,) = quarantine.page(conn)
    assert kept.payload == payload[:65_536]
    assert quarantine.one(conn, kept.id).payload == payload[: 2 * 1_048_576]
    assert kept.payload_bytes == 3 * 1_048_576
    assert kept.payload_sha256 == hashlib.sha256(payload).digest()


def test_what_comes_again_the_same_is_counted(conn):
    quarantine.keep(conn, [refused(), refused(after_s=60)])
    quarantine.keep(conn, [refused(after_s=120)])
    (kept,) = quarantine.page(conn)
    assert (kept.times, kept.received_at, kept.last_received_at) == (3, START, START + timedelta(minutes=2))


OTHER_KINDS = {
    "another topic": refused(topic=f"{TOPIC}x"),
    "another reason": refused(reason=Reason.NO_TIME),
}


@pytest.mark.parametrize("other", OTHER_KINDS.values(), ids=OTHER_KINDS.keys())
def test_a_kind_is_a_topic_and_a_reason(conn, other):
    quarantine.keep(conn, [refused(), other])
    assert len(quarantine.page(conn)) == 2


OTHERS = {
    "another payload": refused(b"other"),
    "another problem": refused(problem="something else"),
    "a payload with the same beginning": refused(b"junk" + b"\0" * 70_000),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_what_differs_within_a_kind_is_kept_beside_the_first(conn, other):
    quarantine.keep(conn, [refused(), other])
    (kept,) = quarantine.page(conn)
    assert (kept.times, kept.payloads, kept.others) == (2, 2, 0)
    assert [each.payload for each in quarantine.payloads(conn, kept.id)] == [b"junk", other.payload[:65_536]]


def stored(conn):
    return conn.execute("SELECT count(*), sum(times), sum(others), sum(length(payload)) FROM quarantine").fetchone()


@pytest.mark.parametrize("batch", [1, 7, 2_000])
def test_of_two_thousand_malformed_messages_the_first_few_are_kept_and_the_rest_is_counted(conn, batch):
    ledger, messages = Ledger(), [refused(b"%d" % number, after_s=number) for number in range(2_000)]
    for i in range(0, len(messages), batch):
        ledger.keep(conn, messages[i : i + batch])
    (kept,) = quarantine.page(conn)
    assert (kept.payload, kept.payloads, kept.times, kept.others) == (b"0", 5, 2_000, 1_995)
    assert (kept.received_at, kept.last_received_at) == (START, START + timedelta(seconds=1_999))
    assert [each.payload for each in quarantine.payloads(conn, kept.id)] == [b"0", b"1", b"2", b"3", b"4"]
    assert stored(conn)[:3] == (5, 2_000, 1_995)


def test_a_burst_costs_no_statement_each(conn):
    """Counted by the rows' transaction-local command numbers: what one statement has written shares one."""
    messages = [refused(b"%d" % number, topic=f"{TOPIC}{number % 50}") for number in range(2_000)]
    quarantine.keep(conn, messages)
    assert stored(conn)[:2] == (50 * 5, 2_000)
    assert conn.execute("SELECT count(DISTINCT cmin::text) FROM quarantine").fetchone()[0] <= 2


def test_four_hundred_megabytes_are_not_kept_and_that_is_said(conn):
    ledger = Ledger(most_bytes=1_000_000)
    for topic in range(20):
        payload = random.Random(topic).randbytes(200_000)
        ledger.keep(conn, [refused(payload, topic=f"{TOPIC}{topic}"), refused(payload + b"2", topic=f"{TOPIC}{topic}")])
    rows, times, _, size = stored(conn)
    assert (rows, times) == (40, 40)
    assert size <= 1_000_000
    assert ledger.full
    newest = quarantine.page(conn)[0]
    assert newest.kept_bytes == 0
    assert newest.not_again is not None and "none of its" in newest.not_again
    ledger.keep(conn, [refused(b"small")])
    assert not ledger.full or stored(conn)[3] + 5 > 1_000_000


def test_kinds_without_end_are_counted_together_by_their_reason(conn, monkeypatch):
    monkeypatch.setattr(quarantine_ledger, "MOST_KINDS", 10)
    ledger = Ledger()
    ledger.keep(conn, [refused(b"%d" % number, topic=f"flood/{number}") for number in range(500)])
    ledger.keep(conn, [refused(b"%d" % number, topic=f"flood/{number}") for number in range(500, 600)])
    kept = quarantine.page(conn, limit=100)
    assert len(kept) == 11
    assert sum(each.times for each in kept) == 600
    assert {each.topic for each in kept} >= {"flood/0", quarantine_ledger.OTHER_TOPICS}


def test_a_ledger_that_others_have_dropped_from_keeps_what_comes_next(conn):
    ledger = Ledger()
    ledger.keep(conn, [refused(b"%d" % number) for number in range(10)])
    assert quarantine.drop(conn) == 5
    ledger.keep(conn, [refused(b"%d" % number) for number in range(10, 20)])
    (kept,) = quarantine.page(conn)
    assert (kept.payload, kept.payloads, kept.times) == (b"10", 5, 10)


def test_a_ledger_knows_what_an_earlier_process_has_kept(conn):
    Ledger().keep(conn, [refused(b"%d" % number) for number in range(4)])
    Ledger().keep(conn, [refused(b"%d" % number) for number in range(8)])
    (kept,) = quarantine.page(conn)
    assert (kept.times, kept.payloads, kept.others) == (12, 5, 3)


def test_what_nobody_wants_is_dropped_by_kind_reason_topic_or_age(conn):
    quarantine.keep(conn, [
        refused(), refused(b"more"), refused(reason=Reason.NO_TIME),
        refused(topic="a/b"), refused(topic="a/c", after_s=60),
    ])  # fmt: skip
    first = next(each for each in quarantine.page(conn) if (each.topic, each.reason) == (TOPIC, "not_json"))
    assert quarantine.drop(conn, ids=[first.id]) == 2
    assert quarantine.drop(conn, reason="no_time", topic="other") == 0
    assert quarantine.drop(conn, reason="no_time") == 1
    assert quarantine.drop(conn, topic="a/", before=START + timedelta(seconds=30)) == 1
    assert [each.topic for each in quarantine.page(conn)] == ["a/c"]


NOISE = random.Random(1)
"""Letters that cannot be compressed, which is what an index entry would otherwise be saved by."""
WIDE = "".join(NOISE.choices("🔥🌊🌪🌋", k=16_000))
LONG = "".join(NOISE.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=60_000))
AWKWARD = {
    "a topic as long as MQTT allows": refused(topic=LONG),
    "topic and problem without end, of characters of four bytes": refused(topic=WIDE, problem=WIDE),
    "a problem without end": refused(problem=LONG),
    "a NUL in the topic": refused(topic="plant\0wright"),
    "a NUL in the problem": refused(problem="'\0' is not a number"),
    "half a character in the problem": refused(problem="'\ud800' is not a number"),
    "half a character in the topic": refused(topic="plant\ud800wright"),
    "no bytes at all": refused(b""),
    "an empty topic": refused(topic=""),
}


@pytest.mark.parametrize("awkward", AWKWARD.values(), ids=AWKWARD.keys())
def test_nothing_that_a_device_sends_makes_the_keeping_fail(conn, awkward):
    quarantine.keep(conn, [awkward])
    quarantine.keep(conn, [awkward])
    (kept,) = quarantine.page(conn)
    assert kept.times == 2


def test_what_was_cut_off_says_so(conn):
    quarantine.keep(conn, [refused(topic=LONG, problem=LONG)])
    (kept,) = quarantine.page(conn)
    assert kept.topic.startswith(LONG[:200])
    assert kept.topic.endswith(" characters)")
    assert kept.problem.startswith(LONG[:200])


def test_the_list_shows_the_newest_first_page_by_page(conn):
    quarantine.keep(conn, [refused(b"%d" % second, topic=f"{TOPIC}{second}", after_s=second) for second in range(5)])
    first = quarantine.page(conn, limit=2)
    second = quarantine.page(conn, limit=2, before_id=first[-1].id)
    third = quarantine.page(conn, limit=2, before_id=second[-1].id)
    assert [kept.payload for kept in first + second + third] == [b"4", b"3", b"2", b"1", b"0"]


def test_the_list_can_be_narrowed_to_a_reason_or_the_beginning_of_a_topic(conn):
    quarantine.keep(conn, [refused(), refused(reason=Reason.NO_TIME), refused(topic="plantwright/v1/STH/P-1")])
    assert [kept.reason for kept in quarantine.page(conn, reason="no_time")] == ["no_time"]
    assert [kept.topic for kept in quarantine.page(conn, topic="plantwright/v1/STH/")] == ["plantwright/v1/STH/P-1"]


def test_it_is_counted_by_reason(conn):
    quarantine.keep(conn, [refused(), refused(), refused(b"other"), refused(reason=Reason.NO_TIME)])
    assert quarantine.count_by_reason(conn) == {"not_json": 1, "no_time": 1}


def test_nothing_refused_is_nothing_kept(conn):
    quarantine.keep(conn, [])
    assert quarantine.page(conn) == []
