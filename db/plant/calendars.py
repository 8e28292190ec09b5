"""The working hours of sites, and their promised targets. Public holidays come from a maintained library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import holidays
import structlog
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from db import sql
from db.errors import NotFound, StoreError
from workorder_core.orders import targets
from workorder_core.orders.targets import BY_PRIORITY, Target, Targets
from workorder_core.orders.working_time import ROUND_THE_CLOCK, Calendar, Shift
from workorder_core.sentences import say
from workorder_core.words import Priority

_log = structlog.get_logger("calendars")
_QUERIES = sql.load("calendars")
_YEARS_AHEAD = 3


class NoSuchCountry(StoreError):
    """The public holidays of a country or of a part of it are unknown."""

    def __init__(self, country: str, subdivision: str | None) -> None:
        where: str = country
        if subdivision is not None:
            where = say("{subdivision} in {country}", subdivision=subdivision, country=country)
        super().__init__(
            say(
                "the public holidays of {where} are not known; use the codes of ISO 3166, or list days off", where=where
            )
        )
        self.country, self.subdivision = country, subdivision


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingWeek:
    """A site's calendar as entered: shifts, the country of its public holidays, its own days off."""

    shifts: tuple[Shift, ...]
    country: str | None = None
    subdivision: str | None = None
    closed_on: tuple[date, ...] = ()
    works_on: tuple[date, ...] = ()


def of_site(conn: Connection, site_id: int, *, at: datetime) -> Targets:
    """Return a site's targets and its working hours, for orders that begin at ``at``. Raises NotFound."""
    row = _row(conn, site_id)
    calendar = ROUND_THE_CLOCK
    if row["shifts"] is not None:
        free: set[date] = set(row["closed_on"])
        if row["country"] is not None:
            free |= _holidays(row["country"], row["subdivision"], at.year)
        free -= set(row["works_on"])
        calendar = Calendar(zone=row["time_zone"], shifts=_shifts(row["shifts"]), holidays=frozenset(free))
    return Targets(promised(conn, site_id), calendar)


def _holidays(country: str, subdivision: str | None, year: int) -> set[date]:
    """Return the public holidays from a year on. If the library no longer knows them, continue without them."""
    try:
        return {day for ahead in range(_YEARS_AHEAD + 1) for day in _public(country, subdivision, year + ahead)}
    except NoSuchCountry as error:
        _log.warning("public holidays unavailable, targets computed without them", error=str(error))
        return set()


def promised(conn: Connection, site_id: int) -> Mapping[Priority, Target]:
    """Return the targets of a site by priority."""
    own = {
        Priority(row["priority"]): Target(
            timedelta(minutes=row["response_minutes"]), timedelta(minutes=row["completion_minutes"]), row["working"]
        )
        for row in _rows(conn, "targets", site_id)
    }
    return {priority: own.get(priority, target) for priority, target in BY_PRIORITY.items()}


def week(conn: Connection, site_id: int) -> WorkingWeek | None:
    """Return a site's calendar; None if it works round the clock. Raises NotFound."""
    row = _row(conn, site_id)
    if row["shifts"] is None:
        return None
    return WorkingWeek(
        shifts=_shifts(row["shifts"]),
        country=row["country"],
        subdivision=row["subdivision"],
        closed_on=tuple(row["closed_on"]),
        works_on=tuple(row["works_on"]),
    )


def require_country(country: str | None, subdivision: str | None, year: int) -> None:
    """Raise NoSuchCountry unless the public holidays are known; no country has none."""
    if country is not None:
        _public(country, subdivision, year)


def put_week(conn: Connection, site_id: int, week: WorkingWeek, *, actor: str, at: datetime) -> None:
    """Store a site's working hours, used by targets set from now on. Raises NoSuchCountry and NoWorkingTime."""
    require_country(week.country, week.subdivision, at.year)
    facts = {
        "site_id": site_id,
        "country": week.country,
        "subdivision": week.subdivision,
        "shifts": Jsonb(
            [
                {"weekdays": sorted(each.weekdays), "start": each.start.isoformat(), "end": each.end.isoformat()}
                for each in week.shifts
            ]
        ),
        "closed_on": list(week.closed_on),
        "works_on": list(week.works_on),
    }
    conn.execute(_QUERIES["put_calendar"], facts | {"actor": actor, "at": at})
    targets.check(of_site(conn, site_id, at=at), at)


def put_targets(conn: Connection, site_id: int, promises: Mapping[Priority, Target], *, at: datetime) -> None:
    """Store a site's targets; existing orders keep theirs. Raises NoWorkingTime."""
    for priority, target in promises.items():
        facts = {
            "site_id": site_id,
            "priority": int(priority),
            "response_minutes": int(target.response.total_seconds() // 60),
            "completion_minutes": int(target.completion.total_seconds() // 60),
            "working": target.working,
        }
        conn.execute(_QUERIES["put_target"], facts)
    targets.check(of_site(conn, site_id, at=at), at)


def _row(conn: Connection, site_id: int) -> dict[str, Any]:
    rows = _rows(conn, "of_site", site_id)
    if not rows:
        raise NotFound("site", site_id)
    return rows[0]


def _rows(conn: Connection, query: str, site_id: int) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], {"site_id": site_id}).fetchall()


def _shifts(stored: Sequence[Mapping[str, Any]]) -> tuple[Shift, ...]:
    return tuple(
        Shift(
            weekdays=frozenset(each["weekdays"]),
            start=time.fromisoformat(each["start"]),
            end=time.fromisoformat(each["end"]),
        )
        for each in stored
    )


@lru_cache(maxsize=200)
def _public(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError:
        raise NoSuchCountry(country, subdivision) from None
