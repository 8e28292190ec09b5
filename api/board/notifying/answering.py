"""What other pages show of escalations: who was asked, what can be answered, and the page that is shown then."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection

from db.alarms.alarm_points import Standing
from db.escalating import escalations
from db.oncall import rotas
from workorder_core.escalating.course import ALLOWED, UNFINISHED
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who

_BACK = re.compile(r"/(orders/[0-9a-f-]{36}|alarms)")


def page_after(escalation_id: object, back: str) -> str:
    """Return the page that is shown after an answer: the one with the button, else the escalation's own."""
    return back if _BACK.fullmatch(back) else f"/escalations/{escalation_id}"


def page_of_form(params: Mapping[str, str], form: Mapping[str, str]) -> str:
    """Return the page on which a refused answer was given."""
    return page_after(params["escalation_id"], form.get("back", ""))


def of_order(conn: Connection, order: WorkOrder, who: Who) -> dict[str, Any]:
    """Return the facts of an order's escalation for its page; contractors are not shown who else is asked."""
    found = [] if who.contractor is not None else escalations.listed(conn, within=who.sites, order_id=order.id)
    if not found:
        return {"escalation": None}
    asks = escalations.asks(conn, [found[0].id])[found[0].id]
    return {
        "escalation": found[0],
        "asks": asks,
        "asked": any(each.person == who.person for each in asks),
        "callable_people": rotas.can_be_called(conn, found[0].site),
        "answers_in": ALLOWED,
    }


def of_alarms(conn: Connection, alarms: Sequence[Standing], who: Who) -> dict[str, Any]:
    """Return likewise the escalations of alarms, by the alarms' ids: those about their present occurrence."""
    if who.contractor is not None:
        return {"escalated": {}}
    keys = {each.id: f"alarm:{each.asset_id}/{each.source}" for each in alarms}
    about = escalations.about(conn, set(keys.values()), who.sites)
    found = {
        each.id: one
        for each in alarms
        if (one := about.get(keys[each.id])) is not None
        and (one.state in UNFINISHED or each.raised_at is None or one.began_at >= each.raised_at)
    }
    asks = escalations.asks(conn, [each.id for each in found.values()])
    return {
        "escalated": found,
        "asks": asks,
        "asked": {number: any(each.person == who.person for each in theirs) for number, theirs in asks.items()},
        "callable_people": {site: rotas.can_be_called(conn, site) for site in {each.site for each in found.values()}},
        "answers_in": ALLOWED,
    }
