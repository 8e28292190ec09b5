"""What does not fit between checklists and signals: a value that the engine could not read as one of its signal."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row

from db import sql
from db.inspections import checklists
from db.inspections.checklists import Route
from ingest import units
from workorder_core.inspections.checklists import Item
from workorder_core.sentences import say

_QUERIES = sql.load("inspection_results")


@dataclass(frozen=True, slots=True)
class _Signal:
    asset_id: int
    name: str
    unit: str | None


def of_value(conn: Connection, asset_id: int, item: Item) -> str | None:
    """Return why the engine could not read a value of an item at an asset; None where it can.

    A signal that the asset does not have yet comes into being with its first reading, in the item's unit.
    """
    return _doubt(item, _signals(conn, [asset_id]).get((asset_id, item.signal)))


def of_route(conn: Connection, route: Route) -> list[str]:
    """Return a sentence for each measurement of a route that would not become a reading of its signal."""
    walk = [each for each in route.walk if not each.gone]
    signals = _signals(conn, sorted({each.asset_id for each in walk}))
    asked = {key: checklists.get(conn, key).checklist for key in {each.checklist_id for each in walk}}
    found: list[str] = []
    for stop in walk:
        for item in asked[stop.checklist_id].items:
            doubt = _doubt(item, signals.get((stop.asset_id, item.signal)))
            if doubt is not None:
                found.append(say("{asset}, {what}: {doubt}", asset=stop.asset, what=item.text, doubt=doubt))
    return found


def _doubt(item: Item, signal: _Signal | None) -> str | None:
    if signal is None or not item.unit or not signal.unit or units.factor(item.unit, signal.unit) is not None:
        return None
    return say(
        "the unit {unit} of the checklist cannot be converted to {other}, the unit of the signal {signal}",
        unit=item.unit,
        other=signal.unit,
        signal=signal.name,
    )


def _signals(conn: Connection, assets: list[int]) -> dict[tuple[int, str], _Signal]:
    with conn.cursor(row_factory=class_row(_Signal)) as cursor:
        found = cursor.execute(_QUERIES["signals"], {"assets": assets}).fetchall()
    return {(each.asset_id, each.name): each for each in found}
