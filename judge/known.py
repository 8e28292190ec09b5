"""The catalogue of assets, as the judge knows it: their ids, and their signals by name."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class KnownAsset:
    """An asset's id, its signals' ids by name, and their names by alias.

    ``states`` are by the signal's own name and the state's folded name; ``plausible`` are the declared ranges, outside
    which no reading of a signal can be true.
    """

    id: int
    signals: dict[str, int] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    states: dict[str, dict[str, float]] = field(default_factory=dict)
    plausible: dict[str, tuple[float, float]] = field(default_factory=dict)

    def copy(self) -> "KnownAsset":
        """Return an independent copy: later additions to this one do not change it."""
        return KnownAsset(
            self.id, dict(self.signals), dict(self.units), dict(self.aliases), dict(self.states), dict(self.plausible)
        )


class Known(Protocol):
    """The known assets, by ``<site>/<asset>``, and by signal id the newest event time stored (epoch µs)."""

    assets: dict[str, KnownAsset]
    newest: dict[int, int]
