"""Secrets that we have to read again, kept so that a copy of the database alone does not give them away.

They are sealed by AES-GCM with a key made from the settings' ``secrets_key``. Without that setting they are stored as
they are, and pages say so.
"""

import hashlib
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_FOR = b"plantwright secrets of receivers"


class CannotUnseal(Exception):
    """A secret was sealed with another key than the settings have."""

    def __init__(self) -> None:
        super().__init__("its secret was sealed with another secrets_key; set that one again, or give it a new secret")


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """Seals with a key of the settings; ``key`` None stores plainly."""

    key: str | None = None

    def seal(self, secret: bytes) -> tuple[bytes, bool]:
        """Return a secret as it is stored, and whether it is sealed."""
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
