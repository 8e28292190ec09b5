"""Checks that something belongs to a site that the user sees. For them, anything else does not exist."""

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
    "absence_id": ("absence", "sees_absence"),
    "downtime_id": ("planned downtime", "sees_downtime"),
    "proposal_id": ("safety proposal", "sees_proposal"),
    "plan_id": ("maintenance plan", "sees_maintenance_plan"),
    "series_id": ("series", "sees_series"),
    "run_key": ("run", "sees_run"),
    "upload_id": ("upload", "sees_upload"),
    "item_id": ("item", "sees_item"),
    "store_id": ("store", "sees_store"),
    "bin_id": ("bin", "sees_bin"),
    "request_id": ("purchase request", "sees_request"),
    "tool_id": ("tool", "sees_tool"),
    "booking_id": ("booking of a tool", "sees_booking"),
    "checklist_id": ("checklist", "sees_checklist"),
    "route_id": ("route", "sees_route"),
    "round_id": ("round", "sees_round"),
    "audit_id": ("audit", "sees_audit"),
    "schedule_id": ("schedule", "sees_schedule"),
    "escalation_id": ("escalation", "sees_escalation"),
    "policy_id": ("escalation policy", "sees_policy"),
    "rota_id": ("rota", "sees_rota"),
    "ask_id": ("request", "sees_asked"),
    "override_id": ("override", "sees_override"),
    "swap_id": ("swap", "sees_swap"),
    "op_id": ("operation", "sees_operation"),
    "mobile_id": ("device", "sees_mobile"),
}
"""By the id's name in a path: what it identifies, and the query that checks whether it is visible."""


GIVEN: Mapping[str, str] = {
    "order_id": "given_order",
    "number": "given_number",
    "asset_id": "given_asset",
    "location_id": "given_location",
    "file_id": "given_file",
    "technician_id": "given_technician",
}
"""By the id's name, the query that checks whether the orders of a contractor need it. They see nothing else."""


def codes(within: Collection[str] | None) -> list[str] | None:
    """Return the sites that a user sees as a query parameter; None for all."""
    return None if within is None else sorted(within)


def check(conn: Connection, name: str, key: UUID | int | str, sites: Collection[str]) -> None:
    """Raise NotFound unless an id, as parsed by its handler, belongs to one of the sites."""
    kind, query = KINDS[name]
    value = key.replace("\0", "") if isinstance(key, str) else key
    with conn.cursor(row_factory=scalar_row) as cursor:
        if not cursor.execute(_QUERIES[query], {"id": value, "sites": sorted(sites)}).fetchone():
            raise NotFound(kind, key)


def check_given(conn: Connection, name: str, key: UUID | int | str, technician: int) -> None:
    """Raise NotFound unless an id is that of an order of a contractor, or of what their orders need."""
    query, value = GIVEN.get(name), key.replace("\0", "") if isinstance(key, str) else key
    with conn.cursor(row_factory=scalar_row) as cursor:
        if query is None or not cursor.execute(_QUERIES[query], {"id": value, "technician": technician}).fetchone():
            raise NotFound(KINDS[name][0], key)


def given(conn: Connection, orders: Collection[UUID], technician: int) -> frozenset[UUID]:
    """Return those of the orders that a technician has or had."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(_QUERIES["given_orders"], {"ids": list(orders), "technician": technician})
        return frozenset(found.fetchall())
