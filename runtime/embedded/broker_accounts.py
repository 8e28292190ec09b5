"""Accounts of the embedded broker: the engine, and this machine's devices and tools, each with a password of its own.

The passwords are created at the first start, in a file that only its owner can read. In addition the name of the
engine's session contains a secret: those who have the devices' password do not know it, so they cannot take over the
session and its queue.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from runtime.broker import passwords
from runtime.embedded import files, process
from runtime.embedded.process import Account

ENGINE, DEVICE = "plantwright-engine", "device"
FILE = "accounts.json"

# Devices and tools may publish and read everything but the pulse by which the engine measures its lag, and the broker's
# log, which contains the secret name of the engine's session.
ACCESS = f"""\
# Written at every start; changes made here are lost.
user {ENGINE}
topic readwrite #
topic read $SYS/#

user {DEVICE}
topic deny plantwright/pulse/#
topic deny $SYS/broker/log/#
topic readwrite #
topic read $SYS/#
"""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The passwords of both, and the name of the engine's session; None if the settings name it.

    In a broker's folder from before there were accounts, messages wait for the session of that name.
    """

    engine: str
    device: str
    session: str | None

    def url(self, port: int, *, engine: bool) -> str:
        """Return the broker's URL, which contains a password: don't print it."""
        name, password = (ENGINE, self.engine) if engine else (DEVICE, self.device)
        return f"mqtt://{name}:{quote(password)}@{process.LOOPBACK}:{port}"


def read(folder: Path) -> Accounts | None:
    """Return the accounts of a broker's folder; None if there are none."""
    try:
        return Accounts(**json.loads((folder / FILE).read_text()))
    except FileNotFoundError:
        return None


def made(folder: Path) -> Accounts:
    """Return the accounts of a broker's folder, creating them at its first start."""
    accounts = read(folder)
    if accounts is None:
        used_before = (folder / "broker.json").exists()
        session = None if used_before else f"plantwright-ingest-{secrets.token_hex(12)}"
        accounts = Accounts(secrets.token_urlsafe(24), secrets.token_urlsafe(24), session)
        files.write_new(folder / FILE, json.dumps(asdict(accounts)))
    return accounts


def write_for_mosquitto(folder: Path, accounts: Accounts, account: Account | None) -> None:
    """Write the password and access files that mosquitto reads, for the account that runs it."""
    write_passwords(folder / "passwords", accounts, account, devices=True)
    files.write_new(folder / "access", ACCESS, owner=_owner(account))


def write_passwords(path: Path, accounts: Accounts, account: Account | None, *, devices: bool) -> None:
    """Write a password file for mosquitto, with or without the devices' account."""
    words = {ENGINE: accounts.engine} | ({DEVICE: accounts.device} if devices else {})
    lines = "".join(f"{name}:{passwords.hashed(word)}\n" for name, word in words.items())
    files.write_new(path, lines, owner=_owner(account))


def _owner(account: Account | None) -> tuple[int, int] | None:
    return None if account is None else (account.uid, account.gid)
