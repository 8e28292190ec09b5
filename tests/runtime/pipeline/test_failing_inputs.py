"""Every input of ../shared/failing-inputs, brought in as it came, with the right outcome that its page says.

What its pages only describe is tested where it belongs (times in the API, sessions at the broker, the quarantine).
"""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from db.telemetry import quarantine
from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, history, pipeline
from runtime.settings import Settings
from tests.parts import databases

FOLDER = Path(__file__).parents[4] / "shared" / "failing-inputs"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="../shared/failing-inputs is not here: no input of it was tried"
)
NOW = datetime.now(UTC).replace(microsecond=0)
NOW_MS = round(NOW.timestamp() * 1000)
HOT: dict[str, Any] = {
    "id": "hot", "asset_class": "unclassified", "signal": "temp", "raise_at": 90, "clear_below": 85,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip


def content(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.fixture
def database(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url:
        yield url


@pytest.fixture
def conn(database):
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def message(topic: str, payload: object, at_ms: int = NOW_MS) -> Message:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Message(topic, raw, at_ms * 1000)


def judged(conn, messages: list[Message], *thresholds: dict[str, Any], size: int = 360, **facts: Any) -> engine.Engine:
    """Bring messages through the pipeline, and make sure that the judge can be rebuilt from what was stored."""
    rules = rulebook.parse({"threshold": [*thresholds]})
    state = engine.start(conn, Settings(**facts), rulebook=rules, models={}, holder="test")
    for i in range(0, len(messages), size):
        with conn.transaction():
            pipeline.process(conn, messages[i : i + size], state)
    assert engine.restore(conn).dump() == state.judge.dump()
    return state


def orders(conn) -> list[str]:
    return [kind for (kind,) in conn.execute("SELECT type FROM work_orders ORDER BY number").fetchall()]


def refused(conn) -> list[str]:
    return [each.reason for each in reversed(quarantine.page(conn))]


def stored(conn) -> list[tuple[str, float]]:
    query = "SELECT s.name, r.value FROM readings r JOIN signals s ON s.id = r.signal_id ORDER BY r.arrival"
    return [(name, value) for name, value in conn.execute(query)]


def imported(database: str, folder: Path, document: str, name: str) -> None:
    (folder / "m.toml").write_text(document)
    (folder / "P-1.csv").write_text(content(name), encoding="utf-8")
    history.run(
        [folder / "P-1.csv"],
        str(folder / "m.toml"),
        Settings(database=database),
        0,
        threading.Event(),
        Console(quiet=True),
    )


def test_a_date_at_the_edge_of_the_calendar_is_refused_alone(conn, tmp_path):
    (tmp_path / "net.toml").write_text(content("01-mapping.toml"))
    good = {"t": NOW.strftime("%Y-%m-%dT%H:%M:%S+00:00"), "v": {"temp": 95.0}}
    edges = ["0001-01-01T00:00:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00"]
    messages = [message("net/press-1/out", {"t": edge, "v": {"temp": 20.5}}) for edge in edges]
    judged(conn, [*messages, message("net/press-2/out", good)], HOT, mappings=[str(tmp_path / "net.toml")])
    assert refused(conn) == ["too_old", "in_future"]
    assert [value for _, value in stored(conn)] == [95.0]
    assert orders(conn) == ["reactive"]


def test_nor_does_it_cost_more_than_its_row_of_a_file(conn, database, tmp_path):
    document = 'site = "NET"\nasset = "{stem}"\n[time]\ncolumn = "ts"\nzone = "Europe/Oslo"\n[signals]\ntemp = "temp"\n'
    imported(database, tmp_path, document, "01-mindate.csv")
    assert stored(conn) == [("temp", 6.0)]
    assert refused(conn) == ["too_old"]


def test_a_signal_whose_clock_is_behind_is_judged(conn):
    lines = [json.loads(line) for line in content("02-umh.jsonl").splitlines()]
    messages = []
    for pair in range(20):
        at = NOW_MS - 60_000 + 300 * pair
        for line in lines:
            behind = 3 if line["payload"]["timestamp_ms"] == "T-3" else 0
            messages.append(message(line["topic"], line["payload"] | {"timestamp_ms": at - behind}, at))
    judged(conn, messages, HOT, mappings=["umh"])
    assert orders(conn) == ["reactive"]


def printed(name: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()


@pytest.mark.slow
def test_signal_names_that_never_end_cost_no_checkpoint(conn):
    lines = [line.partition(" ") for line in printed("03-growing-names.py")]
    # By the clock of when they were printed: the tests may have begun long before.
    messages = [message(topic, (said := json.loads(payload)), said["ts"]) for topic, _, payload in lines]
    state = judged(conn, messages, size=1000)
    with conn.transaction():
        engine.save(conn, state)
    kept, most = len(stored(conn)), Settings().admit_signals_most
    assert kept == min(len(messages), most)
    assert set(refused(conn)) <= {"too_many_signals"}


def test_names_that_would_become_one_stay_two(conn):
    document = json.loads(content("04-gateway-signals.json"))
    document["P-1"][0]["ts"] = NOW_MS
    judged(conn, [message("v1/gateway/telemetry", document)], thingsboard_site="TB")
    found = stored(conn)
    assert sorted(value for _, value in found) == [0.4, 6.2]
    assert dict(found)["P"] == 6.2


def test_a_counter_that_reads_nought_once_counts_on(conn):
    rows = [line.split(",") for line in content("06-counter.csv").splitlines()[1:]]
    conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
    conn.execute("INSERT INTO assets (site_id, code, name) SELECT id, 'P-1', 'P-1' FROM sites")
    conn.execute("INSERT INTO signals (asset_id, name) SELECT id, 'energy' FROM assets")
    conn.execute("INSERT INTO signal_versions (signal_id, version, counter) SELECT id, 1, true FROM signals")
    rule = {
        "id": "leak", "asset_class": "unclassified", "signal": "energy", "over": "10 min", "per": "1 h",
        "raise_at": 200, "clear_below": 150, "component": "meter", "failure_mode": "ELP", "severity": "malfunction",
    }  # fmt: skip
    begins = NOW - timedelta(minutes=len(rows))
    messages = []
    for minute, value in rows:
        at = round((begins + timedelta(minutes=int(minute))).timestamp() * 1000)
        messages.append(message("plantwright/v1/NTH/P-1", {"ts": at, "values": {"energy": float(value)}}, at))
    state = engine.start(conn, Settings(), rulebook=rulebook.parse({"rate": [rule]}), models={}, holder="test")
    with conn.transaction():
        pipeline.process(conn, messages, state)
    assert orders(conn) == []
    counter = state.judge.assets["NTH/P-1"].limits.counters["energy"]
    assert (counter.raw, counter.before) == (13434.5, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("glitch", [None, "-127", "65535", "1e6", "1e9", "3.4028235e38", "1.7976931348623157e308"])
def test_one_impossible_reading_opens_nothing_and_hides_no_fault(conn, glitch):
    lines = [json.loads(line) for line in printed("07-glitch.py", *([glitch] if glitch else []))]
    messages = [message("plantwright/v1/NTH/P-1", line, line["ts"]) for line in lines]
    fault = len(lines) - 240
    state = judged(conn, messages[:fault])
    assert orders(conn) == []
    with conn.transaction():
        pipeline.process(conn, messages[fault : fault + 10], state)
    assert orders(conn) == ["predictive"]
    assert not conn.execute("SELECT 1 FROM evidence WHERE signs::text LIKE '%%NaN%%'").fetchall()


def test_the_hour_that_comes_twice_is_stored_twice(conn, database, tmp_path):
    document = (
        'site = "NTH"\nasset = "{stem}"\ndelimiter = ";"\n[time]\ncolumn = "Zeit"\nformat = "%d.%m.%Y %H:%M"\n'
        'zone = "Europe/Oslo"\n[signals]\nTemp = "temp"\n'
    )
    imported(database, tmp_path, document, "09-dst-autumn.csv")
    assert [value for _, value in stored(conn)] == [10.0, 20.0, 21.0, 30.0, 31.0, 40.0]
    assert refused(conn) == []


@pytest.mark.parametrize("said", [True, False])
def test_a_decimal_comma_is_read_where_it_is_said_and_named_where_it_is_not(conn, database, tmp_path, said):
    document = (
        'site = "NTH"\nasset = "{stem}"\ndelimiter = ";"\n' + ('decimal = ","\n' if said else "") + "[time]\n"
        'column = "Zeit"\nformat = "%d.%m.%Y %H:%M"\nzone = "Europe/Oslo"\n[signals]\n'
        'Temp = "temp"\nDurchfluss = "flow"\n'
    )
    imported(database, tmp_path, document, "10-decimal-comma.csv")
    if said:
        assert sorted(stored(conn)) == [("flow", 1311.0), ("flow", 1312.5), ("temp", 71.3), ("temp", 71.4)]
        assert refused(conn) == []
    else:
        assert any('decimal = ","' in each.problem for each in quarantine.page(conn))
        assert ("temp", 71.3) not in stored(conn)


def test_every_file_of_the_folder_is_brought_in_by_a_test():
    text = Path(__file__).read_text(encoding="utf-8")
    files = sorted(file.name for file in FOLDER.iterdir())
    assert [name for name in files if not name.endswith(".md") and f'"{name}"' not in text] == []
