"""Whether something is of a site that somebody sees. What is not, is not there for them."""

from collections.abc import Collection, Mapping
from uuid import UUID

from psycopg import Connection
from psycopg.rows import scalar_row

from db import sql
from db.errors import NotFound

_QUERIES = sql.load("access")

KINDS: Mapping[str, tuple[str, str]] = {
    "order_id": ("work order", "sees_order"),
    "number": ("work order", "sees_number"),
    "asset_id": ("asset", "sees_asset"),
    "location_id": ("location", "sees_location"),
    "file_id": ("file", "sees_file"),
    "technician_id": ("technician", "sees_technician"),
    "downtime_id": ("planned downtime", "sees_downtime"),
    "proposal_id": ("safety proposal", "sees_proposal"),
    "run_key": ("run", "sees_run"),
    "upload_id": ("upload", "sees_upload"),
}
"""What an id means by its name in a path, and the query that says whether it is seen."""


def codes(within: Collection[str] | None) -> list[str] | None:
    """Return the sites that somebody sees as a query takes them; None for all."""
    return None if within is None else sorted(within)


def check(conn: Connection, name: str, key: UUID | int | str, sites: Collection[str]) -> None:
    """Raise NotFound where what an id names is of none of the sites; it is the id as its handler reads it."""
    kind, query = KINDS[name]
    value = key.replace("\0", "") if isinstance(key, str) else key
    with conn.cursor(row_factory=scalar_row) as cursor:
        if not cursor.execute(_QUERIES[query], {"id": value, "sites": sorted(sites)}).fetchone():
            raise NotFound(kind, key)
