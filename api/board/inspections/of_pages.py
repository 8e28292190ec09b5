"""The rounds on the pages of an asset and of an order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection

from db.inspections import checklists, points, rounds
from db.inspections.checklists import Kept, Route
from db.inspections.rounds import AtAsset
from db.plant.plant import Asset

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspections:
    """Rounds in progress at an asset, routes that stop there, and its checklists. ``scanned``: opened by its code."""

    here: list[AtAsset]
    routes: list[Route]
    checklists: list[Kept]
    scanned: bool


def at_asset(conn: Connection, asset: Asset, *, scanned: bool = False) -> Inspections:
    """Return what can be inspected at an asset; nothing if it is archived."""
    if asset.archived_at is not None:
        return Inspections(here=[], routes=[], checklists=[], scanned=scanned)
    return Inspections(
        here=rounds.at_asset(conn, asset.id),
        routes=checklists.routes(conn, site=asset.site_code, assets=[asset.id], limit=MOST),
        checklists=checklists.page(conn, site=asset.site_code, limit=MOST),
        scanned=scanned,
    )


def of_order(conn: Connection, order_id: UUID) -> dict[str, Any]:
    """Return the failed answers that led to an order, and the round that it requires."""
    return {
        "round_failures": points.of_order(conn, order_id),
        "round_to_walk": rounds.of_order(conn, order_id),
    }
