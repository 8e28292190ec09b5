"""A batch that fails is worked on once more, message by message: what fails alone goes to quarantine, alone.

Cutting a batch changes nothing of what is decided, across assets too, because numbers follow the messages whichever of
lane and fold judges them (`runtime.pipeline.sequence`): the rest is stored and judged as if the message had never come.
The judge is rebuilt once for the batch and once for each message that fails, never to look for it.
"""

from collections.abc import Callable, Sequence

import structlog
from psycopg import Connection, DataError, Error, IntegrityError

from db.telemetry import judge as judge_db
from db.telemetry.judge import NotTheWriter
from ingest import border
from ingest.failures import traced
from ingest.messages import Message, Reason, Refused
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from runtime.pipeline.faults import OfNoMessage
from runtime.pipeline.pipeline import Processed

_log = structlog.get_logger("ingest")
_LIMIT_EXCEEDED, _RAISED = "54", "P0"
"""Classes of SQLSTATE: a limit of the server was exceeded, and a trigger's or function's own RAISE."""


def is_of_content(error: Error) -> bool:
    """Whether the database refuses what it was given. Anything else (no connection, no space, no table, no right) is
    nothing that a message can be blamed for."""
    return isinstance(error, DataError | IntegrityError) or (error.sqlstate or "")[:2] in (_LIMIT_EXCEEDED, _RAISED)


def may_be_of_a_message(error: Exception) -> bool:
    """Whether a message can be to blame for an error."""
    if isinstance(error, Error):
        return is_of_content(error)
    return not isinstance(error, OfNoMessage | NotTheWriter)


def process(
    conn: Connection,
    batch: Sequence[Message],
    state: Engine,
    meanwhile: Callable[[], None] | None = None,
    kept: Callable[[Message], None] | None = None,
) -> Processed:
    """Process a batch and commit; a message that cannot be processed goes to quarantine, alone.

    Where one fails, the messages are committed one by one, in their order, and ``kept`` is called with each; who
    acknowledges afterwards acknowledges what is left. Any other error is the caller's, and leaves the engine to be
    taken up anew.
    """
    try:
        return pipeline.process(conn, batch, state, meanwhile)
    except Exception as error:
        if not may_be_of_a_message(error):
            raise
        _log.warning("a batch cannot be processed; looking for the message", messages=len(batch), why=_said(error))
        failed = error
    # Without the lane: what fails in the lane and nowhere else is no message's fault.
    state.by_lane = False
    try:
        _begin_again(conn, state)
        processed = _one_by_one(conn, batch, state, kept)
    finally:
        state.by_lane = True
    if not any(each.reason in (Reason.UNREADABLE, Reason.REFUSED_BY_DATABASE) for each in processed.refused):
        _log.error(
            "a batch failed of which no message fails alone; all are processed", why=_said(failed), whole=traced(failed)
        )
    return processed


def _one_by_one(
    conn: Connection, batch: Sequence[Message], state: Engine, kept: Callable[[Message], None] | None
) -> Processed:
    processed = Processed()
    for message in batch:
        try:
            processed.add(pipeline.process(conn, [message], state))
        except Exception as error:
            if not may_be_of_a_message(error):
                raise
            _begin_again(conn, state)
            processed.refused.append(_keep(conn, message, error, state))
        if kept is not None:
            kept(message)
    return processed


def _begin_again(conn: Connection, state: Engine) -> None:
    """Take back what has failed, then commit an empty batch: what fails now (an event, a tick) would fail beside any
    message, and no message is to blame for it.
    """
    engine.rebuild(conn, state)
    pipeline.process(conn, [], state)


def _keep(conn: Connection, message: Message, error: Exception, state: Engine) -> Refused:
    refused = refusal(message, error)
    with conn.transaction():
        judge_db.hold(conn, state.fence)
        state.quarantine.keep(conn, [refused])
    _log.warning("a message is in quarantine", topic=message.topic[:200], why=_said(error), whole=traced(error))
    return refused


def refusal(message: Message, error: Exception) -> Refused:
    """Return what goes to quarantine of a message that the database refuses, or that made the program fail."""
    if not isinstance(error, Error):
        return border.unreadable(message, error)
    problem = f"the database refuses it: {_said(error)}; mend the cause, then run `plantwright quarantine retry`"
    return Refused(message.topic, message.payload, message.received_us, Reason.REFUSED_BY_DATABASE, problem)


def _said(error: Exception) -> str:
    primary = error.diag.message_primary if isinstance(error, Error) else None
    said = primary or str(error).strip().partition("\n")[0]
    return said if isinstance(error, Error) and said else f"{type(error).__name__}: {said}"
