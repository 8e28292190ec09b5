"""Passwords as mosquitto keeps them."""

import base64
import hashlib
import secrets

ROUNDS = 101
"""Of PBKDF2-SHA512, mosquitto's own number: its passwords are long and random here, not thought up by people."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """Return a password as mosquitto keeps it: ``$7$<rounds>$<salt>$<hash>``, PBKDF2 with SHA-512."""
    salt = salt or secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, dklen=64)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
