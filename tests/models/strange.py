"""A detector that is not the project's own, as somebody writes it in a notebook."""

from collections import deque


class Jump:
    """How far the mean of the newest frames lies from that of those before."""

    def __init__(self, signal: str = "flow", newest: int = 20, before: int = 200) -> None:
        self.signal, self.newest = signal, newest
        self.seen: deque[float] = deque(maxlen=newest + before)

    def score_one(self, x: dict[str, float]) -> float:
        if self.signal not in x or len(self.seen) < self.newest * 2:
            return 0.0
        seen = list(self.seen)
        old, new = seen[: -self.newest], [*seen[-self.newest + 1 :], x[self.signal]]
        return abs(sum(new) / len(new) - sum(old) / len(old))

    def learn_one(self, x: dict[str, float]) -> None:
        if self.signal in x:
            self.seen.append(x[self.signal])


class NoDetector:
    """Lacks both verbs."""


def breaks(x: int) -> int:
    return x
