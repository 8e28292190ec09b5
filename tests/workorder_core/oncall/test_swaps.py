"""Swaps of turns: which turns there are, who is on call instead of whom, and what cannot be swapped."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from workorder_core.oncall.duties import Duty, duties
from workorder_core.oncall.rotas import Hours, Layer, Rota
from workorder_core.oncall.swaps import AHEAD, LONGEST, InvalidSwap, Proposal, replacements, turns

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NIGHTS = Hours(weekdays=frozenset({1, 2, 3, 4, 5}), begins=time(16), ends=time(8))
ROTA = Rota(
    code="PUMPS", site="NTH", title="Pumps",
    layers=(Layer(name="first", people=("anna", "ben"), starts=date(2026, 3, 6), hours=(NIGHTS,)),
            Layer(name="second", people=("cem",), starts=date(2026, 3, 6))),
)  # fmt: skip
FRIDAY = datetime(2026, 3, 6, 8, tzinfo=UTC)
ANNAS, BENS = (FRIDAY, FRIDAY + 7 * DAY), (FRIDAY + 7 * DAY, FRIDAY + 14 * DAY)
PROPOSAL = Proposal(layer="first", asker="anna", other="ben", begins=ANNAS[0], ends=ANNAS[1], back=BENS)
FOUND = duties(ROTA, [], NOW, NOW + 30 * DAY)


def test_a_turn_is_one_whatever_pauses_its_hours_have():
    of_first = [each for each in turns(FOUND) if each.layer == "first"]
    assert [each.person for each in of_first] == ["anna", "ben", "anna", "ben"]
    assert (of_first[0].begins, of_first[0].ends) == (FRIDAY + timedelta(hours=8), FRIDAY + 7 * DAY)
    (of_second,) = [each for each in turns(FOUND) if each.layer == "second"]
    assert (of_second.begins, of_second.ends) == (FRIDAY, NOW + 30 * DAY)


def test_who_agrees_is_on_call_at_the_askers_hours_and_the_asker_at_theirs():
    found = replacements(PROPOSAL, FOUND, now=NOW)
    assert {(each.duty.person, each.person) for each in found} == {("anna", "ben"), ("ben", "anna")}
    assert [each.duty for each in found] == [each for each in FOUND if each.layer == "first" and each.ends <= BENS[1]]
    later = replacements(PROPOSAL, FOUND, now=FRIDAY + 3 * DAY)
    assert len(later) == len(found) - 1, "the night to Saturday is over"


def with_a_day_of(person: str) -> list[Duty]:
    return [replace(FOUND[0], person=person), *FOUND[1:]]


REFUSED = {
    "with oneself": (replace(PROPOSAL, other="anna"), FOUND, "to"),
    "a turn of somebody else": (replace(PROPOSAL, asker="cem"), FOUND, "turn"),
    "a layer in which they are not": (replace(PROPOSAL, layer="second"), FOUND, "turn"),
    "one night of which somebody else has": (PROPOSAL, with_a_day_of("cem"), "turn"),
    "a time at which nobody is on call": (replace(PROPOSAL, begins=NOW, ends=NOW + DAY, back=None), FOUND, "turn"),
    "backwards": (replace(PROPOSAL, begins=ANNAS[1], ends=ANNAS[0]), FOUND, "turn"),
    "the past": (replace(PROPOSAL, begins=NOW - 2 * DAY, ends=NOW), FOUND, "turn"),
    "too long": (replace(PROPOSAL, ends=ANNAS[0] + LONGEST + DAY, back=None), FOUND, "turn"),
    "too far ahead": (replace(PROPOSAL, begins=NOW + AHEAD + DAY, ends=NOW + AHEAD + 2 * DAY), FOUND, "turn"),
    "both at once": (replace(PROPOSAL, back=(ANNAS[1] - DAY, BENS[1])), FOUND, "back"),
    "in return a turn that is not theirs": (replace(PROPOSAL, other="cem"), FOUND, "back"),
}


@pytest.mark.parametrize(("proposal", "found", "field"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_swapped_is_refused_with_its_field(proposal, found, field):
    with pytest.raises(InvalidSwap) as refused:
        replacements(proposal, found, now=NOW)
    assert refused.value.field == field
