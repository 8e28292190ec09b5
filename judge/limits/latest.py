"""The newest values of the signals that several rules read together."""

from collections.abc import Iterable, Mapping


class Latest(dict[str, tuple[int, float]]):
    """By signal: the event time (epoch microseconds) and the value of its newest reading."""

    def remember(self, signals: Iterable[str], at_us: int, values: Mapping[str, float]) -> None:
        """Record the values of those signals that are among them."""
        for signal in signals:
            if signal in values:
                before = self.get(signal)
                if before is None or before[0] <= at_us:
                    self[signal] = (at_us, values[signal])

    def fresh(self, signals: frozenset[str], at_us: int, max_gap_us: int) -> dict[str, float] | None:
        """Return the newest values of those signals; None if one is missing, or too old to combine with the others."""
        found: dict[str, float] = {}
        for signal in signals:
            seen = self.get(signal)
            if seen is None or at_us - seen[0] > max_gap_us:
                return None
            found[signal] = seen[1]
        return found

    def newest_time(self, signals: frozenset[str], at_us: int) -> int:
        """Return the newest time of those signals: a reading older than another may complete the set."""
        return max([at_us, *(self[signal][0] for signal in signals if signal in self)])
