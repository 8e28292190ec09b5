"""A language in which every marked text is in brackets, to find the words of a page that are in no catalogue."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from gettext import NullTranslations

from psycopg import Connection, sql

from tests.parts import catalogue
from tests.visible import texts
from workorder_core.language import Language

_WORD = re.compile(r"[A-Za-z][a-z]{2,}")


class _Brackets(NullTranslations):
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message.strip() else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@cache
def language() -> Language:
    """Return it. It writes numbers and times as English does."""
    templates = (text for context, text in catalogue.marked() if not context and "%(" not in text)
    return Language("en", _Brackets(), templates=tuple(templates))


OF_THE_ENGINE = {
    "alarm_points": ["summary"], "alarms": ["summary"], "delivery_attempts": ["detail"],
    "engine_alarm_news": ["problem"], "engine_troubles": ["said"], "evidence": ["summary"],
    "maintenance_occurrences": ["why"],
    "maintenance_series": ["next_why", "ended_why"], "quarantine": ["problem"], "receivers": ["state_why"],
    "run_log": ["line"], "runs": ["title", "doing", "problem", "result"], "shadow_orders": ["why"],
    "work_orders": ["assignment_note", "priority_reason"], "events": ["data"], "new_events": ["data"],
    "idempotent_answers": ["body", "headers"],
}  # fmt: skip
"""Columns by table that have sentences of the engine, in English: pages translate them. What is quoted in them is
elsewhere too."""


def words_of_data(conn: Connection) -> set[str]:
    """Return every word that any row of the database has, but for the engine's own: what people and machines wrote."""
    tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = set[str]()
    for (name,) in tables:
        ours = [*OF_THE_ENGINE.get(name, [])]
        query = sql.SQL("SELECT (to_jsonb(t) - {}::text[])::text FROM {} t LIMIT 20000")
        for (row,) in conn.execute(query.format(sql.Literal(ours), sql.Identifier(name))):
            found.update(each.lower() for each in _WORD.findall(row))
    return found


def unmarked(page: str, known: Collection[str]) -> Iterator[str]:
    """Yield each text of a page that has a word which is neither in brackets nor known."""
    inside = 0
    for text in texts(page):
        # A marked text may have elements in it, which cut it into several.
        left = []
        for part in re.split(r"([⟦⟧])", text):
            if part == "⟦":
                inside += 1
            elif part == "⟧":
                inside -= 1
            elif not inside:
                left.append(part)
        strange = [each for each in _WORD.findall(" ".join(left)) if each.lower() not in known]
        if strange:
            yield f"{' '.join(strange)!r} in {text[:160]!r}"
