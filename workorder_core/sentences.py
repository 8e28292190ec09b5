"""Sentences for people that keep their template and their facts, so that a page can say them in another language.

A ``Said`` is the English sentence, a text as any other: programs, logs and the database get that. Only where a person
reads it is the template looked up in a catalogue and filled with the facts again, each as the language writes it.
"""

from collections.abc import Iterable
from typing import Any, Self

CODES = "code"
"""The context of the words for codes in the catalogues."""


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
