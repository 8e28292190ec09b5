"""Passwords in mosquitto's format."""

import base64
import hashlib
import secrets

ROUNDS = 101
"""Rounds of PBKDF2-SHA512, mosquitto's default: these passwords are long and random, not chosen by people."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """Return a password in mosquitto's format: ``$7$<rounds>$<salt>$<hash>``, PBKDF2 with SHA-512."""
    salt = salt or secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, dklen=64)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
