"""Calendar feeds: created and revoked by their owner, and opened by a secret address alone."""

import hashlib
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.language import chosen
from api.once import OnlyOnce
from api.paging import Id, Order, Paged
from api.papers import calendar
from db import scope
from db.errors import NotFound
from db.people import calendar_feeds, users
from db.people.calendar_feeds import Feed
from db.plant import plant
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(prefix="/calendar-feeds", tags=["calendars"], dependencies=[KNOWN])
open_router = APIRouter(include_in_schema=False)
OLDEST_FIRST = Order[Feed](tuple[Id], lambda each: (each.id,))
FeedId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_Id = Annotated[int | None, Field(ge=1, le=2**31 - 1)]


class NotAPerson(Exception):
    """A key requested a calendar, which belongs to a person."""

    def __init__(self) -> None:
        super().__init__(
            say(
                "a calendar belongs to a person, who sees what is in it: sign in, or make it on the page “My calendars”"
            )
        )


class FeedIn(BaseModel):
    """The calendar's subject: exactly one of the four."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"technician_id": 4}]})

    technician_id: _Id = Field(None, description="the dated orders of a technician")
    site: str | None = Field(None, max_length=64, description="the planned downtime of a site, by its code")
    asset_id: _Id = Field(None, description="the planned downtime of an asset")
    rota_id: _Id = Field(None, description="who is on call by a rota")

    @model_validator(mode="after")
    def _one(self) -> "FeedIn":
        if sum(each is not None for each in (self.technician_id, self.site, self.asset_id, self.rota_id)) != 1:
            raise ValueError("say one of technician_id, site, asset_id and rota_id")
        return self


class FeedOut(BaseModel):
    """A calendar feed. Its address is shown once, when it is created."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    site: str
    prefix: str = Field(description="how the secret part of its address begins")
    created_at: datetime
    last_read_at: datetime | None = Field(description="to ten minutes")


class NewFeedOut(BaseModel):
    id: int
    address: str | None = Field(
        description="shown once, null when the request is sent again; who has it reads this calendar"
    )


def make(conn: Connection, request: Request, who: Who, wanted: FeedIn, *, now: datetime) -> tuple[int, str]:
    """Create a calendar of data that its owner sees, and return its id and its address. Raises NotFound, NotAPerson."""
    of: dict[str, int] = {}
    if wanted.site is not None:
        if who.contractor is not None:
            raise NotFound("site", wanted.site)
        of["site_id"] = plant.site_by_code(conn, wanted.site, who.sites).id
    for name in ("technician_id", "asset_id", "rota_id"):
        value = getattr(wanted, name)
        if value is not None:
            scope.check(conn, name, value, who.sites or [each.code for each in plant.sites(conn)])
            if who.contractor is not None:
                scope.check_given(conn, name, value, who.contractor)
            of[name] = value
    feed_id, token = calendar_feeds.add(conn, owner(who), of, at=now)
    return feed_id, str(request.base_url.replace(path=f"/calendar/{token}.ics"))


def owner(who: Who) -> str:
    """Return the requesting user. Raises NotAPerson."""
    kind, _, name = who.actor.partition(":")
    if kind != "person":
        raise NotAPerson
    return name


@router.get("", dependencies=[SEES])
def find(conn: Conn, who: Asking, part: Paged) -> list[FeedOut]:
    """List your calendars, the oldest first."""
    kind, _, name = who.actor.partition(":")
    feeds = calendar_feeds.of_owner(conn, name) if kind == "person" else []
    return [FeedOut.model_validate(each) for each in part.of_all(feeds, OLDEST_FIRST)]


@router.post("", status_code=201, response_model=NewFeedOut, dependencies=[SEES])
def create(request: Request, body: FeedIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Create a calendar. Only this answer has its secret address."""

    def made(_: Response) -> NewFeedOut:
        feed_id, address = make(conn, request, who, body, now=now)
        return NewFeedOut(id=feed_id, address=address)

    return once(body, made, needed=False, kept=lambda one: one.model_copy(update={"address": None}))


@router.post("/{feed_id}/revoke", dependencies=[SEES])
def revoke(feed_id: FeedId, conn: Conn, now: Now, who: Asking) -> list[FeedOut]:
    """Revoke a calendar's address; the answer lists your calendars."""
    calendar_feeds.revoke(conn, feed_id, owner(who), at=now)
    return [FeedOut.model_validate(each) for each in calendar_feeds.of_owner(conn, owner(who))]


@open_router.get("/calendar/{token}.ics")
def read(request: Request, token: Annotated[str, Path(max_length=100)], conn: Conn, now: Now) -> Response:
    """Read the calendar of a secret address, as long as its owner may see its content."""
    feed = calendar_feeds.find(conn, token)
    if feed is None or not _sees(conn, feed):
        # The whole address must not appear in an answer or a log.
        raise NotFound("calendar", f"{token[:4]}…")
    calendar_feeds.note_read(conn, feed, at=now)
    chosen.know(request, feed.language)
    address = str(request.base_url).rstrip("/")
    if feed.technician_id is not None:
        content = calendar.of_orders(feed, calendar_feeds.dated_orders(conn, feed.technician_id, now=now), address)
    elif feed.rota_id is not None:
        content = calendar.of_duties(feed, calendar_feeds.duties(conn, feed.rota_id, now=now), address)
    else:
        content = calendar.of_downtimes(feed, calendar_feeds.downtimes(conn, feed, now=now), address)
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="plantwright.ics"'
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


def _sees(conn: Connection, feed: Feed) -> bool:
    """Return whether the owner of a calendar may still see its content."""
    user = users.find(conn, feed.owner)
    if user is None or user.disabled_at is not None or not user.who().sees(feed.site):
        return False
    # A contractor's calendars are their own orders, and the downtime of what these are about.
    return user.contractor is None or feed.technician_id == user.contractor or _needs(conn, feed, user.contractor)


def _needs(conn: Connection, feed: Feed, contractor: int) -> bool:
    try:
        scope.check_given(conn, "asset_id", feed.asset_id or 0, contractor)
    except NotFound:
        return False
    return True
