"""Reads messages before their batch begins, while waiting for the database. No I/O, no clock."""

import operator
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from ingest.formats import payload
from ingest.formats.payload import Plain
from ingest.messages import Message


class _Ahead(NamedTuple):
    """Messages read before their batch: which of them were ``wanted`` then, and their documents."""

    coming: Sequence[Message]
    wanted: Sequence[bool]
    documents: list[Plain | None]


NOTHING = _Ahead((), [], [])


class ReadAhead:
    """Plain documents of the messages that will come as the next batch, or as its beginning."""

    def __init__(self) -> None:
        self._ahead = NOTHING

    def read(self, coming: Sequence[Message], wanted: Sequence[bool]) -> None:
        """Read the ``wanted`` ones of the messages that are coming."""
        self._ahead = _Ahead(coming, wanted, payload.plain(coming, wanted))

    def documents(self, batch: Sequence[Message], wanted: Sequence[bool]) -> list[Plain | None]:
        """Return the batch's plain documents, None for those that are none or not ``wanted``."""
        (coming, then, documents), self._ahead = self._ahead, NOTHING
        if not coming or not all(map(operator.is_, coming, batch)):
            return payload.plain(batch, wanted)
        ahead = documents[: len(batch)] + [None] * (len(batch) - len(coming))
        # An asset that has entered the lane since then is read now. If skipped, it would leave the lane with its
        # message, be off while the next batch is read ahead, and so never return.
        missing = [now and not before for now, before in zip_longest(wanted, then[: len(batch)], fillvalue=False)]
        if not any(missing):
            return ahead
        return [one or other for one, other in zip(ahead, payload.plain(batch, missing), strict=True)]
