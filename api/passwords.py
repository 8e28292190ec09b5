"""Passwords: Argon2id, by argon2-cffi's own parameters."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workorder_core.sentences import say

LEAST, MOST = 12, 200
_HASHER = PasswordHasher()
# Computing a hash needs 64 MiB: many sign-ins at once must not exhaust the machine's memory.
_ROOM = threading.BoundedSemaphore(2)
_NOBODYS = _HASHER.hash(secrets.token_urlsafe())


class WeakPassword(Exception):
    """An unacceptable password; says what one needs."""


def check(password: str, *, name: str = "") -> None:
    """Raise WeakPassword for a password that is too short, too long, or the user's own name."""
    if not LEAST <= len(password) <= MOST:
        raise WeakPassword(
            say(
                "a password needs {least} to {most} characters; four random words make a good one",
                least=LEAST,
                most=MOST,
            )
        )
    if len(set(password)) < 4 or (name and password.lower().replace(name, "").strip() == ""):
        raise WeakPassword(
            say("this password is one of the first that anybody would try; four random words are better")
        )


def hashed(password: str) -> str:
    """Return the hash to store, with its parameters and salt in it."""
    with _ROOM:
        return _HASHER.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Return whether it is the password. For an unknown user (None) the result is False after the same time."""
    with _ROOM:
        try:
            return _HASHER.verify(password_hash or _NOBODYS, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Return whether the hash was made with other than the present parameters."""
    return _HASHER.check_needs_rehash(password_hash)


def one_time() -> str:
    """Return a password for the first sign-in: five groups that can be read aloud, 95 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))
