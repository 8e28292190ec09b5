"""Words that say danger raise a suggestion, in both languages, and nothing learned lowers it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder_core.triage import words
from workorder_core.triage.suggestions import Field, Source, Suggestion, merged, of_danger, of_words
from workorder_core.words import FailureMode

ASSETS = {"P-101": "Cooling water pump 1", "P-102": "Cooling water pump 2"}


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "SMOKE from motor": ["smoke"],
        "es brennt am Schaltschrank": ["brennt"],
        "Kabelbrand in Halle 3": ["kabelbrand"],
        "Kollege eingeklemmt, verletzt": ["verletzt", "eingeklemmt"],
        "smell of gas near K-201": ["smell of gas"],
        "Not-Aus geht nicht": ["not aus"],
        "fit brand new bearing, test fire extinguishers": [],
        "Rauchmelder prüfen": [],
        "Rauchmelder meldet Rauch": ["rauch"],
        "oil leak at pump": [],
        "Ölverbrauch zu hoch": [],
    }.items(),
)
def test_danger_is_read_from_words(text: str, found: list[str]) -> None:
    assert words.danger_words(text) == found


def test_a_plant_has_words_of_its_own() -> None:
    assert words.danger_words("NH3 at the chiller", ["nh3", " "]) == ["nh3"]
    assert words.danger_words("Ofen 3 offen!", ["Ofen 3 offen"]) == ["ofen 3 offen"]


@given(st.text(max_size=200), st.sampled_from(["fire", "Gasgeruch", "verletzt"]), st.text(max_size=200))
def test_nothing_learned_lowers_what_a_word_of_danger_raised(before: str, word: str, after: str) -> None:
    lower = [
        Suggestion(field=f, value="4", source=Source.LEARNED, probability=1.0) for f in (Field.PRIORITY, Field.TYPE)
    ]
    text = f"{before} , {word} , {after}"
    if not words.danger_words(text):  # the words before and after name equipment with it: fire, door
        assert any(each.partition(" ")[0] in text.casefold() for each in words.HARMLESS)
        return
    found = {each.field: each for each in merged(of_danger(text), lower, of_words(text, assets=ASSETS, components=[]))}
    assert (found[Field.TYPE].value, found[Field.PRIORITY].value) == ("emergency", "1")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    of_words(text, assets=ASSETS, components=["seal"])
    words.danger_words(text, [text])


def test_a_plant_without_history_is_helped_by_its_own_words() -> None:
    found = of_words("Oil leak at the seal of cooling water pump 1", assets=ASSETS, components=["seal", "bearing"])
    assert {each.field: each.value for each in found} == {
        Field.ASSET: "P-101",
        Field.COMPONENT: "seal",
        Field.FAILURE_MODE: FailureMode.ELU.value,
        Field.TYPE: "reactive",
    }
    assert [each.field for each in of_words("pumps P-101 and P-102", assets=ASSETS, components=[])] == []
