"""Three days of two pumps of the sample plant, and all that a database has kept of them, for comparing two runs.

Within these days P-103 loses its flow and P-104's bearing runs away, after each has been warm long enough to be known.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row, tuple_row

from db.plant import plant as plant_db
from db.telemetry import judge as judge_db
from db.telemetry import readings
from ingest.replay import Publication, SamplePlant
from judge.judge import FORMAT, Judge
from runtime.cli import plant_file
from runtime.demo.sample_plants import SAMPLES
from runtime.pipeline import engine

ASSETS = ("P-103", "P-104")
FIRST, LAST = 12_400, 16_720
"""Minutes of the sample; the blockage begins at 13,166, the runaway passes its limit at 16,626."""
ANCHOR = datetime(2024, 3, 1, tzinfo=UTC)

_ORDERS: LiteralString = """
    SELECT w.id, a.code AS asset, w.component, w.failure_mode, w.type, w.priority, w.status, w.opened_at, w.title,
           w.follows, w.duplicate_of
    FROM work_orders w JOIN assets a ON a.id = w.asset_id ORDER BY a.code, w.opened_at, w.id"""
_EVIDENCE: LiteralString = """
    SELECT order_id, seq, source, version, component, failure_mode, severity, since, at, score, limit_at, signs,
           summary, readings
    FROM evidence ORDER BY order_id, seq"""
_HISTORY: LiteralString = """
    SELECT order_id, seq, actor, step,
           old - '{response_due,completion_due,response_warn_at,completion_warn_at}'::text[] AS old,
           new - '{number,recorded_at,response_due,completion_due,response_warn_at,completion_warn_at}'::text[] AS new,
           why
    FROM order_history WHERE actor = 'system:engine' ORDER BY order_id, seq"""
_READINGS: LiteralString = """
    SELECT a.code, s.name, r.observed_at, r.value, r.late
    FROM readings r JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id"""

Key = tuple[str, str, datetime]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run leaves behind, without what is the wall clock's: numbers, recorded times, places in the sequence.

    Parameters
    ----------
    readings
        Value and lateness of each, by asset, signal and time; ``stored`` counts the rows.
    judge
        The judge's state: of the last checkpoint, restored as at a start, and folded again from the first input.
    """

    orders: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    history: list[dict[str, Any]]
    readings: Mapping[Key, tuple[float, bool]]
    stored: int
    refused: int
    judge: tuple[bytes, bytes, bytes]


@cache
def publications() -> tuple[Publication, ...]:
    """What the two pumps send in those days, in order."""
    with TemporaryDirectory() as folder:
        for asset in ASSETS:
            (Path(folder) / f"{asset}.csv.xz").symlink_to(SAMPLES / f"{asset}.csv.xz")
        return tuple(_plant(Path(folder)).frames(FIRST, LAST))


@cache
def published() -> Mapping[Key, tuple[float, bool]]:
    """Every reading in them. None of it is late."""
    found = {}
    for each in publications():
        document = json.loads(each.payload)
        at = datetime.fromisoformat(document["ts"])
        for signal, value in document["values"].items():
            found[(each.topic.rsplit("/", 1)[1], signal, at)] = (float(value), False)
    return found


def load_plant(database: str) -> None:
    """Make the two pumps known, and nobody who could be assigned: when that happens is up to the wall clock."""
    plant = plant_file.read(SAMPLES / "plant.toml")
    assets = tuple(asset for asset in plant.assets if asset.code in ASSETS)
    with psycopg.connect(database) as conn:
        plant_db.load(conn, replace(plant, assets=assets, technicians=()), at=ANCHOR)


def position(conn: psycopg.Connection) -> int:
    """How many inputs have been judged."""
    return judge_db.holder_now(conn)[2] - 1


def all_stored(conn: psycopg.Connection) -> bool:
    return position(conn) >= len(publications()) and readings.count(conn)[0] >= len(published())


def rest(conn: psycopg.Connection) -> Iterator[Publication]:
    """What a publisher that remembers nothing goes on with: from the first minute that is not stored of both pumps."""
    newest = readings.newest_of_site(conn, "NTH")
    stored = [newest[asset] for asset in ASSETS]
    oldest = None if None in stored else min(at for at in stored if at is not None)
    return (each for each in publications() if oldest is None or each.at > oldest)


def outcome(database: str) -> Outcome:
    """Read everything that two runs of the same stream must agree on."""
    with psycopg.connect(database) as conn:
        with conn.cursor(row_factory=dict_row) as cursor:
            orders, evidence, history = (cursor.execute(query).fetchall() for query in (_ORDERS, _EVIDENCE, _HISTORY))
        with conn.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(_READINGS).fetchall()
            refused: Any = cursor.execute("SELECT count(*) FROM quarantine").fetchone()
        at = judge_db.checkpointed(conn, format_=FORMAT)
        kept = b"" if at is None else Judge.from_parts(judge_db.checkpoint_parts(conn, format_=FORMAT), at).dump()
        restored = engine.restore(conn).dump()
        conn.execute("DELETE FROM checkpoints")
        folded = engine.restore(conn).dump()
        conn.rollback()
    return Outcome(
        orders=orders,
        evidence=evidence,
        history=history,
        readings={(asset, signal, at): (value, late) for asset, signal, at, value, late in rows},
        stored=len(rows),
        refused=refused[0],
        judge=(kept, restored, folded),
    )


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Say in short what two runs do not agree on; one line for each kind."""
    found = []
    for name in ("orders", "evidence", "history"):
        for this, that in zip(getattr(one, name), getattr(other, name), strict=False):
            if this != that:
                columns = [f"{key}: {this[key]!r:.200} / {that[key]!r:.200}" for key in this if this[key] != that[key]]
                found.append(f"{name}: {'; '.join(columns)}")
                break
        if len(getattr(one, name)) != len(getattr(other, name)):
            found.append(f"{name}: {len(getattr(one, name))} / {len(getattr(other, name))}")
    unlike = one.readings.items() ^ other.readings.items()
    if unlike or one.stored != other.stored:
        found.append(f"readings: {one.stored} / {other.stored}, {len(unlike)} differ: {sorted(unlike)[:3]}")
    if one.refused != other.refused:
        found.append(f"quarantine: {one.refused} / {other.refused}")
    for name, this, that in zip(("checkpoint", "restored", "folded anew"), one.judge, other.judge, strict=True):
        if this != that:
            found.append(f"the judge, {name}: {len(this)} / {len(that)} bytes")
    return found


def _plant(folder: Path) -> SamplePlant:
    return SamplePlant(folder, site="NTH", anchor=ANCHOR)
