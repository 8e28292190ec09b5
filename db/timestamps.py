"""Reads times from the database: in UTC whatever the session's zone is, and always within datetime's range."""

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import DataError
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""What is read for a time before the year 1 or after 9999."""

_TIMESTAMPTZ = psycopg.adapters.types["timestamptz"].oid
_QUICK = {kind: psycopg.adapters.get_loader(_TIMESTAMPTZ, kind) for kind in (Format.TEXT, Format.BINARY)}


class _InUtc(Loader):
    """Uses psycopg's own loader, but not the session's zone, which could carry a time past the end of year 9999.

    One such row would make every list that has it fail, for good.
    """

    def __init__(self, oid: int, context: Any = None) -> None:
        super().__init__(oid, context)
        quick = _QUICK[self.format]
        assert quick is not None
        self._load = quick(oid, None).load

    def load(self, data: Buffer) -> datetime:
        try:
            at: datetime = self._load(data)
        except (DataError, OverflowError):
            return EARLIEST if self._is_early(bytes(data)) else LATEST
        if 1 < at.year < 9999 or not at.utcoffset():
            return at
        # The quick loader leaves an offset on times that UTC has no datetime for.
        return EARLIEST if at.year == 1 else LATEST

    def _is_early(self, data: bytes) -> bool:
        return data.endswith(b"BC") or data.startswith((b"-", b"0001"))


class _InUtcBinary(_InUtc):
    format = Format.BINARY

    def _is_early(self, data: bytes) -> bool:
        return data[0] >= 0x80


def read_in_utc() -> None:
    """Make all connections opened from now on read times this way."""
    psycopg.adapters.register_loader(_TIMESTAMPTZ, _InUtc)
    psycopg.adapters.register_loader(_TIMESTAMPTZ, _InUtcBinary)
