"""The page of a week: who does what when, changed by hand after a check, accepted, published."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api import long_work
from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.board.scheduling import week_view
from api.language import formats
from api.once import SentForm
from api.shapes.runs import ScheduleIn, ShiftIn, WhatIfIn
from db.errors import NotFound, TechnicianUnknown
from db.plant import plant
from db.runs import runs
from db.scheduling import by_hand, order_facts, publishing, schedules, weeks
from db.scheduling.schedules import Schedule
from db.scheduling.unscheduled import taken_out
from db.scheduling.weeks import NotAllowedHere, NotInWeek
from workorder_core.runs.runs import SCHEDULE
from workorder_core.runs.runs import State as RunState
from workorder_core.scheduling.loads import loads
from workorder_core.scheduling.weeks import State, job_id, week_of
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
AT: Mapping[type[Exception], str] = {NotAllowedHere: "time", NotInWeek: "day", TechnicianUnknown: "person"}
"""The field of the form at which an error is shown."""
SHOWN = (State.DRAFT, State.ACCEPTED, State.PUBLISHED)
"""What is shown first where a week has several."""
ScheduleId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Version = Annotated[int, Form(ge=1, le=2**31 - 1)]
Part = Annotated[int, Form(ge=1, le=99)]
Day = Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d\d-\d\d)?$")]
DayField = Annotated[str, Form(max_length=10)]
TimeField = Annotated[str, Form(max_length=5, pattern=r"^(\d\d:\d\d)?$")]
Person = Annotated[list[str], Form(max_length=20)]


@router.get("/week", dependencies=[SEES])
def shown(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    code: Annotated[str, Query(alias="site", max_length=64)] = "",
    week: Day = "",
    day: Day = "",
    state: Annotated[str, Query(alias="show", max_length=20)] = "",
) -> Response:
    """Show the week of a site, or one of its days with a scale of hours."""
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), sites[0] if sites else None)
    facts: dict[str, Any] = {"now": now, "sites": sites, "site": site, "written": formats.day}
    if site is None:
        return page(request, "scheduling/week.html", schedule=None, **facts)
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    opened = _date(day)
    monday = week_of(opened or _date(week) or today)
    current = schedules.of_week(conn, site.id, monday)
    there = [each for each in SHOWN if each in current]
    schedule = next((current[each] for each in there if each == state), None) or (current[there[0]] if there else None)
    facts |= {"today": today, "monday": monday, "opened": opened, "zone": site.time_zone, "there": there}
    facts |= {"previous": monday - timedelta(days=7), "following": monday + timedelta(days=7)}
    facts |= {"days": [monday + timedelta(days=n) for n in range(7)], "planning": _planning(conn, site.code, monday)}
    read = weeks.read(conn, site.code, monday, now=now)
    facts["people"] = read.problem.people
    facts["demand"] = [each.sentence for each in loads(read.problem) if each.share is None or each.share > 1]
    if schedule is None:
        return page(request, "scheduling/week.html", schedule=None, **facts)
    shown = week_view.view(conn, schedule, read, opened=opened)
    facts |= {"view": shown, "changed": _changed(conn, schedule, shown), "frozen": now + weeks.FREEZE}
    return page(request, "scheduling/week.html", schedule=schedule, currency=read.problem.currency, **facts)


@router.post("/week/plan", dependencies=[PLANS])
@shown_on(lambda _, form: _week(form.get("site", ""), form.get("week", "")))
def plan(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=64)],
    week: DayField,
) -> Response:
    """Ask for a proposal."""
    place, monday = plant.site_by_code(conn, site, who.sites), _needed(week)
    long_work.ask_for_schedule(conn, who, ScheduleIn(site=place.code, from_date=monday), at=now)
    return sent.leads_to(_week(place.code, f"{monday}"))


@router.post("/week/begin", dependencies=[PLANS])
@shown_on(lambda _, form: _week(form.get("site", ""), form.get("week", "")))
def begin(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=64)],
    week: DayField,
) -> Response:
    """Begin a plan by hand: a copy of what is published, or an empty one."""
    place = plant.site_by_code(conn, site, who.sites)
    schedules.begin_empty(conn, place.id, _needed(week), actor=who.actor, at=now)
    return sent.leads_to(_week(site, week, "accepted"))


@router.post("/week/what-if", dependencies=[PLANS])
@shown_on(lambda _, form: _week(form.get("site", ""), form.get("week", "")))
def what_if(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=64)],
    week: DayField,
    like: Annotated[str, Form(max_length=64)] = "",
    day: DayField = "",
    starts: TimeField = "",
    ends: TimeField = "",
    person: Person = [],  # noqa: B006
) -> Response:
    """Ask what more people or hours would be worth."""
    place, monday = plant.site_by_code(conn, site, who.sites), _needed(week)
    long_work.check_technicians(conn, place.id, [*filter(None, [like]), *person])
    shift = None
    if person:
        times = {"starts": _time_of(starts, "starts"), "ends": _time_of(ends, "ends")}
        shift = ShiftIn(people=person, day=_needed(day), **times)
    elif not like:
        raise InvalidForm(fields={"like": say("choose whom to have more of, or who works a shift more")})
    asked = WhatIfIn(site=place.code, from_date=monday, like=like or None, shift=shift)
    return sent.leads_to(f"/runs/{long_work.ask_for_what_if(conn, who, asked, at=now).id}")


@router.get("/week/{schedule_id}", dependencies=[SEES])
def one(schedule_id: ScheduleId, request: Request, conn: Conn, now: Now, who: Asking, day: Day = "") -> Response:
    """Show the week of a schedule."""
    schedule = schedules.get(conn, schedule_id, who.sites)
    return shown(request, conn, now, who, schedule.site, f"{schedule.from_date}", day, schedule.state.value)


@router.get("/week/{schedule_id}/orders/{order_id}", dependencies=[SEES])
def visit(
    schedule_id: ScheduleId,
    order_id: UUID,
    request: Request,
    conn: Conn,
    now: Now,
    part: Annotated[int, Query(ge=1, le=99)] = 1,
) -> Response:
    """Show an order's visit in a schedule, and the form by which it is moved."""
    schedule = schedules.get(conn, schedule_id)
    week = weeks.of_schedule(conn, schedule, now=now)
    planned = next(
        (each for each in schedules.visits_of(conn, schedule) if (each.order, each.part) == (order_id, part)), None
    )
    job = week.jobs.get(job_id(order_id, part))
    order = order_facts.orders(conn, [order_id], site_id=schedule.site_id).get(order_id)
    if order is None:
        raise NotFound("work order", order_id)
    out_by, out_at = taken_out(week.taken_out, job_id(order_id, part))
    return page(
        request,
        "scheduling/visit.html",
        now=now,
        schedule=schedule,
        order=order,
        part=part,
        planned=planned,
        job=job,
        people=week.problem.people,
        zone=schedule.time_zone,
        days=[schedule.from_date + timedelta(days=n) for n in range(schedule.dates)],
        written=formats.day,
        broken=[each.sentence for each in weeks.broken(conn, schedule, week) if job and each.job == job.id],
        reason=schedule.reasons.get(job_id(order_id, part), ""),
        taken_out_by=out_by,
        taken_out_at=out_at,
        editable=schedule.state in (State.DRAFT, State.ACCEPTED) and job is not None and not job.begun,
    )


