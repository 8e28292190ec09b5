"""The pages of alarms: their states and actions, their history, and their metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, PLANS, SEES, SEES_ALL, WORKS_OR_PLANS, Asking, Conn, Now
from api.board import drawing
from api.board.forms.form_errors import Fields, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.forms.refilled import Refused
from api.board.notifying import answering
from api.board.rendering import Number, page
from api.board.words import zone_of
from api.once import SentForm
from db import scope
from db.alarms import alarm_points, alarms
from db.alarms.alarm_points import Id
from db.documents import budgets, rules_in_force, rules_in_shadow, slow_devices
from db.plant import plant
from db.plant.plant import Site
from workorder_core.alarms import standard
from workorder_core.alarms.alarm_states import SAFETY_OUT_MOST, SHELF_MOST, Move, State
from workorder_core.alarms.alarms import alarm_metrics
from workorder_core.far_times import FarTime, near
from workorder_core.people.access import Who
from workorder_core.sentences import say
from workorder_core.words import Severity

PAGE_SIZE = 25
SPANS = {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30), "90d": timedelta(days=90)}
LONGEST = timedelta(days=366)
router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class Shown:
    """The filters of a list of alarms; each form carries them, so that the list is the same afterwards."""

    site: str = ""
    state: str = ""
    severity: str = ""
    asset_id: int | None = None
    number: int = 1

    @property
    def query(self) -> str:
        """The filters as a query, without the page."""
        narrowed = {"site": self.site, "state": self.state, "severity": self.severity, "asset_id": self.asset_id}
        return urlencode({name: value for name, value in narrowed.items() if value})


def _shown(
    site: str = "",
    state: str = "",
    severity: str = "",
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    number: Number = 1,
) -> Shown:
    known = {each.value for each in State}
    severities = {each.name.lower() for each in Severity}
    return Shown(site, state if state in known else "", severity if severity in severities else "", asset_id, number)


@router.get("/alarms", dependencies=[SEES])
def standing(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    site: str = "",
    state: str = "",
    severity: str = "",
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    number: Number = 1,
) -> Response:
    """Show the alarms that are not normal, those that need attention first."""
    shown = _shown(site, state, severity, asset_id, number)
    found = alarm_points.page(
        conn,
        states=[State(shown.state)] if shown.state else None,
        site=shown.site or None,
        within=who.sites,
        asset_id=shown.asset_id,
        severity=Severity[shown.severity.upper()] if shown.severity else None,
        limit=PAGE_SIZE + 1,
        offset=(shown.number - 1) * PAGE_SIZE,
    )
    tallied = alarm_points.tally(conn, shown.site or None, who.sites)
    asked_about = answering.of_alarms(conn, found[:PAGE_SIZE], who)
    return page(
        request,
        "alarms.html",
        # Who is asked can decline, and nobody else.
        shared=not asked_about["escalated"],
        now=now,
        alarms=found[:PAGE_SIZE],
        orders=alarm_points.orders_of(conn, [each.id for each in found[:PAGE_SIZE]]),
        more=len(found) > PAGE_SIZE,
        shown=shown,
        filtered=bool(shown.query),
        counts={each: sum(count for state, _, count in tallied if state is each) for each in State},
        safety=sum(count for state, severity, count in tallied
                   if state is State.UNACKNOWLEDGED and severity is Severity.SAFETY),
        states=[each for each in State if each is not State.NORMAL],
        severities=list(Severity),
        sites=_sites(conn, who),
        hours=[1, 2, 4, 8, 12],
        most=SHELF_MOST,
        safety_most=SAFETY_OUT_MOST,
        ever=bool(alarms.page(conn, within=who.sites, limit=1)),
        **asked_about,
    )  # fmt: skip


@router.get("/alarms/history", dependencies=[SEES])
def history(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    source: Annotated[str, Query(max_length=200)] = "",
    number: Number = 1,
) -> Response:
    """Show who moved alarms, when and why."""
    found = alarm_points.moves(
        conn,
        asset_id=asset_id,
        source=source or None,
        within=who.sites,
        limit=PAGE_SIZE + 1,
        offset=(number - 1) * PAGE_SIZE,
    )
    narrowed = {"asset_id": asset_id, "source": source}
    return page(
        request,
        "alarm_history.html",
        now=now,
        moves=found[:PAGE_SIZE],
        asset_id=asset_id,
        source=source,
        query=urlencode({name: value for name, value in narrowed.items() if value}),
        number=number,
        more=len(found) > PAGE_SIZE,
    )


@router.get("/alarms/figures", dependencies=[SEES])
def moved(request: Request) -> Response:
    """Redirect links from before the page was renamed."""
    return RedirectResponse(f"/alarms/metrics?{request.url.query}", 308)


@router.get("/alarms/metrics", dependencies=[SEES])
def count(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    span: str = "7d",
    site: str = "",
    since: Annotated[str, Query(max_length=40)] = "",
    until: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show the alarm metrics of ISA-18.2 over a range, beside what is acceptable."""
    sites = _sites(conn, who)
    zone = zone_of([each for each in sites if each.code == site] or sites)
    begin, end, problem = _range(since, until, span, now, zone)
    counted = alarm_metrics(alarms.between(conn, begin, end, site or None, who.sites), begin, end)
    newest = alarms.page(conn, site=site or None, within=who.sites, limit=1)
    return page(
        request,
        "alarm_metrics.html",
        refused=_refused(request, problem),
        now=now,
        found=counted,
        standard=standard,
        charts=drawing.of_alarms(counted, begin, zone),
        since=begin,
        until=end,
        zone=zone,
        span="" if since and until else span if span in SPANS else "7d",
        spans=list(SPANS),
        site=site,
        sites=sites,
        local={"since": _local(begin, zone), "until": _local(end, zone)},
        newest=newest[0].raised_at if newest else None,
        after=newest[0].raised_at + timedelta(minutes=1) if newest else None,
    )


