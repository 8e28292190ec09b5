"""Retries messages from quarantine: read by the present settings and assets, and stored as late.

The engine does it between two batches, because it alone writes readings. A message keeps its arrival time, so that an
event time that was in the future then still is.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from msgspec import structs
from psycopg import Connection

from db.telemetry import judge as judge_db
from db.telemetry import quarantine
from db.telemetry.catalogue import Catalogue
from db.telemetry.quarantine import Kept
from ingest.messages import Details, Frame, Message, Reason, Refused
from runtime.pipeline import pipeline, splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from runtime.pipeline.reading import Part
from runtime.pipeline.undo import undoing

_log = structlog.get_logger("ingest")
AT_ONCE_S = 0.1
"""The longest that live messages wait at a time."""
LOOK_EVERY_S = 0.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AFTER_READING = (
    Reason.UNKNOWN_ASSET,
    Reason.TOO_MANY_ASSETS,
    Reason.TOO_MANY_SIGNALS,
    Reason.UNKNOWN_STATE,
    Reason.WRONG_UNIT,
    Reason.OTHER_VALUE_STORED,
)
"""Messages refused for these reasons had proved their sender."""


def try_asked(conn: Connection, state: Engine) -> int:
    """Retry requested messages for a moment, each in a transaction of its own; return how many were retried.

    At least one, if any is requested: a slow database delays retries but never starves them.
    """
    began = time.monotonic()
    if began < state.next_retry_look:
        return 0
    if quarantine.some_asked(conn):
        # The correction may have been new assets and signals, created since.
        state.catalogue = Catalogue.load(conn, state.settings.admission)
    conn.commit()
    tried = 0
    while tried == 0 or time.monotonic() - began < AT_ONCE_S:
        if not _try_next(conn, state):
            state.next_retry_look = time.monotonic() + LOOK_EVERY_S
            break
        tried += 1
    return tried


def _try_next(conn: Connection, state: Engine) -> bool:
    with conn.transaction():
        first = judge_db.lock_position(conn, state.fence)
        kept = quarantine.next_asked(conn)
        if kept is None:
            return False
        _settle(conn, kept, _store(conn, kept, first, state))
        state.quarantine.forget()
    return True


def _settle(conn: Connection, kept: Kept, refused: list[Refused]) -> None:
    quarantine.settle(conn, kept, refused)
    event = "message refused again, stays in quarantine" if refused else "message from quarantine accepted as late"
    _log.info(event, id=kept.id, topic=kept.topic, asked_by=kept.retry_asked_by)


def _store(conn: Connection, kept: Kept, first: int, state: Engine) -> list[Refused]:
    """Store what can be read now; return what is refused."""
    read_by = state.formats.of(kept.topic)
    if read_by is not None and read_by.order_dependent:
        at_us = (kept.received_at - _EPOCH) // _MICROSECOND
        return [Refused(kept.topic, kept.payload, at_us, Reason(kept.reason), quarantine.OF_ITS_MOMENT)]
    frames, refused = _read(kept, kept.received_at, state)
    if (
        kept.times > 1
        and not kept.others
        and any(_EPOCH + frame.at_us * _MICROSECOND == kept.received_at for frame in frames)
    ):
        # Without a time of its own it was measured at each arrival, of which the first and the last are known.
        frames += _read(kept, kept.last_received_at, state)[0]
    processed, part = Processed(), Part.of_one(frames, refused)
    try:
        with undoing(conn, state, [part]):
            end = pipeline.process_frames(conn, part, first, state, processed)
    except Exception as error:
        if not splitting.may_be_of_a_message(error):
            raise
        return [splitting.refusal(_message(kept, kept.received_at), error)]
    if end > first:
        judge_db.advance(conn, state.fence, end)
        state.judge.arrival = end - 1
    return processed.refused


def _read(kept: Kept, at: datetime, state: Engine) -> tuple[list[Frame], list[Refused]]:
    frames, refused = state.formats.parse(_message(kept, at), state.bounds)
    return [
        structs.replace(each, details=replace(each.details or Details(), historical=True)) for each in frames
    ], refused


def _message(kept: Kept, at: datetime) -> Message:
    # A retained message without a time has none now either.
    retained, vouched = kept.reason == Reason.NO_TIME, kept.reason in _AFTER_READING
    return Message(kept.topic, kept.payload, (at - _EPOCH) // _MICROSECOND, retained=retained, vouched=vouched)
