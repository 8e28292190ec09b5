"""The pages of quotes: making and withdrawing one, a site's price list, and the answer of who is signed in."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, SEES, SEES_COSTS, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.board.requests import quote_form
from api.once import SentForm
from api.routers.requests import own
from db.costs import costs
from db.costs.costs import NoCurrency
from db.plant import plant
from db.requests import quotes, requests
from workorder_core.requests.quotes import LineKind, QuoteRefused
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
VALID = timedelta(days=30)
"""What the form proposes."""
QuoteVersion = Annotated[int, Path(ge=1, le=1000)]


async def _typed(request: Request) -> dict[str, str]:
    return {name: value[:4000] for name, value in (await request.form()).multi_items() if isinstance(value, str)}


Typed = Annotated[dict[str, str], Depends(_typed)]


@router.get("/requests/{ask_id}/quotes/new", dependencies=[PLANS])
def new(request: Request, ask_id: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the form of a quote, with the lines of the newest one."""
    asked = requests.get(conn, ask_id, who.sites)
    earlier = quotes.of_request(conn, ask_id)
    prices = quotes.price_list(conn, asked.site_id)
    rows: list[dict[str, Any]] = [
        {"kind": each.kind, "text": each.text, "quantity": each.quantity, "unit": each.unit, "price": each.unit_price}
        for each in (earlier[0].lines if earlier else ())
    ]
    rows += [{"kind": "other", "text": "", "quantity": None, "unit": "", "price": None}] * quote_form.ROWS
    return page(
        request,
        "requests/quote.html",
        now=now,
        asked=asked,
        currency=costs.currency_of(conn, asked.site_id),
        prices=prices.prices if prices else (),
        kinds=list(LineKind),
        rows=rows[: quote_form.ROWS],
        valid_until=(now.astimezone(ZoneInfo(asked.time_zone)) + VALID).date(),
        begun=asked.stage.code in ("working", "interrupted"),
        filled={"words": ""},
    )


@router.post("/requests/{ask_id}/quotes", dependencies=[PLANS])
@shown_on("/requests/{ask_id}/quotes/new", at={QuoteRefused: "text_1", NoCurrency: "text_1"})
def offer(ask_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, form: Typed) -> Response:
    """Offer the requester a quote."""
    asked = requests.get(conn, ask_id, who.sites)
    prices = quotes.price_list(conn, asked.site_id)
    with Fields() as read:
        lines = quote_form.lines(read, form, prices.prices if prices else ())
        valid_until = read("valid_until", now.date(), lambda: quote_form.day(form.get("valid_until", "")))
    quotes.offer(conn, ask_id, lines, valid_until=valid_until, words=form.get("words", ""), who=who, at=now)
    return sent.leads_to(f"/requests/{ask_id}#quotes")


@router.post("/requests/{ask_id}/quotes/{quote_version}/withdraw", dependencies=[PLANS])
@shown_on("/requests/{ask_id}")
def withdraw(ask_id: UUID, quote_version: QuoteVersion, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Take back a quote."""
    requests.get(conn, ask_id, who.sites)
    quotes.withdraw(conn, ask_id, quote_version, actor=who.actor, at=now)
    return sent.leads_to(f"/requests/{ask_id}#quotes")


@router.post("/my-requests/{ask_id}/quotes/{quote_version}/answer", dependencies=[SEES])
@shown_on("/my-requests/{ask_id}", at={QuoteRefused: "quote_words"})
def answer(
    ask_id: UUID,
    quote_version: QuoteVersion,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    answer_is: Annotated[str, Form(max_length=10)] = "",
    quote_words: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Accept or decline the quote of one's own request."""
    own.own(conn, ask_id, who)
    with Fields() as read:
        read.need("quote_words", answer_is in ("accept", "decline"), say("accept or decline it"))
    quotes.answer(conn, ask_id, quote_version, accept=answer_is == "accept", words=quote_words, actor=who.actor, at=now)
    return sent.leads_to(f"/my-requests/{ask_id}")


@router.get("/costs/{site_code}/price-list", dependencies=[SEES_COSTS])
def price_list(request: Request, site_code: str, conn: Conn, now: Now, who: Asking) -> Response:
    """Show what customers of a site pay."""
    site = plant.site_by_code(conn, site_code, who.sites)
    found = quotes.price_list(conn, site.id)
    return page(
        request,
        "requests/price_list.html",
        now=now,
        site=site,
        currency=costs.currency_of(conn, site.id),
        found=found,
        filled={"prices": quote_form.as_text(found.prices) if found else ""},
    )


@router.post("/costs/{site_code}/price-list", dependencies=[PLANS])
@shown_on("/costs/{site_code}/price-list", at={NoCurrency: "prices"})
def put_prices(
    site_code: str,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    prices: Annotated[str, Form(max_length=200_000)] = "",
) -> Response:
    """Replace a site's price list by a new version."""
    site = plant.site_by_code(conn, site_code, who.sites)
    with Fields() as read:
        lines = read("prices", [], lambda: quote_form.price_list(prices))
    quotes.put_price_list(conn, site.id, site.code, lines, actor=who.actor, at=now)
    return sent.leads_to(f"/costs/{site.code}/price-list")
