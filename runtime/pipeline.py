"""THE MAIN PATH: from messages to readings, judgement and work orders, in one transaction.

What the broker sent is acknowledged by the caller after ``process`` has returned, which is after the commit. Any error
leaves nothing behind: the caller takes the engine up anew from the database, and the messages come again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg import Connection

from db import alarms, assignments, decisions, engine_alarms, health, quarantine, readings, shadow
from db import judge as judge_db
from db.decisions import Done
from ingest.messages import Message, Refused
from runtime import arrivals, engine, sources
from runtime.engine import Engine
from runtime.faults import of_no_message
from runtime.judge import Verdict
from runtime.lane import Ordinary
from runtime.sources import Part
from workorder_core.engine_alarms import Code


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


@dataclass(slots=True)
class Outcome:
    """What judging a batch has come to so far: what is to be done, and the assets whose health may be told anew."""

    verdicts: list[Verdict] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)


def process(
    conn: Connection, batch: Sequence[Message], state: Engine, meanwhile: Callable[[], None] | None = None
) -> Processed:
    """Store, judge and act on a batch, and commit. What is to be done ``meanwhile`` is, where the database keeps us
    waiting, or not at all; it must not raise.
    """
    processed = Processed()
    with conn.transaction():
        outcome = Outcome()
        with of_no_message("what waits to be judged"):
            begin = judge_db.hold(conn, state.fence)
            if state.tick_is_due():
                judge_db.add(conn, "tick", {"at": datetime.now(UTC).isoformat()}, "system:engine")
            place = _heed(conn, begin, state, outcome)
        processed.lap("begin")
        lane = state.open_lane()
        ordinary, rest = lane.sift(batch, state.bounds) if state.by_lane else (None, batch)
        processed.lap("read")
        if ordinary is not None:
            place = _take_ordinary(conn, ordinary, place, state, processed, outcome, meanwhile)
        if rest or state.formats.sparkplug is not None:
            for part in sources.parts(rest, state.formats, state.bounds):
                processed.lap("read")
                place = _take_part(conn, part, place, state, processed, outcome, beside=ordinary)
        _act(conn, outcome, state, processed)
        quarantine.keep(conn, processed.refused)
        sources.remember(conn, state.formats)
        with of_no_message("keeping the judge's state"):
            if place > begin:
                judge_db.advance(conn, state.fence, place)
                state.judge.arrival = place - 1
            if state.checkpoint_is_due():
                engine.save(conn, state)
        processed.lap("keep")
    processed.lap("commit")
    return processed


def take(conn: Connection, part: Part, place: int, state: Engine, processed: Processed) -> int:
    """Store, judge and act on frames that are no batch; return the next free place of the sequence."""
    outcome = Outcome()
    place = _take_part(conn, part, place, state, processed, outcome)
    _act(conn, outcome, state, processed)
    return place


def _heed(conn: Connection, place: int, state: Engine, outcome: Outcome) -> int:
    """Fold the events that wait. They come before the frames: what is late depends on what they say."""
    events = judge_db.take_waiting(conn, place)
    state.catalogue.follow(events)
    outcome.verdicts += state.judge.decide(events)
    return place + len(events)


def _take_ordinary(
    conn: Connection,
    ordinary: Ordinary,
    place: int,
    state: Engine,
    processed: Processed,
    outcome: Outcome,
    meanwhile: Callable[[], None] | None,
) -> int:
    """Store and judge what the lane takes, and return the next free place."""
    lane = state.open_lane()
    columns, for_models = lane.take(ordinary, place)
    with readings.storing(conn, columns):
        processed.lap("store")
        outcome.verdicts += state.judge.decide_for_models(for_models)
        outcome.heard.update(each.asset for each in for_models)
        processed.lap("judge")
        if meanwhile is not None:
            meanwhile()
            processed.lap("read")
    processed.lap("store")
    processed.frames += len(ordinary)
    processed.stored += len(columns)
    return place + len(ordinary)


def _take_part(
    conn: Connection,
    part: Part,
    place: int,
    state: Engine,
    processed: Processed,
    outcome: Outcome,
    *,
    beside: Ordinary | None = None,
) -> int:
    """Store and judge frames one by one, and return the next free place; ``beside`` is what the lane took of their
    batch.
    """
    judge, lane = state.judge, state.open_lane()
    if part.stale:
        for each in part.stale:
            lane.leave(f"{each.site}/{each.asset}")
        sources.grow_stale(conn, part.stale, state.catalogue, place)
    keys = [frame.key for frame in part.frames]
    if beside is not None:
        lane.avoid(beside, keys)
    frames, ids, unknown = arrivals.admit(conn, part.frames, state.catalogue, keys)
    if len(frames) != len(keys):
        keys = [frame.key for frame in frames]
    place = _heed(conn, place, state, outcome)
    judged, newest = judge.judged_times(keys), state.catalogue.newest
    arrived = arrivals.arrange(
        conn, frames, ids, judged, place, newest=newest, keys=keys, assets=state.catalogue.assets
    )
    # The database stores while we judge. Where it refuses (an import has just stored the same), all of it is undone.
    with readings.storing(conn, arrived.columns):
        processed.lap("store")
        outcome.verdicts += judge.decide(arrived.frames)
        processed.lap("judge")
    processed.lap("store")
    outcome.heard.update(frame.asset for frame in arrived.frames)
    arrivals.know_newest(conn, state.catalogue, set(keys))
    judge.enter_lane(sorted(set(keys)))
    processed.lap("store")
    processed.refused += part.refused + unknown + arrived.refused
    processed.frames += len(arrived.frames)
    processed.stored += len(arrived.columns)
    processed.late += arrived.late
    processed.repeated += arrived.repeated
    return arrived.next_arrival


def _act(conn: Connection, outcome: Outcome, state: Engine, processed: Processed) -> None:
    """Carry out what was decided, and keep what is told of alarms and of the assets' health."""
    if state.judge.alarms:
        alarms.write(conn, state.judge.alarms, state.catalogue.asset_id, at=datetime.now(UTC))
        state.judge.alarms.clear()
    for said in state.judge.failed:
        engine_alarms.note_trouble(conn, Code.EVENT_FAILED, said)
    state.judge.failed.clear()
    health.write(conn, state.judge.take_healths(outcome.heard), state.catalogue.asset_id)
    processed.done += filter(None, [_carry_out(conn, verdict, state) for verdict in outcome.verdicts])
    processed.lap("act")


def _carry_out(conn: Connection, verdict: Verdict, state: Engine) -> Done | None:
    """Apply a decision; an emergency is given to somebody at once. What is only on trial is noted."""
    now = datetime.now(UTC)
    asset_id = state.catalogue.asset_id(verdict.decision.finding.asset)
    if verdict.shadow is not None:
        shadow.apply(conn, verdict.shadow, verdict.decision, asset_id=asset_id)
        return None
    done = decisions.apply(conn, verdict.decision, verdict.urgency, asset_id=asset_id, now=now)
    if done is not None and done.emergency:
        order_id = done.order_id
        decisions.optional(
            conn, "assigning", lambda: assignments.assign_best(conn, order_id, actor=decisions.ACTOR, at=now)
        )
    return done
