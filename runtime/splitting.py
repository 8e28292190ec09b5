"""A batch in which the database refuses something is halved until that message stands alone, and goes to quarantine.

Cutting a batch changes nothing of what is decided, so the rest is stored and judged as if the message had never come.
"""

from collections.abc import Callable, Sequence

import structlog
from psycopg import Connection, DataError, Error, IntegrityError

from db import judge as judge_db
from db import quarantine
from ingest.messages import Message, Reason, Refused
from runtime import engine, pipeline
from runtime.engine import Engine
from runtime.pipeline import Processed

_log = structlog.get_logger("ingest")
_LIMIT_EXCEEDED, _RAISED = "54", "P0"
"""Classes of SQLSTATE: a limit of the server was exceeded, and a trigger's or function's own RAISE."""


def is_of_content(error: Error) -> bool:
    """Whether the database refuses what it was given. Anything else (no connection, no space, no table, no right) is
    nothing that a message can be blamed for."""
    return isinstance(error, DataError | IntegrityError) or (error.sqlstate or "")[:2] in (_LIMIT_EXCEEDED, _RAISED)


def process(
    conn: Connection, batch: Sequence[Message], state: Engine, meanwhile: Callable[[], None] | None = None
) -> Processed:
    """Process a batch and commit; what the database refuses goes to quarantine, alone.

    Where something was refused, the parts of the batch are committed one by one, in their order; who acknowledges
    afterwards acknowledges what is kept. Any other error is the caller's, and leaves the engine to be taken up anew.
    """
    try:
        return pipeline.process(conn, batch, state, meanwhile)
    except Error as error:
        if not is_of_content(error):
            raise
        _log.warning("the database refuses a batch; looking for the message", messages=len(batch), why=_said(error))
    engine.rebuild(conn, state)
    # Without a message: what fails now (an event, a tick) would fail beside any message, and is none's fault.
    processed = pipeline.process(conn, [], state)
    _halve(conn, batch, state, processed)
    return processed


def _halve(conn: Connection, batch: Sequence[Message], state: Engine, processed: Processed) -> None:
    """Process a batch that has failed, in halves; alone it failed for what is in it."""
    middle = len(batch) // 2
    for part in (batch[:middle], batch[middle:]) if middle else (batch,):
        if not part:
            continue
        try:
            processed.add(pipeline.process(conn, part, state))
        except Error as error:
            if not is_of_content(error):
                raise
            engine.rebuild(conn, state)
            if len(part) > 1:
                _halve(conn, part, state, processed)
            else:
                processed.refused.append(_keep(conn, part[0], error, state))


def _keep(conn: Connection, message: Message, error: Error, state: Engine) -> Refused:
    refused = refusal(message, error)
    with conn.transaction():
        judge_db.hold(conn, state.fence)
        quarantine.keep(conn, [refused])
    _log.warning("a message is in quarantine", topic=message.topic, why=_said(error))
    return refused


def refusal(message: Message, error: Error) -> Refused:
    """Return what goes to quarantine of a message that the database refuses."""
    problem = f"the database refuses it: {_said(error)}; mend the cause, then run `plantwright quarantine retry`"
    return Refused(message.topic, message.payload, message.received_us, Reason.REFUSED_BY_DATABASE, problem)


def _said(error: Error) -> str:
    return error.diag.message_primary or str(error).strip().partition("\n")[0] or type(error).__name__
