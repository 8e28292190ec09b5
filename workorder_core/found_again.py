"""Matches a stored English sentence with its template and facts, for readers of other languages.

The database stores the engine's sentences as English texts: in histories, in evidence, in reasons of assignments. A
text is matched with the templates of a catalogue that begin or end as it does, the longest first; its facts may be
sentences too. A text that no template fits is left as it is, and so are texts that people wrote: those are not passed
here. The work is bounded in proportion to the text's length: a part that is not found by then stays English.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from heapq import merge
from operator import itemgetter
from string import Formatter
from typing import NamedTuple

_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)%?"
_OF_NUMBERS = re.compile(r"[,+.\d]*[gfd%n]|,")
_SOME_NUMBERS = re.compile(r"\d+(?:, \d+)*")
_A_NUMBER = re.compile(rf"{_NUMBER}")
_A_QUANTITY = re.compile(rf"{_NUMBER}(?: [^,;:()]+?)?", re.DOTALL)
_QUANTITY = re.compile(rf"({_NUMBER}) (.+)", re.DOTALL)
_DAY = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}) ([A-Z][a-z]{2}) (\d{4})")
_CLOCK = re.compile(r"([A-Z][a-z]{2}) (\d\d:\d\d)")
_COUNT = "count"
"""Facts with this name are numbers, even if the template does not say how to format them."""
_QUANTITIES = frozenset({"value", "limit"})
"""Facts with these names are numbers with their unit."""
_NUMBERS = "numbers"
"""Facts with this name are whole numbers with commas between them."""
_FEW = 5
"""A template with fewer letters of its own fits nearly everything, so one of its facts has to be known as well."""
_LONGEST, _MOST_PARTS, _MOST_TOGETHER, _MOST_TRIED = 2_000, 30, 2, 500
"""Bounds of the search: letters of a text, parts of a list, parts that may be one sentence, texts within a text."""
STEPS, STEPS_A_LETTER = 6_000, 4
"""The most that is tried for a text: a step is a template whose own texts are there, a place where a fact might end, or
a few letters of a text within it."""
_STEPS_A_TEXT, _LETTERS_A_STEP = 10, 8
"""What it costs to look for the templates that fit a text."""
_REMEMBERED = 2_048
"""Sentences whose translation is kept, none longer than ``_LONGEST``."""
_ENDS = 4
"""So many letters at the beginning or the end of a template are looked up."""


ON_DAY = "{weekday} {day} {month} {year}"
"""How a day within a sentence is written."""


class Steps:
    """Counts what has been tried for one text."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0

    def take(self, count: int = 1) -> bool:
        """Count what is tried next; False where there were too many."""
        self.taken += count
        return not self.are_up

    @property
    def are_up(self) -> bool:
        """Whether no more may be tried."""
        return self.taken > self.most


@dataclass(frozen=True)
class Template:
    """A template of a sentence, as it is matched."""

    text: str

    @cached_property
    def _parts(self) -> tuple[tuple[str, str, re.Pattern[str] | None], ...]:
        """Its own texts, each with the fact after it, and what that fact looks like where it cannot be any text."""
        parts = list[tuple[str, str, re.Pattern[str] | None]]()
        try:
            for text, name, spec, quoted in Formatter().parse(self.text):
                fact = None
                if name == _COUNT or (name and spec and _OF_NUMBERS.fullmatch(spec) and quoted is None):
                    fact = _A_NUMBER
                elif name == _NUMBERS:
                    fact = _SOME_NUMBERS
                elif name in _QUANTITIES:
                    fact = _A_QUANTITY
                parts.append((text, name or "", fact))
        except ValueError:  # its braces are no facts
            return ((self.text, "", None),)
        return tuple(parts) if parts and not parts[-1][1] else (*parts, ("", "", None))

    @cached_property
    def _own(self) -> tuple[str, ...]:
        """Its own texts between its facts, the longest first: it is the one that the fewest sentences have."""
        return tuple(sorted((text for text, _, _ in self._parts[1:-1]), key=len, reverse=True))

    @property
    def names(self) -> frozenset[str]:
        """The names of its facts; of a text whose braces are no facts, none."""
        return frozenset(name for _, name, _ in self._parts if name)

    @property
    def first(self) -> str:
        """Its own text before the first fact."""
        return self._parts[0][0]

    @property
    def last(self) -> str:
        """Its own text after the last fact."""
        return self._parts[-1][0]

    @cached_property
    def letters(self) -> int:
        """How many letters of its own it has."""
        return sum(letter.isalpha() for text, _, _ in self._parts for letter in text)

    def facts(self, said: str, steps: Steps) -> Mapping[str, str] | None:
        """Return the facts of a sentence by name; None where it was not made of this template, or not in these steps.

        Of several readings the one whose first facts are the shortest is found.
        """
        if len(said) < len(self.first) + len(self.last) or not said.startswith(self.first):
            return None
        if not said.endswith(self.last) or not all(text in said for text in self._own) or not steps.take():
            return None
        return self._from(1, len(self.first), said, {}, set(), steps)

    def _from(
        self, n: int, begin: int, said: str, found: dict[str, str], failed: set[tuple[int, int]], steps: Steps
    ) -> dict[str, str] | None:
        """Return the facts of which the first ``n - 1`` are found, where the next one begins at an offset."""
        if n == len(self._parts):
            return found if begin == len(said) else None
        if (n, begin) in failed:
            return None
        name, fact, following = self._parts[n - 1][1], self._parts[n - 1][2], self._parts[n][0]
        end = len(said) - len(self.last) if n == len(self._parts) - 1 else said.find(following, begin + 1)
        while begin < end and steps.take():
            text = said[begin:end]
            if found.get(name, text) == text and (fact is None or fact.fullmatch(text)):
                whole = self._from(n + 1, end + len(following), said, {**found, name: text}, failed, steps)
                if whole is not None:
                    return whole
            if n == len(self._parts) - 1:
                break
            end = said.find(following, end + 1)
        failed.add((n, begin))
        return None


