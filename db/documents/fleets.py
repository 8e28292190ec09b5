"""Fleet models by version: what was learned, and the model documents that name it. The caller owns the transaction.

A model document names a version (``fleet = "3f0c…"``); what the judge gets has the numbers in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from db import sql
from db.errors import NotFound
from models.documents import FLEET, InvalidModels
from models.lives.fleet import FleetModel

_QUERIES = sql.load("fleets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A learned model, without its numbers. ``sites`` are those whose fleet it is; none: all."""

    version: str
    asset_class: str
    sites: Sequence[str]
    learned: Mapping[str, Any]
    errors: Mapping[str, Any]
    actor: str
    why: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class End:
    """A failure of an asset, by its corrective order; ``confirmed`` is None where nobody wrote what was found."""

    asset: str
    at: datetime
    confirmed: bool | None


def write(conn: Connection, asset_class: str, sites: Sequence[str], model: FleetModel, *, actor: str, why: str) -> None:
    """Store a learned model; it judges once `documents.write` is given a document that names it."""
    facts = {"version": model.version, "asset_class": asset_class, "sites": list(sites), "actor": actor, "why": why}
    conn.execute(_QUERIES["write"], facts | {"document": Jsonb(model.table())})


def listed(conn: Connection, asset_class: str | None = None, *, limit: int = 50) -> list[Learned]:
    """Return what was learned, the newest first."""
    with conn.cursor(row_factory=class_row(Learned)) as cursor:
        return cursor.execute(_QUERIES["listed"], {"asset_class": asset_class, "limit": limit}).fetchall()


def table(conn: Connection, version: str) -> tuple[str, Mapping[str, Any]]:
    """Return the asset class and the numbers of the version that begins so. Raises NotFound."""
    rows: Any = conn.execute(_QUERIES["document"], {"version": version}).fetchall()
    if len(rows) != 1 or len(version) < 4:
        raise NotFound("fleet model", version)
    return str(rows[0][0]), rows[0][1]


def resolved(conn: Connection, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return model documents with the numbers of the fleet models that they name. Raises InvalidModels."""
    found = dict(document)
    for asset_class, of_class in document.items():
        version = of_class.get(FLEET) if isinstance(of_class, Mapping) else None
        if not isinstance(version, str):
            continue
        try:
            learned_of, numbers = table(conn, version)
        except NotFound:
            raise InvalidModels(
                f"{asset_class}: there is no fleet model {version!r}; see `plantwright models list`"
            ) from None
        if learned_of != asset_class:
            raise InvalidModels(f"{asset_class}: the fleet model {version} was learned from {learned_of} assets")
        found[asset_class] = {**of_class, FLEET: numbers}
    return found


def named(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return model documents with the versions of fleet models in place of their numbers, for people."""
    return {
        asset_class: {**of_class, FLEET: of_class[FLEET].get("version", "")}
        if isinstance(of_class, Mapping) and isinstance(of_class.get(FLEET), Mapping)
        else of_class
        for asset_class, of_class in document.items()
    }


def assets(conn: Connection, asset_class: str, sites: Sequence[str]) -> list[str]:
    """Return the assets of a class, ``<site>/<asset>``, at some sites or, for none, at all."""
    rows: Any = conn.execute(_QUERIES["assets"], {"asset_class": asset_class, "sites": list(sites)})
    return [row[0] for row in rows]


def ends(conn: Connection, of_assets: Sequence[str]) -> list[End]:
    """Return the failures of assets that corrective orders report, without those where nothing was found."""
    with conn.cursor(row_factory=class_row(End)) as cursor:
        return cursor.execute(_QUERIES["ends"], {"assets": list(of_assets)}).fetchall()
