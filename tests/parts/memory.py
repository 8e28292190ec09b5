"""A folder in memory for the servers that a whole run shares: what they write need not survive the machine.

A new database is some three hundred files. On a disk that costs half a second, and a run makes a thousand of them.
"""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NEEDED_BYTES = 4 << 30
"""What has to be free there and of the machine's memory; a run uses about a tenth of it."""


def make(run_folder: Path) -> None:
    """Make the folder of a run; one on the disk, inside ``run_folder``, where the machine has no memory to spare."""
    folder = _in_memory(run_folder) if _is_roomy() else _on_disk(run_folder)
    folder.mkdir()
    folder.chmod(0o711)


def folder(run_folder: Path) -> Path:
    """Return what ``make`` has made, from any process of the run."""
    found = _in_memory(run_folder)
    return found if found.exists() else _on_disk(run_folder)


def remove(run_folder: Path) -> None:
    """Give the memory back."""
    shutil.rmtree(folder(run_folder), ignore_errors=True)


def _in_memory(run_folder: Path) -> Path:
    return _MEMORY / run_folder.name


def _on_disk(run_folder: Path) -> Path:
    return run_folder / "servers"


def _is_roomy() -> bool:
    try:
        there = os.statvfs(_MEMORY)
        facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    except OSError:
        return False
    free = int(facts.get("MemAvailable", "0 kB").split()[0]) * 1024
    return min(there.f_bavail * there.f_frsize, free) >= _NEEDED_BYTES and os.access(_MEMORY, os.W_OK | os.X_OK)