class FoundAgain:
    """Says stored sentences in a language.

    Parameters
    ----------
    templates
        The English templates that a catalogue has.
    text, word, number
        Return a template, a code and an English number in the language; ``word`` None for what is no code.
    """

    def __init__(
        self,
        templates: Iterable[str],
        text: Callable[[str], str],
        word: Callable[[str], str | None],
        number: Callable[[str], str],
    ) -> None:
        found = [Template(each) for each in templates if each != ON_DAY]
        self._plain = {each.text for each in found if not each.names}
        ranked = sorted((each for each in found if each.names), key=lambda each: (-each.letters, each.text))
        self._ends: dict[tuple[str, str], list[tuple[int, Template]]] = {}
        for rank, each in enumerate(ranked):
            self._ends.setdefault(_ends_of(each), []).append((rank, each))
        self._text, self._word, self._number = text, word, number
        self._remembered = lru_cache(maxsize=_REMEMBERED)(lambda english: self.found(english)[0])

    def said(self, english: str) -> str:
        """Return a sentence in the language; as it is where nothing of it is known."""
        return english if len(english) > _LONGEST else self._remembered(english)

    def found(self, english: str) -> tuple[str, int]:
        """Return a sentence in the language, not looked up among those that are remembered, and the steps it took."""
        search = _Search(Steps(STEPS + STEPS_A_LETTER * len(english)), {})
        found = self._best(english, search)
        # What somebody wrote may have a few words in common with a template.
        return (found.text if 2 * found.unknown < len(english) else english), search.steps.taken

    def _best(self, said: str, search: "_Search") -> "_Found":
        """Return the reading of a text of which the least stays unknown."""
        if said in search.seen:
            return search.seen[said]
        search.seen[said] = found = _Found(said, len(said))
        if "\n" in said and len(search.seen) > 1:
            return found  # no template has lines: somebody wrote this
        if not search.steps.take(_STEPS_A_TEXT + len(said) // _LETTERS_A_STEP):
            return found
        for one in self._readings(said, search):
            if one.unknown < found.unknown:
                found = one
            if not found.unknown or len(search.seen) > _MOST_TRIED or search.steps.are_up:
                break
        search.seen[said] = found
        return found

    def _readings(self, said: str, search: "_Search") -> Iterator["_Found"]:
        yield from self._plainly(said, search)
        for separator in (". ", "; "):
            yield from self._in_parts(said, separator, search)
        for template in self._fitting(said):
            facts = template.facts(said, search.steps)
            if search.steps.are_up:
                return
            if facts is None:
                continue
            known = {name: self._best(fact, search) for name, fact in facts.items()}
            if template.letters >= _FEW or any(known[name].unknown < len(fact) for name, fact in facts.items()):
                text = _filled(self._text(template.text), {name: each.text for name, each in known.items()})
                yield _Found(text, sum(each.unknown for each in known.values()))
        yield from self._in_parts(said, ", ", search)
        yield from self._as_written(said, search)

    def _in_parts(self, said: str, separator: str, search: "_Search") -> Iterator["_Found"]:
        parts = _outside_brackets(said, separator)
        if 1 < len(parts) <= _MOST_PARTS and "\n" not in said:
            if separator == ". ":  # each sentence keeps its full stop
                parts, separator = [*(f"{each}." for each in parts[:-1]), parts[-1]], " "
            yield self._listed(parts, separator, search)

    def _as_written(self, said: str, search: "_Search") -> Iterator["_Found"]:
        """Yield what a text is without its full stop, and without the capital letter that it begins with."""
        if len(said) > 1 and said.endswith("."):
            found = self._best(said[:-1], search)
            yield _Found(found.text + ".", found.unknown)
        if said[:1].isupper():
            found = self._best(said[0].lower() + said[1:], search)
            yield _Found(found.text[:1].upper() + found.text[1:], found.unknown)

    def _fitting(self, said: str) -> Iterator[Template]:
        """Yield the templates that begin or end as a text does, and those that may begin and end with any fact."""
        ends = ((said[:_ENDS], ""), ("", said[-_ENDS:]), ("", ""))
        yield from (each for _, each in merge(*(self._ends.get(each, ()) for each in ends), key=itemgetter(0)))

    def _plainly(self, said: str, search: "_Search") -> Iterator["_Found"]:
        """Yield what a text is that has no facts: a number, a code, a time of a week, a number with its unit."""
        if _A_NUMBER.fullmatch(said):
            yield _Found(self._number(said), 0)
        elif said in self._plain:
            yield _Found(self._text(said), 0)
        elif (word := self._word(said)) is not None:
            yield _Found(word, 0)
        elif clock := _CLOCK.fullmatch(said):
            yield _Found(f"{self._word(clock[1]) or clock[1]} {clock[2]}", 0)
        elif day := _DAY.fullmatch(said):
            facts = {"weekday": day[1], "day": day[2], "month": day[3], "year": day[4]}
            facts |= {name: self._word(facts[name]) or facts[name] for name in ("weekday", "month")}
            yield _Found(_filled(self._text(ON_DAY), facts), 0)
        elif quantity := _QUANTITY.fullmatch(said):
            unit = self._best(quantity[2], search)
            yield _Found(f"{self._number(quantity[1])} {unit.text}", unit.unknown)

    def _listed(self, parts: Sequence[str], separator: str, search: "_Search") -> "_Found":
        """Return a list of sentences, some of which may have the separator in them."""
        best = [_Found("", 0)]
        for end in range(1, len(parts) + 1):
            readings = list[_Found]()
            for begin in range(end - 1, max(0, end - _MOST_TOGETHER) - 1, -1):
                one = self._best(separator.join(parts[begin:end]), search) if end - begin < len(parts) else None
                if one is not None:
                    before = best[begin].text + (separator if begin else "")
                    readings.append(_Found(before + one.text, best[begin].unknown + one.unknown))
                    if not readings[-1].unknown:
                        break
            best.append(min(readings, key=lambda one: one.unknown))
        return best[-1]


def _ends_of(template: Template) -> tuple[str, str]:
    """Return by which letters of a text a template is looked up: its first ones, else its last ones, else none."""
    if len(template.first) >= _ENDS:
        return template.first[:_ENDS], ""
    return "", template.last[-_ENDS:] if len(template.last) >= _ENDS else ""


def _outside_brackets(said: str, separator: str) -> list[str]:
    """Return the parts of a list whose separators are in no brackets."""
    parts, open_ = list[str](), False
    for part in said.split(separator):
        if open_:
            parts[-1] += separator + part
        else:
            parts.append(part)
        open_ = parts[-1].count("(") > parts[-1].count(")")
    return parts


class _Search(NamedTuple):
    """The search for one text: what it may still try, and what it has found for the texts within."""

    steps: Steps
    seen: dict[str, "_Found"]


class _Found(NamedTuple):
    """A text in the language, and how many of its signs are English still, or of people."""

    text: str
    unknown: int


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """Return a template with facts that are written already, whatever it says of how to write them."""
    parts = list[str]()
    for text, name, _, _ in Formatter().parse(template):
        parts += [text, facts.get(name, "") if name else ""]
    return "".join(parts)
