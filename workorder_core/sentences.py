"""Sentences for people that keep their template and facts, so that a page can translate them. A ``Said`` is the English
sentence, an ordinary string: programs, logs and the database get that. Only for a reader is the template looked up in a
catalogue and filled with the facts again, formatted for the language.
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
    """An English sentence with its template and facts, or the sentences from which it was joined. Slicing, adding and
    formatting give a plain string, and so do pickling and copying: only the English is stored.
    """

    __slots__ = ("context", "facts", "parts", "separator", "template")

    template: str
    context: str | None
    facts: dict[str, Any]
    parts: tuple[str, ...]
    separator: str

    @classmethod
    def of(cls, template: str, context: str | None, facts: dict[str, Any]) -> Self:
        """Return a template filled with facts; without facts its braces are literal."""
        said = cls(template.format(**facts) if facts else template)
        said.template, said.context, said.facts, said.parts, said.separator = template, context, facts, (), ""
        return said

    @classmethod
    def joined(cls, separator: str, parts: tuple[str, ...]) -> Self:
        """Return several sentences joined."""
        said = cls(separator.join(parts))
        said.template, said.context, said.facts, said.parts, said.separator = "", None, {}, parts, separator
        return said

    def __str__(self) -> str:
        """Return itself, so that an error's text keeps its facts."""
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Pickle and copy only the English."""
        return str, (str.__str__(self),)


def say(template: str, /, **facts: Any) -> Said:
    """Return an English sentence that a page can translate: ``template``, filled as ``str.format`` does. The template
    has to be a literal, because the catalogues are extracted from the source. A fact that is a sentence or a code is
    translated with it.

    >>> say("work order {number} needs {most:,.0f} h at most", number="NTH-1", most=1200)
    'work order NTH-1 needs 1,200 h at most'
    """
    return Said.of(template, None, facts)


def marked(template: str) -> str:
    """Return a template unchanged, and mark it for the catalogues: for tables of templates that ``say`` gets."""
    return template


def kept(template: str, /, **facts: Any) -> str:
    """Return an English sentence without its facts, for storing: a page matches it with its template again. The judge
    uses it, because its state must not depend on how a sentence was made.
    """
    return template.format(**facts) if facts else template


def coded(code: str) -> Said:
    """Return a code, or its words, which a page translates: ``on_hold``, "on hold".

    The catalogues list all codes, in the context ``code``, so a code need not be a literal.
    """
    return Said.of(code, CODES, {})


def joined(parts: Iterable[str], separator: str = ", ") -> Said:
    """Join sentences into one; each of them, and the separator, is translated by itself.

    >>> joined([say("on shift"), say("no unfinished orders")])
    'on shift, no unfinished orders'
    """
    return Said.joined(separator, tuple(parts))


def translated(said: str) -> str:
    """Return a sentence in the reader's language. A text without a template is returned unchanged: people wrote it."""
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
    """Fills a translated template. A translation may have the facts in another order, formatted for its language."""

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
    """Return a code in words; one that begins a sentence is looked up in lower case too."""
    found = code(said)
    if found == said and said[:1].isupper():
        lower = code(said[:1].lower() + said[1:])
        return lower[:1].upper() + lower[1:]
    return found


def _moment(at: date, spec: str) -> str:
    """Return a time in its template's format, with weekday and month names in the reader's language."""
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
