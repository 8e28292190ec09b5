"""Requesting a backtest: its documents, its time range, its assets."""

import json
import tomllib
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api import long_work
from api.asking import ENGINEERS, KNOWN, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.orders.step_form import local
from api.board.rendering import page
from api.board.words import zone_of
from api.once import SentForm
from api.shapes.runs import BacktestIn
from db.documents import documents
from db.documents.documents import Kind
from db.errors import NotFound
from db.plant import plant
from models import documents as model_documents
from models.documents import InvalidModels
from rules import rulebook as rulebooks
from rules.rulebook import InvalidRulebook
from workorder_core.sentences import say, stored

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
VERSIONS = 20
LONGEST = 50_000
"""The most letters of a typed document."""
Typed = Annotated[str, Form(max_length=LONGEST)]


@router.get("/backtests/new", dependencies=[ENGINEERS])
def form(request: Request, conn: Conn, who: Asking) -> Response:
    """Show the form of a backtest."""
    return page(
        request,
        "runs/new_backtest.html",
        zone=zone_of(plant.sites(conn, who.sites)),
        rulebooks=documents.versions(conn, Kind.RULEBOOK, limit=VERSIONS),
        models=documents.versions(conn, Kind.MODELS, limit=VERSIONS),
    )


@router.post("/backtests/new", dependencies=[ENGINEERS])
@shown_on("/backtests/new")
def ask(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    rulebook: Annotated[str, Form(max_length=20)] = "",
    rulebook_text: Typed = "",
    models: Annotated[str, Form(max_length=20)] = "",
    models_text: Typed = "",
    since: Annotated[str, Form(max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    assets: Annotated[str, Form(max_length=4000)] = "",
    warm_up: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Queue a backtest and show it."""
    zone = ZoneInfo(zone_of(plant.sites(conn, who.sites)))
    named = list(dict.fromkeys(filter(None, (each.strip() for each in assets.replace(",", "\n").splitlines()))))
    with Fields() as read:
        rules = read("rulebook_text", None, lambda: _rulebook(conn, rulebook, rulebook_text))
        judging = read("models_text", None, lambda: _models(conn, models, models_text))
        start = read("since", None, lambda: local(since, zone) if since else None)
        end = read("until", None, lambda: local(until, zone) if until else None)
        days = read("warm_up", None, lambda: figure(warm_up, most=36_500))
        read.need(
            "until", not (start and end) or start < end, say("the end must be after the beginning; choose a later one")
        )
        read("assets", None, lambda: _known(conn, named, now))
    asked = BacktestIn(since=start, until=end, assets=named or None, rulebook=rules, models=judging, warm_up_days=days)
    return sent.leads_to(f"/runs/{long_work.ask_for_backtest(conn, who, asked, at=now).id}")


def _rulebook(conn: Connection, chosen: str, text: str) -> dict[str, Any] | None:
    document = _document(conn, Kind.RULEBOOK, chosen, text)
    try:
        if document is not None:
            rulebooks.parse(document)
    except InvalidRulebook as wrong:
        raise InvalidForm(stored(str(wrong))) from None
    return document


def _models(conn: Connection, chosen: str, text: str) -> dict[str, Any] | None:
    document = _document(conn, Kind.MODELS, chosen, text)
    try:
        if document is not None:
            model_documents.parse(document)
    except InvalidModels as wrong:
        raise InvalidForm(stored(str(wrong))) from None
    return document


def _document(conn: Connection, kind: Kind, chosen: str, text: str) -> dict[str, Any] | None:
    """Return the typed document, otherwise the chosen version; None: the documents of that time."""
    if text.strip():
        try:
            found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
            raise InvalidForm(say("is neither TOML nor JSON: {error}", error=error)) from None
        return dict(found)
    if not chosen:
        return None
    try:
        return dict(documents.version(conn, kind, int(chosen)).document)
    except (ValueError, NotFound):
        raise InvalidForm(say("there is no such version; choose one from the list")) from None


def _known(conn: Connection, named: list[str], now: Now) -> None:
    for each in named:
        site, _, code = each.partition("/")
        try:
            plant.asset_by_key(conn, site, code, now=now)
        except NotFound:
            raise InvalidForm(
                say("there is no asset {each}; write <site>/<asset>, like NTH/P-101", each=each)
            ) from None
