"""Processes a failed batch again by halves: a message that fails alone goes to quarantine, alone.

Splitting a batch does not change any decision, because sequence numbers follow the messages whether lane or fold
judges them (`runtime.pipeline.sequence`): the rest is stored and judged as if the message had never come.
The judge is rebuilt once, for the first batch that fails. For some time after that every batch is processed carefully,
in one transaction: failures are undone, in the database by a savepoint and in memory by `runtime.pipeline.undo`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog
from psycopg import Connection, DataError, Error, IntegrityError

from db.telemetry.judge import NotTheWriter
from ingest import border
from ingest.failures import traced
from ingest.messages import Message, Reason, Refused
from runtime.pipeline import engine, long_lived, pipeline, reading, sources
from runtime.pipeline.engine import Engine
from runtime.pipeline.faults import OfNoMessage
from runtime.pipeline.pipeline import Outcome, Processed
from runtime.pipeline.reading import Part
from runtime.pipeline.undo import Dumps, undoing
from workorder_core.sentences import kept

_log = structlog.get_logger("ingest")
_LIMIT_EXCEEDED, _RAISED = "54", "P0"
"""Classes of SQLSTATE: a limit of the server was exceeded, and a trigger's or function's own RAISE."""
CAREFUL_S = 60.0
"""How long batches are processed carefully after a message has failed; the lane is off meanwhile."""
REBUILD_PART = 20
"""Or this many times as long as the rebuild took, so that rebuilding takes a small part of the time."""
AT_ONCE = 500
"""Messages per transaction then: each is acknowledged after its commit, however many messages fail."""


def is_of_content(error: Error) -> bool:
    """Return whether the database refused the content. Any other error (connection, disk space, schema, permission) is
    not a message's fault."""
    return isinstance(error, DataError | IntegrityError) or (error.sqlstate or "")[:2] in (_LIMIT_EXCEEDED, _RAISED)


def may_be_of_a_message(error: Exception) -> bool:
    """Return whether a message can be to blame for an error."""
    if isinstance(error, Error):
        return is_of_content(error)
    return not isinstance(error, OfNoMessage | NotTheWriter)


def process(
    conn: Connection,
    batch: Sequence[Message],
    state: Engine,
    while_storing: Callable[[], None] | None = None,
    kept: Callable[[Message], None] | None = None,
) -> Processed:
    """Process a batch and commit; a message that cannot be processed goes to quarantine, alone.

    If one fails, or has failed recently, ``kept`` is called with each committed message, in order; the caller
    acknowledges the rest afterwards. Any other error is raised, and the caller must rebuild the engine.
    """
    if time.monotonic() < state.careful_until:
        return _carefully(conn, batch, state, kept)
    try:
        return pipeline.process(conn, batch, state, while_storing)
    except Exception as error:
        if not may_be_of_a_message(error):
            raise
        _log.warning("batch failed, searching for the message", messages=len(batch), error=_said(error))
        failed = error
    began = time.monotonic()
    engine.rebuild(conn, state)
    long_lived.renew()
    _be_careful(state, max(CAREFUL_S, REBUILD_PART * (time.monotonic() - began)))
    processed = _carefully(conn, batch, state, kept)
    if not any(each.reason in (Reason.UNREADABLE, Reason.REFUSED_BY_DATABASE) for each in processed.refused):
        _log.error(
            "batch failed but no message fails alone; all processed", error=_said(failed), traceback=traced(failed)
        )
    return processed


def _be_careful(state: Engine, seconds: float) -> None:
    state.careful_until = max(state.careful_until, time.monotonic() + seconds)


def _carefully(
    conn: Connection, batch: Sequence[Message], state: Engine, kept: Callable[[Message], None] | None
) -> Processed:
    """Process a batch so that what fails can be undone.

    The lane is off, because its tables cannot be undone, and a failure in the lane alone is not a message's fault.
    """
    processed = Processed()
    state.by_lane = False
    try:
        for begin in range(0, len(batch), AT_ONCE) or (0,):
            messages = batch[begin : begin + AT_ONCE]
            processed.add(_Search(conn, state).process(messages))
            if kept is not None:
                for message in messages:
                    kept(message)
    finally:
        state.by_lane = True
    return processed


