"""A rule that can never become active on a device that reports too seldom is told of, with the device's pace."""

from typing import Any

import psycopg
import pytest
from rich.console import Console

from db.documents import documents, slow_devices
from db.documents.documents import Kind
from ingest.messages import Message
from rules import rulebook
from runtime.cli import doctor
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.runtime.pipeline.batches import a_message

HOT: dict[str, Any] = {
    "id": "hot", "asset_class": "unclassified", "signal": "temp", "raise_at": 90, "clear_below": 85, "for": "5 min",
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip
SAYS = "NTH/P-7 reports temp every 20 min, longer than max_gap (15 min): hot cannot become active there"


def measured(conn: psycopg.Connection, every: float, asset: str = "P-7") -> int:
    """Bring readings of 91 every so many minutes; return how many orders they open."""
    rules = rulebook.parse({"threshold": [HOT]})
    state = engine.start(conn, Settings(), rulebook=rules, models={}, holder="test")
    messages: list[Message] = [
        a_message(number * every, {"temp": 91.0}, topic=f"plantwright/v1/NTH/{asset}") for number in range(6)
    ]
    return len(pipeline.process(conn, messages, state).done)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def test_a_rule_that_lasts_longer_than_a_device_is_silent_is_told_of_with_its_pace(conn, database):
    assert measured(conn, 20) == 0
    conn.commit()
    book = rulebook.parse({"threshold": [HOT]})
    assert slow_devices.by_rule(slow_devices.of(conn, book)) == {"hot": f"{SAYS}; give it a longer max_gap"}
    console = Console(record=True, width=300)
    doctor.examine(Settings(database=database), console)
    assert SAYS in console.export_text()


def test_one_that_reports_in_time_is_not(conn):
    assert measured(conn, 6) == 1
    assert slow_devices.of(conn, rulebook.parse({"threshold": [HOT]})) == []


def test_several_are_one_sentence(conn):
    for number in range(6):
        measured(conn, 20, f"P-{number}")
    told = slow_devices.by_rule(slow_devices.of(conn, rulebook.parse({"threshold": [HOT]})))["hot"]
    assert "there, nor on NTH/P-1, NTH/P-2, NTH/P-3 and 2 more; give" in told


LASTS = {
    "a threshold at once does not last": ("threshold", {key: HOT[key] for key in HOT if key != "for"}, False),
    "a longer gap is allowed": ("threshold", HOT | {"max_gap": "1 h"}, False),
    "a rate needs readings in a row": ("rate", {**HOT, "over": "2 h", "for": "0 min"}, True),
    "a stuck signal too": ("stuck", {"id": "hot", "asset_class": "unclassified", "signal": "*", "for": "2 h"}, True),
    "but not one left out": (
        "stuck", {"id": "hot", "asset_class": "unclassified", "signal": "*", "for": "2 h", "except": ["temp"]}, False,
    ),
    "a condition that has to last": (
        "expression",
        {key: HOT[key] for key in ("id", "asset_class", "component", "failure_mode", "severity", "for")}
        | {"when": "temp > 90.0"}, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "rule", "slow"), LASTS.values(), ids=LASTS)
def test_kinds(conn, kind, rule, slow):
    measured(conn, 20)
    assert bool(slow_devices.of(conn, rulebook.parse({kind: [rule]}))) == slow


def test_putting_it_in_force_warns(conn, database, capsys):
    from typer.testing import CliRunner

    from runtime.cli.main import app

    measured(conn, 20)
    documents.write(conn, Kind.RULEBOOK, {"threshold": [HOT | {"raise_at": 91}]}, actor="user:test", why="a try")
    conn.commit()
    again = CliRunner().invoke(
        app, ["documents", "rollback", "rulebook", "--why", "a try", "--database", database], env={"COLUMNS": "300"}
    )
    assert again.exit_code == 0, again.output
    assert SAYS in " ".join(again.output.split())
