"""What a fleet that has run to failure teaches of the lives that have not ended."""

import numpy as np
import pytest

from models.remaining_life import RemainingLife, TooFewLives


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
    return RemainingLife(cap=100.0, age=False).fit(fleet)


def test_the_truth_lies_between_the_quantiles_of_lives_that_were_not_seen(model):
    rng = np.random.default_rng(2)
    inside, errors = 0, []
    for _ in range(40):
        whole = life(rng)
        left = int(rng.integers(5, 90))
        told = model.predict(whole[: len(whole) - left])
        assert 0.0 <= told.p10 <= told.p50 <= told.p90 <= 100.0
        inside += told.p10 <= left <= told.p90
        errors.append(told.p50 - left)
    assert inside >= 26
    assert np.sqrt(np.mean(np.square(errors))) < 20.0, "25 is what the mean of all would do"


def test_a_machine_in_its_youth_is_only_said_to_have_long(model):
    rng = np.random.default_rng(3)
    whole = life(rng)
    assert model.predict(whole[:15]).p50 > 80.0
    assert model.predict(whole).p50 < 10.0
    assert not model.predict(whole).long


@pytest.mark.slow
def test_the_same_lives_and_seed_give_the_same_and_a_dump_goes_on(model, fleet):
    again = RemainingLife(cap=100.0, age=False).fit(dict(enumerate(fleet)))
    other = RemainingLife.load(model.dump())
    assert again.predict(fleet[0][:100]) == model.predict(fleet[0][:100]) == other.predict(fleet[0][:100])


def test_a_value_that_is_missing_is_the_one_before(model, fleet):
    history = fleet[1][:100].copy()
    history[50:53, 1] = np.nan
    assert np.isfinite(model.predict(history).p50)


def test_what_cannot_be_learned_or_told_says_so(model, fleet):
    with pytest.raises(TooFewLives, match="2 lives have ended"):
        RemainingLife().fit(fleet[:2])
    with pytest.raises(ValueError, match="call fit"):
        RemainingLife().predict(fleet[0])
    with pytest.raises(ValueError, match="3 signals, the lives had 2"):
        model.predict(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="at least one row"):
        model.predict(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="different numbers"):
        RemainingLife().fit([*fleet[:5], np.zeros((9, 3))])
