"""Names that nothing uses yet, and what may have been meant."""

import pytest

from workorder_core.plant.new_names import NameKind, NewName, alike, new_names

PLANT = ("fan", "pump", "centrifugal_pump", "compressor", "gearbox")
MEANT = {
    "two letters are exchanged": ("pmup", ("pump",)),
    "a letter is missing": ("compresor", ("compressor",)),
    "capitals and blanks": ("Centrifugal Pump", ("centrifugal_pump",)),
    "one of its words": ("centrifugal", ("centrifugal_pump",)),
    "nothing is like it": ("extruder", ()),
}


@pytest.mark.parametrize(("name", "meant"), MEANT.values(), ids=list(MEANT))
def test_a_slip_of_the_pen_is_known_by_its_neighbours(name, meant):
    assert alike(name, PLANT) == meant


def test_three_at_most_are_suggested_the_nearest_first():
    assert alike("P-101", ["P-201", "P-102", "P-1011", "P-301", "X"]) == ("P-1011", "P-102", "P-201")


def test_a_name_that_is_known_is_not_new_and_each_new_one_is_named_once():
    known = dict.fromkeys(PLANT, True)
    assert new_names(NameKind.CLASS, ["pump", "pmup", "pmup"], known) == [NewName(NameKind.CLASS, "pmup", ("pump",))]


def test_what_somebody_may_not_see_is_known_and_not_suggested():
    known = {"welding": False, "mechanical": True}
    assert new_names(NameKind.SKILL, ["welding", "weldin"], known) == [NewName(NameKind.SKILL, "weldin")]


def test_it_says_what_there_is_not_and_what_may_be_meant():
    assert str(NewName(NameKind.CLASS, "pmup", ("pump",))) == "there is no class 'pmup' yet; did you mean pump?"
    assert str(NewName(NameKind.CLASS, "pmup")) == "there is no class 'pmup' yet"
