"""docs/scheduling.md: its examples run and print what it says, and its tables have every rule and every term."""

import doctest
import re
from dataclasses import fields
from pathlib import Path

from workorder_core.scheduling.checking import Rule
from workorder_core.scheduling.costing import Costs

PAGE = Path(__file__).parents[2] / "docs" / "scheduling.md"


def test_the_pages_examples_run():
    text = PAGE.read_text(encoding="utf-8").replace("```", "")
    parsed = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    result = doctest.DocTestRunner().run(parsed)
    assert result.attempted > 15 and result.failed == 0


def test_the_pages_tables_have_every_rule_and_every_term():
    rows = re.findall(r"^\| `([a-z]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [*Rule, *(each.name for each in fields(Costs))]
