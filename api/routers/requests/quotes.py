"""Quotes of requests, and the price lists of sites."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from api.asking import PLANS, SEES, SEES_COSTS, Asking, Conn, Now, Why
from api.once import OnlyOnce
from api.paging import AS_FILE
from api.routers.requests import own
from api.shapes.requests.quotes import PriceListIn, PriceOut, QuoteAnswerIn, QuoteIn, QuoteOut
from db.plant import plant
from db.requests import quotes, requests

router = APIRouter(tags=["requests"])
QuoteVersion = Annotated[int, Path(ge=1, le=1000)]


@router.post("/requests/{ask_id}/quotes", status_code=201, response_model=QuoteOut, dependencies=[PLANS])
def offer(ask_id: UUID, body: QuoteIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Offer the requester a quote, or a newer version that replaces it. Work that has begun is put on hold until it is
    answered. The header Idempotency-Key is required: the same quote is made once.
    """

    def make(_: Response) -> QuoteOut:
        asked = requests.get(conn, ask_id, who.sites)
        lines = body.quoted(quotes.price_list(conn, asked.site_id))
        made = quotes.offer(conn, ask_id, lines, valid_until=body.valid_until, words=body.words, who=who, at=now)
        return QuoteOut.of(made)

    return once(body, make)


@router.post("/requests/{ask_id}/quotes/{quote_version}/withdraw", dependencies=[PLANS])
def withdraw(ask_id: UUID, quote_version: QuoteVersion, conn: Conn, now: Now, who: Asking) -> QuoteOut:
    """Take back a quote that nobody has answered; work that waited for it goes on."""
    requests.get(conn, ask_id, who.sites)
    return QuoteOut.of(quotes.withdraw(conn, ask_id, quote_version, actor=who.actor, at=now))


@router.post("/requests/{ask_id}/quotes/{quote_version}/answer", dependencies=[SEES])
def answer(
    ask_id: UUID, quote_version: QuoteVersion, body: QuoteAnswerIn, conn: Conn, now: Now, who: Asking
) -> QuoteOut:
    """Accept or decline the quote of one's own request; work that waited for it goes on."""
    own.own(conn, ask_id, who)
    done = quotes.answer(conn, ask_id, quote_version, accept=body.accept, words=body.words, actor=who.actor, at=now)
    return QuoteOut.of(done)


@router.get("/sites/{site_code}/costs/price-list", dependencies=[SEES_COSTS, AS_FILE])
def prices(site_code: str, conn: Conn, who: Asking) -> list[PriceOut]:
    """List what customers of a site pay, in its currency: hours, parts and other things that quotes are made of."""
    found = quotes.price_list(conn, plant.site_by_code(conn, site_code, who.sites).id)
    return [PriceOut.model_validate(each) for each in (found.prices if found else ())]


@router.put("/sites/{site_code}/costs/price-list", dependencies=[PLANS])
def put_prices(site_code: str, body: PriceListIn, conn: Conn, now: Now, who: Asking, _: Why) -> list[PriceOut]:
    """Replace a site's price list by a new version."""
    site = plant.site_by_code(conn, site_code, who.sites)
    made = quotes.put_price_list(conn, site.id, site.code, body.listed(), actor=who.actor, at=now)
    return [PriceOut.model_validate(each) for each in made.prices]
