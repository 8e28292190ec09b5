"""The interface of a payload format.

To add one: write a class in a file of its own in this folder, and add it to the list in
`runtime.pipeline.sources.configured`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from ingest.border import Bounds
from ingest.messages import Frame, Message, Refused
from ingest.names import Names


@dataclass(frozen=True, slots=True)
class Stale:
    """Signals of an asset that are no longer measured, since ``at_us``."""

    site: str
    asset: str
    signals: tuple[str, ...]
    at_us: int


class Format(Protocol):
    """Reads the messages of the topics that it accepts. Does no I/O: returns what is to be stored or sent.

    A format without memory implements `filters`, `accepts` and `parse`; the rest defaults to nothing. One whose memory
    must outlive the process is restored and saved in `runtime.pipeline.sources`, in the batch's transaction.
    All times are the wall clock's epoch microseconds.
    """

    has_time: ClassVar[bool] = False
    """Whether each of its messages has a time of measurement, by which a redelivered one is recognised."""
    order_dependent: ClassVar[bool] = False
    """Whether a message depends on those before it, so that it cannot be read again later."""

    def filters(self) -> list[str]:
        """Return the topic filters to subscribe to besides the native topics."""
        ...

    def accepts(self, topic: str) -> bool:
        """Return whether this format reads a topic, whatever the payload."""
        ...

    def parse(self, message: Message, bounds: Bounds, names: Names, /) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message on a topic that `accepts` accepts, and what of it is refused.

        ``names`` turns foreign names into codes. An exception refuses the whole message.
        """
        ...

    def connected(self, now_us: int) -> None:  # noqa: ARG002
        """Handle a new connection to the broker: what was published in between is lost."""
        return

    def overdue(self, now_us: int) -> None:  # noqa: ARG002
        """Check for senders that have been silent for too long; `stale` returns what they measured."""
        return

    def stale(self) -> Sequence[Stale]:
        """Return, once, the signals that have become stale."""
        return ()

    def requests(self, now_us: int) -> Sequence[tuple[str, bytes]]:  # noqa: ARG002
        """Return, once, the topics and payloads to publish after the commit of the batch."""
        return ()
