"""Rounds: begun, answered stop by stop, handed over, signed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Path, Query, Request, Response, UploadFile
from psycopg import Connection

from api.asking import SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.files import ONLY_ITSELF
from api.once import OnlyOnce
from api.paging import At, Id, Order, PagedByFifty
from api.papers import round_paper
from api.papers.prints import PDF, as_pdf
from api.shapes.inspections.rounds import (
    AnswersIn,
    HistoryOut,
    NeededWhyIn,
    OpenPointOut,
    ReportCheckOut,
    RoundIn,
    RoundOut,
    RoundPage,
    SignIn,
    StopOut,
    WholeRoundOut,
)
from api.shapes.times import Moment
from db.files.files import LARGEST
from db.inspections import history, points, reports, rounds, stops
from db.inspections.rounds import Round, Walk
from db.inspections.stops import Photo
from db.orders import work_orders
from db.plant import plant
from workorder_core.inspections.answers import Given
from workorder_core.inspections.rounds import How, RoundStatus, RoundStep

router = APIRouter(prefix="/rounds", tags=["inspections"])
LATEST_DUE_FIRST = Order[Round](tuple[At, Id], lambda each: (each.due_at, each.id))
Position = Annotated[int, Path(ge=1, le=500)]
ItemKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    status: Annotated[list[RoundStatus] | None, Query(description="in one of these statuses; none: in any")] = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="that stop at an asset")] = None,
    route_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="along a route")] = None,
    order_id: Annotated[UUID | None, Query(description="that an order asks for")] = None,
    since: Annotated[Moment | None, Query(description="due from then on")] = None,
    until: Annotated[Moment | None, Query(description="due before then")] = None,
) -> RoundPage:
    """List rounds, the latest due first."""
    after = part.after(LATEST_DUE_FIRST)
    found = rounds.page(
        conn,
        site=site,
        within=who.sites,
        statuses=status,
        asset_id=asset_id,
        route_id=route_id,
        order_id=order_id,
        since=since,
        until=until,
        after=None if after is None else (after[0], after[1]),
        limit=part.fetched,
    )
    items = [RoundOut.of(each) for each in part.of_fetched(found, LATEST_DUE_FIRST)]
    return RoundPage(items=items, limit=part.limit, next=part.next)


@router.post("", status_code=201, response_model=RoundOut, dependencies=[WORKS_OR_PLANS])
def create(body: RoundIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Begin a round, or create one that is due. The header Idempotency-Key is required."""

    def make(response: Response) -> RoundOut:
        site = plant.site_by_code(conn, body.site, who.sites)
        if body.order_id is not None:
            work_orders.get(conn, body.order_id, who)
        pairs = tuple((each.asset_id, each.checklist_id) for each in body.stops or ())
        walk = Walk(title=body.title or "", route_id=body.route_id, stops=pairs)
        made = rounds.make_due(
            conn,
            site.id,
            walk,
            due_at=body.due_at or now,
            latest=body.latest,
            order_id=body.order_id,
            how=How.HAND if body.order_id is None else How.PLAN,
            actor=who.actor,
            at=now,
        )
        if body.due_at is None and made.status is RoundStatus.DUE:
            made = rounds.take_step(conn, made.id, RoundStep.START, actor=who.actor, at=now)
        response.headers["Location"] = f"/api/v1/rounds/{made.id}"
        return RoundOut.of(made)

    return once(body, make)


@router.get("/{round_id}", dependencies=[SEES])
def read(round_id: int, conn: Conn) -> WholeRoundOut:
    """Read a round with its stops, answers, earlier open points, and its history."""
    return _whole(conn, rounds.get(conn, round_id))


@router.post("/{round_id}/start", dependencies=[WORKS_OR_PLANS])
def start(round_id: int, conn: Conn, now: Now, who: Asking) -> RoundOut:
    """Begin a round that is due: from now on its stops keep the versions of their checklists."""
    return RoundOut.of(rounds.take_step(conn, round_id, RoundStep.START, actor=who.actor, at=now))


@router.post("/{round_id}/pause", dependencies=[WORKS_OR_PLANS])
def pause(round_id: int, conn: Conn, now: Now, who: Asking) -> RoundOut:
    """Pause a round, for later or for somebody else."""
    return RoundOut.of(rounds.take_step(conn, round_id, RoundStep.PAUSE, actor=who.actor, at=now))


@router.post("/{round_id}/resume", dependencies=[WORKS_OR_PLANS])
def resume(round_id: int, conn: Conn, now: Now, who: Asking) -> RoundOut:
    """Continue a paused round, or take it over from the person who has it."""
    return RoundOut.of(rounds.take_step(conn, round_id, RoundStep.RESUME, actor=who.actor, at=now))


