"""The folder that all processes of a run of the tests share, and what is left of runs that were killed.

A run has a lock on its folder for as long as it lives; the system gives it back however the run ends.
"""

import fcntl
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from runtime.embedded import process
from tests.parts import memory, timescale

_PREFIX = "plantwright-tests-"
_LOCK = "in-use"
_LOCKLESS_FOR_S = 24 * 3600.0
"""So old is a folder without a lock when nobody makes it just now: a run that ended between two lines has left it."""
_kept: dict[Path, process.Use] = {}


def begin() -> Path:
    """Clear what killed runs have left, and make a folder that the servers' account can enter."""
    clear_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    folder.chmod(0o711)
    _kept[folder] = process.Use(folder / _LOCK)
    memory.make(folder)
    return folder


def end(folder: Path) -> None:
    """Remove a run's folder, and what it has in memory."""
    memory.remove(folder)
    shutil.rmtree(folder, ignore_errors=True)
    _kept.pop(folder).give_back()


def clear_abandoned() -> None:
    """Stop the servers of runs that no living process owns, and remove what they have on the disk and in memory."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*"):
        # One of somebody else, or one that lives, or whose server does not end: the next run tries again.
        with suppress(OSError, process.EmbeddedServerError):
            if (folder / _LOCK).exists():
                with (folder / _LOCK).open("ab") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _clear(folder)
            elif time.time() - folder.stat().st_mtime > _LOCKLESS_FOR_S:
                _clear(folder)


def _clear(folder: Path) -> None:
    embedded = memory.folder(folder) / "postgres" / "data"
    for data, argument in ((embedded, str(embedded)), timescale.data(folder)):
        pid_file = data / "postmaster.pid"
        if pid_file.exists():
            process.end(int(pid_file.read_text().split()[0]), argument)
        shutil.rmtree(data.parent, ignore_errors=True)
    memory.remove(folder)
    shutil.rmtree(folder, ignore_errors=True)
