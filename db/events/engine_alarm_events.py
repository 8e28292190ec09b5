"""The engine's own alarms as events, found by polling because most of them are not stored anywhere."""

from datetime import datetime

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.alarms import engine_alarms
from db.events import events
from workorder_core.notifying import engine_news
from workorder_core.notifying.engine_news import Known

_QUERIES = sql.load("engine_alarm_news")


def report(conn: Connection, *, now: datetime) -> int:
    """Write an event for each alarm of the engine raised or ended since the last check; return how many.

    ``now`` is the wall clock. The caller makes sure that nobody else checks meanwhile.
    """
    said = {alarm.code.value: (alarm.problem, alarm.action) for alarm in engine_alarms.standing(conn, now=now)}
    known, earlier = _known(conn)
    news = engine_news.look(list(said), known, now=now)
    said = earlier | said
    for code in (*news.raised, *news.over):
        what = "raised" if code in news.raised else "cleared"
        problem, action = said[code]
        data = {"code": code, "problem": problem, "action": action}
        events.append(conn, f"engine_alarm.{what}", code.replace("_", " "), at=now, data=data)
    conn.execute(_QUERIES["forget_news"], {"codes": list(news.known)})
    for code, each in news.known.items():
        problem, action = said[code]
        facts = {"code": code, "problem": problem, "action": action, "since": each.since, "raised": each.raised}
        conn.execute(_QUERIES["save_news"], facts | {"missing_since": each.missing_since})
    return len(news.raised) + len(news.over)


def _known(conn: Connection) -> tuple[dict[str, Known], dict[str, tuple[str, str]]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["news"]).fetchall()
    return (
        {row["code"]: Known(row["since"], row["raised"], row["missing_since"]) for row in rows},
        {row["code"]: (row["problem"], row["action"]) for row in rows},
    )
