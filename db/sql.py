"""Named queries, read from ``db/queries/<subject>.sql`` as they stand.

A query begins with ``-- name: <name>``; the lines of comment after it say what it is for.
"""

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_HEAD = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def load(subject: str) -> dict[str, LiteralString]:
    """Return the queries of one subject by name.

    The text comes from the project's own files and takes values only as parameters, hence a literal to psycopg.
    """
    text = (files("db") / "queries" / f"{subject}.sql").read_text(encoding="utf-8")
    parts = _HEAD.split(text)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"db/queries/{subject}.sql names a query twice")
    return {name: cast(LiteralString, body.strip().rstrip(";")) for name, body in zip(names, bodies, strict=True)}


def subjects() -> list[str]:
    """Return the names of all query files, for the test that every query fits the schema."""
    return sorted(entry.name.removesuffix(".sql") for entry in (files("db") / "queries").iterdir())
