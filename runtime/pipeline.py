"""THE MAIN PATH: from messages to readings, judgement and work orders, in one transaction.

What the broker sent is acknowledged by the caller after ``process`` has returned, which is after the commit. Any error
leaves nothing behind: the caller takes the engine up anew from the database, and the messages come again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg import Connection

from db import alarms, assignments, decisions, health, quarantine, readings, shadow
from db import judge as judge_db
from db.decisions import Done
from ingest.messages import Message, Refused
from runtime import arrivals, engine, sources
from runtime.engine import Engine
from runtime.judge import Verdict
from runtime.sources import Part


@dataclass(slots=True)
class Processed:
    """What a batch came to. Counts are of readings, but ``frames`` of judged frames and ``refused`` of refusals."""

    frames: int = 0
    stored: int = 0
    late: int = 0
    repeated: int = 0
    refused: list[Refused] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict, compare=False)
    """Seconds by stage."""
    _since: float = field(default_factory=time.perf_counter, repr=False, compare=False)

    def lap(self, stage: str) -> None:
        """Put down what has passed since the last stage to this one."""
        now = time.perf_counter()
        self.spent[stage] = self.spent.get(stage, 0.0) + now - self._since
        self._since = now

    def add(self, other: "Processed") -> None:
        """Count another part of the same batch too."""
        self.frames += other.frames
        self.stored += other.stored
        self.late += other.late
        self.repeated += other.repeated
        self.refused += other.refused
        self.done += other.done
        for stage, seconds in other.spent.items():
            self.spent[stage] = self.spent.get(stage, 0.0) + seconds


def process(conn: Connection, batch: Sequence[Message], state: Engine) -> Processed:
    """Store, judge and act on a batch, and commit."""
    processed = Processed()
    with conn.transaction():
        begin = place = judge_db.hold(conn, state.fence)
        if state.tick_is_due():
            judge_db.add(conn, "tick", {"at": datetime.now(UTC).isoformat()}, "system:engine")
        for part in sources.parts(batch, state.formats, state.bounds):
            processed.lap("read")
            place = take(conn, part, place, state, processed)
        quarantine.keep(conn, processed.refused)
        if place > begin:
            judge_db.advance(conn, state.fence, place)
            state.judge.arrival = place - 1
        sources.remember(conn, state.formats)
        if state.checkpoint_is_due():
            engine.save(conn, state)
        processed.lap("keep")
    processed.lap("commit")
    return processed


def take(conn: Connection, part: Part, place: int, state: Engine, processed: Processed) -> int:
    """Store, judge and act on a part of a batch; return the next free place of the sequence."""
    sources.grow_stale(conn, part.stale, state.catalogue, place)
    keys = [frame.key for frame in part.frames]
    frames, ids, unknown = arrivals.admit(conn, part.frames, state.catalogue, keys)
    if len(frames) != len(keys):
        keys = [frame.key for frame in frames]
    events = judge_db.take_waiting(conn, place)
    # Folded before the frames, which come after them: what is late depends on what they say.
    verdicts = state.judge.decide(events)
    marks, steps = state.judge.clocks(keys)
    newest = state.catalogue.newest
    arrived = arrivals.arrange(conn, frames, ids, marks, place + len(events), steps, newest=newest, keys=keys)
    # The database stores while we judge. Where it refuses (an import has just stored the same), all of it is undone.
    with readings.storing(conn, arrived.columns):
        processed.lap("store")
        verdicts += state.judge.decide(arrived.frames)
        processed.lap("judge")
    processed.lap("store")
    processed.refused += part.refused + unknown + arrived.refused
    if state.judge.alarms:
        alarms.write(conn, state.judge.alarms, state.catalogue.asset_id, at=datetime.now(UTC))
        state.judge.alarms.clear()
    told = state.judge.take_healths({frame.asset for frame in arrived.frames})
    health.write(conn, told, state.catalogue.asset_id)
    processed.done += filter(None, [_carry_out(conn, verdict, state) for verdict in verdicts])
    processed.lap("act")
    processed.frames += len(arrived.frames)
    processed.stored += len(arrived.columns)
    processed.late += arrived.late
    processed.repeated += arrived.repeated
    return arrived.next_arrival


def _carry_out(conn: Connection, verdict: Verdict, state: Engine) -> Done | None:
    """Apply a decision; an emergency is given to somebody at once. What is only on trial is noted."""
    now = datetime.now(UTC)
    asset_id = state.catalogue.asset_id(verdict.decision.finding.asset)
    if verdict.shadow is not None:
        shadow.apply(conn, verdict.shadow, verdict.decision, asset_id=asset_id)
        return None
    done = decisions.apply(conn, verdict.decision, verdict.urgency, asset_id=asset_id, now=now)
    if done is not None and done.emergency:
        assignments.assign_best(conn, done.order_id, actor=decisions.ACTOR, at=now)
    return done
