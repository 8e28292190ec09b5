"""When a process reports by itself that the database is gone or back, and the mail that says so. No clock, no I/O.

Times are seconds of a monotonic clock: an outage is as long as it is, whatever is done to the wall clock meanwhile.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workorder_core.language import _
from workorder_core.notifying.letters import Letter

ONCE_WITHIN_S = 3600.0
"""A process reports at most once within this time that the database is gone."""
TRIED_AGAIN_S = 60.0
"""When a mail is tried again that the mail server has not accepted."""


class Report(StrEnum):
    GONE = "gone"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a process knows of the database.

    Parameters
    ----------
    since, until
        When the newest outage began, and when it was over; ``since`` None: there is none to report, ``until`` None: it
        lasts.
    reported_at
        When the newest mail that it is gone was accepted.
    owed
        Whether this outage was reported, or should have been: that it is over is reported too.
    failed_at
        When the mail server did not accept the newest mail; None: it did.
    """

    since: float | None = None
    until: float | None = None
    reported_at: float | None = None
    owed: bool = False
    failed_at: float | None = None


def observe(state: State, *, usable: bool, now: float) -> State:
    """Return the state after a look at the database. Gone again before anybody has read that it is back: one outage."""
    if not usable:
        return replace(state, since=now if state.since is None else state.since, until=None)
    if state.since is None:
        return state
    if not state.owed:
        return replace(state, since=None, until=None, failed_at=None)
    return replace(state, until=now if state.until is None else state.until)


def due(state: State, *, after: float, now: float) -> Report | None:
    """Return what is to be reported now: an outage that has lasted for ``after`` seconds, or its end."""
    if state.since is None or (state.failed_at is not None and now - state.failed_at < TRIED_AGAIN_S):
        return None
    if state.until is not None:
        return Report.BACK
    reported_lately = state.reported_at is not None and now - state.reported_at < ONCE_WITHIN_S
    return Report.GONE if now - state.since >= after and not reported_lately else None


def reported(state: State, report: Report, *, accepted: bool, now: float) -> State:
    """Return the state after an attempt to report."""
    if not accepted:
        return replace(state, owed=True, failed_at=now)
    if report is Report.BACK:
        return State(reported_at=state.reported_at)
    return replace(state, reported_at=now, owed=True, failed_at=None)


def letter(report: Report, *, process: str, since: datetime, now: datetime, problem: str) -> Letter:
    """Return the mail, in the reader's language.

    ``process`` names the process and its machine; ``problem`` is what the database, or the way to it, has answered.
    ``since`` and ``now`` are shown in UTC: the sites' zones are in the database.
    """
    facts = {"process": process, "since": f"{since:%Y-%m-%d %H:%M:%S} UTC", "now": f"{now:%Y-%m-%d %H:%M:%S} UTC"}
    footer = _("Sent by the process itself, because the setting outage_mail_to has this address.")
    if report is Report.BACK:
        head = _("Plantwright: the database is back")
        lines = [
            _("%(process)s can use the database again. It could not from %(since)s to %(now)s.", **facts),
            _("What waited at the broker is judged now, and messages that are late are sent."),
        ]
    else:
        head = _("Plantwright: the database is gone")
        facts |= {"problem": problem}
        lines = [
            _("%(process)s has not been able to use the database since %(since)s: %(problem)s", **facts),
            _("Nothing is judged, and nobody is notified of anything else. Machines' messages wait at the broker."),
            _("What to do: start the database, or correct the setting database; plantwright doctor checks it."),
        ]
    return Letter(subject=head, lines=tuple(lines), link=None, footer=footer)
