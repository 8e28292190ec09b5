"""The plant tables that people import: a site's present rows, and storing an import's plan. The caller commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.inspections import tables as inspection_tables
from db.inventory import tables as inventory_tables
from db.people import tables as people_tables
from db.planning import tables as planning_tables
from db.plant import changes, plant
from db.plant.plant import Site
from db.plant.safety import Proposal
from workorder_core.plant.plant import AssetEntry, LocationEntry, Plant
from workorder_core.tables import plant_tables
from workorder_core.tables.tables import Facts, Plan, Row, Table, above_first
from workorder_core.words import Criticality

_QUERIES = sql.load("plant_tables")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A site before an import: the table with what it can refer to, and the facts by key."""

    table: Table
    facts: Mapping[str, Facts]


def known(conn: Connection, name: str, site: Site) -> Known:
    """Return a site's rows of a table, by the table's name."""
    if name in inventory_tables.NAMES:
        table, rows = inventory_tables.known(conn, name, site)
        return Known(table=table, facts=rows)
    if name == planning_tables.NAME:
        table, rows = planning_tables.known(conn, site)
        return Known(table=table, facts=rows)
    if name in inspection_tables.NAMES:
        table, rows = inspection_tables.known(conn, name, site, now=datetime.now(UTC))
        return Known(table=table, facts=rows)
    if name in people_tables.NAMES:
        table, rows = people_tables.known(conn, name, site)
        return Known(table=table, facts=rows)
    facts = {row["code"]: row for row in _rows(conn, name, site)}
    if name == plant_tables.LOCATIONS.name:
        for row in facts.values():
            row |= {each: _degrees(row[each]) for each in ("latitude", "longitude")}
        return Known(table=plant_tables.LOCATIONS, facts=facts)
    for row in facts.values():
        row["criticality"] = Criticality(row["criticality"])
    there = frozenset(row["code"] for row in _rows(conn, plant_tables.LOCATIONS.name, site))
    return Known(table=plant_tables.assets(there), facts=facts)


def store(
    conn: Connection, site: Site, what: Known, plan: Plan, *, actor: str, why: str, at: datetime
) -> list[Proposal]:
    """Store what a plan creates and changes; return the proposals that wait for a second person.

    Raises WhyMissing if those need a reason.
    """
    if what.table.name in inventory_tables.NAMES:
        changes.made_by(conn, actor, why)
        inventory_tables.store(conn, site, what.table.name, what.facts, plan, actor=actor, at=at)
        return []
    if what.table.name == planning_tables.NAME:
        planning_tables.store(conn, site, plan, actor=actor, why=why, at=at)
        return []
    if what.table.name in inspection_tables.NAMES:
        inspection_tables.store(conn, site, what.table.name, what.facts, plan, actor=actor, why=why, at=at)
        return []
    if what.table.name in people_tables.NAMES:
        changes.made_by(conn, actor, why)
        people_tables.store(conn, site, what.table.name, plan, actor=actor, at=at)
        return []
    rows = above_first(plan.wanted, "parent")
    if what.table.name == plant_tables.LOCATIONS.name:
        made = tuple(_location(row, what.facts.get(row.key, {})) for row in rows)
        document = Plant(code=site.code, name=None, time_zone=None, locations=made)
    else:
        document = Plant(code=site.code, name=None, time_zone=None, assets=tuple(_asset(row) for row in rows))
    return plant.load(conn, document, at=at, actor=actor, why=why)


def _rows(conn: Connection, name: str, site: Site) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[name], {"site_id": site.id}).fetchall()


def _degrees(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.15g}")


def _location(row: Row, before: Facts) -> LocationEntry:
    facts = {**before, "code": row.key} | {name: value for name, value in row.values.items() if value is not None}
    return LocationEntry(
        code=row.key,
        name=str(facts.get("name") or row.key),
        level=str(facts["level"]),
        parent=None if facts.get("parent") is None else str(facts["parent"]),
        latitude=None if facts.get("latitude") is None else float(str(facts["latitude"])),
        longitude=None if facts.get("longitude") is None else float(str(facts["longitude"])),
    )


def _asset(row: Row) -> AssetEntry:
    facts: dict[str, Any] = {"name": None, "asset_class": None, "criticality": None, **row.values, "code": row.key}
    return AssetEntry(**facts)
