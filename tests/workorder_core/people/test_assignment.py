"""Who gets the work, and why not the others."""

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from workorder_core.errors import NotQualified
from workorder_core.people import assignment, skills
from workorder_core.people.assignment import Job, propose
from workorder_core.people.technicians import Technician
from workorder_core.words import FailureMode, Priority, Status

SITE = ZoneInfo("Europe/Copenhagen")
MONDAY_MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=SITE)
MONDAY_NIGHT = datetime(2026, 3, 2, 23, 30, tzinfo=SITE)
TUESDAY_EARLY = datetime(2026, 3, 3, 5, 0, tzinfo=SITE)
SUNDAY = datetime(2026, 3, 8, 9, 0, tzinfo=SITE)


def someone(
    code: str, *skills: str, shift="06:00-14:00", days=(1, 2, 3, 4, 5), certificates=(), active=True
) -> Technician:
    begin, end = (time.fromisoformat(clock) for clock in shift.split("-"))
    return Technician(
        id=1,
        site_id=1,
        code=code,
        name=code.capitalize(),
        skills=frozenset(skills),
        certificates=frozenset(certificates),
        shift_start=begin,
        shift_end=end,
        weekdays=frozenset(days),
        active=active,
    )


def job(priority=Priority.HIGH, skill: str | None = "mechanical", due: datetime | None = None) -> Job:
    return Job(number="NTH-1001", priority=priority, status=Status.OPEN, required_skill=skill, response_due=due)


def has(number: str, priority: Priority, status: Status = Status.IN_PROGRESS) -> Job:
    return Job(number=number, priority=priority, status=status)


ANNA, BO = someone("anna", "mechanical"), someone("bo", "mechanical")
NIGHT = someone("noor", "mechanical", shift="22:00-06:00")
SPARK = someone("sven", "electrical", certificates=["high voltage switching"])
MINOR, GRAVE = has("NTH-0900", Priority.LOW), has("NTH-0901", Priority.EMERGENCY)
ACUTE = job(Priority.EMERGENCY)

CASES = {
    "the one with the skill": (job(), [SPARK, ANNA], MONDAY_MORNING, {}, "anna"),
    "anybody where no skill is asked for": (job(skill=None), [SPARK], MONDAY_MORNING, {}, "sven"),
    "nobody where nobody has the skill": (job(skill="welding"), [ANNA, SPARK], MONDAY_MORNING, {}, None),
    "nobody without the certificate": (
        job(skill="electrical"),
        [someone("eve", "electrical")],
        MONDAY_MORNING,
        {},
        None,
    ),
    "nobody who has left": (job(), [someone("old", "mechanical", active=False)], MONDAY_MORNING, {}, None),
    "nobody at a site without technicians": (job(), [], MONDAY_MORNING, {}, None),
    "the less loaded": (job(), [ANNA, BO], MONDAY_MORNING, {"anna": [MINOR]}, "bo"),
    "the first by code among equals": (job(), [BO, ANNA], MONDAY_MORNING, {}, "anna"),
    "for work that can wait a shift, the less loaded off shift": (
        job(Priority.MEDIUM, due=datetime(2026, 3, 3, 9, tzinfo=SITE)),
        [NIGHT, ANNA],
        MONDAY_MORNING,
        {"anna": [MINOR]},
        "noor",
    ),
    "for urgent work on shift before less loaded off shift": (
        job(due=datetime(2026, 3, 3, 9, tzinfo=SITE)),
        [NIGHT, ANNA],
        MONDAY_MORNING,
        {"anna": [MINOR]},
        "anna",
    ),
    "ordinary work waits for a shift that begins in time": (
        job(due=datetime(2026, 3, 3, 9, tzinfo=SITE)),
        [ANNA],
        MONDAY_NIGHT,
        {},
        "anna",
    ),
    "ordinary work wakes nobody up": (job(due=datetime(2026, 3, 3, 2, tzinfo=SITE)), [ANNA], MONDAY_NIGHT, {}, None),
    "the night shift at night": (job(), [ANNA, NIGHT], MONDAY_NIGHT, {}, "noor"),
    "the night shift after midnight": (job(), [ANNA, NIGHT], TUESDAY_EARLY, {}, "noor"),
    "an emergency goes to who is free": (ACUTE, [ANNA, BO], MONDAY_MORNING, {"anna": [MINOR]}, "bo"),
    "an emergency goes to who is there, on lesser work": (
        ACUTE,
        [ANNA, NIGHT],
        MONDAY_MORNING,
        {"anna": [MINOR]},
        "anna",
    ),
    "an emergency calls somebody out": (ACUTE, [ANNA], MONDAY_NIGHT, {}, "anna"),
    "an emergency calls out on a day off": (ACUTE, [ANNA], SUNDAY, {}, "anna"),
    "an emergency does not take somebody off another": (ACUTE, [ANNA], MONDAY_MORNING, {"anna": [GRAVE]}, None),
    "an emergency calls out before it takes somebody off another": (
        ACUTE,
        [ANNA, NIGHT],
        MONDAY_MORNING,
        {"anna": [GRAVE]},
        "noor",
    ),
    "even an emergency asks for the skill": (ACUTE, [SPARK], MONDAY_MORNING, {}, None),
}


