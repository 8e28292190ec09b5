"""What a fleet that has run to failure teaches of the lives that have not ended."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models.lives import remaining_life_learning
from models.lives.remaining_life_learning import Case, Life, TooFewLives, distribution, learn
from models.remaining_life import RemainingLife


def life(rng: np.random.Generator) -> np.ndarray:
    """A machine that lives 120 to 240 rows; one signal tells of its last hundred, one of nothing."""
    rows = int(rng.integers(120, 240))
    left = np.arange(rows)[::-1]
    wear = 5.0 * np.exp(-left / 35.0) + rng.normal(0, 0.15, rows) + rng.normal(0, 0.3)
    return np.stack([wear, rng.normal(0, 1, rows)], axis=1)


@pytest.fixture(scope="module")
def fleet() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [life(rng) for _ in range(30)]


@pytest.fixture(scope="module")
def model(fleet) -> RemainingLife:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remaining_life_learning, "TREES", 1)
        patch.setattr(remaining_life_learning, "ROUNDS", 80)
        patch.setattr(remaining_life_learning, "NETS", 2)
        return learn([Life(rows) for rows in fleet], cap=100.0)[0]


def test_the_truth_lies_between_the_quantiles_of_lives_that_were_not_seen(model):
    rng = np.random.default_rng(2)
    inside, errors = 0, []
    for _ in range(40):
        whole = life(rng)
        left = int(rng.integers(5, 90))
        told = model.predict(whole[: len(whole) - left])
        low, middle, high = (told.quantile(p) for p in (0.1, 0.5, 0.9))
        assert 0.0 <= low <= middle <= high
        assert 0.0 <= told.expected <= 100.0
        inside += low <= left <= high
        errors.append(told.expected - left)
    assert inside >= 26
    assert np.sqrt(np.mean(np.square(errors))) < 20.0, "25 is what the mean of all would do"


def test_a_machine_in_its_youth_is_only_said_to_have_long(model):
    rng = np.random.default_rng(3)
    whole = life(rng)
    assert model.predict(whole[:15]).expected > 80.0
    assert model.predict(whole).quantile(0.5) < 10.0
    assert not model.predict(whole).long


def test_numbers_written_as_json_predict_the_same(model, fleet):
    again = RemainingLife.of_numbers(json.loads(json.dumps(model.numbers())))
    assert again.predict(fleet[0][:100]) == model.predict(fleet[0][:100])


@pytest.mark.slow
def test_the_same_lives_and_seed_teach_the_same(fleet):
    one, other = (learn([Life(rows) for rows in fleet[:10]], cap=100.0)[0] for _ in range(2))
    assert one.numbers() == other.numbers()


def test_what_cannot_be_learned_or_predicted_says_so(model, fleet):
    lives = [Life(rows, failed=number < 2) for number, rows in enumerate(fleet)]
    with pytest.raises(TooFewLives, match="2 lives have ended in a failure; it takes at least 8"):
        learn(lives)
    with pytest.raises(ValueError, match="the history has 1 signals"):
        model.predict(np.zeros((5, 1)))
    with pytest.raises(ValueError, match="at least one row"):
        model.predict(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="different numbers"):
        learn([*(Life(rows) for rows in fleet[:9]), Life(np.zeros((9, 3)))])


def test_a_life_that_did_not_fail_counts_as_longer_than_it_was(fleet):
    failed = [Case(0, row, 10.0, float(row), True) for row in range(1, 101)]
    replaced = [replace(case, failed=False) for case in failed]
    (_, alone), (_, both) = (distribution(cases) for cases in (failed, [*failed, *replaced]))
    assert alone[0][6] < both[0][6]
