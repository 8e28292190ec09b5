"""What becomes of each kind of value, whatever format it comes in: the table of docs/connect.md, row by row."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from db.plant import plant
from db.telemetry import quarantine, quarantine_ledger
from db.telemetry.catalogue import Admission
from ingest.formats import mapping
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.formats.sparkplug import Sparkplug
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Message
from judge.asset import by_model
from models import documents as model_documents
from rules import rulebook
from runtime.pipeline import engine, pipeline, retry
from runtime.pipeline.engine import Engine
from runtime.settings import Settings
from workorder_core.plant.plant import SignalEntry
from workorder_core.plant.signals import Meaning

PAGE = Path(__file__).parents[3] / "docs" / "connect.md"
NOW_US = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp()) * 1_000_000
MAPPED = {"topic": "f/{asset}", "site": "NTH", "signals": {"v": "s"}}
STATES = {"STOPPED": 0, "RUNNING": 1, "FAULT": 7}


def native(asset: str, value: object) -> list[Message]:
    document = {"ts": NOW_US // 1000, "values": {"s": value}}
    return [Message(f"plantwright/v1/NTH/{asset}", json.dumps(document).encode(), NOW_US)]


def mapped(asset: str, value: object) -> list[Message]:
    return [Message(f"f/{asset}", json.dumps({"v": value}).encode(), NOW_US)]


def thingsboard(asset: str, value: object) -> list[Message]:
    document = {asset: [{"ts": NOW_US // 1000, "values": {"s": value}}]}
    return [Message("v1/gateway/telemetry", json.dumps(document).encode(), NOW_US)]


def sparkplug(asset: str, value: object) -> list[Message]:
    metric = Payload.Metric(name="s", timestamp=NOW_US // 1000)
    match value:
        case bool():
            metric.datatype, metric.boolean_value = 11, value
        case str():
            metric.datatype, metric.string_value = 12, value
        case int() | float():
            metric.datatype, metric.double_value = 10, float(value)
        case _:
            return []
    node = Payload(timestamp=NOW_US // 1000, metrics=[Payload.Metric(name="bdSeq", long_value=1, datatype=4)])
    device = Payload(timestamp=NOW_US // 1000, metrics=[metric])
    return [
        Message(f"spBv1.0/NTH/NBIRTH/N{asset}", node.SerializeToString(), NOW_US),
        Message(f"spBv1.0/NTH/DBIRTH/N{asset}/{asset}", device.SerializeToString(), NOW_US),
    ]


RULES = {
    "rate": [{
        "id": "hungry", "asset_class": "unclassified", "signal": "s", "over": "10 s", "raise_at": 1e9,
        "clear_below": 1e8, "component": "motor", "failure_mode": "OHE", "severity": "degrading",
    }]
}  # fmt: skip
FORMATS: dict[str, Callable[[str, object], list[Message]]] = {
    "native": native, "mapped": mapped, "thingsboard": thingsboard, "sparkplug": sparkplug,
}  # fmt: skip
ROWS: dict[str, list[tuple[object, float | str]]] = {
    "number": [(71.3, 71.3), (-4, -4.0)],
    "`true`, `false`": [(True, 1.0), (False, 0.0)],
    'text that is a number, `"21.5"`': [("21.5", 21.5), (" 1e3 ", 1000.0), ("true", 1.0), ("False", 0.0)],
    "text that names one of the signal's states": [("RUNNING", 1.0), (" fault ", 7.0)],
    "any other text": [("AUTO", "unknown_state")],
    "enumeration sent as a number": [(7, 7.0), (3, 3.0)],
    "NaN, infinite": [
        ("NaN", "not_a_number"),
        ("-Infinity", "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("-inf"), "not_a_number"),
    ],
    "`null`, an object, an array": [(None, "not_a_number"), ({"a": 1}, "not_a_number"), ([1], "not_a_number")],
}
"""By row of the page's table: values, and what is stored or why it is in quarantine."""
BY_FORMAT = {
    ("mapped", "None"): "no_values",
}
"""Where a format cannot say it in another way: why it is in quarantine there."""
CASES = [(row, value, outcome) for row, values in ROWS.items() for value, outcome in values]


@pytest.fixture
def state(conn: psycopg.Connection) -> Engine:
    made = engine.start(
        conn, Settings(), rulebook=rulebook.parse(RULES), models=model_documents.read(None), holder="test"
    )
    made.formats = Formats([Sparkplug("plant"), Mapped([mapping.parse(MAPPED, source="m.toml")]), ThingsBoard("NTH")])
    return made


