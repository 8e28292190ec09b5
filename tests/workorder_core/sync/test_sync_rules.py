"""The pure rules of the offline protocol, as tables."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from workorder_core.errors import IllegalMove, NotAllowed, NotQualified, NotReady, ReasonMissing
from workorder_core.orders.job_plans import InvalidStep
from workorder_core.sync import clocks, fields, reasons, sequence
from workorder_core.sync.sequence import Turn
from workorder_core.sync.words import STORED, WAITING, Because, Verdict
from workorder_core.words import Status

FIELD_CASES = {
    "nobody else wrote": ("A", "A", "B", Verdict.APPLIED),
    "somebody wrote the same": ("B", "A", "B", Verdict.MERGED),
    "somebody wrote something else": ("C", "A", "B", Verdict.CONFLICT),
    "somebody wrote, and it was not changed here": ("C", "A", "A", Verdict.CONFLICT),
    "there was nothing": (None, None, 2.0, Verdict.APPLIED),
    "somebody was first where there was nothing": (1.0, None, 2.0, Verdict.CONFLICT),
}


@pytest.mark.parametrize(("current", "base", "new", "verdict"), FIELD_CASES.values(), ids=FIELD_CASES)
def test_nothing_that_somebody_wrote_meanwhile_is_overwritten(current, base, new, verdict):
    assert fields.decide(current=current, base=base, new=new) is verdict


TURNS = {"the next": (4, Turn.NEXT), "behind a gap": (5, Turn.EARLY), "sent again": (3, Turn.PAST)}


@pytest.mark.parametrize(("seq", "turn"), TURNS.values(), ids=TURNS)
def test_a_gap_in_a_devices_numbers_is_noticed(seq, turn):
    assert sequence.turn(seq, known=3) is turn


def test_what_a_device_no_longer_has_is_not_waited_for():
    assert sequence.after_gap(3, None) == 3
    assert sequence.after_gap(3, 2) == 3
    assert sequence.after_gap(3, 41) == 40


ERRORS = {
    "cancelled meanwhile": (IllegalMove(uuid4(), "N-1", Status.CANCELLED, "complete", ()), Because.ILLEGAL_MOVE),
    "given to somebody else": (NotAllowed("N-1", "start", "x"), Because.NOT_ALLOWED),
    "a permit is missing": (NotReady("N-1", "start", ("x",)), Because.NOT_READY),
    "lacks a certificate": (NotQualified("N-1", "A", ("x",)), Because.NOT_QUALIFIED),
    "nobody foresaw it": (ZeroDivisionError(), Because.FAILED),
}


@pytest.mark.parametrize(("error", "because"), ERRORS.values(), ids=ERRORS)
def test_work_that_happened_is_never_refused(error, because):
    assert reasons.of_error(error) == (Verdict.KEPT, because)


def test_what_an_operation_itself_lacks_is_refused():
    for error in (InvalidStep(1, "x"), ReasonMissing(uuid4(), "N-1", "hold")):
        assert reasons.of_error(error) == (Verdict.REFUSED, Because.MALFORMED)


def test_a_device_a_day_ahead_reports_nothing_from_the_future():
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    skew = clocks.skew_s(now + timedelta(days=1), now)
    assert skew == 86_400
    assert clocks.corrected(now + timedelta(hours=23), skew, now=now) == now - timedelta(hours=1)
    assert clocks.corrected(now + timedelta(days=9), skew, now=now) == now
    assert clocks.corrected(datetime(1970, 1, 1, tzinfo=UTC), 1e300, now=now) == now


def test_every_stored_verdict_is_final_or_waits_for_a_person():
    assert WAITING < STORED
    assert {Verdict.EARLY, Verdict.ALREADY} == set(Verdict) - STORED
