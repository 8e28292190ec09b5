"""Writes files in folders that another account may own, and in which it could have planted a link.

Root must not write through such a link: it would change whatever the account points it at. So a new file is written and
renamed over the old one, a file to append to is opened without following links, and a folder reached by a link is
refused if somebody else could have made the link.
"""

import os
import pwd
from pathlib import Path
from typing import IO


class UntrustedLink(Exception):
    """A path leads through a link that an unprivileged account could have made."""

    def __init__(self, path: Path, link: Path, owner: str) -> None:
        super().__init__(
            f"{path}: {link} is a link in a folder that '{owner}' owns, and root does not write through it; "
            "name the folder that it leads to, or start as that user"
        )


def write_new(file: Path, text: str, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Write a file as a whole, at no time readable by others, replacing what was there, even a link.

    ``owner`` is the user and group that get the file, if root writes for an unprivileged server.
    """
    half_written = file.with_name(f"{file.name}.new")
    half_written.unlink(missing_ok=True)
    with os.fdopen(os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "w") as handle:
        handle.write(text)
        handle.flush()
        os.fchmod(handle.fileno(), mode)
        if owner is not None:
            os.fchown(handle.fileno(), *owner)
    half_written.replace(file)


def open_to_append(file: Path) -> IO[bytes]:
    """Open a file to append to, creating it if it is missing. Raises OSError if it is a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(file, flags, 0o600), "ab")


def refuse_links(folder: Path) -> None:
    """Raise UntrustedLink if root would reach a folder through a link that somebody else could have made."""
    if os.geteuid() != 0:
        return
    whole = folder.absolute()
    for step in (*reversed(whole.parents), whole):
        if step.is_symlink() and (owner := step.parent.stat().st_uid) != 0:
            raise UntrustedLink(folder, step, _name(owner))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
