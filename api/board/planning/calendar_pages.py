"""The pages of what is due: a month, a week, and the hours of the months to come."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.planning import chart
from api.board.rendering import page
from api.language import formats
from db.planning import outlook, plans, site_times
from db.planning.outlook import Occurrence
from db.plant import plant
from db.plant.plant import Site
from workorder_core.planning.forecast import Period, months_ahead
from workorder_core.planning.site_time import SiteTime

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])
SiteCode = Annotated[str, Query(alias="site", max_length=64)]
MOST = 20_000
"""So many of a month are counted; what is more is said."""
OF_A_DAY, OF_A_DAY_IN_A_WEEK = 5, 200
"""So many of a day are shown in a month, and in a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What is due by the day of a site. ``more``: there is more than was counted."""

    by_day: Mapping[date, Sequence[Occurrence]]
    count: int
    more: bool


@router.get("/planned-work", dependencies=[SEES])
def due(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    month: Annotated[str, Query(max_length=7, pattern=r"^(\d{4}-\d\d)?$")] = "",
    week: Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    code: SiteCode = "",
) -> Response:
    """Show what is due in a month, or in the week of a day, by the day of the site."""
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), sites[0] if sites else None)
    local = None if site is None else site_times.of_site(conn, site.id)
    today = now.date() if local is None else local.local(now).date()
    of_week = _day(week, "%Y-%m-%d")
    first = of_week - timedelta(days=of_week.weekday()) if of_week else _day(month, "%Y-%m") or today.replace(day=1)
    last = first + timedelta(days=7) if of_week else (first + timedelta(days=32)).replace(day=1)
    facts: dict[str, Any] = {"now": now, "site": site, "sites": sites, "first": first, "last": last, "today": today}
    facts |= {"month": formats.month(first), "written": formats.day}
    if site is None or local is None:
        return page(request, "planning/month.html", **facts)
    span = local.moment(datetime.combine(first, time())), local.moment(datetime.combine(last, time()))
    facts |= {"zone": site.time_zone, "days": _days(conn, local, span, site)}
    facts["as_file"] = urlencode({"site": site.code, "since": f"{span[0]:%FT%TZ}", "until": f"{span[1]:%FT%TZ}"})
    facts |= _if_empty(conn, local, facts["days"], last, site)
    if of_week:
        facts |= {"previous": first - timedelta(days=7), "most": OF_A_DAY_IN_A_WEEK}
        facts |= {"shown": [first + timedelta(days=n) for n in range(7)]}
        return page(request, "planning/week.html", **facts)
    facts |= {"previous": (first - timedelta(days=1)).replace(day=1), "most": OF_A_DAY}
    return page(request, "planning/month.html", weeks=Calendar().monthdatescalendar(first.year, first.month), **facts)


def _day(text: str, written: str) -> date | None:
    try:
        found = datetime.strptime(text, written).replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2190 else None


def _days(conn: Connection, local: SiteTime, span: tuple[datetime, datetime], site: Site) -> Days:
    found = outlook.due_between(conn, *span, site=site.code, limit=MOST + 1)
    by_day: dict[date, list[Occurrence]] = defaultdict(list)
    for each in found[:MOST]:
        by_day[local.local(each.due_at).date()].append(each)
    return Days(by_day=by_day, count=min(len(found), MOST), more=len(found) > MOST)


def _if_empty(conn: Connection, local: SiteTime, days: Days, last: date, site: Site) -> dict[str, Any]:
    """Return what a month or week without work says: what is due next after it, or that there is no plan."""
    if days.count:
        return {"following_due": None, "has_plans": True}
    since = local.moment(datetime.combine(last, time()))
    ahead = outlook.due_between(conn, since, since + timedelta(days=36_500), site=site.code, limit=1)
    following = local.local(ahead[0].due_at).date() if ahead else None
    return {"following_due": following, "has_plans": bool(plans.listed(conn, site=site.code, limit=1))}


@router.get("/planned-work/forecast", dependencies=[SEES])
def forecast(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    months: Annotated[int, Query(ge=1, le=60)] = 12,
    by: Annotated[str, Query(max_length=5)] = "",
    code: SiteCode = "",
) -> Response:
    """Show the hours that fall due by trade and week or month, before anything is generated."""
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), None)
    period = Period(by) if by in set(Period) else Period.WEEK if months <= 12 else Period.MONTH
    found = outlook.forecast(
        conn, until=months_ahead(now, months), within=who.sites, site=None if site is None else site.code, by=period
    )
    table = chart.table(found, period, today=now.date(), last=months_ahead(now, months).date())
    return page(
        request,
        "planning/forecast.html",
        now=now,
        site=site,
        sites=sites,
        months=months,
        by=period.value,
        periods=[each.value for each in Period],
        table=table,
        drawn=chart.drawn(table),
    )
