"""THE MAIN PATH: from messages to readings, judgement and work orders, in one transaction.

The caller acknowledges the messages after ``process`` has returned, which is after the commit. After an error nothing
is stored: the caller rebuilds the engine from the database, and the messages are redelivered.
"""

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg import Connection

from db.alarms import alarms, engine_alarms
from db.documents import shadow
from db.orders import decisions
from db.orders.decisions import Done
from db.people import assignments
from db.plant import health
from db.reliability import survival
from db.telemetry import judge as judge_db
from db.telemetry import readings
from ingest.messages import Message, Refused
from judge import seen_values
from judge.asset import by_fleet
from judge.inputs import merged
from judge.judge import Verdict
from judge.lane.ordinary import ForModel
from runtime.pipeline import admission, arrivals, engine, reading, sources
from runtime.pipeline.engine import Engine
from runtime.pipeline.faults import of_no_message
from runtime.pipeline.reading import Part
from runtime.pipeline.sequence import NOTHING, Numbering
from workorder_core.alarms.engine_alarms import Code


@dataclass(slots=True)
class Processed:
    """The outcome of a batch. Counts are of readings, except ``frames`` (judged frames), ``by_lane`` (those that the
    lane judged) and ``refused`` (refusals).
    """

    frames: int = 0
    by_lane: int = 0
    stored: int = 0
    late: int = 0
    repeated: int = 0
    refused: list[Refused] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict, compare=False)
    """Seconds by stage."""
    _since: float = field(default_factory=time.perf_counter, repr=False, compare=False)

    def lap(self, stage: str) -> None:
        """Add the time since the last stage to this one."""
        now = time.perf_counter()
        self.spent[stage] = self.spent.get(stage, 0.0) + now - self._since
        self._since = now

    def add(self, other: "Processed") -> None:
        """Add the counts of another part of the same batch."""
        self.frames += other.frames
        self.by_lane += other.by_lane
        self.stored += other.stored
        self.late += other.late
        self.repeated += other.repeated
        self.refused += other.refused
        self.done += other.done
        for stage, seconds in other.spent.items():
            self.spent[stage] = self.spent.get(stage, 0.0) + seconds
        self._since = max(self._since, other._since)


@dataclass(slots=True)
class Outcome:
    """The decisions of a batch so far, and the assets whose health may have changed."""

    verdicts: list[Verdict] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)


def process(
    conn: Connection, batch: Sequence[Message], state: Engine, while_storing: Callable[[], None] | None = None
) -> Processed:
    """Store, judge and act on a batch, and commit.

    ``while_storing`` is called at most once, while COPY is in flight. It must not raise.
    """
    processed = Processed()
    with conn.transaction():
        outcome = Outcome()
        begin, number = open_batch(conn, state, outcome)
        processed.lap("begin")
        parts = reading.parts(batch, state.open_lane(), state.formats, state.bounds)
        processed.lap("read")
        for which, part in enumerate(parts, 1):
            last = while_storing if which == len(parts) else None
            number = _process_part(conn, part, number, state, processed, outcome, last)
        _enter_lane(conn, state, {key for part in parts for key in part.keys})
        act(conn, outcome, state, processed)
        sources.remember(conn, state.formats)
        close_batch(conn, begin, number, state, processed)
        processed.lap("keep")
    processed.lap("commit")
    return processed


def open_batch(conn: Connection, state: Engine, outcome: Outcome) -> tuple[int, int]:
    """Lock the sequence and fold the waiting events; return the first free number before and after."""
    with of_no_message("a waiting event"):
        begin = judge_db.lock_position(conn, state.fence)
        if state.tick_is_due():
            judge_db.add(conn, "tick", state.tick(), "system:engine")
        return begin, fold_events(conn, begin, state, outcome)


def close_batch(conn: Connection, begin: int, number: int, state: Engine, processed: Processed) -> None:
    """Store what was refused and the position in the sequence, and write a checkpoint if one is due."""
    state.quarantine.keep(conn, processed.refused)
    with of_no_message("keeping the judge's state"):
        if number > begin:
            judge_db.advance(conn, state.fence, number)
            state.judge.arrival = number - 1
        if state.checkpoint_is_due():
            engine.save(conn, state)
        state.note_tick()


def process_frames(conn: Connection, part: Part, number: int, state: Engine, processed: Processed) -> int:
    """Store, judge and act on frames outside a batch; return the next free sequence number."""
    outcome = Outcome()
    number = _process_part(conn, part, number, state, processed, outcome)
    act(conn, outcome, state, processed)
    return number


