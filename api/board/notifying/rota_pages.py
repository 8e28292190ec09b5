"""The pages of rotas: who is on call now, and one rota with its calendar, its overrides and its editor."""

from calendar import Calendar
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS_PEOPLE, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.notifying.rota_form import WrittenRota, fields_of, layer_of, read
from api.board.notifying.swap_pages import offered
from api.board.rendering import page
from api.language import formats
from api.once import SentForm
from db.errors import AlreadyExists
from db.escalating.policies import POLICIES
from db.oncall import counting, looking_ahead, overrides, rotas, swaps
from db.oncall.overrides import InvalidOverride
from db.oncall.rotas import CannotBeCalled, Stored
from db.people import users
from db.plant import calendars, plant
from db.plant.calendars import NoSuchCountry
from workorder_core.far_times import near
from workorder_core.oncall.duties import LOOKS_AHEAD, Duty
from workorder_core.people.access import Who
from workorder_core.planning.site_time import SiteTime
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
RotaId = Annotated[int, Path(ge=1, le=2**31 - 1)]
_DAY = timedelta(days=1)
_AT: Mapping[type[Exception], str] = {AlreadyExists: "code", NoSuchCountry: "country"}


@router.get("/on-call", dependencies=[SEES])
def now_on_call(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show who is on call for what, now, and the gaps ahead."""
    found = overrides.on_call(conn, at=now, within=who.sites)
    by_rota: dict[int, list[overrides.OnCall]] = {}
    for each in found:
        by_rota.setdefault(each.stored.id, []).append(each)
    gaps = {each.rota_id: each for each in looking_ahead.first_gaps(conn, now=now, within=who.sites)}
    return page(
        request,
        "oncall/now.html",
        now=now,
        by_rota=by_rota,
        gaps=gaps,
        names=users.full_names(conn) if found else {},
        waiting=[] if who.person is None else swaps.waiting(conn, who.person, now=now),
        retired=[each for each in rotas.listed(conn, within=who.sites, retired=True) if each.retired_at is not None],
    )


@router.get("/on-call/new", dependencies=[PLANS_PEOPLE])
def new(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the form of a new rota."""
    sites = plant.sites(conn, who.sites)
    zone = sites[0].time_zone if sites else "UTC"
    empty = WrittenRota(zone=zone, starts_1=f"{now.date()}", name_1="first")
    return page(request, "oncall/new.html", now=now, filled=empty, sites=sites, people=_people(conn, who))


@router.post("/on-call/new", dependencies=[PLANS_PEOPLE])
@shown_on("/on-call/new", at=_AT)
def create(conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[WrittenRota, Form()]) -> Response:
    """Create a rota and show it."""
    site = plant.site_by_code(conn, form.site, who.sites)
    rota = read(form, site=site.code, code=form.code.strip())
    calendars.require_country(rota.country, rota.subdivision, now.year)
    with _said_at_the_layer(form):
        made = rotas.add(conn, rota, actor=who.actor, at=now, why=form.why.strip())
    return sent.leads_to(f"/on-call/{made.id}")


@router.get("/on-call/{rota_id}", dependencies=[SEES])
def one(
    request: Request,
    rota_id: RotaId,
    conn: Conn,
    now: Now,
    who: Asking,
    month: Annotated[str, Query(max_length=7, pattern=r"^(\d{4}-\d\d)?$")] = "",
) -> Response:
    """Show a rota: a month of it, by the rota's clock, its gaps ahead, overrides, versions, and its editor."""
    stored = rotas.get(conn, rota_id, who.sites)
    clock = SiteTime(zone=stored.rota.zone)
    today = clock.local(now).date()
    first = _month(month) or today.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1)
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    begins = clock.moment(datetime.combine(weeks[0][0], time()))
    ends = clock.moment(datetime.combine(weeks[-1][-1] + _DAY, time()))
    found = counting.duties(conn, {rota_id: stored.rota}, begins, ends)[rota_id]
    gone = stored.retired_at is not None
    return page(
        request,
        "oncall/rota.html",
        now=now,
        stored=stored,
        rota=stored.rota,
        zone=stored.rota.zone,
        month=formats.month(first),
        first=first,
        previous=(first - _DAY).replace(day=1),
        last=last,
        today=today,
        weeks=weeks,
        by_day=_by_day(found, clock, weeks),
        gaps=[] if gone else looking_ahead.between(conn, rota_id, stored.rota, now, now + LOOKS_AHEAD),
        overrides=overrides.ahead(conn, rota_id, now=now, limit=100),
        versions=rotas.versions(conn, rota_id)[:20],
        filled=fields_of(stored.rota),
        names=users.full_names(conn),
        people=rotas.can_be_called(conn, stored.rota.site),
        swapped=swaps.of_rota(conn, rota_id, limit=20),
        turns=offered(conn, stored, who, now),
        asked_by=[
            each.content.title
            for each in POLICIES.listed(conn, site=stored.rota.site)
            if stored.rota.code in each.content.rotas
        ],
    )


