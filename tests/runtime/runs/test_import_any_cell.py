"""Every cell of every table with what nobody should write, as text and as a workbook's own types."""

import io
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest
from openpyxl import Workbook

from api.shapes.runs import ImportIn
from db.errors import StoreError
from db.plant import plant
from ingest.tables.sheets import InvalidFile
from runtime.runs import imports
from workorder_core.inventory.errors import StockError
from workorder_core.plant.plant import Plant
from workorder_core.tables.layout import InvalidLayout

ROWS: dict[str, dict[str, Any]] = {
    "locations": {"code": "HALL", "name": "Hall", "level": "area", "parent": ""},
    "assets": {
        "code": "P-1", "name": "Pump", "asset_class": "pump", "criticality": "low", "location": "HALL", "parent": "",
        "serial": "7", "safety_critical": "no",
    },
    "items": {
        "code": "SEAL", "name": "Seal", "unit": "pcs", "item_class": "seals", "supplier": "Sealco",
        "lead_time_days": "3", "price": "8", "pack": "box", "pack_size": "12",
    },
    "stock": {
        "item": "SEAL", "store": "MAIN", "bin": "A1", "lot": "", "quantity": "4", "minimum": "1", "reorder_point": "2",
        "reorder_quantity": "5",
    },
    "bills": {"asset_class": "pump", "item": "SEAL", "quantity": "2", "note": "outer"},
    "checklists": {
        "point": "DAILY/temp", "title": "Daily", "position": "1", "text": "Hot?", "kind": "measurement",
        "needed": "yes", "unit": "°C", "low": "1", "high": "80", "signal": "temp", "choices": "", "fails": "",
        "severity": "malfunction", "photo_if_failed": "no", "only_if": "",
    },
    "routes": {"route": "HALL", "title": "Hall", "position": "1", "asset": "P-1", "checklist": "DAILY"},
    "plans": {
        "code": "GREASE", "title": "Grease", "object": "asset", "objects": "P-1", "location": "", "type": "preventive",
        "rule": "FREQ=MONTHLY", "starts": "2026-01-10T08:00", "on_free_day": "keep", "season": "", "meter": "run_hours",
        "meter_every": "500", "meter_unit": "h", "wraps_at": "", "meter_early": "1", "meter_late": "1", "alarm": "",
        "health_below": "40", "shift_factor": "0.5", "early_days": "1", "late_days": "1", "lead_days": "14",
        "window_days": "7", "when_open": "skip", "after_outage": "skip", "packages": "", "job_plan": "", "skill": "",
        "hours": "2", "checklist": "", "inspection_route": "", "stops_asset": "no", "group": "", "group_days": "0",
        "active": "yes",
    },
}  # fmt: skip
"""A right row of each table; each needs those before it."""
WRITTEN = (
    "a\0b", "\u202e", "²", "٣", "-1", "1_0", "1e400", "1e-400", "1e308", "9" * 400, "9" * 5_000, "0." + "0" * 400 + "1",
    "NaN", "-inf", "2147483648", "9223372036854775808", "0001-01-01", "9999-12-31", "0001-01-01T00:00",
    "0001-01-01T00:00+14:00", "9999-12-31T23:59", "24:00", "{0}%s", "a = b", "/", "a/", ";;;", "[", "=1+1", "x" * 5_000,
    "FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=" + "9" * 30, "FREQ=YEARLY;UNTIL=99991231", "FREQ=DAILY;COUNT=" + "9" * 9,
    "02-30..02-30", "0", "5",
)  # fmt: skip
FIRST, LAST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("9999-12-31 23:59:59")
OWN_TYPES = (
    1e308, -1e308, 5e-324, 10**15, -1, 0.1, True, date(1900, 1, 1), date(9999, 12, 31), FIRST, LAST,
    time(0, 0), time(23, 59, 59, 999_999), timedelta(days=99_999), "=1/0", "#N/A",
)  # fmt: skip


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        plant.load(conn, Plant(code="NTH", name="North", time_zone="Europe/Oslo"), at=datetime.now(UTC))
        conn.execute("UPDATE sites SET currency = 'EUR'")
        conn.commit()
        yield conn


def bring(conn: psycopg.Connection, table: str, content: bytes) -> imports.Imported:
    columns = {name: name for name in ROWS[table]}
    asked = ImportIn.model_validate({"table": table, "apply": True, "why": "because", "columns": columns})
    return imports.run(conn, "NTH", "rows", content, asked, actor="person:dahl")


def as_text(row: dict[str, Any]) -> bytes:
    quoted = ('"' + str(value).replace('"', '""') + '"' for value in row.values())
    return f"{';'.join(row)}\n{';'.join(quoted)}\n".encode("utf-8", "surrogatepass")


def as_workbook(row: dict[str, Any]) -> bytes:
    book, made = Workbook(), io.BytesIO()
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(made)
    return made.getvalue()


WRONG = {
    "items": ("pack_size", "0." + "0" * 9 + "1", "is too small: the smallest is 0.000001"),
    "stock": ("reorder_quantity", "0", "is to be above 0"),
    "bills": ("quantity", "0", "is to be above 0"),
}


@pytest.mark.parametrize("table", WRONG)
def test_a_number_that_would_be_stored_as_none_is_named(conn, table):
    column, written, says = WRONG[table]
    for name in ("items", table):
        made = bring(conn, name, as_text(ROWS[name] | ({column: written} if name == table else {})))
    assert [each.problem for each in made.plan.wrong] == [says]


def test_a_minimum_above_the_reorder_point_is_named_by_its_row_or_by_what_is_stored(conn):
    bring(conn, "items", as_text(ROWS["items"]))
    made = bring(conn, "stock", as_text(ROWS["stock"] | {"minimum": "3"}))
    assert [each.problem for each in made.plan.wrong] == ["the minimum is at most the reorder point"]
    bring(conn, "stock", as_text(ROWS["stock"]))
    with pytest.raises(StockError, match="the minimum is at most the reorder point"):
        bring(conn, "stock", as_text(ROWS["stock"] | {"minimum": "3", "reorder_point": ""}))


@pytest.mark.slow
@pytest.mark.parametrize("table", ROWS)
def test_whatever_a_cell_has_its_row_is_stored_or_named(conn, table):
    for name, row in ROWS.items():
        made = bring(conn, name, as_text(row))
        assert (made.applied, made.plan.wrong) == (True, []) or made.plan.wrong == (), (name, made.plan.wrong)
        if name == table:
            break
    conn.commit()
    files: list[tuple[str, Any, Any]] = [(column, text, as_text) for column in ROWS[table] for text in WRITTEN]
    files += [(column, value, as_workbook) for column in ROWS[table] for value in OWN_TYPES]
    for column, value, write in files:
        with suppress(InvalidFile, InvalidLayout, StoreError, StockError), conn.transaction(force_rollback=True):
            made = bring(conn, table, write(ROWS[table] | {column: value}))
            assert made.applied or made.plan.wrong, f"{column} = {value!r} is neither stored nor named"
