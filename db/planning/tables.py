"""The table of maintenance plans that people import: a site's present rows, and storing an import's plan."""

from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.planning import plans
from db.plant.plant import Site
from workorder_core.tables import plan_table
from workorder_core.tables.plan_table import NAME, There
from workorder_core.tables.tables import Facts, Plan, Table

_QUERIES = sql.load("planning")
__all__ = ["NAME", "known", "rows", "store"]


def known(conn: Connection, site: Site) -> tuple[Table, Mapping[str, Facts]]:
    """Return the table with what the site's plans can name, and the plans by code; retired ones are known too."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["there"], {"site_id": site.id}).fetchone()
    assert found is not None
    there = There(**{name: frozenset(codes or ()) for name, codes in found.items()})
    return plan_table.plans(site.code, there), rows(conn, site.code, retired=True)


def rows(conn: Connection, site: str, *, retired: bool = False) -> dict[str, Facts]:
    """Return a site's plans by code, as the table has them."""
    found = plans.listed(conn, site=site, retired=retired)
    return {each.plan.code: plan_table.facts_of(each.plan) for each in found}


def store(conn: Connection, site: Site, plan: Plan, *, actor: str, why: str, at: datetime) -> None:
    """Make the plans that are new, and the next versions of those that change."""
    for row in plan.wanted:
        asked = plan_table.plan_of(site.code, row.values)
        there = plans.by_code(conn, site.code, row.key)
        if there is None:
            plans.add(conn, asked, actor=actor, at=at, why=why)
        else:
            plans.save(conn, there.id, asked, actor=actor, at=at, why=why)
