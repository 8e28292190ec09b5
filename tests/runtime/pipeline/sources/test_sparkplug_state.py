"""What is known of edge nodes is committed with the readings that needed it, and rolled back with them."""

import psycopg
import pytest

from ingest.formats import edge_nodes
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, pipeline, sources
from runtime.pipeline.engine import Engine
from runtime.settings import Settings

NOW_US = 1_772_431_200_000_000
MODELS = {"default": {"frame_step_s": 60, "hold_s": 3600}}


def message(
    kind: str, *metrics: Payload.Metric, seq: int | None = None, device: str = "", second: float = 0
) -> Message:
    topic = "/".join(filter(None, ("spBv1.0", "NTH", kind, "N1", device)))
    payload = Payload(timestamp=round(NOW_US / 1000 + second * 1000), metrics=metrics)
    if seq is not None:
        payload.seq = seq
    return Message(topic, payload.SerializeToString(), NOW_US + round(second * 1_000_000))


def number(bd: int) -> Payload.Metric:
    return Payload.Metric(name="bdSeq", datatype=8, long_value=bd)


def metric(name: str, alias: int, value: float) -> Payload.Metric:
    return Payload.Metric(name=name, alias=alias, datatype=10, double_value=value)


def data(alias: int, value: float) -> Payload.Metric:
    return Payload.Metric(alias=alias, double_value=value)


def story() -> list[Message]:
    """A node that is born, sends by alias, dies, and comes back with its aliases the other way round."""
    told = [
        message("NBIRTH", number(1), seq=0),
        message("DBIRTH", metric("temp", 1, 20.0), metric("flow", 2, 300.0), seq=1, device="P-1"),
    ]
    told += [message("DDATA", data(1, 20.0 + n), seq=2 + n, device="P-1", second=30 * n + 1) for n in range(20)]
    told.append(message("NDEATH", number(1), second=700))
    told.append(message("DDATA", data(1, 99.0), seq=22, device="P-1", second=701))
    told += [
        message("NBIRTH", number(2), seq=0, second=710),
        message("DBIRTH", metric("temp", 2, 50.0), metric("flow", 1, 310.0), seq=1, device="P-1", second=710),
    ]
    told += [message("DDATA", data(2, 50.5 + n), seq=2 + n, device="P-1", second=720 + 30 * n) for n in range(10)]
    told.append(message("DDATA", data(2, 99.0), seq=17, device="P-1", second=2000))
    return told


def taken_up(conn: psycopg.Connection) -> Engine:
    settings = Settings(sparkplug_host="plant", checkpoint_every_inputs=7, sparkplug_rebirth_s=3600)
    return engine.start(conn, settings, rulebook=rulebook.EMPTY, models=MODELS, holder="test")


def outcome(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        "SELECT s.name, extract(epoch FROM r.observed_at) - 1772431200, r.value, r.quality, r.late "
        "FROM readings r JOIN signals s ON s.id = r.signal_id ORDER BY r.observed_at, s.name"
    ).fetchall()


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def ran(conn: psycopg.Connection, size: int, *, killed: bool) -> bytes:
    """Feed the story in batches; killed: each is rolled back once, by a process that is then gone."""
    state, messages = taken_up(conn), story()
    for i in range(0, len(messages), size):
        batch = messages[i : i + size]
        if killed:
            with conn.transaction(force_rollback=True):
                pipeline.process(conn, batch, state)
            state = taken_up(conn)
        pipeline.process(conn, batch, state)
    conn.commit()
    assert engine.restore(conn).dump() == state.judge.dump()
    return state.judge.dump()


EXPECTED_QUALITIES = {0: 2 + 20 + 2 + 10, 3: 2}


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_however_it_is_cut_or_killed_the_readings_are_the_same(conn, size, killed):
    ran(conn, size, killed=killed)
    found = outcome(conn)
    qualities = [row[3] for row in found]
    assert {each: qualities.count(each) for each in set(qualities)} == EXPECTED_QUALITIES
    assert 99.0 not in [row[2] for row in found]
    assert [row[:3] for row in found if row[3] == 3] == [("flow", 700, 300.0), ("temp", 700, 39.0)]
    assert max(float(str(row[2])) for row in found if row[0] == "temp") == 59.5


def test_cut_or_not_the_judge_comes_to_the_same_bytes(database, empty_database):
    """One machine was killed at every message, the other one never."""
    from db.schema import migrate

    migrate(empty_database)
    dumps = []
    for url, size, killed in ((database, 1, True), (empty_database, 1000, False)):
        with psycopg.connect(url) as conn:
            dumps.append(ran(conn, size, killed=killed))
    assert dumps[0] == dumps[1]


def test_what_is_forgotten_of_nodes_is_stored_no_more(conn, monkeypatch):
    monkeypatch.setattr(edge_nodes, "MOST_NODES", 3)
    state = taken_up(conn)
    pipeline.process(conn, [message("NBIRTH", number(1), seq=0)], state)
    for each in range(8):
        birth = Payload(metrics=[number(1), metric("bad\x00", 1, 1.0)], seq=0).SerializeToString()
        death = Payload(metrics=[number(1)]).SerializeToString()
        pipeline.process(
            conn,
            [
                Message(f"spBv1.0/NTH/NBIRTH/M{each}", birth, NOW_US),
                Message(f"spBv1.0/NTH/NDEATH/M{each}", death, NOW_US),
            ],
            state,
        )
    rows = conn.execute("SELECT node_id FROM sparkplug_nodes ORDER BY node_id").fetchall()
    assert [row[0] for row in rows] == ["M6", "M7", "N1"]
    assert conn.execute("SELECT count(*) FROM sparkplug_births").fetchone() == (3,)
    again = sources.host_of(taken_up(conn).formats)
    assert again is not None
    assert sorted(key[1] for key in again.nodes) == ["M6", "M7", "N1"]
