"""Close-outs as labels: the precision of each model's version on each asset class, and how it moves the model's limit.

Moving a limit is an event in the judge's sequence of inputs, with who and why, like any other change. It is written in
the transaction that closes the order.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import sql, storable
from db.documents import documents
from db.errors import NotFound
from models import documents as model_documents
from models.document import ModelDocument
from models.labels import NEWEST, Labels, factor

_QUERIES = sql.load("labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The precision of a model's version on an asset class.

    Parameters
    ----------
    in_force
        Whether it judges that class at present.
    factor
        The present factor of its limit.
    """

    asset_class: str
    model: str
    version: str
    labels: Labels
    in_force: bool
    factor: float


def precision(conn: Connection) -> list[Precision]:
    """Return each model's precision, from its newest close-outs."""
    moved, models = _moved(conn), _models(conn)
    found = []
    for asset_class, model, version, labels in _counts(conn):
        moved_to = moved.get(asset_class, {})
        document = model_documents.of_class(models, asset_class)
        found.append(
            Precision(
                asset_class=asset_class,
                model=model,
                version=version,
                labels=labels,
                in_force=document.version == version,
                factor=float(moved_to["factor"]) if moved_to.get("version") == version else 1.0,
            )
        )
    return found


def adjust_limits(conn: Connection, order_id: UUID, *, actor: str) -> None:
    """Move the limit of the model that opened a closed order, if its labels ask for that."""
    models, moved = _models(conn), _moved(conn)
    for asset_class, model, version, labels in _counts(conn, order_id):
        document = model_documents.of_class(models, asset_class)
        if document.version != version or not document.precision_goal:
            continue
        asked = factor(labels, document.precision_goal, document.limit_least, document.limit_most)
        moved_to = moved.get(asset_class, {})
        if asked != (float(moved_to["factor"]) if moved_to.get("version") == version else 1.0):
            payload = {"class": asset_class, "model": model, "version": version, "factor": asked}
            facts = {
                "payload": storable.json(payload),
                "actor": actor,
                "why": _why(labels, document, asset_class, asked),
            }
            conn.execute(_QUERIES["move"], facts)


def _why(labels: Labels, document: ModelDocument, asset_class: str, asked: float) -> str:
    right = labels.confirmed + labels.other_cause
    return (
        f"on {right} of the newest {labels.total} closed orders of {document.name} on {asset_class} something was "
        f"wrong; the goal is {document.precision_goal:.0%}: its limit is multiplied by {asked:.3g}"
    )


def _counts(conn: Connection, order_id: UUID | None = None) -> list[tuple[str, str, str, Labels]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["counts"], {"order_id": order_id, "newest": NEWEST}).fetchall()
    counted = ("confirmed", "other_cause", "nothing_found")
    return [
        (row["asset_class"], row["model"], row["version"], Labels(**{each: row[each] for each in counted}))
        for row in rows
    ]


def _moved(conn: Connection) -> dict[str, dict[str, Any]]:
    with conn.cursor(row_factory=scalar_row) as cursor:
        return {each["class"]: each for each in cursor.execute(_QUERIES["moved"])}


def _models(conn: Connection) -> Any:
    try:
        return documents.version(conn, documents.Kind.MODELS).document
    except NotFound:
        return {}
