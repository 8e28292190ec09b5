"""Processes values measured by people: read between two batches as messages, so that they are judged like a device's.
They are deleted only after the commit that contains their readings. After a crash between the two they are read again:
a stored reading is recognised, and neither stored nor judged twice.
"""

import json
import time
from datetime import UTC, datetime, timedelta

import structlog
from psycopg import Connection

from db.telemetry import entered
from db.telemetry.entered import Entered
from ingest.messages import Message
from runtime.pipeline import splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed

_log = structlog.get_logger("ingest")
LOOK_EVERY_S = 0.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def read_waiting(conn: Connection, state: Engine) -> Processed | None:
    """Process the waiting values, at most twice a second; None if there are none."""
    if time.monotonic() < state.next_entered_look:
        return None
    state.next_entered_look = time.monotonic() + LOOK_EVERY_S
    with conn.transaction():
        waiting = entered.waiting(conn)
    if not waiting:
        return None
    processed = splitting.process(conn, list(map(message, waiting)), state)
    with conn.transaction():
        entered.done(conn, [each.id for each in waiting])
    _log.info("manual readings stored", values=len(waiting), refused=len(processed.refused))
    return processed


def message(value: Entered) -> Message:
    """Return the message that a device would have sent: the same each time that the value is read."""
    at_us = (value.observed_at - _EPOCH) // _MICROSECOND
    document = {"ts": value.observed_at.isoformat(), "values": {value.signal: value.value}}
    if value.unit:
        document["units"] = {value.signal: value.unit}
    topic = f"plantwright/v1/{value.site}/{value.asset}"
    return Message(topic, json.dumps(document).encode(), at_us, vouched=True)
