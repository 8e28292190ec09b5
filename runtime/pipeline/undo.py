"""Undoes in memory what a savepoint undoes in the database: the effects of messages that failed.

For each asset of the messages, the judge's dump is saved as bytes, and restored only if needed. State of the whole
plant is copied: it is small. What the formats have learned from the messages stays.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import msgspec
from psycopg import Connection

from judge import seen_values
from judge.asset import asset_dump
from judge.judge import Judge
from rules.measures import Fleet
from runtime.pipeline.engine import Engine
from runtime.pipeline.reading import Part
from workorder_core.alarms.alarms import Standing
from workorder_core.alarms.silence import Silences
from workorder_core.intake.flood import Floods
from workorder_core.intake.inhibition import Inhibition
from workorder_core.intake.order_book import Entry
from workorder_core.plant.health import Health
from workorder_core.plant.seen import Seen

Dumps = dict[tuple[str, str], bytes]
"""By judge and asset: dumps that are still valid when the next messages are processed."""


@contextmanager
def undoing(conn: Connection, state: Engine, parts: Iterable[Part], dumps: Dumps | None = None) -> Iterator[None]:
    """Process parts within a savepoint: an error undoes everything, in the engine's memory too.

    Decisions are applied within it. A caller that processes several groups passes ``dumps``, and clears them if
    anything else was judged in between.
    """
    dumps = {} if dumps is None else dumps
    keys = {key for part in parts for key in part.keys}
    keys.update(f"{each.site}/{each.asset}" for part in parts for each in part.stale)
    keys = touched(state.judge, keys)
    judge, catalogue = Remembered.of(state.judge, keys, dumps), state.catalogue.remember(keys)
    try:
        with conn.transaction():
            yield
    except BaseException:
        judge.go_back()
        state.catalogue.go_back(catalogue)
        raise
    for name in [name for name in dumps if name[1] in keys]:
        del dumps[name]


def touched(judge: Judge, keys: Collection[str]) -> set[str]:
    """Return the assets that judging these may change: rules of upstream assets may read them."""
    found = set(keys)
    if judge.rulesets.looks_below or (judge.shadow is not None and judge.shadow.judge.rulesets.looks_below):
        for key in keys:
            asset = judge.assets.get(key)
            while asset is not None and asset.parent is not None and asset.parent not in found:
                found.add(asset.parent)
                asset = judge.assets.get(asset.parent)
    return found


@dataclass(slots=True)
class _Asset:
    """An asset's dump, and the state that is not in it."""

    dumped: bytes
    health: Health | None
    fresh: bool


@dataclass(slots=True)
class Remembered:
    """A judge's earlier state of some assets; None for an asset that was unknown."""

    judge: Judge
    arrival: int
    assets: dict[str, _Asset | None]
    early: dict[str, dict[str, Seen] | None]
    book: dict[str, dict[UUID, Entry]]
    fleets: dict[tuple[str, str], Fleet]
    inhibition: Inhibition
    floods: Floods
    standing: Standing
    silences: Silences
    shadow: "Remembered | None"

    @classmethod
    def of(cls, judge: Judge, keys: Collection[str], dumps: Dumps, name: str = "live") -> "Remembered":
        """Save a judge's state before these assets are judged, see `touched`."""
        if judge.lane is not None:
            for key in keys:
                judge.lane.leave(key)
        return cls(
            judge=judge,
            arrival=judge.arrival,
            assets={key: _asset(judge, key, dumps, name) for key in keys},
            early={key: dict(judge.early[key]) if key in judge.early else None for key in keys},
            book=judge.book.copy_of(keys),
            fleets=judge.fleets.copy(),
            inhibition=judge.inhibition.copy(),
            floods=judge.floods.copy(),
            standing=judge.standing.copy(),
            silences=judge.silences.copy(),
            shadow=None if judge.shadow is None else cls.of(judge.shadow.judge, keys, dumps, "shadow"),
        )

    def go_back(self) -> None:
        """Restore the judge's state; call it once."""
        judge = self.judge
        judge.arrival = self.arrival
        for key, before in self.assets.items():
            if before is None:
                judge.assets.pop(key, None)
            else:
                asset = judge.put_asset(key, msgspec.msgpack.decode(before.dumped))
                asset.health, asset.fresh = before.health, before.fresh
        for key, seen in self.early.items():
            judge.early.pop(key, None)
            if seen is not None:
                judge.early[key] = seen
        judge.book.put_back(self.book)
        judge.fleets.put_back(self.fleets)
        judge.inhibition, judge.floods = self.inhibition, self.floods
        judge.standing, judge.silences = self.standing, self.silences
        # Earlier decisions were applied already, so that none of them is pending.
        judge.failed.clear()
        if judge.alarms is not None:
            judge.alarms.clear()
        if self.shadow is not None:
            self.shadow.go_back()
            seen_values.share(self.shadow.judge, judge)


def _asset(judge: Judge, key: str, dumps: Dumps, name: str) -> _Asset | None:
    asset = judge.assets.get(key)
    if asset is None:
        return None
    dumped = dumps.get((name, key))
    if dumped is None:
        dumped = dumps[name, key] = msgspec.msgpack.encode(asset_dump.dump(asset))
    return _Asset(dumped, asset.health, asset.fresh)
