"""Named queries, read from ``db/queries/<subject>.sql`` unchanged.

A query begins with ``-- name: <name>``; the comment after it says what it is for. What several queries of a file share
is a ``-- part: <name>``, inserted in each, and in later parts, at ``-- as in: <name>``. Constants of the core are
written ``:<name>``: lists of statuses, ``status IN (:done, :final)``, failure modes, and numbers.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import LiteralString

from workorder_core.inspections import audits, rounds
from workorder_core.intake.findings import WEIGHTY_SHARE
from workorder_core.inventory import purchasing
from workorder_core.orders import statuses
from workorder_core.requests import asking
from workorder_core.runs import runs
from workorder_core.words import FailureMode, Status

_HEAD = re.compile(r"^-- (name|part): (\w+)\n", re.MULTILINE)
_GROUPS: Mapping[str, tuple[type[StrEnum], Collection[StrEnum]]] = {
    "unapproved": (Status, statuses.UNAPPROVED),
    "waiting": (Status, statuses.WAITING),
    "begun": (Status, statuses.BEGUN),
    "occupying": (Status, statuses.OCCUPYING),
    "done": (Status, statuses.DONE),
    "final": (Status, statuses.FINAL),
    "rounds_walked": (rounds.RoundStatus, rounds.WALKED),
    "rounds_over": (rounds.RoundStatus, rounds.OVER),
    "findings_unsettled": (audits.FindingState, audits.UNSETTLED),
    "purchases_open": (purchasing.State, purchasing.OPEN),
    "requests_undecided": (asking.RequestStatus, asking.UNDECIDED),
    "runs_unfinished": (runs.State, runs.UNFINISHED),
}
_DEFINED = {
    name: ", ".join(f"'{each.value}'" for each in kind if each in group) for name, (kind, group) in _GROUPS.items()
} | {
    "weighty_share": f"{WEIGHTY_SHARE:g}",
    "unspecific": ", ".join(f"'{mode.value}'" for mode in FailureMode if not mode.specific),
}
_NAMED = re.compile(rf"(?<![:\w]):({'|'.join(_DEFINED)})\b")
_AS_IN = re.compile(r"^ *-- as in: (\w+)\n", re.MULTILINE)


@cache
def load(subject: str) -> dict[str, LiteralString]:
    """Return the queries of one subject by name.

    The text comes from the project's own files and takes values only as parameters, hence a literal to psycopg.
    """
    text = (files("db") / "queries" / f"{subject}.sql").read_text(encoding="utf-8")
    text = _NAMED.sub(lambda found: _DEFINED[found[1]], text)
    pieces = _HEAD.split(text)[1:]
    kinds, names, bodies = pieces[::3], pieces[1::3], pieces[2::3]
    if len(set(names)) != len(names):
        raise ValueError(f"db/queries/{subject}.sql names a query twice")
    each = list(zip(kinds, names, bodies, strict=True))
    parts: dict[str, str] = {}
    for kind, name, body in each:
        if kind == "part":
            parts[name] = _filled(body, parts).rstrip() + "\n"
    return {name: _filled(body, parts).strip().rstrip(";") for kind, name, body in each if kind == "name"}


def _filled(body: str, parts: Mapping[str, str]) -> str:
    return _AS_IN.sub(lambda found: parts[found[1]], body)


def subjects() -> list[str]:
    """Return the names of all query files, for the test that every query fits the schema."""
    return sorted(entry.name.removesuffix(".sql") for entry in (files("db") / "queries").iterdir())
