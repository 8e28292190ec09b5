"""Sites, locations, assets and their signals; and loading a plant file into the database."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import Cycle, NotFound
from db.plant import changes, safety
from db.plant.safety import Proposal
from workorder_core.plant.plant import UNCLASSIFIED, AssetEntry, Plant, SignalEntry
from workorder_core.plant.safety import AssetFacts, to_confirm
from workorder_core.plant.signals import MEASUREMENT, Meaning, name_of
from workorder_core.words import Criticality, OrderType

_QUERIES = sql.load("plant")
_OF_ASSET = ("site_id", "code", "name", "asset_class", "criticality", "serial", "parent", "safety_critical")
_NEW = AssetFacts(asset_class=UNCLASSIFIED, criticality=Criticality.MEDIUM, safety_critical=False, parent=None)
_MEANING = ("states", "counter", "wraps_at", "plausible_low", "plausible_high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``time_zone`` is an IANA name: the local time of the site."""

    id: int
    code: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A functional location; ``latitude`` and ``longitude`` are WGS84, None: unknown."""

    id: int
    site_id: int
    parent_id: int | None
    code: str
    name: str
    level: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The time that an asset was installed at a functional location; ``removed_at`` None: it still is.

    Parameters
    ----------
    place
        The names of the locations, the outermost first: ``Hall A / Line 1``.
    asset_id, asset, serial
        What was installed there; ``asset`` is its code.
    """

    location_id: int
    place: str
    asset_id: int
    asset: str
    serial: str | None
    installed_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Where an asset has been installed, and what was there before it; both the newest first."""

    places: tuple[Installation, ...]
    before: tuple[Installation, ...]

    @property
    def now(self) -> Installation | None:
        """Return its present installation; None if unknown."""
        return next((each for each in self.places if each.removed_at is None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A signal with its newest quantity, unit and meaning; ``unit`` is empty if it is unknown."""

    id: int
    asset_id: int
    name: str
    label: str | None
    quantity: str | None
    unit: str
    meaning: Meaning = MEASUREMENT

    @property
    def title(self) -> str:
        return self.label or self.name.replace("_", " ")

    def state(self, number: float) -> str | None:
        """Return the state that a number means; None if it means none."""
        return name_of(self.meaning.states, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset with its present location.

    Parameters
    ----------
    path
        Site, locations and code, as orders keep it: ``North pumping station / Hall A / P-102``.
    location_path
        The names of its locations alone: ``Hall A``; None if it is at none.
    worst_type
        The most urgent type among its unfinished orders; None if there are none.
    """

    id: int
    site_id: int
    site_code: str
    time_zone: str
    code: str
    name: str
    asset_class: str
    criticality: Criticality
    safety_critical: bool
    serial: str | None
    parent: str | None
    archived_at: datetime | None
    location_id: int | None
    path: str
    location_path: str | None
    unfinished_orders: int
    worst_type: OrderType | None
    in_planned_downtime: bool

    @property
    def path_above(self) -> str:
        """Return the path above the asset."""
        return self.path.rpartition(" / ")[0]

    @property
    def key(self) -> str:
        """``<site>/<asset>``, as in the topic."""
        return f"{self.site_code}/{self.code}"


def sites(conn: Connection, within: Collection[str] | None = None) -> list[Site]:
    """Return every site, or those within."""
    with conn.cursor(row_factory=class_row(Site)) as cursor:
        return cursor.execute(_QUERIES["sites"], {"within": scope.codes(within)}).fetchall()


def site(conn: Connection, site_id: int) -> Site:
    """Return one site. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Site)) as cursor:
        found = cursor.execute(_QUERIES["site"], {"id": site_id}).fetchone()
    if found is None:
        raise NotFound("site", site_id)
    return found


def site_by_code(conn: Connection, code: str, within: Collection[str] | None = None) -> Site:
    """Return the site of a code. Raises NotFound, also if it is not within."""
    with conn.cursor(row_factory=class_row(Site)) as cursor:
        found = cursor.execute(_QUERIES["site_by_code"], {"code": code}).fetchone()
    if found is None or (within is not None and code not in within):
        raise NotFound("site", code)
    return found


def locations(
    conn: Connection,
    site_id: int | None = None,
    within: Collection[str] | None = None,
    *,
    limit: int | None = None,
    after: tuple[int, str] | None = None,
) -> list[Location]:
    """Return the functional locations of a site, or of all sites, or of those within; ``after``: site's id and code."""
    asked: dict[str, Any] = {"site_id": site_id, "within": scope.codes(within), "limit": limit}
    asked |= dict(zip(("after_site", "after_code"), after or (None, None), strict=True))
    with conn.cursor(row_factory=class_row(Location)) as cursor:
        return cursor.execute(_QUERIES["locations"], asked).fetchall()


