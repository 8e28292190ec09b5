"""Swaps of turns on the pages of rotas: asking for one, and answering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.once import SentForm
from api.routers.notifying.swaps import of_person
from db.oncall import counting, rotas, swaps
from db.oncall.rotas import Stored
from workorder_core.oncall.swaps import AHEAD, InvalidSwap, Proposal, SwapAnswer, Turn, turns
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
RotaId = Annotated[int, Path(ge=1, le=2**31 - 1)]
_SHOWN = 40
_FIELD = {"turn": "turn", "to": "takes", "back": "takes"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A turn that a form offers. ``value`` is how the form sends it: its begin, its end, and its layer or person."""

    turn: Turn
    value: str


def offered(conn: Connection, stored: Stored, who: Who, now: datetime) -> Mapping[str, Sequence[Offer]]:
    """Return the turns ahead that the form of a rota offers: the viewer's own, and those of the others."""
    if stored.retired_at is not None or who.person not in rotas.can_be_called(conn, stored.rota.site):
        return {"mine": [], "theirs": []}
    found = turns(counting.duties(conn, {stored.id: stored.rota}, now, now + AHEAD)[stored.id])
    mine = [Offer(each, _value(each, each.layer)) for each in found if each.person == who.person]
    layers = {each.turn.layer for each in mine}
    theirs = [
        Offer(each, _value(each, each.person)) for each in found if each.person != who.person and each.layer in layers
    ]
    return {"mine": mine[:_SHOWN], "theirs": theirs[:_SHOWN]}


def _value(turn: Turn, last: str) -> str:
    return f"{turn.begins.isoformat()}|{turn.ends.isoformat()}|{last}"


@router.post("/on-call/{rota_id}/swaps", dependencies=[SEES])
@shown_on("/on-call/{rota_id}")
def ask(
    rota_id: RotaId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    turn: Annotated[str, Form(max_length=200)] = "",
    takes: Annotated[str, Form(max_length=200)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Ask somebody to swap, and show the rota."""
    stored = rotas.get(conn, rota_id, who.sites)
    with Fields() as fields:
        begins, ends, layer = fields("turn", (now, now, ""), lambda: _read(turn))
        back, other = fields("takes", (None, ""), lambda: _takes(takes))
    try:
        asker = of_person(who)
        proposal = Proposal(layer=layer, asker=asker, other=other, begins=begins, ends=ends, back=back)
        swaps.ask(conn, stored, proposal, at=now, why=reason)
    except InvalidSwap as error:
        raise InvalidForm(fields={_FIELD[error.field]: error.problem}) from error
    except rotas.CannotBeCalled as error:
        raise InvalidForm(fields={"takes": str(error)}) from error
    return sent.leads_to(f"/on-call/{rota_id}#swaps")


@router.post("/on-call/{rota_id}/swaps/{swap_id}/{given}", dependencies=[SEES])
@shown_on("/on-call/{rota_id}")
def answer(
    rota_id: RotaId,
    swap_id: RotaId,
    given: SwapAnswer,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Agree to a swap, decline or withdraw it, and show the rota."""
    stored = rotas.get(conn, rota_id, who.sites)
    swaps.answer(conn, stored, swap_id, given, person=of_person(who), at=now, why=reason)
    return sent.leads_to(f"/on-call/{rota_id}#swaps")


def _read(text: str) -> tuple[datetime, datetime, str]:
    """Read a turn as the form sends it. Raises InvalidForm."""
    parts: list[Any] = text.split("|", 2)
    try:
        begins, ends = datetime.fromisoformat(parts[0]), datetime.fromisoformat(parts[1])
        if begins.tzinfo is None or ends.tzinfo is None or not 1970 <= begins.year <= ends.year <= 2190:
            raise ValueError
        return begins, ends, str(parts[2])
    except (ValueError, IndexError):
        raise InvalidForm(say("choose one of the list")) from None


def _takes(text: str) -> tuple[tuple[datetime, datetime] | None, str]:
    """Read who takes a turn, and which one of theirs in return: a name alone is nothing in return."""
    if "|" in text:
        begins, ends, person = _read(text)
        return (begins, ends), person
    if not text.strip():
        raise InvalidForm(say("choose one of the list"))
    return None, text.strip()
