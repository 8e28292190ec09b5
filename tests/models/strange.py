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


def doubled(x: dict[str, float]) -> dict[str, float]:
    return {name: 2.0 * value for name, value in x.items()}


class Shaped(Jump):
    """Holds a function without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.shape = lambda score: 2.0 * score

    def score_one(self, x: dict[str, float]) -> float:
        return float(self.shape(super().score_one(x)))


class Enclosing(Jump):
    """Holds a function that holds a value."""

    def __init__(self, by: float = 3.0) -> None:
        super().__init__()
        self.shape = lambda score: by * score


class Needy:
    """Cannot do without a signal."""

    def __init__(self) -> None:
        self.total = 0.0

    def score_one(self, x: dict[str, float]) -> float:
        return abs(x["vibration"] - x["flow"] / 100)

    def learn_one(self, x: dict[str, float]) -> None:
        self.total += x["vibration"] + x["flow"]