@pytest.mark.parametrize(("work", "people", "now", "load", "chosen"), CASES.values(), ids=CASES)
def test_chooses(work, people, now, load, chosen):
    proposal = propose(work, people, now_local=now, work=load)
    assert (proposal.choice and proposal.choice.technician.code) == chosen
    assert len(proposal.candidates) == len(people), "everybody is told about"
    assert proposal.why.endswith(".")
    if chosen is None:
        assert proposal.why.startswith("Nobody eligible: ")


def test_taking_somebody_off_lesser_work_is_proposed_by_its_number():
    proposal = propose(ACUTE, [ANNA], now_local=MONDAY_MORNING, work={"anna": [MINOR]})
    assert proposal.displaces == "NTH-0900"
    assert "proposed: put NTH-0900 on hold" in proposal.why


def test_ordinary_work_displaces_nothing():
    assert propose(job(), [ANNA], now_local=MONDAY_MORNING, work={"anna": [MINOR]}).displaces is None


def test_each_candidate_has_reasons_for_and_against():
    proposal = propose(job(), [ANNA, SPARK], now_local=MONDAY_NIGHT, work={})
    against = {one.technician.code: one.reasons_against for one in proposal.candidates}
    assert against["anna"] == ("off shift until Tue 06:00",)
    assert "lacks the skill mechanical" in against["sven"]


def test_nobody_says_what_stood_in_the_way_of_each_who_could():
    why = propose(job(), [ANNA, SPARK], now_local=MONDAY_NIGHT, work={}).why
    assert why == "Nobody eligible: Anna: off shift until Tue 06:00."


WELDER = someone("wim", "mechanical", "welding", certificates=["pressure welding"])
PARTLY = someone("pia", "mechanical", "welding")
ASKED = {
    "every skill": (["welding"], [], [ANNA, WELDER], "wim", "lacks the skill welding"),
    "several that are not there": (["rigging", "welding"], [], [ANNA], None, "lacks the skills rigging and welding"),
    "a certificate of the order": (
        [],
        ["pressure welding"],
        [PARTLY, WELDER],
        "wim",
        "lacks the certificate pressure welding",
    ),
    "the certificates of another skill": (
        ["electrical"],
        [],
        [someone("eve", "mechanical", "electrical")],
        None,
        "lacks the certificate high voltage switching",
    ),
    "a certificate of work without a trade": (
        [],
        ["confined space"],
        [ANNA],
        None,
        "lacks the certificate confined space",
    ),
    "certificates of the order and of its skill": (
        ["electrical"],
        ["confined space"],
        [someone("eve", "mechanical", "electrical")],
        None,
        "lacks the certificates confined space and high voltage switching",
    ),
}


@pytest.mark.parametrize(("skills", "certificates", "people", "chosen", "says"), ASKED.values(), ids=ASKED)
def test_every_skill_and_certificate_that_an_order_asks_for_is_heeded(skills, certificates, people, chosen, says):
    trade = None if says.endswith("the certificate confined space") else "mechanical"
    work = replace(job(skill=trade), other_skills=tuple(skills), certificates=tuple(certificates))
    proposal = propose(work, people, now_local=MONDAY_MORNING, work={})
    assert (proposal.choice and proposal.choice.technician.code) == chosen
    against = {one.technician.code: one.reasons_against for one in proposal.candidates}
    assert says in against[people[0].code]
    if chosen is None:
        with pytest.raises(NotQualified, match=says):
            assignment.by_hand(proposal, "NTH-1001", people[0].code, "")


def test_nobody_says_every_skill_and_certificate_that_nobody_has():
    work = replace(job(), other_skills=("welding",), certificates=("confined space",))
    assert propose(work, [ANNA], now_local=MONDAY_MORNING, work={}).why == (
        "Nobody eligible: no technician of the site has the skills mechanical and welding "
        "and the certificate confined space."
    )


def test_a_person_may_choose_somebody_without_the_skill_but_must_say_why():
    proposal = propose(job(), [ANNA, SPARK], now_local=MONDAY_MORNING, work={})
    with pytest.raises(NotQualified, match="lacks the skill mechanical"):
        assignment.by_hand(proposal, "NTH-1001", "sven", "")
    assert "under Anna's eyes" in assignment.by_hand(proposal, "NTH-1001", "sven", "under Anna's eyes")
    assert assignment.by_hand(proposal, "NTH-1001", "anna", "")


SKILLS = {
    "the component decides": ("bearing", FailureMode.UNK, "mechanical"),
    "the last word of a component that is known": ("motor bearing", FailureMode.UNK, "mechanical"),
    "a wrong reading is instrument work": ("bearing", FailureMode.AIR, "instrumentation"),
    "else the mode": ("machine", FailureMode.VIB, "mechanical"),
    "nothing is asked where nothing is known": ("machine", FailureMode.UNK, None),
}


@pytest.mark.parametrize(("component", "mode", "skill"), SKILLS.values(), ids=SKILLS)
def test_required_skill(component, mode, skill):
    assert skills.required_skill(component, mode) == skill
