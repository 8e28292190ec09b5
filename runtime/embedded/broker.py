"""The MQTT broker that plantwright starts itself, for a plant without one.

mosquitto if it is installed; otherwise the rumqttd in the iotcore package. Both listen on loopback only, on the port of
the last start if that is still free, so that clients find it again. Both require a password (``broker_accounts``):
other people's programs on this machine stay out.

What they keep differs, and no setting changes it:

=============================  ================================  =====================================
.                              mosquitto                         iotcore
=============================  ================================  =====================================
protocol                       3.1.1 and 5                       3.1.1
unacknowledged at a time       as asked                          100
acknowledged out of order      taken                             drops the connection, delivers again
delivered again                marked as a duplicate             not marked
queue for an absent client     so many messages, newest dropped  so many bytes, oldest dropped
subscribing, window full       confirmed                         confirmed only after acknowledgements
topics of the device account   all but the engine's pulse        all: the pulse is signed
killed with what it queued     all but the last seconds          all lost, the session too
=============================  ================================  =====================================

So a message that the broker has accepted is safe from a kill of plantwright, and not always from a kill of the broker.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from runtime.embedded import broker_accounts, files, process
from runtime.embedded.broker_disk import Guard
from runtime.embedded.process import EmbeddedServerError

Kind = Literal["mosquitto", "iotcore"]

MAX_PACKET_BYTES = 2 * 1024 * 1024
IOTCORE_INFLIGHT = 100
_START_WAIT_S = 20
_PORT_TRIES = 5

# The queue is saved as a whole, every second or two: saving on each change would rewrite it for every message.
_MOSQUITTO_CONF = """\
# Written at every start; changes made here are lost.
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/access
max_inflight_messages {inflight}
max_queued_messages {queued}
max_packet_size {packet}
set_tcp_nodelay true
persistence true
persistence_location {folder}/
persistence_file mosquitto.db
autosave_interval 1
log_dest stderr
log_dest topic
log_type error
log_type warning
log_type notice
connection_messages true
"""

# rumqttd keeps a log in memory for each topic filter: the queue is bounded by its segments, not by a message count.
_IOTCORE_TOML = """\
# Written at every start; changes made here are lost.
id = 0

[router]
id = 0
max_connections = 1010
max_outgoing_packet_count = {inflight}
max_segment_size = {segment_bytes}
max_segment_count = {segments}

[v4.1]
name = "plantwright"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = {packet}
max_inflight_count = {inflight}
dynamic_filters = true

[v4.1.connections.auth]
"{engine}" = "{engine_password}"
"{device}" = "{device_password}"
"""
_IOTCORE_SEGMENTS = 10
_BYTES_A_MESSAGE = 512


@dataclass(slots=True)
class Broker:
    """A running broker.

    Parameters
    ----------
    inflight
        Messages it sends a client ahead of the client's acknowledgements. A batch that acknowledges at its end can't be
        larger, and should be at most half of it; iotcore always has 100.
    adopted
        It was running already, left by a killed process or shared with a living one.
    url
        For the engine, with its password: don't print it. ``device_url`` is for devices and tools.
    session
        The name of the engine's session, which nobody else knows; None: the one in the settings.
    """

    url: str
    port: int
    pid: int
    kind: Kind
    inflight: int
    adopted: bool
    _folder: Path = field(repr=False)
    _use: process.Use = field(repr=False)
    device_url: str = field(default="", repr=False)
    session: str | None = field(default=None, repr=False)

    def guard(self, least: int) -> Guard | None:
        """Return the guard that blocks devices below ``least`` free bytes on the disk; None for iotcore, which saves
        nothing.
        """
        if self.kind != "mosquitto":
            return None
        return Guard(self._folder, least, process.server_account(self._folder), lambda: _pid(self._folder))

    def stop(self) -> None:
        """Stop the broker, unless another process uses it too. mosquitto saves its queues first."""
        with process.alone(self._folder / "start.lock"):
            # Not our pid: the broker may have been killed, and restarted by a process that has ended since.
            if self._use.give_back() and (running := _last(self._folder)) is not None:
                _end(running, self._folder)


def start(folder: Path, *, inflight: int, queued: int, kind: Kind | None = None) -> Broker:
    """Start the broker whose state is in ``folder``, or adopt it if it is running with the same settings.

    Parameters
    ----------
    inflight
        Messages sent ahead of a client's acknowledgements: at least twice what a batch holds.
    queued
        Messages queued for a client that is away or slow; more than that are lost.
    kind
        mosquitto if it is installed, otherwise iotcore, unless one is requested.
    """
    folder = folder.absolute()
    program = None if kind == "iotcore" else process.find_program("mosquitto")
    if kind == "mosquitto" and program is None:
        raise EmbeddedServerError("mosquitto is not installed: apt install mosquitto, or ask for iotcore")
    chosen: Kind = "iotcore" if program is None else "mosquitto"
    window = inflight if chosen == "mosquitto" else IOTCORE_INFLIGHT
    process.give_folder(folder, process.server_account(folder))
    with process.alone(folder / "start.lock"):
        accounts = broker_accounts.made(folder)
        last = _last(folder)
        running = last if last is not None and _runs(last, folder) else None
        if running is None and last is not None:
            _end(last, folder)  # it may run without answering
        use = process.Use(folder / "in-use")
        if running is not None and (
            running.kind != chosen or _settings_changed(running, folder, inflight=window, queued=queued)
        ):
            if not use.give_back():
                raise EmbeddedServerError(
                    f"the broker in {folder} runs with other settings and is in use; stop that first"
                )
            _end(running, folder)
            running, use = None, process.Use(folder / "in-use")
        adopted = running is not None
        if running is None:
            running = _start_new(
                folder, chosen, program, inflight=window, queued=queued, last_port=None if last is None else last.port
            )
        engine, device = (accounts.url(running.port, engine=each) for each in (True, False))
        return Broker(
            url=engine,
            port=running.port,
            pid=running.pid,
            kind=running.kind,
            inflight=window,
            adopted=adopted,
            _folder=folder,
            _use=use,
            device_url=device,
            session=accounts.session,
        )


def running(folder: Path, *, engine: bool = False) -> tuple[str, str | None] | None:
    """Return the URL of the broker whose state is in ``folder``, for devices and tools or for the engine, and the name
    of the engine's session; None if it does not run. Changes nothing. The URL contains a password.
    """
    folder = folder.absolute()
    last, accounts = _last(folder), broker_accounts.read(folder)
    if last is None or not _runs(last, folder):
        return None
    if accounts is None:  # started by an older version, which let everybody in
        return f"mqtt://{process.LOOPBACK}:{last.port}", None
    return accounts.url(last.port, engine=engine), accounts.session


@dataclass(frozen=True, slots=True)
class _Running:
    """The pid file's facts about the broker last started."""

    pid: int
    port: int
    kind: Kind