def fold_events(conn: Connection, number: int, state: Engine, outcome: Outcome) -> int:
    """Fold the waiting events, once per batch and before its messages: they decide which readings are late."""
    with of_no_message("a waiting event"):
        events = judge_db.number_waiting(conn, number)
        state.catalogue.follow(events)
        outcome.verdicts += state.judge.decide(events)
    return number + len(events)


def _process_part(
    conn: Connection,
    part: Part,
    number: int,
    state: Engine,
    processed: Processed,
    outcome: Outcome,
    while_storing: Callable[[], None] | None = None,
) -> int:
    """Admit, number, store and judge a part of a batch in message order; return the next free sequence number."""
    judge, lane, catalogue = state.judge, state.open_lane(), state.catalogue
    for each in part.stale:
        lane.leave(f"{each.site}/{each.asset}")
    events = sources.mark_stale(conn, part.stale, catalogue, number)
    frames, ids, unknown, which, made_known = admission.admit(conn, part.frames, catalogue, part.keys)
    keys = part.keys if len(frames) == len(part.keys) else [part.keys[i] for i in which]
    came_by = part.of_message
    numbering = Numbering(
        number + len(events),
        [came_by[i] for i, _ in made_known],
        came_by if keys is part.keys else [came_by[i] for i in which],
        NOTHING if part.ordinary is None else part.ordinary.of_message,
    )
    judged, newest, assets = judge.judged_times(keys), catalogue.newest, catalogue.assets
    arrived = arrivals.arrange(
        conn, frames, ids, judged, numbering.number,
        newest=newest, keys=keys, assets=assets, ranges=seen_values.of_each(judge, keys),
    )  # fmt: skip
    events += judge_db.number(conn, [event for _, event in made_known], numbering.events.tolist())
    columns, for_models = [arrived.columns], list[ForModel]()
    if part.ordinary is not None:
        of_lane, for_models = lane.apply(part.ordinary, numbering.ordinary)
        columns.append(of_lane)
    # The database stores while we judge. If it refuses (an import has just stored the same), everything is undone.
    with readings.storing(conn, *columns):
        processed.lap("store")
        inputs = merged(events, arrived.frames, for_models, arrived.late_frames if judge.judges_late else ())
        outcome.verdicts += judge.decide(inputs)
        outcome.heard.update(each.asset for each in inputs if each.asset is not None)
        processed.lap("judge")
        if while_storing is not None:
            while_storing()
            processed.lap("read")
    processed.lap("store")
    processed.refused += part.refused + unknown + arrived.refused
    processed.frames += len(arrived.frames) + len(numbering.ordinary)
    processed.by_lane += len(numbering.ordinary)
    processed.stored += sum(map(len, columns))
    processed.late += arrived.late
    processed.repeated += arrived.repeated
    return numbering.next


def _enter_lane(conn: Connection, state: Engine, keys: AbstractSet[str]) -> None:
    """Let assets enter the lane that can, now that the fold has judged them."""
    able = keys - state.open_lane().mixed
    arrivals.load_newest(conn, state.catalogue, able)
    state.judge.enter_lane(sorted(able))


def act(conn: Connection, outcome: Outcome, state: Engine, processed: Processed) -> None:
    """Apply the decisions, and store changes of alarms and of the assets' health."""
    if state.judge.alarms:
        alarms.write(conn, state.judge.alarms, state.catalogue.asset_id, at=datetime.now(UTC))
        state.judge.alarms.clear()
    for said in state.judge.failed:
        engine_alarms.note_trouble(conn, Code.EVENT_FAILED, said)
    state.judge.failed.clear()
    health.write(conn, state.judge.changed_healths(outcome.heard), state.catalogue.asset_id)
    _store_survival(conn, state, outcome.heard)
    processed.done += filter(None, [_carry_out(conn, verdict, state) for verdict in outcome.verdicts])
    processed.lap("act")


def _store_survival(conn: Connection, state: Engine, heard: AbstractSet[str]) -> None:
    changed = by_fleet.changed_survivals(state.judge.assets, heard)
    if changed:
        found = {
            state.catalogue.asset_id(key): None if function is None else survival.Stored(function, version)
            for key, function, version in changed
        }
        survival.write(conn, found)


def _carry_out(conn: Connection, verdict: Verdict, state: Engine) -> Done | None:
    """Apply a decision; an emergency is assigned at once. A decision in shadow is only recorded."""
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
