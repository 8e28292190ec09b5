"""Reads times as mapping documents describe them: their path, format and zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ingest import border, local_time
from ingest.border import Bad
from ingest.formats.paths import MISSING, JsonPath
from ingest.messages import Reason
from workorder_core.sentences import kept

COUNTED = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Formats that count from 1970, in microseconds."""
_PROBE = datetime(2026, 11, 25, 13, 48, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """The path and format of a time. ``zone`` is for times without one; None refuses those."""

    path: JsonPath
    format: str
    zone: ZoneInfo | None

    def read(self, value: object) -> tuple[int, ...]:
        """Return epoch microseconds; two for a local time that occurs twice. Raises Bad."""
        if isinstance(value, datetime):
            return self._moments(value)
        if isinstance(value, str):
            value = value.strip()
        if value is MISSING or value is None or value == "":
            raise Bad(Reason.NO_TIME, kept("there is no time at {path!r}", path=self.path.text))
        if self.format in COUNTED:
            try:
                number = border.measure("time", value)
            except Bad:
                raise Bad(
                    Reason.WRONG_TIME,
                    kept("{text!r} is not a number of {format}", text=str(value)[:40], format=self.format),
                ) from None
            return (border.counted(number, COUNTED[self.format]),)
        if self.format == "auto" and isinstance(value, int | float):
            return (border.microseconds(value),)
        try:
            text = str(value)
            # A naive time is put into the zone below.
            at = border.iso(text) if self.format in ("iso", "auto") else datetime.strptime(text, self.format)  # noqa: DTZ007
        except (ValueError, OverflowError):
            said = border.digits(text) if self.format in ("iso", "auto") else ""
            wrong = kept(
                "{text!r} is not a time of format {format}", text=str(value)[:40], format=self.format
            ) + border.wrong_in_iso(text)
            raise Bad(Reason.WRONG_TIME, said or wrong) from None
        return self._moments(at)

    def us_each(self, value: object) -> float | None:
        """Return the microseconds of its unit, if a time is a count; None for a text or a date."""
        if self.format in COUNTED:
            return COUNTED[self.format]
        return 1e3 if self.format == "auto" and isinstance(value, int | float) else None

    def _moments(self, at: datetime) -> tuple[int, ...]:
        if at.tzinfo is not None:
            return (border.since_epoch(at),)
        if self.zone is None:
            raise Bad(
                Reason.NAIVE_TIME, kept("{time} has no zone; set [time] zone in the mapping", time=at.isoformat())
            )
        return local_time.moments(at, self.zone)


def wrong_format(text: str) -> str | None:
    """Return what is wrong with a format: auto, iso, a count, or one for ``strptime``; None if it is valid.

    A format must contain the whole date: a time of 1900 would be refused forever, and blamed on the device's clock.
    """
    if text in ("auto", "iso", *COUNTED):
        return None
    try:
        read = datetime.strptime(_PROBE.strftime(text), text)  # noqa: DTZ007 (it is tried, and forgotten)
    except (ValueError, OverflowError, re.error):
        read = None
    if read is None or "%" not in text:
        return "is not known; use auto, iso, s, ms, us, ns, or like %Y-%m-%d %H:%M:%S"
    if read.date() != _PROBE.date():
        return "does not say the whole date; it needs a year, a month and a day, like %Y-%m-%d %H:%M:%S"
    if read.hour not in (0, _PROBE.hour):
        return "has 12-hour times without AM or PM; write %H, or add %p to %I"
    return None
