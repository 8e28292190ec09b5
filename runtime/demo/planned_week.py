"""The sample plant's planned weeks: the demo's planner accepts the proposals that they asked for, and publishes them.

By the functions that the API calls; the proposals come from the worker, as on any plant.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection

from api import long_work
from api.shapes.runs import ScheduleIn
from db.errors import StoreError
from db.people import technicians
from db.plant import plant
from db.runs import runs
from db.scheduling import publishing, schedules, weeks
from runtime.demo.neighbours import PLANNER
from workorder_core.plant.plant import LocationEntry, Plant
from workorder_core.runs.runs import SCHEDULE
from workorder_core.scheduling.weeks import State, week_of

DEPOT = "NTH-SUP"
SECONDS = 2.0
_WHERE = (
    LocationEntry(code=DEPOT, name="Town supply", level="area", latitude=56.1517, longitude=10.2107),
    LocationEntry(
        code="NTH-SUP-HP", name="High-pressure pump hall", level="work_centre", parent=DEPOT,
        latitude=56.1533, longitude=10.2139,
    ),
    LocationEntry(code="NTH-TRF", name="Transfer to the reservoir", level="area", latitude=56.1702, longitude=10.1751),
    LocationEntry(
        code="NTH-TRF-PH", name="Transfer pump hall", level="work_centre", parent="NTH-TRF",
        latitude=56.1711, longitude=10.1728,
    ),
)  # fmt: skip


def locate(conn: Connection, *, site: str, now: datetime) -> None:
    """Give the halls coordinates and the technicians a depot, unless they have them, so that there are ways between.
    The caller commits.
    """
    place = plant.site_by_code(conn, site)
    if any(each.depot is not None for each in technicians.listed(conn, place.id)):
        return
    plant.load(conn, Plant(code=site, name=None, time_zone=None, locations=_WHERE), at=now)
    for each in technicians.listed(conn, place.id):
        technicians.update(conn, replace(each, depot=DEPOT))


@dataclass(slots=True)
class Weeks:
    """Publishes this week and then the next one, each once its proposal is there.

    Parameters
    ----------
    left
        The Mondays that are still to be published; None before the first look.
    """

    site: str
    left: list[date] | None = None

    def go_on(self, conn: Connection, *, now: datetime) -> bool:
        """Publish a week whose proposal has come, and ask for the next one's; return whether one was published.

        What cannot be published is left to whoever looks at the demo. Commits.
        """
        if self.left is None:
            self.left = self._unpublished(conn, now)
            # A demo that is started again in a later week.
            if self.left and not self._is_asked_for(conn, self.left[0]):
                self._ask(conn, self.left[0], now)
        if not self.left:
            return False
        monday = self.left[0]
        site = plant.site_by_code(conn, self.site)
        proposal = schedules.of_week(conn, site.id, monday).get(State.DRAFT)
        if proposal is None or proposal.made_by != PLANNER.actor:
            return False
        self.left = self.left[1:]
        try:
            with conn.transaction():
                plan = weeks.accept(conn, proposal.id, actor=PLANNER.actor, at=now)
                publishing.publish(conn, plan.id, who=PLANNER, at=now)
        except (StoreError, psycopg.errors.ExclusionViolation):
            return False
        if self.left:
            self._ask(conn, self.left[0], now)
        return True

    def _ask(self, conn: Connection, monday: date, now: datetime) -> None:
        with conn.transaction():
            asked = ScheduleIn(site=self.site, from_date=monday, seconds=SECONDS)
            long_work.ask_for_schedule(conn, PLANNER, asked, at=now)

    def _is_asked_for(self, conn: Connection, monday: date) -> bool:
        found = runs.page(conn, kind=SCHEDULE.name, site=self.site, limit=50)
        return any(each.input.get("from_date") == f"{monday}" for each in found)

    def _unpublished(self, conn: Connection, now: datetime) -> list[date]:
        site = plant.site_by_code(conn, self.site)
        first = week_of(now.astimezone(ZoneInfo(site.time_zone)).date())
        # A week that somebody has a plan of is theirs.
        both = (first, first + timedelta(weeks=1))
        return [each for each in both if not schedules.working(schedules.of_week(conn, site.id, each))]
