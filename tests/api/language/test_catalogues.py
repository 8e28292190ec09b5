"""Every text is there in every language, filled with the same facts; what nothing marks is not there."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog

from api.board import words
from api.language import formats
from api.language.catalogues import LANGUAGES, language, read
from api.language.chosen import choose
from tests.parts import catalogue
from workorder_core.language import ENGLISH, N_, Reader, _, code, current, ngettext, speaking

OTHERS = sorted(LANGUAGES.keys() - {"en"})


@pytest.mark.parametrize("other", OTHERS)
def test_every_text_is_translated(other):
    assert catalogue.untranslated(other) == []
    assert len(catalogue.marked()) > 150


@pytest.mark.parametrize("other", OTHERS)
def test_a_translation_is_filled_with_the_same_facts(other):
    assert catalogue.different(other) == []


@pytest.mark.parametrize("other", OTHERS)
def test_no_entry_is_left_that_nothing_marks(other):
    assert catalogue.unused(other) == []


def test_the_checks_find_what_they_are_for(tmp_path, monkeypatch):
    monkeypatch.setattr("api.language.catalogues.LOCALE", tmp_path)
    wrong = Catalog(locale="de")
    wrong.add("Sign in", "")
    wrong.add("overdue by %(span)s", "überfällig seit %(time)s")
    wrong.add("nothing says this", "niemand sagt das")
    (tmp_path / "de").mkdir()
    with (tmp_path / "de" / "pages.po").open("wb") as file:
        from babel.messages.pofile import write_po

        write_po(file, wrong)
    assert any("'Sign in'" in each for each in catalogue.untranslated("de"))
    assert catalogue.unused("de") == ["pages.po: 'nothing says this'"]
    assert catalogue.different("de") == ["pages.po: 'overdue by %(span)s' → 'überfällig seit %(time)s'"]


def test_the_files_are_as_the_command_writes_them():
    """Sorted, and without names of lines: two branches that add texts merge."""
    for path, said in read("de"):
        assert path.read_bytes() == catalogue.written("de", said), f"{path.name}: ./run catalog brings it in order"


def test_a_text_is_said_in_the_readers_language():
    later = N_("none")
    assert _(later) == "none"
    with speaking(language("de")):
        assert _(later) == "keine"
        assert code("in_progress") == "in Arbeit"
        assert code("planner, nobody_knows") == "Planer, nobody knows"
        assert _("not in any catalogue") == "not in any catalogue"
        assert ngettext("%(num)s thing", "%(num)s things", 2) == "2 things"
    assert current() is ENGLISH


def test_a_reader_is_known_better_while_something_is_written():
    with speaking(Reader(ENGLISH)) as reader:
        reader.language = language("de")
        assert _("none") == "keine"


CHOICES = {
    "somebody's own choice": ("de", "en", "en", "de"),
    "the browser's": (None, "de-DE,de;q=0.9,en;q=0.8", "en", "de"),
    "what a browser likes better of two": (None, "en;q=0.5, de;q=0.6", "en", "de"),
    "what is refused is not chosen": (None, "de;q=0", "en", "en"),
    "the plant's, where nobody says one that we have": (None, "fr", "de", "de"),
    "the plant's, where nobody says one": (None, "", "de", "de"),
    "a choice of a language that is gone": ("xx", "de", "en", "de"),
}


@pytest.mark.parametrize(("own", "header", "plant", "expected"), CHOICES.values(), ids=CHOICES)
def test_the_language_of_a_request(own, header, plant, expected):
    assert choose(own, header, plant) == expected


def test_numbers_and_times_are_written_as_the_language_writes_them():
    at = datetime(2024, 3, 2, 8, 14, tzinfo=UTC)
    assert words.number(1234.5) == "1\u202f234"
    assert words.money(Decimal("1234.5"), "EUR") == "1,234.50 EUR"
    with speaking(language("de")):
        assert ">Sa 2. März 2024, 09:14 MEZ</time>" in words.site_time(at, "Europe/Berlin")
        assert 'datetime="2024-03-02T08:14:00+00:00"' in words.site_time(at, "Europe/Berlin")
        assert words.number(71.34) == "71,3"
        assert words.number(1234.5) == "1\u202f234"
        assert words.number(-2.5e-7) == "-2,5e-07"
        assert words.money(Decimal("1234.5"), "EUR") == "1.234,50 EUR"
        assert words.money(Decimal(1234), "JPY") == "1.234 JPY"
        assert words.amount(2.5) == "2,5"
        assert words.plain_amount(Decimal("2.50")) == "2,5"
        assert words.size(1_440_000) == "1,4 MB"
        assert formats.span(timedelta(hours=3, minutes=20)) == "3 h 20 min"
        assert words.due(at, at + timedelta(hours=3)).endswith(">seit 3 h überfällig</span>")
