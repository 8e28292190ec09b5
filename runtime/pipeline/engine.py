"""The engine's state between batches, and how it is rebuilt: crashing is the only error path."""

import hashlib
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import structlog
from psycopg import Connection

from db.documents import documents, slow_devices
from db.documents.documents import Kind
from db.orders import decisions
from db.telemetry import judge as judge_db
from db.telemetry import readings
from db.telemetry.catalogue import Catalogue
from db.telemetry.quarantine_ledger import Ledger
from ingest.border import Bounds
from ingest.formats.formats import Formats
from judge import seen_values
from judge.inputs import Input, JudgedFrame, in_order
from judge.judge import CHANGES_RULES, FORMAT, Judge
from judge.lane import lane_kernel, reader
from judge.lane.lane import Lane
from judge.moments import moment
from judge.parts import Part, PartName
from models import kernel
from models.lives import life_kernel
from rules.rulebook import Rulebook
from runtime.pipeline import listening, sources
from runtime.pipeline.listening import Listening
from runtime.settings import Settings
from runtime.version import CODE_VERSION
from workorder_core.intake.order_book import Entry, OrderBook

_log = structlog.get_logger("engine")
SETTINGS = "system:settings"
"""The actor that puts the files named by the settings in force."""
ASSETS = 1_000
"""The plant size that the setting of inputs between checkpoints is meant for; it grows with larger plants."""
RESTORE_SPAN = 20_000
"""Inputs read at once while the judge is rebuilt; bounds the memory used."""
DEAR_S = 1.0
CHECKPOINT_PART = 20
"""After a checkpoint of more than ``DEAR_S`` seconds, the next one is not written for this many times as long."""
REBUILD_SPAN = 2_000
"""Inputs after a checkpoint that are folded again rather than saved, while a batch is searched for what fails."""


