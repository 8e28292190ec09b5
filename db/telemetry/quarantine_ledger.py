"""How what is refused gets into quarantine: a few payloads of each kind, a number beyond, and a bound on all together.

Whoever keeps much has a ledger of what is kept already, so that a burst of bad messages costs three statements a batch.
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
"""Of a payload: as much as the broker that we start lets in. What is cut cannot be tried again."""
KEPT_CHARACTERS = 250
"""Of a topic and of a problem. No readable topic is longer; an entry of an index has at most 2,700 bytes."""
MOST_KINDS = 10_000
"""Kinds kept by their topic. What is refused on other topics is counted together, by its reason."""
OTHER_TOPICS = "(other topics)"
MOST_BYTES = 100 * 1024 * 1024
LOOK_AGAIN_S = 30.0
"""Others drop and retry what is kept; a ledger is read anew after so long."""
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
    """What is kept of each kind, as it was when last looked at, and since.

    Parameters
    ----------
    most_bytes
        Payloads are kept up to so many together; beyond, a kind is kept without.
    full
        Whether a payload was left out for that when something was last kept.
    """

    most_bytes: int = MOST_BYTES
    full: bool = False
    _kept: dict[Kind, set[tuple[bytes, str]]] = field(default_factory=dict)
    _bytes: int = 0
    _read_at: float | None = None

    def forget(self) -> None:
        """Read anew what is kept, when something is kept next: a transaction was undone, or somebody dropped some."""
        self._read_at = None

    def keep(self, conn: Connection, refused: Sequence[Refused]) -> None:
        """Keep of each kind of refusal the first few payloads; what comes again the same, or beyond, is counted."""
        if not refused:
            return
        self.full = False
        if self._read_at is None or time.monotonic() - self._read_at > LOOK_AGAIN_S:
            self._read(conn)
        lost = self._write(conn, refused)
        if lost:
            # Somebody has dropped them since we looked.
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
        """Return the kinds that should have had a row and have none."""
        rows, beyond, payloads = _Rows(), _Rows(), dict[tuple[Any, ...], tuple[bytes, int]]()
        for each in refused:
            kind, told = self._kind(each), (hashlib.sha256(each.payload).digest(), shown(each.problem))
            kept = self._kept.setdefault(kind, set())
            if told not in kept:
                if len(kept) >= PER_KIND:
                    beyond.add(kind, each.received_us)
                    continue
                kept.add(told)
            row = (*kind, *told)
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
        """Return what is kept of a payload; of one for which there is no room any more, nothing."""
        kept = payload[:KEPT_BYTES]
        if self._bytes + len(kept) > self.most_bytes:
            self.full = True
            return b""
        self._bytes += len(kept)
        return kept


def shown(text: str) -> str:
    """Return a topic or a problem as it is kept."""
    whole = storable.text(text)
    return whole if len(whole) <= KEPT_CHARACTERS else f"{whole[:KEPT_CHARACTERS]}… ({len(whole)} characters)"
