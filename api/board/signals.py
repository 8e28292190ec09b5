"""The page of one signal: what people call it, its unit, and what its numbers are."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, Actor, Conn, Now
from api.board.rendering import page
from db.plant import plant
from db.telemetry import telemetry
from ingest import units
from workorder_core.plant.plant import SignalEntry
from workorder_core.plant.signals import Meaning, WrongMeaning

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.get("/assets/{asset_id}/signals/{signal:path}", dependencies=[SEES])
def signal(request: Request, asset_id: int, signal: str, conn: Conn, now: Now) -> Response:
    """Show what a signal is."""
    return _page(request, conn, asset_id, signal, now)


@router.post("/assets/{asset_id}/signals/{signal:path}", dependencies=[PLANS])
def change(
    request: Request,
    asset_id: int,
    signal: str,
    conn: Conn,
    actor: Actor,
    now: Now,
    label: Annotated[str, Form(max_length=100)] = "",
    unit: Annotated[str, Form(max_length=40)] = "",
    numbers: Annotated[str, Form(pattern="^(measurement|states|counter)$")] = "measurement",
    states: Annotated[str, Form(max_length=20_000)] = "",
    wraps_at: Annotated[str, Form(max_length=40)] = "",
    plausible_low: Annotated[str, Form(max_length=40)] = "",
    plausible_high: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Say what a signal is."""
    before = plant.signal(conn, asset_id, signal)
    try:
        entry = SignalEntry(
            name=signal,
            label=label.strip() or None,
            quantity=before.quantity,
            unit=units.spelled(unit),
            meaning=replace(
                _meaning(numbers, states, wraps_at),
                plausible_low=_bound(plausible_low, "lowest"),
                plausible_high=_bound(plausible_high, "highest"),
            ),
        )
    except WrongMeaning as refused:
        filled = {
            "numbers": numbers,
            "states": states,
            "wraps_at": wraps_at,
            "plausible_low": plausible_low,
            "plausible_high": plausible_high,
        }
        return _page(request, conn, asset_id, signal, now, status=422, problem=str(refused), filled=filled)
    plant.declare(conn, asset_id, entry, actor=actor, at=now)
    return RedirectResponse(f"/assets/{asset_id}#signals", 303)


def _page(
    request: Request,
    conn: Connection,
    asset_id: int,
    name: str,
    now: Now,
    *,
    status: int = 200,
    problem: str = "",
    filled: dict[str, str] | None = None,
) -> Response:
    asset = plant.asset(conn, asset_id, now=now)
    shown = plant.signal(conn, asset_id, name)
    meaning = shown.meaning
    newest = telemetry.newest(conn, [asset_id]).get(asset_id, [])
    of_now = {
        "numbers": "states" if meaning.states else "counter" if meaning.counter else "measurement",
        "states": "\n".join(f"{state} = {number:.15g}" for state, number in _by_number(meaning)),
        **{
            name: "" if (number := getattr(meaning, name)) is None else f"{number:.15g}"
            for name in ("wraps_at", "plausible_low", "plausible_high")
        },
    }
    return page(
        request,
        "signal.html",
        status=status,
        asset=asset,
        zone=asset.time_zone,
        signal=shown,
        reading=next((each for each in newest if each.signal == name), None),
        filled=filled or of_now,
        problem=problem,
    )


def _by_number(meaning: Meaning) -> list[tuple[str, float]]:
    return sorted(meaning.states.items(), key=lambda state: (state[1], state[0]))


def _meaning(numbers: str, states: str, wraps_at: str) -> Meaning:
    """Return what the form says. Raises WrongMeaning."""
    if numbers == "counter":
        return Meaning(counter=True, wraps_at=_number(wraps_at, "where it wraps") if wraps_at.strip() else None)
    if numbers == "measurement":
        return Meaning()
    found: dict[str, float] = {}
    for line in filter(str.strip, states.splitlines()):
        name, equals, number = line.rpartition("=")
        if not equals:
            raise WrongMeaning(f"{line.strip()!r} is no state; write one a line, like RUNNING = 1")
        if name.strip() in found:
            raise WrongMeaning(f"{name.strip()!r} is there twice")
        found[name.strip()] = _number(number, name.strip())
    if not found:
        raise WrongMeaning("write the states, one a line, like RUNNING = 1")
    return Meaning(states=found)


def _bound(text: str, what: str) -> float | None:
    return _number(text, f"the {what} value that can be true") if text.strip() else None


def _number(text: str, what: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise WrongMeaning(f"{what}: {text.strip()!r} is no number") from None
