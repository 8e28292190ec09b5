"""No bytes on any topic stop the main path or vanish: they are stored, repeated or in quarantine, and counted."""

import contextlib
import itertools
import json
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.broker import mqtt
from ingest.broker.mqtt import BrokenPacket, Cutter
from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases

NOW_US = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp()) * 1_000_000
NOW_MS = NOW_US // 1000
TOPICS = [
    "plantwright/v1/NTH/P-1", "plantwright/v1/NTH/P-1/", "plantwright/v1//P-1", "plantwright/v1/N\0H/P-1",
    "plantwright/",
    "v1/gateway/telemetry", "v1/devices/me/telemetry", "P-2/v1/devices/me/telemetry",
    "homie/5/P-4/n/a", "umh/v1/acme/bergen/hall/_historian/a", "umh/v1///_historian/", "homie/5////",
    "spBv1.0/G/NBIRTH/E", "spBv1.0/G/DDATA/E/D", "spBv1.0/STATE/other", "spBv1.0/\0/NDATA/E", "spBv1.0//",
    "", "/", "//", "$SYS/broker", "a\ud800b", "x" * 65_535,
]  # fmt: skip
NUMBERS = st.sampled_from(
    ["1", "1e999", "-0.0", "NaN", "9" * 400, "9" * 5000, "1e-400", "true", "null", '"5"', "1.5e308"]
)
NAMES = st.sampled_from(["a", "", "\\u0000", "a\\u0000b", "\\ud800", "x" * 300, "ü", "ts", "values"])
TIMES = st.sampled_from(
    [
        str(NOW_MS),
        str(NOW_MS + 1),
        "0",
        "-1",
        "9" * 5000,
        "1e308",
        '"2026-03-02T06:00:00Z"',
        '"2026-03-02"',
        "[]",
        "null",
    ]
)
DOCUMENTS = st.builds(
    lambda ts, values: f'{{"ts":{ts},"values":{{{",".join(values)}}}}}',
    TIMES,
    st.lists(st.builds(lambda name, number: f'"{name}":{number}', NAMES, NUMBERS), max_size=4),
)
PAYLOADS = (
    st.binary(max_size=200)
    | DOCUMENTS.map(str.encode)
    | st.lists(DOCUMENTS, max_size=3).map(lambda each: f"[{','.join(each)}]".encode())
    | DOCUMENTS.map(lambda each: f'{{"P-9":[{each}],"\\u0000":{each}}}'.encode())
    | NUMBERS.map(str.encode)
    | st.sampled_from([b"", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"\0" * 300_000, b'"\\ud800"'])
)
MESSAGES = st.builds(
    Message,
    st.sampled_from(TOPICS) | st.text(max_size=30).map(lambda rest: f"plantwright/v1/{rest}") | st.text(max_size=30),
    PAYLOADS,
    st.just(NOW_US),
    st.integers(0, 5),
    st.booleans(),
    st.booleans(),
)


SECONDS = itertools.count(1)


@pytest.fixture(scope="module")
def conn(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture(scope="module")
def state(conn):
    set_up = Settings(mappings=["homie", "umh"], thingsboard_site="NTH", sparkplug_host="plantwright")
    return engine.start(conn, set_up, rulebook=rulebook.EMPTY, models={}, holder="test")


def counted(conn) -> tuple[int, int]:
    kept = conn.execute("SELECT coalesce(sum(times), 0)::int FROM quarantine").fetchone()
    rows = conn.execute("SELECT count(*) FROM readings WHERE quality <> 3").fetchone()
    return rows[0], kept[0]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(MESSAGES, min_size=1, max_size=6))
@example([Message(topic, b"\0", NOW_US) for topic in TOPICS])
@example([Message("plantwright/v1/NTH/P-1", f'{{"ts":{NOW_MS},"values":{{"a\\u0000":1}}}}'.encode(), NOW_US)])
def test_whatever_comes_is_stored_repeated_or_in_quarantine_and_the_next_good_message_is_stored(conn, state, batch):
    before = counted(conn)
    done = pipeline.process(conn, batch, state)
    after = counted(conn)
    assert after[0] - before[0] == done.stored
    assert after[1] - before[1] == len(done.refused)
    topic, payload = "plantwright/v1/NTH/good", json.dumps({"ts": NOW_MS + next(SECONDS), "values": {"a": 1}}).encode()
    assert pipeline.process(conn, [Message(topic, payload, NOW_US)], state).stored == 1


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(MESSAGES.filter(lambda each: not each.topic.startswith(("spBv1.0/", "homie/", "umh/"))))
def test_a_message_that_is_alone_and_not_empty_never_comes_to_nothing(conn, state, message):
    message = Message(message.topic, message.payload, message.received_us)
    done = pipeline.process(conn, [message], state)
    assert done.stored + done.repeated + len(done.refused) > 0 or not message.payload


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_what_a_broker_sends_is_messages_that_can_be_processed_or_the_end_of_the_connection(data):
    cutter, messages = Cutter(), list[Message]()
    with contextlib.suppress(BrokenPacket):
        cutter.feed(mqtt.publish("plantwright/v1/NTH/P-1", data, packet_id=1) + data, NOW_US, messages)
    assert messages[0].payload == data
