"""The speed of ingest: ``./run bench ingest``. A real mosquitto, a real TimescaleDB, a publisher that is not the limit.

By turns: (a) receive only; (b) a minimal loop of paho and COPY that only stores; (c) mq-bridge, which only stores; (d)
Plantwright's whole path; (e) COPY alone. Live, with the publisher running, and draining what waits at the broker.
Medians; the last line is one JSON object. PLANTWRIGHT_TEST_DATABASE names another server than the tests' own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import psycopg

from bench.ingest_parts import cost, wire
from bench.ingest_parts import plant as plants
from bench.ingest_parts.plant import Plant
from bench.ingest_parts.subjects import CLIENT, TOPICS
from db.schema import migrate
from ingest.broker.subscriber import create_session
from runtime.embedded import process
from runtime.settings import load
from tests.parts import databases, mosquitto, timescale

STORES = ("minimal", "peer", "whole")
WAYS = ("live", "drain")
PATIENCE_S = 300
"""A run that takes longer hangs, and is ended."""
PEER = [{"batch_size": batch, "concurrency": tasks} for batch in (500, 1_000, 2_000) for tasks in (1, 2, 4)]
"""What mq-bridge is tried with before it is measured; the fastest of each way is taken."""
LETTERS = {"receive": "a", "minimal": "b", "peer": "c", "whole": "d", "copy": "e"}


@dataclass(slots=True)
class Bench:
    """What all runs share. ``template`` is the database of the plant, whose models have learned."""

    server: str
    postmaster: int
    folder: Path
    plant: Plant
    messages: int
    batch: int
    template: str
    packets: Path
    peer: dict[str, dict[str, int]] = field(default_factory=lambda: dict.fromkeys(WAYS, PEER[3]))
    """Options of mq-bridge, by way."""


@contextmanager
def broker(folder: Path) -> Iterator[tuple[int, int]]:
    """A mosquitto without any past, as port and process id."""
    program, port = mosquitto.provide(), process.free_port()
    conf = folder / "mosquitto.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 4000\nmax_queued_messages 0\n"
        "persistence false\nlog_type none\nmemory_limit 0\n"
    )
    child = subprocess.Popen([program, "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not process.answers(port):
            if time.monotonic() > deadline:
                raise RuntimeError("mosquitto does not answer")
            time.sleep(0.05)
        yield port, child.pid
    finally:
        child.terminate()
        child.wait()


@contextmanager
def child(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    hangs = threading.Timer(PATIENCE_S, started.kill)
    hangs.start()
    try:
        yield started
    finally:
        hangs.cancel()
        started.kill()
        started.wait()


def hear(output: IO[str] | None, event: str) -> dict[str, Any]:
    """Wait for a subject's line of that kind; other programs' lines are passed over."""
    assert output is not None
    for line in output:
        if line.startswith("{"):
            said: dict[str, Any] = json.loads(line)
            if said["event"] == event:
                return said
    raise RuntimeError(f"a subject ended before it said {event!r}; its error is above")


def facts_of(name: str, bench: Bench, port: int, database: str, way: str) -> dict[str, Any]:
    url = f"mqtt://127.0.0.1:{port}"
    settings = {"database": database, "broker": url, "client_id": CLIENT, "batch_most": bench.batch}
    facts = {"broker": url, "database": database, "messages": bench.messages, "batch": bench.batch}
    if name == "whole":
        book, models = bench.folder / "rulebook.toml", bench.folder / "models.toml"
        facts |= {"settings": settings | {"rulebook": str(book), "models": str(models)}, "values": bench.plant.values}
    if name == "peer":
        facts["route"] = {
            "input": {
                "mqtt": {
                    "url": f"tcp://127.0.0.1:{port}", "topic": TOPICS[0], "client_id": CLIENT, "clean_session": False,
                    "qos": 1, "protocol": "v3", "queue_capacity": 4000, "max_inflight": 4000,
                }
            },
            "output": {"sqlx": {"url": database, "table": "peer_rows", "columns": "auto", "bulk_copy": True}},
            "empty_batch_delay_ms": 1,
            **bench.peer[way],
        }  # fmt: skip
    return facts


def run(name: str, bench: Bench, *, draining: bool, rate: float | None = None) -> dict[str, Any]:
    """One run of one subject on a broker and a database that nobody used before."""
    with broker(bench.folder) as (port, broker_pid), databases.fresh(bench.server, bench.template) as database:
        publisher_arguments = [str(port), str(bench.packets), *(["--rate", str(rate)] if rate else [])]
        facts = facts_of(name, bench, port, database, "drain" if draining else "live")
        create_session(facts["broker"], topics=TOPICS, client_id=CLIENT)
        with child("bench.ingest_parts.wire", *publisher_arguments) as publisher:
            assert publisher.stdin is not None
            assert publisher.stdout is not None
            publisher.stdout.readline()
            published: dict[str, Any] = {}
            if draining:
                publisher.stdin.write("go\n")
                publisher.stdin.flush()
                published = json.loads(publisher.stdout.readline())
            with child("bench.ingest_parts.subjects", name, json.dumps(facts)) as subject:
                hear(subject.stdout, "ready")
                if not draining:
                    time.sleep(1.5)
                    publisher.stdin.write("go\n")
                    publisher.stdin.flush()
                hear(subject.stdout, "begun")
                before = cost.family_cpu_s(bench.postmaster), cost.cpu_s(broker_pid)
                ended = hear(subject.stdout, "ended")
                after = cost.family_cpu_s(bench.postmaster), cost.cpu_s(broker_pid)
            if not draining:
                published = json.loads(publisher.stdout.readline())
    return _figures(name, bench, ended, published, before, after, draining=draining)


def _figures(
    name: str,
    bench: Bench,
    ended: dict[str, Any],
    published: dict[str, Any],
    before: tuple[float, float],
    after: tuple[float, float],
    *,
    draining: bool,
) -> dict[str, Any]:
    marks = ended["marks"]
    counted = marks[-1][0] - marks[0][0]
    began = marks[0][1]
    figures = {
        "subject": name,
        "way": "drain" if draining else "live",
        "per_s": counted / max(marks[-1][1] - began, 1e-9),
        "cpu_us": ended["cpu_s"] / counted * 1e6,
        "database_cpu_us": (after[0] - before[0]) / counted * 1e6,
        "broker_cpu_us": (after[1] - before[1]) / counted * 1e6,
        "peak_mb": ended["peak_mb"],
        "batch": bench.messages / len(marks),
    }
    figures |= {f"{stage}_us": seconds / bench.messages * 1e6 for stage, seconds in ended["stages"].items()}
    if not draining:
        sent = np.array(published["sent_at"])
        done = np.array(marks)
        stored_at = done[np.searchsorted(done[:, 0], sent[:, 0]).clip(max=len(done) - 1), 1]
        waits = (stored_at - sent[:, 1]) * 1e3
        figures["p50_ms"], figures["p99_ms"] = (float(np.percentile(waits, p)) for p in (50, 99))
    return figures


def copy_alone(bench: Bench, rows: int, *, into: str) -> float:
    """(e) Rows a second by COPY, in transactions of 10,000, ready in memory before the clock starts."""
    from db.telemetry.readings import insert_new
    from judge.columns import Columns

    with databases.fresh(bench.server, bench.template) as database, psycopg.connect(database) as conn:
        signals = bench.plant.assets * bench.plant.signals
        numbers = np.arange(rows)
        at = (bench.plant.begins_s + numbers // signals) * 1_000_000
        columns = [numbers % signals + 1, at, at, numbers, 50.0 + numbers % 7, np.zeros(rows, dtype=bool)]
        if into == "peer_rows":
            lines = [
                f"{n % signals + 1}\t2026-01-01 00:00:00+00\t2026-01-01 00:00:00+00\t{50.0 + n % 7}\n".encode()
                for n in range(rows)
            ]
            pieces = [b"".join(lines[i : i + 10_000]) for i in range(0, rows, 10_000)]
        began = time.perf_counter()
        for i in range(0, rows, 10_000):
            if into == "peer_rows":
                with conn.cursor().copy("COPY peer_rows FROM STDIN") as copy:
                    copy.write(pieces[i // 10_000])
            else:
                insert_new(conn, Columns(*(column[i : i + 10_000] for column in columns)))
            conn.commit()
        return rows / (time.perf_counter() - began)


@contextmanager
def prepared(server: str, plant: Plant, messages: int, batch: int) -> Iterator[Bench]:
    """The plant in a template database, its documents in files, and the packets."""
    folder = Path(tempfile.mkdtemp(prefix="bench-ingest-"))
    template = f"bench_{folder.name[-8:].lower()}_{plant.assets}_{plant.values}"
    try:
        with psycopg.connect(server, autocommit=True) as conn:
            (backend,) = conn.execute("SELECT pg_backend_pid()").fetchone() or (0,)
            postmaster = cost.parent_of(backend)
            conn.execute(f'CREATE DATABASE "{template}"'.encode())
        url = databases.named(server, template)
        migrate(url)
        plants.make(url, plant, load(database=url))
        _write_documents(folder, plant)
        packets = folder / "packets"
        size = wire.write(packets, plant, messages)
        say(f"{plant.assets} assets, {messages} messages of {plant.values} values, {size:.0f} bytes each")
        yield Bench(server, postmaster, folder, plant, messages, batch, template, packets)
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)'.encode())
        shutil.rmtree(folder, ignore_errors=True)


def _write_documents(folder: Path, plant: Plant) -> None:
    lines = []
    for rule in plant.rulebook()["threshold"]:
        lines += ["[[threshold]]", *(f"{key} = {json.dumps(value)}" for key, value in rule.items())]
    (folder / "rulebook.toml").write_text("\n".join(lines))
    tables = plant.models().items()
    text = "\n".join(f"[{name}]\n" + "\n".join(f"{k} = {v}" for k, v in table.items()) for name, table in tables)
    (folder / "models.toml").write_text(text)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def turns(bench: Bench, subjects: list[str], ways: list[str], rounds: int) -> list[dict[str, Any]]:
    """Run every subject by turns; print each run."""
    runs = []
    for number in range(rounds):
        for way in ways:
            for name in subjects:
                figures = run(name, bench, draining=way == "drain")
                say(f"  round {number + 1}: " + told(figures))
                runs.append(figures)
    return runs


def told(figures: dict[str, Any]) -> str:
    numbers = ", ".join(
        f"{key} {value:,.0f}" if value >= 100 else f"{key} {value:.1f}"
        for key, value in figures.items()
        if isinstance(value, float)
    )
    return f"{figures['subject']} {figures['way']}: {numbers}"


def tuned(bench: Bench, messages: int, ways: list[str]) -> Bench:
    """Return the bench with mq-bridge's options that were fastest, by way: one run of each, of fewer messages."""
    packets = bench.folder / "few"
    wire.write(packets, bench.plant, messages)
    best = dict(bench.peer)
    for way in ways:
        rates = []
        for options in PEER:
            tried = replace(bench, messages=messages, packets=packets, peer={way: options})
            figures = run("peer", tried, draining=way == "drain")
            say(f"  mq-bridge {way} with {options}: {figures['per_s']:,.0f} a second, cpu_us {figures['cpu_us']:.1f}")
            rates.append(figures["per_s"])
        best[way] = PEER[rates.index(max(rates))]
    return replace(bench, peer=best)


