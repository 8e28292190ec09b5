"""The calendars to which a user subscribes with a calendar program."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.papers import feeds
from api.papers.feeds import FeedIn
from db.oncall import rotas
from db.people import calendar_feeds, technicians
from db.plant import plant
from db.plant.plant import Asset
from workorder_core.language import _
from workorder_core.people.access import Who
from workorder_core.people.technicians import Technician
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.get("/my-calendars", dependencies=[SEES])
def show(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the user's calendars, and the subjects of possible ones."""
    kind, _sign, name = who.actor.partition(":")
    sites = plant.sites(conn, who.sites)
    codes = {each.id: each.code for each in sites}
    people = [each for each in technicians.listed(conn, within=who.sites) if each.active]
    mine = [each for each in people if (codes[each.site_id], each.code) == (who.technician_site, who.technician)]
    of = [(f"technician {each.id}", _("My work orders (%(name)s)", name=each.name)) for each in mine]
    if who.contractor is None:
        of += _of_others(conn, who, now, [each for each in people if each not in mine])
    return page(
        request,
        "my_calendars.html",
        now=now,
        feeds=calendar_feeds.of_owner(conn, name) if kind == "person" else [],
        is_person=kind == "person",
        of=of,
        made=request.scope.get("shown_once"),
    )


def _of_others(conn: Connection, who: Who, now: datetime, people: list[Technician]) -> list[tuple[str, str]]:
    """Return what else a calendar can be of: other people, sites, assets and rotas."""
    of = [(f"technician {each.id}", _("Work orders of %(name)s", name=each.name)) for each in people]
    of += [
        (f"site {each.code}", _("Planned downtime of %(asset)s", asset=each.name))
        for each in plant.sites(conn, who.sites)
    ]
    of += [
        (f"asset {each.id}", _("Planned downtime of %(asset)s", asset=_named(each)))
        for each in plant.assets(conn, now=now, within=who.sites)
    ]
    return of + [
        (f"rota {each.id}", _("On call: %(title)s", title=each.rota.title))
        for each in rotas.listed(conn, within=who.sites)
    ]


def _named(asset: Asset) -> str:
    return asset.code if asset.name == asset.code else f"{asset.code} {asset.name}"


@router.post("/my-calendars", dependencies=[SEES])
@shown_on("/my-calendars")
def add(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    of: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Create a calendar and show its secret address, once."""
    with Fields() as read:
        wanted = read("of", None, lambda: _wanted(of))
    assert wanted is not None
    _, address = feeds.make(conn, request, who, wanted, now=now)
    return sent.shows("/my-calendars", (address,))


@router.post("/my-calendars/{feed_id}/revoke", dependencies=[SEES])
@shown_on("/my-calendars")
def revoke(
    feed_id: Annotated[int, Path(ge=1, le=2**63 - 1)], conn: Conn, now: Now, who: Asking, sent: SentForm
) -> Response:
    """Revoke a calendar's address."""
    calendar_feeds.revoke(conn, feed_id, feeds.owner(who), at=now)
    return sent.leads_to("/my-calendars")


def _wanted(of: str) -> FeedIn:
    kind, _space, key = of.partition(" ")
    if kind == "site" and key:
        return FeedIn(site=key)
    if kind in ("technician", "asset", "rota") and key.isdecimal() and len(key) < 10:
        return FeedIn.model_validate({f"{kind}_id": int(key)})
    raise InvalidForm(say("choose one from the list"))
