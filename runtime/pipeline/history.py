"""Imports recorded history: stored as late, so that it opens no orders, and learned by the models at the end.

It may run beside the process that judges: each piece gets its sequence numbers between two batches.
"""

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from msgspec import structs
from rich.console import Console
from rich.progress import Progress as Bar

from db.plant import names
from db.telemetry import imports, readings, sources
from db.telemetry import judge as judge_db
from db.telemetry.catalogue import Catalogue
from db.telemetry.imports import Progress
from db.telemetry.quarantine_ledger import Ledger
from ingest import history
from ingest.border import Bad, Bounds
from ingest.formats import mapped
from ingest.formats import mapping as mappings
from ingest.formats.mapping import Mapping
from ingest.local_time import RowOrder
from ingest.messages import Details, Frame, Reason, Refused
from ingest.replay import InvalidMapping, stem
from runtime.cli.command_line import warn
from runtime.pipeline import admission, arrivals
from runtime.pipeline.sequence import Numbering
from runtime.pipeline.splitting import is_of_content
from runtime.settings import Settings
from workorder_core.plant import new_names
from workorder_core.plant.new_names import NameKind
from workorder_core.plant.signals import implausible
from workorder_core.sentences import kept

PIECE = 2_000
"""Rows in a transaction: the most that a killed import repeats; it also bounds how long the judge waits."""
EVENT = 500
"""Frames in one event for the judge."""


@dataclass(slots=True)
class _Piece:
    """Rows stored together. ``sources`` has each frame's row, by its number in the file."""

    frames: list[Frame] = field(default_factory=list)
    sources: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    rows: int = 0


class Import:
    """The import of one file.

    Parameters
    ----------
    warm_frames
        How many of each asset's newest frames its model learns; 0: none.
    """

    def __init__(
        self, conn: psycopg.Connection, file: Path, mapping: Mapping, settings: Settings, warm_frames: int
    ) -> None:
        self._conn, self._file, self._mapping, self._warm = conn, file, mapping, warm_frames
        self._stem = stem(file)
        self._bounds = Bounds(oldest_us=settings.oldest_days * 86_400_000_000, skew_us=round(settings.max_skew_s * 1e6))
        self._digest = _digest(file, mapping)
        with conn.transaction():
            self.progress: Progress = imports.begin(conn, self._digest, file.name)
            self.committed = replace(self.progress)
            self._admission = replace(settings.admission, unknown=True)
            self._catalogue = Catalogue.load(conn, self._admission)
            self._names = sources.foreign_names(conn)
        self._quarantine = Ledger(settings.quarantine_most_mb * 1024 * 1024)
        self._tails: dict[str, deque[tuple[int, dict[str, float]]]] = {}
        self._classified: set[str] = set()
        self._known = frozenset(self._catalogue.assets)
        self._class = names.new(conn, NameKind.CLASS, [mapping.asset_class])
        self._order = RowOrder()

    def doubts(self) -> list[str]:
        """Return "did you mean" sentences for the assets that the file created, and their class."""
        made = sorted(self._catalogue.assets.keys() - self._known)
        found = self._class + new_names.new_names(NameKind.ASSET, made, dict.fromkeys(self._known, True))
        return [
            f"the {each.kind} {each.name!r} is new; did you mean {' or '.join(each.alike)}?"
            for each in new_names.slips(found)
        ]

    def pieces(self) -> Iterator[int]:
        """Store the file piece by piece, committing each; yield how many rows have been read."""
        if self.progress.finished:
            return
        skip, piece = self.progress.rows_done, _Piece()
        for number, row in enumerate(history.rows(self._file, self._mapping), start=1):
            self._read(row, number, piece, known=number <= skip)
            if piece.rows == PIECE:
                yield self._commit(piece)
                piece = _Piece()
        yield self._commit(piece, last=True)

    def _read(self, row: dict[str, Any], number: int, piece: _Piece, *, known: bool) -> None:
        now_us = time.time_ns() // 1000
        bad: list[Bad] = []
        try:
            frame, bad = mapped.row(self._mapping, row, self._stem, now_us, self._bounds, self._order, self._names)
            if frame.values or frame.texts:
                details = replace(frame.details or Details(), historical=True)
                frame = structs.replace(frame, details=details)
                if known:
                    self._admit_again(frame)
                else:
                    piece.frames.append(frame)
                    piece.sources.append((number, row))
        except Bad as wrong:
            bad = [wrong]
        if known:
            return
        piece.rows += 1
        piece.refused += [self._refused(number, row, now_us, each.reason, each.problem) for each in bad]

    def _refused(self, number: int, row: dict[str, Any], now_us: int, reason: Reason, problem: str) -> Refused:
        payload = json.dumps(row, default=str, ensure_ascii=False).encode()
        return Refused(f"import/{self._file.name}", payload, now_us, reason, f"row {number}: {problem}")

    def _admit(self, frames: Sequence[Frame]) -> tuple[list[Frame], list[dict[str, int]], list[Refused]]:
        admitted, ids, refused, *_ = admission.admit(self._conn, frames, self._catalogue)
        for key in {frame.key for frame in admitted} - self._classified:
            imports.classify(self._conn, self._catalogue.asset_id(key), self._mapping.asset_class)
            self._classified.add(key)
        return admitted, ids, refused

    def _admit_again(self, frame: Frame) -> None:
        """Skip a row that an earlier run has stored, or that the database refused."""
        known = self._catalogue.known(frame.key)
        is_new = known is None or not known.signals.keys() >= frame.values.keys()
        try:
            with self._undoing([frame]) if is_new else nullcontext():
                self._gather(self._admit([frame])[0])
        except psycopg.Error as error:
            if not is_of_content(error):
                raise

    @contextmanager
    def _undoing(self, frames: Sequence[Frame]) -> Iterator[None]:
        """Work on frames within a savepoint: an error undoes everything, in the catalogue too."""
        known, classified = self._catalogue.remember({frame.key for frame in frames}), set(self._classified)
        try:
            with self._conn.transaction():
                yield
        except BaseException:
            self._catalogue.go_back(known)
            self._classified = classified
            raise

    def _gather(self, frames: Sequence[Frame]) -> None:
        """Keep the frames that the models are to learn at the end."""
        for frame in frames:
            if self._warm and frame.details is not None and frame.details.quality < 2:
                doubtful = implausible(frame.values, self._catalogue.assets[frame.key].plausible)
                values = {name: value for name, value in frame.values.items() if name not in doubtful}
                self._tails.setdefault(frame.key, deque(maxlen=self._warm)).append((frame.at_us, values))

    def _store(self, piece: _Piece, begin: int, end: int, first: int) -> int:
        """Store those frames of a piece; return the next free sequence number. A row that the database refuses is
        refused alone, and found by halving.
        """
        try:
            with self._undoing(piece.frames[begin:end]):
                frames, ids, refused = self._admit(piece.frames[begin:end])
                numbering = Numbering(first, [], range(len(frames)))
                arrived = arrivals.arrange(self._conn, frames, ids, {}, numbering.number, assets=self._catalogue.assets)
                readings.insert_new(self._conn, arrived.columns)
        except psycopg.Error as error:
            if not is_of_content(error):
                raise
            if end - begin > 1:
                middle = (begin + end) // 2
                return self._store(piece, middle, end, self._store(piece, begin, middle, first))
            why = error.diag.message_primary or str(error).strip().partition("\n")[0]
            now_us, problem = time.time_ns() // 1000, kept("the database refuses it: {error}", error=why)
            piece.refused.append(self._refused(*piece.sources[begin], now_us, Reason.REFUSED_BY_DATABASE, problem))
            return first
        self._gather(frames)
        piece.refused += [*refused, *arrived.refused]
        self.progress.stored += len(arrived.columns)
        return numbering.next

    def _commit(self, piece: _Piece, *, last: bool = False) -> int:
        with self._conn.transaction():
            first = imports.lock(self._conn)
            imports.move(self._conn, first, self._store(piece, 0, len(piece.frames), first))
            sources.own_names(self._conn, self._names)
            self._quarantine.keep(self._conn, piece.refused)
            self.progress.rows_done += piece.rows
            self.progress.refused += len(piece.refused)
            self.progress.finished = last
            if last:
                self._tell_the_judge()
            imports.advance(self._conn, self._digest, self.progress)
        self.committed = replace(self.progress)
        return self.progress.rows_done

    def _tell_the_judge(self) -> None:
        for key, tail in self._tails.items():
            frames = sorted(tail, key=lambda each: each[0])
            for i in range(0, len(frames), EVENT):
                payload = {"frames": frames[i : i + EVENT], "file": self._file.name}
                judge_db.add(self._conn, "history", payload, "system:import", self._catalogue.asset_id(key))


