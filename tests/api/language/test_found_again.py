"""Stored sentences are found again with work in proportion to their length, once each, never for English readers."""

import pytest

from api.language.catalogues import language
from tests.api.language.test_sentences import STORED
from workorder_core.found_again import STEPS, STEPS_A_LETTER, FoundAgain
from workorder_core.language import ENGLISH, speaking
from workorder_core.sentences import _found_again, stored

ODD = {
    "a list that goes on": "x, ",
    "sentences within sentences": "a: b; ",
    "the same words again and again": "flow is 5 above its limit, ",
    "lines": "one line of it\nanother, and: more; over\n",
    "facts that could end anywhere": "order a is b, above its limit of c, ",
    "braces and brackets": "({it}) is (, ",
}


def german() -> FoundAgain:
    with speaking(language("de")):
        return _found_again(language("de"))


@pytest.mark.parametrize("piece", ODD.values(), ids=ODD)
def test_the_work_for_an_odd_text_is_bounded_by_its_length(piece):
    for length in (250, 500, 1_000, 2_000):
        text = (piece * length)[:length]
        _, steps = german().found(text)
        # The last thing that is counted is counted as a whole.
        assert steps <= STEPS + (STEPS_A_LETTER + 1) * length + 100, length


@pytest.mark.parametrize(("english", "translated"), STORED.values(), ids=STORED)
def test_a_sentence_of_the_engine_is_found_with_steps_to_spare(english, translated):
    with speaking(language("de")):
        said, steps = german().found(english)
    assert said == translated
    assert steps < STEPS


def test_a_long_text_costs_nothing_and_is_not_remembered():
    found = german()
    before = found._remembered.cache_info()
    text = "flow is 5 above its limit, " * 4_000
    assert found.said(text) == text
    assert found._remembered.cache_info() == before
    assert before.maxsize is not None
    assert before.maxsize <= 4_096


def test_a_sentence_is_looked_for_once():
    asked = []

    def text(template: str) -> str:
        asked.append(template)
        return template.replace("is above", "liegt über")

    found = FoundAgain(["{signal} is above {limit:g}"], text, lambda _: None, lambda number: number)
    assert [found.said("flow is above 5") for _ in range(5)] == ["flow liegt über 5"] * 5
    assert asked == ["{signal} is above {limit:g}"]


def test_what_somebody_wrote_on_several_lines_stays_as_it_is_within_a_sentence():
    templates = ["the request was sent back to who has made it: {why}", "planned for {day}"]
    german = {templates[0]: "die Meldung ging zurück an den Melder: {why}", templates[1]: "geplant für {day}"}
    found = FoundAgain(templates, german.__getitem__, lambda _: None, lambda number: number)
    said = "the request was sent back to who has made it: planned for Monday"
    assert found.said(said) == "die Meldung ging zurück an den Melder: geplant für Monday"
    lines = "die Meldung ging zurück an den Melder: planned for Monday\nor later"
    assert found.said(f"{said}\nor later") == lines


def test_nothing_is_looked_for_where_people_read_english():
    before = _found_again.cache_info()
    with speaking(ENGLISH):
        for english, _ in STORED.values():
            assert stored(english) is english
    assert _found_again.cache_info() == before


def test_a_number_is_no_other_text_and_a_fact_that_is_there_twice_is_the_same_twice():
    found = FoundAgain(
        ["{n:,} of {all:,} in {place}", "{name} is not {name}"], lambda text: f"«{text}»", lambda _: None, str
    )
    assert found.said("1,200 of 3 in A of B in C") == "«1,200 of 3 in A of B in C»"
    assert found.said("some of 3 in A") == "some of 3 in A"
    assert found.said("it is not it") == "«it is not it»"
    assert found.said("it is not that") == "it is not that"
