"""A learned model as bytes is the same model, and other bytes are refused."""

import pytest

from models.triage import likeness, selective, stored
from tests.models.triage.test_selective import a_past


def test_a_model_read_again_suggests_the_same() -> None:
    learned = selective.learn(*a_past(120))
    again = stored.from_bytes(stored.to_bytes(learned))
    for one, other in zip(learned.suggest(a_past(40)[0]), again.suggest(a_past(40)[0]), strict=True):
        assert one.label == other.label and one.probability == pytest.approx(other.probability, abs=0.01)
    assert again.past == learned.past


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x05\x06" + bytes(18)])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(stored.NotReadable):
        stored.from_bytes(content)


def test_likeness_counts_rare_words_more_and_forgives_spelling() -> None:
    same, spelt, other, nothing = likeness.likeness("seal leaking", ["seal leaking", "seals leak", "motor hot", ""])
    assert same == pytest.approx(1) and 0.3 < spelt < 1 and other < 0.1 and nothing == 0
    assert likeness.share_of("", "x") == 0 and likeness.share_of("seals leaking", "the seal leaks") == 0
