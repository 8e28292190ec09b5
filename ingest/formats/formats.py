"""One message, whatever speaks: what its topic says decides how it is read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from ingest import border, devices
from ingest.border import Bad, Bounds
from ingest.devices import Bindings
from ingest.failures import traced
from ingest.formats import mapped, payload, sparkplug
from ingest.formats.mapping import Mapping as MappingDocument
from ingest.formats.sparkplug import Sparkplug, Stale
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Frame, Message, Reason, Refused
from ingest.names import Names

_log = structlog.get_logger("ingest")
_NATIVE = "plantwright/"
_NOBODY = "no format is set for this topic; `plantwright mapping listen` proposes a mapping for what comes on it"


class Formats:
    """What the engine understands, as its settings say. The native payload is always understood.

    Parameters
    ----------
    taken
        By token, a digest of each message without a time of its own that was committed. When such a message comes again
        it would be stored at another time: reception is the only clock it has.
    """

    def __init__(
        self,
        *,
        mappings: Sequence[MappingDocument] = (),
        thingsboard: ThingsBoard | None = None,
        sparkplug: Sparkplug | None = None,
        taken: Mapping[int, bytes] | None = None,
        bindings: Bindings | None = None,
        names: Names | None = None,
    ) -> None:
        self.names = names or (Names() if sparkplug is None else sparkplug.foreign)
        self.bindings = bindings or Bindings()
        self._mappings = [each for each in mappings if each.topic is not None]
        self._thingsboard = thingsboard
        self.sparkplug = sparkplug
        self._taken = dict(taken or {})
        self._newly_taken: dict[int, bytes] = {}

    def filters(self) -> list[str]:
        """Return what has to be subscribed to besides the native topics."""
        found = [each.filter for each in self._mappings if each.filter is not None]
        if self._thingsboard is not None:
            found += self._thingsboard.filters()
        if self.sparkplug is not None:
            found += self.sparkplug.filters()
        return list(dict.fromkeys(found))

    def parse(self, message: Message, bounds: Bounds, *, vouched: bool = False) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message, oldest first, and what of it is refused. No bytes make this raise.

        A device that kept its readings back may send the newest first: judged so, only that one would be. One that is
        ``vouched`` for need not name the device that its asset is bound to. Whatever fails in reading a message refuses
        that message.
        """
        try:
            return self._parse(message, bounds, vouched)
        except Exception as error:  # noqa: BLE001 - no message may stop the others, whatever it makes fail
            _log.error(
                "a message made a parser fail; it is in quarantine", topic=message.topic[:200], whole=traced(error)
            )
            return [], [border.unreadable(message, error)]

    def _parse(self, message: Message, bounds: Bounds, vouched: bool) -> tuple[list[Frame], list[Refused]]:
        if message.size:
            return [], border.refusals(message, [_too_large(message)])
        if not message.payload and not message.topic.startswith(sparkplug.PREFIX):
            return [], []  # So a retained message is cleared: nothing was measured.
        if message.topic.startswith(devices.PREFIX):
            return self._of_device(message, bounds)
        frames, refused = self._of_anybody(message, bounds)
        frames.sort(key=_time)
        if self.bindings.bound and not vouched:
            return self.bindings.only_of_nobody(message, frames, refused)
        return frames, refused

    def _of_device(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        native = self.bindings.as_native(message)
        if isinstance(native, Refused):
            return [], [native]
        frames, refused = payload.parse(native, bounds)
        frames.sort(key=_time)
        return frames, [replace(each, topic=message.topic) for each in refused]

    def _of_anybody(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        if message.topic.startswith(_NATIVE):
            return payload.parse(message, bounds)
        digest = None
        if message.token:
            digest = hashlib.blake2b(
                message.topic.encode(errors="replace") + b"\0" + message.payload, digest_size=16
            ).digest()
            if message.again and self._taken.get(message.token) == digest:
                return [], []
        frames, refused = self._foreign(message, bounds)
        if digest is not None and any(frame.at_us == message.received_us for frame in frames):
            self._taken[message.token] = self._newly_taken[message.token] = digest
        return frames, refused

    def stale(self) -> list[Stale]:
        """Return, once, what is measured no more by what was parsed so far."""
        return [] if self.sparkplug is None else self.sparkplug.stale()

    def understands(self, topic: str) -> bool:
        """Whether messages on a topic are read as something, whatever is in them."""
        if topic.startswith(_NATIVE) or (self.sparkplug is not None and topic.startswith(sparkplug.PREFIX)):
            return True
        if self._thingsboard is not None and self._thingsboard.takes(topic):
            return True
        return any(each.topic is not None and each.topic.fullmatch(topic) for each in self._mappings)

    def newly_taken(self) -> dict[int, bytes]:
        """Return, once, what has to be remembered of the messages without a time, in their batch's own transaction."""
        taken, self._newly_taken = self._newly_taken, {}
        return taken

    def _foreign(self, message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
        if self.sparkplug is not None and message.topic.startswith(sparkplug.PREFIX):
            return self.sparkplug.parse(message, bounds)
        for mapping in self._mappings:
            read = mapped.parse(mapping, message, bounds, self.names)
            if read is not None:
                return read
        if self._thingsboard is not None and self._thingsboard.takes(message.topic):
            return self._thingsboard.parse(message, bounds, self.names)
        return [], [Refused(message.topic, message.payload, message.received_us, Reason.WRONG_TOPIC, _NOBODY)]


def _too_large(message: Message) -> Bad:
    try:
        border.check_size(message.payload, message.size)
    except Bad as wrong:
        return wrong
    return Bad(Reason.TOO_LARGE, f"only the head of {message.size} bytes was kept: send smaller arrays")


def _time(frame: Frame) -> int:
    return frame.at_us
