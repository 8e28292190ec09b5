"""Conditions over several signals, written in CEL (the Common Expression Language), checked before they are used.

Names are the asset's signals; ``signals["bearing-temp"]`` is for names that are no identifiers. Numbers are doubles:
write ``2.0``, not ``2``, to reckon with.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cel

_ITERATED = re.compile(r"\.(?:exists|exists_one|all|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)")
_NAMED = re.compile(r"""signals\s*\[\s*(?:"([^"]*)"|'([^']*)')\s*\]""")
_TRIED = (1.0, 0.0, -1.0, 1e9)
SIGNALS = "signals"


class WrongExpression(ValueError):
    """An expression that cannot be used: says the place in it and the mend."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Parameters
    ----------
    reads
        The signals that it needs.
    """

    text: str
    reads: frozenset[str]
    _program: Any = field(repr=False, compare=False)
    _by_name: bool = field(default=False, repr=False, compare=False)

    def value(self, latest: Mapping[str, float]) -> Any:
        """Return what it says of these values. Raises WrongExpression for a calculation that cannot be done."""
        names: dict[str, Any] = {name: latest[name] for name in self.reads}
        if self._by_name:
            names[SIGNALS] = dict(names)
        try:
            return self._program.execute(names)
        except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            raise WrongExpression(_mend(str(error), self.text)) from None


def compiled(text: str, *, wanted: type) -> Expression:
    """Compile an expression whose result is a ``bool`` or a ``float``. Raises WrongExpression with place and mend."""
    try:
        program = cel.compile(text)
    except (ValueError, RuntimeError) as error:
        raise WrongExpression(_mend(str(error), text)) from None
    iterated = set(_ITERATED.findall(text))
    named = {next(filter(None, found)) for found in _NAMED.findall(text)}
    reads = frozenset({name for name in program.variables() if name not in iterated} - {SIGNALS} | named)
    if not reads:
        raise WrongExpression("names no signal; name at least one")
    expression = Expression(text, reads, program, SIGNALS in program.variables())
    for number in _TRIED:
        try:
            result = expression.value(dict.fromkeys(reads, number))
        except WrongExpression:
            if number == 0.0:
                continue  # what divides by nothing is not known then, and not wrong
            raise
        fits = isinstance(result, bool) if wanted is bool else isinstance(result, float)
        if not fits:
            want = "true or false" if wanted is bool else "a number; write 2.0, not 2"
            raise WrongExpression(f"gives {result!r}, a {type(result).__name__}; it must give {want}")
    return expression


def _mend(said: str, text: str) -> str:
    found = _PLACE.search(said)
    if found:
        line, column = int(found[1]), int(found[2])
        return f"line {line}, column {column} of {text!r}: {found[3].split(' expecting ')[0]}"
    if "float * int" in said or "Unsupported operation" in said or "No such overload" in said:
        return f"{text!r} mixes kinds of values; write numbers with a point, 2.0 and not 2, and compare like with like"
    if "Undefined variable or function" in said:
        return f"{text!r} uses {said.split(chr(39))[1]!r}, which CEL does not know"
    return f"{text!r}: {said.splitlines()[0]}"
