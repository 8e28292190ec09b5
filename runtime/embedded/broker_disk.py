"""Keep the embedded mosquitto from acknowledging what it cannot save: block devices before its disk is full.

mosquitto queues messages in memory and saves the whole queue every second or two. On a full disk it cannot, logs that,
and goes on acknowledging: if it is killed then, everything since its last save is lost. So the disk has to be watched:

- below a limit the devices' account is removed from the password file. mosquitto rereads that on SIGHUP, disconnects
accounts that are no longer in it, and refuses them as "not authorised"; the engine stays and empties the queue. Devices
keep what was not acknowledged and reconnect by themselves.
- if something else fills the disk between two checks, a reserve file is removed, so that there is room to save what was
acknowledged until then.

What remains is the loss that killing a broker costs on an empty disk too: the time since its last save, a second or
two.
"""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import structlog

from runtime.embedded import broker_accounts, files
from runtime.embedded.process import Account

LOOK_EVERY_S = 0.2
QUEUE = "mosquitto.db"
SAVED_AFTER_S = 1.0
"""A save that ended so long after devices were blocked contains everything acknowledged to them."""
SAY_AGAIN_S = 600.0
_log = structlog.get_logger("broker")


class Intake(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    """Devices are blocked; what was acknowledged to them may not be saved yet."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Room:
    """The free bytes required, given the size of the saved queue.

    Parameters
    ----------
    least
        The least free bytes of the settings.
    queue
        The size of the last save. A save writes a new file beside the old one.
    """

    least: int
    queue: int

    @property
    def to_go_on(self) -> int:
        return max(self.least, 3 * self.queue)

    @property
    def to_begin_again(self) -> int:
        """Return more than ``to_go_on``, as otherwise devices would be admitted and blocked by turns."""
        return self.to_go_on + self.to_go_on // 4

    @property
    def to_save(self) -> int:
        """Return room for a save; the queue may have grown since the last one."""
        return self.least // 4 + 2 * self.queue

    @property
    def reserve(self) -> int:
        return max(self.least // 2, 2 * self.queue)


@dataclass(slots=True)
class Guard:
    """Checks the disk of a mosquitto that was started in ``folder``.

    Parameters
    ----------
    least
        Free bytes below which devices are blocked.
    running
        Returns the process id of the broker, None if it does not run.
    """

    folder: Path
    least: int
    account: Account | None
    running: Callable[[], int | None]
    intake: Intake = Intake.OPEN
    _closed_at: float = 0.0
    _notified: int | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, devices in (("passwords-open", True), ("passwords-closed", False)):
            broker_accounts.write_passwords(
                self.folder / name, broker_accounts.made(self.folder), self.account, devices=devices
            )

    def look(self) -> Intake:
        """Check once, and block devices or admit them again."""
        free, room = self._free(), Room(self.least, _size(self.folder / QUEUE))
        if self.intake is Intake.OPEN:
            if free < room.to_go_on:
                self._close(free)
            else:
                self._make_reserve(room, free)
        elif free - max(0, room.reserve - _size(self._reserve)) >= room.to_begin_again:
            self._open(room, free)
        elif self.intake is Intake.CLOSING:
            self._see_it_saved(room, free)
        if self.intake is not Intake.OPEN and self.running() != self._notified:
            # A process started meanwhile has read the file as it was then.
            self._use("passwords-closed")
        return self.intake

    @property
    def _reserve(self) -> Path:
        return self.folder / "reserve"

    def _free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def _close(self, free: int) -> None:
        self._use("passwords-closed")
        self.intake, self._closed_at = Intake.CLOSING, time.time()
        _log.error(
            "ALARM: broker disk nearly full, devices blocked; acknowledged messages are safe",
            free_mb=free >> 20, folder=str(self.folder),
        )  # fmt: skip

    def _open(self, room: Room, free: int) -> None:
        self._make_reserve(room, free)
        self._use("passwords-open")
        self.intake = Intake.OPEN
        _log.info("broker disk has space again, devices admitted", free_mb=free >> 20)

    def _see_it_saved(self, room: Room, free: int) -> None:
        """Wait for mosquitto to save what was acknowledged to devices; release the reserve if that needs it."""
        try:
            saved_at = (self.folder / QUEUE).stat().st_mtime
        except FileNotFoundError:
            saved_at = 0.0
        if saved_at >= self._closed_at + SAVED_AFTER_S:
            self.intake = Intake.CLOSED
        elif free < room.to_save and time.time() >= self._closed_at + SAVED_AFTER_S:
            # Not sooner: whatever fills the disk would have filled the reserve too. By now it has met the full disk.
            self._reserve.unlink(missing_ok=True)

    def _make_reserve(self, room: Room, free: int) -> None:
        missing = room.reserve - _size(self._reserve)
        if missing <= 0 or free - missing < room.to_go_on:
            return
        with files.open_to_append(self._reserve) as reserve, suppress(OSError):
            os.posix_fallocate(reserve.fileno(), 0, room.reserve)

    def _use(self, name: str) -> None:
        """Put another password file in force. Needs no room on the disk."""
        new = self.folder / "passwords.next"
        new.unlink(missing_ok=True)
        os.link(self.folder / name, new, follow_symlinks=False)
        new.replace(self.folder / "passwords")
        self._notified = self.running()
        if self._notified is not None:
            with suppress(ProcessLookupError):
                os.kill(self._notified, signal.SIGHUP)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def guarding(guard: Guard, on_change: Callable[[Intake], None] = lambda _: None) -> Iterator[None]:
    """Check repeatedly during the context; of several processes that use a broker, one at a time does.

    ``on_change`` is called at each change, and from time to time while devices are blocked, in a thread of its own; it
    must not raise.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_look_until, args=(guard, stop, on_change), name="broker's disk", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _look_until(guard: Guard, stop: threading.Event, on_change: Callable[[Intake], None]) -> None:
    with files.open_to_append(guard.folder / "disk.lock") as lock:
        last, said = guard.intake, time.monotonic()
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                intake = guard.look()
                if intake is not last or (intake is not Intake.OPEN and time.monotonic() - said > SAY_AGAIN_S):
                    last, said = intake, time.monotonic()
                    on_change(intake)
            except BlockingIOError:
                pass
            except OSError as error:
                _log.warning("broker disk could not be checked", error=str(error))
            stop.wait(LOOK_EVERY_S)
