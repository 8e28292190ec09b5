"""From a name and a password to a session: rate-limited, and as slow for who is not there as for who is."""

import secrets
from datetime import datetime, timedelta

from psycopg_pool import ConnectionPool

from api import passwords
from api.keys import Door
from db import sessions, users
from db.users import User

WINDOW = timedelta(minutes=15)
MOST_BY_NAME_AND_ADDRESS, MOST_BY_ADDRESS, MOST_BY_NAME = 10, 50, 100
"""Wrong passwords in a window. From one address for one name; from one address; for one name from anywhere."""


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


def verified(pool: ConnectionPool, name: str, password: str, *, address: str, now: datetime) -> User:
    """Return the user of a name and a password. Raises WrongPassword, TooManyAttempts.

    An attempt is counted, and that committed, before the password is looked at: attempts at once count too.
    """
    name = name.strip().lower()
    buckets = {
        f"{address} {name}": MOST_BY_NAME_AND_ADDRESS,
        address: MOST_BY_ADDRESS,
        f"name {name}": MOST_BY_NAME,
    }
    with pool.connection(timeout=10) as conn:
        sessions.drop_attempts(conn, now=now, window=WINDOW)
    for bucket, most in buckets.items():
        with pool.connection(timeout=10) as conn:
            attempts, until = sessions.count_attempt(conn, bucket, now=now, window=WINDOW)
        if attempts > most:
            raise TooManyAttempts(until, now)
    with pool.connection(timeout=10) as conn:
        user = users.find(conn, name.replace("\0", ""))
    known = user if user is not None and user.disabled_at is None else None
    if not passwords.fits(known.password_hash if known else None, password):
        raise WrongPassword
    assert known is not None
    with pool.connection(timeout=10) as conn:
        for bucket in buckets:
            sessions.forgive_attempt(conn, bucket)
        if passwords.is_outdated(known.password_hash):
            users.rehash(conn, known.name, before=known.password_hash, after=passwords.hashed(password))
    return known


def begin(pool: ConnectionPool, door: Door, user: str, *, now: datetime) -> str:
    """Begin a session of a user and return its token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    with pool.connection(timeout=10) as conn:
        sessions.begin(conn, token, user, at=now, lasting=door.lasting.whole)
    return token
