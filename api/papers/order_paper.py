"""An order for printing: the work, its location and reason, steps to tick off, parts, and a code for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from api.board import drawing, words
from api.papers import charts
from api.papers.typeset import clock, qr
from db.orders import order_content, order_links, work_orders
from db.orders.work_orders import Evidence
from db.people import technicians, users
from db.plant import plant
from workorder_core.intake.findings import Sign
from workorder_core.language import _, code
from workorder_core.orders.job_plans import StepDone, StepKind
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.sentences import stored, translated

MOST_FINDINGS, MOST_CHARTS = 200, 4


@dataclass(frozen=True, slots=True)
class Printing:
    """Who prints it, when, and the address in its code."""

    who: Who
    at: datetime
    address: str

    def footer(self, zone: str, names: Mapping[str, str]) -> str:
        return _("Printed %(time)s by %(name)s", time=clock(self.at, zone), name=words.who(self.who.actor, names))


def facts(conn: Connection, order_id: UUID, printing: Printing) -> dict[str, Any]:
    """Return an order's facts for the template. Raises NotFound if the requester may not see it."""
    order = work_orders.get(conn, order_id, printing.who)
    site = plant.site(conn, order.site_id)
    zone = site.time_zone
    asset = None if order.asset_id is None else plant.asset(conn, order.asset_id, now=printing.at)
    signals = {} if asset is None else {each.name: each for each in plant.signals(conn, [asset.id]).get(asset.id, [])}
    found = work_orders.evidence(conn, order_id, limit=MOST_FINDINGS + 1)
    leading = next((each for each in found if not each.ended), found[0] if found else None)
    steps = order_content.steps(conn, order_id)
    told = work_orders.history(conn, order_id, printing.who.sites, given_to=printing.who.contractor)
    people = {each.code: each.name for each in technicians.listed(conn, order.site_id)}
    names = users.full_names(conn)
    return {
        "number": order.number,
        "title": words.headline(order),
        "site": site.name,
        "kind": [code(each) for each in (order.priority.name.lower(), order.type.value, order.status.label)],
        "priority": int(order.priority),
        "asset": None if asset is None else f"{asset.code} {asset.name}" if asset.name != asset.code else asset.code,
        "path": order.asset_path,
        "facts": _facts(order, people, zone),
        "safety": _safety(asset, order, steps),
        "why": ""
        if leading
        else words.sentence(stored(told[0].why))
        if told and told[0].why
        else _("Created manually."),
        "finding": None if leading is None else _finding(leading, signals, zone),
        "findings": [_line(each, zone) for each in found[:MOST_FINDINGS] if each is not leading],
        "more_findings": len(found) > MOST_FINDINGS,
        "plan": None
        if order.plan is None
        else _("%(plan)s, version %(version)s", plan=order.plan, version=order.plan_version),
        "steps": [_step(each, zone, names) for each in steps],
        "parts": [
            {"part": each.part, "needed": _much(each.needed, each.unit), "used": _much(each.used, each.unit)}
            for each in order_content.parts(conn, order_id)
        ],
        "links": [
            f"{translated(each.label)} {each.number} {words.sentence(each.title)}"
            for each in order_links.of_order(conn, order_id, printing.who.sites, printing.who.contractor)
        ],
        "remarks": [
            {"text": each.text, "by": f"{words.who(each.actor, names)}, {clock(each.at, zone)}"}
            for each in order_content.comments(conn, order_id)
        ],
        "footer": printing.footer(zone, names),
        "zone": zone,
        "qr": qr(printing.address),
        "address": printing.address,
    }


def _facts(order: WorkOrder, people: dict[str, str], zone: str) -> list[list[str]]:
    skills = [each for each in (order.required_skill, *order.other_skills) if each]
    dates = {"start": clock(order.scheduled_start, zone), "end": clock(order.scheduled_end, zone)}
    said = {
        _("Priority"): stored(order.priority_reason),
        _("Assignee"): people.get(order.assignee or "", order.assignee or _("nobody yet")),
        _("Scheduled"): _("%(start)s to %(end)s", **dates) if order.scheduled_start else "",
        _("Begin by"): clock(order.response_due, zone) if order.response_due else "",
        _("Complete by"): clock(order.completion_due, zone) if order.completion_due else "",
        _("Component"): words.sentence(words.words(order.component)),
        _("Failure mode"): f"{words.sentence(order.failure_mode.label)} ({order.failure_mode.value})",
        _("Skills"): words.words(", ".join(skills)),
        _("Certificates"): ", ".join(order.required_certificates),
        _("Tools"): ", ".join(order.required_tools),
        _("Estimated"): "" if order.estimated_hours is None else f"{words.amount(order.estimated_hours)} h",
        _("Opened"): clock(order.opened_at, zone),
    }
    return [[name, value] for name, value in said.items() if value]


def _safety(asset: plant.Asset | None, order: WorkOrder, steps: Sequence[StepDone]) -> list[str]:
    """Return the safety notes for whoever does the work."""
    heeded = [_("Permit: %(permit)s", permit=each.instruction) for each in steps if each.kind is StepKind.PERMIT]
    if asset is not None and asset.safety_critical:
        heeded.append(_("Safety-critical equipment: a second person verifies the work."))
    if order.required_certificates:
        heeded.append(_("Only for who has: %(certificates)s.", certificates=", ".join(order.required_certificates)))
    return heeded


def _finding(found: Evidence, signals: dict[str, plant.Signal], zone: str) -> dict[str, Any]:
    drawn = (charts.drawn(each) for each in drawing.of_evidence(found, signals, zone)[:MOST_CHARTS])
    return {
        **_line(found, zone),
        "signs": [_sign(each, signals) for each in found.signs],
        "charts": [each for each in drawn if each is not None],
    }


def _line(found: Evidence, zone: str) -> dict[str, str]:
    return {
        "at": clock(found.at, zone),
        "since": clock(found.since, zone),
        "source": words.sentence(words.source(found.source)),
        "summary": words.sentence(words.reported(found.summary, zone, found.at)),
    }


def _sign(sign: Sign, signals: dict[str, plant.Signal]) -> dict[str, Any]:
    known = signals.get(sign.signal)
    above = sign.usual_high is not None and sign.value > sign.usual_high
    below = sign.usual_low is not None and sign.value < sign.usual_low
    return {
        "name": known.title if known else words.sentence(words.words(sign.signal)),
        "value": f"{words.number(sign.value)} {words.unit(sign.unit)}".strip(),
        "out": above or below,
        "usual": words.usual(sign.usual_low, sign.usual_high),
        "share": f"{sign.share:.0%}",
    }


def _step(step: StepDone, zone: str, names: Mapping[str, str]) -> dict[str, Any]:
    limits = "" if step.low is None and step.high is None else words.usual(step.low, step.high)
    done = None
    if step.done_at is not None:
        measured = "" if step.value is None else f"{words.number(step.value)} {words.unit(step.unit)}, "
        done = f"{measured}{words.who(step.done_by or '', names)}, {clock(step.done_at, zone)}"
    return {
        "seq": step.seq,
        "kind": step.kind.value,
        "kind_said": code(step.kind.value),
        "instruction": words.sentence(step.instruction),
        "optional": not step.mandatory,
        "limits": f"{limits} {words.unit(step.unit)}".strip() if limits else words.unit(step.unit),
        "done": done,
        "note": step.note,
    }


def _much(amount: float | None, unit: str) -> str:
    return "" if amount is None else f"{words.amount(amount)} {unit}"