@router.get("/week/{schedule_id}/try", dependencies=[PLANS])
def tried(
    schedule_id: ScheduleId,
    request: Request,
    conn: Conn,
    now: Now,
    order: UUID,
    person: Annotated[list[str], Query(max_length=20)],
    day: Day,
    part: Annotated[int, Query(ge=1, le=99)] = 1,
    time: Annotated[str, Query(max_length=5, pattern=r"^(\d\d:\d\d)?$")] = "",
) -> Response:
    """Say what a visit would do, before it is moved: when it would begin, what it breaks, what it costs."""
    schedule = schedules.get(conn, schedule_id)
    week = weeks.of_schedule(conn, schedule, now=now)
    at = _moment(schedule, _needed(day), time)
    starts, found = by_hand.try_on(conn, schedule, week, order, part, person, _needed(day), at)
    facts: dict[str, Any] = {"starts": starts, "tried": found, "zone": schedule.time_zone}
    return page(request, "scheduling/tried.html", now=now, currency=week.problem.currency, **facts)


@router.post("/week/{schedule_id}/orders/{order_id}/move", dependencies=[PLANS])
@shown_on("/week/{schedule_id}/orders/{order_id}", at=AT)
def move(
    schedule_id: ScheduleId,
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    version: Version,
    day: DayField,
    person: Person = [],  # noqa: B006
    part: Part = 1,
    time: TimeField = "",
) -> Response:
    """Move an order to people, a date and a time; without a time, to the first free one."""
    schedule = schedules.get(conn, schedule_id)
    if not person:
        raise InvalidForm(fields={"person": say("choose who does it")})
    week = weeks.of_schedule(conn, schedule, now=now)
    on = _needed(day)
    at = _moment(schedule, on, time) or by_hand.when(conn, schedule, week, order_id, part, person, on)
    facts: dict[str, Any] = {"actor": who.actor, "at": now, "expected_version": version}
    moved = weeks.move(conn, schedule_id, order_id, part, people=person, starts_at=at, **facts)
    return sent.leads_to(_of(moved))


