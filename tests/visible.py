"""What of a page a person reads, and what in it only a program would: JSON, reprs, ISO times, names of columns."""

import re
from html.parser import HTMLParser

_DOCUMENT = "textarea.code"
QUOTED = frozenset({"script", "style", "code", "pre", "template", _DOCUMENT})
"""Elements whose text is no words: quoted as it is sent or typed, or not shown. A document is typed in a
textarea of the class ``code``, whose label says its format."""
READ = frozenset({"title", "placeholder", "aria-label", "alt"})
"""Attributes that a person reads or hears."""
VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "use", "path", "line"})

FOR_PROGRAMS = {
    "JSON": re.compile(r"[\[{]\s*[\"'{\[]|[\"'}\]]\s*[\]}]|\[\]|\{\}"),
    "a value of Python or JSON": re.compile(r"(?<=[:=,(→] )None\b|^None$|\b(null|True|False|NaN|undefined)\b"),
    "a repr": re.compile(r"<[\w.]+[: ]|\b(datetime|UUID|Decimal|frozenset|timedelta|ZoneInfo)\("),
    "an ISO time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d\.\d{3,}"),
    "an ISO date": re.compile(r"(?<![\w/.-])\d{4}-\d\d-\d\d(?![\w-])(?![T ]\d\d:)"),
    "a code": re.compile(r"(?<![\w/.@-])[A-Za-z]+_\w+"),
    "a long number": re.compile(r"\d\.\d{7,}"),
}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts, self._open = list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in READ and value]
        if tag not in VOID:
            self._open.append(_DOCUMENT if tag == "textarea" and ("class", "code") in attrs else tag)

    def handle_endtag(self, tag: str) -> None:
        tag = _DOCUMENT if tag == "textarea" and _DOCUMENT in self._open else tag
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not QUOTED.intersection(self._open):
            self.texts.append(" ".join(data.split()))


def texts(page: str) -> list[str]:
    """Return what a person reads of a page, by element."""
    reader = _Reader()
    reader.feed(page)
    return reader.texts


def for_programs(page: str, *, but: frozenset[str] = frozenset()) -> list[str]:
    """Return what is on a page that only a program would read, each with its text; ``but``: names that people gave."""
    found = []
    for text in texts(page):
        for kind, pattern in FOR_PROGRAMS.items():
            said = {match[0] for match in pattern.finditer(text)} - but
            found += [f"{kind}: {each!r} in {text[:160]!r}" for each in sorted(said)]
    return found
