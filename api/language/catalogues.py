"""Catalogues: the texts of each language, read once per process from the files of ``api/locale``, one per subject."""

import io
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from workorder_core.language import ENGLISH, Language

LOCALE = Path(__file__).parent.parent / "locale"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages that people can choose, by code, with their own names."""


def read(code: str) -> Iterator[tuple[Path, Catalog]]:
    """Yield the files of a language, with their texts."""
    for path in sorted((LOCALE / code).glob("*.po")):
        with path.open(encoding="utf-8") as file:
            yield path, read_po(file, locale=code)


@cache
def language(code: str) -> Language:
    """Return a language with its texts. Raises KeyError for an unknown one."""
    if code not in LANGUAGES:
        raise KeyError(code)
    if code == ENGLISH.code:
        return ENGLISH
    whole = Catalog(locale=code)
    for _, part in read(code):
        for message in part:
            if message.id:
                whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Language(
        code,
        GNUTranslations(compiled),
        {ord(","): get_group_symbol(code), ord("."): get_decimal_symbol(code)},
        tuple(each.id for each in whole if isinstance(each.id, str) and not each.context and "%(" not in each.id),
    )
