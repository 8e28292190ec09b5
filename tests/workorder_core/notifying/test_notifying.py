"""Who is told of what, what follows an attempt, and when an alarm of the engine is news."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workorder_core.notifying import engine_news, letters, whom
from workorder_core.notifying.attempts import (
    DELAYS,
    Channel,
    Delivered,
    Disable,
    Fault,
    GiveUp,
    Outcome,
    RetryAt,
    after_attempt,
)
from workorder_core.notifying.kinds import Choice, Happened
from workorder_core.notifying.whom import Receiver

NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def follows(fault, *, channel=Channel.WEBHOOK, attempts=1, refused=0):
    return after_attempt(Outcome(fault, "no"), channel, attempts=attempts, refused=refused, now=NOW)


def test_each_attempt_waits_as_long_as_standard_webhooks_says():
    waits = [follows(Fault.PASSING, attempts=number) for number in range(1, 10)]
    assert [each.at - NOW for each in waits] == list(DELAYS[1:])
    assert [str(each) for each in DELAYS] == [
        "0:00:00", "0:00:05", "0:05:00", "0:30:00", "2:00:00", "5:00:00", "10:00:00", "14:00:00", "20:00:00",
        "1 day, 0:00:00",
    ]  # fmt: skip


def test_receivers_that_failed_together_are_not_tried_again_together():
    def waits(chance, asks=None):
        outcome = Outcome(Fault.PASSING, "no", 503, asks)
        decided = after_attempt(outcome, Channel.WEBHOOK, attempts=4, refused=0, now=NOW, chance=chance)
        assert isinstance(decided, RetryAt)
        return decided.at - NOW

    assert waits(0.0) == timedelta(hours=2)
    assert waits(1.0) == timedelta(hours=2, minutes=12)
    assert waits(0.5, timedelta(hours=3)) == timedelta(hours=3), "it asks for more"
    assert waits(0.5, timedelta(minutes=1)) == timedelta(hours=2, minutes=6), "and never gets less"
    assert waits(0.5, timedelta(days=9)) == timedelta(hours=24)


def test_a_webhook_that_fails_ten_times_is_disabled_and_keeps_its_message():
    assert isinstance(follows(Fault.PASSING, attempts=10), Disable)


def test_a_mailbox_that_fails_ten_times_is_disabled_and_the_message_has_failed():
    decided = follows(Fault.PASSING, channel=Channel.EMAIL, attempts=10)
    assert isinstance(decided, GiveUp)
    assert decided.disable is not None


OTHER = {
    "confirmed": (follows(None), Delivered()),
    "no more there": (follows(Fault.GONE), Disable("it says that it is no more: no")),
    "one message refused for good": (follows(Fault.FINAL, channel=Channel.EMAIL), GiveUp()),
    "the third in a row": (
        follows(Fault.FINAL, channel=Channel.EMAIL, refused=2),
        GiveUp("it has refused 3 messages in a row: no"),
    ),
    "our own fault, for ever": (follows(Fault.OWN, attempts=500), RetryAt(NOW + timedelta(minutes=1))),
}


@pytest.mark.parametrize(("decided", "expected"), OTHER.values(), ids=OTHER)
def test_what_follows_when(decided, expected):
    assert decided == expected


def happened(kind="order.opened", *, site="NTH", late=timedelta(0), **data):
    return Happened(kind=kind, site=site, at=NOW - late, recorded_at=NOW, data=data)


def mara(*wants, sites=None, technician="mara"):
    return Receiver(
        id=1, channel=Channel.EMAIL, wants=set(wants), sites=sites, person="m.lind", technician=technician,
        technician_site="NTH",
    )  # fmt: skip


def hook(*wants, sites=None, number=1):
    return Receiver(id=number, channel=Channel.WEBHOOK, wants=set(wants), sites=sites)


EVERYTHING = tuple(Choice)
ASSIGNED = happened("order.assigned", assignee="mara", new={"assignee": "mara"})
TOLD = {
    "an order of hers": (mara(*EVERYTHING), ASSIGNED, "assigned"),
    "an order of hers, not chosen": (mara("emergency"), ASSIGNED, None),
    "one that she gave herself": (
        mara(*EVERYTHING),
        happened("order.assigned", assignee="mara", new={"assignee": "mara"}, actor="person:m.lind"),
        None,
    ),
    "of somebody of that code at another site": (
        mara(*EVERYTHING), happened("order.assigned", site="STH", assignee="mara", new={"assignee": "mara"}), None,
    ),
    "who is no technician, of an order of nobody": (
        mara(*EVERYTHING, technician=None), happened("order.unassigned", new={"assignee": None}), None,
    ),
    "another step of an order of hers": (mara(*EVERYTHING), happened("order.completed", assignee="mara", new={}), None),
    "opened as hers": (mara(*EVERYTHING), happened(assignee="mara", type="reactive"), "assigned"),
    "an emergency": (mara(*EVERYTHING), happened(type="emergency"), "emergency"),
    "an order that becomes one": (mara(*EVERYTHING), happened("order.changed", new={"type": "emergency"}), "emergency"),
    "an emergency that is closed": (mara(*EVERYTHING), happened("order.closed", type="emergency", new={}), None),
    "an emergency of another site": (mara(*EVERYTHING, sites={"STH"}), happened(type="emergency"), None),
    "an emergency of last week, taken in": (
        mara(*EVERYTHING), happened(type="emergency", late=timedelta(days=7)), None,
    ),
    "escalated": (mara(*EVERYTHING), happened("order.escalated"), "escalated"),
    "a missed round": (mara(*EVERYTHING), happened("round.missed", round=7), "round_missed"),
    "a missed round of another site": (mara(*EVERYTHING, sites={"STH"}), happened("round.missed"), None),
    "a round that is done": (mara(*EVERYTHING), happened("round.finished"), None),
    "an overdue finding": (mara(*EVERYTHING), happened("audit.finding_overdue", audit=3), "finding_overdue"),
    "an overdue finding, not chosen": (mara("emergency"), happened("audit.finding_overdue", audit=3), None),
    "a finding that is hers, as a user": (
        mara(*EVERYTHING), happened("audit.found", owner_user="m.lind", actor="person:berg"), "finding_mine",
    ),
    "as a technician, when it is overdue": (
        mara(*EVERYTHING), happened("audit.finding_overdue", owner_technician="mara"), "finding_mine",
    ),
    "when its answer was rejected": (
        mara("finding_mine"), happened("audit.finding_open", owner_technician="mara"), "finding_mine",
    ),
    "of a technician of that code at another site": (
        mara("finding_mine"), happened("audit.found", site="STH", owner_technician="mara"), None,
    ),
    "that she wrote down herself": (
        mara("finding_mine"), happened("audit.found", owner_user="m.lind", actor="person:m.lind"), None,
    ),
    "that somebody else owns": (mara("finding_mine"), happened("audit.found", owner_user="berg"), None),
    "that nobody in particular owns": (
        mara("finding_mine", technician=None), happened("audit.finding_overdue", owner_user=None), None,
    ),
    "a new request": (replace(mara("requested"), roles={"planner"}), happened("request.new"), "requested"),
    "a new request, to who may not see it": (
        replace(mara("requested"), roles={"technician"}), happened("request.new"), None,
    ),
    "a new request, to an administrator": (
        replace(mara("requested"), roles={"administrator"}), happened("request.new"), "requested",
    ),
    "a request that is answered": (mara("requested"), happened("request.accepted"), None),
    "she is asked to swap": (mara("swap"), happened("rota.swap_asked", to="m.lind", actor="person:berg"), "swap"),
    "somebody else is asked to swap": (mara("swap"), happened("rota.swap_asked", to="berg", actor="person:x"), None),
    "the engine": (mara(*EVERYTHING), happened("engine_alarm.raised", site=None), "engine_alarm"),
    "the engine, to who sees one site": (
        mara(*EVERYTHING, sites={"NTH"}), happened("engine_alarm.raised", site=None), None,
    ),
    "a webhook of a kind": (hook("order.closed"), happened("order.closed"), "order.closed"),
    "a webhook of another kind": (hook("order.closed"), happened("order.opened"), None),
    "a webhook of a group": (hook("order.*"), happened("order.opened"), "order.*"),
    "a group is no beginning of a word": (hook("order.*"), happened("orders.opened"), None),
    "a webhook of everything": (hook("*"), happened("alarm.raised"), "*"),
    "a webhook of one site": (hook("*", sites={"STH"}), happened("order.opened"), None),
    "a webhook of one site, of the plant": (hook("*", sites={"STH"}), happened("document.added", site=None), None),
    "history, to a webhook": (hook("*"), happened(late=timedelta(days=700)), "*"),
    "a test of it": (hook("order.*"), happened("receiver.test", site=None, receiver=1), "test"),
    "a test of another": (hook("*", number=2), happened("receiver.test", site=None, receiver=1), None),
}  # fmt: skip


@pytest.mark.parametrize(("receiver", "event", "why"), TOLD.values(), ids=TOLD)
def test_who_is_told_of(receiver, event, why):
    assert whom.reason(receiver, event) == why


def looked(times):
    """What is reported when ``behind`` stands at some seconds: (second, raised or over)."""
    known: Mapping[str, engine_news.Known] = {}
    reported = []
    for second, stands in times:
        news = engine_news.look(["behind"] if stands else [], known, now=NOW + timedelta(seconds=second))
        known = news.known
        reported += [(second, "raised") for _ in news.raised] + [(second, "over") for _ in news.over]
    return reported


NEWS = {
    "it stands, and goes": ([(0, 1), (15, 1), (30, 1), (60, 0), (300, 0), (360, 0)], [(30, "raised"), (360, "over")]),
    "for a moment": ([(0, 1), (15, 1), (29, 0), (45, 0), (600, 0)], []),
    "it comes and goes": ([(0, 1), (30, 1), (60, 0), (90, 1), (120, 0), (400, 1), (430, 1)], [(30, "raised")]),
    "again after it was over": (
        [(0, 1), (30, 1), (60, 0), (360, 0), (400, 1), (430, 1)], [(30, "raised"), (360, "over"), (430, "raised")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("times", "reported"), NEWS.values(), ids=NEWS)
def test_an_alarm_of_the_engine_is_news_when(times, reported):
    assert looked(times) == reported


def test_a_mail_says_what_when_and_why_in_the_sites_time():
    event = happened(
        type="emergency", title="Bearing: <overheating>\r\nBcc: all@example.com", priority=1, asset="Hall A / P-105",
        response_due="2026-03-02T06:45:00+00:00", why="rule:hot: 99.2 degC",
    )  # fmt: skip
    letter = letters.write(
        event, "emergency", "NTH-1042", order_id="7f", zone="Europe/Berlin", pages="https://plant.example/"
    )
    assert letter.subject == "EMERGENCY: NTH-1042 Bearing: <overheating> Bcc: all@example.com"
    assert "First response by: 2026-03-02 07:45 (Europe/Berlin)" in letter.text
    assert "Reason: rule:hot: 99.2 degC" in letter.text
    assert "https://plant.example/orders/7f" in letter.text
    assert "emergency order is opened" in letter.text
    assert "&lt;overheating&gt;" in letter.html
    assert "<overheating>" not in letter.html


def test_a_mail_without_an_address_of_the_pages_has_no_link():
    event = happened("engine_alarm.cleared", site=None, problem="Judging lags behind", action="Wait")
    letter = letters.write(event, "engine_alarm", "behind", order_id=None, zone="no such zone", pages=None)
    assert letter.subject == "Engine alarm over: Judging lags behind"
    assert "http" not in letter.text
    assert "What to do" not in letter.text


def test_a_mail_about_a_missed_round_or_an_overdue_finding_says_which_and_leads_there():
    missed = happened("round.missed", round=7, title="Supply hall")
    told = letters.write(missed, "round_missed", "NTH-R7", order_id="an order's", zone="UTC", pages="https://p/")
    assert (told.subject, told.link) == ("Round missed: NTH-R7 Supply hall", "https://p/rounds/7")
    overdue = happened(
        "audit.finding_overdue", audit=3, finding=2, owner="Shift lead", due="2026-03-01", why="Permit 31 has no end"
    )
    told = letters.write(overdue, "finding_overdue", "NTH-A3", order_id=None, zone="UTC", pages="https://p")
    assert (told.subject, told.link) == ("Finding overdue: NTH-A3/2, Shift lead", "https://p/audits/3#finding-2")
    assert "Permit 31 has no end" in told.text
    assert "Due: 2026-03-01" in told.text
    rejected = happened("audit.finding_open", audit=3, finding=2, owner="Mara Lind", due=["2026-03-01", "2026-04-01"])
    told = letters.write(rejected, "finding_mine", "NTH-A3", order_id=None, zone="UTC", pages="https://p")
    assert (told.subject, told.link) == ("Answer rejected: finding NTH-A3/2", "https://p/audits/3#finding-2")
    assert "Due: 2026-04-01" in told.text