def _last(folder: Path) -> _Running | None:
    try:
        facts = json.loads((folder / "broker.json").read_text())
        return _Running(
            int(facts["pid"]), int(facts["port"]), "mosquitto" if facts["kind"] == "mosquitto" else "iotcore"
        )
    except (OSError, ValueError, KeyError):
        return None


def _pid(folder: Path) -> int | None:
    """Return the process id of the mosquitto that runs in a folder; None if none does."""
    last = _last(folder)
    return last.pid if last is not None and process.runs(last.pid, str(_conf_file(folder, last.kind))) else None


def _conf_file(folder: Path, kind: Kind) -> Path:
    return folder / ("mosquitto.conf" if kind == "mosquitto" else "iotcore.toml")


def _conf(folder: Path, kind: Kind, *, port: int, inflight: int, queued: int) -> str:
    accounts = broker_accounts.made(folder)
    if kind == "mosquitto":
        return _MOSQUITTO_CONF.format(
            port=port, inflight=inflight, queued=queued, packet=MAX_PACKET_BYTES, folder=folder
        )
    return _IOTCORE_TOML.format(
        port=port,
        inflight=inflight,
        packet=MAX_PACKET_BYTES,
        segments=_IOTCORE_SEGMENTS,
        segment_bytes=max(MAX_PACKET_BYTES, queued * _BYTES_A_MESSAGE // _IOTCORE_SEGMENTS),
        engine=broker_accounts.ENGINE,
        engine_password=accounts.engine,
        device=broker_accounts.DEVICE,
        device_password=accounts.device,
    )


def _settings_changed(running: _Running, folder: Path, *, inflight: int, queued: int) -> bool:
    wanted = _conf(folder, running.kind, port=running.port, inflight=inflight, queued=queued)
    return _conf_file(folder, running.kind).read_text() != wanted


def _runs(broker: _Running, folder: Path) -> bool:
    """Return whether the broker of the pid file runs and answers. One that was just killed may be seen a moment
    longer.
    """
    argument = str(_conf_file(folder, broker.kind))
    if not process.runs(broker.pid, argument) or not process.answers(broker.port):
        return False
    time.sleep(0.05)
    return process.runs(broker.pid, argument)


def _start_new(
    folder: Path, kind: Kind, program: Path | None, *, inflight: int, queued: int, last_port: int | None
) -> _Running:
    """Start the broker on the last port; on another one whenever somebody else gets it first."""
    account = process.server_account(folder) if kind == "mosquitto" else None
    conf, log = _conf_file(folder, kind), folder / f"{kind}.log"
    if program is not None:
        command = [str(program), "-c", str(conf)]
    else:
        # It logs every packet as an error below this level.
        command = [sys.executable, "-P", "-m", "iotcore", "--config", str(conf), "--log-level", "CRITICAL"]
    process.shorten(log)
    if kind == "mosquitto":
        broker_accounts.write_for_mosquitto(folder, broker_accounts.made(folder), account)
    owner = None if account is None else (account.uid, account.gid)
    for attempt in range(_PORT_TRIES):
        again = attempt == 0 and last_port is not None and process.port_is_free(last_port)
        port = last_port if again and last_port is not None else process.free_port()
        text = _conf(folder, kind, port=port, inflight=inflight, queued=queued)
        files.write_new(conf, text, owner=owner)
        with files.open_to_append(log) as output:
            child = subprocess.Popen(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
                umask=0o077,
            )
        if _listens(child, port):
            running = _Running(child.pid, port, kind)
            files.write_new(folder / "broker.json", json.dumps(asdict(running)))
            _OURS[child.pid] = child
            return running
    raise EmbeddedServerError(
        f"the {kind} broker in {folder} did not start; its log ({log}) ends:\n{process.tail(log)}"
    )


# Children of this process, kept so that they are reaped when they end.
_OURS: dict[int, subprocess.Popen[bytes]] = {}


def _listens(child: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the child serves the port; False if it ended, as it does if the port is in use."""
    deadline = time.monotonic() + _START_WAIT_S
    while child.poll() is None:
        if process.answers(port):
            # Another program may be answering while ours is about to find the port in use and end.
            time.sleep(0.05)
            return child.poll() is None
        if time.monotonic() > deadline:
            child.kill()
            child.wait()
            return False
        time.sleep(0.02)
    return False


def _end(broker: _Running, folder: Path) -> None:
    process.end(broker.pid, str(_conf_file(folder, broker.kind)))
    if (child := _OURS.pop(broker.pid, None)) is not None:
        child.wait()
