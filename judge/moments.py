"""Event time in epoch microseconds, as the judge counts it, and as datetimes in UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = 2**62
"""Later than any event time, and an integer that JSON carries."""


def moment(us: int) -> datetime:
    """Return the time of epoch microseconds."""
    return _EPOCH + timedelta(microseconds=us)


def micros(at: datetime) -> int:
    """Return the epoch microseconds of a time."""
    return (at - _EPOCH) // datetime.resolution


def downtime_span(starts_at: str, ends_at: str | None) -> tuple[int, int]:
    """Return a recorded planned downtime in epoch microseconds; the end is ``FOREVER`` if it is open. A database may
    have one with a year beyond datetime's range, from before such dates were refused.
    """
    start = _read(starts_at)
    end = None if ends_at is None else _read(ends_at)
    return micros(start or _EPOCH), FOREVER if end is None else micros(end)


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
