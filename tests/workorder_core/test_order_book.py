"""The order book follows decisions and people's steps, and holds one order a fault whatever happens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workorder_core.intake import intake
from workorder_core.intake.decisions import (
    AddEvidence,
    Decision,
    Ignore,
    IgnoreReason,
    Merge,
    Open,
    Refine,
    Rework,
    Upgrade,
)
from workorder_core.intake.findings import Finding, Sign
from workorder_core.intake.order_book import KEPT_AFTER_END, OrderBook
from workorder_core.orders.lifecycle import FINAL, NEXT
from workorder_core.words import WHOLE_MACHINE, FailureMode, Severity, Status

ASSET = "NTH/P-101"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
A, B = UUID(int=0xA), UUID(int=0xB)
POLICY = intake.Policy()


def a_finding(
    after_s=0.0,
    mode=FailureMode.OHE,
    component="bearing",
    severity=Severity.DEGRADING,
    signal="temp",
    *,
    asset=ASSET,
):
    return Finding(
        asset=asset,
        arrival=1,
        component=component,
        failure_mode=mode,
        severity=severity,
        source="rule:test",
        version="v",
        since=START,
        at=START + timedelta(seconds=after_s),
        score=None,
        limit=None,
        signs=(Sign(signal=signal, value=1.0, unit="", usual_low=None, usual_high=None, share=1.0),),
        summary="it is so",
    )


def a_book(*decisions: Decision) -> OrderBook:
    book = OrderBook()
    for decision in decisions:
        book.apply(decision)
    return book


def only(book: OrderBook):
    (entry,) = book.of(ASSET)
    return entry


def test_open_enters_an_order():
    entry = only(a_book(Open(A, a_finding(5), None)))
    assert (entry.id, entry.status, entry.failure_mode) == (A, Status.OPEN, FailureMode.OHE)
    assert (entry.signals, entry.evidence) == (frozenset({"temp"}), 1)
    assert (
        entry.opened_at
        == entry.last_evidence_at
        == entry.last_seen_at
        == entry.moved_at
        == START + timedelta(seconds=5)
    )


def test_evidence_is_counted_and_adds_its_signals():
    entry = only(a_book(Open(A, a_finding(), None), AddEvidence(A, a_finding(5, signal="flow"))))
    assert (entry.evidence, entry.signals) == (2, frozenset({"temp", "flow"}))
    assert (entry.last_evidence_at, entry.moved_at) == (START + timedelta(seconds=5), START)


def test_an_upgrade_makes_it_worse():
    entry = only(a_book(Open(A, a_finding(), None), Upgrade(A, a_finding(5), Severity.SAFETY)))
    assert (entry.severity, entry.evidence) == (Severity.SAFETY, 2)


def test_a_refinement_says_what_it_is_about():
    question = a_finding(mode=FailureMode.UNK, component=WHOLE_MACHINE)
    answer = Refine(A, a_finding(5), "bearing", FailureMode.OHE, Severity.MALFUNCTION)
    entry = only(a_book(Open(A, question, None), answer))
    assert (entry.component, entry.failure_mode, entry.severity) == ("bearing", FailureMode.OHE, Severity.MALFUNCTION)
    assert entry.evidence == 2


def test_a_merge_moves_the_evidence_and_leaves_one_order_to_judge_by():
    book = a_book(
        Open(A, a_finding(), None),
        Open(B, a_finding(1, FailureMode.UNK, signal="flow", severity=Severity.MALFUNCTION), None),
        Merge(A, B, a_finding(5), Severity.MALFUNCTION),
    )
    kept = only(book)
    assert (kept.id, kept.evidence, kept.severity) == (A, 3, Severity.MALFUNCTION)
    assert kept.signals == {"temp", "flow"}


def test_rework_opens_the_order_again():
    book = a_book(Open(A, a_finding(), None))
    book.moved(ASSET, A, Status.COMPLETED, at=START)
    book.apply(Rework(A, a_finding(5), Severity.SAFETY))
    assert (only(book).status, only(book).moved_at) == (Status.OPEN, START + timedelta(seconds=5))
    assert (only(book).severity, only(book).evidence) == (Severity.SAFETY, 2)


def test_what_is_ignored_is_no_evidence_but_seen():
    entry = only(a_book(Open(A, a_finding(), None), Ignore(a_finding(5, signal="flow"), IgnoreReason.REPEAT, A)))
    assert (entry.evidence, entry.last_evidence_at) == (1, START)
    assert (entry.last_seen_at, entry.signals) == (START + timedelta(seconds=5), {"temp", "flow"})


@pytest.mark.parametrize("status", Status)
def test_a_persons_step_is_followed(status):
    book = a_book(Open(A, a_finding(), None))
    book.moved(ASSET, A, status, at=START + timedelta(hours=1))
    assert (only(book).status, only(book).moved_at) == (status, START + timedelta(hours=1))
    assert only(book).unfinished is (status not in FINAL)


def test_a_step_on_an_order_that_the_book_never_held_is_passed_over():
    book = OrderBook()
    book.moved(ASSET, A, Status.CLOSED, at=START)
    assert book.all() == []


def test_an_ended_order_is_forgotten_a_month_later_when_the_next_one_opens():
    book = a_book(Open(A, a_finding(), None))
    book.moved(ASSET, A, Status.CLOSED, at=START)
    book.apply(Open(B, a_finding(KEPT_AFTER_END.total_seconds(), FailureMode.VIB), None))
    assert [entry.id for entry in book.of(ASSET)] == [A, B]
    book.apply(Open(UUID(int=3), a_finding(KEPT_AFTER_END.total_seconds() + 1, FailureMode.NOI), None))
    assert A not in [entry.id for entry in book.of(ASSET)]


def test_an_unfinished_order_is_never_forgotten():
    book = a_book(Open(A, a_finding(), None))
    book.forget_ended(ASSET, now=START + 100 * KEPT_AFTER_END)
    assert only(book).id == A


def test_orders_are_listed_by_asset_and_age():
    book = a_book(
        Open(A, a_finding(asset="NTH/P-102"), None),
        Open(B, a_finding(asset="NTH/P-101"), None),
        AddEvidence(A, a_finding(9, asset="NTH/P-102")),
    )
    assert [entry.id for entry in book.all()] == [B, A]
    assert [entry.id for entry in OrderBook(iter(book.all())).all()] == [B, A]


def reported(seconds, every_s):
    """The decisions on one condition that is reported again and again, and the book afterwards."""
    book = OrderBook()
    decisions = []
    for second in range(0, seconds, every_s):
        decision = intake.decide(a_finding(second), book.of(ASSET), POLICY)
        book.apply(decision)
        decisions.append(decision)
    return decisions, book


def test_a_condition_reported_every_second_for_an_hour_is_one_order_with_one_evidence():
    decisions, book = reported(3600, 1)
    assert isinstance(decisions[0], Open)
    assert all(isinstance(each, Ignore) for each in decisions[1:])
    assert only(book).evidence == 1


def test_an_order_that_waits_for_a_month_grows_by_one_evidence_a_day():
    _, book = reported(30 * 86_400, 60)
    assert 30 <= only(book).evidence <= 36


MODES = [FailureMode.OHE, FailureMode.VIB, FailureMode.UNK, FailureMode.PDE]
FINDINGS = st.tuples(
    st.sampled_from(MODES),
    st.sampled_from(["bearing", "seal", WHOLE_MACHINE]),
    st.sampled_from(Severity),
    st.sampled_from(["temp", "flow"]),
)
STEPS = st.tuples(st.integers(0, 5), st.integers(0, 5))
PAUSES = st.sampled_from([0, 60, 3_600, 30 * 3_600, 40 * 86_400])
HISTORIES = st.lists(st.tuples(PAUSES, FINDINGS | STEPS), max_size=40)


def lived(history):
    """A book after findings and people's lawful steps; yields it with the decision, or None, after each of them."""
    book, clock = OrderBook(), 0.0
    for pause, what in history:
        clock += pause + 0.001  # no two frames of an asset are of one moment
        decision = None
        if len(what) == 4:
            decision = intake.decide(a_finding(clock, *what), book.of(ASSET), POLICY)
            before = {entry.id: entry for entry in book.of(ASSET)}
            book.apply(decision)
            yield book, decision, before
            continue
        orders = [entry for entry in book.of(ASSET) if entry.unfinished]
        if orders:
            entry = orders[what[0] % len(orders)]
            status = sorted(NEXT[entry.status])[what[1] % len(NEXT[entry.status])]
            book.moved(ASSET, entry.id, status, at=START + timedelta(seconds=clock))
        yield book, None, {}


