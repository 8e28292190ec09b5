"""Reading quotes and price lists as people type them into forms."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from api.board.forms.form_errors import Fields, InvalidForm, one_of
from workorder_core.digits import NotANumber, in_field, typed
from workorder_core.far_times import near_day
from workorder_core.requests.quotes import MOST_PRICES, Line, LineKind, Price, of_price
from workorder_core.sentences import say

ROWS = 8
"""Lines that the form of a quote has; those that are empty are left out."""
_MOST, _MOST_OF_ONE = Decimal(1_000_000_000), Decimal(100_000)
_CODE = re.compile(r"[^\x00;]{1,64}")


def lines(read: Fields, form: Mapping[str, str], prices: Sequence[Price]) -> list[Line]:
    """Return the lines of a quote. A text that is a code of the price list takes all but the quantity from it."""
    known = {each.code.casefold(): each for each in prices}
    rows = [_Row(form, row) for row in range(1, ROWS + 1)]
    found = [_line(read, row, known) for row in rows if row.text or row.price or row.quantity or row.unit]
    read.need("text_1", found, say("write at least one line"))
    return [each for each in found if each is not None]


class _Row:
    """The fields of a line as they were typed."""

    def __init__(self, form: Mapping[str, str], number: int) -> None:
        self.number = number
        names = ("text", "kind", "quantity", "unit", "price")
        self.text, self.kind, self.quantity, self.unit, self.price = (
            form.get(f"{name}_{number}", "").strip()[:200] for name in names
        )


def _line(read: Fields, row: _Row, known: Mapping[str, Price]) -> Line | None:
    quantity = read(f"quantity_{row.number}", None, partial(_number, row.quantity or "1", 3, _MOST_OF_ONE))
    read.need(f"quantity_{row.number}", quantity, say("write a number above 0"))
    price = known.get(row.text.casefold())
    if price is not None and not row.price:
        return of_price(price, quantity) if quantity else None
    read.need(f"text_{row.number}", row.text, say("say what it is for"))
    read.need(f"price_{row.number}", row.price, say("write a price, or a code of the price list as the item"))
    unit_price = read(f"price_{row.number}", None, partial(_number, row.price or "0", 4, _MOST))
    kind = read(f"kind_{row.number}", LineKind.OTHER, partial(one_of, LineKind, row.kind or "other"))
    if unit_price is None or not row.text or not quantity:
        return None
    return Line(kind=kind, text=row.text, quantity=quantity, unit=row.unit[:20], unit_price=unit_price)


def day(text: str) -> date:
    """Return the day until which a quote is valid. Raises InvalidForm."""
    try:
        return near_day(date.fromisoformat(text.strip()))
    except ValueError:
        raise InvalidForm(say("give the last day on which it can be accepted")) from None


def price_list(text: str) -> list[Price]:
    """Return a price list as typed or pasted, a price a line: code; kind; name; unit; price. Raises InvalidForm."""
    found: dict[str, Price] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        cells = [each.strip() for each in re.split(r"[;\t]", line)]
        if len(cells) != 5 or not _CODE.fullmatch(cells[0]) or not 1 <= len(cells[2]) <= 200 or len(cells[3]) > 20:
            raise InvalidForm(say("line {number}: write code; kind; name; unit; price", number=number))
        code, kind, name, unit, price = cells
        if kind not in set(LineKind):
            raise InvalidForm(say("line {number}: the kind is labour, part or other", number=number))
        if code in found:
            raise InvalidForm(say("line {number}: {code} is in the list twice", number=number, code=code))
        try:
            unit_price = _number(price, 4, _MOST)
        except InvalidForm as wrong:
            raise InvalidForm(say("line {number}: {problem}", number=number, problem=wrong.args[0])) from None
        found[code] = Price(code=code, kind=LineKind(kind), name=name, unit=unit, unit_price=unit_price)
    if len(found) > MOST_PRICES:
        raise InvalidForm(say("a price list has at most {most} lines", most=MOST_PRICES))
    return list(found.values())


def as_text(prices: Sequence[Price]) -> str:
    """Return a price list as it is typed."""
    return "\n".join(
        f"{each.code}; {each.kind}; {each.name}; {each.unit}; {in_field(each.unit_price)}" for each in prices
    )


def _number(text: str, places: int, most: Decimal) -> Decimal:
    try:
        value = typed(text)
    except NotANumber:
        raise InvalidForm(say("write a number, not {text!r}", text=text.strip())) from None
    if not 0 <= value <= most:
        raise InvalidForm(say("write a number from 0 to {most:,.0f}, not {text!r}", most=most, text=text.strip()))
    if value != round(value, places):
        raise InvalidForm(say("write {places} decimals at most", places=places))
    return value
