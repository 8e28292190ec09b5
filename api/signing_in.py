"""From a name and a password to a session: rate-limited, and as slow for who is not there as for who is."""

import re
import secrets
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg_pool import ConnectionPool

from api import passwords
from api.keys import Door
from db.people import sessions, users
from db.people.users import User

WINDOW = timedelta(minutes=15)
MOST_BY_NAME_AND_ADDRESS, MOST_BY_ADDRESS, MOST_BY_DEVICE = 10, 50, 10
"""Wrong passwords in a window. From one address for one name; from one address; from a browser that its user knows."""
MOST_BY_NAME, DELAY_S = 100, 5.0
"""Attempts for one name from anywhere, past which each has to wait so long. It is no lock: a stranger could lock the
owner out by guessing wrong on purpose."""
DEVICE = "plantwright-device"
"""The cookie of a browser from which somebody has signed in."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class WrongPassword(Exception):
    """Name and password do not belong together. It is not said which of them is wrong."""

    def __init__(self) -> None:
        super().__init__("this name and this password do not belong together; an administrator can give a new password")


class TooManyAttempts(Exception):
    """Nobody may try now."""

    def __init__(self, until: datetime, now: datetime) -> None:
        self.retry_after_s = max(1, round((until - now).total_seconds()))
        super().__init__(
            f"there were too many attempts to sign in; try again in {max(1, -(-self.retry_after_s // 60))} minutes"
        )


def delay_s(pool: ConnectionPool, name: str, *, device: str | None, now: datetime) -> float:
    """Count an attempt for a name and return how long it has to wait: not at all where its user knows the browser."""
    name = _called(name)
    with pool.connection(timeout=10) as conn:
        sessions.drop_attempts(conn, now=now, window=WINDOW)
        if _is_known(conn, name, device):
            return 0.0
        attempts, _ = sessions.count_attempt(conn, f"name {name}", now=now, window=WINDOW)
    return DELAY_S if attempts > MOST_BY_NAME else 0.0


def verified(
    pool: ConnectionPool, name: str, password: str, *, address: str, now: datetime, device: str | None = None
) -> User:
    """Return the user of a name and a password. Raises WrongPassword, TooManyAttempts.

    An attempt is counted, and that committed, before the password is looked at: attempts at once count too. From a
    browser that the user has signed in with before they are counted apart, so that nobody else's count there.
    """
    name = _called(name)
    with pool.connection(timeout=10) as conn:
        known_there = _is_known(conn, name, device)
    buckets = {f"{address} {name}": MOST_BY_NAME_AND_ADDRESS, address: MOST_BY_ADDRESS}
    if known_there:
        buckets = {f"device {device} {name}": MOST_BY_DEVICE}
    for bucket, most in buckets.items():
        with pool.connection(timeout=10) as conn:
            attempts, until = sessions.count_attempt(conn, bucket, now=now, window=WINDOW)
        if attempts > most:
            raise TooManyAttempts(until, now)
    with pool.connection(timeout=10) as conn:
        user = users.find(conn, name)
    known = user if user is not None and user.disabled_at is None else None
    if not passwords.fits(known.password_hash if known else None, password):
        raise WrongPassword
    assert known is not None
    with pool.connection(timeout=10) as conn:
        for bucket in (*buckets, f"name {name}"):
            sessions.forgive_attempt(conn, bucket)
        if passwords.is_outdated(known.password_hash):
            users.rehash(conn, known.name, before=known.password_hash, after=passwords.hashed(password))
    return known


def remember_device(pool: ConnectionPool, user: str, device: str | None, *, now: datetime) -> str:
    """Note the browser from which somebody has signed in, and return the token that its cookie keeps."""
    token = device if device and len(device) <= 100 else secrets.token_urlsafe(32)
    with pool.connection(timeout=10) as conn:
        if token == device and not sessions.knows_device(conn, user, token):
            # Not a token that somebody else may have chosen, and knows.
            token = secrets.token_urlsafe(32)
        sessions.note_device(conn, user, token, now=now)
    return token


def _called(name: str) -> str:
    """Return the name as users have it; all that nobody can be called is one name, and so counted together."""
    called = name.strip().lower()
    return called if _NAME.fullmatch(called) else "-"


def _is_known(conn: Connection, name: str, device: str | None) -> bool:
    return bool(device) and len(device or "") <= 100 and sessions.knows_device(conn, name, device or "")


def begin(pool: ConnectionPool, door: Door, user: str, *, now: datetime) -> str:
    """Begin a session of a user and return its token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    with pool.connection(timeout=10) as conn:
        sessions.begin(conn, token, user, at=now, lasting=door.lasting.whole)
    return token
