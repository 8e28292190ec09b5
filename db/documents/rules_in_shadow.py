"""Rules that judge in shadow one by one, and what each rule has used of its alarm budget."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql
from db.errors import AlreadyExists, NotFound
from db.orders import order_history
from workorder_core.alarms.budget import CLOSE_OUTS, REMEMBERED, WEEK, Spent
from workorder_core.words import CloseFinding

_QUERIES = sql.load("rules_in_shadow")
_NO_RULES = ("component_of_signal", "pack", "override", "operating_state", "derived")


@dataclass(frozen=True, slots=True, kw_only=True)
class InShadow:
    """A rule that judges in shadow; ``begun_at`` is the wall clock."""

    rule: str
    begun_at: datetime
    begun_by: str
    why: str


def now_there(conn: Connection) -> Mapping[str, InShadow]:
    """Return the rules that judge in shadow now, by their ids."""
    with conn.cursor(row_factory=class_row(InShadow)) as cursor:
        return {each.rule: each for each in cursor.execute(_QUERIES["now"])}


def begin(conn: Connection, rule: str, *, actor: str, why: str, at: datetime) -> None:
    """Move a rule to shadow; write it to the judge's inputs and to the history of the orders that it gave evidence to.

    Raises AlreadyExists for one that is there already.
    """
    facts = {"rule": rule, "actor": actor, "why": why, "at": at}
    if conn.execute(_QUERIES["begin"], facts).fetchone() is None:
        raise AlreadyExists("rule in shadow", rule)
    _tell_orders(conn, rule, f"rule {rule} judges in shadow from now on: {why}", actor, at)


def end(conn: Connection, rule: str, *, actor: str, why: str, at: datetime) -> None:
    """Return a rule from shadow; its budget counts from now. Raises NotFound for one that is not in shadow."""
    facts = {"rule": rule, "actor": actor, "why": why, "at": at}
    if conn.execute(_QUERIES["end"], facts).fetchone() is None:
        raise NotFound("rule in shadow", rule)
    _tell_orders(conn, rule, f"rule {rule} opens orders again: {why}", actor, at)


def release_changed(
    conn: Connection, before: Mapping[str, Any], after: Mapping[str, Any], *, actor: str, at: datetime
) -> None:
    """Return from shadow the rules that a new rulebook changes or no longer has."""
    for rule in now_there(conn):
        if _written(before, rule) != _written(after, rule):
            end(conn, rule, actor=actor, why="the rulebook has changed it", at=at)


def spent(conn: Connection, rules: Sequence[str], *, now: datetime) -> dict[str, Spent]:
    """Return what each rule has used in the last week, and since it last left the shadow."""
    ended: dict[str, datetime] = dict(conn.execute(_QUERIES["ended"]).fetchall())
    names = list(dict.fromkeys(rules))

    def asked(span: Any) -> dict[str, Any]:
        return {"rules": names, "sinces": [max(now - span, ended.get(rule, now - span)) for rule in names]}

    shown, would_be, found = Counter[str](), Counter[str](), Counter[tuple[str, bool]]()
    for rule, alarms, in_shadow in conn.execute(_QUERIES["alarms"], asked(WEEK) | {"until": now}):
        shown[rule], would_be[rule] = alarms, in_shadow
    for rule, close_finding in conn.execute(_QUERIES["close_outs"], asked(REMEMBERED) | {"most": CLOSE_OUTS}):
        found[rule, close_finding != CloseFinding.NOTHING_FOUND] += 1
    return {
        rule: Spent(alarms=shown[rule], would_be=would_be[rule], right=found[rule, True], wrong=found[rule, False])
        for rule in names
    }


def _tell_orders(conn: Connection, rule: str, why: str, actor: str, at: datetime) -> None:
    with conn.cursor(row_factory=scalar_row) as cursor:
        orders = cursor.execute(_QUERIES["orders_of"], {"rule": rule}).fetchall()
    for order_id in orders:
        order_history.append(conn, order_id, at=at, actor=actor, step="note", why=why)


def _written(document: Mapping[str, Any], rule: str) -> object:
    """Return how a rulebook defines a rule: its table and its overrides, or the packs if it is one of theirs."""
    tables = [table for kind, all_of in document.items() if kind not in _NO_RULES for table in all_of]
    own = [table for table in tables if table.get("id") == rule] or document.get("pack")
    return own, [table for table in document.get("override", []) if table.get("rule") == rule]
