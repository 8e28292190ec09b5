"""Identifies the requester: by a key in a header, or a session in a cookie."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg import Connection
from starlette.requests import HTTPConnection

from db.people import api_keys, sessions
from db.people.sessions import Session
from workorder_core.people.access import Role, Who
from workorder_core.sentences import say

COOKIE = "plantwright"


class KeyMissing(Exception):
    """The request carries neither a key nor a session, or an invalid one."""

    def __init__(self, *, wrong: bool) -> None:
        problem = say("the key is not known, or has been revoked") if wrong else say("sign in at /login, or use a key")
        super().__init__(
            say(
                "{problem}; send a key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'; create one "
                "with `plantwright keys add` or on the page of users and keys",
                problem=problem,
            )
        )
        self.wrong = wrong


class FormNotOurs(Exception):
    """A request authenticated by a browser's session lacks that session's token."""

    def __init__(self) -> None:
        super().__init__(
            say(
                "this was not sent from a page of this session; reload the page, then send it again. A "
                "script sends a key, or the session's token as 'X-CSRF-Token'"
            )
        )


class PasswordMustChange(Exception):
    """The session was opened with a password that somebody else set."""

    def __init__(self) -> None:
        super().__init__(say("your password was set by somebody else; choose your own at /password first"))


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lasts: without use, and in total."""

    idle: timedelta = timedelta(hours=12)
    whole: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Door:
    """How an application authenticates people and systems.

    Parameters
    ----------
    by_name
        Keys of the settings by name. Whoever can write the settings can do everything, so these keys can.
    pages_as
        Users as whom pages are signed in without a password, for requests to a loopback name of this machine: the first
        at once, the others by a menu.
    """

    by_name: Mapping[str, str]
    pages_as: tuple[str, ...] = ()
    lasting: Lasting = field(default_factory=Lasting)

    def key(self, conn: Connection, key: str, *, now: datetime, noted: bool = True) -> Who | None:
        """Return the holder of a key. All of the settings' keys are compared, so that timing reveals nothing."""
        matching = [name for name, known in self.by_name.items() if hmac.compare_digest(known.encode(), key.encode())]
        if matching:
            return Who(f"key:{matching[0]}", frozenset({Role.ADMINISTRATOR}))
        return api_keys.find(conn, key, now=now, noted=noted)

    def session(self, conn: Connection, token: str, *, now: datetime, noted: bool = True) -> Session | None:
        """Return the session of a cookie's token. ``noted``: its use is recorded."""
        return sessions.find(conn, token, now=now, idle=self.lasting.idle, noted=noted)


def sent(connection: HTTPConnection) -> str | None:
    """Return the key that a request carries."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return connection.headers.get("x-api-key")


def form_token(token: str) -> str:
    """Return the token of a session's forms: derived from its secret, which it does not reveal."""
    return hmac.new(token.encode(), b"plantwright forms", hashlib.sha256).hexdigest()


def masked(form_token: str) -> str:
    """Return a form's token masked differently each time, so that the size of a compressed page reveals nothing."""
    mask = secrets.token_bytes(len(form_token) // 2)
    return (mask + _exclusive(mask, bytes.fromhex(form_token))).hex()


def unmasked(sent: str) -> str:
    """Return the unmasked token; any other text is returned unchanged."""
    try:
        raw = bytes.fromhex(sent)
    except ValueError:
        return sent
    if len(raw) != _MASKED_BYTES:
        return sent
    return _exclusive(raw[: _MASKED_BYTES // 2], raw[_MASKED_BYTES // 2 :]).hex()


_MASKED_BYTES = 64


def _exclusive(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
