"""Requests: made, found, decided. The caller owns the transaction."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from db.files import files
from db.files.files import Of, Owner
from db.orders import work_orders
from db.plant import calendars, plant
from db.plant.plant import Asset, Location
from db.requests import known, personal
from db.requests.personal import Person
from workorder_core.intake.decisions import Urgency
from workorder_core.orders import targets
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.statuses import FINAL
from workorder_core.requests import asking, emergencies
from workorder_core.requests.asking import BAD_RATING, RequestStatus, RequestStep, Stage
from workorder_core.requests.emergencies import EmergencyPolicy, PortalRules
from workorder_core.sentences import kept, say
from workorder_core.words import FailureMode, OrderType, Priority, Status

_QUERIES, _HELP = sql.load("requests"), sql.load("self_help")
PORTAL = "system:portal"
"""History's name for what strangers do in the portal."""
_ENDS = frozenset({RequestStatus.DECLINED, RequestStatus.SETTLED, RequestStatus.WITHDRAWN})


class OrderFinished(Exception):
    """A request cannot be added to an order that is finished."""

    def __init__(self, number: str) -> None:
        super().__init__(say("order {number} is finished; choose another one", number=number))
        self.number = number


class AlreadyRated(Exception):
    """There is a rating already, or nothing to rate yet."""

    def __init__(self, number: str) -> None:
        super().__init__(say("request {number} has a rating already, or is not done yet", number=number))
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request without anything personal. ``technician`` is the full name of who has the order; times are UTC."""

    id: UUID
    number: str
    site_id: int
    site_code: str
    time_zone: str
    asset_id: int | None
    location_id: int | None
    thing_code: str
    thing_name: str
    status: RequestStatus
    order_id: UUID | None
    order_number: str | None
    order_status: Status | None
    scheduled_start: datetime | None
    scheduled_end: datetime | None
    order_since: datetime | None
    technician: str | None
    danger: bool
    language: str
    made_by: str | None
    recorded_at: datetime
    respond_by: datetime | None
    responded_at: datetime | None
    ended_at: datetime | None
    rating: int | None
    rated_at: datetime | None
    reviewed_at: datetime | None
    reviewed_by: str | None
    time_chosen_at: datetime | None
    times_chosen: int
    erased_at: datetime | None
    erased_by: str | None
    version: int
    solved_by_requester: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", RequestStatus(self.status))
        if self.order_status is not None:
            object.__setattr__(self, "order_status", Status(self.order_status))

    @property
    def stage(self) -> Stage:
        return asking.stage(self.status, self.order_status)

    @property
    def may_be_rated(self) -> bool:
        return self.rating is None and asking.may_be_rated(self.status, self.order_status)

    @property
    def needs_review(self) -> bool:
        return self.rating is not None and self.rating <= BAD_RATING and self.reviewed_at is None

    @property
    def undecided(self) -> bool:
        return self.status in asking.UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingCount:
    """The ratings of a team's work on a failure mode, from 1 to 5."""

    team: str
    failure_mode: str
    ratings: int
    mean: float
    bad: int


def digest(token: str) -> bytes:
    """Return the hash under which a private address is stored."""
    return hashlib.sha256(b"request " + token.encode(errors="replace")).digest()


def create(
    conn: Connection,
    thing: Asset | Location,
    person: Person,
    *,
    danger: bool,
    language: str,
    at: datetime,
    joins: UUID | None = None,
    actor: str = PORTAL,
    made_by: str | None = None,
) -> tuple[Request, str]:
    """Store a request; return it with the token of its private address, which is stored nowhere.

    With ``joins`` the requester adds themselves to a known order, and hears of its end; NotFound if it is not at the
    same asset or location. If somebody is in danger, the site's policy may make an emergency order at once: one at an
    asset or location, however many people report it. ``made_by``: somebody with an account, as history names them.
    """
    token, key = secrets.token_urlsafe(32), uuid4()
    number: str | None = None
    with conn.cursor(row_factory=scalar_row) as cursor:
        number = cursor.execute(_QUERIES["next_number"], {"site_id": thing.site_id}).fetchone()
    assert number is not None, "an INSERT … RETURNING gives a row"
    order_id = None
    if joins is not None:
        order_id = next((each.id for each in known.known_orders(conn, thing) if each.id == joins), None)
        if order_id is None:
            raise NotFound("work order", joins)
    at_once = order_id is None and emergencies.makes_order(danger, rules(conn, thing.site_id).policy)
    if at_once:
        order_id = next((each.id for each in known.known_orders(conn, thing) if each.type is OrderType.EMERGENCY), None)
    priority = Priority.EMERGENCY if danger else Priority.MEDIUM
    due = targets.due(priority, at, calendars.of_site(conn, thing.site_id, at=at))
    facts: dict[str, Any] = {
        "id": key,
        "number": number,
        "site_id": thing.site_id,
        "asset_id": thing.id if isinstance(thing, Asset) else None,
        "location_id": None if isinstance(thing, Asset) else thing.id,
        "status": RequestStatus.MERGED if order_id else RequestStatus.NEW,
        "order_id": order_id,
        "danger": danger,
        "language": language,
        "made_by": made_by,
        "token_sha256": digest(token),
        "at": at,
        "respond_by": due.response,
        "responded_at": at if order_id else None,
    }
    conn.execute(_QUERIES["insert"], facts)
    personal.add(conn, key, person)
    if at_once and order_id is None:
        accept(conn, key, title=kept("Emergency reported in request {number}", number=number), actor=actor, at=at)
    return get(conn, key), token


