"""The demo as a newcomer runs it, a real process on real parts: the orders against the truth of the sample plant."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from runtime.backtest.command import Wanted, judge_again
from runtime.demo.sample_plants import PYTHON_VARIABLE
from runtime.embedded import broker
from tests.parts import databases

pytestmark = pytest.mark.slow

FAULTS = {"predictive", "reactive", "emergency"}
LIMIT_S = 600


def demo(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run ``plantwright demo --once`` and return what it writes."""
    out = folder / "out.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    if PYTHON_VARIABLE in os.environ:
        kept[PYTHON_VARIABLE] = os.environ[PYTHON_VARIABLE]
    command = [
        sys.executable,
        "-m",
        "runtime.cli.main",
        "demo",
        "--once",
        "--json",
        str(out),
        "--data-dir",
        str(folder),
    ]
    ended = subprocess.run(
        [*command, *arguments], env=kept, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "What happened, and what the engine made of it" in ended.stdout
    document: dict[str, Any] = json.loads(out.read_text())
    return document


def faults(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in document["truth"] if each["kind"] == kind]


def orders_of(document: dict[str, Any], truth: dict[str, Any]) -> list[dict[str, Any]]:
    """The orders on the asset of a fault that were opened while it lasted."""
    begins, ends = at(truth["begins_at"]), at(truth["ends_at"])
    return [
        each
        for each in document["work_orders"]
        if each["asset"] == truth["asset"] and begins <= at(each["opened_at"]) < ends
    ]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def is_as_promised(document: dict[str, Any]) -> None:
    """What holds of every plant, with and without limits."""
    wearing = faults(document, "predictive")[0]
    foreseen = [each for each in orders_of(document, wearing) if each["type"] == "predictive"]
    assert foreseen, "the wearing bearing has no predictive order"
    lead = at(wearing["fails_at"]) - min(at(each["opened_at"]) for each in foreseen)
    assert lead >= timedelta(hours=24), lead

    faulty = {each["asset"] for each in document["truth"] if each["kind"] in FAULTS}
    healthy = {each["asset"] for each in document["truth"]} - faulty
    assert [each["title"] for each in document["work_orders"] if each["asset"] in healthy] == []
    assert document["false_orders"] == []

    for order in document["work_orders"]:
        assert order["evidence"], order["number"]
        for evidence in order["evidence"]:
            assert evidence["readings_cited"] > 0
            for sign in evidence["signals"]:
                assert sign["signal"]
                assert sign["value"] is not None
                assert sign["usual_low"] is not None or sign["usual_high"] is not None
    unfinished = [each for each in document["work_orders"] if each["status"] not in ("closed", "cancelled")]
    faults_of = Counter((each["asset"], each["component"], each["failure_mode"]) for each in unfinished)
    assert max(faults_of.values()) == 1


def has_each_type(document: dict[str, Any]) -> None:
    """What limits add: what has broken, and what endangers people."""
    for kind in ("reactive", "emergency"):
        truth = faults(document, kind)[0]
        assert kind in [each["type"] for each in orders_of(document, truth)], kind
    emergency = next(each for each in document["work_orders"] if each["type"] == "emergency")
    assert (emergency["priority"], emergency["assignee"] is not None) == (1, True)


def test_the_shipped_plant_on_embedded_parts(data_dir):
    document = demo(data_dir)
    is_as_promised(document)
    has_each_type(document)
    assert document["readings"] > 1_600_000


def test_the_models_alone_foresee_the_wear(data_dir):
    document = demo(data_dir, "--without-limits")
    is_as_promised(document)
    sources = {each["source"] for order in document["work_orders"] for each in order["evidence"]}
    assert all(source.startswith("model:") for source in sources)


@pytest.mark.parametrize("seed", ["2", "3"])
def test_another_plant_with_the_same_rulebook_and_settings(data_dir, seed):
    if PYTHON_VARIABLE not in os.environ:
        pytest.skip("run by `./run test --slow`, which makes the environment that makes other plants")
    document = demo(data_dir, "--seed", seed)
    is_as_promised(document)
    has_each_type(document)


def test_the_same_on_timescaledb_and_mosquitto(data_dir, timescale_server, mosquitto_program):
    wire = broker.start(data_dir / "given-broker", inflight=2_000, queued=200_000, kind="mosquitto")
    try:
        with databases.fresh(timescale_server) as database:
            document = demo(data_dir, "--database", database, "--broker", wire.url)
            with psycopg.connect(database) as conn:
                chunks = conn.execute(
                    "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'readings'"
                ).fetchone()
                conn.rollback()
                again = judge_again(conn, Wanted(jobs=2, against="live"))
    finally:
        wire.stop()
    is_as_promised(document)
    has_each_type(document)
    assert again.difference is not None
    assert again.difference.none, again.difference
    assert len(again.run.orders) == len(document["work_orders"])
    assert chunks is not None
    assert chunks[0] >= 20, "three weeks lie in chunks of a day"
