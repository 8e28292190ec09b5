"""What processes have cost so far, from the system's own accounts."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int, *, reaped: bool = False) -> float:
    """Processor seconds of a process with all its threads; with ``reaped`` also of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if reaped else 13])) / TICKS


def family_cpu_s(pid: int) -> float:
    """Processor seconds of a server and all its children, those that have ended among them."""
    children = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and _parent(each) == pid]
    return cpu_s(pid, reaped=True) + sum(cpu_s(child) for child in children)


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def parent_of(pid: int) -> int:
    return _parent(Path(f"/proc/{pid}"))
