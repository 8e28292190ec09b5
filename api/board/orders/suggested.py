"""Suggestions on the form of a new order: shown for a text, chosen with a click, and what was chosen is stored."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from db.plant import plant
from db.plant.plant import Asset, Site
from db.triage import suggesting, versions
from db.triage.suggesting import Suggested
from workorder_core.language import N_
from workorder_core.orders.order import WorkOrder
from workorder_core.triage.suggestions import Field, Source, Suggestion
from workorder_core.words import FailureMode, OrderType, Priority

INPUTS = {
    Field.TYPE: "kind",
    Field.PRIORITY: "priority",
    Field.ASSET: "asset_id",
    Field.COMPONENT: "component",
    Field.FAILURE_MODE: "failure_mode",
    Field.SKILL: "skill",
    Field.PLAN: "plan",
}
"""By field, the name of its input in the form."""
LABELS = {
    Field.TYPE: N_("type"),
    Field.PRIORITY: N_("priority"),
    Field.ASSET: N_("asset"),
    Field.COMPONENT: N_("component"),
    Field.FAILURE_MODE: N_("failure mode"),
    Field.SKILL: N_("skill"),
    Field.PLAN: N_("job plan"),
}
LONGEST_TITLE = 200


def facts(
    conn: Connection, sites: Sequence[Site], assets: Sequence[Asset], *, text: str, site: str, asset: int | None,
    use: Collection[str],
) -> tuple[dict[str, Any], dict[str, str]]:  # fmt: skip
    """Return what the page shows of suggestions for a text, and the inputs that they fill: those of the fields in
    ``use``, or nothing without a text.
    """
    of_asset = next((each for each in assets if each.id == asset), None)
    code = of_asset.site_code if of_asset else site
    at = next((each for each in sites if each.code == code), sites[0] if sites else None)
    if not text or at is None:
        return {"suggested": None, "said": text, "site": code, "used": ()}, {}
    found = suggesting.suggest(conn, at, text)
    chosen = [each for each in found.suggestions if each.field.value in use]
    filled = {INPUTS[each.field]: _input(each, at, assets) for each in chosen}
    shown = {"suggested": found, "said": text, "site": at.code, "used": [each.field.value for each in chosen]}
    return shown | {"danger": _danger(found)}, {"title": text[:LONGEST_TITLE], "said": text} | filled


def note(conn: Connection, order: WorkOrder, site: Site, said: str, *, actor: str, at: datetime) -> None:
    """Store what was suggested for the text that an order was described by, and what its maker chose."""
    found = suggesting.suggest(conn, site, said)
    code = None if order.asset_id is None else plant.asset(conn, order.asset_id, now=at).code
    chosen = {
        Field.TYPE: order.type.value,
        Field.PRIORITY: str(order.priority.value),
        Field.ASSET: code or "",
        Field.COMPONENT: order.component,
        Field.FAILURE_MODE: order.failure_mode.value,
        Field.SKILL: order.required_skill or "",
        Field.PLAN: order.plan or "",
    }
    versions.note_choices(conn, order.id, found.suggestions, chosen, number=found.version, actor=actor, at=at)


def value_in_words(each: Suggestion) -> str:
    """Return a suggested value in words, still to be translated."""
    match each.field:
        case Field.PRIORITY:
            return Priority(int(each.value)).name.lower()
        case Field.FAILURE_MODE:
            return FailureMode(each.value).label
        case Field.TYPE:
            return OrderType(each.value).value
    return each.value


def _danger(found: Suggested) -> Sequence[str]:
    return next((each.because for each in found.suggestions if each.source is Source.DANGER), ())


def _input(each: Suggestion, site: Site, assets: Sequence[Asset]) -> str:
    if each.field is not Field.ASSET:
        return each.value
    return next((str(one.id) for one in assets if (one.site_code, one.code) == (site.code, each.value)), "")
