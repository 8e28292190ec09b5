"""Bringing a case through the main path, cut into batches, restarted and killed, and what is left of it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import psycopg

from bench.cuts_parts.plants import START, Case
from db.plant import plant
from db.telemetry import judge as judge_db
from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, pipeline, splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.reading import Part
from runtime.settings import Settings

TABLES = {
    "orders": """
SELECT w.id, a.code, w.component, w.failure_mode, w.type, w.priority, w.status, w.opened_at, w.title, w.follows
FROM work_orders w JOIN assets a ON a.id = w.asset_id ORDER BY w.id""",
    "numbers": "SELECT number, id FROM work_orders ORDER BY number",
    "evidence": """
SELECT order_id, source, component, failure_mode, severity, since, at, score, limit_at, signs::text, summary,
       readings::text FROM evidence ORDER BY order_id, seq""",
    "alarms": """
SELECT a.code, al.source, al.severity, al.summary, al.raised_at, al.cleared_at, al.suppressed
FROM alarms al JOIN assets a ON a.id = al.asset_id ORDER BY 1, 2, al.raised_at""",
    "moves": """
SELECT a.code, m.source, m.event_at, m.move, m.old_state, m.new_state, m.why
FROM alarm_moves m JOIN assets a ON a.id = m.asset_id ORDER BY 1, 2, m.id""",
    "readings": """
SELECT a.code, s.name, r.observed_at, r.received_at, r.arrival, r.value, r.late, r.quality
FROM readings r JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id ORDER BY 1, 2, 3""",
    "events": """
SELECT e.arrival, e.kind, a.code, e.payload::text
FROM judge_events e LEFT JOIN assets a ON a.id = e.asset_id ORDER BY e.arrival""",
    "health": """
SELECT a.code, h.at, h.index, h.signal, h.value FROM asset_health h JOIN assets a ON a.id = h.asset_id ORDER BY 1""",
    "quarantine": "SELECT topic, payload, reason, problem, times FROM quarantine ORDER BY 1, 2, 3, 4",
}
"""All that a run decides, without the wall clock."""


@dataclass
class Left:
    """What a run leaves. ``laned`` counts the frames that the lane has judged, ``rebuilt_alike`` tells whether a judge
    that is rebuilt from what is stored is the one that ran.
    """

    tables: dict[str, list[Any]]
    judge: bytes
    laned: int
    rebuilt_alike: bool

    def differs(self, other: Left) -> list[str]:
        """Return the names of what is not the same in both."""
        found = [name for name, rows in self.tables.items() if rows != other.tables[name]]
        if self.judge != other.judge:
            mine, theirs = (
                {tuple(part[:3]): part[3] for part in msgspec.msgpack.decode(each.judge)} for each in (self, other)
            )
            parts = sorted(
                " ".join(key[1:]).strip() for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)
            )
            found.append(f"judge ({', '.join(parts)})")
        return found


class Failed(Exception):
    """Raised after all of the work on messages that are processed carefully: they are undone, and tried by halves."""


class Killed(Exception):
    """Raised where a process would have been killed: after all of a batch's work, before its commit."""


def never() -> bool:
    """Return False: no restart, no kill."""
    return False


def run(
    url: str,
    case: Case,
    sizes: Callable[[], int],
    *,
    restarts: Callable[[], bool] = never,
    kills: Callable[[], bool] = never,
    failures: Callable[[], bool] | None = None,
) -> Left:
    """Bring a case through an empty database of its own; ``sizes`` says how many messages the next batch has.

    An event ends a batch, so that it has the same place in every run. Before a batch that ``restarts`` and after one
    that ``kills``, the engine is rebuilt from what is stored; what was not committed comes again. Where there are
    ``failures``, the next batch is processed carefully, and what is tried of it fails, unless it is one message.
    """
    with _mappings(case) as mappings, psycopg.connect(url) as conn:
        plant.load(conn, case.plant, at=START)
        conn.commit()
        ran = _Run(conn, case, mappings, sizes, restarts, kills, failures)
        ran.bring()
        tables = {name: conn.execute(query.encode()).fetchall() for name, query in TABLES.items()}
        judge = ran.state.judge.dump()
        return Left(tables, judge, ran.laned, engine.restore(conn).dump() == judge)


@contextmanager
def _mappings(case: Case) -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.toml" for i in range(len(case.mappings))]
        for file, text in zip(files, case.mappings, strict=True):
            file.write_text(text)
        yield [str(file) for file in files]


class _Run:
    def __init__(
        self,
        conn: psycopg.Connection,
        case: Case,
        mappings: list[str],
        sizes: Callable[[], int],
        restarts: Callable[[], bool],
        kills: Callable[[], bool],
        failures: Callable[[], bool] | None,
    ) -> None:
        self.conn, self.case, self._mappings = conn, case, mappings
        self._sizes, self._restarts, self._kills = sizes, restarts, kills
        self._failures = failures
        self.laned = 0
        self.state = self._take_up()

    def _take_up(self) -> Engine:
        given: dict[str, Any] = {
            "checkpoint_every_s": 3600,
            "tick_every_s": 1e9,
            "mappings": self._mappings,
        } | self.case.settings
        book = rulebook.parse(self.case.rules)
        return engine.start(self.conn, Settings(**given), rulebook=book, models=self.case.models, holder="cuts")

    def bring(self) -> None:
        query = "SELECT 'NTH/' || code, id FROM assets"
        ids: dict[str, int] = dict(self.conn.execute(query).fetchall())
        self.conn.commit()
        waiting: list[Message] = []
        for each in self.case.items:
            if isinstance(each, Message):
                waiting.append(each)
                continue
            self._process(waiting)
            waiting = []
            kind, asset, payload = each
            with self.conn.transaction():
                judge_db.add(self.conn, kind, payload, "user:cuts", None if asset is None else ids[asset])
        self._process(waiting)
        pipeline.process(self.conn, [], self.state)

    def _process(self, waiting: list[Message]) -> None:
        while waiting:
            size = self._sizes()
            if self._restarts():
                self.state = self._take_up()
            try:
                laned = self._process_batch(waiting[:size])
            except Killed:
                self.state = self._take_up()
                continue
            self.laned += laned
            waiting = waiting[size:]

    def _process_batch(self, batch: list[Message]) -> int:
        if self._failures is not None and self._failures():
            with patch.object(pipeline, "process_frames", self._failing(pipeline.process_frames)):
                self.state.careful_until = math.inf
                laned = splitting.process(self.conn, batch, self.state).by_lane
                self.state.careful_until = 0.0
                return laned
        with self.conn.transaction():
            laned = pipeline.process(self.conn, batch, self.state).by_lane
            if self._kills():
                raise Killed
        return laned

    def _failing(self, take: Callable[..., int]) -> Callable[..., int]:
        def failing(conn: psycopg.Connection, part: Part, *more: Any) -> int:
            place = take(conn, part, *more)
            if len(set(part.of_message)) > 1 and self._failures is not None and self._failures():
                raise Failed
            return place

        return failing
