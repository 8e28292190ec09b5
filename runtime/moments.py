"""Event time in epoch microseconds, as the judge counts it, and as datetimes in UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(us: int) -> datetime:
    """Return the time of epoch microseconds."""
    return _EPOCH + timedelta(microseconds=us)


def micros(at: datetime) -> int:
    """Return the epoch microseconds of a time."""
    return (at - _EPOCH) // datetime.resolution
