"""Streams that every law of the models is tried on."""

import math
import random
from collections.abc import Iterator

SECOND = 1_000_000


def stream(
    frames: int, *, seed: int = 1, shift_at: int | None = None, by: float = 5.0
) -> Iterator[tuple[int, dict[str, float]]]:
    """A machine with a speed that follows the hour and signals that follow the speed, a frame a second."""
    rng = random.Random(seed)
    for k in range(frames):
        speed = 1500 + 60 * math.sin(k / 90) + rng.gauss(0, 2)
        shifted = by if shift_at is not None and k >= shift_at else 0.0
        yield (
            k * SECOND,
            {
                "speed": speed,
                "flow": speed / 10 + rng.gauss(0, 1),
                "bearing_temp": 50 + (speed - 1500) / 50 + rng.gauss(0, 0.3) + shifted * 0.3,
                "vibration": 1.2 + rng.gauss(0, 0.05),
                "door": 0.0,
            },
        )
