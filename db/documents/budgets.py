"""The rules in force and their alarm budgets; a rule over its budget goes to shadow where its owner allowed it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from db.documents import rules_in_force, rules_in_shadow
from db.documents.rules_in_shadow import InShadow
from db.errors import NotFound
from rules.threshold import Threshold
from workorder_core.alarms import budget
from workorder_core.alarms.budget import Spent
from workorder_core.sentences import say
from workorder_core.words import Severity


class SafetyRule(Exception):
    """A safety rule cannot be kept from opening orders."""

    def __init__(self, rule: str) -> None:
        super().__init__(
            say("rule {rule} is a safety rule and never judges in shadow; change the rule itself", rule=rule)
        )
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNow:
    """A rule in force and what it has used; ``over`` says why it is over its budget, None if it is not."""

    rule: Threshold
    spent: Spent
    over: str | None
    in_shadow: InShadow | None


def of(conn: Connection, rules: Iterable[Threshold], *, now: datetime) -> list[RuleNow]:
    """Return those rules with what they have used."""
    all_of = list(rules)
    spent = rules_in_shadow.spent(conn, [each.id for each in all_of], now=now)
    there = rules_in_shadow.now_there(conn)
    return [
        RuleNow(
            rule=each,
            spent=spent[each.id],
            over=None if each.budget is None else budget.over(each.budget, spent[each.id]),
            in_shadow=there.get(each.id),
        )
        for each in all_of
    ]


def keep(conn: Connection, *, actor: str, now: datetime) -> list[str]:
    """Move rules over their budget to shadow, in the caller's transaction; return which."""
    limited = [each for each in rules_in_force.newest(conn).rules if each.budget is not None]
    gone = []
    for each in of(conn, limited, now=now):
        rule = each.rule
        allowed = rule.budget is not None and rule.budget.may_go_to_shadow and rule.severity is not Severity.SAFETY
        if each.over is not None and each.in_shadow is None and allowed:
            rules_in_shadow.begin(conn, rule.id, actor=actor, why=f"over its alarm budget: {each.over}", at=now)
            gone.append(rule.id)
    return gone


def to_shadow(conn: Connection, rule_id: str, *, actor: str, why: str, at: datetime) -> None:
    """Move a rule to shadow at somebody's request. Raises NotFound, AlreadyExists and SafetyRule."""
    rule = one(conn, rule_id)
    if rule.severity is Severity.SAFETY:
        raise SafetyRule(rule_id)
    rules_in_shadow.begin(conn, rule_id, actor=actor, why=why, at=at)


def one(conn: Connection, rule_id: str) -> Threshold:
    """Return a rule of the rulebook in force. Raises NotFound."""
    found = next((each for each in rules_in_force.newest(conn).rules if each.id == rule_id), None)
    if found is None:
        raise NotFound("rule", rule_id)
    return found
