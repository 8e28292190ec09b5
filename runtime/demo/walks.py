"""The sample plant's inspection rounds and audits: checklists, two routes, rounds of the last weeks, one with a fault.

Created by the functions that the API calls. Measurements here are not readings: the recording is the same without them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg import Connection

from api.papers import round_paper
from db.inspections import audits, checklists, rounds, stops
from db.inspections.audits import NewFinding
from db.inspections.rounds import Round, Walk
from db.plant import plant
from workorder_core.inspections.answers import Given
from workorder_core.inspections.audits import AuditKind, FindingStep, Grade
from workorder_core.inspections.checklists import Checklist, Condition, Item, ItemKind
from workorder_core.inspections.rounds import How, RoundStep
from workorder_core.words import Severity

PLANNER, WALKERS = "person:berg", ("person:holm", "person:petersen")
PUMP = Checklist(
    title="Weekly look at a pump",
    items=(
        Item(
            key="seal", kind=ItemKind.YES_NO, text="Shaft seal dry, or a few drops a minute?", fails=("no",),
            severity=Severity.MALFUNCTION, photo_if_failed=False,
        ),
        Item(
            key="leak", kind=ItemKind.CHOICE, text="How much leaks?", choices=("a trickle", "a stream"),
            fails=("a stream",), severity=Severity.SAFETY, only_if=Condition(key="seal", answer="no"),
        ),
        Item(
            key="bearing", kind=ItemKind.MEASUREMENT, text="Bearing housing, by infrared thermometer", unit="degC",
            high=80, signal="bearing_temp_by_hand", severity=Severity.MALFUNCTION,
        ),
        Item(
            key="oil", kind=ItemKind.CHOICE, text="Oil in the sight glass", choices=("low", "middle", "high"),
            fails=("low",), severity=Severity.MALFUNCTION,
        ),
        Item(key="tray", kind=ItemKind.YES_NO, text="Drip tray and floor clean?", fails=("no",)),
        Item(key="noise", kind=ItemKind.TEXT, text="What sounds or smells unusual", needed=False),
    ),
)  # fmt: skip
FIRST = replace(PUMP, items=tuple(each for each in PUMP.items if each.key != "leak"))
"""The previous version: it did not ask how much leaks."""
ROUTES = {
    "SUPPLY": ("Supply hall, weekly", ("P-101", "P-102", "P-103", "P-104")),
    "TRANSFER": ("Transfer hall, weekly", ("P-105", "P-106", "P-107", "P-108")),
}
WEEKS, YEAR, REPORTED_WEEKS = 6, 52, 2
MISSED = frozenset({("TRANSFER", 3), ("TRANSFER", 17), ("SUPPLY", 31), ("TRANSFER", 44)})
DIRTY = frozenset({11, 25, 26, 40})
"""Weeks before the demo's own in which a drip tray was not clean: noted, and no order."""


def make(conn: Connection, *, site: str, now: datetime, weeks: int = WEEKS) -> int:
    """Create the rounds of some weeks and the audit of a site without checklists; return how many rounds.

    The caller commits.
    """
    if checklists.page(conn, site=site, archived=True, limit=1):
        return 0
    place = plant.site_by_code(conn, site)
    assets = {each.code: each.id for each in plant.assets(conn, now=now, site=site)}
    begun = now - timedelta(weeks=weeks + 2)
    kept = checklists.add(conn, place.id, "PUMP-WEEKLY", FIRST, actor=PLANNER, at=begun)
    made = 0
    for code, (title, pumps) in ROUTES.items():
        walk = [(assets[each], kept.id) for each in pumps if each in assets]
        route = checklists.add_route(conn, place.id, code, title, walk, actor=PLANNER, at=begun)
        for week in range(weeks, 0, -1):
            at = _morning(now - timedelta(weeks=week, days=2), place.time_zone)
            missed = (code, week) in MISSED
            made += _one(conn, place.id, route.id, at, week, missed=missed)
    second = now - timedelta(days=6)
    checklists.change(conn, kept.id, PUMP, actor=PLANNER, at=second, why="how much leaks decides how soon")
    due = _morning(now, place.time_zone)
    transfer = next(each for each in checklists.routes(conn, site=site) if each.code == "TRANSFER")
    rounds.make_due(
        conn, place.id, Walk(route_id=transfer.id), due_at=due, latest=due + timedelta(days=2), actor=PLANNER, at=now
    )
    _audit(conn, place.id, site, now)
    return made + 1


