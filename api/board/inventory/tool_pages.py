"""The pages of tools: who has them, when they are due back, and the calendar of one tool."""

from calendar import Calendar
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.asking import HANDLES_STOCK, KEEPS_STOCK, KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.board.rendering import page
from api.language import formats
from api.once import SentForm
from db.errors import AlreadyExists
from db.inventory import bookings, tools
from db.inventory.bookings import Booking
from db.people import technicians
from db.plant import plant
from workorder_core.inventory.errors import InvalidBooking, ToolIsBooked, ToolIsOut, ToolRetired
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
SHOWN, LOANS, BOOKED = 200, 15, 300
_WRONG_LOAN = {ToolIsOut: "borrower", ToolIsBooked: "due_at", ToolRetired: "borrower", InvalidBooking: "due_at"}
_MONTH = Query(alias="month", max_length=7, pattern=r"^(\d{4}-\d\d)?$")


@router.get("/tools", dependencies=[SEES])
def shown(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show tools, those that are due back first, with who has booked them next."""
    booked = bookings.page(conn, within=who.sites, starts=now, limit=BOOKED)
    found = tools.page(conn, within=who.sites, limit=SHOWN)
    following: dict[int, Booking] = {}
    for each in booked:
        if each.state == "booked":
            following.setdefault(each.tool_id, each)
    return page(
        request,
        "inventory/tools.html",
        now=now,
        tools=found,
        following=following,
        overdue=sum(each.overdue(now) for each in found),
        loans=tools.loans(conn, within=who.sites, limit=LOANS),
        sites=plant.sites(conn, who.sites),
        people=technicians.listed(conn, within=who.sites),
    )


@router.get("/tools/{tool_id}", dependencies=[SEES])
def one(
    request: Request, tool_id: int, conn: Conn, now: Now, who: Asking, at: Annotated[str, _MONTH] = "", order: str = ""
) -> Response:
    """Show a tool: who has it, a month of its calendar, its loans, and what can be done with it."""
    tool = tools.get(conn, tool_id)
    zone = ZoneInfo(tool.time_zone)
    today = now.astimezone(zone).date()
    first = _first_day(at) or today.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    since, until = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, following))
    found = bookings.page(conn, within=who.sites, tool_id=tool_id, starts=since, ends=until, limit=BOOKED)
    return page(
        request,
        "inventory/tool.html",
        now=now,
        tool=tool,
        order=order[:100],
        today=today,
        first=first,
        month=formats.month(first),
        previous=(first - timedelta(days=1)).replace(day=1),
        next_month=following,
        weeks=Calendar().monthdatescalendar(first.year, first.month),
        weekdays=formats.weekdays(),
        by_day=_by_day(found, zone, first, following),
        booked=bookings.page(conn, within=who.sites, tool_id=tool_id, starts=now, limit=LOANS),
        loans=tools.loans(conn, within=who.sites, tool_id=tool_id, limit=LOANS),
        people=technicians.listed(conn, within=who.sites),
    )


def _first_day(text: str) -> date | None:
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2190 else None


def _by_day(found: list[Booking], zone: ZoneInfo, first: date, end: date) -> dict[date, list[Booking]]:
    """Return what a month's days have of bookings, on the site's clock."""
    days: dict[date, list[Booking]] = defaultdict(list)
    for each in found:
        day = max(first, each.starts_at.astimezone(zone).date())
        last = (each.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        while day <= last and day < end:
            days[day].append(each)
            day += timedelta(days=1)
    return days


@router.post("/tools/new", dependencies=[KEEPS_STOCK])
@shown_on("/tools", at={AlreadyExists: "code"})
def new(
    conn: Conn,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    kept_at: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Create a tool."""
    with Fields() as read:
        read.need("code", code.strip() and "/" not in code, say("write a code, such as PULLER-3"))
        read.need("name", name.strip(), say("write what it is"))
    place = plant.site_by_code(conn, site, who.sites)
    made = tools.add(conn, place.id, place.code, code.strip(), name.strip(), kept_at.strip())
    return sent.leads_to(f"/tools/{made.id}")


@router.post("/tools/{tool_id}/facts", dependencies=[KEEPS_STOCK])
@shown_on("/tools/{tool_id}", at={ToolIsOut: "retired"})
def change(
    tool_id: int,
    conn: Conn,
    now: Now,
    sent: SentForm,
    name: Annotated[str, Form(max_length=200)] = "",
    kept_at: Annotated[str, Form(max_length=200)] = "",
    retired: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Change what is said of a tool."""
    with Fields() as read:
        read.need("name", name.strip(), say("write what it is"))
    tool = tools.get(conn, tool_id)
    tools.save(conn, tool, name=name.strip(), kept_at=kept_at.strip(), retired=bool(retired), at=now)
    return sent.leads_to(f"/tools/{tool_id}")


@router.post("/tools/{tool_id}/book", dependencies=[HANDLES_STOCK])
@shown_on("/tools/{tool_id}", at={ToolIsBooked: "starts_at", InvalidBooking: "ends_at", ToolRetired: "booked_for"})
def book(
    tool_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    booked_for: Annotated[str, Form(max_length=200)] = "",
    starts_at: Annotated[str, Form(max_length=30)] = "",
    ends_at: Annotated[str, Form(max_length=30)] = "",
    order: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Book a tool for somebody in a time to come."""
    zone = tools.get(conn, tool_id).time_zone
    with Fields() as read:
        read.need("booked_for", booked_for.strip(), say("write who needs it"))
        starts: datetime | None = read("starts_at", None, lambda: reading.moment(starts_at, zone))
        ends: datetime | None = read("ends_at", None, lambda: reading.moment(ends_at, zone))
        order_id = read("order", None, lambda: reading.order(conn, order, who))
    assert starts is not None and ends is not None, "their lack is an error of their field"
    tools.book(
        conn, tool_id, booked_for.strip(), starts_at=starts, ends_at=ends, who=who, at=now, order_id=order_id,
        note=note.strip(),
    )  # fmt: skip
    return sent.leads_to(f"/tools/{tool_id}?month={starts.astimezone(ZoneInfo(zone)):%Y-%m}#calendar")


@router.post("/tool-bookings/{booking_id}/cancel", dependencies=[HANDLES_STOCK])
@shown_on("/tools")
def cancel(booking_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Free the time of a booking that nobody has collected."""
    made = bookings.cancel(conn, booking_id, who=who, at=now)
    return sent.leads_to(f"/tools/{made.tool_id}#booked")


@router.post("/tools/{tool_id}/{verb}", dependencies=[HANDLES_STOCK])
@shown_on("/tools/{tool_id}", at=_WRONG_LOAN)
def step(
    tool_id: int,
    verb: Literal["lend", "return"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    borrower: Annotated[str, Form(max_length=200)] = "",
    due_at: Annotated[str, Form(max_length=30)] = "",
    order: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
    booking: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """Lend a tool, or record its return."""
    if verb == "return":
        tools.give_back(conn, tool_id, who=who, at=now, note=note.strip())
        return sent.leads_to(f"/tools/{tool_id}")
    tool = tools.get(conn, tool_id)
    with Fields() as read:
        read.need("borrower", borrower.strip(), say("write who has it"))
        due: datetime | None = read("due_at", None, lambda: reading.moment(due_at, tool.time_zone))
        read.need("due_at", due is None or due > now, say("choose a time that is still to come"))
        order_id = read("order", None, lambda: reading.order(conn, order, who))
        collected = read("booking", None, lambda: reading.key(booking))
    assert due is not None, "its lack is an error of its field"
    tools.lend(
        conn, tool_id, borrower.strip(), due_at=due, who=who, at=now, order_id=order_id, note=note.strip(),
        booking_id=collected,
    )  # fmt: skip
    return sent.leads_to(f"/tools/{tool_id}")