def location(conn: Connection, location_id: int, *, within: Collection[str] | None = None) -> Location:
    """Return one functional location. Raises NotFound, also if its site is not within."""
    with conn.cursor(row_factory=class_row(Location)) as cursor:
        facts = {"id": location_id, "within": scope.codes(within)}
        found = cursor.execute(_QUERIES["location"], facts).fetchone()
    if found is None:
        raise NotFound("location", location_id)
    return found


def assets(
    conn: Connection,
    *,
    now: datetime,
    site: str | None = None,
    within: Collection[str] | None = None,
    archived: bool = False,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[str, str | None, str] | None = None,
) -> list[Asset]:
    """Return assets by location, ``after`` a site's code, location path and code.

    ``now`` decides whether it is in planned downtime.
    """
    return _assets(conn, now, site=site, within=within, archived=archived, limit=limit, offset=offset, after=after)


def asset(conn: Connection, asset_id: int, *, now: datetime, within: Collection[str] | None = None) -> Asset:
    """Return one asset, archived or not. Raises NotFound, also if its site is not within."""
    found = _assets(conn, now, asset_id=asset_id, within=within, archived=True)
    if not found:
        raise NotFound("asset", asset_id)
    return found[0]


def asset_by_key(conn: Connection, site: str, code: str, *, now: datetime) -> Asset:
    """Return the asset with the key ``<site>/<asset>``. Raises NotFound."""
    found = _assets(conn, now, site=site, code=code, archived=True)
    if not found:
        raise NotFound("asset", f"{site}/{code}")
    return found[0]


def asset_keys(conn: Connection, ids: Collection[int]) -> dict[int, str]:
    """Return the keys of assets, ``<site>/<asset>``, by id."""
    return dict(conn.execute(_QUERIES["asset_keys"], {"ids": list(ids)}).fetchall())


def installed(conn: Connection, asset_id: int) -> Installed:
    """Return where an asset is and was installed, and what was there before it."""
    with conn.cursor(row_factory=class_row(Installation)) as cursor:
        rows = cursor.execute(_QUERIES["installed"], {"asset_id": asset_id}).fetchall()
    return Installed(
        places=tuple(each for each in rows if each.asset_id == asset_id),
        before=tuple(each for each in rows if each.asset_id != asset_id),
    )


def signals(conn: Connection, asset_ids: Sequence[int]) -> Mapping[int, list[Signal]]:
    """Return the signals of assets, by asset id."""
    by_asset: dict[int, list[Signal]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["signals"], {"asset_ids": list(asset_ids)}):
            meaning = {name: row.pop(name) for name in _MEANING}
            meaning["states"] = meaning["states"] or {}
            by_asset[row["asset_id"]].append(Signal(**row, meaning=Meaning(**meaning)))
    return by_asset


def signal(conn: Connection, asset_id: int, name: str) -> Signal:
    """Return one signal of an asset. Raises NotFound."""
    for each in signals(conn, [asset_id]).get(asset_id, []):
        if each.name == name:
            return each
    raise NotFound("signal", name)


def declare(conn: Connection, asset_id: int, entry: SignalEntry, *, actor: str, at: datetime, why: str = "") -> Signal:
    """Declare a signal of an asset, creating it if it is unknown. The judge applies it with its next batch."""
    changes.made_by(conn, actor, why)
    _load_signal(conn, asset_id, entry, at)
    conn.execute(_QUERIES["call_signal"], {"asset_id": asset_id, "name": entry.name, "label": entry.label})
    return signal(conn, asset_id, entry.name)


