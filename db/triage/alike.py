"""Orders whose texts are alike, what came of them, and the passages that answer a question."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from db import scope, sql
from db.files import files
from db.orders import job_plans
from models.triage.likeness import likeness, share_of
from models.triage.texts import words
from workorder_core.orders.order import WorkOrder

_QUERIES = sql.load("triage")
CANDIDATES = 200
"""Orders with common words that are compared."""
BEGINNING = 5
"""Letters of a word by which other forms of it are found."""
MOST_WORDS = 30
LEAST_ALIKE = 0.2
LEAST_SHARE = 0.5
"""The share of a question's words that a passage must have."""
MOST_FILES, MOST_BYTES, LONGEST_PASSAGE = 30, 100_000, 600
_COMMON = frozenset(
    words(
        "the and was what when where how why who did does done with for from that this there has have had are is it "
        "its of on in at to we you do can last time der die das und ist was wann wo wie warum wer mit für von den dem "
        "des ein eine einen einem hat haben wurde wird war zu im am an auf bei letzte letzten mal man wir sie es nicht"
    )
)
"""Words of questions that say nothing of what is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """An order whose text is alike, from 0 to 1, with what came of it.

    ``fixed``: finished, never sent back, no order follows it, and something was found. ``hours`` were worked.
    """

    id: UUID
    number: str
    title: str
    status: str
    asset_id: int | None
    asset: str | None
    component: str
    failure_mode: str
    recorded_at: datetime
    finding: str | None
    cause: str | None
    remedy: str | None
    note: str | None
    hours: float | None
    parts: Sequence[str]
    fixed: bool
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A cause with its remedy in similar finished orders: how often, and in which share it was enough."""

    cause: str
    remedy: str
    orders: int
    fixed_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage that answers a question, as it is written.

    Parameters
    ----------
    kind
        ``order``, ``comment``, ``job_plan`` or ``file``.
    source
        An order's number, a plan's key, a file's name.
    key
        By which the source is opened: an order's or a file's id, or the plan's key.
    share
        Of the question's words that it has, from 0 to 1.
    """

    kind: str
    source: str
    key: str
    text: str
    share: float


def orders(
    conn: Connection,
    text: str,
    *,
    site_id: int | None = None,
    within: Collection[str] | None = None,
    asset_id: int | None = None,
    but: UUID | None = None,
    only_open: bool = False,
    only_done: bool = False,
    limit: int = 10,
) -> list[Alike]:
    """Return orders with similar texts, the most alike first."""
    rows = _rows(conn, text, site_id, within, asset_id=asset_id, but=but, open=only_open, done=only_done)
    alike = likeness(text, [row["title"] for row in rows])
    found = [_alike(row, how) for row, how in zip(rows, alike, strict=True) if how >= LEAST_ALIKE]
    return sorted(found, key=lambda each: (-each.likeness, each.number))[:limit]


def last_time(conn: Connection, order: WorkOrder, *, limit: int = 10) -> list[Alike]:
    """Return finished orders of an order's site with similar texts; those of its asset and failure mode count more."""
    found = orders(conn, order.title, site_id=order.site_id, but=order.id, only_done=True, limit=CANDIDATES)

    def rank(each: Alike) -> tuple[float, str]:
        same_asset = each.asset_id is not None and each.asset_id == order.asset_id
        same_mode = each.failure_mode == order.failure_mode.value and order.failure_mode.specific
        return (-(each.likeness + 0.3 * same_asset + 0.2 * same_mode), each.number)

    return sorted(found, key=rank)[:limit]


def checks(found: Sequence[Alike]) -> list[Check]:
    """Return what was wrong and done in similar orders, what was enough most often first."""
    by_remedy: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for each in found:
        if each.cause and each.remedy:
            by_remedy[each.cause, each.remedy].append(each.fixed)
    made = [
        Check(cause=cause, remedy=remedy, orders=len(fixed), fixed_share=sum(fixed) / len(fixed))
        for (cause, remedy), fixed in by_remedy.items()
    ]
    # One more, not enough, is assumed, so that a single success is no proof.
    return sorted(made, key=lambda one: (-one.fixed_share * one.orders / (one.orders + 1), one.cause, one.remedy))


