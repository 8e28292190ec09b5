"""Maintenance plans and their versions. The caller owns the transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import AlreadyExists, NotFound, StoreError
from db.inspections import checklists
from db.plant import plant
from workorder_core.planning.documents import from_document, to_document
from workorder_core.planning.plans import MaintenancePlan, ObjectKind
from workorder_core.sentences import marked, say

_QUERIES = sql.load("planning")
ENDED = (
    marked("the plan is retired"),
    marked("the plan is paused"),
    marked("the asset is out of use"),
    marked("the plan is for something else now"),
)
"""Why a series has ended, as its query says it."""


class PlanChanged(StoreError):
    """Somebody has changed a plan since it was read."""

    def __init__(self, key: str, expected: int, version: int) -> None:
        super().__init__(
            say(
                "maintenance plan {key} is at version {version}, not {expected}: read it again, then change it",
                key=key,
                version=version,
                expected=expected,
            )
        )
        self.key, self.expected, self.version = key, expected, version


class UnknownObject(StoreError):
    """A plan's object does not exist at the site. ``field`` names it."""

    def __init__(self, field: str, missing: str) -> None:
        super().__init__(say("the site has nothing with the code {code}", code=missing))
        self.field, self.missing = field, missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored plan; one that is ``retired_at`` some time generates nothing."""

    id: int
    site_id: int
    plan: MaintenancePlan
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a plan, with its author and reason."""

    plan: MaintenancePlan
    made_by: str
    made_at: datetime
    why: str


def get(conn: Connection, plan_id: int, within: Collection[str] | None = None) -> Stored:
    """Return a plan. Raises NotFound, also for one of a site that is not within."""
    rows = _rows(conn, "get", {"id": plan_id, "within": scope.codes(within)})
    if not rows:
        raise NotFound("maintenance plan", plan_id)
    return _stored(rows[0])


def by_code(conn: Connection, site: str, code: str) -> Stored | None:
    """Return a site's plan by its code; None if there is none."""
    rows = _rows(conn, "by_code", {"site": site, "code": code})
    return _stored(rows[0]) if rows else None


def listed(
    conn: Connection,
    *,
    within: Collection[str] | None = None,
    site: str | None = None,
    text: str | None = None,
    retired: bool = False,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[Stored]:
    """Return plans by site and code; ``after`` is the site and code of the last one of a page."""
    found = None if not text else "%" + text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    asked: dict[str, object] = {"within": scope.codes(within), "site": site, "text": found, "retired": retired}
    after_site, after_code = after or (None, None)
    return [
        _stored(row)
        for row in _rows(conn, "listed", asked | {"after_site": after_site, "after_code": after_code, "limit": limit})
    ]


def of_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Stored]:
    """Return plans by their numbers."""
    return {row["id"]: _stored(row) for row in _rows(conn, "of_ids", {"ids": list(ids)})}


def add(conn: Connection, plan: MaintenancePlan, *, actor: str, at: datetime, why: str = "") -> Stored:
    """Store a new plan and return it. Raises AlreadyExists and UnknownObject."""
    facts = _facts(plan) | {"site": plan.site, "code": plan.code, "at": at}
    _check_objects(conn, plan)
    with conn.cursor(row_factory=scalar_row) as cursor:
        plan_id = cursor.execute(_QUERIES["add"], facts).fetchone()
    if plan_id is None:
        raise AlreadyExists("maintenance plan", plan.key)
    _note(conn, plan_id, replace(plan, version=1), actor, at, why)
    _begin(conn, plan_id, at)
    return get(conn, plan_id)


