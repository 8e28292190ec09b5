"""The signals of many assets in one list, each with its newest reading."""

from collections.abc import Collection
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import dict_row

from db import scope, sql
from db.plant.plant import Signal
from db.telemetry.telemetry import Newest
from workorder_core.plant.signals import Meaning

_QUERIES = sql.load("signal_lists")
_MEANING = ("states", "counter", "wraps_at", "plausible_low", "plausible_high")
_READING = ("observed_at", "received_at", "value", "quality")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A signal, and its asset's key. ``newest`` is None if it has no reading."""

    asset: str
    signal: Signal
    newest: Newest | None

    @property
    def position(self) -> tuple[str, str, str]:
        """Return its sort key: site, asset, name."""
        site, _, asset = self.asset.partition("/")
        return site, asset, self.signal.name


def page(
    conn: Connection,
    *,
    site: str | None,
    asset_id: int | None,
    within: Collection[str] | None,
    limit: int,
    after: tuple[str, str, str] | None,
) -> list[Listed]:
    """Return signals of assets that are not archived, by site, asset and name; ``after`` is the last row's position."""
    asked: dict[str, object] = {"site": site, "asset_id": asset_id, "within": scope.codes(within), "limit": limit}
    asked |= dict(zip(("after_site", "after_asset", "after_name"), after or (None, None, None), strict=True))
    found = []
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["page"], asked):
            meaning = {name: row.pop(name) for name in _MEANING}
            reading = {name: row.pop(name) for name in _READING}
            asset = row.pop("asset")
            signal = Signal(**row, meaning=Meaning(**meaning | {"states": meaning["states"] or {}}))
            newest = None
            if reading["observed_at"] is not None:
                newest = Newest(asset_id=signal.asset_id, signal=signal.name, **reading)
            found.append(Listed(asset=asset, signal=signal, newest=newest))
    return found
