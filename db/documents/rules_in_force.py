"""The rulebook that judges now, read once for each version: for whoever asks what a rule says of its alarm."""

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
"""The newest document that was read, and the rulebook that it makes: reading thousands of rules takes a while."""


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
    """Return the rule behind a source as it is for one asset; None where there is none, or it is a model's."""
    kind, _, name = source.partition(":")
    if kind not in ("rule", "chatter"):
        return None
    rules = ruleset.of_asset(newest(conn), asset_class, asset).rules
    return rules.get(name) or rules.get(name.rpartition(":")[0])


def terms(conn: Connection, asset_class: str, asset: str, source: str) -> Terms | None:
    """Return what a rule says of its alarm on an asset; None where the rulebook does not know the source."""
    found = rule(conn, asset_class, asset, source)
    if found is None:
        return None
    most = SHELF_MOST if found.max_shelf_us is None else timedelta(microseconds=found.max_shelf_us)
    if source.startswith("chatter:"):
        return Terms(shelf_most=most)
    return Terms(severity=found.severity, latching=found.latching, shelf_most=most)
