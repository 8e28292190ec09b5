"""What a signal's numbers are: what can be said of them, and what cannot."""

import pytest

from workorder_core.plant.signals import InvalidMeaning, Meaning, folded, name_of, number_of

WRONG = {
    "both": ({"states": {"ON": 1}, "counter": True}, "not both"),
    "a wrap of no counter": ({"wraps_at": 65536}, "say counter = true"),
    "a wrap at nothing": ({"counter": True, "wraps_at": 0}, "such as 65536"),
    "a wrap without end": ({"counter": True, "wraps_at": float("inf")}, "such as 65536"),
    "no name": ({"states": {" ": 1}}, "not a name for a state"),
    "a name without end": ({"states": {"x" * 81: 1}}, "not a name for a state"),
    "a name that is a number": ({"states": {"1": 1}}, "a number already"),
    "a name that is true": ({"states": {"True": 1}}, "a number already"),
    "no number": ({"states": {"ON": "1"}}, "write the number"),
    "true for a number": ({"states": {"ON": True}}, "write the number"),
    "no finite number": ({"states": {"ON": float("nan")}}, "write the number"),
    "twins": ({"states": {"On": 1, "ON": 2}}, "only in upper and lower case"),
    "too many": ({"states": {f"S{i}": i for i in range(201)}}, "may have 200"),
}


@pytest.mark.parametrize(("facts", "problem"), WRONG.values(), ids=WRONG)
def test_it_cannot_be_so(facts, problem):
    with pytest.raises(InvalidMeaning, match=problem):
        Meaning(**facts)


def test_a_state_is_looked_up_as_devices_spell_it():
    assert folded(" Läuft ") == folded("LÄUFT")


def test_a_number_has_the_name_of_its_state():
    states = {"STOPPED": 0, "RUNNING": 1.0}
    assert [name_of(states, number) for number in (0.0, 1, 2)] == ["STOPPED", "RUNNING", None]


def test_any_other_text_may_have_a_number_too():
    states = {"on": 1.0, "*": -1.0}
    assert [number_of(states, text) for text in (" ON", "firmware 2.1", "*")] == [1.0, -1.0, -1.0]
    assert number_of({"on": 1.0}, "off") is None
    assert [name_of(states, number) for number in (1.0, -1.0)] == ["on", None]


@pytest.mark.parametrize(
    "said",
    [
        {"wraps_at": 10**400, "counter": True},
        {"plausible_low": -(10**400)},
        {"plausible_high": 10**400},
        {"states": {"A": 10**400}},
    ],
    ids=["wraps_at", "plausible_low", "plausible_high", "states"],
)
def test_a_number_that_is_too_large_to_be_stored_is_refused(said):
    with pytest.raises(InvalidMeaning):
        Meaning(**said)
