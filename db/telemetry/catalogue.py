"""The ids of assets and signals: cached in memory, created on first sight."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from ingest.messages import Details, Reason
from judge.events import SignalSet
from judge.inputs import Event
from judge.known import KnownAsset
from workorder_core.plant.signals import folded, number_of, within
from workorder_core.sentences import kept

_QUERIES = sql.load("catalogue")


@dataclass(frozen=True, slots=True)
class Before:
    """The cached state of some assets at a moment; None for those that were unknown."""

    said: int
    assets: dict[str, KnownAsset | None]


@dataclass(frozen=True, slots=True)
class Admission:
    """Which assets and signals are created by their first message.

    Parameters
    ----------
    unknown
        Whether any are.
    most_assets, most_signals
        The most assets of the plant, and signals of an asset, up to which new ones are created; those created by a
        person or a plant file count, but are never refused.
    """

    unknown: bool = True
    most_assets: int = 100_000
    most_signals: int = 5_000


class Catalogue:
    """Assets by ``<site>/<asset>``, as loaded, and those created since.

    After a failed transaction, what it created does not exist: go back, or load again.

    Parameters
    ----------
    assets
        By ``<site>/<asset>``; read-only for others.
    newest
        By signal id, the newest event time stored (epoch microseconds), for the signals requested so far: anything
        newer is not stored yet. Updated by the code that stores.
    said
        How many events for the judge this has written.
    """

    def __init__(self, assets: dict[str, KnownAsset], admission: Admission) -> None:
        self.assets = assets
        self.admission = admission
        self.newest: dict[int, int] = {}
        self.said = 0

    @classmethod
    def load(cls, conn: Connection, admission: Admission) -> "Catalogue":
        """Read every asset and signal."""
        assets: dict[str, KnownAsset] = {}
        with conn.cursor(row_factory=tuple_row) as cursor:
            for key, asset_id, name, signal_id, alias_of in cursor.execute(_QUERIES["all"]):
                known = assets.setdefault(key, KnownAsset(asset_id))
                if alias_of is not None:
                    known.aliases[name] = alias_of
                elif name is not None:
                    known.signals[name] = signal_id
            for key, name, unit, states, low, high in cursor.execute(_QUERIES["meanings"]):
                if unit:
                    assets[key].units[name] = unit
                if states:
                    assets[key].states[name] = _folded(states)
                if (low, high) != (None, None):
                    assets[key].plausible[name] = within(low, high)
        return cls(assets, admission)

    def remember(self, keys: Iterable[str]) -> "Before":
        """Return the state of those assets, for ``go_back``."""
        assets = {key: self.assets.get(key) for key in keys}
        return Before(self.said, {key: None if known is None else known.copy() for key, known in assets.items()})

    def go_back(self, before: "Before") -> None:
        """Restore the state of those assets: what was created since has been rolled back.

        The newest stored times of their signals are read again.
        """
        self.said = before.said
        for key, known in before.assets.items():
            now = self.assets.pop(key, None)
            for signal in () if now is None else now.signals.values():
                self.newest.pop(signal, None)
            if known is not None:
                self.assets[key] = known

    def find(
        self, conn: Connection, site: str, asset: str, signals: Iterable[str], details: Details | None = None
    ) -> KnownAsset | None:
        """Return the asset with its known signals among those given, or None if it is unknown and not admitted.

        ``details`` may give a new asset's location, and units of signals that have none yet.
        """
        key = f"{site}/{asset}"
        known = self.assets.get(key)
        if known is None:
            if self.refuses_asset() is not None:
                return None
            self.said += 1
            conn.execute(_QUERIES["add_site"], {"code": site})
            row: Any = conn.execute(_QUERIES["add_asset"], {"site": site, "code": asset}).fetchone()
            known = self.assets[key] = KnownAsset(row[0])
            if details is not None and details.location is not None:
                location = {"site": site, "code": details.location, "asset_id": known.id, "at": datetime.now(UTC)}
                conn.execute(_QUERIES["add_location"], location)
                conn.execute(_QUERIES["install_new"], location)
        if self.admission.unknown:
            new = dict.fromkeys(name for name in signals if name not in known.signals and name not in known.aliases)
            room = max(0, self.admission.most_signals - len(known.signals))
            if new and room:
                self.said += 1
                facts = {"asset_id": known.id, "names": [*islice(new, room)]}
                with conn.cursor(row_factory=tuple_row) as cursor:
                    known.signals.update(cursor.execute(_QUERIES["add_signals"], facts))
            if details is not None and details.units:
                self._say_units(conn, known, details.units)
        return known

    def refuses_asset(self) -> tuple[Reason, str] | None:
        """Return why an unknown asset is not created; None if it is."""
        if not self.admission.unknown:
            return Reason.UNKNOWN_ASSET, kept("add it, or set admit_unknown")
        most = self.admission.most_assets
        if len(self.assets) >= most:
            return Reason.TOO_MANY_ASSETS, kept(
                "{count:,} assets are known, and no more are made known (admit_assets_most)", count=most
            )
        return None

    def refuses_signals(self) -> tuple[Reason, str]:
        """Return why unknown signals are not created."""
        if not self.admission.unknown:
            return Reason.UNKNOWN_ASSET, kept("add it, or set admit_unknown")
        return Reason.TOO_MANY_SIGNALS, kept(
            "it has {count:,} signals or more, and no others are made known (admit_signals_most): does the device "
            "change their names?",
            count=self.admission.most_signals,
        )

    def _say_units(self, conn: Connection, asset: KnownAsset, units: Mapping[str, str]) -> None:
        said: dict[str, str] = {}
        for given, unit in units.items():
            name = asset.aliases.get(given, given)
            if unit and name in asset.signals and name not in asset.units:
                said.setdefault(name, unit)
        if said:
            self.said += 1
            facts = {"signal_ids": [asset.signals[name] for name in said], "units": list(said.values())}
            conn.execute(_QUERIES["say_units"], facts)
            asset.units |= said

    def know_states(self, conn: Connection, asset: KnownAsset, texts: Mapping[str, str], asked: set[int]) -> None:
        """Read the states of an asset's signals again if one of those texts is not a known state.

        Assets (by id) in ``asked`` are not read again.
        """
        if asset.id in asked:
            return
        own = {asset.aliases.get(name, name): text for name, text in texts.items()}
        if all(number_of(asset.states.get(name, {}), text) is not None for name, text in own.items()):
            return
        asked.add(asset.id)
        with conn.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(_QUERIES["states"], {"asset_id": asset.id}).fetchall()
        asset.states = {name: _folded(states) for name, states in rows}

    def follow(self, events: Iterable[Event]) -> None:
        """Apply changes that people made to a signal meanwhile, from the judge's events."""
        for event in events:
            said, asset = event.change, self.assets.get(event.asset or "")
            if asset is not None and isinstance(said, SignalSet):
                if said.unit:
                    asset.units[said.signal] = said.unit
                else:
                    asset.units.pop(said.signal, None)
                asset.states[said.signal] = _folded(said.states or {})
                asset.plausible.pop(said.signal, None)
                if said.plausible is not None:
                    asset.plausible[said.signal] = within(*said.plausible)

    def known(self, key: str) -> KnownAsset | None:
        """Return an asset by ``<site>/<asset>``, or None."""
        return self.assets.get(key)

    def asset_id(self, key: str) -> int:
        """Return the id of an asset that is known."""
        return self.assets[key].id


def _folded(states: Mapping[str, float]) -> dict[str, float]:
    return {folded(name): float(number) for name, number in states.items()}
