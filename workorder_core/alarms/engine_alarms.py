"""The engine's own alarms: what prevents readings from being judged, and what to do about it. No clock, no I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.escalating import unanswered_alarm
from workorder_core.oncall import gap_alarm
from workorder_core.oncall.gap_alarm import RotaGap
from workorder_core.sentences import Said, joined, marked, say

SHOWN_FOR = timedelta(hours=1)
"""How long a problem is shown: two processes that restart each other would repeat it every minute."""
LOOKS_BACK = timedelta(minutes=10)
GROWS_BY = 10
"""Kinds of message refused within ``LOOKS_BACK`` from which on the quarantine counts as growing."""


class Code(StrEnum):
    NEVER_RAN = "never_ran"
    STOPPED = "stopped"
    SILENT = "silent"
    BEHIND = "behind"
    FENCED_OFF = "fenced_off"
    CHECKPOINT_FAILS = "checkpoint_fails"
    QUARANTINE_GROWS = "quarantine_grows"
    QUARANTINE_FULL = "quarantine_full"
    INGEST_FAILED = "ingest_failed"
    CLOCK_JUMPED = "clock_jumped"
    UNREADABLE = "unreadable"
    EVENT_FAILED = "event_failed"
    JOB_FAILED = "job_failed"
    SESSION_TAKEN = "session_taken"
    SESSION_LOST = "session_lost"
    SESSION_TRIED = "session_tried"
    DEVICES_KEPT_OUT = "devices_kept_out"
    OUTBOX_OLD = "outbox_old"
    RECEIVER_DISABLED = "receiver_disabled"
    PLANS_BEHIND = "plans_behind"
    CERTIFICATE_ENDS = "certificate_ends"
    ON_CALL_GAP = "on_call_gap"
    NOBODY_ACKNOWLEDGED = "nobody_acknowledged"
    HEARTBEAT_FAILED = "heartbeat_failed"


TROUBLES: Mapping[Code, tuple[str, str]] = {
    Code.INGEST_FAILED: (
        say("Ingest ended with an error that no message is to blame for"),
        say("Its log has the details: report the error. Ingest is restarted after growing pauses; nothing is lost"),
    ),
    Code.EVENT_FAILED: (
        say("A change by a person, a document or the clock made the judge fail, and was only partly applied"),
        say("Report the error; the log has the details. Change it again: the next change is applied as usual"),
    ),
    Code.JOB_FAILED: (
        say("A scheduled job failed on one item; all others were done"),
        say("Report the error; the jobs' log has the details. The item is retried each time; change it, or end it"),
    ),
    Code.CLOCK_JUMPED: (
        say("The clock of a machine that the engine runs on was changed"),
        say(
            "Find out what set it: time synchronisation, a person, a machine that slept. Jobs and "
            "judging go on with the new time"
        ),
    ),
    Code.SESSION_TAKEN: (
        say("Another client keeps taking over the engine's session at the broker, and may receive what machines send"),
        say(
            "The broker's log names the other client: stop it. `plantwright broker-files` configures "
            "a broker that binds the id"
        ),
    ),
    Code.SESSION_TRIED: (
        say("Somebody tried to use the engine's identity at the broker, or to connect, and was refused"),
        say("Find who is at the address: a device with a wrong password or certificate, or an intruder"),
    ),
    Code.SESSION_LOST: (
        say("The broker lost the engine's session, and with it what waited there"),
        say(
            "Have the broker keep sessions on disk (mosquitto: persistence_location), and let nobody "
            "else use the engine's id"
        ),
    ),
    Code.DEVICES_KEPT_OUT: (
        say("The embedded broker admits no devices, so that nothing it has acknowledged can be lost on a full disk"),
        say("Free some disk space; devices are then admitted again. They keep what was not acknowledged"),
    ),
    Code.HEARTBEAT_FAILED: (
        say("The address outside did not accept the engine's heartbeat"),
        say("Correct heartbeat_url, or open the way there: until then nobody outside notices if the engine ends"),
    ),
}
"""Problems that are recorded when they happen: the problem, and what to do."""
RECORDED = frozenset({*TROUBLES, Code.CERTIFICATE_ENDS})
"""Codes that a process records; the others follow from what the database has."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A recorded problem: its newest message, how often it occurred, and when last."""

    said: str
    times: int
    at: datetime


