"""Reads a message by the format that its topic belongs to."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import structlog

from ingest import border, devices
from ingest.border import Bad, Bounds
from ingest.devices import Bindings
from ingest.failures import traced
from ingest.formats import sparkplug
from ingest.formats.format import Format, Stale
from ingest.formats.payload import Native
from ingest.messages import Frame, Message, Reason, Refused
from ingest.names import Names
from workorder_core.sentences import kept

_log = structlog.get_logger("ingest")
_NATIVE = Native()
_NOBODY = "no format is configured for this topic; `plantwright mapping listen` proposes a mapping for it"


class Formats:
    """The formats that the engine reads, as configured. The native payload is always read.

    Parameters
    ----------
    formats
        Formats besides the native payload. The first one that accepts a topic reads its messages.
    seen
        By token, a digest of each committed message without a time of its own. If redelivered, such a message would be
        stored at another time: the time of reception is the only one it has.
    """

    def __init__(
        self,
        formats: Sequence[Format] = (),
        *,
        seen: Mapping[int, bytes] | None = None,
        bindings: Bindings | None = None,
        names: Names | None = None,
    ) -> None:
        self.names = names or Names()
        self.bindings = bindings or Bindings()
        self._formats: tuple[Format, ...] = (_NATIVE, *formats)
        self._seen = dict(seen or {})
        self._newly_seen: dict[int, bytes] = {}

    def __iter__(self) -> Iterator[Format]:
        return iter(self._formats)

    def of(self, topic: str) -> Format | None:
        """Return the format that reads a topic; None without one."""
        for each in self._formats:
            if each.accepts(topic):
                return each
        return None

    def filters(self) -> list[str]:
        """Return the topics to subscribe to besides the native ones."""
        return list(dict.fromkeys(found for each in self._formats for found in each.filters()))

    def parse(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message, oldest first, and what of it is refused. Never raises.

        A device that buffered its readings may send the newest first: judged in that order, only that one would be. Any
        error in reading a message refuses that message.
        """
        try:
            return self._parse(message, bounds)
        except Exception as error:  # noqa: BLE001 - no message may stop the others, whatever it makes fail
            _log.error("parser failed, message quarantined", topic=message.topic[:200], traceback=traced(error))
            return [], [border.unreadable(message, error)]

    def _parse(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        if message.size:
            return [], border.refusals(message, [_too_large(message)])
        if not message.payload and not message.topic.startswith(sparkplug.PREFIX):
            return [], []  # An empty payload clears a retained message.
        if message.topic.startswith(devices.PREFIX):
            return self._of_device(message, bounds)
        frames, refused = self._of_anybody(message, bounds)
        frames.sort(key=_time)
        if self.bindings.bound and not message.vouched:
            return self.bindings.refuse_bound(message, frames, refused)
        return frames, refused

    def _of_device(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        native = self.bindings.as_native(message)
        if isinstance(native, Refused):
            return [], [native]
        frames, refused = _NATIVE.parse(native, bounds)
        frames.sort(key=_time)
        return frames, [replace(each, topic=message.topic) for each in refused]

    def _of_anybody(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        read_by = self.of(message.topic)
        if read_by is not None and read_by.has_time:
            return read_by.parse(message, bounds, self.names)
        digest = None
        if message.token:
            digest = hashlib.blake2b(
                message.topic.encode(errors="replace") + b"\0" + message.payload, digest_size=16
            ).digest()
            if message.again and self._seen.get(message.token) == digest:
                return [], []
        if read_by is None:
            return [], [Refused(message.topic, message.payload, message.received_us, Reason.WRONG_TOPIC, _NOBODY)]
        frames, refused = read_by.parse(message, bounds, self.names)
        if digest is not None and any(frame.at_us == message.received_us for frame in frames):
            self._seen[message.token] = self._newly_seen[message.token] = digest
        return frames, refused

    def connected(self, now_us: int) -> None:
        """Tell every format that the connection to the broker is new."""
        for each in self._formats:
            each.connected(now_us)

    def overdue(self, now_us: int) -> None:
        """Let every format check for senders that have been silent for too long."""
        for each in self._formats:
            each.overdue(now_us)

    def stale(self) -> list[Stale]:
        """Return, once, the signals that have become stale."""
        return [found for each in self._formats for found in each.stale()]

    def requests(self, now_us: int) -> list[tuple[str, bytes]]:
        """Return, once, the topics and payloads to publish."""
        return [found for each in self._formats for found in each.requests(now_us)]

    def newly_seen(self) -> dict[int, bytes]:
        """Return, once, the digests of new messages without a time, to be stored in their batch's own transaction."""
        seen, self._newly_seen = self._newly_seen, {}
        return seen


def _too_large(message: Message) -> Bad:
    try:
        border.check_size(message.payload, message.size)
    except Bad as wrong:
        return wrong
    return Bad(
        Reason.TOO_LARGE, kept("only the head of {count} bytes was kept: send smaller arrays", count=message.size)
    )


def _time(frame: Frame) -> int:
    return frame.at_us