def save(
    conn: Connection,
    plan_id: int,
    plan: MaintenancePlan,
    *,
    actor: str,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> Stored:
    """Store the next version of a plan and return it; generated work keeps its version. A changed calendar or meter
    counts from now on: nothing is due for the time before. Raises NotFound, PlanChanged
    and UnknownObject.
    """
    conn.execute(_QUERIES["lock"], {"id": plan_id})
    before = get(conn, plan_id)
    if expected_version is not None and expected_version != before.plan.version:
        raise PlanChanged(before.plan.key, expected_version, before.plan.version)
    plan = replace(plan, code=before.plan.code, site=before.plan.site, version=before.plan.version)
    if plan == before.plan and before.retired_at is None:
        return before
    _check_objects(conn, plan)
    with conn.cursor(row_factory=scalar_row) as cursor:
        version = cursor.execute(_QUERIES["save"], _facts(plan) | {"id": plan_id}).fetchone()
    assert version is not None, "the plan is locked"
    _note(conn, plan_id, replace(plan, version=version), actor, at, why)
    calendar, meter = plan.calendar != before.plan.calendar, plan.meter != before.plan.meter
    if calendar or meter:
        conn.execute(_QUERIES["begin_anew"], {"id": plan_id, "calendar": calendar, "meter": meter, "at": at})
    _begin(conn, plan_id, at)
    return get(conn, plan_id)


def retire(conn: Connection, plan_id: int, *, actor: str, at: datetime, why: str = "") -> None:
    """Retire a plan, so that it generates nothing; a second time changes nothing. Raises NotFound."""
    before = get(conn, plan_id)
    with conn.cursor(row_factory=scalar_row) as cursor:
        version = cursor.execute(_QUERIES["retire"], {"id": plan_id, "at": at}).fetchone()
    if version is not None:
        _note(conn, plan_id, replace(before.plan, active=False, version=version), actor, at, why or "retired")
        end_series(conn, at=at, plan_id=plan_id)


def versions(conn: Connection, plan_id: int) -> list[Version]:
    """Return the versions of a plan, the newest first. Raises NotFound."""
    now = get(conn, plan_id).plan
    return [
        Version(
            plan=from_document(
                {name: value for name, value in row["document"].items() if name != "active"},
                code=now.code,
                site=now.site,
                version=row["version"],
                active=row["document"].get("active", True),
            ),
            made_by=row["made_by"],
            made_at=row["made_at"],
            why=row["why"],
        )
        for row in _rows(conn, "versions", {"id": plan_id})
    ]


def begin_series(conn: Connection, *, at: datetime, plan_id: int | None = None) -> int:
    """Begin a series for each object of the plans, or of one, that has none; return how many."""
    return conn.execute(_QUERIES["begin_series"], {"plan_id": plan_id, "at": at}).rowcount


def end_series(conn: Connection, *, at: datetime, plan_id: int | None = None) -> int:
    """End the series whose asset or plan is out of use; return how many."""
    return conn.execute(_QUERIES["end_series"], {"plan_id": plan_id, "at": at}).rowcount


def _begin(conn: Connection, plan_id: int, at: datetime) -> None:
    end_series(conn, at=at, plan_id=plan_id)
    begin_series(conn, at=at, plan_id=plan_id)
    conn.execute(_QUERIES["look_again"], {"id": plan_id, "at": at})


def _check_objects(conn: Connection, plan: MaintenancePlan) -> None:
    asked = {"site": plan.site, "assets": [], "locations": [], "classes": []}
    kinds = {ObjectKind.CLASS: "classes", ObjectKind.LOCATION: "locations"}
    asked[kinds.get(plan.object, "assets")] = list(plan.objects)
    if plan.object is ObjectKind.ROUTE:
        asked["locations"] = [plan.location or ""]
    for row in _rows(conn, "missing", asked):
        field = "location" if row["kind"] == "location" and plan.object is ObjectKind.ROUTE else "objects"
        raise UnknownObject(field, row["code"])
    _check_walk(conn, plan)


def _check_walk(conn: Connection, plan: MaintenancePlan) -> None:
    if plan.checklist is None and plan.inspection_route is None:
        return
    site_id = plant.site_by_code(conn, plan.site).id
    if plan.checklist is not None:
        checklist = checklists.by_code(conn, site_id, plan.checklist)
        if checklist is None or checklist.archived_at is not None:
            raise UnknownObject("checklist", plan.checklist)
    if plan.inspection_route is not None:
        route = checklists.route_by_code(conn, site_id, plan.inspection_route)
        if route is None or route.archived_at is not None:
            raise UnknownObject("inspection_route", plan.inspection_route)


def _note(conn: Connection, plan_id: int, plan: MaintenancePlan, actor: str, at: datetime, why: str) -> None:
    document = Jsonb(to_document(plan) | {"active": plan.active})
    facts = {"id": plan_id, "version": plan.version, "document": document, "actor": actor, "at": at, "why": why}
    conn.execute(_QUERIES["add_version"], facts)


def _facts(plan: MaintenancePlan) -> dict[str, Any]:
    return {
        "title": plan.title,
        "document": Jsonb(to_document(plan)),
        "object": plan.object.value,
        "object_code": plan.location if plan.object is ObjectKind.ROUTE else plan.objects[0],
        "active": plan.active,
    }


def _stored(row: Mapping[str, Any]) -> Stored:
    plan = from_document(
        row["document"], code=row["code"], site=row["site"], version=row["version"], active=row["active"]
    )
    return Stored(id=row["id"], site_id=row["site_id"], plan=plan, retired_at=row["retired_at"])


def _rows(conn: Connection, query: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], asked).fetchall()
