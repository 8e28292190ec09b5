"""Two sites for the table of who reads and changes what: OWN, small, and ZQXJ, of which every text carries a marker."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from fastapi.testclient import TestClient
from psycopg import Connection, errors
from psycopg.types.json import Jsonb

from tests.api.notifying import an_escalation
from tests.parts import pictures

SITE, MARK = "ZQXJ", "WVKB"
SEEN = re.compile(rf"{MARK}|{SITE}-\d|{SITE}/".encode())
"""What nobody of another site may ever read; the site's bare code may come back in a refusal to who asked for it."""

TIED_BY = {
    "site_id": "site_id = %(site)s",
    "asset_id": "asset_id IN (SELECT id FROM assets WHERE site_id = %(site)s)",
    "item_id": "item_id IN (SELECT id FROM items WHERE site_id = %(site)s)",
    "bin_id": "bin_id IN (SELECT id FROM bins WHERE site_id = %(site)s)",
    "signal_id": "signal_id IN (SELECT s.id FROM signals s JOIN assets a ON a.id = s.asset_id "
    "WHERE a.site_id = %(site)s)",
    "order_id": "order_id IN (SELECT id FROM work_orders WHERE site_id = %(site)s)",
    "from_id": "from_id IN (SELECT id FROM work_orders WHERE site_id = %(site)s)",
    "to_id": "to_id IN (SELECT id FROM work_orders WHERE site_id = %(site)s)",
    "location_id": "location_id IN (SELECT id FROM locations WHERE site_id = %(site)s)",
    "attachment_id": "attachment_id IN (SELECT f.id FROM attachments f LEFT JOIN work_orders w ON w.id = f.order_id "
    "LEFT JOIN assets a ON a.id = f.asset_id LEFT JOIN locations l ON l.id = f.location_id "
    "WHERE %(site)s IN (w.site_id, a.site_id, l.site_id))",
    "plan_id": "plan_id IN (SELECT id FROM maintenance_plans WHERE site_id = %(site)s)",
    "series_id": "series_id IN (SELECT r.id FROM maintenance_series r JOIN maintenance_plans p ON p.id = r.plan_id "
    "WHERE p.site_id = %(site)s)",
    "run": "run IN (SELECT id FROM runs WHERE site_id = %(site)s)",
    "checklist_id": "checklist_id IN (SELECT id FROM checklists WHERE site_id = %(site)s)",
    "route_id": "route_id IN (SELECT id FROM inspection_routes WHERE site_id = %(site)s)",
    "round_id": "round_id IN (SELECT id FROM inspection_rounds WHERE site_id = %(site)s)",
    "audit_id": "audit_id IN (SELECT id FROM audits WHERE site_id = %(site)s)",
    "document_id": "document_id IN (SELECT id FROM site_documents WHERE site_id = %(site)s)",
    "escalation_id": "escalation_id IN (SELECT id FROM escalations WHERE site_id = %(site)s)",
    "message_id": "message_id IN (SELECT a.message_id FROM escalation_asks a "
    "JOIN escalations e ON e.id = a.escalation_id WHERE e.site_id = %(site)s)",
    "rota_id": "rota_id IN (SELECT id FROM on_call_rotas WHERE site_id = %(site)s)",
    "schedule_id": "schedule_id IN (SELECT id FROM schedules WHERE site_id = %(site)s)",
    "visit_id": "visit_id IN (SELECT v.id FROM schedule_visits v JOIN schedules s ON s.id = v.schedule_id "
    "WHERE s.site_id = %(site)s)",
    "request_id": "request_id::text IN (SELECT id::text FROM requests WHERE site_id = %(site)s)",
    "upload_id": "upload_id::text IN (SELECT id::text FROM sync_uploads WHERE site_id = %(site)s)",
    "help_id": "help_id IN (SELECT id FROM self_help WHERE site_id = %(site)s)",
    "absence_id": "absence_id IN (SELECT id FROM absences WHERE site_id = %(site)s)",
    "topic": "topic LIKE '%%/ZQXJ/%%'",
}
"""How a row shows of which site it is, by the columns of its table."""

