"""The state of the process that judges: its own alarms and metrics."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.asking import SEES, Asking, Conn, Now
from db.alarms import engine_alarms, heartbeats
from db.alarms.heartbeats import Heartbeat
from db.telemetry import engine_metrics, judge
from workorder_core.alarms import engine_alarms as core
from workorder_core.alarms.engine_alarms import Code, EngineAlarm

router = APIRouter(tags=["health"])


class EngineAlarmOut(BaseModel):
    code: Code
    problem: str
    action: str

    @classmethod
    def of(cls, alarm: EngineAlarm) -> "EngineAlarmOut":
        return cls(code=alarm.code, problem=alarm.problem, action=alarm.action)


class HeartbeatOut(BaseModel):
    """The newest heartbeat to the address outside; it is sent only while the engine is well."""

    tried_at: datetime = Field(description="when one was last due")
    unwell: str = Field(description="why none was sent then; empty: it was sent")
    sent_at: datetime | None = Field(description="when one was last sent")
    fault: Literal["passing", "final", "gone", "own"] | None = Field(description="of the last one sent; null: accepted")
    status: int | None = Field(description="what the address answered")
    detail: str
    accepted_at: datetime | None = Field(description="when the address last accepted one")

    @classmethod
    def of(cls, newest: Heartbeat | None) -> "HeartbeatOut | None":
        return None if newest is None else cls.model_validate(newest, from_attributes=True)


class EngineOut(BaseModel):
    """The engine's state; unknown fields of an engine that never ran are null."""

    state: Literal["judging", "behind", "silent", "stopped", "never ran"]
    alarms: list[EngineAlarmOut] = Field(description="the engine's own, the worst first; none: all is well")
    holder: str | None = Field(description="the process that judges this plant")
    written_at: datetime | None = Field(description="when it last wrote its metrics; it does so every second")
    lag_s: float | None = Field(None, description="the longest time that a message waits to be judged")
    lag_limit_s: float | None = None
    queue: int | None = Field(None, description="messages received and not judged yet")
    messages_per_s: float | None = Field(None, description="over the last half minute")
    readings_per_s: float | None = None
    messages: int | None = Field(None, description="committed and acknowledged since it became the writer")
    stored: int | None = Field(None, description="readings, since then")
    late: int | None = Field(None, description="of them")
    refused: dict[str, int] | None = Field(None, description="by reason, since then")
    heartbeat: HeartbeatOut | None = Field(None, description="to the address outside; null: none was ever due")


@router.get("/engine", dependencies=[SEES])
def engine(conn: Conn, now: Now, who: Asking) -> EngineOut:
    """Return the engine's state, its own active alarms, and what to do about them."""
    report = engine_metrics.read(conn)
    facts = engine_alarms.facts(conn, report, who.sites, now=now)
    alarms = [EngineAlarmOut.of(each) for each in core.standing(facts, now=now)]
    holder, beat = judge.holder_now(conn)[0], HeartbeatOut.of(heartbeats.newest(conn))
    if report is None:
        return EngineOut(state="never ran", alarms=alarms, holder=holder, written_at=None, heartbeat=beat)
    metrics = report.metrics
    same = ("lag_limit_s", "queue", "messages_per_s", "readings_per_s", "messages", "stored", "late", "refused")
    return EngineOut(
        state=report.state,
        alarms=alarms,
        holder=holder,
        written_at=report.written_at(now),
        lag_s=report.lag_s,
        heartbeat=beat,
        **{name: getattr(metrics, name) for name in same},
    )
