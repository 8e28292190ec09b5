"""Learns a fleet model from a plant's own history, judged again so that the rows are those that the plant sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np
from psycopg import Connection

from db.documents import fleets
from judge.asset import by_fleet
from judge.judge import Judge
from judge.moments import micros, moment
from models.lives import fleet_learning
from models.lives.fleet import FleetModel
from models.lives.fleet_learning import Asked, Lived
from models.lives.life_recording import Recorded, Recording
from runtime.backtest import stored
from runtime.backtest.outcomes import Failure
from runtime.backtest.parallel import SNAPSHOT
from runtime.backtest.stored import NothingToJudge, Range

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to learn.

    Parameters
    ----------
    sites
        Codes of the sites whose fleet it is; none: all.
    failures
        The failures of a file; None: what close-outs confirmed.
    regime
        The signals that name the operating condition.
    step_s
        Seconds of a row; None: a two-hundredth of the median life. 0: every frame.
    lead_days
        How long before their end 95 % of the assets are to be called; None: a fifth of the median life.
    """

    asset_class: str
    sites: tuple[str, ...] = ()
    failures: Sequence[Failure] | None = None
    regime: tuple[str, ...] = ()
    step_s: float | None = None
    lead_days: float | None = None
    age: bool = False
    until: datetime | None = None


def learn(conn: Connection, wanted: Wanted) -> FleetModel:
    """Learn a model, which is not stored. Raises NothingToJudge, and TooFewLives with how many it takes."""
    with conn.transaction():
        conn.execute(SNAPSHOT)
        assets = fleets.assets(conn, wanted.asset_class, wanted.sites)
        if not assets:
            raise NothingToJudge(f"no asset is of the class {wanted.asset_class!r} at these sites")
        ends = _ends(conn, assets, wanted)
        where = stored.arrival_range(conn, Range(until=wanted.until))
        recording = Recording(wanted.asset_class, 0.0 if wanted.step_s is None else wanted.step_s)
        judge = Judge()
        judge.models.recording = recording
        for _ in judge.consider(stored.inputs(conn, where, assets)):
            pass
    return learn_from(recording.of, ends, wanted)


def learn_from(recorded: Mapping[str, Recorded], ends: Sequence[fleets.End], wanted: Wanted) -> FleetModel:
    """Learn from recorded rows and the failures that ended them."""
    lives, open_lives, unconfirmed = [], [], 0
    names = tuple(sorted({name for each in recorded.values() for row in each.rows for name in row}))
    regime = tuple(name for name in wanted.regime if name in names)
    every = {asset: each.table(names) for asset, each in recorded.items()}
    rows = np.concatenate([table for table in every.values() if len(table)] or [np.zeros((0, len(names)))])
    known = fleet_learning.known_signals(rows, names)
    signals = tuple(name for name in known if name not in regime)
    columns = [names.index(name) for name in (*signals, *regime)]
    step_s = _step(recorded, ends) if wanted.step_s is None else wanted.step_s
    for asset in sorted(recorded):
        known_ends = [each for each in ends if each.asset == asset]
        for part in _cut(recorded[asset], known_ends, file=wanted.failures is not None):
            if part.unconfirmed:
                unconfirmed += 1
                continue
            at, table = _by_step(part.at(recorded[asset]), every[asset][part.begin : part.end][:, columns], step_s)
            if not len(at):
                continue
            life = Lived(asset=asset, at_us=at, rows=table, failed=part.failed)
            lives.append(life)
            if part.last and not part.failed:
                open_lives.append(life)
    row_s = step_s or _frame_s(lives)
    lead = None if wanted.lead_days is None else max(1, round(wanted.lead_days * DAY_S / max(row_s, 1e-9)))
    facts = {"sites": list(wanted.sites), "unconfirmed": unconfirmed, "asset_class": wanted.asset_class, "row_s": row_s}
    asked = Asked(signals=signals, regime=regime, step_s=step_s, lead=lead, age=wanted.age, facts=facts)
    model = fleet_learning.learn(lives, asked)
    starts = {life.asset: by_fleet.packed(fleet_learning.state_after(model, life)) for life in open_lives}
    return replace(model, starts=starts)


@dataclass(frozen=True, slots=True)
class _Part:
    """One life as rows ``begin`` to ``end``, and how it ended; ``last`` goes on."""

    begin: int
    end: int
    failed: bool
    unconfirmed: bool
    last: bool

    def at(self, recorded: Recorded) -> list[int]:
        return recorded.at_us[self.begin : self.end]


def _cut(recorded: Recorded, ends: Sequence[fleets.End], *, file: bool) -> list[_Part]:
    """Cut an asset's rows into lives: at every repair, and at the failures of a file."""
    at_us = np.array(recorded.at_us)
    cuts = {*recorded.restored_us, *(micros(each.at) for each in ends if file)}
    begins = [int(np.searchsorted(at_us, each, side="right")) for each in sorted(cuts)]
    bounds = sorted({0, *begins, len(at_us)})
    parts = []
    for begin, next_begin in pairwise(bounds):
        end, last = next_begin, next_begin == len(at_us)
        inside = [each for each in ends if at_us[begin] <= micros(each.at) and (last or micros(each.at) < at_us[end])]
        failed = next((each for each in inside if each.confirmed), None)
        if failed is not None:
            end = int(np.searchsorted(at_us, micros(failed.at), side="right"))
            last = False
        parts.append(_Part(begin, end, failed is not None, failed is None and bool(inside), last))
    return parts


def _by_step(at_us: list[int], rows: fleet_learning.Array, step_s: float) -> tuple[list[int], fleet_learning.Array]:
    """Means over steps of event time, of rows that may be finer."""
    step_us = round(step_s * 1e6)
    if not step_us or not len(at_us):
        return at_us, rows
    buckets = np.array(at_us) // step_us
    begin = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
    there = np.isfinite(rows)
    counts = np.add.reduceat(there.astype(np.float64), begin, axis=0)
    sums = np.add.reduceat(np.where(there, rows, 0.0), begin, axis=0)
    ends = [*(begin[1:] - 1).tolist(), len(at_us) - 1]
    with np.errstate(invalid="ignore"):
        return [at_us[each] for each in ends], sums / counts


def _step(recorded: Mapping[str, Recorded], ends: Sequence[fleets.End]) -> float:
    spans = [
        (recorded[asset].at_us[part.end - 1] - recorded[asset].at_us[part.begin]) / 1e6
        for asset in recorded
        for part in _cut(recorded[asset], [each for each in ends if each.asset == asset], file=True)
        if part.failed and part.end > part.begin
    ]
    return fleet_learning.step_of(spans) if spans else 3600.0


def _frame_s(lives: Sequence[Lived]) -> float:
    steps = [np.diff(life.at_us) for life in lives if len(life.at_us) > 1]
    return float(np.median(np.concatenate(steps))) / 1e6 if steps else 0.0


def _ends(conn: Connection, assets: Sequence[str], wanted: Wanted) -> list[fleets.End]:
    if wanted.failures is None:
        return fleets.ends(conn, assets)
    return [fleets.End(each.asset, each.failed_at, True) for each in wanted.failures if each.asset in assets]


def learned_until(model: FleetModel) -> datetime:
    """Return the event time of the newest row that a model was learned from."""
    return moment(int(model.learned["to_us"]))
