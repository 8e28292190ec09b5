"""The page of devices: which may speak for which assets."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, SEES_ALL, Actor, Conn, Now
from api.board.rendering import page
from api.problems import STATUS
from db.errors import StoreError
from db.plant import devices, plant

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.get("/devices", dependencies=[SEES_ALL])
def bound(request: Request, conn: Conn, now: Now) -> Response:
    """Show the devices that are bound."""
    return _page(request, conn, now)


@router.post("/devices", dependencies=[ENGINEERS])
def bind(
    request: Request,
    conn: Conn,
    actor: Actor,
    now: Now,
    device: Annotated[str, Form(max_length=200)] = "",
    assets: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Let a device speak for assets."""
    try:
        devices.bind(conn, device.strip(), assets.replace(",", " ").split(), actor=actor, at=now)
    except StoreError as refused:
        return _page(request, conn, now, refused, {"device": device, "assets": assets})
    return RedirectResponse("/devices", 303)


@router.post("/devices/{device}/unbind", dependencies=[ENGINEERS])
def unbind(
    request: Request,
    device: str,
    conn: Conn,
    actor: Actor,
    now: Now,
    asset: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Take a binding back, or all of the device."""
    try:
        devices.unbind(conn, device, [asset] if asset else [], actor=actor, at=now)
    except StoreError as refused:
        return _page(request, conn, now, refused)
    return RedirectResponse("/devices", 303)


def _page(
    request: Request,
    conn: Connection,
    now: Now,
    refused: StoreError | None = None,
    filled: dict[str, str] | None = None,
) -> Response:
    status = 200
    if refused is not None:
        status = next(STATUS[kind] for kind in type(refused).__mro__ if kind in STATUS)
    return page(
        request,
        "devices.html",
        status=status,
        now=now,
        bound=devices.listed(conn),
        assets=[each.key for each in plant.assets(conn, now=now)],
        problem="" if refused is None else str(refused),
        filled=filled or {"device": "", "assets": ""},
    )
