"""Comparing an asset with the others of its class: the newest values of the signals that rules compare."""

from collections.abc import Iterable, Mapping
from typing import Any

from rules.measures import Fleet

FEWEST_OTHERS = 3
"""A fleet's median needs at least this many other machines."""


class Fleets:
    """The newest values of the signals that rules compare across the machines of a class, for a whole plant."""

    def __init__(self, dumped: Iterable[tuple[str, str, Mapping[str, Any]]] = ()) -> None:
        self._of: dict[tuple[str, str], Fleet] = {}
        for asset_class, signal, latest in dumped:
            values = {asset: (at_us, value) for asset, (at_us, value) in latest.items()}
            self._of[asset_class, signal] = Fleet(values)

    def of(self, asset_class: str, signal: str) -> Fleet:
        """Return the fleet of a class and a signal."""
        found = self._of.get((asset_class, signal))
        if found is None:
            found = self._of[asset_class, signal] = Fleet()
        return found

    def copy(self) -> dict[tuple[str, str], Fleet]:
        """Return all fleets as they are now, for `put_back`."""
        return {key: fleet.copy() for key, fleet in self._of.items()}

    def put_back(self, fleets: dict[tuple[str, str], Fleet]) -> None:
        """Replace all fleets by those."""
        self._of = fleets

    def dump(self) -> list[tuple[str, str, Any]]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [(*key, self._of[key].dump()) for key in sorted(self._of)]


class OfFleet:
    """Compares one asset with the others of its class."""

    __slots__ = ("_asset", "_asset_class", "_fleets")

    def __init__(self, fleets: Fleets | None, asset_class: str, asset: str) -> None:
        self._fleets, self._asset_class, self._asset = fleets, asset_class, asset

    def median(self, signal: str, at_us: int, value: float, max_gap_us: int) -> float | None:
        """Record the asset's value and return the median of the others'; None if too few are known."""
        if self._fleets is None:
            return None
        fleet = self._fleets.of(self._asset_class, signal)
        fleet.put(self._asset, at_us, value)
        fleet.forget_before(at_us - max_gap_us)
        return fleet.median_without(self._asset, FEWEST_OTHERS)


NO_FLEET = OfFleet(None, "", "")
