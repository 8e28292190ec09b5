"""What is suggested for a text at a site, and which open orders may be about the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from psycopg import Connection

from db import sql
from db.documents import rules_in_force
from db.orders import job_plans
from db.plant.plant import Site
from db.triage import alike, danger, versions
from db.triage.alike import Alike
from workorder_core.people.skills import SKILL_OF_COMPONENT, SKILL_OF_FAILURE_MODE
from workorder_core.triage.suggestions import Field, Source, Suggestion, merged, of_danger, of_words
from workorder_core.words import FailureMode, OrderType, Priority

_QUERIES = sql.load("triage")
MOST_DUPLICATES = 5
LEAST_ALIKE = 0.45
"""How alike the text of an open order must be to be shown as a possible duplicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Suggestions for a text, one a field at most, and open orders that may be about the same, the most alike first.

    ``version`` is the version of what was learned; None where none is in force.
    """

    suggestions: Sequence[Suggestion]
    duplicates: Sequence[Alike]
    version: int | None


def suggest(conn: Connection, site: Site, text: str) -> Suggested:
    """Suggest what an order or a request with a text is about. Writes nothing."""
    assets: dict[str, str] = dict(conn.execute(_QUERIES["assets"], {"site_id": site.id}).fetchall())
    version, learned = versions.learned(conn, site.id, text)
    by_words = of_words(text, assets=assets, components=_components(conn))
    plans = {each.code: each.key for each in job_plans.in_force(conn, [site.code])}
    known = [_with_key(each, plans) for each in learned if _exists(each, assets, plans)]
    found = merged(of_danger(text, danger.of_site(conn, site.id).words), known, by_words)
    open_orders = alike.orders(conn, text, site_id=site.id, only_open=True, limit=MOST_DUPLICATES)
    return Suggested(
        suggestions=_with_skill(found),
        duplicates=[each for each in open_orders if each.likeness >= LEAST_ALIKE],
        version=version,
    )


def _components(conn: Connection) -> list[str]:
    """Return the components that the rulebook and the table of skills know."""
    book = rules_in_force.newest(conn)
    of_rules = {each.component for each in book.rules if each.component}
    of_signals = {part for signals in book.component_of_signal.values() for part in signals.values()}
    return sorted(of_rules | of_signals | SKILL_OF_COMPONENT.keys())


def _exists(each: Suggestion, assets: dict[str, str], plans: dict[str, str]) -> bool:
    """Return whether a learned value still means something: an asset may be archived, a plan retired."""
    match each.field:
        case Field.ASSET:
            return each.value in assets
        case Field.PLAN:
            return each.value in plans
        case Field.TYPE:
            return each.value in set(OrderType)
        case Field.FAILURE_MODE:
            return each.value in set(FailureMode)
        case Field.PRIORITY:
            return each.value in {str(one.value) for one in Priority}
    return True


def _with_key(each: Suggestion, plans: dict[str, str]) -> Suggestion:
    return replace(each, value=plans[each.value]) if each.field is Field.PLAN else each


def _with_skill(found: list[Suggestion]) -> list[Suggestion]:
    """Add the skill that follows from the suggested component or failure mode, where none is learned."""
    by_field = {each.field: each for each in found}
    component, mode = by_field.get(Field.COMPONENT), by_field.get(Field.FAILURE_MODE)
    skill = SKILL_OF_COMPONENT.get(component.value) if component else None
    because = component
    if skill is None and mode:
        skill, because = SKILL_OF_FAILURE_MODE.get(FailureMode(mode.value)), mode
    if skill is None or because is None or Field.SKILL in by_field:
        return found
    made = Suggestion(field=Field.SKILL, value=skill, source=Source.WORDS, because=because.because)
    return sorted([*found, made], key=lambda each: list(Field).index(each.field))
