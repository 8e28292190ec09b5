"""A travel matrix as the table service of OSRM answers it: a JSON document with seconds and, where asked for, metres.

Its places are coordinates, snapped to the roads; an import finds the plant's locations that they are of.
"""

from collections.abc import Sequence

import msgspec

from ingest.formats import json_text

HEADERS = ("From", "To", "Minutes", "Kilometres")


class _Place(msgspec.Struct):
    location: tuple[float, float]
    """Longitude, then latitude."""


class _Answer(msgspec.Struct):
    code: str
    durations: list[list[float | None]]
    sources: list[_Place]
    destinations: list[_Place]
    distances: list[list[float | None]] | None = None


class NotATable(ValueError):
    """A document that is not an answer of OSRM's table service; says what is wrong."""


def is_document(content: bytes) -> bool:
    """Return whether a file is a JSON object, as no table of cells is."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def places_of(cell: str) -> tuple[float, float] | None:
    """Return the latitude and longitude of a cell of ``rows``; None for another text."""
    north, sign, east = cell.partition(", ")
    try:
        return (float(north), float(east)) if sign else None
    except ValueError:
        return None


def rows(content: bytes, *, most: int) -> Sequence[Sequence[str]]:
    """Return the ways of a document as rows of a table, the headers first; a way that is not there is left out.

    Minutes are rounded up. Raises NotATable, also for more ways than ``most``.
    """
    try:
        found = msgspec.convert(json_text.strict(content.removeprefix(b"\xef\xbb\xbf")), type=_Answer)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise NotATable(str(error)) from None
    if found.code != "Ok":
        raise NotATable(f"code is {found.code}")
    wide, high = len(found.destinations), len(found.sources)
    for name, matrix in (("durations", found.durations), ("distances", found.distances)):
        if matrix is not None and (len(matrix) != high or any(len(line) != wide for line in matrix)):
            raise NotATable(f"{name} are not {high} × {wide}")
    if high * wide > most:
        raise NotATable(f"{high} × {wide} are more than {most} ways")
    made: list[Sequence[str]] = [HEADERS]
    for here, source in enumerate(found.sources):
        for there, destination in enumerate(found.destinations):
            seconds = found.durations[here][there]
            metres = None if found.distances is None else found.distances[here][there]
            if seconds is None or source.location == destination.location:
                continue
            km = "" if metres is None else f"{metres / 1000:.3f}"
            made.append((_said(source), _said(destination), str(-int(-seconds // 60)), km))
    return made


def _said(place: _Place) -> str:
    east, north = place.location
    return f"{north:.6f}, {east:.6f}"
