"""Who tries to take the engine's session at the broker, does not get it; where somebody does, it is an alarm."""

import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db.alarms import engine_alarms
from db.telemetry import readings
from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.broker_log import FILTER
from ingest.broker.publisher import Publisher, client
from ingest.broker.subscriber import Subscriber, check_session_not_shared, create_session
from ingest.messages import Message
from runtime.broker import files as broker_files
from runtime.broker import session_loss
from runtime.embedded import broker, broker_accounts, process
from runtime.embedded import files as writing
from runtime.embedded.broker import Broker
from runtime.settings import Settings, as_engine
from tests.runtime.broker.test_identity import files as files  # noqa: PLC0414
from tests.runtime.broker.test_identity import guarded as guarded  # noqa: PLC0414
from tests.runtime.broker.test_identity import of
from tests.runtime.processes import kills

TOPIC = "plantwright/v1/NTH/P-101"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
MANY = 1_000


def payload(number: int) -> bytes:
    return json.dumps({"ts": (START + timedelta(seconds=number)).isoformat(), "values": {"temp": 60.0}}).encode()


def send(url: str, numbers: range, topic: str = TOPIC, **more: object) -> None:
    with Publisher(url, **more) as publisher:  # type: ignore[arg-type]
        for number in numbers:
            publisher.publish(topic, payload(number))


def thief(url: str, name: str, tls: object = None) -> None:
    """Connect under another's id with a session that begins anew, which drops what waited in it; then leave."""
    address = BrokerAddress.of(url)
    client_ = client(address, name, clean_session=True, tls=tls)  # type: ignore[arg-type]
    try:
        client_.connect(address.host, address.port)
    except OSError:
        return
    for _ in range(10):
        client_.loop(0.05)
    client_.disconnect()


def alarms(conn: psycopg.Connection) -> dict[str, str]:
    return {each.code: each.problem for each in engine_alarms.standing(conn, now=datetime.now(UTC))}