@router.post("/week/{schedule_id}/orders/{order_id}/take-out", dependencies=[PLANS])
@shown_on("/week/{schedule_id}/orders/{order_id}")
def take_out(
    schedule_id: ScheduleId,
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    version: Version,
    part: Part = 1,
) -> Response:
    """Take an order's visit out of the schedule."""
    facts: dict[str, Any] = {"actor": who.actor, "at": now, "expected_version": version}
    return sent.leads_to(_of(weeks.move(conn, schedule_id, order_id, part, people=(), starts_at=None, **facts)))


@router.post("/week/{schedule_id}/orders/{order_id}/pin", dependencies=[PLANS])
@shown_on("/week/{schedule_id}/orders/{order_id}")
def pin(
    schedule_id: ScheduleId,
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    version: Version,
    pinned: Annotated[str, Form(max_length=3, pattern="^(yes|no)$")],
    part: Part = 1,
) -> Response:
    """Pin an order's visit, or release it."""
    facts: dict[str, Any] = {"actor": who.actor, "at": now, "expected_version": version}
    done = weeks.pin(conn, schedule_id, order_id, part, pinned=pinned == "yes", **facts)
    return sent.leads_to(_of(done))


@router.post("/week/{schedule_id}/freeze", dependencies=[PLANS])
@shown_on(lambda params, form: f"/week/{params['schedule_id']}?day={form.get('day', '')}")
def freeze(
    schedule_id: ScheduleId, conn: Conn, now: Now, who: Asking, sent: SentForm, version: Version, day: DayField
) -> Response:
    """Pin every visit of a day."""
    done = by_hand.pin_day(conn, schedule_id, _needed(day), actor=who.actor, at=now, expected_version=version)
    return sent.leads_to(_of(done))


@router.post("/week/{schedule_id}/accept", dependencies=[PLANS])
@shown_on("/week/{schedule_id}")
def accept(schedule_id: ScheduleId, conn: Conn, now: Now, who: Asking, sent: SentForm, version: Version) -> Response:
    """Accept a proposal."""
    return sent.leads_to(_of(weeks.accept(conn, schedule_id, actor=who.actor, at=now, expected_version=version)))


