"""What both embedded servers need from the operating system: their account, their port, and who still uses them.

A server outlives a killed plantwright, so each keeps its pid in a file and the next start decides from it: adopt the
server if it still runs, start a new one if it doesn't. A pid alone proves nothing, because pids are given out again;
every question here also asks for an argument that only this folder's server was started with.
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runtime.embedded import files

LOOPBACK = "127.0.0.1"


class EmbeddedServerError(Exception):
    """An embedded server could not be started, or did not stop; the sentence says what to do about it."""


class FolderNotReachable(EmbeddedServerError):
    """The unprivileged account that runs the servers for root cannot enter the folder."""

    def __init__(self, folder: Path, account: str, barrier: Path) -> None:
        super().__init__(
            f"{folder}: started as root, the database runs as '{account}', who may not enter {barrier}; "
            f"choose another --data-dir (for instance below /var/lib), or: chmod o+x {barrier}"
        )
        self.folder, self.account, self.barrier = folder, account, barrier


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system account that runs a server which refuses to run as root, or should not."""

    name: str
    uid: int
    gid: int


def default_data_dir() -> Path:
    """Return the folder of plantwright's state if none is named.

    Root gets a folder outside its home, which the servers' unprivileged account could not enter.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/plantwright")
    import platformdirs

    return platformdirs.user_data_path("plantwright", appauthor=False)


def server_account(folder: Path) -> Account | None:
    """Return the account to run a server whose files are in ``folder``; None: our own, if we are not root.

    The files' present owner remains: an account named postgres that appears later must not lock us out of them.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        return _account(pwd.getpwuid(owner))
    for name in ("postgres", "nobody"):
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedServerError("no account to run the servers as: root needs a user 'nobody' (or 'postgres') beside it")


def give_folder(folder: Path, account: Account | None) -> None:
    """Create a private folder for the server's files, owned by the account that runs it. Root follows nobody else's
    links.
    """
    try:
        files.refuse_links(folder)
    except files.UntrustedLink as link:
        raise EmbeddedServerError(str(link)) from None
    made = [parent for parent in folder.parents if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if account is not None:
        for parent in made:  # whatever root's umask is
            parent.chmod(0o755)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
        raise EmbeddedServerError(
            f"{folder} belongs to '{owner}'; start as that user, as root, or with another --data-dir"
        )
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fchmod(descriptor, 0o700)
        if account is not None:
            os.fchown(descriptor, account.uid, account.gid)
    finally:
        os.close(descriptor)
    if account is not None:
        for parent in folder.resolve().parents:
            if not _may_enter(parent, account):
                raise FolderNotReachable(folder, account.name, parent)


def reachable(path: Path, account: Account | None) -> bool:
    """Return whether the account may read ``path``, judged by the permissions along the path."""
    if account is None:
        return True
    path = path.resolve()
    return all(_may_enter(parent, account) for parent in path.parents) and bool(path.stat().st_mode & stat.S_IROTH)


def free_port() -> int:
    """Return a loopback port that was free a moment ago. Somebody may take it first, so callers try again."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def runs(pid: int, argument: str) -> bool:
    """Return whether ``pid`` is a living process that was started with ``argument``. A zombie is not living."""
    try:
        return argument.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def end(pid: int, argument: str, *, wait_s: float = 10.0) -> None:
    """Ask a process to end, kill it after ``wait_s``, and return when it has gone. Leaves any other process alone."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not runs(pid, argument):
            return
        os.kill(pid, sign)
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            if not runs(pid, argument):
                return
            time.sleep(0.02)
    raise EmbeddedServerError(f"process {pid} ({argument}) does not end; end it by hand and start again")


@contextmanager
def alone(lock_file: Path) -> Iterator[None]:
    """Lock a folder for the length of a start or a stop; a second process waits its turn."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with files.open_to_append(lock_file) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Use:
    """One process's share in a running server, which the system releases however that process dies."""

    def __init__(self, use_file: Path) -> None:
        self._handle: IO[bytes] | None = files.open_to_append(use_file)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def give_back(self) -> bool:
        """Release the share and return whether it was the last one, so that the server may be stopped.

        Call it within ``alone``, as otherwise a newcomer may adopt a server that is about to stop. True only once.
        """
        if self._handle is None:
            return False
        with self._handle as handle:
            self._handle = None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True


def tail(log: Path, lines: int = 12) -> str:
    """Return the end of a log file, for an error that quotes the server."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def shorten(log: Path, *, limit_bytes: int = 5_000_000) -> None:
    """Rotate a log that has grown before the server starts, keeping one older file."""
    if log.exists() and log.stat().st_size > limit_bytes:
        log.replace(log.with_suffix(".old.log"))


def find_program(name: str) -> Path | None:
    """Find a program in PATH or in the folders of servers, which an ordinary user's PATH leaves out."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"])
    found = shutil.which(name, path=folders)
    return None if found is None else Path(found)


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _may_enter(folder: Path, account: Account) -> bool:
    facts = folder.stat()
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)
