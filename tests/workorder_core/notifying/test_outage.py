"""When a process reports that the database is gone or back: by the seconds of a clock that is passed in."""

from datetime import UTC, datetime

import pytest

from workorder_core.notifying import outage
from workorder_core.notifying.outage import Report, State

# What is seen of the database every 10 s (". usable, x not"), from second 0 on, and the seconds at which a mail is
# accepted, or "refused" by the mail server.
GONE, BACK = Report.GONE, Report.BACK
CASES = {
    "a moment is not reported": ("." * 3 + "x" * 3 + "." * 10, (), []),
    "an outage and its end": ("." * 3 + "x" * 20 + "." * 10, (), [(90, GONE), (230, BACK)]),
    "one that lasts is reported once an hour": (
        "x" * 800 + ".", (), [(60, GONE), (3660, GONE), (7260, GONE), (8000, BACK)],
    ),
    "a second one within the hour is not reported, nor its end": (
        "x" * 10 + "." * 10 + "x" * 10 + "." * 10, (), [(60, GONE), (100, BACK)],
    ),
    "one that still lasts when the hour is over is": (
        "x" * 10 + "." * 10 + "x" * 400 + ".", (), [(60, GONE), (100, BACK), (3660, GONE), (4200, BACK)],
    ),
    "a mail that is refused is tried again after a minute": ("x" * 30 + ".", (60, 120), [(180, GONE), (300, BACK)]),
    "what could not be reported in time is reported as over": ("x" * 10 + "." * 10, (60,), [(120, BACK)]),
    "gone again before its end is reported is one outage": (
        "x" * 10 + "." + "x" * 10 + ".", (100,), [(60, GONE), (210, BACK)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "refused", "mails"), CASES.values(), ids=CASES)
def test_what_is_reported_when(seen, refused, mails):
    state, sent = State(), []
    for number, each in enumerate(seen):
        now = 10.0 * number
        state = outage.observe(state, usable=each == ".", now=now)
        if report := outage.due(state, after=60, now=now):
            accepted = now not in refused
            state = outage.reported(state, report, accepted=accepted, now=now)
            sent += [(now, report)] if accepted else []
    assert sent == mails


def test_the_mail_says_which_process_since_when_why_and_what_to_do():
    since, now = datetime(2026, 3, 2, 23, 1, tzinfo=UTC), datetime(2026, 3, 2, 23, 9, tzinfo=UTC)
    said = outage.letter(GONE, process="jobs (pump-house, 812)", since=since, now=now, problem="connection refused")
    assert said.subject == "Plantwright: the database is gone"
    assert "jobs (pump-house, 812)" in said.text
    assert "since 2026-03-02 23:01:00 UTC: connection refused" in said.text
    assert "plantwright doctor" in said.text
    over = outage.letter(BACK, process="jobs (pump-house, 812)", since=since, now=now, problem="")
    assert "from 2026-03-02 23:01:00 UTC to 2026-03-02 23:09:00 UTC" in over.text
