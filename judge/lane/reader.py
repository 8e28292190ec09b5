"""Reads a batch's plain documents as columns: compiled where it can, the others one by one. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from ingest.formats import payload
from ingest.formats.payload import MAX_BYTES
from ingest.messages import Message
from judge.lane import read_kernel
from judge.lane.lane_kernel import FIRST
from judge.lane.read_kernel import NOT_READ

Whole = npt.NDArray[np.int64]
MOST_AT_ONCE = 64 << 20
"""The most bytes of payloads copied for reading; if a batch has more, the longer ones are read one by one."""
_LONG = 16 << 10
_ROOM = 1_024
"""Initial rows of a table; it doubles."""
_number = msgspec.json.Decoder(float)


class Documents(NamedTuple):
    """What the messages say, as columns: ``counts`` has the readings of each message, `NOT_READ` of one that is not a
    plain document of known signals of an asset on the lane. The times are those of all messages, the other columns have
    the readings in their order.
    """

    counts: Whole
    at_us: Whole
    rows: Whole
    values: npt.NDArray[np.float64]


class Reader:
    """Knows the names of the signals of the assets on the lane, as sets: assets of a kind have the same names."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all names."""
        self._sets: dict[tuple[str, ...], int] = {}
        self._offsets: list[dict[str, int]] = []
        self._set_of = np.zeros(_ROOM, dtype=np.int64)
        self._known = self._used = 0
        self._hashes, self._bytes = np.zeros(_ROOM, dtype=np.uint64), np.zeros(_ROOM, dtype=np.uint8)
        self._of_set, self._place, self._ends = (np.zeros(_ROOM, dtype=np.int64) for _ in range(3))
        self._table = np.full((_ROOM, 2), NOT_READ, dtype=np.int64)

    def name(self, place: int, names: tuple[str, ...]) -> dict[str, int]:
        """Set the names of an asset's signals, in the order of their rows; return the map from names to offsets."""
        number = self._sets.get(names)
        if number is None:
            number = self._sets[names] = len(self._offsets)
            self._offsets.append({name: offset for offset, name in enumerate(names)})
            self._add(number, names)
        self._set_of = with_room(self._set_of, place + 1)
        self._set_of[place] = number
        return self._offsets[number]

    def names(self, place: int) -> dict[str, int]:
        """Return the map from the names of an asset's signals to their offsets."""
        return self._offsets[int(self._set_of[place])]

    def read(self, batch: Sequence[Message], places: Sequence[int], assets: Whole) -> Documents:
        """Read the messages of assets on the lane; ``places`` are their rows in the table ``assets``, `NOT_READ`
        for a message of any other.
        """
        payloads = [message.payload for message in batch]
        lengths = np.fromiter(map(len, payloads), np.int64, len(batch))
        of_place = np.fromiter(places, np.int64, len(batch))
        by_kernel = of_place
        most = MAX_BYTES if int(lengths.sum()) <= MOST_AT_ONCE else _LONG
        if (lengths > most).any():
            by_kernel = np.where(lengths > most, NOT_READ, of_place)
            payloads = [each if len(each) <= most else b"" for each in payloads]
            lengths[lengths > most] = 0
        firsts = assets[of_place, FIRST]
        found = self._compiled(b"".join(payloads), np.cumsum(lengths), by_kernel, firsts)
        unread = np.flatnonzero((found.counts == NOT_READ) & (of_place != NOT_READ)).tolist()
        return self._with_others(found, batch, places, unread, firsts) if unread else found

    def _compiled(self, data: bytes, ends: Whole, places: Whole, firsts: Whole) -> Documents:
        messages, room = len(ends), min(data.count(b":"), len(data) // len(b'"":0'))
        counts, at_us = np.empty(messages, dtype=np.int64), np.zeros(messages, dtype=np.int64)
        rows, values = np.empty(room, dtype=np.int64), np.empty(room)
        odd = np.empty((room, 3), dtype=np.int64)
        count, odds = read_kernel.read(
            np.frombuffer(data, dtype=np.uint8), ends, places, firsts, self._set_of, self._table, self._hashes,
            self._of_set, self._ends, self._bytes, at_us, counts, rows, values, odd,
        )  # fmt: skip
        for reading, begin, end in odd[:odds].tolist():
            values[reading] = _number.decode(data[begin:end])
        return Documents(counts, at_us, rows[:count], values[:count])

    def _with_others(
        self, found: Documents, batch: Sequence[Message], places: Sequence[int], unread: Sequence[int], firsts: Whole
    ) -> Documents:
        """Add the plain documents in another form."""
        plain = payload.plain([batch[number] for number in unread], [True] * len(unread))
        others = {
            number: document
            for number, document in zip(unread, plain, strict=True)
            if document is not None and document.values.keys() <= self.names(places[number]).keys()
        }
        if not others:
            return found
        counts, at_us = found.counts, found.at_us
        for number, document in others.items():
            counts[number], at_us[number] = len(document.values), document.ts * 1000
        ends = np.cumsum(counts.clip(min=0))
        rows, values = np.empty(int(ends[-1]), dtype=np.int64), np.empty(int(ends[-1]))
        compiled = np.ones(len(rows), dtype=np.bool_)
        for number, document in others.items():
            names, first = self.names(places[number]), int(firsts[number])
            part = slice(int(ends[number]) - len(document.values), int(ends[number]))
            compiled[part] = False
            rows[part] = [first + names[name] for name in document.values]
            values[part] = list(document.values.values())
        rows[compiled], values[compiled] = found.rows, found.values
        return Documents(counts, at_us, rows, values)

    def _add(self, number: int, names: tuple[str, ...]) -> None:
        """Add a set's names to the tables."""
        data = "".join(names).encode()
        begin, first, known = self._used, self._known, self._known + len(names)
        self._used, self._known = begin + len(data), known
        self._bytes, self._ends = with_room(self._bytes, self._used), with_room(self._ends, known)
        self._hashes, self._of_set, self._place = (
            with_room(each, known) for each in (self._hashes, self._of_set, self._place)
        )
        self._bytes[begin : self._used] = np.frombuffer(data, dtype=np.uint8)
        lengths = np.fromiter((len(name.encode()) for name in names), np.int64, len(names))
        self._ends[first:known] = begin + np.cumsum(lengths)
        self._of_set[first:known], self._place[first:known] = number, np.arange(len(names))
        if 2 * known >= len(self._table):
            self._table = np.full((1 << (4 * known).bit_length(), 2), NOT_READ, dtype=np.int64)
            first = 0
        read_kernel.enlist(self._table, self._hashes, self._of_set, self._place, self._ends, self._bytes, first, known)


def with_room(table: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """Return the table, doubled if it is full."""
    if rows <= len(table):
        return table
    larger = np.zeros((max(rows, 2 * len(table)), *table.shape[1:]), dtype=table.dtype)
    larger[: len(table)] = table
    return larger


def make_ready() -> None:
    """Compile now, so that the first batch does not wait for it."""
    reader, table = Reader(), np.zeros((1, FIRST + 1), dtype=np.int64)
    reader.name(0, ("a",))
    reader.read([Message("", b'{"ts":1,"values":{"a":1}}', 0)], [0], table)
