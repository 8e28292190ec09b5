"""Who is asking: the holder of a key, by a header, or by the cookie that the board gives for one.

Without keys everybody is ``person:anonymous``, which is only sane on loopback: the guard then answers no other name.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection

ANONYMOUS = "person:anonymous"
COOKIE = "plantwright"
_PURPOSE = b"plantwright board"


class KeyMissing(Exception):
    """The request carries no key, or one that is not known."""

    def __init__(self, *, wrong: bool) -> None:
        problem = "the key is not known" if wrong else "a key is needed"
        super().__init__(
            f"{problem}; send one of the settings' api_keys as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
        )
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the settings by name; none means that nobody is asked."""

    by_name: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def actor(self, connection: HTTPConnection) -> str:
        """Return who is asking, as history records it. Raises KeyMissing."""
        if not self.by_name:
            return ANONYMOUS
        key = _sent(connection)
        name = self.name_of(key) if key is not None else self._name_of_cookie(connection.cookies.get(COOKIE, ""))
        if name is None:
            raise KeyMissing(wrong=key is not None)
        return f"key:{name}"

    def name_of(self, key: str) -> str | None:
        """Return the name of a key. Every key is compared, so that the time taken tells nothing."""
        matching = [name for name, known in self.by_name.items() if hmac.compare_digest(known.encode(), key.encode())]
        return matching[0] if matching else None

    def cookie(self, name: str) -> str:
        """Return what the board's cookie holds: proof of the key, not the key. A changed key ends it."""
        return f"{name}.{_proof(self.by_name[name])}"

    def _name_of_cookie(self, cookie: str) -> str | None:
        name, _, proof = cookie.rpartition(".")
        key = self.by_name.get(name)
        return name if key is not None and hmac.compare_digest(_proof(key).encode(), proof.encode()) else None


def _sent(connection: HTTPConnection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return connection.headers.get("x-api-key")


def _proof(key: str) -> str:
    return hmac.new(key.encode(), _PURPOSE, hashlib.sha256).hexdigest()
