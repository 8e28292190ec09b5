"""A row more of a list of stock, tools, inspections or planned work, which `test_cursors` adds during a walk."""

from datetime import UTC, datetime, timedelta

from tests.api.lists.rows import NOW, Plant, at, scattered


def store(plant: Plant, n: int) -> None:
    plant.sql("INSERT INTO stores (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))


def item(plant: Plant, n: int) -> None:
    """Keep an item in a store, with one of it in its bin; of some that is too few."""
    if n == 0:
        plant.sql("INSERT INTO stores (site_id, code, name) VALUES (1, 'MAIN', 'x')")
        plant.sql("INSERT INTO bins (site_id, store_id, code) SELECT site_id, id, 'A1' FROM stores")
    plant.sql("INSERT INTO items (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    plant.sql(
        "INSERT INTO stock_levels (item_id, store_id, site_id, reorder_point) SELECT i.id, t.id, 1, %(point)s "
        "FROM items i, stores t WHERE i.code = %(c)s", c=scattered(n), point=n % 3,
    )  # fmt: skip
    plant.sql(
        "INSERT INTO stock_movements (site_id, item_id, store_id, bin_id, kind, quantity, at, actor) "
        "SELECT 1, i.id, b.store_id, b.id, 'receive', 1, now(), 'x' FROM items i, bins b WHERE i.code = %(c)s",
        c=scattered(n),
    )


ONE_ORDER = "(SELECT id FROM work_orders WHERE status = 'in_progress' ORDER BY number LIMIT 1)"


def reservation(plant: Plant, n: int) -> None:
    item(plant, n)
    plant.sql(
        f"INSERT INTO order_parts (order_id, line, part, needed) SELECT {ONE_ORDER}, 100 + %(n)s, 'x', 2", n=n
    )  # fmt: skip
    plant.sql(
        "INSERT INTO reservations (order_id, line, site_id, item_id, store_id, asked_at) "
        f"SELECT {ONE_ORDER}, 100 + %(n)s, 1, i.id, l.store_id, %(at)s "
        "FROM items i JOIN stock_levels l ON l.item_id = i.id WHERE i.code = %(c)s",
        n=n, c=scattered(n), at=at(n),
    )  # fmt: skip


def lot(plant: Plant, n: int) -> None:
    """Put another lot of the first item into its bin."""
    if n == 0:
        item(plant, 0)
    plant.sql(
        "INSERT INTO stock_movements (site_id, item_id, store_id, bin_id, lot, kind, quantity, at, actor) "
        "SELECT 1, 1, store_id, id, %(c)s, 'receive', 1, now(), 'x' FROM bins", c=scattered(n),
    )  # fmt: skip


def purchase(plant: Plant, n: int) -> None:
    item(plant, n)
    plant.sql(
        "INSERT INTO purchase_requests (site_id, item_id, store_id, quantity, requested_at, requested_by, state_since) "
        "SELECT 1, i.id, l.store_id, 1, now(), 'x', now() FROM items i JOIN stock_levels l ON l.item_id = i.id "
        "WHERE i.code = %(c)s",
        c=scattered(n),
    )


def bill(plant: Plant, n: int) -> None:
    item(plant, n)
    plant.sql(
        "INSERT INTO bills_of_material (site_id, asset_class, item_id, quantity) SELECT 1, %(of)s, id, 1 FROM items "
        "WHERE code = %(c)s", c=scattered(n), of="ab"[n % 2],
    )  # fmt: skip


def tool(plant: Plant, n: int) -> None:
    """Add a tool; two of three are lent, some due at one time."""
    plant.sql("INSERT INTO tools (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    if n % 3:
        lend(plant, n)


def loan(plant: Plant, n: int) -> None:
    plant.sql("INSERT INTO tools (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    lend(plant, n)


def lend(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO tool_loans (site_id, tool_id, borrower, during, due_at, lent_by) SELECT 1, id, 'x', "
        "tstzrange('2026-01-01', NULL), %(at)s, 'x' FROM tools WHERE code = %(c)s", c=scattered(n), at=at(n),
    )  # fmt: skip


def booking(plant: Plant, n: int) -> None:
    """Book a tool; some begin at one time."""
    plant.sql("INSERT INTO tools (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    plant.sql(
        "INSERT INTO tool_bookings (site_id, tool_id, borrower, during, booked_at, booked_by) SELECT 1, id, 'x', "
        "tstzrange(%(at)s, '2100-01-01'), now(), 'x' FROM tools WHERE code = %(c)s",
        c=scattered(n), at=at(n),
    )  # fmt: skip


def checklist(plant: Plant, n: int) -> None:
    plant.sql(
        "WITH c AS (INSERT INTO checklists (site_id, code) VALUES (1, %(c)s) RETURNING id) "
        "INSERT INTO checklist_versions (checklist_id, version, title, items, at, actor) "
        """SELECT id, 1, 'x', '[{"key": "a", "kind": "text", "text": "x"}]', %(at)s, 'x' FROM c""",
        c=scattered(n),
        at=at(n),
    )


def route_stop(plant: Plant, n: int) -> None:
    if n == 0:
        checklist(plant, 0)
        plant.sql("INSERT INTO inspection_routes (site_id, code, title) VALUES (1, 'R', 'x')")
    plant.sql("INSERT INTO inspection_route_stops VALUES (1, %(n)s, %(asset)s, 1)", n=n + 1)


def result(plant: Plant, n: int) -> None:
    """Answer one more stop of a round: some at the same time as others."""
    if n == 0:
        checklist(plant, 0)
        plant.sql(
            "INSERT INTO inspection_rounds (site_id, number, title, how, status, made_at, due_at, started_at) "
            "VALUES (1, 'NTH-R1', 'x', 'hand', 'under_way', now(), now(), now())"
        )
    plant.sql(
        "INSERT INTO inspection_stops (round_id, position, asset_id, checklist_id, checklist_version) "
        "VALUES (1, %(n)s, %(asset)s, 1, 1)",
        n=n + 1,
    )
    plant.sql(
        "INSERT INTO inspection_answers (round_id, position, item, typed, verdict, at, actor) "
        "SELECT 1, %(n)s, items -> 0 ->> 'key', 'x', 'noted', %(at)s, 'x' FROM checklist_versions",
        n=n + 1,
        at=at(n),
    )


def checklist_version(plant: Plant, n: int) -> None:
    if n == 0:
        checklist(plant, 0)
        return
    plant.sql(
        "INSERT INTO checklist_versions (checklist_id, version, title, items, at, actor) "
        """VALUES (1, %(version)s, 'x', '[{"key": "a", "kind": "text", "text": "x"}]', %(at)s, 'x')""",
        version=n + 1,
        at=at(n),
    )


def audit(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO audits (site_id, number, title, kind, auditor, made_at) "
        "VALUES (1, %(c)s, 'x', 'site', 'x', %(at)s)",
        c=scattered(n),
        at=at(n),
    )


def finding(plant: Plant, n: int) -> None:
    if n == 0:
        audit(plant, 0)
    plant.sql(
        "INSERT INTO audit_findings (audit_id, seq, statement, grade, owner, due, state, state_at) "
        "VALUES (1, %(seq)s, 'x', 'minor', 'x', %(due)s, %(state)s, %(at)s)",
        seq=n + 1,
        due=(NOW + timedelta(days=500 * (n * 7 % 5))).date(),
        state=("open", "answered", "verified")[n % 3],
        at=at(n),
    )


PLANNED = {"site": "NTH", "title": "Look", "object": "asset", "objects": ["P-101"]} | {
    "calendar": {"rule": "FREQ=WEEKLY", "starts": "2026-01-10T08:00"}
}


def plan_version(plant: Plant, n: int) -> None:
    if n == 0:
        plant.post("maintenance-plans", PLANNED | {"code": "P"})
    else:
        plant.post(
            "maintenance-plans/1", {k: v for k, v in PLANNED.items() if k != "site"} | {"title": f"Look {n}"}, "PUT"
        )


def skipped(plant: Plant, n: int) -> None:
    """Leave the next occurrence of a plan out: what comes later is at the beginning."""
    if n == 0:
        plant.post("maintenance-plans", PLANNED | {"code": "P"})
    plant.post("maintenance-plans/1/series/1/skip", {"number": n + 1, "why": "x"})


def weekly(plant: Plant, n: int) -> None:
    plant.post("maintenance-plans", PLANNED | {"code": f"P{n}"})


def schedule(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO schedules (site_id, from_date, dates, state, state_since, made_by, made_at, read_at) "
        "VALUES (1, %(at)s, 7, 'superseded', now(), 'x', now(), now())", at=at(n).date(),
    )  # fmt: skip


def _first_schedule(plant: Plant, n: int) -> None:
    """Make the first schedule, accepted, of a week in which its visits can still be."""
    if n == 0:
        plant.sql("INSERT INTO technicians (site_id, code, name) VALUES (1, 'at-work', 'x') ON CONFLICT DO NOTHING")
        plant.sql(
            "INSERT INTO schedules (site_id, from_date, dates, state, state_since, made_by, made_at, read_at, "
            "accepted_by, accepted_at) VALUES (1, '2031-03-03', 7, 'accepted', now(), 'x', now(), now(), 'x', now())"
        )


def visit(plant: Plant, n: int, hour: int = 8) -> None:
    """Put an order into the first schedule."""
    _first_schedule(plant, n)
    body = {"asset_id": plant.asset, "type": "inspection", "title": f"Visit {n}"}
    made = plant.post("work-orders", body)
    plant.sql(
        "INSERT INTO schedule_visits (schedule_id, order_id, starts_at, ends_at) "
        "VALUES (1, %(order)s, %(at)s, %(at)s::timestamptz + interval '1 hour')",
        order=made["id"], at=datetime(2031, 3, 3 + n % 5, hour, tzinfo=UTC),
    )  # fmt: skip
    plant.sql(
        "INSERT INTO visit_people (visit_id, position, technician_id, during) SELECT max(v.id), 0, min(t.id), "
        "'[2031-03-03,2031-03-04)' FROM schedule_visits v, technicians t WHERE t.code = 'at-work'"
    )


def broken(plant: Plant, n: int) -> None:
    """Put an order into the first schedule, at night."""
    visit(plant, n, hour=1)


def unscheduled(plant: Plant, n: int) -> None:
    _first_schedule(plant, n)
    body = {"asset_id": plant.asset, "type": "inspection", "title": f"Waits {n}", "priority": n % 4 + 1}
    plant.post("work-orders", body)


def triage_version(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO triage_versions (site_id, number, texts, made_by, made_at) "
        "SELECT 1, coalesce(max(number), 0) + 1, 9, 'x', now() FROM triage_versions WHERE site_id = 1"
    )


def triage_move(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO triage_in_force (site_id, seq, actor, at) "
        "SELECT 1, coalesce(max(seq), 0) + 1, 'x', now() FROM triage_in_force WHERE site_id = 1"
    )
