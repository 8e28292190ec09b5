"""Children of one process tree: started with the same settings, monitored, stopped together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import structlog

_log = structlog.get_logger("serve")
STOP_GRACE_S = 20.0
MOST_PATIENCE_S = 30.0
STOPS_ALL = (2, 3)
"""Exit codes after which a restart cannot help: invalid settings, and another writer on the plant."""


@dataclass(slots=True)
class Children:
    """The processes of ``serve``. One that dies is restarted; its state is in the database."""

    environment: Mapping[str, str]
    log: Path | None = None
    """The file for their output; None: our own standard error."""
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)
    _patience: dict[str, float] = field(default_factory=dict)

    def start(self, names: Sequence[str]) -> None:
        """Start ``plantwright <name>`` for each name."""
        for name in names:
            command = [sys.executable, "-m", "runtime.cli.main", name, "--with-parent", str(os.getpid())]
            # A group of its own: Ctrl-C in a terminal is for the parent, which then stops its children in order.
            with nullcontext() if self.log is None else self.log.open("ab") as output:
                self._running[name] = subprocess.Popen(
                    command, env=dict(self.environment), process_group=0, stdout=output, stderr=output
                )
            self._begun[name] = time.monotonic()

    def check(self) -> str | None:
        """Restart dead processes; return a sentence if that cannot help."""
        for name, child in list(self._running.items()):
            code = child.poll()
            if code is None:
                continue
            if code in STOPS_ALL:
                return f"{name} has stopped and says why above" if self.log is None else f"{name} has stopped"
            if time.monotonic() - self._begun[name] >= self._patience.get(name, 1.0):
                lasted = time.monotonic() - self._begun[name]
                patience = self._patience.get(name, 1.0)
                self._patience[name] = 1.0 if lasted > MOST_PATIENCE_S else min(2 * patience, MOST_PATIENCE_S)
                _log.warning("process ended, restarted", process=name, exit_code=code)
                self.start([name])
        return None

    def pids(self) -> dict[str, int]:
        """The process ids by name."""
        return {name: child.pid for name, child in self._running.items()}

    def stop(self) -> None:
        """Ask each to stop, wait, and kill those that do not."""
        for child in self._running.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_S
        for name, child in self._running.items():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning("process did not stop in time, killed", process=name)
                child.kill()
                child.wait()
        self._running.clear()


def stop_on_signals(parent: int | None = None) -> threading.Event:
    """Return an event that SIGINT, SIGTERM and, given its process id, the death of the parent set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if parent is not None:
        threading.Thread(target=_until_orphaned, args=(parent, stop), daemon=True).start()
    return stop


def _until_orphaned(parent: int, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        if os.getppid() != parent:
            stop.set()
