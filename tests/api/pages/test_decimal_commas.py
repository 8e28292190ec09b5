"""A decimal comma in every number field of every form is read as one, or refused at the field: 3,71 is never 371."""

import re
from collections.abc import Iterator

import pytest
from psycopg import sql

from api.board.forms.page_forms import forms_of
from tests.api.pages.form_facts import HTML, database, names, plants_of_forms, seeded
from tests.api.pages.test_every_form import FORMS, filled, its_form, unseen

__all__ = ["database", "names", "plants_of_forms", "seeded"]
COMMA = "3,71"
IGNORED = re.compile(r"(?:if|low|high|order|turn|wait)_\d+|interval|every|wraps_at|meter_early|meter_late")
"""What means nothing beside what the form is sent with here: rows without a text, a meter's fields without a meter."""


def in_fields(client, names, path: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield each number field of a form, and what the form is sent with."""
    known = FORMS[path]
    action, form = known.action.format(**names), ""
    for count in range(100):
        page = client.get(known.page.format(**names), headers=HTML).text
        # A list of questions that was changed is another one, and its former page has no form.
        form = its_form(page, action) if f'action="{action}"' in page else form
        numbers, beside = _numbers(form), {**unseen(form), **filled(known.right, names)}
        if "version" in beside and numbers:  # a step that can be taken once: all of its numbers together
            yield numbers[0], beside | dict.fromkeys(numbers, COMMA)
            return
        if count >= len(numbers):
            return
        yield numbers[count], beside | {numbers[count]: COMMA} | ({"code": f"C{count}"} if "code" in beside else {})


def _numbers(form: str) -> list[str]:
    (found,) = forms_of(form)
    return [
        each.name
        for each in found.fields
        if each.kind == "number" or each.tag.attrs.get("inputmode") in ("decimal", "numeric")
    ]


def rows(pool) -> set[str]:
    with pool.connection() as conn:
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            f"{name} {row[0]}"
            for (name,) in tables
            for row in conn.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name)))
        }


@pytest.mark.parametrize("path", FORMS)
def test_a_decimal_comma_is_read_as_one_or_refused_at_its_field(path, client, names, pool):
    for name, sent in in_fields(client, names, path):
        before = rows(pool)
        action = FORMS[path].action.format(**names)
        answer = client.post(action, data=sent, headers=HTML, follow_redirects=False)
        new = rows(pool) - before
        assert not [each for each in new if re.search(r"\b371\b", each)], name
        if answer.status_code == 422:
            assert not new, name
            assert re.search(r'<span class="wrong"[^>]*>[^<]+', answer.text), name
        else:
            assert answer.status_code == 303, (name, answer.text[:400])
            assert any(re.search(r"\b3\.71", each) for each in new) or IGNORED.fullmatch(name), name


def test_there_are_number_fields_to_try(client, names):
    found = {name for path in FORMS for name, _ in in_fields(client, names, path)}
    assert {"quantity", "unit_cost", "hours", "price", "failure_hours", "shift_factor"} <= found