def get(conn: Connection, request_id: UUID, within: Collection[str] | None = None) -> Request:
    """Return a request. Raises NotFound, also if its site is not within."""
    return _one(conn, "get", {"id": request_id, "within": scope.codes(within)}, request_id)


def by_number(conn: Connection, number: str) -> Request:
    """Return the request that people call so. Raises NotFound."""
    return _one(conn, "by_number", {"number": number}, number)


def by_token(conn: Connection, token: str) -> Request:
    """Return the request of a private address. Raises NotFound."""
    return _one(conn, "by_token", {"token_sha256": digest(token)}, "")


def knows_token(conn: Connection, token: str) -> bool:
    """Return whether a private address leads to a request."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["knows_token"], {"token_sha256": digest(token)}).fetchone())


def page(
    conn: Connection,
    within: Collection[str] | None,
    *,
    undecided: bool = False,
    review: bool = False,
    limit: int = 50,
    skip: int = 0,
) -> list[Request]:
    """Return requests: those that wait for a decision first. ``review``: only bad ratings that nobody looked into."""
    asked = {"within": scope.codes(within), "undecided": undecided, "review": review, "bad": BAD_RATING}
    with conn.cursor(row_factory=class_row(Request)) as cursor:
        return cursor.execute(_QUERIES["page"], asked | {"limit": limit, "skip": skip}).fetchall()


def of_order(conn: Connection, order_id: UUID) -> list[Request]:
    """Return the requests that are part of an order, the oldest first."""
    with conn.cursor(row_factory=class_row(Request)) as cursor:
        return cursor.execute(_QUERIES["of_order"], {"order_id": order_id}).fetchall()


def accept(
    conn: Connection,
    request_id: UUID,
    *,
    title: str,
    actor: str,
    at: datetime,
    priority: Priority | None = None,
    kind: OrderType = OrderType.REACTIVE,
) -> WorkOrder:
    """Make an order of a request, with its photos, and return it. The title is written by the plant: the history of an
    order is never erased, so the requester's own words stay out of it. Danger makes an emergency order.
    """
    request = _locked(conn, request_id)
    asking.take(request.number, request.status, RequestStep.ACCEPT)
    urgency = None
    if priority is not None and not request.danger:
        urgency = Urgency(priority, f"{priority.name.capitalize()}: set by {actor}.")
    order = work_orders.create_by_hand(
        conn,
        asset=thing_of(conn, request, at),
        kind=OrderType.EMERGENCY if request.danger else kind,
        title=title,
        component="machine",
        failure_mode=FailureMode.UNK,
        actor=actor,
        at=at,
        urgency=urgency,
        why=kept("request {number}", number=request.number),
    )
    _decide(conn, request, RequestStatus.ACCEPTED, order.id, at)
    _attach_photos(conn, request, order.id, actor, at)
    return order


def confirm_danger(conn: Connection, request_id: UUID, *, actor: str, at: datetime) -> UUID | None:
    """Make the emergency order of a request in danger, because somebody who was asked has confirmed it; one at an asset
    or location, however many report it. Return the order; None if the request ended without one.
    """
    request = _locked(conn, request_id)
    if not request.undecided:
        return request.order_id
    thing = thing_of(conn, request, at)
    there = next((each for each in known.known_orders(conn, thing) if each.type is OrderType.EMERGENCY), None)
    if there is not None:
        return merge(conn, request_id, there.number, actor=actor, at=at).order_id
    title = kept("Emergency reported in request {number}", number=request.number)
    return accept(conn, request_id, title=title, actor=actor, at=at).id


def merge(conn: Connection, request_id: UUID, order_number: str, *, actor: str, at: datetime) -> Request:
    """Add a request, with its photos, to an unfinished order of its site. Raises OrderFinished or NotFound."""
    request = _locked(conn, request_id)
    asking.take(request.number, request.status, RequestStep.MERGE)
    order = work_orders.lock(conn, work_orders.id_of_number(conn, order_number))
    if order.site_id != request.site_id:
        raise NotFound("work order", order_number)  # as if there were none: nobody learns numbers of other sites
    if order.status in FINAL:
        raise OrderFinished(order_number)
    _decide(conn, request, RequestStatus.MERGED, order.id, at)
    _attach_photos(conn, request, order.id, actor, at)
    return get(conn, request_id)


def say_and_take(
    conn: Connection, request_id: UUID, step: RequestStep, words: str, *, actor: str | None, at: datetime
) -> Request:
    """Take a step that says something: ask back, decline, settle; or, with ``actor`` None, the requester's answer or
    withdrawal.
    """
    request = _locked(conn, request_id)
    after = asking.take(request.number, request.status, step, words)
    if words.strip():
        personal.add_message(conn, request_id, words.strip(), actor=actor, at=at)
    _decide(conn, request, after, None, at, responded=actor is not None)
    return get(conn, request_id)


def write(conn: Connection, request_id: UUID, text: str, *, actor: str | None, at: datetime) -> None:
    """Store a message to the other side. One from a requester who was asked back is the answer."""
    request = _locked(conn, request_id)
    if actor is None and request.status is RequestStatus.ASKED_BACK:
        say_and_take(conn, request_id, RequestStep.ANSWER, text, actor=None, at=at)
        return
    personal.add_message(conn, request_id, text.strip(), actor=actor, at=at)


def rate(conn: Connection, request_id: UUID, rating: int, words: str, *, at: datetime) -> None:
    """Store how it went, from 1 to 5, once. Raises AlreadyRated."""
    request = _locked(conn, request_id)
    if not request.may_be_rated:
        raise AlreadyRated(request.number)
    conn.execute(_QUERIES["rate"], {"id": request_id, "rating": rating, "at": at})
    personal.keep_rating_words(conn, request_id, words.strip())
    if rating <= BAD_RATING:
        conn.execute(_HELP["rated"], {"request_id": request_id})


def review(conn: Connection, request_id: UUID, outcome: str, *, actor: str, at: datetime) -> None:
    """Close the review of a bad rating; the requester reads what came of it. Raises AlreadyRated if there is none."""
    request = _locked(conn, request_id)
    if not request.needs_review:
        raise AlreadyRated(request.number)
    if not outcome.strip():
        raise asking.WordsMissing(RequestStep.ANSWER)
    conn.execute(_QUERIES["review"], {"id": request_id, "actor": actor, "at": at})
    personal.add_message(conn, request_id, outcome.strip(), actor=actor, at=at)


def ratings(conn: Connection, within: Collection[str] | None, *, now: datetime) -> list[RatingCount]:
    """Return the ratings of the last year by team and failure mode, the worst first."""
    asked = {"within": scope.codes(within), "since": now - timedelta(days=365), "bad": BAD_RATING}
    with conn.cursor(row_factory=class_row(RatingCount)) as cursor:
        return cursor.execute(_QUERIES["ratings"], asked).fetchall()


def rules(conn: Connection, site_id: int) -> PortalRules:
    """Return how a site answers requests; the defaults where it has no rules of its own."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["rules"], {"site_id": site_id}).fetchone()
    return PortalRules() if row is None else PortalRules(**row | {"policy": EmergencyPolicy(row["policy"])})