OF_NO_SITE = {
    "judge_position", "checkpoints", "checkpoint_parts", "taken_messages", "sparkplug_nodes", "sparkplug_births",
    "imports", "shadow_runs", "rules_in_shadow", "engine_figures", "engine_troubles", "device_bindings", "fenced_off",
    "audit_anchors", "import_places",
    "idempotent_answers", "users", "sessions", "api_keys", "sign_in_attempts", "broker_sessions", "pulse_key",
    "change_heads", "calendar_feeds", "foreign_names", "known_devices", "receivers", "fan_out", "deliveries",
    "delivery_attempts", "engine_alarm_news", "notification_settings", "certificates_reported", "fleet_models",
    "database_checks", "heartbeat",
}  # fmt: skip
"""Tables that tell of the plant, the engine, or who asks; read by who sees every site, or by nobody."""

EMPTY = {"audit_anchored", "shadow_orders", "signal_aliases", "evidence", "readings", "new_events", "maintenance_wakes"}
"""Tables that may be empty here: for who sees every site, filled by the plant of the tests, or a queue."""

CODES = {
    "failure_mode", "close_failure_mode", "move", "old_state", "new_state", "kind", "step", "reason", "currency",
    "number", "time_zone", "refused_reason", "close_cause", "close_remedy", "close_mechanism", "asset_id", "key",
}  # fmt: skip
"""Columns whose values are codes that the program knows, beside those that a CHECK limits."""

FREE = {"instruction", "part", "title", "name", "why", "text", "summary", "note", "label"}
"""Keys of documents whose values people write."""


def tables(conn: Connection) -> dict[str, dict[str, str]]:
    """Return the columns of each table with their types."""
    found: dict[str, dict[str, str]] = {}
    rows = conn.execute(
        "SELECT c.table_name, c.column_name, c.data_type "
        "FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' "
        "AND c.table_name !~ '^_?yoyo'"
    )
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def tied(table: str, columns: dict[str, str]) -> str | None:
    """Return the condition by which a table's rows are of the other site; None for a table that is of none."""
    if table in OF_NO_SITE:
        return None
    if table == "sites":
        return "id = %(site)s"
    if table in ("work_orders", "ways"):
        return "site_id = %(site)s"
    if table == "sync_devices":
        return "id IN (SELECT device_id FROM sync_operations WHERE site_id = %(site)s)"
    if table == "changes":
        return f"site = '{SITE}'"
    conditions = [TIED_BY[name] for name in columns if name in TIED_BY]
    assert conditions, f"{table}: say in tests/api/access/two_sites.py of which site its rows are"
    return " OR ".join(conditions)


def dump(conn: Connection, site: int) -> dict[str, list[str]]:
    """Return every row of the other site, and what is of the whole plant, to be compared."""
    found = {}
    for table, columns in tables(conn).items():
        condition = tied(table, columns)
        if condition is not None:
            found[table] = _rows(conn, table, condition, site)
    for table in ("users", "device_bindings", "rules_in_shadow", "shadow_runs"):
        found[table] = _rows(conn, table, "true", site)
    found["plans of the plant"] = _rows(conn, "job_plans", "site_id IS NULL", site)
    found["keys"] = [
        row[0] for row in conn.execute("SELECT name || revoked_at IS NULL FROM api_keys WHERE name = 'all'")
    ]
    return found


def _rows(conn: Connection, table: str, condition: str, site: int) -> list[str]:
    query = f"SELECT to_jsonb(t)::text FROM {table} t WHERE {condition} ORDER BY 1"
    return [row[0] for row in conn.execute(query, {"site": site})]


