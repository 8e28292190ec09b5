"""A broker with the files that we make: who shows no certificate stays out, and nobody speaks for another's asset."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from db.plant import devices
from db.telemetry import engine_metrics, quarantine, readings
from ingest.border import Bounds
from ingest.broker.broker import BrokerUnreachable
from ingest.broker.publisher import Publisher
from ingest.broker.subscriber import Subscriber, create_session
from ingest.devices import Bindings
from ingest.formats.formats import Formats
from ingest.messages import Message
from runtime.broker import files as broker_files
from runtime.broker import tls as broker_tls
from runtime.cli.main import app
from runtime.embedded import process
from runtime.settings import InvalidSettings, Settings
from tests.runtime.pipeline.batches import START, us
from tests.runtime.processes import kills

PAYLOAD = json.dumps({"ts": START.isoformat(), "values": {"temp": 60.0}}).encode()
BOUND = Bindings({"gw-1": frozenset({"NTH/P-101"}), "gw-2": frozenset({"NTH/P-101", "NTH/P-102"})})
TOPICS = {
    "its own": ("plantwright/as/gw-1/NTH/P-101", None),
    "one that two may speak for": ("plantwright/as/gw-2/NTH/P-101", None),
    "another's": ("plantwright/as/gw-1/NTH/P-102", "not_bound"),
    "of a device that nobody knows": ("plantwright/as/gw-9/NTH/P-101", "not_bound"),
    "without a name": ("plantwright/v1/NTH/P-101", "not_bound"),
    "of nobody's asset": ("plantwright/v1/NTH/P-103", None),
    "no topic": ("plantwright/as/gw-1/P-101", "wrong_topic"),
}


@pytest.mark.parametrize(("topic", "reason"), TOPICS.values(), ids=TOPICS.keys())
def test_what_is_taken_from_whom(topic: str, reason: str | None) -> None:
    frames, refused = Formats(bindings=BOUND).parse(Message(topic, PAYLOAD, us(START)), Bounds())
    assert [each.reason for each in refused] == ([] if reason is None else [reason])
    assert len(frames) == (reason is None)
    assert all(each.topic == topic for each in refused)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broker-files")
    arguments = ["broker-files", str(folder), "--device", "gw-1=NTH/P-101", "--host", "broker.example"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(app, ["broker-files", str(folder), "--device", "gw-2"]).exit_code == 0
    return folder


@pytest.fixture
def guarded(files: Path, mosquitto_program: Path, data_dir: Path) -> Iterator[tuple[str, str]]:
    """The URLs of a mosquitto that runs with these files: for certificates, and for passwords."""
    with started(files, mosquitto_program, data_dir, [process.free_port() for _ in range(2)]) as urls:
        yield urls


@contextmanager
def started(files: Path, mosquitto_program: Path, data_dir: Path, ports: list[int]) -> Iterator[tuple[str, str]]:
    conf = (files / "mosquitto.conf").read_text()
    for given, port in zip((8883, 8884), ports, strict=True):
        conf = conf.replace(f"listener {given}", f"listener {port} 127.0.0.1")
    # As the account that runs the tests: the files are its own.
    (data_dir / "conf").write_text(conf.replace("persistence true", "persistence true\nuser root"))
    with (data_dir / "log").open("w") as log:
        running = subprocess.Popen([mosquitto_program, "-c", data_dir / "conf"], stdout=log, stderr=log)
    try:
        for port in ports:
            kills.within(lambda port=port: process.answers(port), "it listens", said=(data_dir / "log").read_text)  # type: ignore[misc]
        yield f"mqtts://127.0.0.1:{ports[0]}", f"mqtts://127.0.0.1:{ports[1]}"
    finally:
        running.terminate()
        running.wait(120)


def of(files: Path, name: str | None) -> ssl.SSLContext:
    """What a client knows of TLS that has the certificate of that name."""
    place = None if name is None else files / "clients" / name
    settings = Settings(
        broker_ca=files / "ca.crt",
        broker_cert=None if place is None else place.with_name(f"{name}.crt"),
        broker_key=None if place is None else place.with_name(f"{name}.key"),
    )
    made = broker_tls.context(settings)
    assert made is not None
    return made


def test_a_device_is_taken_for_its_own_asset_only(
    files: Path, guarded: tuple[str, str], database: str, data_dir: Path
) -> None:
    by_certificate, by_password = guarded
    engine = files / "clients" / broker_files.ENGINE
    env = kills.environment(
        database=database,
        broker=by_certificate,
        broker_ca=files / "ca.crt",
        broker_cert=f"{engine}.crt",
        broker_key=f"{engine}.key",
    )
    with psycopg.connect(database, autocommit=True) as conn:
        devices.bind(conn, "gw-2", ["NTH/P-102"], actor="test", at=datetime.now(UTC))
        with kills.plantwright("ingest", env=env, log=data_dir / "ingest.log") as ingest:
            ingest.wait_until(lambda: engine_metrics.read(conn), "it listens")
            with Publisher(by_certificate, tls=of(files, "gw-1")) as first:
                first.publish("plantwright/v1/NTH/P-101", PAYLOAD)
                # The broker's access file lets it say nothing of these: neither arrives.
                first.publish("plantwright/v1/NTH/P-102", PAYLOAD)
                first.publish("plantwright/as/gw-2/NTH/P-102", PAYLOAD)
                # It may say its own name; that it is not bound to this asset is ours to tell.
                first.publish("plantwright/as/gw-1/NTH/P-102", PAYLOAD)
            password = (files / "clients" / "gw-2.password").read_text()
            url = by_password.replace("mqtts://", f"mqtts://gw-2:{password}@")
            with Publisher(url, tls=of(files, None)) as second:
                second.publish("plantwright/as/gw-2/NTH/P-102", PAYLOAD)
            ingest.wait_until(lambda: readings.count(conn) == (2, 0) and quarantine.page(conn), "all is there")
            ingest.stop()
        stored = conn.execute("SELECT code FROM assets ORDER BY code").fetchall()
        assert stored == [("P-101",), ("P-102",)]
        (kept,) = quarantine.page(conn)
        assert (kept.reason, kept.topic, kept.times) == ("not_bound", "plantwright/as/gw-1/NTH/P-102", 1)
        assert "plantwright devices bind gw-1 NTH/P-102" in kept.problem


def test_who_has_no_certificate_or_a_wrong_password_or_does_not_trust_the_broker_stays_out(
    files: Path, guarded: tuple[str, str], tmp_path: Path
) -> None:
    by_certificate, by_password = guarded
    broker_files.make(tmp_path / "others", hosts=[], devices={"gw-1": []}, days=1)
    wrong = by_password.replace("mqtts://", "mqtts://gw-2:wrong@")
    for url, tls in (
        (by_certificate, of(files, None)),
        (by_certificate, of(tmp_path / "others", "gw-1")),
        (wrong, of(files, None)),
        (by_certificate, None),
    ):
        with (
            pytest.raises(BrokerUnreachable),
            Subscriber(url, topics=["plantwright/#"], client_id="x", lasting=False, tls=tls),
        ):
            pass
    with Subscriber(
        by_certificate, topics=["plantwright/#"], client_id="x", lasting=False, tls=of(files, broker_files.ENGINE)
    ):
        pass


def test_what_is_there_is_kept_and_only_its_owner_reads_it(files: Path) -> None:
    before = {file: file.read_bytes() for file in files.rglob("*") if file.suffix in (".crt", ".key", ".password")}
    broker_files.make(files, hosts=[], devices={"gw-3": []}, days=9)
    assert all(file.read_bytes() == text for file, text in before.items())
    assert {file.stat().st_mode & 0o077 for file in files.rglob("*") if file.suffix in (".key", ".password")} == {0}
    assert "user gw-1\ntopic write plantwright/v1/NTH/P-101" in (files / "access").read_text()
    assert [line.split(":")[0] for line in (files / "passwords").read_text().splitlines()] == [
        broker_files.ENGINE, broker_files.TOOL, broker_files.LOG, "gw-1", "gw-2", "gw-3",
    ]  # fmt: skip


def test_what_waits_for_the_engine_outlives_a_restart_of_the_broker(
    files: Path, mosquitto_program: Path, data_dir: Path
) -> None:
    ports, engine = [process.free_port() for _ in range(2)], of(files, broker_files.ENGINE)
    topic = "plantwright/v1/NTH/P-101"
    with started(files, mosquitto_program, data_dir, ports) as (url, _):
        create_session(url, topics=["plantwright/#"], client_id="x", tls=engine)
        with Publisher(url, tls=of(files, "gw-1")) as device:
            device.publish(topic, PAYLOAD)
    with (
        started(files, mosquitto_program, data_dir, ports) as (url, _),
        Subscriber(url, topics=["plantwright/#"], client_id="x", tls=engine) as back,
    ):
        assert back.session_present
        assert topic in [each.topic for each in next(iter(back.batches(most=10, max_wait_s=60)))]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"broker_ca": "/nowhere"}, "there is no file /nowhere"),
        ({"broker_key": "/nowhere"}, "broker_key without broker_cert"),
        ({"broker_ca": __file__, "broker": "mqtts://x"}, "broker_ca"),
        ({"broker_ca": __file__, "broker": "mqtt://x"}, "mqtts://"),
    ],
)
def test_files_of_no_use_are_told(given: dict[str, str], problem: str) -> None:
    with pytest.raises(InvalidSettings, match=problem):
        broker_tls.context(Settings(**given))  # type: ignore[arg-type]


def test_devices_are_bound_and_unbound_by_hand(database: str) -> None:
    def ran(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["devices", *arguments, "--database", database])
        return done.exit_code, done.output

    assert ran("bind", "gw-1", "NTH/P-101", "NTH/P-102")[0] == 0
    assert ran("bind", "gw-1", "P-101")[0] == 2
    assert ran("unbind", "gw-1", "NTH/P-102")[0] == 0
    with psycopg.connect(database) as conn:
        assert devices.bindings(conn).assets == {"gw-1": {"NTH/P-101"}}
    assert ran("unbind", "gw-1")[0] == 0
    assert ran("unbind", "gw-1")[0] == 1
    assert ran("list")[0] == 0