def _refused(request: Request, problem: str) -> Refused | None:
    """Return the requested range as typed, if it is invalid."""
    if not problem:
        return None
    sent = list(request.query_params.multi_items())
    return Refused(action=request.url.path, sent=sent, status=422, problem=problem, fields={"until": problem})


def _range(since: str, until: str, span: str, now: datetime, zone: str) -> tuple[datetime, datetime, str]:
    """Return the requested range, or the span until now with the problem of the request."""
    end = now
    usual = end - SPANS.get(span, SPANS["7d"]), end
    if not (since and until):
        return *usual, ""
    try:
        begin, end = (datetime.fromisoformat(each) for each in (since, until))
        begin, end = (near(each if each.tzinfo else each.replace(tzinfo=ZoneInfo(zone))) for each in (begin, end))
        if not begin < end <= begin + LONGEST:
            return *usual, say("the range must end after it begins, and be a year at most")
    except FarTime as far:
        return *usual, str(far)
    except ValueError:
        return *usual, say("give both times, as the site's clock shows them")
    return begin, end, ""


@router.get("/alarms/rules", dependencies=[SEES_ALL])
def rules(
    request: Request,
    conn: Conn,
    now: Now,
    show: Annotated[str, Query(pattern="^(all|budgeted|shadow)$")] = "all",
    number: Number = 1,
) -> Response:
    """Show the rules in force against their alarm budgets."""
    there = rules_in_shadow.now_there(conn)
    book = rules_in_force.newest(conn)
    limited = [each for each in book.rules if each.budget is not None]
    shadowed = [each for each in book.rules if each.id in there]
    found = {"budgeted": limited, "shadow": shadowed}.get(show, book.rules)
    return page(
        request,
        "alarm_rules.html",
        now=now,
        slow=slow_devices.by_rule(slow_devices.of(conn, book)),
        rules=budgets.of(conn, found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], now=now),
        counts={"all": len(book.rules), "budgeted": len(limited), "shadow": len(shadowed)},
        show=show,
        number=number,
        pages=max(1, ceil(len(found) / PAGE_SIZE)),
        zone=zone_of(plant.sites(conn)),
    )


def _where_rules(_: Mapping[str, str], form: Mapping[str, str]) -> str:
    return f"/alarms/rules?{urlencode({name: form[name] for name in ('show', 'page') if name in form})}"


