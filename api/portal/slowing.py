"""Limits how often strangers may try: counted in the database, so that several processes count together, and committed
before anything is done, so that simultaneous attempts count too.
"""

from datetime import UTC, datetime

from fastapi import Request
from psycopg_pool import ConnectionPool

from api.addresses import counted_as
from api.signing_in import WINDOW
from db.people import sessions
from workorder_core.sentences import Said, say

MOST_MISSES = 30
"""Wrong addresses tried from one network address in a window; a label's token has 96 bits or more."""
MOST_MADE_BY_ADDRESS, MOST_MADE_BY_LABEL = 20, 60
"""Forms sent in a window from one network address, and by one label."""
MOST_WRITTEN = 30
"""Messages and photos of one request in a window."""


class TooManyRequests(Exception):
    """Further attempts are refused for now."""

    def __init__(self, until: datetime, now: datetime) -> None:
        self.retry_after_s = max(1, round((until - now).total_seconds()))
        self.sentence: Said = say(
            "Too many attempts. Try again in {minutes} minutes; if it is urgent, call.",
            minutes=max(1, -(-self.retry_after_s // 60)),
        )
        super().__init__(self.sentence)


def count(request: Request, bucket: str, most: int) -> None:
    """Count an attempt. Raises TooManyRequests beyond ``most`` in a window."""
    now, pool = datetime.now(UTC), _pool(request)
    with pool.connection(timeout=10) as conn:
        sessions.drop_attempts(conn, now=now, window=WINDOW)
        attempts, until = sessions.count_attempt(conn, f"portal {bucket}", now=now, window=WINDOW)
    if attempts > most:
        raise TooManyRequests(until, now)


def miss(request: Request) -> None:
    """Count a wrong address. Raises TooManyRequests."""
    count(request, f"miss {address(request)}", MOST_MISSES)


def address(request: Request) -> str:
    """Return the network address under which a stranger is counted."""
    return counted_as(request.client.host if request.client else "")


def _pool(request: Request) -> ConnectionPool:
    pool: ConnectionPool = request.app.state.pool
    return pool