@dataclass(slots=True)
class Written:
    """The newest checkpoint: its input (None without one), and a digest of each of its parts."""

    arrival: int | None = None
    digests: dict[PartName, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Engine:
    """The state that ``pipeline.process`` works on. After a failed transaction it is discarded and rebuilt.

    Parameters
    ----------
    fence
        The number that proves to the database that this process is the plant's only writer.
    by_lane
        Whether ordinary readings are judged as columns. The results are the same without, only slower.
    next_tick, next_checkpoint, next_retry_look, next_entered_look, not_before
        On the process's monotonic clock, in seconds; no checkpoint is written ``not_before``.
    ticking_us
        Wall clock of the tick in the present batch; None without one.
    clock_may_have_been_ahead
        Whether the wall clock may have been set back since the newest tick, also before this process.
    careful_until
        On the same clock: until then every batch is processed so that a failing message can be undone.
    checkpoint_failed
        Why the newest checkpoint could not be written; empty if it was.
    """

    fence: int
    judge: Judge
    catalogue: Catalogue
    formats: Formats
    bounds: Bounds
    settings: Settings
    checkpointed: int
    next_tick: float
    next_checkpoint: float
    next_retry_look: float = 0.0
    next_entered_look: float = 0.0
    by_lane: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    not_before: float = 0.0
    careful_until: float = 0.0
    written: Written = field(default_factory=Written)
    checkpoint_failed: str = ""
    quarantine: Ledger = field(default_factory=Ledger)
    listening: Listening = field(default_factory=Listening)
    ticking_us: int | None = None
    clock_may_have_been_ahead: bool = True

    def tick_is_due(self) -> bool:
        """Return whether a tick is due, and remember its time until `note_tick`; call it with each batch."""
        self.listening.note()
        self.ticking_us = time.time_ns() // 1000 if time.monotonic() >= self.next_tick else None
        return self.ticking_us is not None

    def tick(self) -> dict[str, Any]:
        """Return the tick that is due."""
        assert self.ticking_us is not None
        now_us = self.ticking_us
        tick: dict[str, Any] = {"at": moment(now_us).isoformat()}
        if unheard_s := self.listening.unheard_s(now_us):
            tick["unheard_s"] = round(unheard_s, 3)
        if self.clock_may_have_been_ahead:
            tick["latest"] = moment(now_us + round(self.settings.max_skew_s * 1e6)).isoformat()
        return tick

    def note_tick(self) -> None:
        """Record that the tick was written with the batch; if the batch fails, it stays due."""
        if self.ticking_us is not None:
            self.listening.ticked(self.ticking_us)
            self.ticking_us, self.clock_may_have_been_ahead = None, False
            self.next_tick = time.monotonic() + self.settings.tick_every_s

    def tick_now(self) -> None:
        """Make a tick due with the next batch."""
        self.next_tick = time.monotonic()

    def follow_clock(self, jump_s: float) -> None:
        """Continue after the wall clock was set, forward or (negative) back, by a number of seconds.

        Which of the two clocks is right nobody knows. So after one that was set back, devices may be as far ahead as
        before, and what the clock that may have been ahead has stamped does not make newer readings late.
        """
        least_us = round(self.settings.max_skew_s * 1e6)
        self.bounds = replace(self.bounds, skew_us=max(least_us, self.bounds.skew_us - round(jump_s * 1e6)))
        self.clock_may_have_been_ahead |= jump_s < 0
        self.tick_now()

    def open_lane(self) -> Lane:
        """Return the judge's lane, updated to the catalogue and bindings in force."""
        lane = self.judge.lane
        if lane is None:
            lane = self.judge.lane = Lane(self.catalogue)
        lane.agree(self.catalogue, self.formats.bindings.bound)
        lane.closed = not self.by_lane
        return lane

    def metrics(self) -> dict[str, Any]:
        """Return the fields of `db.telemetry.engine_metrics.EngineMetrics` that this state has."""
        return {
            "assets": len(self.catalogue.assets),
            "assets_most": self.settings.admit_assets_most,
            "signals_most": self.settings.admit_signals_most,
            "checkpoint_failed": self.checkpoint_failed,
            "quarantine_full": self.quarantine.full,
        }

    def checkpoint_is_due(self) -> bool:
        """Return whether enough inputs or time have passed since the last checkpoint."""
        inputs = self.judge.arrival - self.checkpointed
        now = time.monotonic()
        if now < self.not_before:
            return False
        # A checkpoint costs as much as the plant is large; so that an input costs the same on every plant:
        enough = self.settings.checkpoint_every_inputs * max(1.0, len(self.judge.assets) / ASSETS)
        return inputs >= enough or (inputs > 0 and now >= self.next_checkpoint)

    def set_next_checkpoint(self, spent_s: float) -> None:
        """Schedule the next checkpoint: after the configured time, and once ``spent_s`` is a small part of it."""
        now = time.monotonic()
        self.next_checkpoint = now + self.settings.checkpoint_every_s
        self.not_before = now + (CHECKPOINT_PART * spent_s if spent_s > DEAR_S else 0.0)


def start(
    conn: Connection, settings: Settings, *, rulebook: Rulebook, models: Mapping[str, Any], holder: str
) -> Engine:
    """Become the plant's writer, rebuild the judge, record changed documents, and commit."""
    _compile()
    with conn.transaction():
        fence = judge_db.take_over(conn, holder)
    with conn.transaction():
        number = judge_db.lock_position(conn, fence)
        # Documents come before waiting events, so that imported history is learned by the model that will judge.
        _load_files(conn, {Kind.RULEBOOK: rulebook.document, Kind.MODELS: models})
        # Only a warning: signals become known with the first message, so a misfit must not prevent the start.
        for problem in documents.misfits(conn, rulebook):
            _log.warning("rule does not fit the plant", problem=str(problem))
        for sentence in slow_devices.by_rule(slow_devices.of(conn, rulebook)).values():
            _log.warning("rule can never become active on some assets", problem=sentence)
        # What people did while the engine was down is numbered now, so that the rebuilt judge includes it.
        judge_db.advance(conn, fence, number + len(judge_db.number_waiting(conn, number)))
        written = Written()
        judge = restore(conn, written)
        judge.alarms = []
        catalogue = Catalogue.load(conn, settings.admission)
        formats = sources.load_formats(settings, conn)
        heard = listening.since_the_newest_tick(conn, settings.tick_every_s)
    bounds = Bounds(oldest_us=settings.oldest_days * 86_400_000_000, skew_us=round(settings.max_skew_s * 1e6))
    now = time.monotonic()
    return Engine(
        fence=fence,
        judge=judge,
        catalogue=catalogue,
        formats=formats,
        bounds=bounds,
        settings=settings,
        checkpointed=judge.arrival,
        next_tick=now + settings.tick_every_s,
        next_checkpoint=now + settings.checkpoint_every_s,
        written=written,
        quarantine=Ledger(settings.quarantine_most_mb * 1024 * 1024),
        listening=heard,
    )


def rebuild(conn: Connection, engine: Engine) -> None:
    """Rebuild the state in memory after a failed transaction, under the same fencing number, and commit.

    Folds the inputs since the last checkpoint, and writes another one if they were many.
    """
    with conn.transaction():
        judge_db.lock_position(conn, engine.fence)
        engine.quarantine.forget()
        engine.written = Written()
        engine.judge = restore(conn, engine.written)
        engine.judge.alarms = []
        engine.catalogue = Catalogue.load(conn, engine.settings.admission)
        engine.formats = sources.load_formats(engine.settings, conn)
        # Requests to nodes of the failed transaction were not sent.
        sources.connected(engine.formats)
        if engine.judge.arrival - (judge_db.checkpointed(conn, format_=FORMAT) or 0) > REBUILD_SPAN:
            save(conn, engine)


def _load_files(conn: Connection, files: Mapping[Kind, Mapping[str, Any]]) -> None:
    """Make new versions of the files named by the settings, if they have changed since they were last loaded.

    A version that somebody put in force since then stays in force until the file changes.
    """
    for kind, document in files.items():
        loaded = documents.newest_by(conn, kind, SETTINGS)
        if loaded != document and (loaded is not None or document):
            documents.check(kind, document)
            documents.put(conn, kind, document, actor=SETTINGS, why="the settings name this file")
        elif loaded is not None and documents.version(conn, kind).document != document:
            newest = documents.version(conn, kind)
            _log.info(
                "settings file ignored, a newer version is in force",
                kind=kind.value,
                set_by=newest.actor,
                reason=newest.why,
            )


def _compile() -> None:
    began = time.monotonic()
    kernel.make_ready()
    lane_kernel.make_ready()
    reader.make_ready()
    life_kernel.make_ready()
    if time.monotonic() - began > 5:
        _log.info("detector compiled; with a writable cache folder this happens once")


def restore(conn: Connection, written: Written | None = None) -> Judge:
    """Rebuild the judge from its newest checkpoint and the inputs since; from all inputs without a valid one.

    Fills ``written`` with that checkpoint.
    """
    judge = _from_checkpoint(conn, written or Written())
    from_none = judge is None
    judge = judge or Judge()
    _, _, next_arrival = judge_db.holder_now(conn)
    if from_none and next_arrival > 1:
        _log.warning(
            "no checkpoint of this version, relearning from stored readings",
            inputs=next_arrival - 1,
        )
    elif judge.arrival + 1 < next_arrival:
        _log.info("rebuilding the judge from stored inputs", after=judge.arrival, upto=next_arrival - 1)
    fold(conn, judge, upto=next_arrival - 1)
    judge.arrival = next_arrival - 1
    if from_none:
        _agree_with_orders(conn, judge)
    return judge


def _from_checkpoint(conn: Connection, written: Written) -> Judge | None:
    """Restore the judge from the newest checkpoint; None if this code can read none."""
    arrival = judge_db.checkpointed(conn, format_=FORMAT)
    if arrival is None:
        return None
    written.arrival = arrival
    try:
        return Judge.from_parts(_noted(judge_db.checkpoint_parts(conn, format_=FORMAT), written.digests), arrival)
    except (ValueError, TypeError, LookupError, msgspec.DecodeError, zlib.error) as error:
        _log.warning("checkpoint unreadable, rebuilding from readings", arrival=arrival, error=str(error))
        written.arrival = None
        return None


def _noted(parts: Iterable[Part], digests: dict[PartName, bytes]) -> Iterator[Part]:
    for part in parts:
        digests[part.name] = _digest(part)
        yield part


def _digest(part: Part) -> bytes:
    return hashlib.blake2b(part.state, digest_size=16).digest()


def fold(conn: Connection, judge: Judge, *, upto: int) -> None:
    """Feed stored inputs to the judge, in order, without acting on its decisions."""
    after = judge.arrival
    while after < upto:
        end = min(after + RESTORE_SPAN, upto)
        events = judge_db.events_after(conn, after, end)
        reads_late = judge.judges_late or any(each.kind in CHANGES_RULES for each in events)
        late = readings.late_after(conn, after, end) if reads_late else ()
        judge.decide(seen(judge, in_order(readings.judged_after(conn, after, end), events, late)))
        after = end


def seen(judge: Judge, inputs: Iterable[Input]) -> Iterator[Input]:
    """Yield inputs, adding each frame's values to the ranges seen, as when it was numbered."""
    for each in inputs:
        if isinstance(each, JudgedFrame):
            seen_values.add(judge, each)
        yield each


def save(conn: Connection, engine: Engine) -> None:
    """Write a checkpoint in the caller's transaction: the parts that have changed since the last one.

    If it cannot be written, the last one stays, an engine alarm says why, and judging continues.
    """
    began = time.monotonic()
    try:
        with conn.transaction():
            written = _write(conn, engine)
    except Exception as error:
        if conn.broken:
            raise
        if not engine.checkpoint_failed:
            _log.exception("ALARM: checkpoint failed, a restart will judge everything since the last one again")
        engine.checkpoint_failed = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
        engine.set_next_checkpoint(time.monotonic() - began)
        engine.not_before = engine.next_checkpoint
        return
    if engine.checkpoint_failed:
        _log.info("checkpoints work again")
    engine.checkpoint_failed = ""
    engine.written, engine.checkpointed = written, engine.judge.arrival
    engine.set_next_checkpoint(time.monotonic() - began)


def _write(conn: Connection, engine: Engine) -> Written:
    """Write the parts that have changed and drop those that are gone; return the new checkpoint."""
    before, now = engine.written, Written(engine.judge.arrival)
    if before.arrival is None or judge_db.checkpointed(conn, format_=FORMAT) != before.arrival:
        judge_db.drop_checkpoint(conn, format_=FORMAT)
        before = Written()

    def changed() -> Iterator[Part]:
        for part in engine.judge.parts():
            digest = now.digests[part.name] = _digest(part)
            if before.digests.get(part.name) != digest:
                yield part

    judge_db.save_checkpoint(conn, engine.judge.arrival, format_=FORMAT, code_version=CODE_VERSION, changed=changed())
    judge_db.drop_parts(conn, [name for name in before.digests if name not in now.digests], format_=FORMAT)
    return now


def _agree_with_orders(conn: Connection, judge: Judge) -> None:
    """Align the order book with the database: other code, or deleted readings, may have decided differently."""
    stored = {entry.id: entry for entry in decisions.unfinished(conn)}
    kept = [entry for entry in judge.book.all() if not entry.unfinished or _same(entry, stored.get(entry.id))]
    known = {entry.id for entry in kept}
    missing = [entry for entry in stored.values() if entry.id not in known]
    if missing or len(kept) != len(judge.book.all()):
        _log.warning("rebuilt state disagrees with open orders; using the database", orders=len(stored))
        judge.book = OrderBook(iter([*kept, *missing]))


def _same(entry: Entry, stored: Entry | None) -> bool:
    def facts(each: Entry) -> tuple[object, ...]:
        return each.component, each.failure_mode, each.severity, each.status

    return stored is not None and facts(entry) == facts(stored)
