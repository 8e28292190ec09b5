"""Bounds on the cost of an expression, checked on its text before anything compiles it.

Compiling and evaluating recurse into nested terms, and a macro over a list is evaluated for each of its elements: a
long enough text would crash the process, and nested macros would make every reading cost seconds.
"""

import re

MOST_CHARACTERS = 4_000
MOST_PARTS = 600
"""Names, numbers, strings and operators; a sum of 300 terms has this many."""
MOST_DEPTH = 16
"""Brackets within brackets."""
MOST_ITERATIONS = 8
MOST_MAPS = 1
"""A second map() multiplies the size of what the first returns: eight of them would exhaust any memory."""
_PART = re.compile(
    r"""(?P<text>[rR]?(?:\"{3}.*?(?:\"{3}|$)|'{3}.*?(?:'{3}|$)|"(?:\\.|[^"\\])*(?:"|$)|'(?:\\.|[^'\\])*(?:'|$)))"""
    r"""|(?P<name>\w+(?:\.\d+)?)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<sign>&&|\|\||[<>=!]=|\S)""",
    re.DOTALL,
)
_ITERATES = frozenset({"exists", "exists_one", "all", "map", "filter"})


class TooCostly(ValueError):
    """An expression that goes beyond a bound: says which and what to do."""


def check(text: str) -> None:
    """Raise TooCostly for an expression that is too large, too deep, or loops over lists too often."""
    if len(text) > MOST_CHARACTERS:
        raise TooCostly(f"has {len(text):,} characters, and may have {MOST_CHARACTERS:,}; {_SPLIT}")
    iterations, maps, before = 0, 0, ("", "")
    opened: list[bool] = []
    for parts, found in enumerate(_PART.finditer(text), start=1):
        if parts > MOST_PARTS:
            raise TooCostly(f"has more than {MOST_PARTS} names, numbers and operators; {_SPLIT}")
        if found.lastgroup == "open":
            iterates = found[0] == "(" and before[0] == "." and before[1] in _ITERATES
            if iterates and any(opened):
                raise TooCostly(
                    f"has {before[1]}() inside another loop over a list, which costs each reading a list times "
                    "a list; write two rules, or a [[derived]] signal"
                )
            iterations += iterates
            maps += iterates and before[1] == "map"
            opened.append(iterates)
            if len(opened) > MOST_DEPTH:
                raise TooCostly(f"nests brackets more than {MOST_DEPTH} deep; {_SPLIT}")
            if maps > MOST_MAPS:
                raise TooCostly(f"has map() more than once; {_SPLIT}")
            if iterations > MOST_ITERATIONS:
                raise TooCostly(f"loops over lists more than {MOST_ITERATIONS} times; {_SPLIT}")
        elif found.lastgroup == "close" and opened:
            opened.pop()
        before = (before[1], found[0])


_SPLIT = "split it into [[derived]] signals, or into several rules"