def mark(conn: Connection, site: int) -> None:
    """Make each text of the site carry the marker, past every trigger."""
    conn.execute("SET LOCAL session_replication_role = replica")
    conn.execute("UPDATE changes SET site = %s WHERE site = 'NTH'", [SITE])
    conn.execute(
        "UPDATE quarantine SET topic = replace(topic, '/NTH/', '/ZQXJ/'), payload = %s::bytea", [MARK.encode()]
    )
    conn.execute("UPDATE work_orders SET number = replace(number, 'NTH-', 'ZQXJ-')")
    for table, columns in tables(conn).items():
        condition = tied(table, columns)
        if condition is None or table == "quarantine":
            continue
        for column, kind in columns.items():
            if kind in ("text", "ARRAY") and column not in CODES and (table, column) != ("sites", "code"):
                _mark_text(conn, table, column, kind, condition, site)
            elif kind == "jsonb":
                _mark_document(conn, table, column, condition, site)
    conn.execute("UPDATE sites SET code = %s WHERE id = %s", [SITE, site])
    conn.execute("SET LOCAL session_replication_role = origin")


def _mark_text(conn: Connection, table: str, column: str, kind: str, condition: str, site: int) -> None:
    value = f"'{MARK}' || {column}" if kind == "text" else f"array_append({column}, '{MARK}')"
    if table == "changes" and column == "site":
        return
    try:
        with conn.transaction():
            conn.execute(f"UPDATE {table} SET {column} = {value} WHERE {condition}", {"site": site})
    except (errors.CheckViolation, errors.DatatypeMismatch, errors.UndefinedFunction, errors.DataError):
        return  # a code, or an array of what is no text


def _mark_document(conn: Connection, table: str, column: str, condition: str, site: int) -> None:
    query = f"SELECT ctid::text, {column} FROM {table} WHERE {column} IS NOT NULL AND ({condition})"
    for place, document in conn.execute(query, {"site": site}).fetchall():
        conn.execute(
            f"UPDATE {table} SET {column} = %s WHERE ctid = %s::tid",
            [Jsonb(_marked(document)), place],
        )


def _marked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _marked(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, key) for each in value]
    return MARK + value if isinstance(value, str) and key in FREE else value


def _fill_stock(client: TestClient, post: Any, order: str) -> Iterator[tuple[str, int]]:
    """Give the rich site a store with items, a reservation, a purchase request, a bill of material and a lent tool."""
    store = post("/stores", site="NTH", code="MAIN", name="Main store", bins=["A1"])
    yield "store", store.status_code
    facts = {"units": {"box": 12}, "price": "8", "lead_time_days": 3, "supplier": "Sealco"}
    item = post("/items", site="NTH", code="SEAL", name="Seal", item_class="seals", **facts)
    yield "item", item.status_code
    at = f"/items/{item.json()['id']}"
    rule = {"minimum": 1, "reorder_point": 5, "reorder_quantity": 5}
    yield "rule", client.put(f"/api/v1{at}/stores/{store.json()['id']}", json=rule).status_code
    yield "receipt", post(f"{at}/receive", quantity=3, unit_cost="9", lot="L1", why="first").status_code
    yield "reservation", post(f"/work-orders/{order}/reservations", item_id=item.json()["id"], quantity=1).status_code
    bill = {"asset_class": "centrifugal_pump", "item_id": item.json()["id"], "quantity": 1, "note": "outer"}
    yield "bill", client.put("/api/v1/bills-of-material", json=bill).status_code
    tool = post("/tools", site="NTH", code="PULL", name="Puller", kept_at="cabinet")
    yield "tool", tool.status_code
    loan = {"borrower": "holm", "due_at": "2030-01-01T08:00:00Z", "note": "mind the jaw"}
    yield "loan", post(f"/tools/{tool.json()['id']}/lend", **loan).status_code
    day = {"borrower": "holm", "starts_at": "2031-05-01T08:00:00Z", "ends_at": "2031-05-01T09:00:00Z", "note": "oil it"}
    yield "booking", post(f"/tools/{tool.json()['id']}/bookings", **day).status_code


