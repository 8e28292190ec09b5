"""What counts within a period: the versions of rotas that are in force then, and their overrides."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from workorder_core.oncall.documents import from_document
from workorder_core.oncall.duties import Duty, InForce, duties_of_versions
from workorder_core.oncall.rotas import Override, Rota

_QUERIES = sql.load("on_call")


def overrides(conn: Connection, ids: Sequence[int], begins: datetime, ends: datetime) -> dict[int, list[Override]]:
    """Return what of the overrides of rotas counts within a period, by the rotas' ids."""
    asked = {"ids": list(ids), "begins": begins, "ends": ends}
    found: dict[int, list[Override]] = {each: [] for each in ids}
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["overrides_between"], asked):
            found[row.pop("rota_id")].append(Override(**row))
    return found


def duties(conn: Connection, rotas: dict[int, Rota], begins: datetime, ends: datetime) -> dict[int, list[Duty]]:
    """Return who is on call by rotas within a period, by the rotas' ids: the past as it was, by the versions in force
    then; the future as it is now.
    """
    asked = {"ids": list(rotas), "begins": begins, "ends": ends}
    in_force: dict[int, list[InForce]] = {each: [] for each in rotas}
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["versions_between"], asked):
            rota, document = rotas[row["rota_id"]], row["document"]
            read = None if document is None else from_document(document, code=rota.code, site=rota.site)
            in_force[row["rota_id"]].append((row["made_at"], read))
    counted = overrides(conn, list(rotas), begins, ends)
    return {each: duties_of_versions(in_force[each], counted[each], begins, ends) for each in rotas}
