"""What was learned from the texts of a site's orders: versions, which one suggests, and the models read once each.

The caller owns the transaction.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import sql
from db.errors import NotFound
from models.triage.stored import NotReadable
from workorder_core.triage import learning
from workorder_core.triage.suggestions import Field, Source, Suggestion

if TYPE_CHECKING:
    from models.triage.selective import Selector

_QUERIES = sql.load("triage")
MOST_TEXTS = 20_000
"""The newest texts of a site that are learned from."""
KEPT = 32
"""Models that a process keeps, read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of what was learned at a site.

    Parameters
    ----------
    texts
        How many texts it was learned from.
    fields
        By field: ``texts`` with a label, ``labels``, and on the past ``suggested`` and ``right``, shares from 0 to 1.
    """

    number: int
    texts: int
    made_by: str
    made_at: datetime
    run_id: UUID | None
    in_force: bool
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A version was put in force, or none (``number`` None); ``seq`` counts from 1 at each site."""

    seq: int
    number: int | None
    actor: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """How far a site is on the way to its next version.

    Parameters
    ----------
    newest, in_force
        Numbers of versions; None where there is none.
    learned_from
        The texts of the newest version.
    asked_at
        When a run was last asked to learn (wall clock); None: never.
    new
        Texts that got labels since then.
    """

    newest: int | None
    learned_from: int | None
    in_force: int | None
    asked_at: datetime | None
    new: int

    @property
    def progress(self) -> learning.Progress:
        """Return how many new labels there are, and how many it takes."""
        return learning.progress(new=self.new, learned_from=self.learned_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A learned model of a field, as bytes, with its facts."""

    field: Field
    facts: Mapping[str, Any]
    content: bytes


def texts(conn: Connection, site_id: int) -> list[dict[str, Any]]:
    """Return the texts that people wrote on a site's orders, the oldest first, with what is known of each."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["texts"], {"site_id": site_id, "limit": MOST_TEXTS}).fetchall()


def add(
    conn: Connection,
    site_id: int,
    models: Sequence[Model],
    *,
    count: int,
    actor: str,
    at: datetime,
    why: str,
    run_id: UUID | None = None,
    by_itself: bool = False,
) -> Version:
    """Store models as a site's next version, and put it in force; where nobody asked for it, only if no person has
    put back an earlier one.
    """
    conn.execute(_QUERIES["lock_site"], {"site_id": site_id})
    before = state(conn, site_id, until=at)
    facts = {"site_id": site_id, "texts": count, "actor": actor, "at": at, "run_id": run_id}
    with conn.cursor(row_factory=scalar_row) as cursor:
        number: int | None = cursor.execute(_QUERIES["add_version"], facts).fetchone()
    assert number is not None
    for each in models:
        stored = {"field": each.field.value, "facts": Jsonb(dict(each.facts)), "content": each.content}
        digest = hashlib.sha256(each.content).digest()
        conn.execute(_QUERIES["add_model"], {"site_id": site_id, "number": number, "digest": digest} | stored)
    if not by_itself or learning.comes_into_force(newest=before.newest, in_force=before.in_force):
        _put(conn, site_id, number, actor=actor, at=at, why=why)
    return get(conn, site_id, number)


def put_in_force(
    conn: Connection, site_id: int, number: int | None, *, actor: str, at: datetime, why: str
) -> Version | None:
    """Let a version suggest from now on, and return it; None: nothing learned does. Raises NotFound."""
    conn.execute(_QUERIES["lock_site"], {"site_id": site_id})
    if number is not None:
        get(conn, site_id, number)
    _put(conn, site_id, number, actor=actor, at=at, why=why)
    return None if number is None else get(conn, site_id, number)


def page(
    conn: Connection, site_id: int, *, limit: int, before: int | None = None, number: int | None = None
) -> list[Version]:
    """Return the versions of a site, the newest first."""
    asked = {"site_id": site_id, "number": number, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Version)) as cursor:
        return cursor.execute(_QUERIES["versions"], asked).fetchall()


def get(conn: Connection, site_id: int, number: int) -> Version:
    """Return a version of a site. Raises NotFound."""
    found = page(conn, site_id, limit=1, number=number)
    if not found:
        raise NotFound("version of triage", number)
    return found[0]


def moves(conn: Connection, site_id: int, *, limit: int, before: int | None = None) -> list[Move]:
    """Return which versions were put in force at a site, the newest first."""
    asked = {"site_id": site_id, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Move)) as cursor:
        return cursor.execute(_QUERIES["moves"], asked).fetchall()


def state(conn: Connection, site_id: int, *, until: datetime) -> Learning:
    """Return how far a site is on the way to its next version, by the labels until a moment (wall clock)."""
    with conn.cursor(row_factory=class_row(Learning)) as cursor:
        found = cursor.execute(_QUERIES["learning"], {"site_id": site_id, "until": until}).fetchone()
    assert found is not None
    return found


def learned(conn: Connection, site_id: int, text: str) -> tuple[int | None, list[Suggestion]]:
    """Return the version in force at a site, None for none, and what its models suggest for a text."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["models_in_force"], {"site_id": site_id}).fetchall()
    found = []
    for row in rows:
        try:
            model = _read(conn, site_id, row["number"], row["field"], bytes(row["digest"]))
        except NotReadable:
            continue  # of another version of the program: its next run learns anew
        (suggested,) = model.suggest([text])
        if suggested.label is not None:
            found.append(
                Suggestion(
                    field=Field(row["field"]),
                    value=suggested.label,
                    source=Source.LEARNED,
                    probability=round(suggested.probability, 4),
                    because=tuple(model.words_for(text, suggested.label)),
                )
            )
    return (rows[0]["number"] if rows else None), found


def note_choices(
    conn: Connection,
    order_id: UUID,
    suggested: Sequence[Suggestion],
    chosen: Mapping[Field, str],
    *,
    number: int | None,
    actor: str,
    at: datetime,
) -> None:
    """Store, for each field that something was suggested for, what a person chose instead or as well."""
    for each in suggested:
        facts = {"order_id": order_id, "field": each.field.value, "suggested": each.value, "source": each.source.value}
        choice = {"chosen": chosen.get(each.field, ""), "number": number, "actor": actor, "at": at}
        conn.execute(_QUERIES["add_label"], facts | choice)


def _put(conn: Connection, site_id: int, number: int | None, *, actor: str, at: datetime, why: str) -> None:
    conn.execute(_QUERIES["put_in_force"], {"site_id": site_id, "number": number, "actor": actor, "at": at, "why": why})


def _read(conn: Connection, site_id: int, number: int, field: str, digest: bytes) -> "Selector":
    from models.triage import stored

    model = _models.get(digest)
    if model is None:
        asked = {"site_id": site_id, "number": number, "field": field}
        with conn.cursor(row_factory=scalar_row) as cursor:
            content = cursor.execute(_QUERIES["content"], asked).fetchone()
        model = stored.from_bytes(bytes(content or b""))
        if len(_models) >= KEPT:
            _models.clear()
        _models[digest] = model
    return model


_models: dict[bytes, "Selector"] = {}
"""Models by the digest of their content; all are dropped when there are too many."""
