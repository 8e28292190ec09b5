"""The API under silent, slow, huge, malformed and many requests: its memory, and how long others wait; as JSON.

./run bench siege --seconds 30
"""

import argparse
import contextlib
import http.client
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg

from db import schema
from runtime.embedded import postgres, process
from tests import a_plant

KEY = "siege-key-0123456789"
SILENT, SLOW, VIEWERS = 1_200, 40, 10
MOST_MB, MOST_S = 500, 1.0
ASSETS = 5_000
Attack = Callable[[tuple[str, int], threading.Event], None]


def _send_slowly(at: tuple[str, int], stop: threading.Event, head: bytes, piece: bytes, every_s: float) -> None:
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.create_connection(at, timeout=10) as wire:
            wire.sendall(head)
            while not stop.wait(every_s):
                wire.sendall(piece)
        stop.wait(0.1)


def silent(at: tuple[str, int], stop: threading.Event) -> None:
    """Open connections and say nothing; open those that were closed again."""
    wires: list[socket.socket] = []
    while not stop.wait(0.5):
        with contextlib.suppress(OSError):
            while len(wires) < SILENT and not stop.is_set():
                wires.append(socket.create_connection(at, timeout=5))
        for wire in wires[:50]:
            wire.close()
        del wires[:50]


def slow_head(at: tuple[str, int], stop: threading.Event) -> None:
    _send_slowly(at, stop, b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n", 1.0)


def slow_body(at: tuple[str, int], stop: threading.Event) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
    _send_slowly(at, stop, head, b"x" * 100, 0.5)


def huge_body(at: tuple[str, int], stop: threading.Event) -> None:
    """Send without an end, in chunks, to where a file or JSON is expected."""
    for path in ("/api/v1/work-orders", "/orders/x/attachments", "/login"):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        _send_slowly(
            at, stop, (head + "Transfer-Encoding: chunked\r\n\r\n").encode(), b"100000\r\n" + b"[" * 2**20 + b"\r\n", 0
        )


def malformed(at: tuple[str, int], stop: threading.Event) -> None:
    for said in (b"\0" * 4096, b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"):
        _send_slowly(at, stop, said, said, 0.05)


def viewer(at: tuple[str, int], stop: threading.Event) -> None:
    """Look at a large list again and again."""
    with httpx.Client(base_url=f"http://{at[0]}:{at[1]}", headers={"X-API-Key": KEY}, timeout=60) as client:
        while not stop.is_set():
            with contextlib.suppress(httpx.HTTPError):
                client.get("/api/v1/assets")


ATTACKS: tuple[tuple[Attack, int], ...] = (
    (silent, 1), (slow_head, SLOW), (slow_body, SLOW), (huge_body, 4), (malformed, 4), (viewer, VIEWERS),
)  # fmt: skip


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, tuple[str, int]]]:
    """An API process on a database with a large plant; yields its pid and address."""
    server, port = postgres.start(folder / "postgres"), process.free_port()
    try:
        schema.migrate(server.url)
        with psycopg.connect(server.url) as conn:
            a_plant.build(conn, now=datetime.now(UTC), days=0.2)
            conn.execute(
                "INSERT INTO assets (site_id, code, name, class, criticality) "
                "SELECT 1, 'M-' || n, 'a machine', 'pump', 2 FROM generate_series(1, %s) n",
                [ASSETS],
            )
        env = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
        env |= {"PLANTWRIGHT_DATABASE": server.url, "PLANTWRIGHT_PORT": str(port)}
        env |= {"PLANTWRIGHT_API_KEYS": json.dumps({"siege": KEY})}
        command = [sys.executable, "-m", "runtime.cli.main", "api"]
        with (folder / "log").open("w") as log, subprocess.Popen(command, env=env, stdout=log, stderr=log) as child:
            try:
                deadline = time.monotonic() + 120
                while not process.answers(port):
                    if child.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError((folder / "log").read_text()[-2000:])
                    time.sleep(0.1)
                yield child.pid, (process.LOOPBACK, port)
            finally:
                child.terminate()
    finally:
        server.stop()


def memory_mb(pid: int) -> float:
    """Return the most memory that a process has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def others(at: tuple[str, int], seconds: float, source: str) -> tuple[list[float], int]:
    """Ask as somebody else does, from another address; return the seconds to each answer, and how many failed."""
    waited, failed = [], 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path in ("/health/live", "/api/v1/work-orders?limit=20", "/login"):
            began = time.monotonic()
            asking = http.client.HTTPConnection(*at, timeout=30, source_address=(source, 0))
            try:
                asking.request("GET", path, headers={"X-API-Key": KEY})
                failed += asking.getresponse().status != 200
            except OSError:
                failed += 1
            finally:
                asking.close()
            waited.append(time.monotonic() - began)
        time.sleep(0.2)
    return waited, failed


def attack(host: str, port: int) -> None:
    """Attack until this process is ended: in a process of its own, which those who measure do not wait for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    stop = threading.Event()
    for each, count in ATTACKS:
        for _ in range(count):
            threading.Thread(target=each, args=((host, port), stop), daemon=True).start()
    stop.wait()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--attack", nargs=2, metavar=("HOST", "PORT"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.attack:
        attack(given.attack[0], int(given.attack[1]))
    seconds = given.seconds
    with tempfile.TemporaryDirectory(prefix="plantwright-siege-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with serving(folder) as (pid, at):
            quiet, _ = others(at, 3, "127.0.0.2")
            before = memory_mb(pid)
            attackers = subprocess.Popen([sys.executable, "-m", "bench.siege", "--attack", at[0], str(at[1])])
            time.sleep(3)
            waited, failed = others(at, seconds, "127.0.0.2")
            after = memory_mb(pid)
            attackers.kill()
            attackers.wait()
    facts = {
        "answers": len(waited), "failed": failed, "median_s": round(statistics.median(waited), 3),
        "longest_s": round(max(waited), 3), "median_when_quiet_s": round(statistics.median(quiet), 3),
        "memory_mb": round(after), "memory_when_quiet_mb": round(before),
    }  # fmt: skip
    print(json.dumps(facts))
    return 0 if not failed and after <= MOST_MB and max(waited) <= MOST_S else 1


if __name__ == "__main__":
    sys.exit(main())
