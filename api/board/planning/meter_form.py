"""Entering a meter's count on the page of a plan that goes by it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import Response

from api.asking import KNOWN, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory.reading import key, moment
from api.once import SentForm
from db.errors import NotFound
from db.planning import meter_entries, plans
from db.plant import plant
from workorder_core.planning.meter_entries import CountRefused
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
_PAGE = "/planned-work/plans/{plan_id}"
_FIELDS = {"at": "read_at", "count": "count", "rolled_over": "meter"}


@router.post("/planned-work/plans/{plan_id}/count", dependencies=[WORKS_OR_PLANS])
@shown_on(_PAGE, at={CountRefused: "count"})
def enter(
    plan_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    asset: Annotated[str, Form(max_length=12)] = "",
    count: Annotated[str, Form(max_length=30)] = "",
    read_at: Annotated[str, Form(max_length=40)] = "",
    meter: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Enter a count of one of a plan's assets, and show the plan with its next dates.

    An empty time is now; ``meter`` says why a count is lower than the last one: ``exchanged`` or ``rolled_over``.
    """
    stored = plans.get(conn, plan_id, who.sites)
    if stored.plan.meter is None:
        raise NotFound("meter of the maintenance plan", plan_id)
    zone = plant.site(conn, stored.site_id).time_zone
    shown = {each.asset_id for each in meter_entries.of_plan(conn, plan_id, stored.plan.meter.signal)}
    with Fields() as fields:
        asset_id: int | None = fields("asset", None, lambda: key(asset))
        fields.need("asset", asset_id in shown, say("choose one of the list"))
        value: float | None = fields("count", None, lambda: figure(count, most=1e15))
        fields.need("count", value is not None, say("write what the meter shows"))
        at: datetime = fields("read_at", now, lambda: moment(read_at, zone) if read_at.strip() else now)
        fields.need("meter", meter in ("", "exchanged", "rolled_over"), say("choose one of the list"))
    assert asset_id is not None and value is not None, "their lack is an error of their field"
    try:
        meter_entries.enter(
            conn, asset_id, stored.plan.meter.signal, at=at, count=value, exchanged=meter == "exchanged",
            rolled_over=meter == "rolled_over", actor=who.actor, now=now, time_zone=zone,
        )  # fmt: skip
    except CountRefused as error:
        raise InvalidForm(fields={_FIELDS[error.field]: str(error)}) from error
    return sent.leads_to(f"/planned-work/plans/{plan_id}#meter")