def answers(
    conn: Connection,
    question: str,
    *,
    within: Collection[str] | None,
    site_id: int | None = None,
    limit: int = 10,
) -> list[Passage]:
    """Return the passages of orders, job plans and text files that have most of a question's words.

    Nothing is written that is not in them.
    """
    asked = " ".join(_asked(question))
    if not asked:
        return []
    found = _of_orders(conn, asked, within, site_id) + _of_plans(conn, asked, within)
    found += _of_files(conn, asked, within, site_id)
    enough = {(each.kind, each.key, each.text): each for each in found if each.share >= LEAST_SHARE}
    return sorted(enough.values(), key=lambda each: (-each.share, each.kind, each.source, each.text))[:limit]


def _asked(question: str) -> list[str]:
    return [each for each in words(question) if each not in _COMMON and each.isalnum()][:MOST_WORDS]


def _rows(
    conn: Connection, text: str, site_id: int | None, within: Collection[str] | None, **narrowed: Any
) -> list[dict[str, Any]]:
    beginnings = {each[:BEGINNING] for each in _asked(text) if len(each) > 1}
    if not beginnings:
        return []
    usual = {"asset_id": None, "but": None, "open": False, "done": False}
    asked = {"words": " | ".join(f"{each}:*" for each in sorted(beginnings)), "limit": CANDIDATES, "site_id": site_id}
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["orders"], usual | narrowed | asked | {"within": scope.codes(within)}).fetchall()


def _alike(row: dict[str, Any], how: float) -> Alike:
    kept = {name: row[name] for name in Alike.__dataclass_fields__ if name not in ("likeness", "fixed")}
    return Alike(**kept, fixed=bool(row["fixed"]), likeness=round(how, 4))


def _of_orders(conn: Connection, asked: str, within: Collection[str] | None, site_id: int | None) -> list[Passage]:
    rows = _rows(conn, asked, site_id, within)
    remarks: dict[UUID, list[str]] = defaultdict(list)
    for order_id, text in conn.execute(_QUERIES["comments"], {"orders": [row["id"] for row in rows]}):
        remarks[order_id].append(text)
    found = []
    for row in rows:
        made = {"source": row["number"], "key": str(row["id"])}
        text = row["title"] if not row["note"] else f"{row['title']}\n{row['note']}"
        known = f"{text} {row['asset'] or ''} {row['component']}"
        found.append(Passage(kind="order", text=text, share=_share(asked, known), **made))
        found += [
            Passage(kind="comment", text=_cut(each), share=_share(asked, f"{each} {row['asset'] or ''}"), **made)
            for each in remarks[row["id"]]
        ]
    return found


def _of_plans(conn: Connection, asked: str, within: Collection[str] | None) -> list[Passage]:
    found = []
    for plan in job_plans.in_force(conn, within):
        made = {"kind": "job_plan", "source": plan.key, "key": plan.key}
        for each in plan.steps:
            share = _share(asked, f"{plan.title} {each.instruction}") if _share(asked, each.instruction) else 0.0
            found.append(Passage(text=_cut(each.instruction), share=share, **made))
    return found


def _of_files(conn: Connection, asked: str, within: Collection[str] | None, site_id: int | None) -> list[Passage]:
    narrowed = {"within": scope.codes(within), "site_id": site_id, "limit": MOST_FILES}
    found = []
    for file_id, name, owner, _, _ in conn.execute(_QUERIES["text_files"], narrowed).fetchall():
        text = files.content(conn, file_id)[:MOST_BYTES].decode("utf-8", "replace")
        for passage in re.split(r"\n\s*\n", text):
            if passage.strip() and _share(asked, passage):
                share = _share(asked, f"{passage} {owner}")
                found.append(
                    Passage(kind="file", source=name, key=str(file_id), text=_cut(passage.strip()), share=share)
                )
    return found


def _share(asked: str, passage: str) -> float:
    return round(share_of(asked, passage), 4)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PASSAGE else f"{text[:LONGEST_PASSAGE]} …"
