"""The page of a site's costs: its currency, labour rates and cost model; and the prices of an order's parts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES_COSTS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.naming import FormNames
from api.once import SentForm
from api.shapes.costs import MOST
from db.costs import costs
from db.costs.costs import CurrencyInUse, NoCurrency
from db.errors import NotFound
from db.people import technicians
from db.plant import changes, plant
from workorder_core.costs.cost_model import PRICES, Entry, Prices
from workorder_core.costs.money import CURRENCIES, NoSuchCurrency
from workorder_core.digits import NotANumber, typed
from workorder_core.far_times import near_day
from workorder_core.people.access import Who
from workorder_core.plant.new_names import NameKind
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
_HOURS = ("failure_hours", "notice_hours")


@router.get("/costs", dependencies=[SEES_COSTS])
def first(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the costs of the first site that the user sees."""
    sites = plant.sites(conn, who.sites)
    return _page(request, conn, now, who, sites[0].code if sites else "")


@router.get("/costs/{site_code}", dependencies=[SEES_COSTS])
def of_site(request: Request, site_code: str, conn: Conn, now: Now, who: Asking) -> Response:
    """Show a site's currency, labour rates and cost model."""
    return _page(request, conn, now, who, plant.site_by_code(conn, site_code, who.sites).code)


def _page(request: Request, conn: Connection, now: datetime, who: Who, code: str) -> Response:
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), None)
    assets = [] if site is None else plant.assets(conn, now=now, site=site.code)
    people = [] if site is None else technicians.listed(conn, site.id)
    return page(
        request,
        "costs.html",
        now=now,
        site=site,
        sites=sites,
        currency=None if site is None else costs.currency_of(conn, site.id),
        currencies=sorted(CURRENCIES),
        rates=[] if site is None else costs.rates(conn, site.id),
        model=None if site is None else costs.model(conn, site.id),
        assets=assets,
        classes=sorted({each.asset_class for each in assets}),
        skills=sorted({skill for each in people for skill in each.skills}),
        zone="UTC" if site is None else site.time_zone,
        changes=changes.page(conn, kinds=changes.OF_COSTS, site=code, limit=10) if site else [],
    )


@router.post("/costs/{site_code}/currency", dependencies=[PLANS])
@shown_on("/costs/{site_code}", at={NoSuchCurrency: "currency", CurrencyInUse: "currency"})
def set_currency(
    site_code: str,
    conn: Conn,
    who: Asking,
    sent: SentForm,
    currency: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Choose a site's currency."""
    site = plant.site_by_code(conn, site_code, who.sites)
    costs.set_currency(conn, site.id, site.code, currency.strip().upper() or None)
    return sent.leads_to(f"/costs/{site.code}")


@router.post("/costs/{site_code}/labour-rate", dependencies=[PLANS])
@shown_on("/costs/{site_code}", at={NoCurrency: "per_hour"})
def put_rate(
    site_code: str,
    conn: Conn,
    who: Asking,
    sent: SentForm,
    names: FormNames,
    skill: Annotated[str, Form(max_length=200)] = "",
    from_date: Annotated[str, Form(max_length=20)] = "",
    per_hour: Annotated[str, Form(max_length=30)] = "",
    remove: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Set a trade's hourly rate from a day on, or remove a wrong rate."""
    site = plant.site_by_code(conn, site_code, who.sites)
    with Fields() as read:
        day = read("from_date", date.min, lambda: _day(from_date))
        amount = None if remove else read("per_hour", None, lambda: _amount(per_hour, places=4))
        read.need("per_hour", remove or per_hour.strip(), say("write what an hour costs, such as 84.50"))
        read.ask("skill", None if remove else names.question(NameKind.SKILL, [skill.strip()], skill))
    costs.put_rate(conn, site.id, site.code, skill.strip(), day, amount)
    return sent.leads_to(f"/costs/{site.code}#rates")


@router.post("/costs/{site_code}/model", dependencies=[PLANS])
@shown_on("/costs/{site_code}", at={NoCurrency: "failure", NotFound: "of"})
def put_entry(
    site_code: str,
    conn: Conn,
    who: Asking,
    sent: SentForm,
    of: Annotated[str, Form(max_length=200)] = "site",
    failure: Annotated[str, Form(max_length=30)] = "",
    down_hour: Annotated[str, Form(max_length=30)] = "",
    failure_hours: Annotated[str, Form(max_length=30)] = "",
    wasted_visit: Annotated[str, Form(max_length=30)] = "",
    notice_hours: Annotated[str, Form(max_length=30)] = "",
    *,
    names: FormNames,
) -> Response:
    """Set the costs of failures, downtime and wasted visits; an empty entry is removed."""
    site = plant.site_by_code(conn, site_code, who.sites)
    typed = dict(zip(PRICES, (failure, down_hour, failure_hours, wasted_visit, notice_hours), strict=True))
    prices: dict[str, Decimal | None] = {}
    kind, _colon, whose = of.partition(":")
    with Fields() as read:
        read.need("of", of == "site" or (kind in ("asset", "class") and whose), say("choose from the list"))
        for name, text in typed.items():
            places = 2 if name in _HOURS else 4
            prices[name] = read(name, None, lambda text=text, places=places: _amount(text, places=places))  # type: ignore[misc]
        priced = kind == "class" and any(each is not None for each in prices.values())
        read.ask("of", names.question(NameKind.CLASS, [whose], whose) if priced else None)
    entry = Entry(
        asset=whose if kind == "asset" else None,
        asset_class=whose if kind == "class" else None,
        prices=Prices(**prices),
    )
    costs.put_entry(conn, site.id, site.code, entry)
    return sent.leads_to(f"/costs/{site.code}#model")


@router.post("/orders/{order_id}/part-prices", dependencies=[PLANS])
@shown_on("/orders/{order_id}", at={NoCurrency: "unit_cost"})
def price_part(
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    line: Annotated[int, Form(ge=1, le=1_000_000)],
    unit_cost: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Set the unit price of a part of an order; an empty field removes it."""
    with Fields() as read:
        amount = read("unit_cost", None, lambda: _amount(unit_cost, places=4))
    costs.price_parts(conn, order_id, {line: amount}, who=who, at=now)
    return sent.leads_to(f"/orders/{order_id}#cost")


def _day(text: str) -> date:
    try:
        return near_day(date.fromisoformat(text.strip()))
    except ValueError:
        raise InvalidForm(say("give the first day on which it counts")) from None


def _amount(text: str, *, places: int) -> Decimal | None:
    """Parse an exact amount, None if the field is empty; a decimal comma is accepted. Raises InvalidForm."""
    if not text.strip():
        return None
    try:
        value = typed(text)
    except NotANumber as wrong:
        raise InvalidForm(*wrong.args) from None
    if not 0 <= value <= MOST:
        raise InvalidForm(say("write an amount from 0 to {most:,}, not {text!r}", most=MOST, text=text.strip()))
    if value != round(value, places):
        raise InvalidForm(say("write {places} decimals at most", places=places))
    return value
