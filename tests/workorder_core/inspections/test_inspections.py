"""What an answer means, which question is asked, what a failed point leads to, how findings of audits are settled."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder_core.digits import plain
from workorder_core.inspections import answers, audits, rounds
from workorder_core.inspections.answers import Answer, Given, InvalidAnswer, Verdict
from workorder_core.inspections.audits import (
    AuditReasonMissing,
    FindingState,
    FindingStep,
    IllegalFindingStep,
    Standing,
    VerifiedByOwner,
)
from workorder_core.inspections.checklists import (
    Checklist,
    Condition,
    InvalidChecklist,
    Item,
    ItemKind,
    as_document,
    difference,
    from_document,
    keep_keys,
)
from workorder_core.inspections.rounds import (
    OnlyNoted,
    OpenOrder,
    RoundIncomplete,
    SameOrder,
    SignedByAnother,
    StopStatus,
)
from workorder_core.words import OrderType, Severity

SEAL = Item(key="seal", kind=ItemKind.YES_NO, text="Dry?", fails=("no",), severity=Severity.MALFUNCTION)
TEMP = Item(key="temp", kind=ItemKind.MEASUREMENT, text="Hot?", unit="degC", low=10, high=80)
LEAK = Item(
    key="leak", kind=ItemKind.CHOICE, text="Much?", choices=("drops", "stream"), fails=("stream",),
    severity=Severity.SAFETY, only_if=Condition(key="seal", answer="failed"),
)  # fmt: skip
BOTH = Item(key="both", kind=ItemKind.TEXT, text="Why?", only_if=Condition(key="leak", answer="stream"))
ASKS = Checklist(title="Look", items=(SEAL, TEMP, LEAK, BOTH))
MEANS = {
    "within the limits": (TEMP, "61,5", Verdict.PASSED, 61.5),
    "on a limit is within": (TEMP, "80", Verdict.PASSED, 80.0),
    "above": (TEMP, "80.1", Verdict.FAILED, 80.1),
    "below": (TEMP, "-3", Verdict.FAILED, -3.0),
    "thousands have a blank": (TEMP, "1 234,5", Verdict.FAILED, 1234.5),
    "the answer that fails": (SEAL, "no", Verdict.FAILED, None),
    "the other": (SEAL, "yes", Verdict.PASSED, None),
    "nothing can fail": (Item(key="a", kind=ItemKind.YES_NO, text="?"), "no", Verdict.NOTED, None),
    "a text": (Item(key="a", kind=ItemKind.TEXT, text="?"), "hums", Verdict.NOTED, None),
}


@pytest.mark.parametrize("name", ["Öl", " temp", "a\0", "a" * 129, "-"])
def test_a_measurement_is_of_a_signal_that_can_exist(name):
    with pytest.raises(InvalidChecklist) as refused:
        Checklist(title="Look", items=(replace(TEMP, signal=name),))
    assert refused.value.field == "signal"
    Checklist(title="Look", items=(replace(TEMP, signal="Bearing temp/DE: 1"),))


@pytest.mark.parametrize("case", MEANS)
def test_what_an_answer_means(case):
    item, typed, verdict, number = MEANS[case]
    found = answers.read(item, Given(typed=typed))
    assert found is not None
    assert (found.verdict, found.number) == (verdict, number)
    assert bool(found.why) == (verdict is Verdict.FAILED)


@pytest.mark.parametrize(("item", "typed"), [(TEMP, "warm"), (TEMP, "nan"), (TEMP, "1e400"), (SEAL, "maybe")])
def test_what_is_no_answer_says_what_to_write(item, typed):
    with pytest.raises(InvalidAnswer, match=r"write a number|choose one of"):
        answers.read(item, Given(typed=typed))


def test_a_question_is_asked_on_its_condition_and_on_that_of_the_one_before():
    dry = answers.read_all(ASKS, {"seal": Given(typed="yes"), "temp": Given(typed="60"), "leak": Given(typed="stream")})
    assert (set(dry.answers), dict(dry.missing)) == ({"seal", "temp"}, {})
    wet = answers.read_all(ASKS, {"seal": Given(typed="no"), "temp": Given(typed="60")})
    assert set(wet.missing) == {"leak"}
    streams = answers.read_all(ASKS, {"seal": Given(typed="no"), "leak": Given(typed="stream")})
    assert set(streams.missing) == {"temp", "both"}
    assert [each.key for each in streams.failed] == ["seal", "leak"]


def test_a_failed_point_opens_an_order_by_its_severity_once_and_then_adds_a_remark():
    failed = Answer(key="leak", said="stream", verdict=Verdict.FAILED, why="answered stream")
    opened = rounds.follow_up(LEAK, failed, number="NTH-R1", note="", unfinished=None)
    assert isinstance(opened, OpenOrder)
    assert (opened.type, opened.title) == (OrderType.EMERGENCY, "Much: answered stream")
    again = rounds.follow_up(LEAK, failed, number="NTH-R2", note="worse", unfinished=UUID(int=1))
    assert again == SameOrder(UUID(int=1), "Failed again in round NTH-R2: Much? answered stream. worse")
    hot = Answer(key="temp", said="90", verdict=Verdict.FAILED)
    assert rounds.follow_up(TEMP, hot, number="NTH-R1", note="", unfinished=None) == OnlyNoted()


def test_a_round_is_finished_when_every_stop_is_done_or_missed_and_somebody_signs():
    stops = [("stop 1", StopStatus.DONE), ("stop 2", StopStatus.SKIPPED)]
    rounds.check_finished("R1", stops, "Nadia")
    with pytest.raises(RoundIncomplete) as missing:
        rounds.check_finished("R1", [*stops, ("stop 3", StopStatus.OPEN)], " ")
    assert [str(each).partition(":")[0] for each in missing.value.missing] == ["stop 3", "sign with your name"]


def test_versions_are_compared_by_key_and_a_key_is_kept_where_the_text_is_the_same():
    after = Checklist(title="Look well", items=(TEMP, Item(key="seal", kind=ItemKind.YES_NO, text="Is it dry?")))
    found = difference(ASKS, after)
    assert (found.title, found.added, found.removed, found.reordered) == (("Look", "Look well"), (), (LEAK, BOTH), True)
    assert found.changed["seal"]["text"] == ("Dry?", "Is it dry?")
    assert not difference(ASKS, ASKS)
    plain = Item(key="", kind=ItemKind.TEXT, text="Dry?")
    other = Item(key="", kind=ItemKind.TEXT, text="Dry…")
    assert [each.key for each in keep_keys([other, plain], ASKS.items)] == ["dry", "seal"]


@given(st.sampled_from([*ASKS.items]))
def test_an_item_is_the_same_after_it_was_stored(item):
    assert from_document(as_document(item)) == item


def test_a_finding_is_verified_by_somebody_else_and_overdue_after_its_day_only():
    open_ = Standing(called="A1/1", state=FindingState.OPEN, answered_by=None)
    assert audits.after(open_, FindingStep.ANSWER, actor="a", said="done") is FindingState.ANSWERED
    answered = Standing(called="A1/1", state=FindingState.ANSWERED, answered_by="a")
    assert audits.after(answered, FindingStep.VERIFY, actor="b", said="") is FindingState.VERIFIED
    with pytest.raises(VerifiedByOwner):
        audits.after(answered, FindingStep.VERIFY, actor="a", said="")
    with pytest.raises(AuditReasonMissing):
        audits.after(answered, FindingStep.REJECT, actor="b", said=" ")
    with pytest.raises(IllegalFindingStep):
        audits.after(open_, FindingStep.VERIFY, actor="b", said="")
    day = date(2026, 3, 2)
    assert not audits.is_overdue(FindingState.OPEN, day, day)
    assert audits.is_overdue(FindingState.OPEN, day, date(2026, 3, 3))
    assert not audits.is_overdue(FindingState.ANSWERED, day, date(2026, 3, 3))


BEGAN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
ARRIVED = BEGAN + timedelta(hours=2)
WHEN = {
    "sent at once": (None, ARRIVED),
    "typed a while ago": (ARRIVED - timedelta(minutes=40), ARRIVED - timedelta(minutes=40)),
    "before the round began": (BEGAN - timedelta(hours=1), BEGAN),
    "after it arrived": (ARRIVED + timedelta(hours=1), ARRIVED),
}


@pytest.mark.parametrize("case", WHEN)
def test_an_answer_counts_from_when_it_was_given_within_the_time_of_its_round(case):
    said, expected = WHEN[case]
    assert rounds.answered_at(said, began=BEGAN, now=ARRIVED) == expected


def test_an_answer_of_a_round_that_began_by_a_clock_that_was_set_back_since_counts_from_now():
    later = ARRIVED + timedelta(hours=3)
    assert rounds.answered_at(ARRIVED - timedelta(minutes=1), began=later, now=ARRIVED) == ARRIVED


def test_only_who_has_a_round_signs_it():
    rounds.check_signer("NTH-R1", "person:nadia", "person:nadia")
    with pytest.raises(SignedByAnother, match="nadia; take it over first"):
        rounds.check_signer("NTH-R1", "person:nadia", "person:omar")


@given(st.floats(-1e11, 1e11).map(lambda number: round(number, 1)))
def test_a_limit_is_written_with_all_its_digits(number):
    assert float(plain(number)) == number


def test_a_meter_that_has_failed_is_said_as_it_was_read():
    meter = Item(key="m", kind=ItemKind.MEASUREMENT, text="Energy", unit="kWh", high=1_234_567.5)
    found = answers.read(meter, Given(typed="1 234 567,8"))
    assert found is not None
    assert found.why == "1234567.8 kWh is above 1234567.5 kWh"
    cold = answers.read(Item(key="c", kind=ItemKind.MEASUREMENT, text="Cold", low=-18), Given(typed="\u221220"))
    assert cold is not None
    assert (cold.number, cold.verdict) == (-20, Verdict.FAILED)
