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


def test_every_document_is_named_by_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted(DOCS.glob("*.md")) if f"docs/{path.name}" not in readme] == []


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), ROOT / "README.md"]), ids=lambda page: page.name)
def test_what_documents_link_to_exists(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
