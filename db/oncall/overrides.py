"""Overrides of rotas, and who is on call now. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql
from db.errors import NotFound, StoreError
from db.oncall import counting, looking_ahead, rotas
from db.oncall.rotas import Stored
from db.people import users
from workorder_core.oncall.duties import Duty
from workorder_core.sentences import say

_QUERIES = sql.load("on_call")
_SHOWN_AHEAD = timedelta(days=35)
"""How far ahead the end of a duty is looked for."""


class InvalidOverride(StoreError):
    """An override that cannot be. ``field`` names what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOverride:
    """A stored override; one that was cancelled counts until then."""

    id: int
    rota_id: int
    layer: str
    person: str
    full_name: str
    begins_at: datetime
    ends_at: datetime
    made_by: str
    made_at: datetime
    why: str
    cancelled_at: datetime | None
    cancelled_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """A layer of a rota, by its ``number`` from 0, at a moment: who is on call, until when, and who is next.

    ``duty`` None: nobody is. A duty that lasts longer than 35 days ends here after 35.
    """

    stored: Stored
    number: int
    layer: str
    duty: Duty | None
    full_name: str
    following: Duty | None


def add(
    conn: Connection,
    stored: Stored,
    *,
    layer: str,
    person: str,
    begins: datetime,
    ends: datetime,
    actor: str,
    at: datetime,
    why: str = "",
) -> StoredOverride:
    """Put somebody on call in a layer from ``begins``, or from now if that is later, until ``ends``.

    Raises InvalidOverride and CannotBeCalled.
    """
    if layer not in {each.name for each in stored.rota.layers} or stored.retired_at is not None:
        raise InvalidOverride("layer", say("the rota has no layer {layer}", layer=layer))
    begins = max(begins, at)
    if ends <= begins:
        raise InvalidOverride("ends", say("it must end after it begins, and later than now"))
    rotas.check_people(conn, [person], stored.rota.site)
    facts = {"rota_id": stored.id, "layer": layer, "person": person, "begins": begins, "ends": ends}
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add_override"], facts | {"actor": actor, "at": at, "why": why}).fetchone()
    assert made is not None
    looking_ahead.look(conn, stored.id, stored.rota, now=at)
    return get(conn, stored.id, made)


def cancel(conn: Connection, stored: Stored, override_id: int, *, actor: str, at: datetime) -> None:
    """End an override now; one that is over or cancelled stays as it is. Raises NotFound."""
    get(conn, stored.id, override_id)
    conn.execute(_QUERIES["cancel_override"], {"rota_id": stored.id, "id": override_id, "actor": actor, "at": at})
    if stored.retired_at is None:
        looking_ahead.look(conn, stored.id, stored.rota, now=at)


def get(conn: Connection, rota_id: int, override_id: int) -> StoredOverride:
    """Return an override of a rota. Raises NotFound."""
    with conn.cursor(row_factory=class_row(StoredOverride)) as cursor:
        found = cursor.execute(_QUERIES["override"], {"rota_id": rota_id, "id": override_id}).fetchone()
    if found is None:
        raise NotFound("override", override_id)
    return found


def ahead(
    conn: Connection,
    rota_id: int,
    *,
    now: datetime,
    after: tuple[datetime, int] | None = None,
    limit: int | None = None,
) -> list[StoredOverride]:
    """Return the overrides of a rota that are not over, by their begin; ``after`` is the last one of a page."""
    after_at, after_id = after or (None, None)
    asked = {"rota_id": rota_id, "now": now, "after_at": after_at, "after_id": after_id, "limit": limit}
    with conn.cursor(row_factory=class_row(StoredOverride)) as cursor:
        return cursor.execute(_QUERIES["overrides"], asked).fetchall()


def on_call(
    conn: Connection, *, at: datetime, within: Collection[str] | None = None, site: str | None = None
) -> list[OnCall]:
    """Return each layer of each rota that is in force now, with who is on call at a moment, by site, code and layer."""
    found = {each.id: each for each in rotas.listed(conn, within=within, site=site)}
    duties = counting.duties(conn, {key: each.rota for key, each in found.items()}, at, at + _SHOWN_AHEAD)
    names = users.full_names(conn) if found else {}
    rows = []
    for key, stored in found.items():
        for number, layer in enumerate(stored.rota.layers):
            of_layer = [each for each in duties[key] if each.layer == layer.name]
            duty = of_layer[0] if of_layer and of_layer[0].begins <= at else None
            later = [each for each in of_layer if each is not duty]
            rows.append(
                OnCall(
                    stored=stored,
                    number=number,
                    layer=layer.name,
                    duty=duty,
                    full_name=names.get(duty.person, "") if duty else "",
                    following=later[0] if later else None,
                )
            )
    return rows
