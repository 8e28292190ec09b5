"""Pages that have something to do for each form, of stock, rounds, plans, runs: each text is in a catalogue, and no
date is written for programs."""

from api.language import chosen, formats
from tests.api.pages.form_facts import HTML, database, names, plants_of_forms, seeded
from tests.api.pages.test_every_form import FORMS
from tests.api.pages.test_words_of_pages import NO_WORDS
from tests.parts import pseudo
from tests.visible import for_programs

__all__ = ["database", "names", "plants_of_forms", "seeded"]
QUOTED = frozenset({"seal_dry", "secrets_key", "NaN"})
"""A key of an example, a setting and a word of JSON, which pages quote as they are written."""


def test_a_page_with_a_form_shows_nothing_for_programs_and_nothing_that_is_in_no_catalogue(
    client, names, pool, monkeypatch
):
    monkeypatch.setattr(chosen, "language", lambda code: pseudo.language())
    with pool.connection() as conn:
        known = pseudo.words_of_data(conn) | NO_WORDS | {each.lower() for each in formats.weekdays()}
    found = []
    for path in sorted({each.page.format(**names) for each in FORMS.values()}):
        page = client.get(path, headers=HTML)
        assert page.status_code == 200, path
        found += [f"{path}: {each}" for each in for_programs(page.text, but=QUOTED)]
        found += [f"{path}: not marked: {each}" for each in pseudo.unmarked(page.text, known)]
    assert found == [], "\n".join(found)