def medians(runs: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """By letter and way, the median of every figure."""
    found: dict[str, dict[str, float]] = {}
    for each in runs:
        key = f"{LETTERS[each['subject']]}_{each['way']}"
        if key not in found:
            alike = [one for one in runs if one["subject"] == each["subject"] and one["way"] == each["way"]]
            found[key] = {
                name: round(statistics.median(one[name] for one in alike), 2)
                for name, value in each.items()
                if isinstance(value, float)
            }
    return found


def single(server: str, given: argparse.Namespace) -> dict[str, Any]:
    """Messages of one value: every subject, and the ratios."""
    plant = Plant.of(given.assets, 7, 1, given.messages)
    with prepared(server, plant, given.messages, given.batch) as made:
        bench = tuned(made, given.messages // 4, given.ways) if "peer" in given.subjects and not given.quick else made
        found = medians(turns(bench, given.subjects, given.ways, given.rounds))
        latency = run("whole", bench, draining=False, rate=given.rate) if "whole" in given.subjects else {}
        copied = statistics.median(copy_alone(bench, 200_000, into="peer_rows") for _ in range(3))
    result: dict[str, Any] = {"medians": found, "e_rows_per_s": round(copied), "mq_bridge": bench.peer}
    for way in given.ways:
        d = found.get(f"d_{way}", {}).get("per_s")
        for letter in "bc":
            other = found.get(f"{letter}_{way}", {}).get("per_s")
            if d and other:
                result[f"d_over_{letter}_{way}"] = round(d / other, 2)
        if d:
            result[f"d_over_e_{way}"] = round(d / copied, 2)
    if latency:
        result["at_a_steady_rate"] = {"per_s": given.rate} | {
            key: round(latency[key], 2) for key in ("p50_ms", "p99_ms", "cpu_us", "database_cpu_us")
        }
    return result


def hundred(server: str, given: argparse.Namespace) -> dict[str, Any]:
    """Messages of 100 values, in values a second. mq-bridge is left out: it makes one row of a message."""
    messages = given.messages // 20
    plant = Plant.of(max(given.assets // 10, 1), 100, 100, messages)
    subjects = [name for name in given.subjects if name != "peer"]
    with prepared(server, plant, messages, min(given.batch, 200)) as bench:
        found = medians(turns(bench, subjects, given.ways, given.rounds))
        plain = statistics.median(copy_alone(bench, 400_000, into="peer_rows") for _ in range(3))
        same = statistics.median(copy_alone(bench, 400_000, into="readings") for _ in range(3))
    result: dict[str, Any] = {"e_values_per_s": round(plain), "e_into_readings_values_per_s": round(same)}
    for key, figures in found.items():
        values = figures["per_s"] * 100
        result |= {f"{key}_values_per_s": round(values), f"{key}_cpu_us_a_value": round(figures["cpu_us"] / 100, 3)}
        if key.startswith("d_"):
            way = key.removeprefix("d_")
            result |= {
                f"d_over_e_{way}": round(values / plain, 2),
                f"d_over_e_into_readings_{way}": round(values / same, 2),
                f"database_cpu_us_a_value_{way}": round(figures["database_cpu_us"] / 100, 3),
                f"peak_mb_{way}": figures["peak_mb"],
            }
            if f"b_{way}" in found:
                result[f"d_over_b_{way}"] = round(figures["per_s"] / found[f"b_{way}"]["per_s"], 2)
    return result


def curve(server: str, given: argparse.Namespace) -> dict[str, Any]:
    """The cost of a message over the number of assets, draining."""
    found = {}
    for assets in given.curve:
        plant = Plant.of(assets, 7, 1, given.messages)
        with prepared(server, plant, given.messages, given.batch) as bench:
            runs = [run("whole", bench, draining=True) for _ in range(given.rounds)]
        for each in runs:
            say("  " + told(each))
        found[str(assets)] = medians(runs)["d_drain"]
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench ingest", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages, one round, no curve")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--assets", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=5_000, help="messages a second while latency is measured")
    parser.add_argument("--curve", type=int, nargs="*", default=[10, 100, 1_000, 10_000])
    parser.add_argument("--subjects", nargs="*", default=["receive", *STORES])
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    parser.add_argument("--only", choices=["single", "hundred", "curve"])
    given = parser.parse_args(arguments)
    if given.quick:
        given.messages, given.rounds, given.curve = given.messages // 10, 1, []
    folder = Path(tempfile.mkdtemp(prefix="bench-server-"))
    parts = {"single": single, "hundred": hundred, "curve": curve}
    result: dict[str, Any] = {}
    try:
        with timescale.server(folder) as server:
            with psycopg.connect(server, autocommit=True) as conn:
                # As on a plant; the tests' server is careless.
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    conn.execute(f"ALTER SYSTEM SET {setting} = on".encode())
                conn.execute("SELECT pg_reload_conf()")
            for name, measure in parts.items():
                if given.only in (None, name):
                    result[name] = measure(server, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
