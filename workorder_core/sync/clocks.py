"""The clock of a device, compared with the server's. Pure."""

from datetime import datetime, timedelta


def skew_s(sent_at: datetime, now: datetime) -> float:
    """Return by how many seconds a device's clock is ahead of the server's; negative: behind. The time that the request
    took is part of it.
    """
    return (sent_at - now).total_seconds()


def corrected(occurred_at: datetime, skew: float, *, now: datetime) -> datetime:
    """Return when something happened on the server's clock, never later than ``now``."""
    try:
        return min(now, occurred_at - timedelta(seconds=skew))
    except OverflowError:
        return now