def _fill_people(client: TestClient, post: Any) -> Iterator[tuple[str, int]]:
    """Give the rich site shift patterns, a crew, skills of its own, an absence and a rate."""
    shift = {"day": 0, "starts": "06:00", "ends": "14:00"}
    people = client.get("/api/v1/technicians", params={"site": "NTH"}).json()
    own = {
        "patterns": [{"code": "EARLY", "name": "Early", "anchor": "2026-01-05", "days": 7, "shifts": [shift]}],
        "crews": [{"code": "A", "name": "Crew A", "members": [people[0]["code"]]}],
        "components": [{"code": "motor", "skill": "electrical"}],
        "certificates": [{"skill": "electrical", "certificates": ["high voltage switching"]}],
        "warn_days": 20,
    }
    yield "workforce", client.put("/api/v1/sites/NTH/workforce", json=own).status_code
    at = f"/technicians/{people[0]['id']}"
    yield "absence", post(f"{at}/absences", starts_at="2030-01-01T00:00:00Z", reason="private").status_code
    rate = {"per_hour": "60", "overtime_per_hour": "75"}
    yield "rate of a person", client.put(f"/api/v1{at}/rate", json=rate).status_code


def fill(client: TestClient, asset: int, order: str, own_order: str) -> Iterator[tuple[str, int]]:
    """Give the rich site what it lacks, as somebody of every site; yields what was answered."""
    v1, once = "/api/v1", iter(range(100))

    def post(path: str, **body: Any) -> Any:
        return client.post(f"{v1}{path}", json=body, headers={"Idempotency-Key": f"fill-{next(once)}"})

    week = {"shifts": [{"weekdays": [1], "start": "07:00", "end": "15:00"}], "country": "DK"}
    targets = [{"priority": 4, "response_minutes": 5, "completion_minutes": 50}]
    plan = {"title": "Swap", "steps": [{"kind": "permit", "instruction": "Lock it"}, {"instruction": "Swap it"}]}
    span = {"starts_at": "2030-01-01T08:00:00Z", "ends_at": "2030-01-01T09:00:00Z", "reason": "new seal"}
    once_key = {"Idempotency-Key": "file"}
    yield "calendar", client.put(f"{v1}/sites/NTH/calendar", json=week).status_code
    yield "targets", client.put(f"{v1}/sites/NTH/targets", json=targets).status_code
    yield "plan", client.put(f"{v1}/job-plans/SWAP?site=NTH", json=plan).status_code
    yield "the plant's plan", client.put(f"{v1}/job-plans/ALL", json=plan).status_code
    yield "downtime", post(f"/assets/{asset}/downtimes", **span).status_code
    yield "order's plan", post(f"/work-orders/{order}/plan", plan="SWAP").status_code
    planned: dict[str, Any] = {
        "site": "NTH",
        "code": "GREASE",
        "title": "Grease",
        "object": "asset",
        "objects": ["P-101"],
    }
    planned |= {"calendar": {"rule": "FREQ=MONTHLY", "starts": "2026-01-10T08:00"}}
    made = post("/maintenance-plans", **planned)
    yield "maintenance plan", made.status_code
    at = f"/maintenance-plans/{made.json()['id']}"
    series = client.get(f"{v1}{at}").json()["series"][0]["id"]
    yield "occurrence", post(f"{at}/series/{series}/skip", number=1, why="greased last week").status_code
    count = {"signal": "run_hours", "at": "2026-01-10T08:00:00Z", "count": 5}
    people = {"name": "olaf", "roles": ["technician"]}
    yield "user", post("/users", **people).status_code
    layer = {"name": "first", "people": ["olaf"], "starts": "2030-01-01"}
    made = post("/rotas", site="NTH", code="PUMPS", title="Pumps", purpose="Nights", zone="UTC", layers=[layer])
    yield "rota", made.status_code
    span = {"begins_at": "2031-01-01T08:00:00Z", "ends_at": "2031-01-02T08:00:00Z"}
    steps = [{"whom": ["person:olaf"], "wait_minutes": 5}]
    policy = {
        "site": "NTH",
        "code": "NIGHT",
        "title": "Nights",
        "order_types": an_escalation.EVERY_TYPE,
        "steps": steps,
    }
    yield "escalation policy", post("/escalation-policies", **policy).status_code
    at = f"/rotas/{made.json()['id']}/overrides"
    yield "override", post(at, layer="first", person="olaf", why="a course", **span).status_code
    yield "chief", client.put(f"{v1}/sites/NTH/chief", json={"person": "olaf"}).status_code
    yield "policy", client.put(f"{v1}/sites/NTH/notification-policy", json={"one_by_one": 1}).status_code
    yield "meter", post(f"/assets/{asset}/meter-entries", **count).status_code
    yield "remark", post(f"/work-orders/{order}/comments", text="It hums").status_code
    files = {"file": ("new.txt", MARK.encode())}
    yield "file", client.post(f"{v1}/work-orders/{order}/attachments", files=files, headers=once_key).status_code
    files = {"file": ("manual.txt", f"{MARK} manual".encode())}
    manual = {"Idempotency-Key": "manual"}
    yield "manual", client.post(f"{v1}/assets/{asset}/files", files=files, headers=manual).status_code
    parts = {"used": [{"part": "bearing", "used": 1}]}
    yield "parts", client.put(f"{v1}/work-orders/{order}/parts", json=parts).status_code
    yield "currency", client.put(f"{v1}/sites/NTH/costs/currency", json={"currency": "EUR"}).status_code
    rate = {"skill": "mechanical", "from_date": "2020-01-01", "per_hour": "80"}
    yield "rate", client.put(f"{v1}/sites/NTH/costs/labour-rate", json=rate).status_code
    yield (
        "model",
        client.put(f"{v1}/sites/NTH/costs/model?new=class", json={"asset_class": "pump", "failure": "9"}).status_code,
    )
    yield from _fill_people(client, post)
    words = {"words": [f"{MARK} valve"], "why": "agreed"}
    yield "words of danger", client.put(f"{v1}/sites/NTH/danger-words", json=words).status_code
    yield from _fill_stock(client, post, order)
    yield "code", client.get(f"{v1}/assets/{asset}/scan-address").status_code
    link = {"kind": "blocks", "other_id": own_order, "why": f"{MARK} first"}
    yield "link", post(f"/work-orders/{order}/links", **link).status_code
    for name, value in (("safety_critical", True), ("safety_critical", False)):
        answer = client.patch(f"{v1}/assets/{asset}", json={name: value}, params={"why": "caged"})
        yield f"{name} {value}", answer.status_code
    yield from fill_inspections(client, asset, post)
    yield "events", client.get(f"{v1}/events").status_code  # numbers what has happened


