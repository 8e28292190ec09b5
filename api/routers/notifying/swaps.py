"""Swaps of turns on call: asked for, agreed to or declined."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.asking import SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import Id, Order, PagedByFifty
from api.shapes.notifying.swaps import SwapAnswerIn, SwapIn, SwapOut
from db.oncall import rotas, swaps
from db.oncall.swaps import Swap
from workorder_core.oncall.swaps import InvalidSwap
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(tags=["on call"])
NEWEST_FIRST = Order[Swap](tuple[Id], lambda each: (-each.id,))
RotaId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/rotas/{rota_id}/swaps", dependencies=[SEES])
def find(rota_id: RotaId, conn: Conn, who: Asking, part: PagedByFifty) -> list[SwapOut]:
    """List the swaps of a rota, the newest first."""
    rotas.get(conn, rota_id, who.sites)
    after = part.after(NEWEST_FIRST)
    found = swaps.of_rota(conn, rota_id, before=None if after is None else -after[0], limit=part.fetched)
    return [SwapOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("/rotas/{rota_id}/swaps", status_code=201, response_model=SwapOut, dependencies=[SEES])
def ask(rota_id: RotaId, body: SwapIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Ask somebody to be on call instead of the requester, whose turn it is. The header Idempotency-Key is required."""

    def make(_: Response) -> SwapOut:
        stored = rotas.get(conn, rota_id, who.sites)
        return SwapOut.of(swaps.ask(conn, stored, body.proposal(of_person(who)), at=now, why=body.why))

    return once(body, make)


@router.post("/rotas/{rota_id}/swaps/{swap_id}/answer", dependencies=[SEES])
def answer(rota_id: RotaId, swap_id: RotaId, body: SwapAnswerIn, conn: Conn, now: Now, who: Asking) -> SwapOut:
    """Agree or decline, by who was asked, or withdraw, by who has asked. From an agreement on the rota has its
    overrides.
    """
    stored = rotas.get(conn, rota_id, who.sites)
    return SwapOut.of(swaps.answer(conn, stored, swap_id, body.answer, person=of_person(who), at=now, why=body.why))


def of_person(who: Who) -> str:
    """Return the user who asks. Raises InvalidSwap for a key."""
    if who.person is None:
        raise InvalidSwap("turn", say("only people who are signed in swap turns"))
    return who.person