@pytest.mark.parametrize(
    "away",
    [
        pytest.param(True, marks=pytest.mark.slow, id="the engine is away"),
        pytest.param(False, id="the engine is there"),
    ],
)
def test_nobody_takes_the_embedded_brokers_session_and_nothing_is_lost(
    any_broker: Broker, database: str, data_dir: Path, away: bool
) -> None:
    settings = Settings(database=database, broker=any_broker.url)
    settings = settings.model_copy(update=as_engine(settings, any_broker.url, any_broker.session))
    assert settings.client_id != "plantwright-ingest"
    create_session(any_broker.url, topics=["plantwright/#"], client_id=settings.client_id)
    reads = {"broker_log": any_broker.url} if any_broker.kind == "mosquitto" else {}
    env = kills.environment(database=database, broker=any_broker.url, client_id=settings.client_id, **reads)
    without = f"mqtt://127.0.0.1:{any_broker.port}"
    with psycopg.connect(database, autocommit=True) as conn:

        def steal() -> None:
            with pytest.raises(BrokerUnreachable), Subscriber(without, topics=["#"], client_id=settings.client_id):
                pass
            thief(without, settings.client_id)
            thief(any_broker.device_url, "plantwright-ingest")
            thief(any_broker.device_url, broker_accounts.ENGINE)

        send(any_broker.device_url, range(MANY // 2))
        if away:
            steal()
        with kills.plantwright("ingest", env=env, log=data_dir / "ingest.log") as ingest:
            ingest.wait_until(lambda: readings.count(conn)[0] > 0, "it judges")
            steal()
            send(any_broker.device_url, range(MANY // 2, MANY))
            ingest.wait_until(lambda: readings.count(conn) == (MANY, 0), f"all {MANY} are stored")
            assert "the connection was lost" not in ingest.said()
            if reads:
                ingest.wait_until(
                    lambda: "account device: got a session" in alarms(conn).get("session_tried", ""), "alarm"
                )
                said = alarms(conn)["session_tried"]
                assert "from 127.0.0.1, client id plantwright-ingest, account device" in said
                assert "from 127.0.0.1, client id not said: refused" in said
                assert settings.client_id not in said
            ingest.stop()
        codes = {each.code for each in engine_alarms.standing(conn, now=datetime.now(UTC))}
        assert not codes & {"session_taken", "session_lost"}


def test_the_device_account_learns_nothing_of_the_session_and_cannot_touch_the_pulse(
    mosquitto: Broker, database: str, data_dir: Path
) -> None:
    assert mosquitto.session is not None
    env = kills.environment(database=database, broker=mosquitto.url, client_id=mosquitto.session)
    secret = mosquitto.session.rpartition("-")[2]
    with (
        Subscriber(mosquitto.device_url, topics=["#", "$SYS/#"], client_id="curious", lasting=False) as curious,
        Subscriber(mosquitto.url, topics=["plantwright/pulse/#"], client_id="witness", lasting=False) as witness,
        kills.plantwright("ingest", env=env, log=data_dir / "ingest.log") as ingest,
    ):
        heard, beats = list[Message](), list[Message]()
        listened, witnessed = (each.batches(most=100, max_wait_s=0.2) for each in (curious, witness))

        def heard_enough() -> bool:
            batch = next(listened)
            heard.extend(batch)
            curious.acknowledge(batch)
            beats.extend(next(witnessed))
            return len(beats) >= 3 and bool(heard)

        ingest.wait_until(heard_enough, "the engine's pulse is heard by who may, and something by who is curious")
        heard.extend(next(listened))
        ingest.stop()
    assert heard
    assert not [each.topic for each in heard if each.topic.startswith("plantwright/pulse/")]
    assert not [each for each in heard if secret in each.topic or secret.encode() in each.payload]


def test_passwords_are_made_once_and_only_their_owner_reads_them(any_broker: Broker) -> None:
    folder = any_broker._folder
    kept = broker_accounts.read(folder)
    for name in ("accounts.json", "passwords", "access", "mosquitto.conf", "iotcore.toml"):
        if (folder / name).exists():
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert kept is not None
    assert broker_accounts.made(folder) == kept
    assert kept.engine not in any_broker.device_url
    for url in (any_broker.url, any_broker.device_url):
        assert url not in repr(any_broker) or url == any_broker.url
    running = broker.running(folder)
    assert running is not None
    assert running[0] == any_broker.device_url


def test_a_folder_from_before_the_accounts_keeps_the_session_in_which_messages_wait(data_dir: Path) -> None:
    (data_dir / "broker.json").write_text("{}")
    assert broker_accounts.made(data_dir).session is None
    named = Settings(client_id="mine")
    assert as_engine(named, "mqtt://a", "secret") == {"broker": "mqtt://a"}


@pytest.mark.parametrize("by", [pytest.param("certificate", marks=pytest.mark.slow), "password"])
def test_nobody_takes_the_session_at_a_broker_with_our_files(
    files: Path,
    guarded: tuple[str, str],
    database: str,
    data_dir: Path,
    by: str,
) -> None:
    by_certificate, by_password = guarded
    engine = files / "clients" / broker_files.ENGINE
    password = (files / "clients" / "gw-1.password").read_text()
    device_url = by_password.replace("mqtts://", f"mqtts://gw-1:{password}@")
    env = kills.environment(
        database=database,
        broker=by_certificate,
        broker_ca=files / "ca.crt",
        broker_cert=f"{engine}.crt",
        broker_key=f"{engine}.key",
        broker_log=by_certificate,
    )

    def steal() -> None:
        thief(by_password.replace("mqtts://", f"mqtts://{broker_files.ENGINE}:guessed@"), "x", of(files, None))
        thief(by_certificate, broker_files.ENGINE, of(files, None))
        for name in (broker_files.ENGINE, "plantwright-ingest"):
            if by == "certificate":
                thief(by_certificate, name, of(files, "gw-1"))
            else:
                thief(device_url, name, of(files, None))

    create_session(
        by_certificate, topics=["plantwright/#"], client_id="plantwright-ingest", tls=of(files, broker_files.ENGINE)
    )
    with psycopg.connect(database, autocommit=True) as conn:
        send(by_certificate, range(MANY // 2), tls=of(files, "gw-1"))
        steal()
        with kills.plantwright("ingest", env=env, log=data_dir / "ingest.log") as ingest:
            ingest.wait_until(lambda: readings.count(conn)[0] > 0, "it judges")
            steal()
            send(by_certificate, range(MANY // 2, MANY), tls=of(files, "gw-1"))
            ingest.wait_until(lambda: readings.count(conn) == (MANY, 0), f"all {MANY} are stored")
            assert "the connection was lost" not in ingest.said()
            ingest.wait_until(
                lambda: "127.0.0.1" in alarms(conn).get("session_tried", ""), "who was refused is an alarm"
            )
            assert "session_taken" not in alarms(conn)
            ingest.stop()


def test_who_takes_the_session_is_named_with_the_address(mosquitto: Broker, database: str, data_dir: Path) -> None:
    env = kills.environment(database=database, broker=mosquitto.url, client_id="copied", broker_log=mosquitto.url)
    with (
        psycopg.connect(database, autocommit=True) as conn,
        kills.plantwright("ingest", env=env, log=data_dir / "ingest.log") as ingest,
    ):
        ingest.wait_until(lambda: "judging" in ingest.said(), "it judges")
        ingest.wait_until(lambda: alarms(conn) is not None and "silent" not in alarms(conn), "it is heard of")

        def taken() -> bool:
            thief(mosquitto.url, "copied")
            return "session_taken" in alarms(conn)

        def named() -> bool:
            """Whether the broker's log, which is read beside the session, has said who it was."""
            return taken() and f"(account {broker_accounts.ENGINE})" in alarms(conn)["session_taken"]

        ingest.wait_until(taken, "it is an alarm")
        ingest.wait_until(named, "the account is named")
        assert "127.0.0.1:" in alarms(conn)["session_taken"]
        ingest.stop()


def test_nobody_else_reads_or_forges_the_brokers_log(files: Path, guarded: tuple[str, str], mosquitto: Broker) -> None:
    """The name of a session is in it; whoever writes there could name an innocent address."""
    by_certificate, _ = guarded
    topic = "$SYS/broker/log/N"
    forged = b"1795756770: New client connected from 192.0.2.1:1 as plantwright-engine (p2, c1, k60, u'device')."
    readers: list[tuple[str, object]] = [(mosquitto.url, None), (by_certificate, of(files, broker_files.LOG))]
    others: list[tuple[str, object]] = [(mosquitto.device_url, None)]
    others += [(by_certificate, of(files, name)) for name in ("gw-1", broker_files.TOOL, broker_files.ENGINE)]
    for url, tls in others:
        reader = readers[url == by_certificate]
        with (
            Subscriber(reader[0], topics=[FILTER], client_id="log", lasting=False, tls=reader[1]) as log,  # type: ignore[arg-type]
            Subscriber(url, topics=[FILTER], client_id="other", lasting=False, tls=tls) as other,  # type: ignore[arg-type]
        ):
            other.publish_durably(topic, forged)
            thief(url, "beacon")
            heard: list[bytes] = []
            batches = log.batches(most=100, max_wait_s=1)
            deadline = time.monotonic() + 60
            while not any(b"New connection from" in each for each in heard) and time.monotonic() < deadline:
                heard += [each.payload for each in next(batches)]
            heard += [each.payload for each in next(batches)]
            assert heard
            assert forged not in heard
            assert next(other.batches(most=100, max_wait_s=1)) == []


@pytest.mark.parametrize(("size", "taken"), [(100_000, True), (broker.MAX_PACKET_BYTES + 1, False)])
def test_no_device_fills_the_broker_with_what_the_engine_does_not_read(
    files: Path, guarded: tuple[str, str], size: int, taken: bool
) -> None:
    address = BrokerAddress.of(guarded[0])
    device = client(address, "gw-1", clean_session=True, tls=of(files, "gw-1"))
    device.connect(address.host, address.port)
    while not device.is_connected():
        device.loop(0.1)
    answered: list[int] = []
    device.on_publish = lambda *_: answered.append(size)
    device.publish(TOPIC, b"x" * size, qos=1)
    deadline = time.monotonic() + 60
    while device.is_connected() and not answered:
        assert time.monotonic() < deadline
        device.loop(0.1)
    assert bool(answered) == taken


def test_a_tool_never_uses_the_engines_session(files: Path, guarded: tuple[str, str]) -> None:
    by_certificate, _ = guarded
    engine = of(files, broker_files.ENGINE)
    create_session(by_certificate, topics=["plantwright/#"], client_id="plantwright-ingest", tls=engine)
    send(by_certificate, range(10), tls=of(files, "gw-1"))
    with pytest.raises(BrokerUnreachable, match="one session, which the engine uses"):
        check_session_not_shared(by_certificate, client_id="plantwright-listen-1", tls=engine)
    check_session_not_shared(by_certificate, client_id="plantwright-listen-2", tls=of(files, broker_files.TOOL))
    with Subscriber(by_certificate, topics=["plantwright/#"], client_id="x", tls=engine) as back:
        assert back.session_present
        batches, got, deadline = back.batches(most=100, max_wait_s=1), list[Message](), time.monotonic() + 60
        while len(got) < 10 and time.monotonic() < deadline:
            got += [each for each in next(batches) if each.topic == TOPIC]
        assert len(got) == 10


def test_a_session_that_is_taken_again_and_again_is_an_alarm_with_the_id(
    mosquitto: Broker, database: str, data_dir: Path
) -> None:
    """A copied configuration: the same id, a session that begins anew, and connecting again by itself."""
    env = kills.environment(database=database, broker=mosquitto.url, client_id="copied")
    with (
        psycopg.connect(database, autocommit=True) as conn,
        kills.plantwright("ingest", env=env, log=data_dir / "ingest.log") as ingest,
    ):
        ingest.wait_until(lambda: "judging" in ingest.said(), "it judges")
        ingest.wait_until(lambda: "silent" not in alarms(conn), "it is heard of")

        def taken() -> bool:
            thief(mosquitto.url, "copied")
            return {"session_taken", "session_lost"} <= set(alarms(conn))

        ingest.wait_until(taken, "it is an alarm")
        assert "another client uses the id copied" in alarms(conn)["session_taken"]
        assert "messages may be lost since" in alarms(conn)["session_lost"]
        ingest.stop()


def test_a_session_that_was_there_all_the_time_is_no_alarm(database: str) -> None:
    settings = Settings(database=database, broker="mqtt://user:secret@broker.example")
    with psycopg.connect(database) as conn:
        for present, lost in ((False, False), (True, False), (False, True)):
            session_loss.note(conn, settings, present=present)
            told = {each.code: each.problem for each in engine_alarms.standing(conn, now=datetime.now(UTC))}
            assert ("session_lost" in told) is lost
            assert "secret" not in str(told)


@contextmanager
def owned_by(uid: int, folder: Path) -> Iterator[Path]:
    folder.mkdir(mode=0o755)
    os.chown(folder, uid, uid)
    yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be made to write for another")
def test_root_writes_through_no_link_that_another_account_made(data_dir: Path) -> None:
    precious = data_dir / "precious"
    precious.mkdir(mode=0o700)
    (precious / "kept").write_text("kept")
    with owned_by(65534, data_dir / "theirs") as theirs:
        (theirs / "broker").symlink_to(precious)
        with pytest.raises(process.EmbeddedServerError, match="is a link in a folder that"):
            process.give_folder(theirs / "broker", process.server_account(theirs))
        with pytest.raises(broker_files.BrokerFilesProblem, match="is a link in a folder that"):
            broker_files.make(theirs / "broker", hosts=[], devices={}, days=1)
        for name in ("mosquitto.conf", "start.lock"):
            (theirs / name).symlink_to(precious / "kept")
        with pytest.raises(OSError, match="symbolic"), process.alone(theirs / "start.lock"):
            pass
        writing.write_new(theirs / "mosquitto.conf", "ours")
    assert precious.stat().st_uid == 0
    assert (precious / "kept").read_text() == "kept"
    assert [each.name for each in precious.iterdir()] == ["kept"]


def test_without_the_authoritys_key_no_device_is_added_and_no_authority_made(tmp_path: Path) -> None:
    broker_files.make(tmp_path, hosts=[], devices={"gw-1": []}, days=1)
    before = (tmp_path / "ca.crt").read_bytes()
    key = (tmp_path / "ca.key").rename(tmp_path.parent / "safe.key")
    with pytest.raises(broker_files.BrokerFilesProblem, match="the authority's key is needed"):
        broker_files.make(tmp_path, hosts=[], devices={"gw-2": []}, days=1)
    assert (tmp_path / "ca.crt").read_bytes() == before
    # What needs no signature needs no key.
    broker_files.make(tmp_path, hosts=[], devices={"gw-1": ["NTH/P-101"]}, days=1)
    assert "topic write plantwright/v1/NTH/P-101" in (tmp_path / "access").read_text()
    key.rename(tmp_path / "ca.key")
    broker_files.make(tmp_path, hosts=[], devices={"gw-2": []}, days=1)
    assert (tmp_path / "clients" / "gw-2.crt").exists()
    with pytest.raises(broker_files.BrokerFilesProblem, match="cannot be a device's name"):
        broker_files.make(tmp_path, hosts=[], devices={broker_files.ENGINE: []}, days=1)
