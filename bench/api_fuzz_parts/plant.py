"""The plant that made-up requests are sent to, and what is in it; asked again now and then, as requests change it."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from psycopg import Connection

from db.documents import documents, rules_in_force
from db.documents.documents import Kind
from db.plant import hierarchy, safety
from db.telemetry import quarantine
from tests import a_plant, people
from workorder_core.escalating.course import Answer
from workorder_core.people.access import Role
from workorder_core.tables.plant_tables import TABLES

_RULEBOOK = Path(__file__).parent.parent.parent / "data" / "samples" / "rulebook.toml"
_ACTOR = "person:mette"
_QUERIES = {
    "order_id": "SELECT id FROM work_orders ORDER BY status IN ('closed', 'cancelled'), recorded_at DESC LIMIT 40",
    "number": "SELECT number FROM work_orders ORDER BY recorded_at DESC LIMIT 20",
    "asset_id": "SELECT id FROM assets ORDER BY id LIMIT 20",
    "signal": "SELECT DISTINCT name FROM signals ORDER BY name LIMIT 20",
    "technician_id": "SELECT id FROM technicians ORDER BY id DESC LIMIT 20",
    "downtime_id": "SELECT id FROM planned_downtimes ORDER BY cancelled_at NULLS FIRST, id DESC LIMIT 10",
    "kept_id": "SELECT id FROM quarantine ORDER BY id DESC LIMIT 10",
    "version_number": "SELECT generate_series(1, least(count(*), 5)) FROM judge_events WHERE kind = 'rulebook'",
    "run_id": "SELECT id FROM shadow_runs ORDER BY id DESC LIMIT 5",
    "proposal_id": "SELECT id FROM safety_proposals ORDER BY verdict IS NULL DESC, id DESC LIMIT 5",
    "user_name": "SELECT name FROM users ORDER BY created_at DESC LIMIT 10",
    "key_name": "SELECT name FROM api_keys ORDER BY revoked_at NULLS FIRST, created_at DESC LIMIT 10",
    "plan_code": "SELECT DISTINCT code FROM job_plans ORDER BY code LIMIT 10",
    "order_id/attachment_id": "SELECT order_id || '/' || id FROM attachments WHERE order_id IS NOT NULL LIMIT 10",
    "order_id/seq": "SELECT order_id || '/' || seq FROM order_steps ORDER BY order_id, seq LIMIT 40",
    "asset_id/signal": "SELECT asset_id || '/' || name FROM signals ORDER BY id LIMIT 40",
    "plan_id": "SELECT id FROM maintenance_plans ORDER BY retired_at NULLS FIRST, id DESC LIMIT 10",
    "plan_id/series_id": "SELECT plan_id || '/' || id FROM maintenance_series ORDER BY id DESC LIMIT 20",
    "location_id": "SELECT id FROM locations ORDER BY id LIMIT 10",
    "file_id": "SELECT id FROM attachments ORDER BY at DESC LIMIT 20",
    "receiver_id": "SELECT id FROM receivers ORDER BY id DESC LIMIT 10",
    "receiver_id/event_id": "SELECT receiver_id || '/' || event_id FROM deliveries ORDER BY event_id DESC LIMIT 20",
    "run_key": "SELECT id FROM runs ORDER BY requested_at DESC LIMIT 10",
    "run_key/file_name": "SELECT run || '/' || name FROM run_files ORDER BY run LIMIT 10",
    "upload_id": "SELECT id FROM uploads ORDER BY at DESC LIMIT 10",
    "checklist_id": "SELECT id FROM checklists ORDER BY archived_at NULLS FIRST, id DESC LIMIT 10",
    "route_id": "SELECT id FROM inspection_routes ORDER BY archived_at NULLS FIRST, id DESC LIMIT 10",
    "round_id": "SELECT id FROM inspection_rounds ORDER BY status IN ('completed', 'missed'), id DESC LIMIT 10",
    "round_id/position": "SELECT round_id || '/' || position FROM inspection_stops ORDER BY round_id DESC LIMIT 20",
    "round_id/photo_id": "SELECT round_id || '/' || id FROM inspection_photos ORDER BY round_id DESC LIMIT 10",
    "audit_id": "SELECT id FROM audits ORDER BY closed_at NULLS FIRST, id DESC LIMIT 10",
    "audit_id/seq": "SELECT audit_id || '/' || seq FROM audit_findings ORDER BY audit_id DESC LIMIT 20",
    "schedule_id": "SELECT id FROM schedules ORDER BY id DESC LIMIT 10",
    "escalation_id": "SELECT id FROM escalations ORDER BY id DESC LIMIT 5",
    "policy_id": "SELECT id FROM site_documents WHERE kind = 'escalation_policy' ORDER BY id DESC LIMIT 5",
    "ask_id/quote_version": "SELECT request_id || '/' || version FROM quotes ORDER BY made_at DESC LIMIT 10",
    "help_id": "SELECT id FROM self_help ORDER BY id DESC LIMIT 5",
    "ask_id": "SELECT id FROM requests ORDER BY recorded_at DESC LIMIT 5",
    "op_id": "SELECT op_id FROM sync_operations ORDER BY received_at DESC LIMIT 5",
    "mobile_id": "SELECT id FROM sync_devices ORDER BY seen_at DESC LIMIT 5",
    "rota_id": "SELECT id FROM on_call_rotas ORDER BY id DESC LIMIT 5",
    "rota_id/swap_id": "SELECT rota_id || '/' || id FROM on_call_swaps ORDER BY id DESC LIMIT 5",
    "rota_id/override_id": "SELECT rota_id || '/' || id FROM on_call_overrides ORDER BY id DESC LIMIT 5",
    "technician_id/absence_id": "SELECT technician_id || '/' || id FROM absences ORDER BY id DESC LIMIT 5",
    "feed_id": "SELECT id FROM calendar_feeds ORDER BY revoked_at NULLS FIRST, id DESC LIMIT 5",
    "item_id": "SELECT id FROM items ORDER BY retired_at NULLS FIRST, id DESC LIMIT 10",
    "store_id": "SELECT id FROM stores ORDER BY id DESC LIMIT 5",
    "bin_id": "SELECT id FROM bins ORDER BY id DESC LIMIT 5",
    "order_id/line": "SELECT order_id || '/' || line FROM reservations ORDER BY asked_at DESC LIMIT 10",
    "request_id": "SELECT id FROM purchase_requests ORDER BY state = 'requested' DESC, id DESC LIMIT 10",
    "tool_id": "SELECT id FROM tools ORDER BY retired_at NULLS FIRST, id DESC LIMIT 10",
    "booking_id": "SELECT id FROM tool_bookings ORDER BY state = 'booked' DESC, id DESC LIMIT 10",
    "token": "SELECT token FROM scan_addresses ORDER BY created_at DESC LIMIT 10",
    "lot": "SELECT lot FROM item_lots LIMIT 5",
    "event_id": "SELECT id FROM events ORDER BY id DESC LIMIT 10",
}
_ALARMS = (("unacknowledged", True, False), ("latched", False, True), ("returned_unacknowledged", False, False))
"""States of alarms, whether what they warn of is there, and whether they latch; a third of the assets each."""
_FIXED: dict[str, Sequence[str]] = {
    "kind": ("rulebook", "rulebook", "models"), "site_code": ("NTH",), "site": ("NTH",), "device": ("gw-1", "gw-2"),
    "step": ("start", "hold", "complete", "assign", "shadow", "return"), "verdict": ("confirm", "reject"),
    "verb": ("new", "remove", "promoted", "dropped", "pause", "enable", "test", "secret", "replay",
             "skip", "lend", "return", "issue", "count", "receive", "adjust", "transfer", "reserve", "release",
             "order", "cancel", "put"),
    "seq": ("1", "2"), "position": ("1",), "item": ("seal", "temp"), "table": tuple(TABLES),
    "to": ("asset", "location"), "channel": ("email", "banner", "ntfy"),
    "given": tuple(Answer), "version": ("1",), "language": ("en", "de"),
}  # fmt: skip


def fill(conn: Connection) -> None:
    """Fill a migrated database with a plant in the middle of a working day, its people and its limits."""
    now = datetime.now(UTC)
    seeded = a_plant.build(conn, now=now, days=0.2)
    people.add_key(conn, "scada", *Role)
    people.add_user(conn, "mette", Role.ADMINISTRATOR)
    for number, asset in enumerate(seeded.assets.values()):
        conn.execute(
            "INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at, cleared_at)"
            " VALUES (%s, 'rule:bearing-hot', 1, 'it is hot', 1, %s, %s)",
            (asset, now, now if number % 2 else None),
        )


def known(conn: Connection, *addresses: str) -> dict[str, Sequence[str]]:
    """Return what is there by the names of path parameters, pairs by both; what has been used up is made again.
    ``addresses`` of calendars cannot be read from the database.
    """
    _renew(conn)
    found = {name: [str(row[0]) for row in conn.execute(query.encode())] for name, query in _QUERIES.items()}
    rules = [each.id for each in rules_in_force.newest(conn).rules]
    ids = {name: values for name, values in found.items() if values} | _FIXED
    return ids | {"rule": rules, "other_id": found["order_id"], "token": [*found["token"], *addresses]}


def _renew(conn: Connection) -> None:
    """Make what requests use up: rules, messages in quarantine, a proposal that waits, room for attempts to sign in."""
    now = datetime.now(UTC)
    if not rules_in_force.newest(conn).rules:
        book = tomllib.loads(_RULEBOOK.read_text(encoding="utf-8"))
        documents.put(conn, Kind.RULEBOOK, book, actor=_ACTOR, why="there are none left")
    if len(conn.execute("SELECT FROM quarantine LIMIT 3").fetchall()) < 3:
        quarantine.keep(conn, a_plant.refusals(now))
    if not safety.page(conn, waiting=True, limit=1):
        (asset,) = conn.execute("SELECT min(id) FROM assets").fetchone() or (0,)
        conn.execute("UPDATE assets SET safety_critical = true WHERE id = %s", (asset,))
        hierarchy.change(conn, asset, safety_critical=False, parent=None, actor=_ACTOR, at=now, why="no guard left")
    conn.execute("DELETE FROM sign_in_attempts")
    for part, (state, active, latching) in enumerate(_ALARMS):
        conn.execute(
            "INSERT INTO alarm_points (asset_id, source, state, active, latching, severity, acknowledged, since)"
            " SELECT id, 'rule:bearing-hot', %(state)s, %(active)s, %(latching)s, 1, false, %(at)s FROM assets"
            " WHERE id %% 3 = %(part)s ON CONFLICT (asset_id, source) DO UPDATE SET state = excluded.state,"
            " active = excluded.active, latching = excluded.latching, acknowledged = false, until = NULL",
            {"state": state, "active": active, "latching": latching, "at": now, "part": part},
        )
