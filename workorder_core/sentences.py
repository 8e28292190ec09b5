"""Sentences for people that keep their template and their facts, so that a page can say them in another language.

A ``Said`` is the English sentence, a text as any other: programs, logs and the database get that. Only where a person
reads it is the template looked up in a catalogue and filled with the facts again, each as the language writes it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from string import Formatter
from typing import Any, Self

from workorder_core.found_again import FoundAgain
from workorder_core.language import CODES, Language, code, current


class Said(str):
    """An English sentence with the template and the facts that it was made of, or the sentences it was joined from.

    Slicing, adding and formatting give a plain text, and so do pickling and copying: what is stored is the English.
    """

    __slots__ = ("context", "facts", "parts", "separator", "template")

    template: str
    context: str | None
    facts: dict[str, Any]
    parts: tuple[str, ...]
    separator: str

    @classmethod
    def of(cls, template: str, context: str | None, facts: dict[str, Any]) -> Self:
        """Return a template filled with facts; without facts its braces are text."""
        said = cls(template.format(**facts) if facts else template)
        said.template, said.context, said.facts, said.parts, said.separator = template, context, facts, (), ""
        return said

    @classmethod
    def joined(cls, separator: str, parts: tuple[str, ...]) -> Self:
        """Return sentences, one after the other."""
        said = cls(separator.join(parts))
        said.template, said.context, said.facts, said.parts, said.separator = "", None, {}, parts, separator
        return said

    def __str__(self) -> str:
        """Return itself: an error's text is what it was raised with, facts and all."""
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Pickle and copy the English alone."""
        return str, (str.__str__(self),)


def say(template: str, /, **facts: Any) -> Said:
    """Return an English sentence that a page can translate: ``template`` filled as ``str.format`` does.

    The template has to be a literal, for the catalogues are made from the source. A fact that is a sentence, or a code,
    is translated with it.

    >>> say("work order {number} needs {most:,.0f} h at most", number="NTH-1", most=1200)
    'work order NTH-1 needs 1,200 h at most'
    """
    return Said.of(template, None, facts)


def marked(template: str) -> str:
    """Return a template as it is, and have it in the catalogues: for tables of templates that ``say`` is given."""
    return template


def kept(template: str, /, **facts: Any) -> str:
    """Return an English sentence without its facts: for what is stored, whose template a page finds again.

    What the judge says is such, for its state must not depend on what it is made of.
    """
    return template.format(**facts) if facts else template


def coded(code: str) -> Said:
    """Return a code, or its words, which a page says in its language: ``on_hold``, "on hold".

    Codes are in the catalogues by the lists of them, in the context ``code``: they need no literal.
    """
    return Said.of(code, CODES, {})


def joined(parts: Iterable[str], separator: str = ", ") -> Said:
    """Return sentences one after the other as one, each of which, and what is between, is translated by itself.

    >>> joined([say("on shift"), say("no unfinished orders")])
    'on shift, no unfinished orders'
    """
    return Said.joined(separator, tuple(parts))


def translated(said: str) -> str:
    """Return a sentence in the reader's language. A text without a template is returned as it is: people wrote it."""
    if not isinstance(said, Said) or not current().templates:
        return said
    if said.parts:
        return translated(said.separator).join(map(translated, said.parts))
    if said.context == CODES:
        return _word(said)
    template = current().texts.gettext(said.template)
    return _FILLED.vformat(template, (), said.facts) if said.facts else template


def stored(english: str) -> str:
    """Return a sentence of the engine, which is stored in English, in the reader's language."""
    if not current().templates:
        return english
    return translated(english) if isinstance(english, Said) else _found_again(current()).said(english)


class _Filled(Formatter):
    """Fills a translated template. A translation may write facts in another order, and as its language does."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Said):
            return translated(value)
        if isinstance(value, Enum):
            return code(str(value))
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return format(value, format_spec).translate(current().signs)
        if isinstance(value, datetime | date):
            return _moment(value, format_spec)
        return str(super().format_field(value, format_spec))


_FILLED = _Filled()


def _word(said: str) -> str:
    """Return a code in words; one that begins a sentence is found as it is elsewhere."""
    found = code(said)
    if found == said and said[:1].isupper():
        lower = code(said[:1].lower() + said[1:])
        return lower[:1].upper() + lower[1:]
    return found


def _moment(at: date, spec: str) -> str:
    """Return a time as its template writes it, with the reader's names of the day of the week and the month."""
    return format(at, spec.replace("%a", code(f"{at:%a}")).replace("%b", code(f"{at:%b}")))


@cache
def _found_again(language: Language) -> FoundAgain:
    def word(said: str) -> str | None:
        if ", " in said:
            return None
        found = _word(said)
        return None if found == said.replace("_", " ") else found

    return FoundAgain(
        language.templates, language.texts.gettext, word, lambda number: number.translate(dict(language.signs))
    )