@router.post("/alarms/rules/{step}", dependencies=[ENGINEERS])
@shown_on(_where_rules)
def shadow(
    step: Annotated[str, Path(pattern="^(shadow|return)$")],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    rule: Annotated[str, Form(max_length=200)],
    why: Annotated[str, Form(max_length=2000)] = "",
    show: Annotated[str, Form(pattern="^(all|budgeted|shadow)$")] = "all",
    number: Annotated[int, Form(alias="page", ge=1, le=40_000)] = 1,
) -> Response:
    """Put a rule in shadow, or let it open orders again."""
    with Fields() as read:
        read.need("why", why.strip(), say("say why in one sentence"))
    verb = budgets.to_shadow if step == "shadow" else rules_in_shadow.end
    verb(conn, rule, actor=who.actor, why=why.strip(), at=now)
    return sent.leads_to(f"/alarms/rules?show={show}&page={number}")


def _where_alarms(_: Mapping[str, str], form: Mapping[str, str]) -> str:
    """Redirect to the same list of alarms."""
    narrowed = ("site", "state", "severity", "asset_id", "page")
    return f"/alarms?{urlencode({name: form[name] for name in narrowed if form.get(name)})}"


@router.post("/alarms/acknowledge", dependencies=[WORKS_OR_PLANS])
@router.post("/alarms/reset", dependencies=[WORKS_OR_PLANS])
@router.post("/alarms/shelve", dependencies=[PLANS])
@router.post("/alarms/unshelve", dependencies=[PLANS])
@router.post("/alarms/take_out_of_service", dependencies=[PLANS])
@router.post("/alarms/return_to_service", dependencies=[PLANS])
@shown_on(_where_alarms)
def move(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    alarm: Annotated[list[str], Form(max_length=250)],
    hours: Annotated[str, Form(max_length=20)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
    site: Annotated[str, Form()] = "",
    state: Annotated[str, Form()] = "",
    severity: Annotated[str, Form()] = "",
    asset_id: Annotated[int | None, Form(ge=1, le=2**31 - 1)] = None,
    number: Annotated[int, Form(alias="page", ge=1, le=40_000)] = 1,
) -> Response:
    """Apply a button's action to one or several alarms, and show the same list again."""
    shown = _shown(site, state, severity, asset_id, number)
    asked = Move(request.url.path.rpartition("/")[2])
    with Fields() as read:
        lasting = read("hours", None, lambda: figure(hours, most=24 * 90))
        needs = asked in (Move.SHELVE, Move.TAKE_OUT)
        read.need("hours", lasting or not (needs or hours.strip()), say("choose for how long"))
        read.need("why", why.strip() or not needs, say("say why in one sentence"))
    until = None if lasting is None else now + timedelta(hours=lasting)
    ids = [_id(conn, who, each) for each in alarm[: 2 * PAGE_SIZE]]
    _move(conn, asked, ids, until, {"actor": who.actor, "at": now, "why": why.strip()})
    more = f"&page={shown.number}" if shown.number > 1 else ""
    return sent.leads_to(f"/alarms?{shown.query}{more}")


def _move(conn: Connection, asked: Move, ids: list[Id], until: datetime | None, facts: dict[str, Any]) -> None:
    if asked is Move.ACKNOWLEDGE:
        alarm_points.acknowledge(conn, ids, **facts)
        return
    verbs: dict[Move, Callable[..., object]] = {
        Move.RESET: alarm_points.reset,
        Move.UNSHELVE: alarm_points.unshelve,
        Move.RETURN: alarm_points.return_to_service,
    }
    for key in ids:
        if asked is Move.SHELVE:
            alarm_points.shelve(conn, key, until=until or facts["at"], **facts)
        elif asked is Move.TAKE_OUT:
            alarm_points.take_out(conn, key, until=until, **facts)
        else:
            verbs[asked](conn, key, **facts)


def _id(conn: Connection, who: Who, text: str) -> Id:
    """Read an alarm's name in a form: its asset's id, a space, its source."""
    asset_id, _, source = text.partition(" ")
    number = int(asset_id) if asset_id.isdecimal() and len(asset_id) < 10 else 0
    if who.sites is not None:
        scope.check(conn, "asset_id", number, who.sites)
    return number, source


def _sites(conn: Connection, who: Who) -> list[Site]:
    return plant.sites(conn, who.sites)


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
