"""Rotas of a site as one document, for files: a list of rotas, each with its code. The caller owns the transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection

from db.errors import StoreError
from db.oncall import rotas
from db.oncall.rotas import Stored
from db.plant import calendars
from workorder_core.oncall.documents import from_document, to_document
from workorder_core.oncall.rotas import InvalidRota, Rota
from workorder_core.sentences import say


class InvalidRotaFile(StoreError):
    """A file that has no rotas."""


class Effect(StrEnum):
    """The effect of a rota of a file."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "no change"


@dataclass(frozen=True, slots=True)
class Read:
    """A rota of a file, the stored one with its code if there is one, and the effect of storing it."""

    rota: Rota
    stored: Stored | None
    effect: Effect


def read(conn: Connection, document: Any, site: str, *, at: datetime) -> list[Read]:
    """Return the rotas of a file's document. Raises InvalidRotaFile, CannotBeCalled and NoSuchCountry."""
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise InvalidRotaFile(say("the file must be a list of rotas, each an object with its code"))
    found, codes = [], set[str]()
    for each in document:
        code = str(each.get("code", ""))
        if code in codes:
            raise InvalidRotaFile(say("the code {code} is there twice", code=code))
        codes.add(code)
        try:
            rota = from_document({name: value for name, value in each.items() if name != "code"}, code=code, site=site)
        except InvalidRota as error:
            raise InvalidRotaFile(say("{code}: {problem}", code=code, problem=error)) from None
        calendars.require_country(rota.country, rota.subdivision, at.year)
        rotas.check_people(conn, rota.people, site)
        stored = rotas.by_code(conn, site, code)
        found.append(Read(rota, stored, _effect(rota, stored)))
    return found


def store(conn: Connection, each: Read, *, actor: str, at: datetime, why: str) -> None:
    """Store a rota of a file; one without a change stays as it is."""
    if each.stored is None:
        rotas.add(conn, each.rota, actor=actor, at=at, why=why)
    else:
        rotas.save(conn, each.stored.id, each.rota, actor=actor, at=at, why=why)


def written(conn: Connection, site: str) -> list[dict[str, Any]]:
    """Return the document of a site's rotas; retired ones are left out."""
    found = rotas.listed(conn, site=site)
    return [{"code": each.rota.code, **to_document(each.rota)} for each in found]


def _effect(rota: Rota, stored: Stored | None) -> Effect:
    if stored is None:
        return Effect.NEW
    same = replace(rota, version=stored.rota.version) == stored.rota and stored.retired_at is None
    return Effect.SAME if same else Effect.CHANGED
