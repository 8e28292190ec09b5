"""Checklists by version, and the routes whose stops use them. The caller owns the transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import kwargs_row, scalar_row

from db import scope, sql, storable
from db.errors import AlreadyExists, NotFound
from db.plant import changes
from workorder_core.inspections.checklists import Checklist, as_document, from_document, keep_keys
from workorder_core.sentences import coded, say

_QUERIES = sql.load("inspections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A checklist in one of its versions; ``at``, ``actor`` and ``why`` are of the version."""

    id: int
    site_id: int
    site: str
    code: str
    archived_at: datetime | None
    version: int
    checklist: Checklist
    at: datetime
    actor: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStop:
    """A stop of a route; ``gone``: its asset or its checklist is archived, so rounds do not stop there."""

    position: int
    asset_id: int
    asset: str
    asset_name: str
    checklist_id: int
    checklist: str
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route; ``walk`` has its stops in walking order, and is empty if they were not requested."""

    id: int
    site_id: int
    site: str
    code: str
    title: str
    version: int
    archived_at: datetime | None
    stops: int
    walk: tuple[RouteStop, ...] = field(default=())


class InvalidRoute(Exception):
    """Invalid stops of a route; says what to do."""


def page(
    conn: Connection,
    *,
    site: str | None = None,
    within: Collection[str] | None = None,
    archived: bool = False,
    after: Sequence[str] | None = None,
    limit: int = 500,
    offset: int = 0,
) -> list[Kept]:
    """Return checklists in their newest version, by site and code."""
    asked: dict[str, Any] = {"site": site, "within": scope.codes(within), "archived": archived}
    asked |= {"limit": limit, "offset": offset}
    with conn.cursor(row_factory=kwargs_row(_kept)) as cursor:
        return cursor.execute(_QUERIES["page"], asked | {"after": None if after is None else list(after)}).fetchall()


def get(conn: Connection, checklist_id: int, version: int | None = None) -> Kept:
    """Return a version of a checklist, or the one in force. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_kept)) as cursor:
        found = cursor.execute(_QUERIES["version"], {"id": checklist_id, "version": version}).fetchone()
    if found is None:
        raise NotFound("checklist", checklist_id if version is None else f"{checklist_id} in version {version}")
    return found


def versions(conn: Connection, checklist_id: int) -> list[Kept]:
    """Return every version of a checklist, the newest first."""
    with conn.cursor(row_factory=kwargs_row(_kept)) as cursor:
        return cursor.execute(_QUERIES["versions"], {"id": checklist_id}).fetchall()


def by_code(conn: Connection, site_id: int, code: str) -> Kept | None:
    """Return a site's checklist by its code; None if there is none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(_QUERIES["id_of_code"], {"site_id": site_id, "code": code}).fetchone()
    return None if found is None else get(conn, found)


def add(
    conn: Connection, site_id: int, code: str, checklist: Checklist, *, actor: str, at: datetime, why: str = ""
) -> Kept:
    """Store a new checklist in its first version. Raises AlreadyExists."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add"], {"site_id": site_id, "code": code}).fetchone()
    if made is None:
        raise AlreadyExists("checklist", code)
    return _version(conn, made, 1, None, checklist, actor=actor, at=at, why=why)


def change(
    conn: Connection, checklist_id: int, checklist: Checklist, *, actor: str, at: datetime, why: str = ""
) -> Kept:
    """Store a new version and return it; an equal one is not stored. Rounds in progress keep theirs."""
    conn.execute(_QUERIES["lock"], {"id": checklist_id})
    before = get(conn, checklist_id)
    if before.checklist == checklist:
        return before
    return _version(conn, checklist_id, before.version + 1, before, checklist, actor=actor, at=at, why=why)


def with_keys(checklist_items: Sequence[Any], before: Kept | None) -> tuple[Any, ...]:
    """Return items with a key each: that of the previous version if the text is the same."""
    return keep_keys(checklist_items, () if before is None else before.checklist.items)


def archive(conn: Connection, checklist_id: int, *, actor: str, at: datetime, why: str = "") -> None:
    """Archive a checklist: no new round uses it; its answers stay."""
    kept = get(conn, checklist_id)
    if conn.execute(_QUERIES["archive"], {"id": checklist_id, "at": at}).rowcount:
        changes.append(
            conn, "checklist", f"{kept.site}/{kept.code}", "archived", site=kept.site, actor=actor, at=at, why=why
        )


def routes(
    conn: Connection,
    *,
    route_id: int | None = None,
    site: str | None = None,
    within: Collection[str] | None = None,
    assets: Collection[int] | None = None,
    archived: bool = False,
    after: Sequence[str] | None = None,
    limit: int = 500,
    offset: int = 0,
) -> list[Route]:
    """Return routes without their stops, by site and code; those that stop at one of the ``assets``."""
    asked: dict[str, Any] = {"id": route_id, "site": site, "within": scope.codes(within), "archived": archived}
    asked |= {"assets": None if assets is None else sorted(assets), "limit": limit, "offset": offset}
    asked |= {"after": None if after is None else list(after)}
    with conn.cursor(row_factory=kwargs_row(Route)) as cursor:
        return cursor.execute(_QUERIES["routes"], asked).fetchall()


