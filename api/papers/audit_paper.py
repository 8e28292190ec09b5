"""The report of an audit to file: what was looked at, what is wrong, and the anchor to note elsewhere."""

from datetime import datetime
from typing import Any

from api.papers.typeset import clock
from db.orders.audit import Verdict

MOST_BROKEN = 500


def facts(found: Verdict, *, at: datetime, by: str, database: str, expected: str | None) -> dict[str, Any]:
    """Return what the template says. ``database`` names the one that was looked at, without its password."""
    number, anchor = found.anchor or (None, None)
    return {
        "sound": found.sound,
        "orders": f"{found.orders:,}",
        "rows": f"{found.rows:,}",
        "database": database,
        "anchor": None if anchor is None else {"number": number, "hash": anchor},
        "expected": expected,
        "expected_there": found.missing_anchor is None,
        "broken": [
            {"what": each.number or str(each.order_id), "row": str(each.seq), "problem": each.problem}
            for each in found.broken[:MOST_BROKEN]
        ],
        "more": max(0, len(found.broken) - MOST_BROKEN),
        "broken_anchors": list(found.broken_anchors),
        "footer": f"Made {clock(at, 'UTC')} by {by}",
    }