@router.post("/week/{schedule_id}/accept-some", dependencies=[PLANS])
@shown_on("/week/{schedule_id}")
def accept_some(
    schedule_id: ScheduleId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    version: Version,
    order: Annotated[list[UUID], Form(max_length=5000)] = [],  # noqa: B006
) -> Response:
    """Accept the changes of a proposal that are ticked."""
    if not order:
        raise InvalidForm(say("tick the changes to accept, or accept all"))
    done = weeks.accept(conn, schedule_id, only=frozenset(order), actor=who.actor, at=now, expected_version=version)
    return sent.leads_to(_of(done))


@router.post("/week/{schedule_id}/publish", dependencies=[PLANS])
@shown_on("/week/{schedule_id}")
def publish(schedule_id: ScheduleId, conn: Conn, now: Now, who: Asking, sent: SentForm, version: Version) -> Response:
    """Publish the plan to the people in it."""
    return sent.leads_to(_of(publishing.publish(conn, schedule_id, who=who, at=now, expected_version=version)))


@router.post("/week/{schedule_id}/discard", dependencies=[PLANS])
@shown_on("/week/{schedule_id}")
def discard(schedule_id: ScheduleId, conn: Conn, now: Now, who: Asking, sent: SentForm, version: Version) -> Response:
    """Discard a proposal or an unpublished plan."""
    done = weeks.discard(conn, schedule_id, actor=who.actor, at=now, expected_version=version)
    return sent.leads_to(_week(done.site, f"{done.from_date}"))


def _week(site: str, day: str, state: str = "") -> str:
    return f"/week?site={site}&week={day}" + (f"&show={state}" if state else "")


def _of(schedule: Schedule) -> str:
    return _week(schedule.site, f"{schedule.from_date}", schedule.state.value)


def _date(text: str) -> date | None:
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return found if 1970 < found.year < 2190 else None


def _needed(text: str) -> date:
    found = _date(text)
    if found is None:
        raise InvalidForm(fields={"day": say("choose a day")})
    return found


def _time_of(text: str, field: str) -> time:
    """Return a time of day of a form."""
    if not text or int(text[:2]) > 23 or int(text[3:]) > 59:
        raise InvalidForm(fields={field: say("write a time of day like 08:30")})
    return time(int(text[:2]), int(text[3:]))


def _moment(schedule: Schedule, day: date, time: str) -> datetime | None:
    """Return a time of day at the site; None where none is given."""
    if not time:
        return None
    hour, minute = int(time[:2]), int(time[3:])
    if hour > 23 or minute > 59:
        raise InvalidForm(fields={"time": say("write a time of day like 08:30")})
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(schedule.time_zone))
    return local.astimezone(UTC)


def _planning(conn: Connection, site: str, monday: date) -> runs.Run | None:
    """Return the newest run that plans the week, if it has not ended or has failed; None otherwise."""
    found = [
        each
        for each in runs.page(conn, kind=SCHEDULE.name, site=site, limit=20)
        if each.input.get("from_date") == f"{monday}" or week_of(date.fromisoformat(each.input["from_date"])) == monday
    ]
    return found[0] if found and found[0].state in (RunState.QUEUED, RunState.RUNNING, RunState.FAILED) else None


def _changed(conn: Connection, schedule: Schedule, shown: week_view.View) -> Sequence[Mapping[str, Any]]:
    """Return the changes that a schedule makes, with what was before and is after, by the order's number."""
    before = {each.job: each for each in schedules.visits_of(conn, shown.compared_with)}
    after = {each.job: each for each in schedules.visits_of(conn, schedule)}
    facts = order_facts.orders(conn, {each.order for each in (*before.values(), *after.values())})
    jobs = (*shown.changes.assigned, *shown.changes.moved, *shown.changes.dropped)
    found = [
        {"order": facts[(after.get(job) or before[job]).order], "was": before.get(job), "is": after.get(job)}
        for job in jobs
    ]
    return sorted(found, key=lambda each: each["order"].number)
