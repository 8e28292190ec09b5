"""What an asset stands behind, and as what it is judged. The judge is told of every change, with who made it."""

from datetime import datetime

from psycopg import Connection
from psycopg.rows import scalar_row

from db import plant, sql
from db.errors import NotFound, StoreError
from db.plant import Asset
from workorder_core.words import Criticality

_QUERIES = sql.load("hierarchy")


class Ring(StoreError):
    """An asset was to stand behind itself, over others or at once."""

    def __init__(self, asset: str, parent: str) -> None:
        super().__init__(f"{asset} cannot stand behind {parent}: {parent} stands behind {asset}; choose one above it")
        self.asset, self.parent = asset, parent


def change(
    conn: Connection,
    asset_id: int,
    *,
    asset_class: str | None = None,
    criticality: Criticality | None = None,
    safety_critical: bool | None = None,
    parent: str | None,
    actor: str,
    at: datetime,
) -> Asset:
    """Change as what an asset is judged, and what it stands behind: ``parent`` is the code of another one of its site.

    ``safety_critical`` says whether work on it is verified by a second person. None leaves class, criticality
    and that as they are, and makes it stand behind nothing. Raises NotFound and Ring.
    """
    before = plant.asset(conn, asset_id, now=at)
    with conn.cursor() as cursor:
        above: dict[int, int | None] = dict(cursor.execute(_QUERIES["hold"], {"asset_id": asset_id}).fetchall())
    if parent is not None:
        with conn.cursor(row_factory=scalar_row) as cursor:
            up = cursor.execute(_QUERIES["asset_of_site"], {"asset_id": asset_id, "code": parent}).fetchone()
        if up is None:
            raise NotFound("asset", f"{before.site_code}/{parent}")
        seen = set[int]()
        while up is not None and up not in seen:
            if up == asset_id:
                raise Ring(before.code, parent)
            seen.add(up)
            up = above[up]
    conn.execute(_QUERIES["known_as"], {"actor": actor})
    facts = {
        "asset_id": asset_id,
        "asset_class": asset_class or before.asset_class,
        "criticality": int(criticality or before.criticality),
        "safety_critical": before.safety_critical if safety_critical is None else safety_critical,
        "parent": parent,
    }
    conn.execute(_QUERIES["change"], facts)
    return plant.asset(conn, asset_id, now=at)
