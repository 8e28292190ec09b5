"""Disruptions of plans: noted by triggers in the transaction of their cause, and settled by asking for new proposals.

The caller owns the transaction.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from db import sql
from db.scheduling import queue
from workorder_core.scheduling.disruptions import OVERRUN_AFTER, SECONDS, cause, is_settled

_QUERIES = sql.load("disruptions")
ACTOR = "system:disruptions"
URGENT = 1
_LOOKED_BACK = timedelta(days=7)
_KEPT = timedelta(days=30)


def plan_anew(conn: Connection, *, now: datetime) -> int:
    """Queue a new proposal for each week whose plan something has upset; return how many runs were queued.

    Disruptions of a site that still come in wait for one another; a week without a plan is left to the night, or to who
    plans it.
    """
    by_site: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["waiting"]):
            by_site[row["site"]].append(row)
    queued = 0
    for site, rows in by_site.items():
        if not is_settled([row["noticed_at"] for row in rows], now):
            continue
        said = {row["id"]: cause(row["kind"], technician=row["technician"], number=row["number"]) for row in rows}
        for monday, ids in _weeks(conn, list(said), now).items():
            causes = list(dict.fromkeys(said[each] for each in ids))
            queue.schedule(conn, site, monday, seconds=SECONDS, causes=causes, actor=ACTOR, at=now, priority=URGENT)
            queued += 1
        conn.execute(_QUERIES["settle"], {"ids": list(said), "at": now})
    return queued


def note_overruns(conn: Connection, *, now: datetime) -> int:
    """Note the published work that is not over though its planned end has passed; return how many are new."""
    facts = {"before": now - OVERRUN_AFTER, "since": now - _LOOKED_BACK}
    return conn.execute(_QUERIES["note_overruns"], facts).rowcount


def forget(conn: Connection, *, now: datetime) -> int:
    """Delete what was settled long ago; return how many."""
    return conn.execute(_QUERIES["forget"], {"before": now - _KEPT}).rowcount


def _weeks(conn: Connection, ids: list[int], now: datetime) -> Mapping[date, list[int]]:
    found: dict[date, list[int]] = defaultdict(list)
    with conn.cursor(row_factory=tuple_row) as cursor:
        for each, monday in cursor.execute(_QUERIES["weeks"], {"ids": ids, "now": now}):
            found[monday].append(each)
    return found
