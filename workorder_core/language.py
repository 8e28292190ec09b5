"""Texts in the language of whoever reads them.

English texts are the keys: ``_("Sign in")`` returns what the catalogue of the reader's language has for it, and the
English itself where it has nothing. Who reads is set where a request begins or a mail is written (``speaking``);
outside of that everything is English. Catalogues are read by ``api.language.catalogues``: here is no file and no clock.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Any

CODES = "code"
"""The context of the words for codes: of a status, a type, a role."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language.

    Parameters
    ----------
    code
        Of ISO 639.
    texts
        The texts that it has, by their English.
    signs
        What it writes instead of the comma and the point in an English number.
    templates
        Of sentences with facts in braces, as ``workorder_core.sentences`` makes them: those that it has.
    """

    code: str
    texts: NullTranslations
    signs: Mapping[int, str] = field(default_factory=dict)
    templates: Collection[str] = ()


ENGLISH = Language("en", NullTranslations())


@dataclass(slots=True)
class Reader:
    """Who reads what is written now. A request has one, and all of its threads see when its language becomes known."""

    language: Language


_READER: ContextVar[Reader | None] = ContextVar("reader", default=None)


def current() -> Language:
    """Return the language of who reads."""
    reader = _READER.get()
    return ENGLISH if reader is None else reader.language


@contextmanager
def speaking(reader: Reader | Language) -> Iterator[Reader]:
    """Write for a reader from here on; the language may still change while it lasts."""
    spoken = Reader(reader) if isinstance(reader, Language) else reader
    before = _READER.set(spoken)
    try:
        yield spoken
    finally:
        _READER.reset(before)


def _(text: str, /, **facts: Any) -> str:
    """Return a text in the reader's language, its ``%(name)s`` filled with facts.

    >>> _("%(count)d of %(all)d", count=2, all=3)
    '2 of 3'
    """
    return _filled(current().texts.gettext(text), facts)


def ngettext(one: str, many: str, count: int, /, **facts: Any) -> str:
    """Return the form of a text for a count, which it may name as ``%(num)s``.

    >>> ngettext("%(num)d order", "%(num)d orders", 2)
    '2 orders'
    """
    return _filled(current().texts.ngettext(one, many, count), {"num": count, **facts})


def pgettext(context: str, text: str, /, **facts: Any) -> str:
    """Return a text that means different things in different places, by where it is."""
    return _filled(current().texts.pgettext(context, text), facts)


def npgettext(context: str, one: str, many: str, count: int, /, **facts: Any) -> str:
    """Return the form for a count of a text that means different things in different places."""
    return _filled(current().texts.npgettext(context, one, many, count), {"num": count, **facts})


def N_(text: str) -> str:  # noqa: N802 - the name by which everybody knows it
    """Return a text as it is, and have it in the catalogues: for what ``_`` translates where it is said."""
    return text


def code(value: str) -> str:
    """Return a code, or several with commas between them, as words in the reader's language.

    >>> code("in_progress")
    'in progress'
    """
    words = value.replace("_", " ")
    said = pgettext(CODES, words) if words else words
    if said == words and ", " in words:
        return ", ".join(pgettext(CODES, each) for each in words.split(", "))
    return said


def _filled(text: str, facts: dict[str, Any]) -> str:
    return text % facts if facts else text
