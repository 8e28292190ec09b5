"""Whose a request is, and who may see it: planners those of their sites, everybody else those that they have made."""

from datetime import datetime
from uuid import UUID

from fastapi import Request
from psycopg import Connection

from db.plant import plant
from db.plant.plant import Asset, Location
from db.requests import listing
from db.requests.requests import Request as Asked
from workorder_core.language import ENGLISH, Language
from workorder_core.people.access import Role, Who

DECIDES = frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER})
"""Who decides on requests, and so sees all of them."""


def only_of(who: Who) -> str | None:
    """Return the maker whose requests somebody sees; None: everybody's."""
    return None if who.may(DECIDES) else who.actor


def seen(conn: Connection, request_id: UUID, who: Who) -> Asked:
    """Return a request that somebody may see. Raises NotFound."""
    return listing.one_of(conn, request_id, who.sites, made_by=only_of(who))


def own(conn: Connection, request_id: UUID, who: Who) -> Asked:
    """Return somebody's own request. Raises NotFound."""
    return listing.one_of(conn, request_id, who.sites, made_by=who.actor)


def thing(conn: Connection, asset_id: int | None, location_id: int | None, who: Who, now: datetime) -> Asset | Location:
    """Return the asset or the location that a request is about, where its site is seen. Raises NotFound."""
    if asset_id is not None:
        return plant.asset(conn, asset_id, now=now, within=who.sites)
    assert location_id is not None, "a request is about one of them"
    return plant.location(conn, location_id, within=who.sites)


def language_of(request: Request) -> str:
    """Return the code of the language that the sender reads."""
    liked: Language | None = getattr(request.state, "liked", None)
    return (liked or ENGLISH).code
