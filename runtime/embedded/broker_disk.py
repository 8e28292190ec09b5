"""Keep the embedded mosquitto from acknowledging what it cannot save: devices are kept out before its disk is full.

mosquitto has what waits in memory and saves it whole every second or two. On a full disk it cannot, says so in its log,
and acknowledges on: killed then, it has lost all since its last save. So somebody has to look at the disk:

- below a limit the devices' account is taken from the password file. mosquitto reads that on SIGHUP, disconnects who is
  not in it any more, and refuses them with "not authorised"; the engine stays and takes what waits. Devices keep what
  was not acknowledged and come back by themselves.
- where something else fills the disk from one look to the next, a reserve file is removed, so that there is room to
  save what was acknowledged until then.

What is left is what a kill of a broker costs on an empty disk too: the time since its last save, a second or two.
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
"""A save that ended so long after the devices were kept out has all that they were acknowledged."""
SAY_AGAIN_S = 600.0
_log = structlog.get_logger("broker")


class Intake(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    """Devices are kept out; what they were acknowledged may not be saved yet."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Room:
    """What has to be free, in bytes, with a queue of this size on the disk.

    Parameters
    ----------
    least
        By the settings.
    queue
        The size of what mosquitto saved last. A save writes it anew beside the old one.
    """

    least: int
    queue: int

    @property
    def to_go_on(self) -> int:
        return max(self.least, 3 * self.queue)

    @property
    def to_begin_again(self) -> int:
        """More than to go on, or devices would be let in and kept out by turns."""
        return self.to_go_on + self.to_go_on // 4

    @property
    def to_save(self) -> int:
        """More than it was when last saved may wait by now."""
        return self.least // 4 + 2 * self.queue

    @property
    def reserve(self) -> int:
        return max(self.least // 2, 2 * self.queue)


@dataclass(slots=True)
class Guard:
    """Looks at the disk of a mosquitto that was started in ``folder``.

    Parameters
    ----------
    least
        Free bytes below which devices are kept out.
    running
        Gives the process id of the broker, None where it does not run.
    """

    folder: Path
    least: int
    account: Account | None
    running: Callable[[], int | None]
    intake: Intake = Intake.OPEN
    _closed_at: float = 0.0
    _told: int | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, devices in (("passwords-open", True), ("passwords-closed", False)):
            broker_accounts.write_passwords(
                self.folder / name, broker_accounts.made(self.folder), self.account, devices=devices
            )

    def look(self) -> Intake:
        """Look once, and keep devices out or let them in again."""
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
        if self.intake is not Intake.OPEN and self.running() != self._told:
            # Another process, started meanwhile, has read whatever was there then.
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
        """Wait for mosquitto to save what devices were acknowledged; where that needs the reserve, give it."""
        try:
            saved_at = (self.folder / QUEUE).stat().st_mtime
        except FileNotFoundError:
            saved_at = 0.0
        if saved_at >= self._closed_at + SAVED_AFTER_S:
            self.intake = Intake.CLOSED
        elif free < room.to_save and time.time() >= self._closed_at + SAVED_AFTER_S:
            # Not sooner: who fills the disk would have filled it too. By now they have been told that it is full.
            self._reserve.unlink(missing_ok=True)

    def _make_reserve(self, room: Room, free: int) -> None:
        missing = room.reserve - _size(self._reserve)
        if missing <= 0 or free - missing < room.to_go_on:
            return
        with files.open_to_append(self._reserve) as reserve, suppress(OSError):
            os.posix_fallocate(reserve.fileno(), 0, room.reserve)

    def _use(self, name: str) -> None:
        """Put other passwords in force. Needs no room on the disk."""
        new = self.folder / "passwords.next"
        new.unlink(missing_ok=True)
        os.link(self.folder / name, new, follow_symlinks=False)
        new.replace(self.folder / "passwords")
        self._told = self.running()
        if self._told is not None:
            with suppress(ProcessLookupError):
                os.kill(self._told, signal.SIGHUP)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def guarding(guard: Guard, on_change: Callable[[Intake], None] = lambda _: None) -> Iterator[None]:
    """Look again and again while the context lasts; of several processes that use a broker, one at a time does.

    ``on_change`` is called with each change, and from time to time while devices are kept out, in a thread of its own;
    it must not raise.
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
                _log.warning("broker disk could not be checked", why=str(error))
            stop.wait(LOOK_EVERY_S)