def load(conn: Connection, plant: Plant, *, at: datetime, actor: str | None = None, why: str = "") -> list[Proposal]:
    """Load a plant file into the database, and return the proposals that wait for a second person.

    What the file does not name stays unchanged: nothing is deleted or archived, and loading it again changes nothing.
    What makes a safety-critical asset less safe is not changed but proposed, once. Raises Cycle, and what
    ``safety.propose`` raises.

    Parameters
    ----------
    at
        When assets count as moved, and since when a changed unit applies.
    actor
        Who is logged as the author of changes; None: the plant. Creating a site is not logged.
    """
    if actor is not None and conn.execute(_QUERIES["site_by_code"], {"code": plant.code}).fetchone() is not None:
        changes.made_by(conn, actor, why)
    site_id = _put(conn, "put_site", {"code": plant.code, "name": plant.name, "time_zone": plant.time_zone})
    location_ids = {each.code: each.id for each in locations(conn, site_id)}
    for each in plant.locations:
        location_ids[each.code] = _put(conn, "put_location", asdict(each) | {"site_id": site_id})
    waiting = [
        _load_asset(conn, site_id, entry, location_ids, at, actor or "system:plant", why) for entry in plant.assets
    ]
    cycle = conn.execute(_QUERIES["in_a_cycle"], {"site_id": site_id}).fetchone()
    if cycle is not None:
        raise Cycle(*cycle)
    for technician in plant.technicians:
        facts = asdict(technician) | {"site_id": site_id}
        lists = {name: facts[name] for name in ("skills", "certificates", "weekdays")}
        conn.execute(
            _QUERIES["put_technician"], facts | {name: None if of is None else list(of) for name, of in lists.items()}
        )
    return [each for each in waiting if each is not None]


def _load_asset(
    conn: Connection,
    site_id: int,
    entry: AssetEntry,
    location_ids: Mapping[str, int],
    at: datetime,
    actor: str,
    why: str,
) -> Proposal | None:
    """Store an asset; return the proposal if part of it waits for a second person."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["judged_as"], {"site_id": site_id, "code": entry.code}).fetchone()
    key = "" if found is None else found.pop("key")
    before = _NEW if found is None else AssetFacts(**found | {"criticality": Criticality(found["criticality"])})
    said = {each: getattr(entry, each) for each in ("asset_class", "criticality", "safety_critical")}
    after = replace(before, **{name: value for name, value in said.items() if value is not None})
    waits = to_confirm(before, after)
    facts = asdict(entry) | asdict(after) | {name: getattr(before, name) for name in waits}
    facts |= {"site_id": site_id, "criticality": int(facts["criticality"]), "parent": entry.parent}
    asset_id = _put(conn, "put_asset", {name: facts[name] for name in _OF_ASSET})
    if entry.location is not None:
        installation = {"asset_id": asset_id, "location_id": location_ids[entry.location], "at": at}
        conn.execute(_QUERIES["uninstall"], installation)
        conn.execute(_QUERIES["install"], installation)
    for each in entry.signals:
        _load_signal(conn, asset_id, each, at)
    if not waits:
        return None
    was, wanted = ({name: getattr(facts, name) for name in waits} for facts in (before, after))
    for one in safety.page(conn, waiting=True, asset_id=asset_id):
        if (one.was, one.change) == (was, wanted):
            return one
    return safety.propose(conn, key, asset_id=asset_id, was=was, change=wanted, why=why, actor=actor, at=at)


def _load_signal(conn: Connection, asset_id: int, entry: SignalEntry, at: datetime) -> None:
    signal_id = _put(conn, "put_signal", {"asset_id": asset_id, "name": entry.name, "label": entry.label})
    meaning = entry.meaning or MEASUREMENT
    version = {
        "signal_id": signal_id,
        "quantity": entry.quantity,
        "unit": entry.unit,
        "said": entry.meaning is not None,
        "states": Jsonb(dict(meaning.states)) if meaning.states else None,
        "counter": meaning.counter,
        "wraps_at": meaning.wraps_at,
        "plausible_low": meaning.plausible_low,
        "plausible_high": meaning.plausible_high,
        "at": at,
    }
    conn.execute(_QUERIES["put_signal_version"], version)


def _put(conn: Connection, query: str, facts: Mapping[str, Any]) -> int:
    with conn.cursor(row_factory=scalar_row) as cursor:
        new_id: int | None = cursor.execute(_QUERIES[query], facts).fetchone()
    assert new_id is not None, "an INSERT … DO UPDATE … RETURNING gives a row"
    return new_id


def _assets(
    conn: Connection,
    now: datetime,
    *,
    asset_id: int | None = None,
    site: str | None = None,
    code: str | None = None,
    within: Collection[str] | None = None,
    archived: bool = False,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[str, str | None, str] | None = None,
) -> list[Asset]:
    facts: dict[str, Any] = {"now": now, "id": asset_id, "site": site, "code": code, "archived": archived}
    facts |= {"within": scope.codes(within), "limit": limit, "offset": offset}
    facts |= dict(zip(("after_site", "after_path", "after_code"), after or (None, None, None), strict=True))
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_asset(row) for row in cursor.execute(_QUERIES["assets"], facts)]


def _asset(row: dict[str, Any]) -> Asset:
    worst = row["worst_type"]
    row["criticality"] = Criticality(row["criticality"])
    row["worst_type"] = None if worst is None else OrderType(worst)
    return Asset(**row)
