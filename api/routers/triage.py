"""Triage: suggestions for a text, similar orders, answers from what is written, versions of what was learned."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.asking import PLANS, REQUESTS, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import Id, Order, PagedByFifty
from api.shapes.triage import (
    LONGEST,
    AnswersOut,
    DangerWordsIn,
    DangerWordsOut,
    InForceIn,
    InForceOut,
    LastTimeOut,
    LearningOut,
    MoveOut,
    PassageOut,
    SuggestIn,
    SuggestOut,
    TriageVersionOut,
)
from db.orders import work_orders
from db.plant import plant
from db.triage import alike, danger, suggesting, versions

router = APIRouter(tags=["triage"])
LATEST_FIRST = Order[versions.Move](tuple[Id], lambda each: (each.seq,))
NEWEST_FIRST = Order[versions.Version](tuple[Id], lambda each: (each.number,))


@router.post("/triage/suggest", dependencies=[REQUESTS])
def suggest(body: SuggestIn, conn: Conn, who: Asking) -> SuggestOut:
    """Suggest what an order with this text is about: words that say danger come first, then what was learned at the
    site. Nothing is stored; no suggestion is a valid answer.
    """
    site = plant.site_by_code(conn, body.site, who.sites)
    return SuggestOut.of(suggesting.suggest(conn, site, body.text))


@router.get("/work-orders/{order_id}/last-time", dependencies=[SEES])
def last_time(order_id: UUID, conn: Conn, who: Asking) -> LastTimeOut:
    """Read what was done the last times: similar finished orders, and what to check by success."""
    found = alike.last_time(conn, work_orders.get(conn, order_id, who))
    return LastTimeOut.of(found, alike.checks(found))


@router.get("/answers", dependencies=[SEES])
def answers(
    conn: Conn,
    who: Asking,
    question: Annotated[str, Query(min_length=1, max_length=LONGEST, description="in words")],
    site: Annotated[str | None, Query(max_length=64, description="a site's code; none: all that you see")] = None,
) -> AnswersOut:
    """Find the passages of orders, comments, job plans and text files that have most of a question's words."""
    at = None if site is None else plant.site_by_code(conn, site, who.sites).id
    found = alike.answers(conn, question.replace("\0", ""), within=who.sites, site_id=at)
    return AnswersOut(passages=[PassageOut.of(each) for each in found])


@router.get("/sites/{site_code}/triage-versions", dependencies=[SEES])
def found(site_code: str, conn: Conn, who: Asking, part: PagedByFifty) -> list[TriageVersionOut]:
    """List the versions of what was learned at a site, the newest first."""
    site = plant.site_by_code(conn, site_code, who.sites)
    (before,) = part.after(NEWEST_FIRST) or (None,)
    listed = versions.page(conn, site.id, limit=part.fetched, before=before)
    return [TriageVersionOut.of(each) for each in part.of_fetched(listed, NEWEST_FIRST)]


@router.get("/sites/{site_code}/triage-versions/in-force", dependencies=[SEES])
def moves(site_code: str, conn: Conn, who: Asking, part: PagedByFifty) -> list[MoveOut]:
    """List which versions were put in force at a site, by whom and why, the latest first."""
    site = plant.site_by_code(conn, site_code, who.sites)
    (before,) = part.after(LATEST_FIRST) or (None,)
    listed = versions.moves(conn, site.id, limit=part.fetched, before=before)
    return [MoveOut.model_validate(each) for each in part.of_fetched(listed, LATEST_FIRST)]


@router.get("/sites/{site_code}/triage-versions/next", dependencies=[SEES])
def learning(site_code: str, conn: Conn, now: Now, who: Asking) -> LearningOut:
    """Read how many new labels there are at a site, and how many it takes for the next version."""
    site = plant.site_by_code(conn, site_code, who.sites)
    return LearningOut.of(versions.state(conn, site.id, until=now))


@router.post(
    "/sites/{site_code}/triage-versions/in-force",
    status_code=201,
    response_model=InForceOut,
    dependencies=[PLANS],
)
def put_in_force(site_code: str, body: InForceIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Put a version in force, an earlier one too, or none; with an Idempotency-Key, at most once."""

    def make(_: Response) -> InForceOut:
        site = plant.site_by_code(conn, site_code, who.sites)
        versions.put_in_force(conn, site.id, body.number, actor=who.actor, at=now, why=body.why)
        return InForceOut(number=body.number)

    return once(body, make, needed=False)


@router.get("/sites/{site_code}/danger-words", dependencies=[SEES])
def danger_words(site_code: str, conn: Conn, who: Asking) -> DangerWordsOut:
    """Read the words that say danger at a site, besides those that the program knows."""
    return DangerWordsOut.of(danger.of_site(conn, plant.site_by_code(conn, site_code, who.sites).id))


@router.put("/sites/{site_code}/danger-words", dependencies=[PLANS])
def put_danger_words(site_code: str, body: DangerWordsIn, conn: Conn, now: Now, who: Asking) -> DangerWordsOut:
    """Replace a site's own words that say danger; those that the program knows always count."""
    site = plant.site_by_code(conn, site_code, who.sites)
    return DangerWordsOut.of(danger.write(conn, site.id, body.words, actor=who.actor, at=now, why=body.why))
