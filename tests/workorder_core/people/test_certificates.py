"""Certificates that end: a warning ahead, and no beginning after it."""

from dataclasses import replace
from datetime import date, time

from workorder_core.people import certificates
from workorder_core.people.skills import SkillTables
from workorder_core.people.technicians import Technician

LAST = date(2026, 3, 3)
ANNA = Technician(
    id=1, site_id=1, code="anna", name="Anna Holm", skills=frozenset({"welding"}), shift_start=time(6),
    certificates=frozenset({"hot work", "first aid"}), shift_end=time(14), weekdays=frozenset({1}),
    valid_until={"hot work": LAST, "first aid": date(2026, 6, 1), "gone": date(2020, 1, 1)},
)  # fmt: skip


def test_work_asks_for_its_own_certificates_and_for_those_of_its_skills() -> None:
    tables = SkillTables(certificates={"welding": frozenset({"hot work"})})
    assert certificates.asked_for(["welding"], ["first aid", "hot work"], tables) == ("first aid", "hot work")


def test_a_certificate_counts_on_its_last_day_and_then_says_whose_it_is_and_when_it_expired() -> None:
    assert certificates.expired(ANNA, ["hot work"], LAST) == ()
    assert certificates.expired(ANNA, ["hot work", "first aid", "never had"], date(2026, 3, 4)) == (
        "the certificate hot work of Anna Holm expired after 2026-03-03",
    )


def test_what_somebody_gave_a_reason_for_is_no_obstacle_and_what_ended_since_is_one() -> None:
    note = f"Assigned by hand: nobody else is here ({certificates.lacks(ANNA, 'hot work')})."
    assert certificates.expired(ANNA, ["hot work"], date(2026, 3, 4), note=note) == ()
    assert certificates.expired(ANNA, ["hot work"], date(2026, 3, 4), note=note.replace("hand: ", "hand ")) != ()
    renewed = replace(ANNA, valid_until={"hot work": date(2026, 3, 20)})
    assert certificates.expired(renewed, ["hot work"], date(2026, 3, 21), note=note) != ()


def test_who_has_one_near_its_end_is_warned_of_it_and_of_what_has_ended_and_of_nothing_else() -> None:
    assert certificates.ending(ANNA, date(2026, 3, 1), 30) == ("hot work ends on 2026-03-03",)
    assert certificates.ending(ANNA, date(2026, 3, 4), 0) == ("hot work expired after 2026-03-03",)
    assert certificates.ending(ANNA, date(2026, 1, 1), 10) == ()
