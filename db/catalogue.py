"""The ids of everything that sends: looked up in memory, made known on first sight."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from db.judge import Event
from ingest.messages import Details
from workorder_core.signals import folded, number_of

_QUERIES = sql.load("catalogue")


@dataclass(slots=True)
class KnownAsset:
    """An asset's id, its signals' ids by name, and by alias the names that they are known by.

    ``states`` are by the signal's own name and the state's folded name.
    """

    id: int
    signals: dict[str, int] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    states: dict[str, dict[str, float]] = field(default_factory=dict)


class Catalogue:
    """Assets by ``<site>/<asset>``, as they stood when this was loaded, and those made known since.

    What was made known in a transaction that failed is not there: load it again after a failure.

    Parameters
    ----------
    assets
        By ``<site>/<asset>``; to be looked at only.
    newest
        By signal id, the newest event time stored (epoch microseconds), of the signals that have been asked for: what
        is newer is not stored. Kept up by who stores.
    """

    def __init__(self, assets: dict[str, KnownAsset], *, admit_unknown: bool) -> None:
        self.assets = assets
        self.admit_unknown = admit_unknown
        self.newest: dict[int, int] = {}

    @classmethod
    def load(cls, conn: Connection, *, admit_unknown: bool) -> "Catalogue":
        """Read every asset and signal. With ``admit_unknown`` what is not there is made known by its first message."""
        assets: dict[str, KnownAsset] = {}
        with conn.cursor(row_factory=tuple_row) as cursor:
            for key, asset_id, name, signal_id, alias_of in cursor.execute(_QUERIES["all"]):
                known = assets.setdefault(key, KnownAsset(asset_id))
                if alias_of is not None:
                    known.aliases[name] = alias_of
                elif name is not None:
                    known.signals[name] = signal_id
            for key, name, unit, states in cursor.execute(_QUERIES["meanings"]):
                if unit:
                    assets[key].units[name] = unit
                if states:
                    assets[key].states[name] = _folded(states)
        return cls(assets, admit_unknown=admit_unknown)

    def find(
        self, conn: Connection, site: str, asset: str, signals: Iterable[str], details: Details | None = None
    ) -> KnownAsset | None:
        """Return the asset with all of those signals, or None where it is unknown and is not admitted.

        ``details`` may say where a new asset stands, and in which units signals come that have none yet.
        """
        key = f"{site}/{asset}"
        known = self.assets.get(key)
        if known is None:
            if not self.admit_unknown:
                return None
            conn.execute(_QUERIES["add_site"], {"code": site})
            row: Any = conn.execute(_QUERIES["add_asset"], {"site": site, "code": asset}).fetchone()
            known = self.assets[key] = KnownAsset(row[0])
            if details is not None and details.location is not None:
                place = {"site": site, "code": details.location, "asset_id": known.id, "at": datetime.now(UTC)}
                conn.execute(_QUERIES["add_location"], place)
                conn.execute(_QUERIES["install_new"], place)
        for name in signals:
            if name not in known.signals and name not in known.aliases:
                if not self.admit_unknown:
                    continue
                found: Any = conn.execute(_QUERIES["add_signal"], {"asset_id": known.id, "name": name}).fetchone()
                known.signals[name] = found[0]
        if details is not None and details.units:
            self._say_units(conn, known, details.units)
        return known

    def _say_units(self, conn: Connection, asset: KnownAsset, units: Mapping[str, str]) -> None:
        for given, unit in units.items():
            name = asset.aliases.get(given, given)
            if unit and self.admit_unknown and name in asset.signals and name not in asset.units:
                conn.execute(_QUERIES["say_unit"], {"signal_id": asset.signals[name], "unit": unit})
                asset.units[name] = unit

    def know_states(self, conn: Connection, asset: KnownAsset, texts: Mapping[str, str], asked: set[int]) -> None:
        """Ask anew which states an asset's signals have, where one of those texts is none that is known.

        Of an asset (by its id) that was ``asked`` for, nobody is asked again.
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
        """Take over what somebody has said of a signal meanwhile, by the events that tell the judge of it."""
        for event in events:
            asset = self.assets.get(event.asset or "") if event.kind == "signal" else None
            if asset is not None:
                name = str(event.payload["signal"])
                if unit := str(event.payload["unit"]):
                    asset.units[name] = unit
                else:
                    asset.units.pop(name, None)
                asset.states[name] = _folded(event.payload.get("states", {}))

    def known(self, key: str) -> KnownAsset | None:
        """Return an asset by ``<site>/<asset>``, or None."""
        return self.assets.get(key)

    def asset_id(self, key: str) -> int:
        """Return the id of an asset that is known."""
        return self.assets[key].id


def _folded(states: Mapping[str, float]) -> dict[str, float]:
    return {folded(name): float(number) for name, number in states.items()}
