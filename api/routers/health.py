"""Liveness, readiness, and metrics for Prometheus. Health checks need no key."""

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool, PoolTimeout
from pydantic import BaseModel, Field

from api.asking import KNOWN, SEES_ALL, Conn, Now
from api.metrics import Metrics
from db import schema
from db.alarms import engine_alarms
from db.telemetry import engine_metrics, telemetry
from workorder_core.alarms.engine_alarms import Code, standing

router = APIRouter(tags=["health"])


class Live(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Return whether requests can be served; a silent plant is reported, but is no reason not to be ready."""

    status: Literal["ready", "not ready"]
    database: str
    schema_waiting: list[str] = Field(description="migrations that have not been applied")
    newest_readings_received_at: datetime | None = Field(description="None: nothing has arrived yet")
    newest_readings_age_s: float | None
    ingest: str = Field("unknown", description="judging, behind (its own alarm), silent, stopped, or never ran")
    ingest_lag_s: float | None = Field(None, description="the longest time that a message waits to be judged")
    engine_alarms: list[Code] = Field([], description="the engine's own; /api/v1/engine says what to do about them")


@router.get("/health/live")
def live() -> Live:
    """Report that the process is alive."""
    return Live()


@router.get("/health/ready")
def ready(request: Request, response: Response) -> Ready:
    """Report whether the database can be reached, whether its schema is current, and how long ago readings arrived."""
    pool: ConnectionPool = request.app.state.pool
    try:
        with pool.connection(timeout=3) as conn:
            read_only = schema.read_only(conn)
            waiting = _waiting(request, conn)
            newest = None if waiting else telemetry.newest_received(conn)
            engine = None if waiting else engine_metrics.read(conn)
            facts = None if waiting else engine_alarms.facts(conn, engine, now=datetime.now(UTC))
    except (Error, PoolTimeout):
        response.status_code = 503
        return Ready(
            status="not ready",
            database="cannot be reached: start it, or correct the setting 'database'",
            schema_waiting=[],
            newest_readings_received_at=None,
            newest_readings_age_s=None,
        )
    response.status_code = 503 if waiting or read_only else 200
    return Ready(
        status="not ready" if waiting or read_only else "ready",
        database=_said(waiting, read_only),
        schema_waiting=waiting,
        newest_readings_received_at=newest,
        newest_readings_age_s=None if newest is None else (datetime.now(UTC) - newest).total_seconds(),
        ingest="never ran" if engine is None else engine.state,
        ingest_lag_s=None if engine is None else engine.lag_s,
        engine_alarms=[] if facts is None else [each.code for each in standing(facts, now=datetime.now(UTC))],
    )


@router.get("/metrics", include_in_schema=False, dependencies=[KNOWN, SEES_ALL])
def metrics(request: Request, conn: Conn, now: Now) -> Response:
    """Return the metrics in Prometheus' text format."""
    numbers: Metrics = request.app.state.metrics
    return Response(numbers.text(conn, now=now), media_type=CONTENT_TYPE_LATEST)


def _said(waiting: list[str], read_only: bool) -> str:
    if waiting:
        return "its schema is older than this code: run `plantwright migrate`"
    if read_only:
        return "takes no changes: it is a standby, or was made read-only; end that, or name another in 'database'"
    return "reachable"


def _waiting(request: Request, conn: Connection) -> list[str]:
    """Return the pending migrations. A current schema stays so, and is not queried again."""
    if request.app.state.schema_is_current:
        return []
    waiting = list(schema.waiting(conn))
    request.app.state.schema_is_current = not waiting
    return waiting
