"""The broker's disk runs full and the broker is killed: nothing that it has acknowledged is lost."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.broker.broker import BrokerAddress
from runtime.embedded import broker, broker_disk, process
from runtime.embedded.broker import Broker
from runtime.embedded.broker_disk import Guard, Intake, Room
from tests.runtime.broker.test_embedded_broker import Subscriber
from tests.runtime.processes import kills
from tests.runtime.processes.test_outages import fill

MB = 1 << 20
DISK_MB = 96
LEAST = 24 * MB
TOPIC = "plantwright/v1/NTH/P-101"


@pytest.fixture
def disk(data_dir: Path) -> Iterator[Path]:
    """A small file system of our own."""
    place = data_dir / "disk"
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("NOT TRIED: a full disk: this machine lets us mount no file system of our own")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def start(disk: Path) -> Broker:
    if process.find_program("mosquitto") is None:
        pytest.skip("NOT TRIED: mosquitto is not installed")
    return broker.start(disk / "broker", inflight=2_000, queued=200_000, kind="mosquitto")


class Publisher:
    """A device that sends one message after the other, and knows which the broker has answered for."""

    def __init__(self, url: str) -> None:
        self.sent = 0
        self._waiting: dict[int, mqtt.MQTTMessageInfo] = {}
        self._answered: set[int] = set()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="device-1", clean_session=False)
        self.client.max_inflight_messages_set(100)
        self.client.reconnect_delay_set(1, 1)
        address = BrokerAddress.of(url)
        self.client.username_pw_set(address.user, address.password)
        self.client.connect(address.host, address.port)
        self.client.loop_start()

    @property
    def acknowledged(self) -> set[int]:
        done = {number for number, info in self._waiting.items() if info._published}
        for number in done:
            del self._waiting[number]
        self._answered |= done
        return self._answered

    def send(self, count: int = 20) -> None:
        for _ in range(count):
            self.sent += 1
            self._waiting[self.sent] = self.client.publish(TOPIC, f"{self.sent} {'x' * 400}", qos=1)
        time.sleep(0.005)

    def send_until(self, there: Callable[[], bool], what: str) -> None:
        def now() -> bool:
            self.send()
            return there()

        kills.within(now, what)

    def settle(self) -> None:
        """Wait until nothing more is acknowledged."""
        before = -1
        while before != len(self.acknowledged):
            before = len(self.acknowledged)
            time.sleep(0.5)

    def away(self) -> None:
        self.client.loop_stop()


@contextmanager
def publishing(url: str) -> Iterator[Publisher]:
    device = Publisher(url)
    try:
        yield device
    finally:
        device.away()


def remember_session(wire: Broker) -> None:
    """An engine that has subscribed and is away."""
    there = Subscriber(wire.url)
    there.client.disconnect()
    there.client.loop_stop()


def waits_at(wire: Broker, device: Publisher) -> set[int]:
    """What the engine's session gets, once it is there."""
    there = Subscriber(wire.url)
    found: set[int] = set()

    def take() -> bool:
        while not there.arrived.empty():
            message = there.arrived.get()
            found.add(int(message.payload.split()[0]))
            there.client.ack(message.mid, message.qos)
        return device.acknowledged <= found

    deadline = time.monotonic() + 60
    while not take() and time.monotonic() < deadline:
        time.sleep(0.1)
    there.client.disconnect()
    there.client.loop_stop()
    return found


def guard_of(wire: Broker) -> Guard:
    made = wire.guard(LEAST)
    assert made is not None
    return made


def test_the_disk_is_filled_at_once_and_the_broker_killed_and_all_it_acknowledged_is_there(disk: Path) -> None:
    wire, ballast = start(disk), disk / "ballast"
    changes: list[Intake] = []
    try:
        remember_session(wire)
        with publishing(wire.device_url) as device:
            with broker_disk.guarding(guard_of(wire), changes.append):
                kills.within((disk / "broker" / "reserve").exists, "there is a reserve")
                device.send_until(lambda: len(device.acknowledged) > 1_000, "the device sends")
                fill(ballast)
                device.send_until(lambda: changes[-1:] == [Intake.CLOSED], "devices are out, all is saved")
                before = len(device.acknowledged)
                device.send(200)
                device.settle()
                assert len(device.acknowledged) == before, "nothing more is acknowledged"
            os.kill(wire.pid, signal.SIGKILL)
            ballast.unlink()
            kills.within(lambda: not process.answers(wire.port), "the broker is dead")
            wire = start(disk)
            device.settle()
            assert device.acknowledged - waits_at(wire, device) == set()
    finally:
        wire.stop()


def test_devices_are_let_in_again_once_there_is_room_and_send_what_they_kept(disk: Path) -> None:
    wire, ballast = start(disk), disk / "ballast"
    changes: list[Intake] = []
    try:
        remember_session(wire)
        with (
            publishing(wire.device_url) as device,
            broker_disk.guarding(guard_of(wire), changes.append),
        ):
            fill(ballast)
            device.send_until(lambda: changes[-1:] == [Intake.CLOSED], "devices are kept out")
            ballast.unlink()
            kills.within(lambda: changes[-1:] == [Intake.OPEN], "devices are let in")
            kills.within(lambda: len(device.acknowledged) == device.sent, "what was kept is sent")
            kills.within((disk / "broker" / "reserve").exists, "there is a reserve again")
            assert waits_at(wire, device) == set(range(1, device.sent + 1))
    finally:
        wire.stop()


def test_the_engine_takes_what_waits_while_devices_are_kept_out(disk: Path) -> None:
    wire, ballast = start(disk), disk / "ballast"
    guard = guard_of(wire)
    try:
        remember_session(wire)
        with publishing(wire.device_url) as device:
            device.send_until(lambda: len(device.acknowledged) > 100, "the device sends")
            assert guard.look() is Intake.OPEN
            fill(ballast)
            assert guard.look() is Intake.CLOSING
            device.settle()
            assert device.acknowledged - waits_at(wire, device) == set()
    finally:
        ballast.unlink(missing_ok=True)
        wire.stop()


@pytest.mark.parametrize(
    ("room", "to_go_on"), [(Room(200, 0), 200), (Room(200, 60), 200), (Room(200, 100), 300)],
    ids=["an empty queue", "a small one", "one that needs more to be saved"],
)  # fmt: skip
def test_what_has_to_be_free_grows_with_what_waits(room: Room, to_go_on: int) -> None:
    assert room.to_go_on == to_go_on < room.to_begin_again
    assert room.reserve >= room.queue
