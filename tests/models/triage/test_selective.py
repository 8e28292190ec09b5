"""Suggestions of labels for short texts: only where the past says that they are right, and for any text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.triage import selective, texts
from models.triage.selective import NothingToLearn, Selector
from models.triage.texts import Vocabulary

PARTS = ("pump", "engine", "bucket")
FAULTS = ("oil leak at", "replace broken", "strange noise from", "repair cracked", "check")


def a_past(count: int, *, noise: float = 0.0) -> tuple[list[str], list[str]]:
    """Return texts whose label is the part that they name, or, for a share of them, any other."""
    random = np.random.default_rng(1)
    named = [PARTS[random.integers(3)] for _ in range(count)]
    said = [f"{FAULTS[random.integers(5)]} {part} no {random.integers(9)}" for part in named]
    return said, [PARTS[random.integers(3)] if random.random() < noise else part for part in named]


@pytest.fixture(scope="module")
def learned() -> Selector:
    return selective.learn(*a_past(120))


def test_the_part_that_is_named_is_suggested_with_the_words_for_it(learned: Selector) -> None:
    (found,) = learned.suggest(["OIL LEAK: AT PUMP, NO 3"])
    assert found.label == "pump" and found.probability > 0.8 and set(found.top) == set(PARTS)
    assert learned.words_for("OIL LEAK AT PUMP", "pump")[0] == "pump"


def test_nothing_is_suggested_for_unknown_words_or_for_labels_that_do_not_follow_from_texts(learned: Selector) -> None:
    assert learned.suggest(["", "zzzz qqqq"])[0].label is None
    noisy = selective.learn(*a_past(120, noise=0.9))
    assert [each.label for each in noisy.suggest(["oil leak at pump"])] == [None]


def test_too_little_teaches_nothing() -> None:
    with pytest.raises(NothingToLearn):
        selective.learn(*a_past(10))
    with pytest.raises(NothingToLearn):
        selective.learn(["oil leak"] * 50, ["pump"] * 50)


@given(st.text(max_size=300))
@settings(max_examples=40, deadline=None)
def test_any_text_gets_an_answer(learned: Selector, text: str) -> None:
    (found,) = learned.suggest([text])
    assert 0 <= found.probability <= 1 and len(found.top) == 3
    assert set(learned.words_for(text, "pump")) <= set(texts.words(text))


def test_what_was_learned_is_the_same_again(learned: Selector) -> None:
    again = selective.learn(*a_past(120))
    said = a_past(40)[0]
    assert [each.probability for each in again.suggest(said)] == [each.probability for each in learned.suggest(said)]


def test_a_feature_of_one_text_is_not_learned() -> None:
    known = Vocabulary.of(["oil leak", "oil pump"])
    assert "=oil" in known.columns and "=leak" not in known.columns
