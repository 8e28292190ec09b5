"""Excursions in late data: newer readings of the same signal had been judged already, so no rule judged these."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.documents import rules_in_force
from rules.threshold import Threshold

_QUERIES = sql.load("telemetry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """An excursion beyond a rule's limit, from ``since`` to ``until`` by the device's clock.

    ``worst`` is the value farthest beyond it, in the signal's unit; ``received_at`` is when its newest reading arrived.
    """

    rule: Threshold
    signal: str
    since: datetime
    until: datetime
    received_at: datetime
    readings: int
    worst: float


def of_asset(
    conn: Connection, asset_id: int, key: str, asset_class: str, *, start: datetime, end: datetime
) -> Sequence[Excursion]:
    """Return, by plain limit in force, the late excursions of an asset (``<site>/<asset>``)."""
    book = rules_in_force.newest(conn)
    plain = {rule.id: rule for rule in book.rules_for(asset_class, key) if rule.kind == "threshold"}
    if not plain:
        return []
    asked = {
        "asset_id": asset_id,
        "start": start,
        "end": end,
        "rules": list(plain),
        "signals": [rule.signal for rule in plain.values()],
        "limits": [rule.raise_at for rule in plain.values()],
        "uppers": [rule.upper for rule in plain.values()],
    }
    with conn.cursor(row_factory=dict_row) as cursor:
        return [
            Excursion(**row | {"rule": plain[row["rule"]]}) for row in cursor.execute(_QUERIES["late_beyond"], asked)
        ]
