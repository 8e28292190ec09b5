"""Checklists and routes as tables that people import: what a site has, and storing a plan. The caller commits."""

from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection

from db.inspections import checklists
from db.plant import plant
from db.plant.plant import Site
from workorder_core.tables import checklist_table, route_table
from workorder_core.tables.checklist_table import CHECKLISTS
from workorder_core.tables.route_table import ROUTES
from workorder_core.tables.tables import Facts, Plan, Row, Table

NAMES = (CHECKLISTS.name, ROUTES.name)
_ALL = 100_000


def known(conn: Connection, name: str, site: Site, *, now: datetime) -> tuple[Table, Mapping[str, Facts]]:
    """Return a table of a site by its name, with what it can refer to, and its facts by key."""
    lists = checklists.page(conn, site=site.code, limit=_ALL)
    if name == CHECKLISTS.name:
        found: dict[str, Facts] = {}
        for kept in lists:
            found |= checklist_table.facts_of(kept.code, kept.checklist)
        return CHECKLISTS, found
    table = route_table.routes(_assets(conn, site, now), [each.code for each in lists])
    return table, {f"{row['route']}/{row['position']}": row for row in route_rows(conn, site.code)}


def route_rows(conn: Connection, site: str) -> list[dict[str, str | int]]:
    """Return every stop of a site's routes in use as a row."""
    rows: list[dict[str, str | int]] = []
    for each in checklists.routes(conn, site=site, limit=_ALL):
        for stop in checklists.route(conn, each.id).walk:
            row: dict[str, str | int] = {"route": each.code, "title": each.title, "position": stop.position}
            rows.append(row | {"asset": stop.asset, "checklist": stop.checklist})
    return rows


def store(
    conn: Connection,
    site: Site,
    name: str,
    facts: Mapping[str, Facts],
    plan: Plan,
    *,
    actor: str,
    why: str,
    at: datetime,
) -> None:
    """Make the checklists or routes that are new, and change those of which rows differ."""
    rows = {row.key: row for row in plan.wanted}
    of = _checklist if name == CHECKLISTS.name else _route
    for code in dict.fromkeys(key.partition("/")[0] for key in rows):
        of(conn, site, code, facts, rows, actor=actor, why=why, at=at)


def _checklist(
    conn: Connection,
    site: Site,
    code: str,
    facts: Mapping[str, Facts],
    rows: Mapping[str, Row],
    *,
    actor: str,
    why: str,
    at: datetime,
) -> None:
    asked = checklist_table.checklist(code, facts, rows)
    kept = checklists.by_code(conn, site.id, code)
    if kept is None:
        checklists.add(conn, site.id, code, asked, actor=actor, at=at, why=why)
    else:
        checklists.change(conn, kept.id, asked, actor=actor, at=at, why=why)


def _route(
    conn: Connection,
    site: Site,
    code: str,
    facts: Mapping[str, Facts],
    rows: Mapping[str, Row],
    *,
    actor: str,
    why: str,
    at: datetime,
) -> None:
    title, stops = route_table.stops(code, facts, rows)
    assets = _assets(conn, site, at)
    lists = {each.code: each.id for each in checklists.page(conn, site=site.code, limit=_ALL)}
    walk = [(assets[asset], lists[checklist]) for asset, checklist in stops]
    kept = checklists.route_by_code(conn, site.id, code)
    if kept is None:
        checklists.add_route(conn, site.id, code, title, walk, actor=actor, at=at, why=why)
    else:
        checklists.change_route(conn, kept.id, title, walk, actor=actor, at=at, why=why)


def _assets(conn: Connection, site: Site, now: datetime) -> dict[str, int]:
    return {each.code: each.id for each in plant.assets(conn, now=now, site=site.code)}
