"""The page of devices and the assets that each may speak for."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.asking import ENGINEERS, KNOWN, SEES_ALL, Actor, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.naming import FormNames
from api.once import SentForm
from db.plant import devices, plant
from db.plant.devices import InvalidBinding
from workorder_core.plant.new_names import NameKind
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.get("/devices", dependencies=[SEES_ALL])
def bound(request: Request, conn: Conn, now: Now) -> Response:
    """Show the bound devices."""
    return page(
        request,
        "devices.html",
        now=now,
        bound=devices.listed(conn),
        assets=[each.key for each in plant.assets(conn, now=now)],
    )


@router.post("/devices", dependencies=[ENGINEERS])
@shown_on("/devices")
def bind(
    conn: Conn,
    actor: Actor,
    now: Now,
    sent: SentForm,
    names: FormNames,
    device: Annotated[str, Form(max_length=200)] = "",
    assets: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Let a device speak for assets."""
    named = assets.replace(",", " ").split()
    with Fields() as read:
        read("device", None, lambda: _checked(device.strip(), []))
        read("assets", None, lambda: _checked("device", named))
        read.need("assets", named, say("name the assets that the device publishes for, as SITE/ASSET"))
        read.ask("device", names.question(NameKind.DEVICE, [device.strip()], device))
        read.ask("assets", names.question(NameKind.ASSET, named, assets))
    devices.bind(conn, device.strip(), named, actor=actor, at=now)
    return sent.leads_to("/devices")


def _checked(device: str, assets: list[str]) -> None:
    try:
        devices.check(device, assets)
    except InvalidBinding as wrong:
        raise InvalidForm(str(wrong)) from None


@router.post("/devices/{device}/unbind", dependencies=[ENGINEERS])
@shown_on("/devices")
def unbind(
    device: str,
    conn: Conn,
    actor: Actor,
    now: Now,
    sent: SentForm,
    asset: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Remove a binding, or all of the device's."""
    devices.unbind(conn, device, [asset] if asset else [], actor=actor, at=now)
    return sent.leads_to("/devices")
