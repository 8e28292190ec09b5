"""An order with all that a technician needs at the machine without a network. The caller owns the transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import sql
from db.alarms import alarm_points
from db.alarms.alarm_points import Standing
from db.escalating import escalations
from db.files import files
from db.files.files import Attachment, Of, Owner
from db.inventory import order_lines, order_tools
from db.inventory.order_lines import OrderLine
from db.inventory.order_tools import Needed
from db.orders import order_content, work_orders
from db.orders.order_content import Comment
from db.orders.work_orders import Evidence
from db.people import site_rules, technicians
from db.plant import plant, signal_lists
from db.plant.signal_lists import Listed
from db.scheduling import places
from db.scheduling.places import Places
from db.sync import changes
from workorder_core.escalating.course import UNFINISHED
from workorder_core.orders import lifecycle
from workorder_core.orders.job_plans import PartLine, StepDone
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people import certificates
from workorder_core.people.access import Who
from workorder_core.people.skills import SkillTables
from workorder_core.people.technicians import Technician
from workorder_core.scheduling.ways import Speeds

_QUERIES = sql.load("sync_briefings")
_EVIDENCE, _LAST, _ALARMS, _SIGNALS, _FILES = 5, 5, 20, 40, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOrder:
    """What was found and done at the asset before."""

    number: str
    title: str
    status: str
    ended_at: datetime
    finding: str | None
    failure_mode: str | None
    cause: str | None
    remedy: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """When the technician is planned on the order.

    Parameters
    ----------
    sequence
        Its number among their visits at the site on that day, from 1.
    others
        The names of those who come along.
    way_from
        The code of the location of the visit before, of their depot, or of the site.
    way_minutes, way_km
        The way from there; None: it is the same place, or, for ``way_km``, unknown.
    """

    order_id: UUID
    starts_at: datetime
    ends_at: datetime
    sequence: int
    others: Sequence[str]
    way_from: str
    way_minutes: int | None
    way_km: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The functional location of an order, with the nearest known coordinates: its own, or of ``coordinates_of``."""

    id: int
    code: str
    name: str
    path: str
    latitude: float | None
    longitude: float | None
    coordinates_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FromStore:
    """A line of parts that comes from a store, with the bins that have some on hand."""

    line: OrderLine
    bins: Sequence[str]
    expected_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate, needed or owned; ``valid_until`` None: without an end. ``has``: the technician has it."""

    name: str
    has: bool
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """An order with all that belongs to it."""

    order: WorkOrder
    site: str
    time_zone: str
    offered: Sequence[Step]
    asset: plant.Asset | None
    place: Place | None
    visits: Sequence[Visit]
    steps: Sequence[StepDone]
    parts: Sequence[PartLine]
    stock: Sequence[FromStore]
    tools: Sequence[Needed]
    certificates: Sequence[Certificate]
    comments: Sequence[Comment]
    files: Sequence[Attachment]
    documents: Sequence[Attachment]
    evidence: Sequence[Evidence]
    last_orders: Sequence[LastOrder]
    alarms: Sequence[Standing]
    readings: Sequence[Listed]
    escalation: int | None


class Briefer:
    """Reads the briefings of one technician; what many orders share is read once. For one transaction."""

    def __init__(self, conn: Connection, who: Who, now: datetime) -> None:
        self.conn, self.who, self.now = conn, who, now
        self._asked = changes.whose(conn, who, now)
        found: int | None = self._asked["technician"]
        self.technician = None if found is None else technicians.by_id(conn, found)
        self._visits: Mapping[UUID, Sequence[Visit]] | None = None
        self._site, self._skills = cache(self._read_site), cache(self._read_skills)
        self._ways = cache(self._read_ways)

    def of(self, order_id: UUID) -> Briefing:
        """Return an order's briefing; for a contractor without other orders, alarms and stock. Raises NotFound."""
        conn, order = self.conn, work_orders.get(self.conn, order_id, self.who)
        site = self._site(order.site_id)
        own = self.who.contractor is None
        if self._visits is None:
            self._visits = self._read_visits()
        return Briefing(
            order=order,
            site=site.code,
            time_zone=site.time_zone,
            offered=lifecycle.offered(order, self.who, at=self.now),
            place=self._place(order),
            visits=self._visits.get(order_id, ()),
            steps=order_content.steps(conn, order_id),
            parts=order_content.parts(conn, order_id),
            stock=self._stock(order_id) if own else (),
            tools=order_tools.of_order(conn, order, now=self.now) if own else (),
            certificates=self._certificates(order),
            comments=order_content.comments(conn, order_id),
            files=files.of_order(conn, order_id),
            evidence=work_orders.evidence(conn, order_id, limit=_EVIDENCE),
            escalation=self._escalation(order_id) if own else None,
            **self._of_asset(order, own),
        )

    def person(self) -> list[Certificate]:
        """Return the technician's certificates, by name."""
        one = self.technician
        return [] if one is None else [_certificate(one, name) for name in sorted(one.certificates)]

    def _of_asset(self, order: WorkOrder, own: bool) -> dict[str, Any]:
        """Return what is known of the order's asset; of none for work at a location."""
        conn, asset_id = self.conn, order.asset_id
        if asset_id is None:
            return {"asset": None, "documents": (), "last_orders": (), "alarms": (), "readings": ()}
        signals = signal_lists.page(conn, site=None, asset_id=asset_id, within=None, limit=_SIGNALS, after=None)
        return {
            "asset": plant.asset(conn, asset_id, now=self.now),
            "documents": files.of(conn, Owner(Of.ASSET, asset_id))[-_FILES:],
            "last_orders": self._last_orders(order) if own else (),
            "alarms": alarm_points.page(conn, asset_id=asset_id, limit=_ALARMS) if own else (),
            "readings": signals,
        }

    def _last_orders(self, order: WorkOrder) -> list[LastOrder]:
        asked = {"order_id": order.id, "asset_id": order.asset_id, "limit": _LAST}
        with self.conn.cursor(row_factory=class_row(LastOrder)) as cursor:
            return cursor.execute(_QUERIES["last_orders"], asked).fetchall()

    def _escalation(self, order_id: UUID) -> int | None:
        asked: dict[str, Any] = {"within": self.who.sites, "states": UNFINISHED, "order_id": order_id, "limit": 1}
        return next((each.id for each in escalations.listed(self.conn, **asked)), None)

    def _place(self, order: WorkOrder) -> Place | None:
        asked = {"location_id": order.location_id, "asset_id": order.asset_id}
        with self.conn.cursor(row_factory=class_row(Place)) as cursor:
            return cursor.execute(_QUERIES["place"], asked).fetchone()

    def _stock(self, order_id: UUID) -> list[FromStore]:
        lines = order_lines.of_order(self.conn, order_id)
        if not lines:
            return []
        dates = order_lines.expected(self.conn, lines)
        with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_QUERIES["bins"], {"order_id": order_id}).fetchall()
        bins = {line: [row["code"] for row in rows if row["line"] == line] for line in {row["line"] for row in rows}}
        return [FromStore(line=each, bins=bins.get(each.line, ()), expected_on=dates.get(each.key)) for each in lines]

    def _certificates(self, order: WorkOrder) -> list[Certificate]:
        skills = ([order.required_skill] if order.required_skill else []) + list(order.other_skills)
        asked = certificates.asked_for(skills, order.required_certificates, self._skills(order.site_id))
        return [_certificate(self.technician, name) for name in asked]

    def _read_visits(self) -> dict[UUID, list[Visit]]:
        found: dict[UUID, list[Visit]] = {}
        before: dict[int, str | None] = {}
        with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_QUERIES["visits"], self._asked).fetchall()
        for row in rows:
            site_id = row.pop("site_id")
            location, site = row.pop("location"), row.pop("site")
            del row["time_zone"]
            depot = None if self.technician is None else self.technician.depot
            known, speeds = self._ways(site_id, site)
            start = known.of(depot if row["sequence"] == 1 else before.get(site_id))
            end = known.of(location)
            minutes, km = known.travel({start, end}, speeds)
            way: dict[str, Any] = {"way_from": start, "way_minutes": None, "way_km": None}
            if start != end:
                way |= {"way_minutes": minutes.get((start, end)), "way_km": km.get((start, end))}
            before[site_id] = location
            found.setdefault(row["order_id"], []).append(Visit(**row, **way))
        return found

    def _read_ways(self, site_id: int, site: str) -> tuple[Places, Speeds]:
        return places.of_site(self.conn, site_id, site), site_rules.of_site(self.conn, site_id).speeds

    def _read_site(self, site_id: int) -> plant.Site:
        return plant.site(self.conn, site_id)

    def _read_skills(self, site_id: int) -> SkillTables:
        return site_rules.skill_tables(self.conn, site_id)


def _certificate(one: Technician | None, name: str) -> Certificate:
    """Return a certificate that work asks for, with what somebody has of it."""
    if one is None or name not in one.certificates:
        return Certificate(name=name, has=False, valid_until=None)
    return Certificate(name=name, has=True, valid_until=one.valid_until.get(name))
