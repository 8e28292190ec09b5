"""How far two signals that belong together have come apart."""

from collections import deque


class Apart:
    """The difference of two signals, against its mean over the last ``memory`` frames."""

    def __init__(self, one: str, other: str, memory: int = 2000) -> None:
        self.one, self.other = one, other
        self.seen: deque[float] = deque(maxlen=memory)
        self.total = 0.0

    def score_one(self, x: dict[str, float]) -> float:
        if self.one not in x or self.other not in x or not self.seen:
            return 0.0
        return abs(x[self.one] - x[self.other] - self.total / len(self.seen))

    def learn_one(self, x: dict[str, float]) -> None:
        if self.one in x and self.other in x:
            if len(self.seen) == self.seen.maxlen:
                self.total -= self.seen[0]
            self.seen.append(x[self.one] - x[self.other])
            self.total += self.seen[-1]
