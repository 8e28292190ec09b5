"""The page of triage at a site: the versions of what was learned, which one suggests, and the words that say danger."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api import long_work
from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.orders.suggested import LABELS
from api.board.rendering import page
from api.once import SentForm
from api.shapes.runs import TriageIn
from db.plant import plant
from db.triage import danger, versions
from workorder_core.people.access import Who
from workorder_core.sentences import say
from workorder_core.triage.words import DANGER

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
SHOWN = 20
LEAST_WHY, LONGEST_WHY = 3, 2000
MOST_WORDS, LONGEST_WORD = 500, 100
Why = Annotated[str, Form(max_length=LONGEST_WHY)]


@router.get("/triage", dependencies=[SEES])
def first(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show triage at the first site that the user sees."""
    sites = plant.sites(conn, who.sites)
    return _page(request, conn, now, who, sites[0].code if sites else "")


@router.get("/triage/{site_code}", dependencies=[SEES])
def of_site(request: Request, site_code: str, conn: Conn, now: Now, who: Asking) -> Response:
    """Show what triage has learned at a site, and the words that say danger there."""
    return _page(request, conn, now, who, plant.site_by_code(conn, site_code, who.sites).code)


@router.post("/triage/{site_code}/in-force", dependencies=[PLANS])
@shown_on("/triage/{site_code}")
def put_in_force(
    site_code: str,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    number: Annotated[str, Form(max_length=10)] = "",
    why: Why = "",
) -> Response:
    """Let a version suggest, or none, and show the site."""
    site = plant.site_by_code(conn, site_code, who.sites)
    with Fields() as read:
        known = not number or (number.isdecimal() and 1 <= int(number) < 2**31)
        read.need("number", known, say("choose one of the versions"))
        read.need("why", len(why.strip()) >= LEAST_WHY, say("say why; it is kept with the choice"))
    chosen = int(number) if number else None
    versions.put_in_force(conn, site.id, chosen, actor=who.actor, at=now, why=why.strip())
    return sent.leads_to(f"/triage/{site.code}")


@router.post("/triage/{site_code}/learn", dependencies=[PLANS])
@shown_on("/triage/{site_code}")
def learn(site_code: str, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Queue learning from a site's orders, and show the run."""
    return sent.leads_to(f"/runs/{long_work.ask_for_triage(conn, who, TriageIn(site=site_code), at=now).id}")


@router.post("/triage/{site_code}/danger-words", dependencies=[PLANS])
@shown_on("/triage/{site_code}")
def put_danger_words(
    site_code: str,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    words: Annotated[str, Form(max_length=60_000)] = "",
    why: Why = "",
) -> Response:
    """Replace a site's own words that say danger, and show the site."""
    site = plant.site_by_code(conn, site_code, who.sites)
    typed = list(dict.fromkeys(filter(None, (each.strip() for each in words.replace("\0", "").splitlines()))))
    with Fields() as read:
        read.need("words", len(typed) <= MOST_WORDS, say("{most} lines at most", most=MOST_WORDS))
        fit = all(2 <= len(each) <= LONGEST_WORD for each in typed)
        read.need("words", fit, say("each line has 2 to {most} letters", most=LONGEST_WORD))
        read.need("why", len(why.strip()) >= LEAST_WHY, say("say why; it is kept with the words"))
    danger.write(conn, site.id, typed, actor=who.actor, at=now, why=why.strip())
    return sent.leads_to(f"/triage/{site.code}")


def _page(request: Request, conn: Connection, now: datetime, who: Who, code: str) -> Response:
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), None)
    if site is None:
        return page(request, "triage.html", site=None, sites=sites)
    listed = versions.page(conn, site.id, limit=SHOWN)
    state = versions.state(conn, site.id, until=now)
    used = next((each for each in listed if each.in_force), None)
    if used is None and state.in_force is not None:
        used = versions.get(conn, site.id, state.in_force)
    return page(
        request,
        "triage.html",
        site=site,
        sites=sites,
        versions=listed,
        used=used,
        state=state,
        progress=state.progress,
        moves=versions.moves(conn, site.id, limit=SHOWN),
        words=danger.of_site(conn, site.id),
        known_words=len(DANGER),
        field_labels=LABELS,
        zone=site.time_zone,
    )