def find_a_fault(conn: Connection, *, site: str, now: datetime) -> int:
    """Walk the supply hall once more and find a seal that leaks; return how many rounds. The caller commits.

    Apart from `make`, so that the orders of the recording have the same numbers with and without it.
    """
    route = next((each for each in checklists.routes(conn, site=site) if each.code == "SUPPLY"), None)
    if route is None or any(each.failed for each in rounds.page(conn, site=site, route_id=route.id)):
        return 0
    place = plant.site_by_code(conn, site)
    at = now - timedelta(hours=3)
    walked = rounds.begin(conn, place.id, Walk(route_id=route.id), actor=WALKERS[0], at=at)
    _walk(conn, walked, at, 0, actor=WALKERS[0], fault=2)
    return 1


def _one(conn: Connection, site_id: int, route_id: int, at: datetime, week: int, *, missed: bool) -> bool:
    actor = WALKERS[week % 2]
    latest = at + timedelta(hours=10)
    due = rounds.make_due(
        conn, site_id, Walk(route_id=route_id), due_at=at, latest=latest, how=How.PLAN, actor=PLANNER, at=at
    )
    if missed:
        why = "nobody began it in time"
        rounds.take_step(conn, due.id, RoundStep.MISS, actor="system:timetable", at=latest, why=why)
        return True
    begun = at + timedelta(minutes=20)
    _walk(conn, rounds.take_step(conn, due.id, RoundStep.START, actor=actor, at=begun), begun, week, actor=actor)
    return True


def _walk(conn: Connection, walked: Round, at: datetime, week: int, *, actor: str, fault: int | None = None) -> None:
    """Answer every stop a few minutes after the one before, and sign; at the stop ``fault`` the seal leaks."""
    for stop in stops.of_round(conn, walked.id):
        at += timedelta(minutes=6)
        given = _answers(stop.position, week, leaks=stop.position == fault)
        stops.save(
            conn, walked.id, stop.position, given, finish=True, scanned=stop.position % 2 == 1, actor=actor, at=at,
            reads=False,
        )  # fmt: skip
    name = {"person:holm": "Anna Holm", "person:petersen": "Jonas Petersen"}[actor]
    # A report is slow to create; the newest ones show what it is.
    keep = week < REPORTED_WEEKS
    round_paper.finish(conn, walked.id, name, "", actor=actor, at=at + timedelta(minutes=2), keep=keep)


def _answers(position: int, week: int, *, leaks: bool) -> Mapping[str, Given]:
    warm = 47 + (position * 7 + week * 3) % 11
    given = {"seal": Given(typed="yes"), "bearing": Given(typed=str(warm)), "oil": Given(typed="middle")}
    dirty = week in DIRTY and position == 1 + week % 4
    given["tray"] = Given(typed="no", note="Oil under the coupling, wiped up.") if dirty else Given(typed="yes")
    if leaks:
        given["seal"] = Given(typed="no", note="Steady trickle from the gland, tray half full.")
        given["leak"] = Given(typed="a trickle")
    return given


def _audit(conn: Connection, site_id: int, site: str, now: datetime) -> None:
    """An audit of the permits with a finding that is overdue, one that is answered and one that is settled."""
    at = now - timedelta(days=40)
    audit = audits.add(
        conn, site_id, site, "Permits to work, last quarter", AuditKind.RECORDS, "Every permit of the quarter.",
        actor=PLANNER, at=at,
    )  # fmt: skip
    for statement, grade, owner, days in (
        ("Two permits have no end: nobody has signed that the work was over.", Grade.MAJOR, "petersen", 30),
        ("The lock numbers of three isolations are not on their permits.", Grade.MINOR, "holm", 60),
        ("An old form was used once.", Grade.OBSERVATION, "nowak", 20),
    ):
        person = audits.owner(conn, audit.id, owner)
        new = NewFinding(statement=statement, grade=grade, owner=person, due=(at + timedelta(days=days)).date())
        audits.add_finding(conn, audit.id, new, actor=PLANNER, at=at)
    done = now - timedelta(days=25)
    audits.move(
        conn, audit.id, 3, FindingStep.ANSWER, said="The old pads were thrown away.", actor="person:nowak", at=done
    )
    audits.move(conn, audit.id, 3, FindingStep.VERIFY, actor=PLANNER, at=done + timedelta(days=2))
    said = "The form asks for the lock numbers now; the three were added."
    audits.move(conn, audit.id, 2, FindingStep.ANSWER, said=said, actor="person:lund", at=now - timedelta(days=4))


def _morning(at: datetime, zone: str) -> datetime:
    """Return seven o'clock of that day on the site's clock."""
    local = at.astimezone(ZoneInfo(zone))
    return local.replace(hour=7, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