def fill_inspections(client: TestClient, asset: int, post: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    """Give the rich site a checklist, a route, a signed round with a failed point, one under way, and an audit."""
    v1, site = "/api/v1", {"site": "NTH"}
    items = [
        {"key": "seal", "kind": "yes_no", "text": "Dry?", "fails": ["no"], "severity": "malfunction"},
        {"key": "temp", "kind": "measurement", "text": "Hot?", "signal": "bearing_temp", "needed": False},
    ]
    made = post("/checklists", **site, code="DAILY", title="Daily", items=items)
    yield "checklist", made.status_code
    stops = [{"asset_id": asset, "checklist_id": made.json()["id"]}]
    made = post("/inspection-routes", **site, code="HALL", title="Hall", stops=stops)
    yield "route", made.status_code
    for _ in range(2):
        begun = post("/rounds", **site, route_id=made.json()["id"])
        yield "round", begun.status_code
    walked = begun.json()["id"] - 1
    photo = {"file": ("seal.png", pictures.a_picture())}
    path = f"{v1}/rounds/{walked}/stops/1"
    yield "photo", client.post(f"{path}/photos/seal", files=photo, headers={"Idempotency-Key": "photo"}).status_code
    answers = {"seal": {"answer": "no", "note": "drips"}, "temp": {"answer": "61"}}
    yield "answers", client.put(path, json={"answers": answers, "finish": True}).status_code
    yield "signed", client.post(f"{v1}/rounds/{walked}/finish", json={"name": "Nadia"}).status_code
    made = post("/audits", **site, title="Permits", kind="records", scope="spring")
    yield "audit", made.status_code
    finding = {"statement": "No end", "grade": "minor", "owner": "holm", "due": "2026-01-31"}
    yield "finding", post(f"/audits/{made.json()['id']}/findings", **finding).status_code