class _Read(NamedTuple):
    """A message, and the parts read from it."""

    message: Message
    parts: list[Part]


@dataclass(slots=True)
class _Search:
    """The messages of one transaction, and their outcome; ``dumps`` are those of `undo`."""

    conn: Connection
    state: Engine
    processed: Processed = field(default_factory=Processed)
    dumps: Dumps = field(default_factory=dict)

    def process(self, messages: Sequence[Message]) -> Processed:
        """Process messages and commit. A failure outside them, such as an event's, is not blamed on a message."""
        conn, state, processed = self.conn, self.state, self.processed
        with conn.transaction():
            outcome = Outcome()
            begin, number = pipeline.open_batch(conn, state, outcome)
            pipeline.act(conn, outcome, state, processed)
            processed.lap("begin")
            read = self._read(messages)
            processed.lap("read")
            if read:
                number = self._store(read, number)
            self._remember()
            pipeline.close_batch(conn, begin, number, state, processed)
            processed.lap("keep")
        processed.lap("commit")
        return processed

    def _read(self, messages: Sequence[Message]) -> list[_Read]:
        """Read each message once, by itself."""
        read: list[_Read] = []
        state = self.state
        for index, message in enumerate(messages):
            try:
                parts = reading.parts(
                    [message], state.open_lane(), state.formats, state.bounds, look_for_overdue=index == 0
                )
            except Exception as error:
                if not may_be_of_a_message(error):
                    raise
                self._refuse(message, error)
            else:
                read.append(_Read(message, parts))
        return read

    def _store(self, read: Sequence[_Read], number: int) -> int:
        """Store, judge and act on messages from a sequence number on; return the next free one."""
        number = self._fold_events(number)
        parts = reading.joined([each.parts for each in read])
        try:
            processed, end = Processed(), number
            with undoing(self.conn, self.state, parts, self.dumps):
                for part in parts:
                    end = pipeline.process_frames(self.conn, part, end, self.state, processed)
        except Exception as error:
            if not may_be_of_a_message(error):
                raise
            if len(read) == 1:
                self._refuse(read[0].message, error)
                return number
        else:
            self.processed.add(processed)
            return end
        middle = len(read) // 2
        return self._store(read[middle:], self._store(read[:middle], number))

    def _fold_events(self, number: int) -> int:
        """Fold the events caused by earlier messages, as before the next batch."""
        outcome = Outcome()
        next_number = pipeline.fold_events(self.conn, number, self.state, outcome)
        if next_number > number:
            pipeline.act(self.conn, outcome, self.state, self.processed)
            self.dumps.clear()
        return next_number

    def _refuse(self, message: Message, error: Exception) -> None:
        self.processed.refused.append(refusal(message, error))
        _be_careful(self.state, CAREFUL_S)
        _log.warning("message quarantined", topic=message.topic[:200], error=_said(error), traceback=traced(error))

    def _remember(self) -> None:
        """Store what the formats have learned. If that fails, reload what is stored."""
        conn, state = self.conn, self.state
        try:
            with conn.transaction():
                sources.remember(conn, state.formats)
        except Exception as error:
            if not may_be_of_a_message(error):
                raise
            _log.error(
                "state of senders could not be stored, reloaded from the database",
                error=_said(error),
                traceback=traced(error),
            )
            state.formats = sources.load_formats(state.settings, conn)
            sources.connected(state.formats)


def refusal(message: Message, error: Exception) -> Refused:
    """Return the quarantine entry of a message that the database refuses, or that made the program fail."""
    if not isinstance(error, Error):
        return border.unreadable(message, error)
    problem = kept(
        "the database refuses it: {error}; remove the cause, then run `plantwright quarantine retry`",
        error=_said(error),
    )
    return Refused(message.topic, message.payload, message.received_us, Reason.REFUSED_BY_DATABASE, problem)


def _said(error: Exception) -> str:
    primary = error.diag.message_primary if isinstance(error, Error) else None
    said = primary or str(error).strip().partition("\n")[0]
    return said if isinstance(error, Error) and said else f"{type(error).__name__}: {said}"
