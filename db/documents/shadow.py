"""Runs in shadow: documents that judge beside those in force, and the orders that they would have opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from db import sql
from db.documents import documents, fleets
from db.documents.documents import Kind
from db.errors import AlreadyExists, NotFound, NothingOnTrial
from workorder_core.intake.decisions import Decision
from workorder_core.intake.effects import What, apply_decision

_QUERIES = sql.load("shadow")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRun:
    """A run. ``begun_at`` and ``ended_at`` are the wall clock.

    Parameters
    ----------
    rulebook, models
        The documents on trial; None where what is in force judges in the shadow too.
    first, last
        The sequence numbers at which it began and ended; None until the engine has reached them.
    orders
        How many it would have opened, duplicates not counted.
    """

    id: int
    name: str
    rulebook: Mapping[str, Any] | None
    models: Mapping[str, Any] | None
    begun_by: str
    begun_why: str
    begun_at: datetime
    outcome: str | None
    ended_by: str | None
    ended_why: str | None
    ended_at: datetime | None
    first: int | None
    last: int | None
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowOrder:
    """An order that a run would have opened, in the state it would have now."""

    id: UUID
    asset: str
    component: str
    failure_mode: str
    type: str
    opened_as: str
    opened_at: datetime
    why: str
    evidence: int
    duplicate_of: UUID | None


def begin(
    conn: Connection,
    name: str,
    *,
    rulebook: Mapping[str, Any] | None,
    models: Mapping[str, Any] | None,
    actor: str,
    why: str,
) -> int:
    """Begin a run and return its id; the judge starts it with its next batch.

    Raises AlreadyExists while one runs, NothingOnTrial, and InvalidRulebook or InvalidModels for documents that cannot
    judge.
    """
    if rulebook is None and models is None:
        raise NothingOnTrial
    models = None if models is None else fleets.resolved(conn, models)
    for kind, document in ((Kind.RULEBOOK, rulebook), (Kind.MODELS, models)):
        if document is not None:
            documents.check(kind, document)
    facts = {
        "name": name,
        "rulebook": None if rulebook is None else Jsonb(dict(rulebook)),
        "models": None if models is None else Jsonb(dict(models)),
        "actor": actor,
        "why": why,
    }
    try:
        with conn.transaction():
            row: Any = conn.execute(_QUERIES["begin"], facts).fetchone()
    except UniqueViolation:
        running = runs(conn, unfinished=True)
        raise AlreadyExists("run in shadow", running[0].id if running else name) from None
    return int(row[0])


def end(
    conn: Connection, run_id: int, outcome: Literal["promoted", "dropped"], *, actor: str, why: str
) -> dict[Kind, Mapping[str, Any]]:
    """End a run. What is promoted becomes the new version of its documents, which are returned by kind.

    Raises NotFound for a run that does not exist, and AlreadyExists for one that has ended.
    """
    facts = {"id": run_id, "outcome": outcome, "actor": actor, "why": why}
    row: Any = conn.execute(_QUERIES["end"], facts).fetchone()
    if row is None:
        raise AlreadyExists("end of the run in shadow", run(conn, run_id).id)
    if outcome == "dropped":
        return {}
    changed = {kind: document for kind, document in zip(Kind, row, strict=True) if document is not None}
    for kind, document in changed.items():
        documents.write(conn, kind, document, actor=actor, why=why)
    return changed


def run(conn: Connection, run_id: int) -> ShadowRun:
    """Return one run. Raises NotFound."""
    found = _runs(conn, run_id, None, unfinished=False, limit=1)
    if not found:
        raise NotFound("run in shadow", run_id)
    return found[0]


def runs(conn: Connection, *, unfinished: bool = False, limit: int = 50, before: int | None = None) -> list[ShadowRun]:
    """Return runs, the newest first; with ``before`` those of smaller ids."""
    return _runs(conn, None, before, unfinished=unfinished, limit=limit)


def orders(
    conn: Connection, run_id: int, *, after: tuple[datetime, str, str] | None = None, limit: int | None = None
) -> list[ShadowOrder]:
    """Return what a run would have opened, the oldest first; ``after`` is the opening, asset and id of one of them."""
    asked: dict[str, Any] = {"run_id": run_id, "limit": limit}
    asked |= dict(zip(("after_opened", "after_asset", "after_id"), after or (None, None, None), strict=True))
    with conn.cursor(row_factory=class_row(ShadowOrder)) as cursor:
        return cursor.execute(_QUERIES["orders"], asked).fetchall()


def apply(conn: Connection, run_id: int, decision: Decision, *, asset_id: int) -> None:
    """Apply a decision to a run's own orders, as ``db.orders.decisions.apply`` does to the plant's."""
    effect = apply_decision(decision)
    if not effect.evidence:
        return
    facts: dict[str, Any] = {
        "run_id": run_id,
        "id": effect.order_id,
        "component": effect.component,
        "failure_mode": effect.failure_mode,
        "type": effect.type,
    }
    if effect.what is What.OPENED:
        finding = effect.finding
        why = f"{finding.source}: {finding.summary}"
        conn.execute(_QUERIES["open"], facts | {"asset_id": asset_id, "opened_at": finding.at, "why": why})
        return
    conn.execute(_QUERIES["change"], facts)
    if effect.absorbs is not None:
        conn.execute(_QUERIES["merge"], facts | {"duplicate_id": effect.absorbs})


def _runs(conn: Connection, run_id: int | None, before: int | None, *, unfinished: bool, limit: int) -> list[ShadowRun]:
    asked = {"id": run_id, "unfinished": unfinished, "limit": limit, "before": before}
    with conn.cursor(row_factory=class_row(ShadowRun)) as cursor:
        return cursor.execute(_QUERIES["runs"], asked).fetchall()
