"""What technicians' devices reported and a planner decides about, and the page of the devices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, Asking, Conn, Now
from api.board import words
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.shapes.sync.batches import meaning
from db.sync import deciding, devices, operations
from db.sync.deciding import SetAsideWithoutReason
from db.sync.operations import Stored
from workorder_core.language import N_, _
from workorder_core.people.access import Who
from workorder_core.sync.words import Verdict

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
_SHOWN = 200
Decision = Annotated[Literal["take_over", "set_aside"], Form()]
Reason = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An operation as a page shows it: its kind and its content in words."""

    op: Stored
    kind: str
    said: str
    field: str
    current: str
    value: str

    @property
    def conflict(self) -> bool:
        return self.op.verdict is Verdict.CONFLICT


@router.get("/technician-devices", dependencies=[PLANS])
def listed(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the devices that work without a network, and what waits for a decision."""
    return page(
        request,
        "offline/devices.html",
        now=now,
        devices=devices.listed(conn, within=who.sites, limit=_SHOWN),
        waiting=[_report(each) for each in operations.waiting(conn, within=who.sites, limit=_SHOWN)],
    )


@router.post("/technician-devices/{mobile_id}/revoke", dependencies=[PLANS])
@shown_on("/technician-devices")
def revoke(mobile_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Revoke a device, and show the page again."""
    devices.revoke(conn, mobile_id, actor=who.actor, now=now, within=who.sites)
    return sent.leads_to("/technician-devices")


@router.post("/technician-devices/reports/{op_id}", dependencies=[PLANS])
@shown_on("/technician-devices", at={SetAsideWithoutReason: "why"})
def decide(
    op_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, decision: Decision, why: Reason = ""
) -> Response:
    """Take over or set aside what belongs to no order."""
    _decide(conn, op_id, decision, why, who=who, now=now)
    return sent.leads_to("/technician-devices")


@router.post("/orders/{order_id}/reports/{op_id}", dependencies=[PLANS])
@shown_on("/orders/{order_id}", at={SetAsideWithoutReason: "why"})
def decide_at_order(
    order_id: UUID, op_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, decision: Decision, why: Reason = ""
) -> Response:
    """Take over or set aside what was reported for an order."""
    _decide(conn, op_id, decision, why, who=who, now=now)
    return sent.leads_to(f"/orders/{order_id}")


def of_order(conn: Connection, order_id: UUID, who: Who) -> dict[str, Any]:
    """Return what waits for a decision about an order, for its page; contractors see none."""
    found = [] if who.contractor is not None else operations.of_order(conn, order_id)
    return {"reports": [_report(each) for each in found if each.waits]}


def _decide(conn: Connection, op_id: UUID, decision: str, why: str, *, who: Who, now: Any) -> None:
    if decision == "take_over":
        deciding.take_over(conn, op_id, meaning, who=who, now=now, why=why.strip())
    else:
        deciding.set_aside(conn, op_id, who=who, now=now, why=why.strip())


def _report(op: Stored) -> Report:
    kind, say = _KINDS[op.kind]
    told = op.answer
    return Report(
        op=op,
        kind=_(kind),
        said=say(op.body),
        field=_(_FIELDS.get(str(op.body.get("name")), "")) if "name" in op.body else "",
        current=_value(told.get("current")),
        value=_value(told.get("value")),
    )


def _value(value: Any) -> str:
    """Return a field's value for people; a list as its names."""
    if value in (None, [], ""):
        return _("none")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return words.amount(value) if isinstance(value, int | float) else str(value)


def _joined(*parts: Any) -> str:
    return " · ".join(str(each) for each in parts if each not in (None, ""))


def _move(body: Mapping[str, Any]) -> str:
    close_out = body.get("close_out") or {}
    return _joined(words.sentence(words.step(str(body.get("step")))), body.get("reason"), close_out.get("note"))


def _plan_step(body: Mapping[str, Any]) -> str:
    number = _("Step %(number)s", number=body.get("step"))
    undone = "" if body.get("done", True) else _("not done")
    return _joined(number, undone, body.get("value"), body.get("note"))


def _field(body: Mapping[str, Any]) -> str:
    return _joined(_(_FIELDS.get(str(body.get("name")), "")), _value(body.get("value")))


_FIELDS: Mapping[str, str] = {
    "title": N_("Title"),
    "requested_for": N_("Needed by"),
    "required_tools": N_("Tools"),
    "estimated_hours": N_("Estimated"),
    "actual_hours": N_("Hours worked"),
}
_KINDS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "move": (N_("Step of the work"), _move),
    "travel": (N_("On the way"), lambda _: ""),
    "plan_step": (N_("Step of the job plan"), _plan_step),
    "remark": (N_("Comment"), lambda body: str(body.get("text"))),
    "field": (N_("Change"), _field),
    "parts": (
        N_("Parts used"),
        lambda body: _joined(body.get("part"), f"{words.amount(body['used'])} {body.get('unit', 'pcs')}"),
    ),
    "need": (
        N_("Parts needed"),
        lambda body: _joined(body.get("part"), f"{words.amount(body['needed'])} {body.get('unit', 'pcs')}"),
    ),
    "hours": (N_("Hours worked"), lambda body: f"{words.amount(body['hours'])} h"),
    "reading": (
        N_("Reading"),
        lambda body: _joined(body.get("signal"), f"{words.amount(body['value'])} {body.get('unit', '')}".strip()),
    ),
    "photo": (N_("Photo"), lambda body: str(body.get("note", ""))),
    "signature": (N_("Signature"), lambda body: str(body.get("signed_by"))),
    "follow_up": (N_("Order that follows"), lambda body: _joined(body.get("title"), body.get("why"))),
    "request": (N_("Request"), lambda body: _joined(body.get("title"), body.get("why"))),
    "acknowledge": (N_("Acknowledgement"), lambda body: str(body.get("why", ""))),
}
"""What a kind of operation is called, and its content in words."""