def route(conn: Connection, route_id: int) -> Route:
    """Return a route with its stops. Raises NotFound."""
    found = routes(conn, route_id=route_id, archived=True)
    if not found:
        raise NotFound("route", route_id)
    with conn.cursor(row_factory=kwargs_row(RouteStop)) as cursor:
        walk = cursor.execute(_QUERIES["route_stops"], {"id": route_id}).fetchall()
    facts = {name: getattr(found[0], name) for name in Route.__dataclass_fields__}
    return Route(**facts | {"walk": tuple(walk)})


def route_by_code(conn: Connection, site_id: int, code: str) -> Route | None:
    """Return a site's route by its code; None if there is none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(_QUERIES["id_of_route_code"], {"site_id": site_id, "code": code}).fetchone()
    return None if found is None else route(conn, found)


def add_route(
    conn: Connection,
    site_id: int,
    code: str,
    title: str,
    stops: Sequence[tuple[int, int]],
    *,
    actor: str,
    at: datetime,
    why: str = "",
) -> Route:
    """Store a route; ``stops`` are pairs of asset and checklist. Raises AlreadyExists, InvalidRoute."""
    check_stops(conn, site_id, stops)
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = {"site_id": site_id, "code": code, "title": title}
        made = cursor.execute(_QUERIES["add_route"], facts).fetchone()
    if made is None:
        raise AlreadyExists("route", code)
    _put_stops(conn, made, stops)
    _log_route(conn, route(conn, made), None, actor, at, why)
    return route(conn, made)


def change_route(
    conn: Connection,
    route_id: int,
    title: str,
    stops: Sequence[tuple[int, int]],
    *,
    actor: str,
    at: datetime,
    why: str = "",
) -> Route:
    """Replace the stops of a route; rounds that have begun keep theirs. Raises NotFound, InvalidRoute."""
    before = route(conn, route_id)
    check_stops(conn, before.site_id, stops)
    if before.title == title and [(each.asset_id, each.checklist_id) for each in before.walk] == list(stops):
        return before
    conn.execute(_QUERIES["save_route"], {"id": route_id, "title": title})
    _put_stops(conn, route_id, stops)
    after = route(conn, route_id)
    _log_route(conn, after, before, actor, at, why)
    return after


def archive_route(conn: Connection, route_id: int, *, actor: str, at: datetime, why: str = "") -> None:
    """Archive a route: no new round follows it."""
    kept = route(conn, route_id)
    if conn.execute(_QUERIES["archive_route"], {"id": route_id, "at": at}).rowcount:
        changes.append(
            conn, "route", f"{kept.site}/{kept.code}", "archived", site=kept.site, actor=actor, at=at, why=why
        )


def check_stops(conn: Connection, site_id: int, stops: Sequence[tuple[int, int]]) -> None:
    """Raise InvalidRoute unless each stop has an asset and a checklist of the site."""
    if not 1 <= len(stops) <= 500:
        raise InvalidRoute(say("choose 1 to 500 stops"))
    for query, ids, what in (
        ("assets_of_site", {asset for asset, _ in stops}, "asset"),
        ("checklists_of_site", {checklist for _, checklist in stops}, "checklist"),
    ):
        with conn.cursor(row_factory=scalar_row) as cursor:
            there = set(cursor.execute(_QUERIES[query], {"ids": sorted(ids), "site_id": site_id}).fetchall())
        if lost := sorted(ids - there):
            raise InvalidRoute(
                say(
                    "this site has no {what} {lost} in use; choose another one",
                    what=coded(what),
                    lost=", ".join(map(str, lost)),
                )
            )


def _put_stops(conn: Connection, route_id: int, stops: Sequence[tuple[int, int]]) -> None:
    conn.execute(_QUERIES["drop_route_stops"], {"id": route_id})
    assets, lists = [each[0] for each in stops], [each[1] for each in stops]
    conn.execute(_QUERIES["add_route_stops"], {"id": route_id, "assets": assets, "checklists": lists})


def _log_route(conn: Connection, after: Route, before: Route | None, actor: str, at: datetime, why: str) -> None:
    def told(one: Route) -> dict[str, Any]:
        return {"title": one.title, "stops": [f"{each.asset}: {each.checklist}" for each in one.walk]}

    changes.append(
        conn,
        "route",
        f"{after.site}/{after.code}",
        "added" if before is None else "changed",
        old={} if before is None else told(before),
        new=told(after),
        site=after.site,
        actor=actor,
        at=at,
        why=why,
    )


def _version(
    conn: Connection,
    checklist_id: int,
    version: int,
    before: Kept | None,
    checklist: Checklist,
    *,
    actor: str,
    at: datetime,
    why: str,
) -> Kept:
    items = [as_document(each) for each in checklist.items]
    facts = {"id": checklist_id, "version": version, "title": checklist.title, "items": storable.json(items)}
    conn.execute(_QUERIES["add_version"], facts | {"at": at, "actor": actor, "why": why.strip()})
    kept = get(conn, checklist_id)
    changes.append(
        conn,
        "checklist",
        f"{kept.site}/{kept.code}",
        "added" if before is None else "changed",
        old={} if before is None else {"version": before.version, "title": before.checklist.title},
        new={"version": version, "title": checklist.title},
        site=kept.site,
        actor=actor,
        at=at,
        why=why,
    )
    return kept


def _kept(**row: Any) -> Kept:
    items = tuple(map(from_document, row.pop("items")))
    return Kept(
        **{name: value for name, value in row.items() if name != "title"},
        checklist=Checklist(title=row["title"], items=items),
    )
