"""How often each job of the timetable runs, and how long what is old is kept."""

from dataclasses import dataclass
from datetime import time, timedelta

from runtime.processes import heartbeat
from runtime.processes.heartbeat import Outside
from runtime.settings import Settings
from workorder_core.people.dispatching import BY_DEFAULT, Dispatched


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """How often each job runs, in seconds; ``retention`` None keeps readings for ever, likewise ``alarm_retention``
    alarms and ``quarantine_retention`` refused messages.
    """

    assign_every_s: float = 2
    dispatched: tuple[Dispatched, ...] = BY_DEFAULT
    escalate_every_s: float = 30
    plans_every_s: float = 30
    tidy_every_s: float = 3600
    anchor_every_s: float = 3600
    retention_every_s: float = 3600
    budgets_every_s: float = 600
    engine_alarms_every_s: float = 15
    stock_every_s: float = 10
    rounds_every_s: float = 60
    gaps_every_s: float = 60
    schedules_every_s: float = 60
    disruptions_every_s: float = 0.5
    schedule_at: time | None = None
    triage_at: time | None = None
    heartbeat: Outside | None = None
    event_retention: timedelta = timedelta(days=90)
    attempt_retention: timedelta = timedelta(days=90)
    retention: timedelta | None = None
    alarm_retention: timedelta | None = None
    quarantine_retention: timedelta | None = None
    runs_retention: timedelta = timedelta(days=90)

    @classmethod
    def of(cls, settings: Settings) -> "Timetable":
        """Return the timetable of the settings."""
        keep, keep_alarms, keep_refusals = (
            None if days is None else timedelta(days=days)
            for days in (settings.retention_days, settings.alarm_retention_days, settings.quarantine_retention_days)
        )
        return cls(
            assign_every_s=settings.assign_every_s,
            dispatched=tuple(Dispatched.of(each) for each in settings.dispatch),
            escalate_every_s=settings.escalate_every_s,
            budgets_every_s=settings.budgets_every_s,
            heartbeat=heartbeat.to(settings),
            schedule_at=None if settings.schedule_at is None else time.fromisoformat(settings.schedule_at),
            triage_at=None if settings.triage_at is None else time.fromisoformat(settings.triage_at),
            event_retention=timedelta(days=settings.event_retention_days),
            attempt_retention=timedelta(days=settings.attempt_retention_days),
            retention=keep,
            alarm_retention=keep_alarms,
            quarantine_retention=keep_refusals,
            runs_retention=timedelta(days=settings.runs_kept_days),
        )