@router.post("/{round_id}/cancel", dependencies=[WORKS_OR_PLANS])
def cancel(round_id: int, body: NeededWhyIn, conn: Conn, now: Now, who: Asking) -> RoundOut:
    """Cancel a round, with the reason; its answers stay."""
    return RoundOut.of(rounds.take_step(conn, round_id, RoundStep.CANCEL, actor=who.actor, at=now, why=body.why))


@router.post("/{round_id}/finish", dependencies=[WORKS_OR_PLANS])
def finish(round_id: int, body: SignIn, conn: Conn, now: Now, who: Asking) -> RoundOut:
    """Sign a round whose stops are all done or missed with a reason; its report is stored with its hash.

    Only the person who has the round signs it: `resume` transfers it first.
    """
    return RoundOut.of(round_paper.finish(conn, round_id, body.name, "", actor=who.actor, at=now))


@router.put("/{round_id}/stops/{position}", dependencies=[WORKS_OR_PLANS])
def answer(round_id: int, position: Position, body: AnswersIn, conn: Conn, now: Now, who: Asking) -> StopOut:
    """Store the answers of a stop. Finishing it opens the orders of its failed points, each once."""
    stops.save(
        conn,
        round_id,
        position,
        {key: Given(typed=each.answer, note=each.note) for key, each in body.answers.items()},
        finish=body.finish,
        scanned=body.scanned,
        expected_version=body.version,
        answered_at=body.answered_at,
        actor=who.actor,
        at=now,
    )
    return StopOut.of(stops.get(conn, round_id, position), stops.answered(conn, round_id, position))


@router.post("/{round_id}/stops/{position}/skip", dependencies=[WORKS_OR_PLANS])
def skip(round_id: int, position: Position, body: NeededWhyIn, conn: Conn, now: Now, who: Asking) -> StopOut:
    """Record that a stop was missed, and why."""
    stops.skip(conn, round_id, position, body.why, actor=who.actor, at=now)
    return StopOut.of(stops.get(conn, round_id, position), stops.answered(conn, round_id, position))


@router.post(
    "/{round_id}/stops/{position}/photos/{item}", status_code=201, response_model=StopOut, dependencies=[WORKS_OR_PLANS]
)
def add_photo(
    round_id: int,
    position: Position,
    item: ItemKey,
    file: Annotated[UploadFile, File()],
    conn: Conn,
    now: Now,
    who: Asking,
    once: OnlyOnce,
) -> Response:
    """Add a photo to an answer, replacing the present one. The header Idempotency-Key is required."""
    content, name = file.file.read(LARGEST + 1), file.filename or "photo"

    def make(_: Response) -> StopOut:
        photo = {item: Photo(name=name, content=content)}
        stops.save(conn, round_id, position, {}, photo, finish=False, actor=who.actor, at=now)
        return StopOut.of(stops.get(conn, round_id, position), stops.answered(conn, round_id, position))

    return once(name.encode(errors="replace") + b"\0" + content, make)


@router.get("/{round_id}/photos/{photo_id}", dependencies=[SEES], response_class=Response)
def photo(
    round_id: int,
    photo_id: UUID,
    conn: Conn,
    request: Request,
    small: Annotated[bool, Query(description="a small picture of it")] = False,
) -> Response:
    """Read a photo of an answer. It never changes: a conditional request gets 304."""
    found = stops.photo(conn, round_id, photo_id)
    tag = f'"{photo_id}{"-small" if small else ""}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Content-Security-Policy": ONLY_ITSELF}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    kind = "image/jpeg" if small and found.small else found.kind
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(found.thumbnail if small else found.content, media_type=kind, headers=headers)


@router.get("/{round_id}/report", dependencies=[SEES], response_class=Response, responses=PDF)
def report(round_id: int, conn: Conn) -> Response:
    """Read the signed report."""
    return as_pdf(reports.get(conn, round_id).content, f"{rounds.get(conn, round_id).number}.pdf")


@router.get("/{round_id}/report/check", dependencies=[SEES])
def check_report(round_id: int, conn: Conn) -> ReportCheckOut:
    """Verify the signed report, by its hash and by the hash in the log of changes."""
    return ReportCheckOut.of(reports.get(conn, round_id))


def _whole(conn: Connection, found: Round) -> WholeRoundOut:
    answered = stops.answered(conn, found.id)
    return WholeRoundOut(
        **RoundOut.of(found).model_dump(),
        walk=[StopOut.of(each, answered) for each in stops.of_round(conn, found.id)],
        open_points=[OpenPointOut.of(each) for each in points.open_points(conn, found.id)],
        history=[HistoryOut.model_validate(each) for each in history.of_round(conn, found.id)],
    )