@settings(max_examples=300, deadline=None)
@given(HISTORIES)
def test_a_fault_never_has_two_unfinished_orders(history):
    for book, _, _ in lived(history):
        faults = [(entry.component, entry.failure_mode) for entry in book.of(ASSET) if entry.unfinished]
        assert len(faults) == len(set(faults))


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_an_asset_never_has_two_open_questions(history):
    for book, _, _ in lived(history):
        questions = [entry for entry in book.of(ASSET) if entry.unfinished and not entry.failure_mode.specific]
        assert len(questions) <= 1


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_a_decision_is_about_an_unfinished_order_and_makes_nothing_milder(history):
    for book, decision, before in lived(history):
        if isinstance(decision, Open):
            assert decision.order_id not in before
        elif decision is not None and not isinstance(decision, Ignore):
            order = before[decision.order_id]
            after = next(entry for entry in book.of(ASSET) if entry.id == decision.order_id)
            assert order.unfinished
            assert after.severity >= order.severity


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_only_an_order_that_does_not_know_changes_what_it_is_about(history):
    for book, _, before in lived(history):
        for entry in book.of(ASSET):
            old = before.get(entry.id)
            if old is not None and old.failure_mode.specific:
                assert (entry.component, entry.failure_mode) == (old.component, old.failure_mode)


def test_a_likely_mode_stays_a_question_until_a_finding_has_seen_it():
    guess = replace(a_finding(mode=FailureMode.VIB), inferred=True)
    book = a_book(Open(A, guess, None))
    assert only(book).question
    book.apply(AddEvidence(A, guess))
    assert only(book).question
    book.apply(AddEvidence(A, a_finding(mode=FailureMode.OHE)))
    assert only(book).question, "another mode says nothing of this one"
    book.apply(AddEvidence(A, a_finding(mode=FailureMode.VIB)))
    assert not only(book).question


def test_an_order_that_took_a_likely_mode_is_a_question_still():
    book = a_book(Open(A, a_finding(mode=FailureMode.UNK), None))
    guess = replace(a_finding(mode=FailureMode.VIB), inferred=True)
    book.apply(Refine(A, guess, guess.component, FailureMode.VIB, Severity.DEGRADING))
    assert only(book).question
    seen = a_finding(mode=FailureMode.OHE)
    book.apply(Refine(A, seen, seen.component, FailureMode.OHE, Severity.DEGRADING))
    assert not only(book).question
