"""A fleet of pumps whose vibration grows in the last hundred hours of their lives."""

import numpy as np
import pytest

from models.lives import remaining_life_learning
from models.lives.fleet_learning import Asked, Lived, learn

HOUR_US = 3_600_000_000
SIGNALS = ("flow", "temperature", "vibration")


def life(rng: np.random.Generator, rows: int | None = None) -> np.ndarray:
    """One life, hour by hour."""
    rows = int(rng.integers(120, 240)) if rows is None else rows
    wear = 5.0 * np.exp(-np.arange(rows)[::-1] / 35.0)
    noise = rng.normal(0.0, 1.0, (rows, 3))
    return np.stack([80.0 - wear + noise[:, 0], 50.0 + noise[:, 1], 2.0 + wear + 0.15 * noise[:, 2]], axis=1)


@pytest.fixture(scope="session")
def fleet_model():
    """A model learned from twelve pumps, of which ten failed."""
    rng = np.random.default_rng(1)
    lives = [life(rng) for _ in range(12)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remaining_life_learning, "TREES", 1)
        patch.setattr(remaining_life_learning, "ROUNDS", 80)
        patch.setattr(remaining_life_learning, "NETS", 1)
        return learn(
            [
                Lived(asset=f"OSL/P-{k}", at_us=[t * HOUR_US for t in range(len(rows))], rows=rows, failed=k < 10)
                for k, rows in enumerate(lives)
            ],
            Asked(signals=SIGNALS),
        )
