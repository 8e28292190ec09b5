"""Secrets that we must be able to read back, stored so that a copy of the database alone does not reveal them.

They are encrypted by AES-GCM with a key derived from the setting ``secrets_key``. Without it they are stored in the
clear, and pages say so.
"""

import hashlib
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_FOR = b"plantwright secrets of receivers"


class CannotUnseal(Exception):
    """A secret was sealed with a different key from the one in the settings."""

    def __init__(self) -> None:
        super().__init__("its secret was sealed with another secrets_key; set that one again, or give it a new secret")


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """Seals with the key of the settings; ``key`` None stores in the clear."""

    key: str | None = None

    def seal(self, secret: bytes) -> tuple[bytes, bool]:
        """Return the stored form of a secret, and whether it is sealed."""
        if self.key is None:
            return secret, False
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher().encrypt(nonce, secret, _FOR), True

    def unseal(self, stored: bytes, *, sealed: bool) -> bytes:
        """Return a stored secret. Raises CannotUnseal."""
        if not sealed:
            return stored
        if self.key is None:
            raise CannotUnseal
        try:
            return self._cipher().decrypt(stored[:_NONCE], stored[_NONCE:], _FOR)
        except InvalidTag:
            raise CannotUnseal from None

    def _cipher(self) -> AESGCM:
        assert self.key is not None
        return AESGCM(hashlib.sha256(_FOR + self.key.encode()).digest())