def run(
    files: Sequence[Path],
    mapping_name: str,
    settings: Settings,
    warm_frames: int,
    stop: threading.Event,
    console: Console,
) -> None:
    """Import files in their order, each mapping's assets oldest first. Raises InvalidMapping."""
    mapping = mappings.read(mapping_name)
    for file in files:
        if not file.is_file():
            raise InvalidMapping(str(file), "there is no such file")
    assert settings.database is not None
    with psycopg.connect(settings.database, autocommit=True) as conn, Bar(console=console) as bar:
        for file in files:
            imported = Import(conn, file, mapping, settings, warm_frames)
            before = imported.progress.rows_done
            if imported.progress.finished:
                console.print(f"{file.name}: is in already ({before:,} rows)")
                continue
            task = bar.add_task(file.name, total=None, completed=before)
            try:
                for done in imported.pieces():
                    bar.update(task, completed=done)
                    if stop.is_set() and not imported.progress.finished:
                        console.print(f"{file.name}: stopped after {done:,} rows; the same command goes on from there")
                        return
            except InvalidMapping as wrong:
                raise InvalidMapping(wrong.source, f"{wrong.problem}; {_so_far(imported.committed)}") from None
            except psycopg.Error:
                done = imported.committed.rows_done
                console.print(f"{file.name}: {done:,} rows are in; the same command goes on from there")
                raise
            bar.update(task, total=imported.progress.rows_done)
            console.print(_summary(file, imported.progress, before))
            warn(imported.doubts(), console)


def _so_far(progress: Progress) -> str:
    """Return how much is stored of a file that cannot be read to its end."""
    if not progress.rows_done:
        return "nothing of the file is stored"
    return (
        f"the first {progress.rows_done:,} rows are stored ({progress.stored:,} readings): correct the file and import "
        "it again, what is stored already is not stored twice"
    )


def _summary(file: Path, progress: Progress, before: int) -> str:
    again = f" (went on after row {before:,})" if before else ""
    refused = f", {progress.refused:,} refused: plantwright quarantine lists them" if progress.refused else ""
    return f"{file.name}: {progress.rows_done:,} rows, {progress.stored:,} readings stored{refused}{again}"


def _digest(file: Path, mapping: Mapping) -> bytes:
    digest = hashlib.sha256(f"{mapping.version} {file.name}".encode())
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.digest()
