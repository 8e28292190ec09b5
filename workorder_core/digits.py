"""Numbers as people wrote them, read and written. Pure."""

import re
from decimal import Decimal, InvalidOperation

from workorder_core.language import current
from workorder_core.sentences import say

_SPACES = re.compile(r"(?<=\d)[ '\u2019\u00a0\u202f](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>e[+-]?\d{1,3})?", re.IGNORECASE)
_GROUPED = {sign: re.compile(rf"[1-9]\d{{0,2}}(\{sign}\d{{3}})+") for sign in ".,"}


class NotANumber(ValueError):
    """A text is not a number, or might be one of two. Its text says so to its writer."""


def plain(number: float) -> str:
    """Return a number with every digit that somebody wrote: a limit, an interval or a meter's reading, 1234567.8.

    >>> plain(80.0), plain(1234567.8), plain(-0.05)
    ('80', '1234567.8', '-0.05')
    """
    return f"{number:.12g}"


def in_field(number: float | Decimal) -> str:
    """Return a number with every digit, as its reader would type it: 2,5 in German. ``typed`` reads it back."""
    digits = f"{number.normalize():f}" if isinstance(number, Decimal) else f"{number:.15g}"
    return digits.translate({ord("."): current().signs.get(ord("."), ".")})


def typed(text: str) -> Decimal:
    """Return the number that a person typed, with a comma or a point as its decimal sign.

    The decimal sign of the reader's language is always that. The other one is one too, unless it may as well separate
    thousands: in English ``1,500`` might be 1500 or 1.5, so the writer is asked. Spaces between thousands are dropped.
    Raises NotANumber.

    >>> typed("2,5"), typed("1 234.5"), typed("1,234,567.5")
    (Decimal('2.5'), Decimal('1234.5'), Decimal('1234567.5'))
    >>> typed("1,500")
    Traceback (most recent call last):
        ...
    workorder_core.digits.NotANumber: 1,500 might be 1500 or 1.500: write one of these
    """
    said = _SPACES.sub("", text.strip().replace("\u2212", "-"))
    found = _NUMBER.fullmatch(said)
    if found is None:
        raise _no_number(text)
    sign, digits, exponent = found["sign"], found["digits"], found["exponent"] or ""
    own = current().signs.get(ord("."), ".")
    other = "," if own == "." else "."
    if digits.count(other) == 1 and own not in digits and _GROUPED[other].fullmatch(digits):
        one, two = digits.replace(other, ""), digits.replace(other, own)
        raise NotANumber(say("{text} might be {one} or {two}: write one of these", text=digits, one=one, two=two))
    try:
        return Decimal(f"{sign}{_with_point(digits)}{exponent}")
    except InvalidOperation:
        raise _no_number(text) from None


def _with_point(digits: str) -> str:
    """Return digits with a point as their decimal sign, if they have one, and nothing between thousands."""
    if not {".", ","} <= set(digits):
        several = next((sign for sign in ".," if digits.count(sign) > 1), None)
        if several is not None and _GROUPED[several].fullmatch(digits):
            return digits.replace(several, "")
        return digits.replace(",", ".")
    decimal = max(".,", key=digits.rindex)
    whole, _, rest = digits.rpartition(decimal)
    group = "," if decimal == "." else "."
    return f"{whole.replace(group, '')}.{rest}" if _GROUPED[group].fullmatch(whole) else digits


def _no_number(text: str) -> NotANumber:
    return NotANumber(say("write a number, not {text!r}", text=text.strip()[:40]))
