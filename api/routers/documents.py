"""The documents that judge: their versions, and those on trial in shadow."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from psycopg import Connection

from api.asking import ENGINEERS, SEES_ALL, Actor, Conn
from api.once import OnlyOnce
from api.paging import AS_FILE, At, Id, Order, Paged, PagedByFifty, Text
from api.shapes.documents import (
    DocumentIn,
    EndIn,
    RollBackIn,
    ShadowOrderOut,
    ShadowReportOut,
    ShadowRunIn,
    ShadowRunOut,
    VersionOut,
)
from api.shapes.health import PrecisionOut
from db.documents import documents, labels, rules_in_force, shadow, shadow_report, slow_devices
from db.documents.documents import Kind

router = APIRouter(tags=["rules and models"])
VERSIONS = Order[documents.Version](tuple[Id], lambda each: (each.number,))
RUNS = Order[shadow.ShadowRun](tuple[Id], lambda each: (each.id,))
OLDEST_FIRST = Order[shadow.ShadowOrder](tuple[At, Text, Text], lambda each: (each.opened_at, each.asset, str(each.id)))
RunId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/documents/{kind}", dependencies=[SEES_ALL])
def versions(kind: Kind, conn: Conn, part: PagedByFifty) -> list[VersionOut]:
    """List versions, the newest first."""
    (before,) = part.after(VERSIONS) or (None,)
    found = documents.versions(conn, kind, limit=part.fetched, before=before)
    return [VersionOut.of(each) for each in part.of_fetched(found, VERSIONS)]


@router.get("/documents/{kind}/{version_number}", dependencies=[SEES_ALL])
def version(kind: Kind, version_number: Annotated[int, Path(ge=1, le=2**31 - 1)], conn: Conn) -> VersionOut:
    """Read one version."""
    return VersionOut.of(documents.version(conn, kind, version_number))


@router.post("/documents/{kind}", status_code=201, response_model=VersionOut, dependencies=[ENGINEERS])
def put(kind: Kind, body: DocumentIn, conn: Conn, actor: Actor, once: OnlyOnce) -> Response:
    """Check a document and put it in force as a new version; the engine applies it at its next batch. With an
    Idempotency-Key, at most once.
    """

    def make(_: Response) -> VersionOut:
        documents.write(conn, kind, body.document, actor=actor, why=body.why)
        made = documents.version(conn, kind)
        return VersionOut.of(made, _warnings(conn, kind, made))

    return once(body, make, needed=False)


@router.post("/documents/{kind}/rollback", status_code=201, response_model=VersionOut, dependencies=[ENGINEERS])
def roll_back(kind: Kind, body: RollBackIn, conn: Conn, actor: Actor, once: OnlyOnce) -> Response:
    """Put an earlier version in force again, as a new one; with an Idempotency-Key, at most once."""

    def make(_: Response) -> VersionOut:
        found = documents.roll_back(conn, kind, body.number, actor=actor, why=body.why)
        return VersionOut.of(found, _warnings(conn, kind, found))

    return once(body, make, needed=False)


def _warnings(conn: Connection, kind: Kind, made: documents.Version) -> list[str]:
    found = documents.doubts(conn, kind, made.document)
    if kind is Kind.RULEBOOK:
        found += slow_devices.by_rule(slow_devices.of(conn, rules_in_force.newest(conn))).values()
    return found


@router.get("/models/precision", dependencies=[SEES_ALL, AS_FILE])
def precision(conn: Conn) -> list[PrecisionOut]:
    """Read the precision of each version of a model on each class of assets, by its newest close-outs."""
    return [PrecisionOut.of(each) for each in labels.precision(conn)]


@router.get("/shadow-runs", dependencies=[SEES_ALL])
def runs(conn: Conn, part: PagedByFifty) -> list[ShadowRunOut]:
    """List the shadow runs, the newest first."""
    (before,) = part.after(RUNS) or (None,)
    found = shadow.runs(conn, limit=part.fetched, before=before)
    return [ShadowRunOut.of(each) for each in part.of_fetched(found, RUNS)]


@router.post("/shadow-runs", status_code=201, response_model=ShadowRunOut, dependencies=[ENGINEERS])
def begin(body: ShadowRunIn, conn: Conn, actor: Actor, once: OnlyOnce) -> Response:
    """Put documents on trial: they judge beside those in force, and open no orders. With an Idempotency-Key, at most
    once."""

    def make(_: Response) -> ShadowRunOut:
        run_id = shadow.begin(
            conn, body.name, rulebook=body.rulebook, models=body.models, actor=actor, why=body.why
        )  # fmt: skip
        return ShadowRunOut.of(shadow.run(conn, run_id))

    return once(body, make, needed=False)


@router.get("/shadow-runs/{run_id}", dependencies=[SEES_ALL])
def run(run_id: RunId, conn: Conn) -> ShadowRunOut:
    """Read one run."""
    return ShadowRunOut.of(shadow.run(conn, run_id))


@router.get("/shadow-runs/{run_id}/orders", dependencies=[SEES_ALL])
def orders(run_id: RunId, conn: Conn, part: Paged) -> list[ShadowOrderOut]:
    """List the orders that a run would have opened, the oldest first."""
    found = shadow.orders(conn, shadow.run(conn, run_id).id, after=part.after(OLDEST_FIRST), limit=part.fetched)
    return [ShadowOrderOut.of(each) for each in part.of_fetched(found, OLDEST_FIRST)]


@router.get("/shadow-runs/{run_id}/report", dependencies=[SEES_ALL])
def report(run_id: RunId, conn: Conn) -> ShadowReportOut:
    """Compare the orders of a run with those that the plant opened meanwhile, and the precision of both."""
    return ShadowReportOut.of(shadow_report.report(conn, run_id))


@router.post("/shadow-runs/{run_id}/promote", dependencies=[ENGINEERS])
def promote(run_id: RunId, body: EndIn, conn: Conn, actor: Actor) -> ShadowRunOut:
    """Promote the documents on trial to a new version, with what their judge has learned, from the next batch on."""
    shadow.end(conn, run_id, "promoted", actor=actor, why=body.why)
    return ShadowRunOut.of(shadow.run(conn, run_id))


@router.post("/shadow-runs/{run_id}/drop", dependencies=[ENGINEERS])
def drop(run_id: RunId, body: EndIn, conn: Conn, actor: Actor) -> ShadowRunOut:
    """End a trial and keep the documents in force."""
    shadow.end(conn, run_id, "dropped", actor=actor, why=body.why)
    return ShadowRunOut.of(shadow.run(conn, run_id))
