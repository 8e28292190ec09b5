"""The documents name what there is: every room, every path, every word's place in the code, and every document."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
ROOMS = ("workorder_core", "ingest", "models", "rules", "judge", "db", "api", "runtime")
WORDS = re.findall(r"^\| ([^|]+?) \| [^|]+ \| `([^`]+)` \|$", GLOSSARY, re.MULTILINE)


def test_every_path_of_the_architecture_page_exists():
    named = set(re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", ARCHITECTURE))
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_room_is_on_the_architecture_page():
    """A new folder is a decision that the page has to know of."""
    rooms = [path.parent for room in ROOMS for path in (ROOT / room).rglob("__init__.py")]
    missing = [str(each.relative_to(ROOT)) for each in rooms if f"`{each.relative_to(ROOT)}/`" not in ARCHITECTURE]
    assert missing == []


def found(dotted: str) -> bool:
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            at = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            if not hasattr(at, name):
                return False
            at = getattr(at, name)
        return True
    return False


@pytest.mark.parametrize(("word", "place"), WORDS, ids=[word for word, _ in WORDS])
def test_every_word_of_the_glossary_is_in_the_code(word, place):
    assert (ROOT / place).exists() if "/" in place else found(place)


def test_the_glossary_has_each_word_once():
    words = [word for word, _ in WORDS]
    assert len(words) > 40
    assert len(set(words)) == len(words)


def test_every_document_is_in_the_index_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = readme[readme.index("## Where to go next") :]
    rows = re.findall(r"^\| \[docs/([a-z-]+\.md)\]\(docs/([a-z-]+\.md)\) \| .+ \|$", index, re.MULTILINE)
    assert sorted(rows) == [(path.name, path.name) for path in sorted(DOCS.glob("*.md"))]


def test_the_way_through_the_code_opens_where_to_go_next():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = readme[readme.index("## Where to go next") :].split("\n\n")[1]
    assert "runtime/pipeline/pipeline.py" in first
    assert "docs/architecture.md" in first


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), ROOT / "README.md"]), ids=lambda page: page.name)
def test_what_documents_link_to_exists(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_under_a_subject_of_the_index():
    text = (DOCS / "decisions.md").read_text(encoding="utf-8")
    subjects = re.findall(r"^## (.+)$", text, re.MULTILINE)
    index = re.findall(r"^\| \[([^\]]+)\]\(#([^)]+)\) \|", text, re.MULTILINE)
    assert index == [(each, each.lower().replace(" ", "-")) for each in subjects]
    titles = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert len(titles) > 100
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), ROOT / "README.md"]), ids=lambda page: page.name)
def test_every_module_that_a_document_names_exists(page):
    named = set(re.findall(r"`([a-z_]+/[a-z_/]*\.(?:py|sql))`", page.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_no_decision_is_written_without_a_heading():
    """Additions made side by side are joined line by line: what stood in two places would be there twice."""
    text = (DOCS / "decisions.md").read_text(encoding="utf-8")
    assert re.findall(r"^\*\*2\d\d\d-.*$", text, re.MULTILINE) == []
    lines = [line for line in text.splitlines() if len(line) > 60]
    assert [line for line in set(lines) if lines.count(line) > 1] == []
