"""The time that it takes to get from place to place: the plant's own matrix, else by the distance. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import asin, ceil, cos, radians, sin, sqrt

_EARTH_KM = 6371.0088
"""The mean radius of the earth (IUGG)."""
UNKNOWN_MINUTES = 10
"""How long it takes to another place when nobody knows where one of the two is."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A place in WGS84, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """How fast people travel, by the length of the way: on foot up to ``walk_km``, through town up to ``town_km``.

    Parameters
    ----------
    detour
        How much longer a way is than the straight line.
    """

    detour: float = 1.3
    walk_kmh: float = 5.0
    walk_km: float = 1.0
    town_kmh: float = 30.0
    town_km: float = 10.0
    road_kmh: float = 60.0

    def minutes(self, km: float) -> int:
        """Return the minutes that a way takes, whole ones.

        A longer way never takes less time: one that is just too far to walk takes what the longest walk does.

        >>> Speeds().minutes(0.5), Speeds().minutes(1.1), Speeds().minutes(20)
        (6, 12, 20)
        """
        hours = km / self.walk_kmh
        if km > self.walk_km:
            hours = max(self.walk_km / self.walk_kmh, km / self.town_kmh)
        if km > self.town_km:
            hours = max(self.walk_km / self.walk_kmh, self.town_km / self.town_kmh, km / self.road_kmh)
        return ceil(round(hours * 60, 6))


def straight_km(here: Coordinates, there: Coordinates) -> float:
    """Return the great-circle distance by the haversine formula.

    >>> round(straight_km(Coordinates(52.5200, 13.4050), Coordinates(48.1372, 11.5756)))
    504
    """
    up, aside = radians(there.latitude - here.latitude), radians(there.longitude - here.longitude)
    chord = sin(up / 2) ** 2 + cos(radians(here.latitude)) * cos(radians(there.latitude)) * sin(aside / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


SNAPPED_KM = 0.5
"""How far the roads may be from a location that a router has found on them."""


def nearest(at: Coordinates, known: Mapping[str, Coordinates]) -> str | None:
    """Return the location nearest to coordinates; None if there is none within ``SNAPPED_KM``."""
    far = {code: straight_km(at, each) for code, each in known.items()}
    best = min(far, key=lambda code: (far[code], code), default=None)
    return best if best is not None and far[best] <= SNAPPED_KM else None


@dataclass(frozen=True, slots=True)
class Way:
    """A way that the plant has measured; ``km`` None: unknown."""

    minutes: int
    km: float | None = None


def matrix(
    places: Collection[str],
    known: Mapping[str, Coordinates],
    measured: Mapping[tuple[str, str], Way],
    speeds: Speeds,
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], float]]:
    """Return the minutes and the kilometres between all places.

    A way that was measured in one direction only is not that of the other one, which goes by the distance.
    """
    minutes: dict[tuple[str, str], int] = {}
    km: dict[tuple[str, str], float] = {}
    for here in places:
        for there in places:
            if here == there:
                continue
            way = measured.get((here, there))
            far = None
            if here in known and there in known:
                far = straight_km(known[here], known[there]) * speeds.detour
            if way is not None:
                minutes[here, there], far = way.minutes, way.km if way.km is not None else far
            else:
                minutes[here, there] = UNKNOWN_MINUTES if far is None else speeds.minutes(far)
            if far is not None:
                km[here, there] = far
    return minutes, km
