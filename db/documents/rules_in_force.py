"""The rulebook in force, parsed once for each version, for those who need a rule's alarm settings."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg import Connection

from db.documents import documents
from db.documents.documents import Kind
from db.errors import NotFound
from rules import rulebook, ruleset
from rules.rulebook import EMPTY, Rulebook
from rules.threshold import Threshold
from workorder_core.alarms.alarm_states import SHELF_MOST, Terms

_read: list[tuple[Mapping[str, Any], Rulebook]] = []
"""The newest document and its parsed rulebook, cached because parsing thousands of rules takes a while."""


def newest(conn: Connection) -> Rulebook:
    """Return the newest rulebook; an empty one where there is none yet."""
    try:
        document = documents.version(conn, Kind.RULEBOOK).document
    except NotFound:
        return EMPTY
    for known, book in _read:
        if known == document:
            return book
    book = rulebook.parse(document)
    _read[:] = [(document, book)]
    return book


def rule(conn: Connection, asset_class: str, asset: str, source: str) -> Threshold | None:
    """Return the rule behind a source as it applies to one asset; None if there is none, or the source is a model."""
    kind, _, name = source.partition(":")
    if kind not in ("rule", "chatter"):
        return None
    rules = ruleset.of_asset(newest(conn), asset_class, asset).rules
    return rules.get(name) or rules.get(name.rpartition(":")[0])


def terms(conn: Connection, asset_class: str, asset: str, source: str) -> Terms | None:
    """Return a rule's alarm settings on an asset; None if the rulebook does not have the source."""
    found = rule(conn, asset_class, asset, source)
    if found is None:
        return None
    most = SHELF_MOST if found.max_shelf_us is None else timedelta(microseconds=found.max_shelf_us)
    if source.startswith("chatter:"):
        return Terms(shelf_most=most)
    return Terms(severity=found.severity, latching=found.latching, shelf_most=most)
