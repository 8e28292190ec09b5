"""Through the main path: what other formats say beyond values, once each, whatever comes again."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.plant import plant
from db.telemetry import quarantine
from db.telemetry import sources as sources_db
from ingest.messages import Message, Reason
from ingest.names import Joined, Names
from rules import rulebook
from runtime.pipeline import engine, pipeline, sources
from runtime.settings import Settings
from workorder_core.plant.plant import AssetEntry, Plant, SignalEntry
from workorder_core.words import Criticality

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
S = 1_000_000
GATEWAY = "v1/gateway/telemetry"


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def taken_up(conn, tmp_path=None, document="", **more):
    mappings = ["homie", "umh"]
    if document:
        file = tmp_path / "own.toml"
        file.write_text(document)
        mappings.append(str(file))
    settings = Settings(mappings=mappings, thingsboard_site="NTH", **more)
    return engine.start(conn, settings, rulebook=rulebook.EMPTY, models={}, holder="test")


def message(topic, document, second=0, **more):
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(topic, raw, START_US + second * S, **more)


def stored(conn):
    rows = conn.execute(
        "SELECT a.code, s.name, r.observed_at, r.value, r.quality, r.late FROM readings r "
        "JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id ORDER BY r.observed_at, s.name"
    )
    return [(code, name, (at - START) // timedelta(seconds=1), *rest) for code, name, at, *rest in rows]


def test_each_format_comes_in_beside_the_native_one(conn):
    state = taken_up(conn)
    batch = [
        message("plantwright/v1/NTH/P-1", {"ts": START.isoformat(), "values": {"a": 1}}),
        message(GATEWAY, {"P-2": [{"a": 2}]}),
        message("umh/v1/acme/bergen/hall/_historian/a", {"timestamp_ms": START_US // 1000, "value": 3}),
        message("homie/5/P-4/node/a", b"4"),
        message("somebody/else", b"5"),
    ]
    done = pipeline.process(conn, batch, state)
    assert [(row[0], row[1], row[3]) for row in stored(conn)] == [
        ("P-1", "a", 1.0), ("P-2", "a", 2.0), ("hall", "a", 3.0), ("P-4", "node/a", 4.0),
    ]  # fmt: skip
    assert [each.reason for each in done.refused] == [Reason.WRONG_TOPIC]
    assert "mapping listen" in quarantine.page(conn)[0].problem


def test_what_has_no_time_is_stored_once_when_it_comes_again_after_a_crash(conn):
    """Reception is its only clock, and the broker sends it again when the acknowledgement did not reach it."""
    state = taken_up(conn)
    first = [message("homie/5/P-4/n/a", b"4", second, token=second + 1) for second in range(3)]
    pipeline.process(conn, first, state)
    state = taken_up(conn)
    again = [message("homie/5/P-4/n/a", b"4", 100 + second, token=second + 1, again=True) for second in range(3)]
    new = [
        message("homie/5/P-4/n/a", b"5", 103, token=4, again=True),
        message("homie/5/P-4/n/a", b"4", 104, token=1),
        message("homie/5/P-4/n/a", b"6", 105, token=2, again=True),
    ]
    pipeline.process(conn, again + new, state)
    assert [(row[2], row[3]) for row in stored(conn)] == [(0, 4), (1, 4), (2, 4), (103, 5), (104, 4), (105, 6)]


def test_what_was_not_committed_is_taken_when_it_comes_again(conn):
    state = taken_up(conn)
    with conn.transaction(force_rollback=True):
        pipeline.process(conn, [message("homie/5/P-4/n/a", b"4", token=1)], state)
    state = taken_up(conn)
    pipeline.process(conn, [message("homie/5/P-4/n/a", b"4", 9, token=1, again=True)], state)
    assert [row[2] for row in stored(conn)] == [9]


OWN = """
topic = "own/{asset}"
site = "NTH"
location = "{$.hall}"
value = "v"
signal = "temp"
unit = "{.u}"
[time]
path = "t"
format = "s"
[quality]
path = "q"
good = ["good"]
uncertain = ["maybe"]
"""


def own(second, value, quality="good", unit="degC", asset="P-9"):
    sent = {"t": START_US // S + second, "v": value, "q": quality, "u": unit, "hall": "Hall A"}
    return message(f"own/{asset}", sent, second)


def test_what_is_bad_is_stored_and_not_judged(conn, tmp_path):
    state = taken_up(conn, tmp_path, OWN)
    batch = [own(0, 20), own(10, 999, "bad"), own(5, 21), own(20, 22, "maybe")]
    done = pipeline.process(conn, batch, state)
    assert [row[2:] for row in stored(conn)] == [
        (0, 20, 0, False), (5, 21, 0, False), (10, 999, 2, False), (20, 22, 1, False),
    ]  # fmt: skip
    assert done.frames == 3
    assert engine.restore(conn).dump() == state.judge.dump()


@pytest.mark.parametrize("together", [True, False])
def test_a_good_value_at_the_time_of_a_stored_bad_one_does_not_stop_the_plant(conn, tmp_path, together):
    """It lies beyond everything judged, where nothing is looked up before it is stored."""
    state = taken_up(conn, tmp_path, OWN)
    batches = [[own(10, 999, "bad")], [own(10, 20), own(11, 21)]]
    for batch in [batches[0] + batches[1]] if together else batches:
        done = pipeline.process(conn, batch, state)
    assert [row[2:4] for row in stored(conn)] == [(10, 999), (11, 21)]
    assert [each.reason for each in done.refused] == [Reason.OTHER_VALUE_STORED]


def test_a_value_is_kept_in_its_signals_unit(conn, tmp_path):
    signal = SignalEntry(name="temp", quantity=None, unit="degC")
    asset = AssetEntry(code="P-9", name="P", asset_class="pump", criticality=Criticality.HIGH, signals=(signal,))
    plant.load(conn, Plant(code="NTH", name="N", time_zone="UTC", assets=(asset,)), at=START)
    conn.commit()
    state = taken_up(conn, tmp_path, OWN)
    done = pipeline.process(conn, [own(0, 212, unit="°F"), own(1, 1, unit="bar"), own(2, 20, unit="°C")], state)
    assert [row[2:4] for row in stored(conn)] == [(0, pytest.approx(100)), (2, 20)]
    assert [each.reason for each in done.refused] == [Reason.WRONG_UNIT]


def test_a_new_signals_unit_and_a_new_assets_place_are_made_known(conn, tmp_path):
    state = taken_up(conn, tmp_path, OWN)
    pipeline.process(conn, [own(0, 20), own(1, 68, unit="degF")], state)
    asset = plant.asset_by_key(conn, "NTH", "P-9", now=START)
    assert asset.path == "NTH / Hall_A / P-9"
    assert [each.unit for each in plant.signals(conn, [asset.id])[asset.id]] == ["degC"]
    assert state.judge.assets["NTH/P-9"].units == {"temp": "degC"}
    assert [row[3] for row in stored(conn)] == [20, pytest.approx(20)]


def test_every_formats_topics_are_subscribed_to():
    settings = Settings(mappings=["umh", "homie"], thingsboard_site="NTH")
    assert sources.topics(settings) == [
        "plantwright/#", "umh/v1/+/+/#", "homie/5/+/+/+", "v1/devices/me/telemetry", "+/v1/devices/me/telemetry",
        GATEWAY,
    ]  # fmt: skip


def test_a_device_of_thingsboard_needs_only_another_address(database, mosquitto_program, data_dir):
    """A listener with a mount point says which device it is: the device itself changes host and port, nothing else."""
    import subprocess
    import threading
    import time

    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    from runtime.embedded import process
    from runtime.processes import ingest

    ours, devices = process.free_port(), process.free_port()
    conf = data_dir / "mosquitto.conf"
    conf.write_text(
        "per_listener_settings true\npersistence false\n"
        f"listener {ours} 127.0.0.1\nallow_anonymous true\n"
        f"listener {devices} 127.0.0.1\nallow_anonymous true\nmount_point P-202/\n"
    )
    conf.chmod(0o644)
    broker = subprocess.Popen([str(mosquitto_program), "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not process.answers(devices):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        stop = threading.Event()
        seen: list[pipeline.Processed] = []
        settings = Settings(database=database, broker=f"mqtt://127.0.0.1:{ours}", thingsboard_site="NTH")
        thread = threading.Thread(target=ingest.run, args=(settings, stop), kwargs={"on_batch": seen.append})
        thread.start()
        deadline = time.monotonic() + 60
        while not seen:
            assert thread.is_alive() and time.monotonic() < deadline
            time.sleep(0.05)
        device = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        device.username_pw_set("ACCESS_TOKEN")
        device.connect("127.0.0.1", devices)
        device.loop_start()
        device.publish("v1/devices/me/telemetry", b'{"temperature": 42}', qos=1).wait_for_publish(90)
        device.disconnect()
        device.loop_stop()
        while not sum(each.stored for each in seen):
            assert time.monotonic() < deadline + 60
            time.sleep(0.05)
        stop.set()
        thread.join(90)
        with psycopg.connect(database) as conn:
            assert [(row[0], row[1], row[3]) for row in stored(conn)] == [("P-202", "temperature", 42.0)]
    finally:
        broker.terminate()
        broker.wait()


def test_two_names_stay_two_assets_and_two_signals_when_the_engine_starts_again(conn):
    def sent(device, signal, value, second):
        return message(GATEWAY, {device: [{"ts": START_US // 1000 + second * 1000, "values": {signal: value}}]}, second)

    pipeline.process(conn, [sent("Pump 7", "T (C)", 1, 0)], taken_up(conn))
    pipeline.process(conn, [sent("Pump_7", "T (C)", 2, 1), sent("Pump 7", "T [C]", 3, 2)], taken_up(conn))
    found = stored(conn)
    assert len({row[0] for row in found}) == 2
    assert len({row[:2] for row in found}) == 3
    assert found[0][:2] == ("Pump_7", "T _C")


def test_where_a_joined_name_ends_is_stored_in_the_batch_that_tells_it_and_twice_in_one_batch_too(conn):
    first = Names()
    assert first.asset("N", "a.b.c")[1] == "a.b.c"
    sources_db.own_names(conn, first)
    again = sources_db.foreign_names(conn)
    assert again.asset("N", Joined("a.b.c", (3, 4)))[1] == "a.b.c"
    assert again.asset("N", "d.e.f")[1] == again.asset("N", Joined("d.e.f", (1, 2)))[1] == "d.e.f"
    sources_db.own_names(conn, again)
    last = sources_db.foreign_names(conn)
    assert last.asset("N", Joined("a.b.c", (3, 4)))[1] == "a.b.c"
    assert last.asset("N", Joined("a.b.c", (1, 2)))[1] != "a.b.c"
    assert last.asset("N", Joined("d.e.f", (3, 4)))[1] != "d.e.f"
