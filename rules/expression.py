"""Conditions over several signals, written in CEL (the Common Expression Language), checked before they are used.

Names are the asset's signals; ``signals["bearing-temp"]`` is for names that are not identifiers. Numbers are doubles:
write ``2.0``, not ``2``. ``below.pump`` is the list of this asset's downstream assets of a class:
``below.pump.filter(p, p.flow < 5.0).size() >= 3``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cel

from rules import expression_bounds

_ITERATED = re.compile(r"\.(?:exists|exists_one|all|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)")
_NAMED = re.compile(r"""signals\s*\[\s*(?:"([^"]*)"|'([^']*)')\s*\]""")
_TRIED = (1.0, 0.0, -1.0, 1e9)
SIGNALS = "signals"
BELOW = "below"
_OF_BELOW = re.compile(
    r"""\bbelow\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:"([^"]*)"|'([^']*)')\s*\])\s*"""
    r"""\.\s*(?:exists|exists_one|all|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,"""
)
_ANY_BELOW = re.compile(r"\bbelow\b")
Around = Mapping[str, list[dict[str, float]]]
"""By class: the newest values of an asset's downstream assets."""


class InvalidExpression(ValueError):
    """An expression that cannot be used: says the place in it and what to do."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Parameters
    ----------
    reads
        The signals that it needs.
    below
        By class: the signals that it needs of downstream assets.
    """

    text: str
    reads: frozenset[str]
    below: Mapping[str, frozenset[str]]
    _program: Any = field(repr=False, compare=False)
    _by_name: bool = field(default=False, repr=False, compare=False)

    def value(self, latest: Mapping[str, float], around: Around | None = None) -> Any:
        """Evaluate it for these values. Raises InvalidExpression for a calculation that cannot be done."""
        names: dict[str, Any] = {name: latest[name] for name in self.reads}
        if self._by_name:
            names[SIGNALS] = dict(names)
        if self.below:
            names[BELOW] = around or {}
        try:
            return self._program.execute(names)
        except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            raise InvalidExpression(_mend(str(error), self.text)) from None


def compiled(text: str, *, wanted: type) -> Expression:
    """Compile an expression whose result is a ``bool`` or a ``float``. Raises InvalidExpression."""
    try:
        expression_bounds.check(text)
    except expression_bounds.TooCostly as error:
        raise InvalidExpression(f"{_beginning(text)!r} {error}") from None
    try:
        program = cel.compile(text)
    except (ValueError, RuntimeError) as error:
        raise InvalidExpression(_mend(str(error), text)) from None
    iterated = set(_ITERATED.findall(text))
    named = {next(filter(None, found)) for found in _NAMED.findall(text)}
    below = _below(text)
    reads = frozenset({name for name in program.variables() if name not in iterated} - {SIGNALS, BELOW} | named)
    if not reads and not below:
        raise InvalidExpression("names no signal; name at least one")
    expression = Expression(text, reads, below, program, SIGNALS in program.variables())
    for number in _TRIED:
        try:
            around = {of_class: [dict.fromkeys(signals, number)] * 2 for of_class, signals in below.items()}
            result = expression.value(dict.fromkeys(reads, number), around)
        except InvalidExpression:
            if number == 0.0:
                continue  # a division by zero has no value, and is not a mistake
            raise
        fits = isinstance(result, bool) if wanted is bool else isinstance(result, float)
        if not fits:
            want = "true or false" if wanted is bool else "a number; write 2.0, not 2"
            raise InvalidExpression(f"gives {result!r}, a {type(result).__name__}; it must give {want}")
    return expression


def _below(text: str) -> dict[str, frozenset[str]]:
    """Return what an expression reads of downstream assets: by class, the signals that it names."""
    found = _OF_BELOW.findall(text)
    if len(found) != len(_ANY_BELOW.findall(text)):
        raise InvalidExpression(
            f"{text!r} uses 'below' in a way that cannot be checked; write below.CLASS.exists(p, p.SIGNAL < 5.0), "
            "or .filter(p, …).size() >= 2"
        )
    classes: dict[str, str] = {}
    below: dict[str, set[str]] = {}
    for name, quoted, single, each in found:
        of_class = name or quoted or single
        if classes.setdefault(each, of_class) != of_class:
            raise InvalidExpression(f"{text!r} calls assets of two classes {each!r}; give each class a name of its own")
        named = re.findall(rf"\b{each}\s*\.\s*([A-Za-z_]\w*)(?!\w|\s*\()", text)
        named += re.findall(rf"""\b{each}\s*\[\s*["']([^"']*)["']\s*\]""", text)
        if not named:
            raise InvalidExpression(f"{text!r} names no signal of {each!r}; name one, such as {each}.flow")
        below.setdefault(of_class, set()).update(named)
    return {of_class: frozenset(named) for of_class, named in below.items()}


def _beginning(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _mend(said: str, text: str) -> str:
    found = _PLACE.search(said)
    if found:
        line, column = int(found[1]), int(found[2])
        return f"line {line}, column {column} of {text!r}: {found[3].split(' expecting ')[0]}"
    if "float * int" in said or "Unsupported operation" in said or "No such overload" in said:
        return f"{text!r} mixes types; write numbers with a point, 2.0 and not 2, and compare values of one type"
    if "Undefined variable or function" in said:
        return f"{text!r} uses {said.split(chr(39))[1]!r}, which CEL does not know"
    return f"{text!r}: {said.splitlines()[0]}"