@router.post("/on-call/{rota_id}/retire", dependencies=[PLANS_PEOPLE])
@shown_on("/on-call/{rota_id}")
def retire(
    rota_id: RotaId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Retire a rota, and show it."""
    rotas.get(conn, rota_id, who.sites)
    rotas.retire(conn, rota_id, actor=who.actor, at=now, why=reason.strip())
    return sent.leads_to(f"/on-call/{rota_id}")


@router.post("/on-call/{rota_id}", dependencies=[PLANS_PEOPLE])
@shown_on("/on-call/{rota_id}", at=_AT)
def change(
    rota_id: RotaId, conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[WrittenRota, Form()]
) -> Response:
    """Store the next version of a rota, and show it."""
    before = rotas.get(conn, rota_id, who.sites).rota
    rota = read(form, site=before.site, code=before.code)
    calendars.require_country(rota.country, rota.subdivision, now.year)
    with _said_at_the_layer(form):
        rotas.save(conn, rota_id, rota, actor=who.actor, at=now, why=form.why.strip())
    return sent.leads_to(f"/on-call/{rota_id}")


@router.post("/on-call/{rota_id}/overrides", dependencies=[PLANS_PEOPLE])
@shown_on("/on-call/{rota_id}", at={CannotBeCalled: "person", InvalidOverride: "ends"})
def override(
    rota_id: RotaId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    layer: Annotated[str, Form(max_length=100)] = "",
    person: Annotated[str, Form(max_length=64)] = "",
    begins: Annotated[str, Form(max_length=40)] = "",
    ends: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Put somebody on call for a while, and show the rota. Times are by the rota's clock."""
    stored = rotas.get(conn, rota_id, who.sites)
    with Fields() as fields:
        fields.need("person", person.strip(), say("say who"))
        since = fields("begins", now, lambda: _moment(begins, stored))
        until = fields("ends", now, lambda: _moment(ends, stored))
    overrides.add(
        conn,
        stored,
        layer=layer,
        person=person.strip(),
        begins=since,
        ends=until,
        actor=who.actor,
        at=now,
        why=reason.strip(),
    )
    return sent.leads_to(f"/on-call/{rota_id}")


@router.post("/on-call/{rota_id}/overrides/{override_id}/cancel", dependencies=[PLANS_PEOPLE])
@shown_on("/on-call/{rota_id}")
def cancel(rota_id: RotaId, override_id: RotaId, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """End an override, and show the rota."""
    overrides.cancel(conn, rotas.get(conn, rota_id, who.sites), override_id, actor=who.actor, at=now)
    return sent.leads_to(f"/on-call/{rota_id}")


@contextmanager
def _said_at_the_layer(form: Any) -> Iterator[None]:
    """Report people who cannot be called at the first layer that names one of them."""
    try:
        yield
    except CannotBeCalled as error:
        raise InvalidForm(fields={layer_of(form, error.people): str(error)}) from error


def _month(text: str) -> date | None:
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2190 else None


def _moment(text: str, stored: Stored) -> datetime:
    try:
        local = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
        return near(SiteTime(zone=stored.rota.zone).moment(local))
    except (ValueError, OverflowError):
        raise InvalidForm(say("write a day and a time, such as 2026-03-02 08:00")) from None


def _by_day(
    found: Sequence[Duty], clock: SiteTime, weeks: Sequence[Sequence[date]]
) -> dict[date, list[dict[str, Any]]]:
    """Return the duties that touch each day, with their times on that day where they begin or end on it."""
    days: dict[date, list[dict[str, Any]]] = {day: [] for week in weeks for day in week}
    for each in found:
        begins, ends = clock.local(each.begins), clock.local(each.ends)
        day = begins.date()
        while datetime.combine(day, time()) < ends:
            if day in days:
                midnight, following = datetime.combine(day, time()), datetime.combine(day + _DAY, time())
                since = f"{begins:%H:%M}" if begins > midnight else ""
                until = f"{ends:%H:%M}" if ends < following else ""
                span = f"{since or '00:00'}–{until or '24:00'}" if since or until else ""
                days[day].append({"duty": each, "span": span})
            day += _DAY
    return days


def _people(conn: Connection, who: Who) -> dict[str, str]:
    """Return the people who can be on call at some site of the requester."""
    found: dict[str, str] = {}
    for site in plant.sites(conn, who.sites):
        found |= rotas.can_be_called(conn, site.code)
    return dict(sorted(found.items()))
