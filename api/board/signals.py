"""The page of one signal: its name, its unit, and the meaning of its numbers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, Actor, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, as_number
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from db.plant import plant
from db.telemetry import telemetry
from ingest import units
from workorder_core.digits import in_field
from workorder_core.plant.plant import SignalEntry
from workorder_core.plant.signals import Meaning
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.get("/assets/{asset_id}/signals/{signal:path}", dependencies=[SEES])
def signal(request: Request, asset_id: int, signal: str, conn: Conn, now: Now) -> Response:
    """Show a signal."""
    return _page(request, conn, asset_id, signal, now)


class SignalForm:
    """The fields of the form, as they were typed."""

    def __init__(
        self,
        label: Annotated[str, Form(max_length=100)] = "",
        unit: Annotated[str, Form(max_length=40)] = "",
        numbers: Annotated[str, Form(pattern="^(measurement|states|counter)$")] = "measurement",
        states: Annotated[str, Form(max_length=20_000)] = "",
        wraps_at: Annotated[str, Form(max_length=40)] = "",
        plausible_low: Annotated[str, Form(max_length=40)] = "",
        plausible_high: Annotated[str, Form(max_length=40)] = "",
    ) -> None:
        self.label, self.unit, self.numbers, self.states = label, unit, numbers, states
        self.wraps_at, self.plausible_low, self.plausible_high = wraps_at, plausible_low, plausible_high

    def meaning(self) -> Meaning:
        """Return the meaning of the signal's numbers. Raises InvalidForm."""
        with Fields() as read:
            low = read("plausible_low", None, lambda: _bound(self.plausible_low, "lowest"))
            high = read("plausible_high", None, lambda: _bound(self.plausible_high, "highest"))
            bounded = low is None or high is None or low < high
            read.need("plausible_high", bounded, say("the highest plausible value must be above the lowest"))
            counter, has_states = self.numbers == "counter", self.numbers == "states"
            wraps = read("wraps_at", None, lambda: as_number(self.wraps_at)) if counter else None
            states = read("states", {}, lambda: _states(self.states)) if has_states else {}
        return Meaning(states=states, counter=counter, wraps_at=wraps, plausible_low=low, plausible_high=high)


@router.post("/assets/{asset_id}/signals/{signal:path}", dependencies=[PLANS])
@shown_on("/assets/{asset_id}/signals/{signal}")
def change(
    asset_id: int,
    signal: str,
    conn: Conn,
    actor: Actor,
    now: Now,
    form: Annotated[SignalForm, Depends()],
    sent: SentForm,
) -> Response:
    """Declare a signal's name, unit and meaning."""
    before = plant.signal(conn, asset_id, signal)
    entry = SignalEntry(
        name=signal,
        label=form.label.strip() or None,
        quantity=before.quantity,
        unit=units.spelled(form.unit),
        meaning=form.meaning(),
    )
    plant.declare(conn, asset_id, entry, actor=actor, at=now)
    return sent.leads_to(f"/assets/{asset_id}#signals")


def _page(
    request: Request,
    conn: Connection,
    asset_id: int,
    name: str,
    now: Now,
) -> Response:
    asset = plant.asset(conn, asset_id, now=now)
    shown = plant.signal(conn, asset_id, name)
    meaning = shown.meaning
    newest = telemetry.newest(conn, [asset_id]).get(asset_id, [])
    of_now = {
        "numbers": "states" if meaning.states else "counter" if meaning.counter else "measurement",
        "states": "\n".join(f"{state} = {in_field(number)}" for state, number in _by_number(meaning)),
        **{
            name: "" if (number := getattr(meaning, name)) is None else in_field(number)
            for name in ("wraps_at", "plausible_low", "plausible_high")
        },
    }
    return page(
        request,
        "signal.html",
        asset=asset,
        zone=asset.time_zone,
        signal=shown,
        reading=next((each for each in newest if each.signal == name), None),
        filled=of_now,
    )


def _by_number(meaning: Meaning) -> list[tuple[str, float]]:
    return sorted(meaning.states.items(), key=lambda state: (state[1], state[0]))


def _states(text: str) -> dict[str, float]:
    """Parse the names of states, one per line. Raises InvalidForm."""
    found: dict[str, float] = {}
    for line in filter(str.strip, text.splitlines()):
        name, equals, number = line.rpartition("=")
        if not equals:
            raise InvalidForm(say("{line!r} is not a state; write one per line, like RUNNING = 1", line=line.strip()))
        if name.strip() in found:
            raise InvalidForm(say("{name!r} is listed twice", name=name.strip()))
        value = as_number(number)
        if value is None:
            raise InvalidForm(say("say which number {name!r} stands for, like RUNNING = 1", name=name.strip()))
        found[name.strip()] = value
    if not found:
        raise InvalidForm(say("write the states, one per line, like RUNNING = 1"))
    return found


def _bound(text: str, which: str) -> float | None:
    try:
        return as_number(text)
    except InvalidForm as wrong:
        raise InvalidForm(say("the {which} plausible value: {wrong}", which=which, wrong=wrong)) from None
