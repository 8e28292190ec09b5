"""Writes refusals to quarantine: a few payloads of each kind, a count of the rest, and a bound on the total size.

The ledger caches what is stored already, so that a burst of bad messages costs three statements a batch.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql, storable
from ingest.messages import Refused

PER_KIND = 5
"""Payloads kept of each topic and reason: the first ones."""
KEPT_BYTES = 2 * 1024 * 1024
"""Bytes stored of a payload: the embedded broker's limit. A truncated message cannot be retried."""
KEPT_CHARACTERS = 250
"""Characters stored of a topic and of a problem. No valid topic is longer; an index entry has at most 2,700 bytes."""
MOST_KINDS = 10_000
"""Kinds stored by topic. Refusals on further topics are counted together, by reason."""
OTHER_TOPICS = "(other topics)"
MOST_BYTES = 100 * 1024 * 1024
LOOK_AGAIN_S = 30.0
"""Age after which a ledger is reloaded, because others delete and retry messages."""
_QUERIES = sql.load("quarantine")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Kind = tuple[Any, ...]
"""A topic and a reason."""


@dataclass(slots=True)
class _Rows:
    """Rows of one statement, by what tells them apart: how often, and when first and last (epoch microseconds)."""

    of: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    def add(self, key: tuple[Any, ...], at_us: int) -> None:
        counted = self.of.get(key)
        if counted is None:
            self.of[key] = [1, at_us, at_us]
        else:
            counted[0] += 1
            counted[1], counted[2] = min(counted[1], at_us), max(counted[2], at_us)

    def columns(self, *names: str) -> dict[str, list[Any]]:
        """Return the keys' parts under these names, and ``times``, ``firsts`` and ``lasts``."""
        keys, counts = list(self.of), list(self.of.values())
        found = {name: [key[i] for key in keys] for i, name in enumerate(names)}
        found["times"] = [times for times, _, _ in counts]
        found["firsts"] = [_EPOCH + timedelta(microseconds=first) for _, first, _ in counts]
        found["lasts"] = [_EPOCH + timedelta(microseconds=last) for _, _, last in counts]
        return found


@dataclass(slots=True)
class Ledger:
    """What is stored of each kind, as last loaded and added since.

    Parameters
    ----------
    most_bytes
        Total size of stored payloads; beyond it, a kind is stored without payloads.
    full
        Whether the last write left out a payload for that reason.
    """

    most_bytes: int = MOST_BYTES
    full: bool = False
    _kept: dict[Kind, set[tuple[bytes, str]]] = field(default_factory=dict)
    _bytes: int = 0
    _read_at: float | None = None

    def forget(self) -> None:
        """Reload at the next write: a transaction was rolled back, or messages were deleted."""
        self._read_at = None

    def keep(self, conn: Connection, refused: Sequence[Refused]) -> None:
        """Store the first few payloads of each kind of refusal; count repetitions and further ones."""
        if not refused:
            return
        self.full = False
        if self._read_at is None or time.monotonic() - self._read_at > LOOK_AGAIN_S:
            self._read(conn)
        lost = self._write(conn, refused)
        if lost:
            # They were deleted after we loaded.
            for kind in lost:
                self._kept.pop(kind, None)
            self._write(conn, [each for each in refused if self._kind(each) in lost])

    def _read(self, conn: Connection) -> None:
        self._kept, self._bytes, self._read_at = {}, 0, time.monotonic()
        with conn.cursor(row_factory=tuple_row) as cursor:
            for topic, reason, sha256, problem, size in cursor.execute(_QUERIES["ledger"]):
                self._kept.setdefault((topic, reason), set()).add((bytes(sha256), problem))
                self._bytes += size

    def _kind(self, refused: Refused) -> Kind:
        kind = (shown(refused.topic), refused.reason.value)
        if kind in self._kept or len(self._kept) < MOST_KINDS:
            return kind
        return OTHER_TOPICS, refused.reason.value

    def _write(self, conn: Connection, refused: Sequence[Refused]) -> set[Kind]:
        """Return the kinds whose rows are missing."""
        rows, beyond, payloads = _Rows(), _Rows(), dict[tuple[Any, ...], tuple[bytes, int]]()
        for each in refused:
            kind, identity = self._kind(each), (hashlib.sha256(each.payload).digest(), shown(each.problem))
            kept = self._kept.setdefault(kind, set())
            if identity not in kept:
                if len(kept) >= PER_KIND:
                    beyond.add(kind, each.received_us)
                    continue
                kept.add(identity)
            row = (*kind, *identity)
            if row not in payloads:
                payloads[row] = self._with_room(each.payload), len(each.payload)
            rows.add(row, each.received_us)
        if rows.of:
            found = rows.columns("topics", "reasons", "digests", "problems")
            found["payloads"] = [payloads[row][0] for row in rows.of]
            found["sizes"] = [payloads[row][1] for row in rows.of]
            with conn.cursor(binary=True) as cursor:
                cursor.execute(_QUERIES["put"], found)
        if not beyond.of:
            return set()
        with conn.cursor(row_factory=tuple_row) as cursor:
            counted = set(cursor.execute(_QUERIES["count_beyond"], beyond.columns("topics", "reasons")))
        return {kind for kind in beyond.of if kind not in counted}

    def _with_room(self, payload: bytes) -> bytes:
        """Return the part of a payload to store: nothing if there is no room left."""
        kept = payload[:KEPT_BYTES]
        if self._bytes + len(kept) > self.most_bytes:
            self.full = True
            return b""
        self._bytes += len(kept)
        return kept


def shown(text: str) -> str:
    """Return the stored form of a topic or a problem."""
    whole = storable.text(text)
    return whole if len(whole) <= KEPT_CHARACTERS else f"{whole[:KEPT_CHARACTERS]}… ({len(whole)} characters)"
