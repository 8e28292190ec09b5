"""Writing in folders that another account may own, which could have put a link where we write.

Root must not write through such a link: it would change whatever the account points it at. So a file is made anew and
renamed over what was there, a file that is written on is opened without following, and a folder that is reached by a
link is refused where somebody else could have made the link.
"""

import os
import pwd
from pathlib import Path
from typing import IO


class LinkInTheWay(Exception):
    """A path leads through a link that an unprivileged account could have made."""

    def __init__(self, path: Path, link: Path, owner: str) -> None:
        super().__init__(
            f"{path}: {link} is a link in a folder that '{owner}' owns, and root does not write through it; "
            "name the folder that it leads to, or start as that user"
        )


def write_new(file: Path, text: str, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Write a file whole, never readable by others for a moment; what was there, a link too, is replaced.

    ``owner`` is the user and group that the file is given to, where root writes for an unprivileged server.
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
    """Open a file to be written on, made if it is missing. Raises OSError where it is a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(file, flags, 0o600), "ab")


def refuse_links(folder: Path) -> None:
    """Raise LinkInTheWay where root would reach a folder through a link that somebody else could have made."""
    if os.geteuid() != 0:
        return
    whole = folder.absolute()
    for step in (*reversed(whole.parents), whole):
        if step.is_symlink() and (owner := step.parent.stat().st_uid) != 0:
            raise LinkInTheWay(folder, step, _name(owner))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
