"""Texts in the reader's language. English texts are the keys: ``_("Sign in")`` returns the translation from the
catalogue of the reader's language, or the English itself if there is none. The reader is set when a request begins or a
mail is written (``speaking``); otherwise everything is English. ``api.language.catalogues`` loads the catalogues; this
module does no I/O.
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
        Its translations, by the English text.
    signs
        Its separators in place of the comma and the point of an English number.
    templates
        The templates of ``workorder_core.sentences`` that it translates.
    """

    code: str
    texts: NullTranslations
    signs: Mapping[int, str] = field(default_factory=dict)
    templates: Collection[str] = ()


ENGLISH = Language("en", NullTranslations())


@dataclass(slots=True)
class Reader:
    """The reader of the texts being written. A request has one, shared by all its threads, so that each sees when its
    language becomes known."""

    language: Language


_READER: ContextVar[Reader | None] = ContextVar("reader", default=None)


def current() -> Language:
    """Return the reader's language."""
    reader = _READER.get()
    return ENGLISH if reader is None else reader.language


@contextmanager
def speaking(reader: Reader | Language) -> Iterator[Reader]:
    """Write for a reader within this context; the language may still change during it."""
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
    """Return a text whose meaning depends on its context."""
    return _filled(current().texts.pgettext(context, text), facts)


def npgettext(context: str, one: str, many: str, count: int, /, **facts: Any) -> str:
    """Return the form for a count of a text whose meaning depends on its context."""
    return _filled(current().texts.npgettext(context, one, many, count), {"num": count, **facts})


def N_(text: str) -> str:  # noqa: N802 - the conventional name
    """Return a text unchanged, and mark it for the catalogues: for texts that ``_`` translates elsewhere."""
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
