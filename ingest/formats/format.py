"""What every payload format answers.

To add one: write a class in a file of its own beside this one, and add it to the list in
`runtime.pipeline.sources.spoken`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from ingest.border import Bounds
from ingest.messages import Frame, Message, Refused
from ingest.names import Names


@dataclass(frozen=True, slots=True)
class Stale:
    """Signals of an asset that are measured no more, since when."""

    site: str
    asset: str
    signals: tuple[str, ...]
    at_us: int


class Format(Protocol):
    """Reads the messages of the topics that it takes. Does no I/O: what is to be stored or sent is returned.

    A format without memory implements `filters`, `takes` and `parse`; the rest defaults to nothing. One whose memory
    must outlive the process is restored and saved in `runtime.pipeline.sources`, in the batch's transaction.
    All times are the wall clock's epoch microseconds.
    """

    has_time: ClassVar[bool] = False
    """Whether each of its messages says when it was measured, so that one sent twice is known by its times."""
    of_its_moment: ClassVar[bool] = False
    """Whether a message depends on those before it, so that it cannot be read again later."""

    def filters(self) -> list[str]:
        """Return the topic filters to subscribe to besides the native topics."""
        ...

    def takes(self, topic: str) -> bool:
        """Return whether messages on a topic are this format's, whatever is in them."""
        ...

    def parse(self, message: Message, bounds: Bounds, names: Names, /) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message on a topic that `takes` accepts, and what of it is refused.

        ``names`` turns foreign names into codes. An exception refuses the whole message.
        """
        ...

    def connected(self, now_us: int) -> None:  # noqa: ARG002
        """Note that the connection to the broker is new: what was published meanwhile is lost."""
        return

    def overdue(self, now_us: int) -> None:  # noqa: ARG002
        """Look for senders that have been silent for too long; `stale` returns what they measured."""
        return

    def stale(self) -> Sequence[Stale]:
        """Return, once, what has become stale."""
        return ()

    def requests(self, now_us: int) -> Sequence[tuple[str, bytes]]:  # noqa: ARG002
        """Return, once, the topics and payloads of what is to be published once the batch is committed."""
        return ()