def put_rules(conn: Connection, site_id: int, rules: PortalRules) -> None:
    """Store how a site answers requests."""
    conn.execute(_QUERIES["put_rules"], asdict(rules) | {"site_id": site_id})


def thing_of(conn: Connection, request: Request, now: datetime) -> Asset | Location:
    """Return the asset or location of a request."""
    if request.asset_id is not None:
        return plant.asset(conn, request.asset_id, now=now)
    assert request.location_id is not None
    return plant.location(conn, request.location_id)


def _one(conn: Connection, query: str, asked: dict[str, Any], key: UUID | str) -> Request:
    with conn.cursor(row_factory=class_row(Request)) as cursor:
        found = cursor.execute(_QUERIES[query], asked).fetchone()
    if found is None:
        raise NotFound("request", key)
    return found


def _locked(conn: Connection, request_id: UUID) -> Request:
    conn.execute(_QUERIES["lock"], {"id": request_id})
    return get(conn, request_id)


def _decide(
    conn: Connection,
    request: Request,
    to: RequestStatus,
    order_id: UUID | None,
    at: datetime,
    *,
    responded: bool = True,
) -> None:
    facts = {"id": request.id, "status": to, "order_id": order_id, "ended_at": at if to in _ENDS else None}
    conn.execute(_QUERIES["decide"], facts | {"responded_at": at if responded else None})


def _attach_photos(conn: Connection, request: Request, order_id: UUID, actor: str, at: datetime) -> None:
    for position, photo in enumerate(personal.photos(conn, request.id), 1):
        content = personal.photo(conn, request.id, photo.id)
        name = f"{request.number} {position}"
        made = files.add(conn, Owner(Of.ORDER, order_id), name, content.content, actor=actor, at=at)
        personal.note_attached(conn, photo.id, made.id)
