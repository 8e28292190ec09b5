"""Numbers that people type: read as they meant them in their language, asked back where they might mean two."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.language.catalogues import language
from workorder_core.digits import NotANumber, in_field, typed
from workorder_core.language import ENGLISH, speaking

GERMAN = language("de")


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("2", "2", "2"),
        ("2,5", "2.5", "2.5"),
        ("2.5", "2.5", "2.5"),
        ("-0,125", "-0.125", "-0.125"),
        ("0.500", "0.500", "0.500"),
        ("1 234,5", "1234.5", "1234.5"),
        ("1,234.5", "1234.5", "1234.5"),
        ("1.234,5", "1234.5", "1234.5"),
        ("1,234,567", "1234567", "1234567"),
        ("12.3456", "12.3456", "12.3456"),
        ("1.500", "1.500", None),
        ("1,500", None, "1.500"),
        ("12,3,4", None, None),
        ("1.2.3", None, None),
        ("12,34.5", None, None),
        ("1.234,567,8", None, None),
        ("12.5 mm", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("\u0661\u0662", "12", "12"),
        ("", None, None),
        ("-", None, None),
    ],
)
def test_a_number_is_read_as_its_writer_meant_it_or_refused(text, english, german):
    for reader, wanted in ((ENGLISH, english), (GERMAN, german)):
        with speaking(reader):
            if wanted is None:
                with pytest.raises(NotANumber):
                    typed(text)
            else:
                assert typed(text) == Decimal(wanted)


def test_who_might_mean_two_numbers_is_asked_which():
    with speaking(GERMAN), pytest.raises(NotANumber) as refused:
        typed("1.500")
    assert str(refused.value) == "1.500 might be 1500 or 1,500: write one of these"


@given(st.decimals(-(10**9), 10**9, places=4) | st.floats(-1e9, 1e9).map(lambda number: round(number, 6)))
def test_what_a_field_shows_is_read_back_as_the_same_number(number):
    for reader in (ENGLISH, GERMAN):
        with speaking(reader):
            assert float(typed(in_field(number))) == float(number)


@given(st.text(max_size=40))
def test_no_text_is_read_as_anything_but_a_finite_number(text):
    try:
        number = typed(text)
    except NotANumber:
        return
    assert number.is_finite()
