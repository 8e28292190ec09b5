"""From a name and a password to a session: rate-limited, and as slow for unknown users as for known ones."""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg_pool import ConnectionPool

from api import passwords
from api.addresses import counted_as
from api.keys import Door
from db.people import sessions, users
from db.people.users import User
from workorder_core.sentences import say

WINDOW = timedelta(minutes=15)
MOST_BY_NAME_AND_ADDRESS, MOST_BY_ADDRESS, MOST_BY_DEVICE = 10, 50, 10
"""The most wrong passwords in a window: from one address (of IPv6, one /64) for one name; from one address; from a
browser known for the user."""
MOST_BY_NAME, DELAY_S = 100, 5.0
"""Attempts for one name from anywhere, above which each waits this long. It is not a lock: a stranger could lock the
owner out by guessing wrong on purpose."""
MOST_AT_ONCE = 100
"""The most attempts from unknown browsers that wait or are verified, so that signing in never occupies all slots."""
BUSY = timedelta(seconds=5)
DEVICE = "plantwright-device"
"""The cookie of a browser from which somebody has signed in."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class WrongPassword(Exception):
    """Name and password do not match. The error does not say which of them is wrong."""

    def __init__(self) -> None:
        super().__init__(
            say("this name and this password do not belong together; an administrator can give a new password")
        )


class TooManyAttempts(Exception):
    """Further attempts are blocked for now."""

    def __init__(self, until: datetime, now: datetime) -> None:
        self.retry_after_s = max(1, round((until - now).total_seconds()))
        super().__init__(
            say(
                "there were too many attempts to sign in; try again in {minutes} minutes",
                minutes=max(1, -(-self.retry_after_s // 60)),
            )
        )


@dataclass(frozen=True, slots=True)
class Admission:
    """A counted attempt, whose password may be verified after ``delay_s``."""

    name: str
    buckets: tuple[str, ...]
    delay_s: float = 0.0
    known_browser: bool = False


def admit(
    pool: ConnectionPool, name: str, *, address: str, now: datetime, device: str | None = None, delayed: bool = True
) -> Admission:
    """Count an attempt, and commit that, before its password is verified: simultaneous attempts count too. Attempts
    from a browser known for the user are counted separately, so that nobody else's affect them, and do not wait. An
    address beyond its limit is refused at once and does not count for the name: otherwise a few addresses could occupy
    every slot with waiting. Raises TooManyAttempts.
    """
    name, address = _called(name), counted_as(address)
    with pool.connection(timeout=10) as conn:
        sessions.drop_attempts(conn, now=now, window=WINDOW)
        known = _is_known(conn, name, device)
    buckets = {f"{address} {name}": MOST_BY_NAME_AND_ADDRESS, address: MOST_BY_ADDRESS}
    if known:
        buckets = {f"device {device} {name}": MOST_BY_DEVICE}
    for bucket, most in buckets.items():
        attempts, until = _counted(pool, bucket, now)
        if attempts > most:
            raise TooManyAttempts(until, now)
    if known or not delayed:
        return Admission(name, tuple(buckets), known_browser=known)
    attempts, _ = _counted(pool, by_name := f"name {name}", now)
    return Admission(name, (*buckets, by_name), DELAY_S if attempts > MOST_BY_NAME else 0.0)


def proven(pool: ConnectionPool, admission: Admission, password: str) -> User:
    """Return the user of an admitted attempt. Raises WrongPassword."""
    with pool.connection(timeout=10) as conn:
        user = users.find(conn, admission.name)
    known = user if user is not None and user.disabled_at is None else None
    if not passwords.fits(known.password_hash if known else None, password):
        raise WrongPassword
    assert known is not None
    with pool.connection(timeout=10) as conn:
        for bucket in admission.buckets:
            sessions.forgive_attempt(conn, bucket)
        if passwords.is_outdated(known.password_hash):
            before, after = known.password_hash, passwords.hashed(password)
            users.rehash(conn, known.name, before=before, after=after)
            known = replace(known, password_hash=after)
    return known


def _counted(pool: ConnectionPool, bucket: str, now: datetime) -> tuple[int, datetime]:
    with pool.connection(timeout=10) as conn:
        return sessions.count_attempt(conn, bucket, now=now, window=WINDOW)


def remember_device(pool: ConnectionPool, user: str, device: str | None, *, now: datetime) -> str:
    """Record the browser from which somebody has signed in, and return the token for its cookie."""
    token = device if device and len(device) <= 100 else secrets.token_urlsafe(32)
    with pool.connection(timeout=10) as conn:
        if token == device and not sessions.knows_device(conn, user, token):
            # Not a token that somebody else may have chosen and know.
            token = secrets.token_urlsafe(32)
        sessions.note_device(conn, user, token, now=now)
    return token


def _called(name: str) -> str:
    """Normalise a user name; all invalid names become one, and so are counted together."""
    called = name.strip().lower()
    return called if _NAME.fullmatch(called) else "-"


def _is_known(conn: Connection, name: str, device: str | None) -> bool:
    return bool(device) and len(device or "") <= 100 and sessions.knows_device(conn, name, device or "")


def begin(pool: ConnectionPool, door: Door, name: str, *, now: datetime, password_hash: str | None = None) -> str:
    """Begin a session of a user and return its token, which only the browser stores. ``password_hash`` is the verified
    one: if the password has changed since, or the user was disabled, there is no session. Raises WrongPassword.
    """
    token = secrets.token_urlsafe(32)
    with pool.connection(timeout=10) as conn:
        begun = sessions.begin(conn, token, name, at=now, lasting=door.lasting.whole, password_hash=password_hash)
    if not begun:
        raise WrongPassword
    return token
