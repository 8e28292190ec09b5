"""The ids of everything that sends: looked up in memory, made known on first sight."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql

_QUERIES = sql.load("catalogue")


@dataclass(slots=True)
class KnownAsset:
    """An asset's id and its signals' ids by name or alias."""

    id: int
    signals: dict[str, int] = field(default_factory=dict)


class Catalogue:
    """Assets by ``<site>/<asset>``, as they stood when this was loaded, and those made known since.

    What was made known in a transaction that failed is not there: load it again after a failure.
    """

    def __init__(self, assets: dict[str, KnownAsset], *, admit_unknown: bool) -> None:
        self._assets = assets
        self.admit_unknown = admit_unknown

    @classmethod
    def load(cls, conn: Connection, *, admit_unknown: bool) -> "Catalogue":
        """Read every asset and signal. With ``admit_unknown`` what is not there is made known by its first message."""
        assets: dict[str, KnownAsset] = {}
        with conn.cursor(row_factory=tuple_row) as cursor:
            for key, asset_id, name, signal_id in cursor.execute(_QUERIES["all"]):
                known = assets.setdefault(key, KnownAsset(asset_id))
                if name is not None:
                    known.signals[name] = signal_id
        return cls(assets, admit_unknown=admit_unknown)

    def find(self, conn: Connection, site: str, asset: str, signals: Iterable[str]) -> KnownAsset | None:
        """Return the asset with all of those signals, or None where it is unknown and is not admitted."""
        key = f"{site}/{asset}"
        known = self._assets.get(key)
        if known is None:
            if not self.admit_unknown:
                return None
            conn.execute(_QUERIES["add_site"], {"code": site})
            row: Any = conn.execute(_QUERIES["add_asset"], {"site": site, "code": asset}).fetchone()
            known = self._assets[key] = KnownAsset(row[0])
        for name in signals:
            if name not in known.signals:
                if not self.admit_unknown:
                    continue
                found: Any = conn.execute(_QUERIES["add_signal"], {"asset_id": known.id, "name": name}).fetchone()
                known.signals[name] = found[0]
        return known

    def asset_id(self, key: str) -> int:
        """Return the id of an asset that is known."""
        return self._assets[key].id
