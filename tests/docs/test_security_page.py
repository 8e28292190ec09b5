"""docs/security.md names tests that there are, and a threat of each kind."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_that_the_page_names_is_there():
    named = NAMED.findall(PAGE)
    assert len(named) > 30
    for file, name in named:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), f"{file}::{name}"


def test_every_threat_names_a_test():
    rows = [line for line in PAGE.split("## Threats")[1].split("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    assert [row for row in rows if not NAMED.search(row)] == []
    assert {row[2:].lstrip("*")[0] for row in rows} == set("STRIDE")


def test_every_part_of_a_page_that_it_leads_to_is_there():
    for page, anchor in re.findall(r"\]\((\w[\w-]*\.md)(?:#([\w-]+))?\)", PAGE):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        heads = {
            re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-")
            for head in re.findall(r"^#+ (.*)", text, re.MULTILINE)
        }
        assert not anchor or anchor in heads, f"{page}#{anchor}"