OUTBOX_WAITS_MOST = timedelta(minutes=15)
"""How long a message may wait before that is an alarm: the duration of the first four attempts."""
UNDECIDED_MOST = timedelta(minutes=2)
"""How long an event may wait until its receivers are determined, which depends on no other host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The backlog: messages for active receivers, how long the oldest has waited, how long the oldest unprocessed event
    has, and the names of disabled receivers.
    """

    pending: int = 0
    oldest_s: float = 0.0
    undecided_s: float = 0.0
    disabled: Sequence[str] = ()


NOTHING_WAITS = Outbox()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansBehind:
    """Maintenance plans that were not evaluated in time: for how many objects, and since when the first of them."""

    objects: int = 0
    since: datetime | None = None


NO_PLAN_BEHIND = PlansBehind()


@dataclass(frozen=True, slots=True)
class EngineAlarm:
    """``problem`` says what is wrong, ``action`` what to do; each is a sentence without its stop."""

    code: Code
    problem: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts about the engine.

    Parameters
    ----------
    state
        judging, behind, silent or stopped; None where no process has ever judged this plant.
    age_s
        Age of its metrics.
    lag_s, lag_limit_s
        How long messages wait to be judged, and how long they may.
    fenced_off
        The newest process that was replaced by another one, which one, and when.
    checkpoint_failed
        Why the last checkpoint failed; empty if it did not.
    quarantine_full
        A refused message was counted but not stored, because the quarantine is full.
    refused
        Kinds of message refused within ``LOOKS_BACK``, counted to ``refused_most``.
    unreadable
        Messages within ``SHOWN_FOR`` that caused an error in the program; and the newest error.
    troubles
        Troubles, by code.
    outbox
        Events that wait to be delivered to receivers.
    plans
        Maintenance plans whose work should have been made and was not.
    gaps
        The first gap ahead of each rota that has one, the next one first.
    unanswered
        The subjects of escalations that nobody has acknowledged to the end, the oldest first.
    """

    state: str | None
    age_s: float = 0.0
    lag_s: float = 0.0
    lag_limit_s: float = 0.0
    fenced_off: tuple[str, str | None, datetime] | None = None
    checkpoint_failed: str = ""
    quarantine_full: bool = False
    refused: int = 0
    refused_most: int = 1000
    unreadable: tuple[int, str | None] = (0, None)
    troubles: Mapping[Code, Trouble] = field(default_factory=dict)
    outbox: Outbox = NOTHING_WAITS
    plans: PlansBehind = NO_PLAN_BEHIND
    gaps: Sequence[RotaGap] = ()
    unanswered: Sequence[str] = ()


def standing(facts: Facts, *, now: datetime) -> list[EngineAlarm]:
    """Return the active alarms, the worst first."""
    return [
        *(EngineAlarm(Code.NOBODY_ACKNOWLEDGED, *said) for said in unanswered_alarm.sentences(facts.unanswered)),
        *_of_process(facts),
        *_of_fence(facts, now),
        *_of_troubles(facts, now),
        *_of_checkpoint(facts),
        *_of_unreadable(facts),
        *_of_quarantine(facts),
        *_of_outbox(facts.outbox),
        *_of_plans(facts.plans, now),
        *(EngineAlarm(Code.ON_CALL_GAP, *gap_alarm.sentences(each, now=now)) for each in [facts.gaps] if each),
        *_of_certificate(facts.troubles.get(Code.CERTIFICATE_ENDS), now),
    ]


def _of_process(facts: Facts) -> Iterator[EngineAlarm]:
    waits = say("what machines send waits at the broker while there is room in its queue")
    start = say("Start `plantwright serve`, or `plantwright ingest` on its own")
    if facts.state is None:
        yield EngineAlarm(Code.NEVER_RAN, say("Nothing is judged: ingest has never run on this plant"), start)
    elif facts.state == "stopped":
        problem = say("Nothing is judged: ingest was stopped {ago} ago; {waits}", ago=spoken(facts.age_s), waits=waits)
        yield EngineAlarm(Code.STOPPED, problem, start)
    elif facts.state == "silent":
        problem = say(
            "Nothing is judged: ingest was last heard of {ago} ago; {waits}", ago=spoken(facts.age_s), waits=waits
        )
        action = say(
            "Its log says what it is waiting for, `plantwright doctor` checks what it depends on; if "
            "it has ended, start it"
        )
        yield EngineAlarm(Code.SILENT, problem, action)
    elif facts.state == "behind":
        problem = say(
            "Judging lags {lag} behind what arrives, more than {limit}; nothing is lost",
            lag=spoken(facts.lag_s),
            limit=spoken(facts.lag_limit_s),
        )
        action = say(
            "After a burst it catches up by itself. If there was none, the time per stage shows what "
            "is slow, the database (`store`, `commit`) or judging; give it more CPU or a faster disk"
        )
        yield EngineAlarm(Code.BEHIND, problem, action)


def _of_fence(facts: Facts, now: datetime) -> Iterator[EngineAlarm]:
    if facts.fenced_off is None or now - facts.fenced_off[2] > SHOWN_FOR:
        return
    holder, taken_by, at = facts.fenced_off
    ago = spoken(max(0.0, (now - at).total_seconds()))
    problem = say(
        "Two ingest processes were started on this plant: {ago} ago {holder} was stopped, because "
        "{taken_by} has taken over",
        ago=ago,
        holder=holder,
        taken_by=taken_by or say("another one"),
    )
    action = say(
        "Run one, and make sure that nothing restarts the other (systemd: RestartPreventExitStatus=3). Nothing is lost"
    )
    yield EngineAlarm(Code.FENCED_OFF, problem, action)


def _of_troubles(facts: Facts, now: datetime) -> Iterator[EngineAlarm]:
    for code, (problem, action) in TROUBLES.items():
        trouble = facts.troubles.get(code)
        if trouble is not None and now - trouble.at <= SHOWN_FOR:
            ago = spoken(max(0.0, (now - trouble.at).total_seconds()))
            happened = say("{problem} {ago} ago: {said}", problem=problem, ago=ago, said=trouble.said)
            if trouble.times > 1:
                happened = say(
                    "{problem} {ago} ago, {times} times so far: {said}",
                    problem=problem,
                    ago=ago,
                    times=trouble.times,
                    said=trouble.said,
                )
            yield EngineAlarm(code, happened, action)


def _of_unreadable(facts: Facts) -> Iterator[EngineAlarm]:
    count, said = facts.unreadable
    if count:
        problem = say(
            "{count} messages made the program fail within the last hour, and went to quarantine: {said}",
            count=count,
            said=said,
        )
        if count == 1:
            problem = say(
                "A message made the program fail within the last hour, and went to quarantine: {said}", said=said
            )
        action = say("Report the error. All other messages are judged; the quarantine keeps these and can retry them")
        yield EngineAlarm(Code.UNREADABLE, problem, action)


def _of_checkpoint(facts: Facts) -> Iterator[EngineAlarm]:
    if facts.checkpoint_failed:
        problem = say(
            "The engine's state cannot be written ({why}); readings are stored and judged, but a "
            "restart has to judge everything since the last checkpoint again, which takes longer and "
            "longer",
            why=facts.checkpoint_failed,
        )
        action = say("Remove the cause: space on the database's disk, or the asset or model that the reason names")
        yield EngineAlarm(Code.CHECKPOINT_FAILS, problem, action)


def _of_quarantine(facts: Facts) -> Iterator[EngineAlarm]:
    if facts.quarantine_full:
        yield EngineAlarm(
            Code.QUARANTINE_FULL,
            say("The quarantine is full: refused messages are counted, but no longer kept"),
            say("Remove the causes it names; then retry its messages or drop them, or raise quarantine_most_mb"),
        )
    if facts.refused < GROWS_BY:
        return
    is_more = facts.refused >= facts.refused_most
    many = say("{refused} or more", refused=facts.refused) if is_more else str(facts.refused)
    minutes = int(LOOKS_BACK.total_seconds() // 60)
    problem = say(
        "The quarantine is growing: {many} kinds of message were refused in the last {minutes} minutes",
        many=many,
        minutes=minutes,
    )
    action = say("The quarantine shows why each was refused and what to do about it; then it can be retried")
    yield EngineAlarm(Code.QUARANTINE_GROWS, problem, action)


def _of_outbox(outbox: Outbox) -> Iterator[EngineAlarm]:
    if outbox.undecided_s > UNDECIDED_MOST.total_seconds():
        problem = say(
            "Nobody is being notified: events have waited for {span}; none is lost",
            span=spoken(outbox.undecided_s),
        )
        yield EngineAlarm(Code.OUTBOX_OLD, problem, say("Start `plantwright serve`, or `plantwright jobs` on its own"))
    elif outbox.oldest_s > OUTBOX_WAITS_MOST.total_seconds():
        oldest = spoken(outbox.oldest_s)
        problem = say(
            "{count} messages wait to be delivered, the oldest for {oldest}; none is lost",
            count=outbox.pending,
            oldest=oldest,
        )
        if outbox.pending == 1:
            problem = say("A message waits to be delivered, the oldest for {oldest}; none is lost", oldest=oldest)
        yield EngineAlarm(
            Code.OUTBOX_OLD, problem, say("The page Outbox shows the result of each receiver's last attempt")
        )
    if outbox.disabled:
        names = joined(outbox.disabled[:5])
        if len(outbox.disabled) > 5:
            names = say("{names} and others", names=names)
        problem = say("Disabled after failing repeatedly, and notified of nothing: {names}", names=names)
        yield EngineAlarm(
            Code.RECEIVER_DISABLED, problem, say("The page Outbox says why; enable or delete each receiver")
        )


def _of_plans(plans: PlansBehind, now: datetime) -> Iterator[EngineAlarm]:
    if plans.since is None:
        return
    span = spoken((now - plans.since).total_seconds())
    problem = say(
        "Planned work is not being generated: maintenance plans for {count} assets or locations "
        "have waited up to {span}",
        count=plans.objects,
        span=span,
    )
    if plans.objects == 1:
        problem = say("Planned work is not being generated: a maintenance plan has waited for {span}", span=span)
    action = say(
        "Start `plantwright serve`, or `plantwright jobs` on its own; if it is running, its log "
        "says what fails. What fell due in the meantime is generated or skipped as each plan says"
    )
    yield EngineAlarm(Code.PLANS_BEHIND, problem, action)


def _of_certificate(noted: Trouble | None, now: datetime) -> Iterator[EngineAlarm]:
    """Report a certificate near its end, for as long as the process that serves the pages repeats it."""
    if noted is None or now - noted.at > SHOWN_FOR:
        return
    problem = say("Browsers will refuse these pages when their certificate expires: {said}", said=noted.said)
    action = say("Renew the certificate; the new files are used without a restart")
    yield EngineAlarm(Code.CERTIFICATE_ENDS, problem, action)


def spoken(seconds: float) -> Said:
    """Format a duration for people, in its largest unit."""
    for unit, size in _UNITS:
        if seconds >= 2 * size:
            return say(unit, count=seconds / size)
    return say("{count:.0f} seconds", count=seconds)


_UNITS = (
    (marked("{count:.0f} days"), 86_400),
    (marked("{count:.0f} hours"), 3600),
    (marked("{count:.0f} minutes"), 60),
)
