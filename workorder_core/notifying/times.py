"""Times as messages write them: by the clock of where it happened. Pure."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def shown(at: Any, zone: str) -> str:
    """Return a time, or one in ISO 8601, by the clock of an IANA zone; UTC where there is no such zone."""
    try:
        local = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        local = ZoneInfo("UTC")
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return f"{moment.astimezone(local):%Y-%m-%d %H:%M} ({local.key})"
