"""The documents that judge a plant, version by version: the rulebook and the model documents.

A version is an event in the judge's sequence of inputs, so that each reading is judged by the last one before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from db import sql
from db.documents import fleets, rules_in_shadow
from db.errors import NotFound
from db.plant import names
from models import documents as model_documents
from models.document import ModelDocument
from rules import fit, rulebook
from rules.rulebook import InvalidRulebook, Rulebook

_QUERIES = sql.load("documents")


class Kind(StrEnum):
    """What a document is about."""

    RULEBOOK = "rulebook"
    MODELS = "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a document.

    Parameters
    ----------
    number
        Counts from 1, for each kind.
    arrival
        The sequence number from which it judges; None until the engine has applied it.
    """

    number: int
    document: Mapping[str, Any]
    actor: str
    why: str | None
    recorded_at: datetime
    arrival: int | None


def versions(conn: Connection, kind: Kind, *, limit: int = 50, before: int | None = None) -> list[Version]:
    """Return versions, the newest first; with ``before`` those of smaller numbers."""
    return _select(conn, kind, None, before, limit)


def version(conn: Connection, kind: Kind, number: int | None = None) -> Version:
    """Return one version, the newest for None. Raises NotFound."""
    found = _select(conn, kind, number, None, 1)
    if not found:
        raise NotFound(f"version of the {kind.value}", number or "at all")
    return found[0]


def model_of(conn: Connection, asset_class: str) -> ModelDocument:
    """Return the model document in force for an asset class."""
    found = versions(conn, Kind.MODELS, limit=1)
    return model_documents.of_class(found[0].document if found else {}, asset_class)


def newest_by(conn: Connection, kind: Kind, actor: str) -> Mapping[str, Any] | None:
    """Return the document that this actor wrote last."""
    row: Any = conn.execute(_QUERIES["newest_by"], {"kind": kind.value, "actor": actor}).fetchone()
    return None if row is None else _for_people(kind, row[0])


def write(conn: Connection, kind: Kind, document: Mapping[str, Any], *, actor: str, why: str) -> None:
    """Write a new version, which judges from the engine's next batch on.

    Raises InvalidRulebook or InvalidModels: for a document that cannot judge, and for rules that do not fit the plant.
    """
    if kind is Kind.MODELS:
        document = fleets.resolved(conn, document)
    check(kind, document)
    if kind is Kind.RULEBOOK:
        for problem in misfits(conn, rulebook.parse(document)):
            raise problem
    put(conn, kind, document, actor=actor, why=why)


def put(conn: Connection, kind: Kind, document: Mapping[str, Any], *, actor: str, why: str) -> None:
    """Write a new version that has been checked already; the plant may not have declared its signals yet."""
    if kind is Kind.MODELS:
        document = fleets.resolved(conn, document)
    facts = {"kind": kind.value, "document": Jsonb(dict(document)), "actor": actor, "why": why}
    before = versions(conn, kind, limit=1) if kind is Kind.RULEBOOK else []
    conn.execute(_QUERIES["write"], facts)
    if before:
        rules_in_shadow.release_changed(conn, before[0].document, document, actor=actor, at=datetime.now(UTC))


def roll_back(conn: Connection, kind: Kind, number: int | None = None, *, actor: str, why: str) -> Version:
    """Put an earlier version in force again as a new one, and return that; None: the one before the newest.

    Raises NotFound where there is no such version.
    """
    again = version(conn, kind, max(1, version(conn, kind).number - 1) if number is None else number)
    write(conn, kind, again.document, actor=actor, why=f"back to version {again.number}: {why}")
    return version(conn, kind)


def check(kind: Kind, document: Mapping[str, Any]) -> None:
    """Raise InvalidRulebook or InvalidModels, with the key and what to do, for a document that cannot judge."""
    if kind is Kind.RULEBOOK:
        rulebook.parse(document)
    else:
        model_documents.parse(document)


def misfits(conn: Connection, book: Rulebook) -> list[InvalidRulebook]:
    """Return what does not fit the plant: signals that no asset of the class has, and units that are not the signal's.

    A class that has no asset yet, or none that has been measured, fits anything.
    """
    plant: dict[str, dict[str, list[str]]] = {}
    for asset_class, signal, of_signal in conn.execute(_QUERIES["signals_of_classes"]):
        plant.setdefault(asset_class, {})[signal] = of_signal
    behind: dict[str, set[str]] = {}
    if book.looks_below:
        for above, below in conn.execute(_QUERIES["classes_behind"]):
            behind.setdefault(above, set()).add(below)
    return fit.misfits(book, plant, behind)


def doubts(conn: Connection, kind: Kind, document: Mapping[str, Any]) -> list[str]:
    """Return a "did you mean" sentence for each class that a document names and no asset has."""
    classes = sorted(_classes(document) if kind is Kind.RULEBOOK else document.keys() - {"default"})
    return [
        f"no asset is of the class {each.name!r}; did you mean {' or '.join(each.alike)}?"
        for each in names.of_no_asset(conn, classes)
    ]


def _classes(part: object) -> set[str]:
    """Return the asset classes that a part of a rulebook names, however deep."""
    if isinstance(part, Mapping):
        own = {part["asset_class"]} if isinstance(part.get("asset_class"), str) else set[str]()
        return own.union(*(_classes(each) for each in part.values()))
    return set[str]().union(*(_classes(each) for each in part)) if isinstance(part, list) else set()


def _select(conn: Connection, kind: Kind, number: int | None, before: int | None, limit: int) -> list[Version]:
    asked = {"kind": kind.value, "number": number, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Version)) as cursor:
        found = cursor.execute(_QUERIES["versions"], asked).fetchall()
    return [replace(each, document=_for_people(kind, each.document)) for each in found]


def _for_people(kind: Kind, document: Mapping[str, Any]) -> Mapping[str, Any]:
    return fleets.named(document) if kind is Kind.MODELS else document