@pytest.fixture
def conn(database: str):
    with psycopg.connect(database) as conn:
        yield conn


def declare(conn: psycopg.Connection, state: Engine, asset: str, **meaning: object) -> None:
    """Let an asset be heard of, and say what its signal s is."""
    early = json.dumps({"ts": NOW_US // 1000 - 60_000, "values": {"s": 0}}).encode()
    pipeline.process(conn, [Message(f"plantwright/v1/NTH/{asset}", early, NOW_US)], state)
    say(conn, state, asset, **meaning)


def say(conn: psycopg.Connection, state: Engine, asset: str, **meaning: object) -> None:
    entry = SignalEntry(name="s", quantity=None, unit="", meaning=Meaning(**meaning))  # type: ignore[arg-type]
    plant.declare(conn, state.catalogue.asset_id(f"NTH/{asset}"), entry, actor="person:a", at=datetime.now(UTC))
    conn.commit()


def outcomes(conn: psycopg.Connection) -> dict[str, list[object]]:
    """By asset, what of signal s is stored of now, and the reasons for what is in quarantine."""
    found: dict[str, list[object]] = {}
    rows = conn.execute(
        """SELECT a.code, r.value
           FROM readings r JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id
           WHERE s.name = 's' AND r.observed_at = to_timestamp(%s)""",
        [NOW_US / 1e6],
    ).fetchall()
    for asset, value in rows:
        found.setdefault(asset, []).append(value)
    for each in kept_messages(conn):
        asset = re.search(r"A\d+", f"{each.topic} {each.payload!r}")
        assert asset is not None
        found.setdefault(asset[0], []).append(each.reason)
    return found


def kept_messages(conn):
    """Every message that is kept, not only the first one of its kind."""
    kinds = quarantine.page(conn, limit=1000)
    return [quarantine.one(conn, each.id) for kind in kinds for each in quarantine.payloads(conn, kind.id)]


@pytest.fixture(autouse=True)
def _all_are_kept(monkeypatch):
    """These messages differ in what matters here, though they are of one kind."""
    monkeypatch.setattr(quarantine_ledger, "PER_KIND", 1_000)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_value_of_each_kind_becomes_the_same_in_every_format(conn, state, kind):
    expected: dict[str, list[object]] = {}
    for number, (_, value, outcome) in enumerate(CASES):
        messages = FORMATS[kind](f"A{number}", value)
        if not messages:
            continue
        declare(conn, state, f"A{number}", states=STATES)
        expected[f"A{number}"] = [BY_FORMAT.get((kind, repr(value)), outcome)]
        pipeline.process(conn, messages, state)
    told = [(*case, outcomes(conn).get(f"A{number}")) for number, case in enumerate(CASES) if f"A{number}" in expected]
    assert outcomes(conn) == expected, told


def test_the_page_has_the_rows_that_are_tried():
    table = re.search(r"\| value \| becomes \|\n(.*?)\n\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert table is not None
    rows = [line.split("|")[1].strip() for line in table[1].splitlines()[1:]]
    assert [row for row in rows if not row.startswith(("quality", "counter"))] == list(ROWS)


def text(second: int, word: str, asset: str = "A1") -> Message:
    at_ms = NOW_US // 1000 + 1000 * second
    payload = json.dumps({"ts": at_ms, "values": {"s": word, "beside": 5}}).encode()
    return Message(f"plantwright/v1/NTH/{asset}", payload, NOW_US + 60_000_000)


def test_a_text_without_a_state_waits_with_the_mend_and_is_taken_once_it_is_declared(conn, state):
    pipeline.process(conn, [text(0, "Auto"), text(1, "auto")], state)
    kept = kept_messages(conn)
    action = "say which number it is on the page of asset A1, or in the plant file"
    assert {(each.reason, each.problem) for each in kept} == {
        ("unknown_state", f"s: {word!r} is no number, and the signal has no states; {action}")
        for word in ("Auto", "auto")
    }
    assert json.loads(kept[-1].payload)["values"] == {"s": "auto"}, "what was good is stored, and not tried again"
    say(conn, state, "A1", states={"AUTO": 3})
    assert len(quarantine.ask_retry(conn, reason="unknown_state", actor="person:a", at=datetime.now(UTC))) == 2
    conn.commit()
    assert retry.try_asked(conn, state) == 2
    assert quarantine.count_by_reason(conn) == {}
    rows = conn.execute("SELECT value, late FROM readings r JOIN signals s ON s.id = r.signal_id WHERE s.name = 's'")
    assert rows.fetchall() == [(3.0, True), (3.0, True)]


def test_what_is_said_of_a_signal_holds_for_the_engine_that_runs(conn, state):
    declare(conn, state, "A1", states={"OFF": 0})
    pipeline.process(conn, [text(0, "OFF"), text(1, "ON")], state)
    (kept,) = quarantine.page(conn)
    assert kept.problem == "s: 'ON' is none of its states off; add it on the page of asset A1, or in the plant file"
    say(conn, state, "A1", states={"OFF": 0, "ON": 1})
    pipeline.process(conn, [text(2, "on")], state)
    say(conn, state, "A1", states={"OFF": 0, "ON": 2})
    pipeline.process(conn, [], state)  # as an idle engine does twice a second
    pipeline.process(conn, [text(3, "ON")], state)
    values = conn.execute(
        """SELECT value FROM readings r JOIN signals s ON s.id = r.signal_id
           WHERE s.name = 's' ORDER BY observed_at OFFSET 1"""
    ).fetchall()
    assert values == [(0.0,), (1.0,), (2.0,)]


def test_where_nothing_unknown_is_admitted_a_text_is_refused_as_that(conn, state):
    declare(conn, state, "A1", states={"OFF": 0})
    state.catalogue.admission = Admission(unknown=False)
    odd = Message(
        "plantwright/v1/NTH/A1", json.dumps({"ts": NOW_US // 1000, "values": {"s": "off", "new": "x"}}).encode(), NOW_US
    )
    pipeline.process(conn, [odd, text(0, "OFF", "A2")], state)
    assert outcomes(conn) == {"A1": [0.0, "unknown_asset"], "A2": ["unknown_asset"]}
    problems = {each.topic: (each.problem, json.loads(each.payload)["values"]) for each in quarantine.page(conn)}
    assert problems["plantwright/v1/NTH/A1"] == ("NTH/A1 has no signal new; add it, or set admit_unknown", {"new": "x"})
    assert problems["plantwright/v1/NTH/A2"][1] == {"s": "OFF", "beside": 5}


def test_a_counter_and_a_state_are_rebuilt_as_they_were_judged(conn, state):
    """From nothing but what is stored: the events that tell of the signals have their places among the readings."""
    declare(conn, state, "A1", counter=True, wraps_at=100)
    for second in range(30):
        payload = json.dumps({"ts": NOW_US // 1000 + 1000 * second, "values": {"s": 7 * second % 100}}).encode()
        pipeline.process(conn, [Message("plantwright/v1/NTH/A1", payload, NOW_US + 60_000_000)], state)
        if second == 20:
            say(conn, state, "A1", states={"OFF": 0})
        if second == 19:
            assert state.judge.assets["NTH/A1"].limits.counters["s"].before == 100.0
    live = state.judge.dump()
    conn.execute("DELETE FROM checkpoints")
    conn.commit()
    engine.rebuild(conn, state)
    assert state.judge.dump() == live
    assert state.judge.assets["NTH/A1"].named == {"s"}


def test_the_model_sees_no_counter_by_the_quick_way_either(conn, state):
    """Ordinary readings are judged together by tables; two machines that differ in a counter alone look the same."""

    def messages(first: int, last: int) -> list[Message]:
        made = []
        for second in range(first, last):
            temp = 60 + (second * 7919 % 13) / 10
            for asset, more in (("A1", {"c": second}), ("A2", {})):
                document = {"ts": NOW_US // 1000 + 1000 * second, "values": {"temp": temp} | more}
                payload = json.dumps(document).encode()
                made.append(Message(f"plantwright/v1/NTH/{asset}", payload, NOW_US + 3_600_000_000))
        return made

    pipeline.process(conn, messages(0, 1), state)
    counts = SignalEntry(name="c", quantity=None, unit="", meaning=Meaning(counter=True))
    plant.declare(conn, state.catalogue.asset_id("NTH/A1"), counts, actor="person:a", at=datetime.now(UTC))
    conn.commit()
    by_model.learn_again(state.judge.assets["NTH/A1"])
    by_model.learn_again(state.judge.assets["NTH/A2"])
    for first in range(1, 601, 50):
        pipeline.process(conn, messages(first, first + 50), state)
    assert {"NTH/A1", "NTH/A2"} <= state.open_lane().on.keys()
    with_counter, without = (state.judge.assets[f"NTH/{asset}"].monitor for asset in ("A1", "A2"))
    assert with_counter is not None
    assert without is not None
    assert with_counter.ready()
    assert with_counter.usual("c") is None
    assert with_counter.usual("temp") == without.usual("temp")
    assert with_counter.score() == without.score()
