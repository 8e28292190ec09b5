"""docs/costs.md: its bodies are taken, and its sum is right."""

import json
import re
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from api.shapes.costs import CurrencyIn, EntryIn, RateIn
from workorder_core.costs import money

PAGE = (Path(__file__).parents[2] / "docs" / "costs.md").read_text(encoding="utf-8")


def test_the_pages_bodies_are_taken():
    bodies = [json.loads(each) for each in re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)]
    shapes: tuple[type[BaseModel], ...] = (CurrencyIn, RateIn, EntryIn, EntryIn)
    for shape, body in zip(shapes, bodies, strict=True):
        shape.model_validate(body)


def test_the_pages_sum_is_right():
    said = re.search(
        r"([\d.]+) hours at ([\d.]+), (\d) seals at ([\d.]+) and an invoice of ([\d.]+) are "
        r"([\d.]+) \+ ([\d.]+) \+ ([\d.]+) = ([\d.]+)\. ",
        PAGE,
    )
    assert said is not None
    hours, rate, seals, each, paid, *lines, total = said.groups()
    labour, parts = money.times(Decimal(rate), float(hours), "EUR"), money.times(Decimal(each), float(seals), "EUR")
    assert [labour, parts, Decimal(paid)] == [Decimal(each) for each in lines]
    assert sum(map(Decimal, lines)) == Decimal(total)


def test_the_page_names_every_price():
    assert set(EntryIn.model_fields) - {"asset", "asset_class"} <= set(re.findall(r"`(\w+)`", PAGE))
