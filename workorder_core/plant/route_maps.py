"""A map of a day's routes: places by their coordinates in a box, the way of each person through them, a scale. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians

from workorder_core.scheduling.ways import Coordinates

WIDE, TALL = 640.0, 360.0
"""The box of a map, in its own units; y grows downwards."""
_EDGE = 46.0
"""How much of the box stays free around the places, for their names and the numbers of the stops."""
_LEAST_KM = 0.1
"""Places nearer to one another than this are not drawn further apart than the map's scale allows."""
_APART = 2.5
"""How far the lines of two people on the same way are from each other."""
_KM_A_DEGREE = 111.195
"""Along a meridian of a sphere with the mean radius of the earth."""
_LONGEST_BAR = 160.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One person's day: from ``depot`` to the ``stops`` in their order, and back."""

    person: str
    depot: str
    stops: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place on the map, with who comes there as which stops: ``(person, numbers)``, numbers from 1."""

    place: str
    x: float
    y: float
    calls: Sequence[tuple[str, Sequence[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The straight lines of a person's route, as ``points`` of an SVG; empty where they stay at one place."""

    person: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMap:
    """A map: north is up.

    Parameters
    ----------
    bar_km, bar
        The length of the scale in kilometres, and in the map's units.
    unknown
        The places of stops of which nobody knows where they are: they are not on the map.
    """

    spots: Sequence[Spot]
    paths: Sequence[Path]
    bar_km: float
    bar: float
    unknown: Sequence[str]


def drawn(known: Mapping[str, Coordinates], routes: Sequence[Route]) -> RouteMap | None:
    """Return the map of routes; None where fewer than two of their places have coordinates.

    >>> here, there = Coordinates(56.0, 10.0), Coordinates(56.0, 10.1)
    >>> found = drawn({"depot": here, "hall": there}, [Route(person="ann", depot="depot", stops=["hall", "yard"])])
    >>> [(each.place, round(each.x), round(each.y), each.calls) for each in found.spots]
    [('depot', 46, 180, ()), ('hall', 594, 180, (('ann', (1,)),))]
    >>> found.paths[0].points, found.bar_km, round(found.bar), found.unknown
    ('46.0,180.0 594.0,180.0 46.0,180.0', 1.0, 88, ('yard',))
    """
    used = dict.fromkeys(place for each in routes for place in (each.depot, *each.stops))
    places = {each: known[each] for each in used if each in known}
    if len(places) < 2:
        return None
    at, a_km = _laid_out(places)
    calls = _calls(routes)
    bar_km = _bar_km(a_km)
    return RouteMap(
        spots=tuple(
            Spot(place=place, x=x, y=y, calls=tuple(calls.get(place, {}).items())) for place, (x, y) in at.items()
        ),
        paths=tuple(
            Path(person=each.person, points=_points(each, at, _APART * (number - (len(routes) - 1) / 2)))
            for number, each in enumerate(routes)
        ),
        bar_km=bar_km,
        bar=bar_km * a_km,
        unknown=tuple(dict.fromkeys(stop for each in routes for stop in each.stops if stop not in known)),
    )


def _laid_out(places: Mapping[str, Coordinates]) -> tuple[dict[str, tuple[float, float]], float]:
    """Return where each place is in the box, and how long a kilometre is there."""
    first = next(iter(places.values()))
    middle = radians((min(_norths(places)) + max(_norths(places))) / 2)
    # Degrees east of the first place, from -180 to 180: a site may lie on both sides of the date line.
    flat = {
        name: (
            ((one.longitude - first.longitude + 180) % 360 - 180) * _KM_A_DEGREE * cos(middle),
            one.latitude * _KM_A_DEGREE,
        )
        for name, one in places.items()
    }
    east, north = [x for x, _ in flat.values()], [y for _, y in flat.values()]
    wide, tall = max(east) - min(east), max(north) - min(north)
    a_km = min((WIDE - 2 * _EDGE) / max(wide, _LEAST_KM), (TALL - 2 * _EDGE) / max(tall, _LEAST_KM))
    mid_x, mid_y = (max(east) + min(east)) / 2, (max(north) + min(north)) / 2
    at = {
        name: (round(WIDE / 2 + (x - mid_x) * a_km, 1), round(TALL / 2 - (y - mid_y) * a_km, 1))
        for name, (x, y) in flat.items()
    }
    return at, a_km


def _norths(places: Mapping[str, Coordinates]) -> list[float]:
    return [each.latitude for each in places.values()]


def _calls(routes: Iterable[Route]) -> dict[str, dict[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for each in routes:
        for number, stop in enumerate(each.stops, start=1):
            mine = found.setdefault(stop, {})
            mine[each.person] = (*mine.get(each.person, ()), number)
    return found


def _points(route: Route, at: Mapping[str, tuple[float, float]], aside: float) -> str:
    on_the_map = [at[each] for each in (route.depot, *route.stops, route.depot) if each in at]
    turns = on_the_map[:1] + [there for here, there in pairwise(on_the_map) if here != there]
    return " ".join(f"{x + aside:.1f},{y + aside:.1f}" for x, y in turns) if len(turns) > 1 else ""


def _bar_km(a_km: float) -> float:
    """Return the longest of 1, 2 and 5 × a power of ten that fits the scale."""
    longest, found = _LONGEST_BAR / a_km, 0.01
    for power in range(-2, 5):
        for digit in (1, 2, 5):
            length = digit * 10.0**power
            found = length if length <= longest else found
    return found
