"""The rules in force, one by one: the use of their alarm budgets, and which judge in shadow."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.asking import ENGINEERS, SEES_ALL, Actor, Conn, Now
from api.paging import Id, Order, PagedByFifty, Text
from api.shapes.rules import RuleOut, WhyIn
from db.documents import budgets, rules_in_force, rules_in_shadow, slow_devices
from rules.threshold import Threshold

router = APIRouter(prefix="/rules", tags=["rules and models"])
IN_ITS_ORDER = Order[tuple[int, Threshold]](tuple[Id, Text], lambda each: (each[0], each[1].id))


@router.get("", dependencies=[SEES_ALL])
def find(
    conn: Conn,
    now: Now,
    part: PagedByFifty,
    asset_class: Annotated[str | None, Query(description="rules of one class")] = None,
    in_shadow: Annotated[bool | None, Query(description="only those in shadow (true) or not (false)")] = None,
    budgeted: Annotated[bool | None, Query(description="only those with a budget (true) or without (false)")] = None,
) -> list[RuleOut]:
    """List the rules of the rulebook in force, in its order."""
    there, book = rules_in_shadow.now_there(conn), rules_in_force.newest(conn)
    rules = list(enumerate(book.rules))
    found = [
        (number, each)
        for number, each in rules[_beginning(rules, part.after(IN_ITS_ORDER)) :]
        if asset_class in (None, each.asset_class)
        and in_shadow in (None, each.id in there)
        and budgeted in (None, each.budget is not None)
    ]
    slow = slow_devices.by_rule(slow_devices.of(conn, book))
    page = budgets.of(conn, [each for _, each in part.of_fetched(found, IN_ITS_ORDER)], now=now)
    return [RuleOut.of(each, slow.get(each.rule.id)) for each in page]


def _beginning(rules: Sequence[tuple[int, Threshold]], after: tuple[Any, ...] | None) -> int:
    """Return where a page begins: after a rule, wherever it is in the book that is in force now, or where it was."""
    if after is None:
        return 0
    was, rule = after
    return next((number + 1 for number, each in rules if each.id == rule), max(int(was), 0))


@router.get("/{rule:path}", dependencies=[SEES_ALL])
def read(rule: str, conn: Conn, now: Now) -> RuleOut:
    """Read one rule."""
    slow = slow_devices.by_rule(slow_devices.of(conn, rules_in_force.newest(conn)))
    return RuleOut.of(budgets.of(conn, [budgets.one(conn, rule)], now=now)[0], slow.get(rule))


@router.post("/{rule:path}/shadow", dependencies=[ENGINEERS])
def to_shadow(rule: str, body: WhyIn, conn: Conn, now: Now, actor: Actor) -> RuleOut:
    """Put a rule in shadow: it opens no orders, and its alarms are counted. Not for safety rules."""
    budgets.to_shadow(conn, rule, actor=actor, why=body.why, at=now)
    return read(rule, conn, now)


@router.post("/{rule:path}/return", dependencies=[ENGINEERS])
def back(rule: str, body: WhyIn, conn: Conn, now: Now, actor: Actor) -> RuleOut:
    """Return a rule from shadow: it opens orders again; its budget is counted from now."""
    rules_in_shadow.end(conn, rule, actor=actor, why=body.why, at=now)
    return read(rule, conn, now)
