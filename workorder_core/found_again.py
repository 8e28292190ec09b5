"""Matches a stored English sentence with its template and facts, for readers of other languages. The database stores
the engine's sentences as English texts: in histories, in evidence, in reasons of assignments. A text is matched with
every template of a catalogue, the longest first; its facts may be sentences too. A text that no template fits is left
as it is, and so are texts that people wrote: those are not passed here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from string import Formatter
from typing import NamedTuple

_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)%?"
_OF_NUMBERS = re.compile(r"[,+.\d]*[gfd%n]|,")
_A_NUMBER = re.compile(rf"{_NUMBER}")
_QUANTITY = re.compile(rf"({_NUMBER}) (.+)", re.DOTALL)
_CLOCK = re.compile(r"([A-Z][a-z]{2}) (\d\d:\d\d)")
_COUNT = "count"
"""Facts with these names are numbers, even if the template does not say how to format them."""
_QUANTITIES = frozenset({"value", "limit"})
"""Facts with these names are numbers with their unit."""
_FEW = 5
"""A template with fewer letters of its own fits nearly everything, so one of its facts has to be known as well."""
_LONGEST, _MOST_PARTS, _MOST_TOGETHER, _MOST_TRIED = 2_000, 30, 2, 500
"""Bounds of the search: letters of a text, parts of a list, parts that may be one sentence, texts within a text."""


@dataclass(frozen=True)
class Template:
    """A sentence's template, prepared for matching."""

    text: str

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its facts; none if the text's braces are not facts."""
        try:
            return frozenset(name for _, name, *_ in Formatter().parse(self.text) if name)
        except ValueError:
            return frozenset()

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Its literal texts between the facts, the longest first."""
        return tuple(sorted((text for text, *_ in Formatter().parse(self.text) if text), key=len, reverse=True))

    @cached_property
    def letters(self) -> int:
        """How many literal letters it has."""
        return sum(letter.isalpha() for text in self.own for letter in text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, seen = list[str](), set[str]()
        for text, name, spec, quoted in Formatter().parse(self.text):
            parts.append(re.escape(text))
            if not name:
                continue
            fact = ".+?"
            if name == _COUNT or (spec and _OF_NUMBERS.fullmatch(spec) and quoted is None):
                fact = _NUMBER
            elif name in _QUANTITIES:
                fact = rf"{_NUMBER}(?: [^,;()]+?)?"
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{fact})")
            seen.add(name)
        return re.compile("".join(parts), re.DOTALL)

    def facts(self, said: str) -> Mapping[str, str] | None:
        """Return the facts of a sentence by name; None if it was not made from this template."""
        if not all(text in said for text in self.own):
            return None
        found = self._pattern.fullmatch(said)
        return None if found is None else found.groupdict()


class FoundAgain:
    """Translates stored sentences into a language.

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
        found = [Template(each) for each in templates]
        self._plain = {each.text for each in found if not each.names}
        self._templates = sorted((each for each in found if each.names), key=lambda each: (-each.letters, each.text))
        self._text, self._word, self._number = text, word, number
        self.said = lru_cache(maxsize=4096)(self._said)

    def _said(self, english: str) -> str:
        """Return a sentence in the language; unchanged if nothing in it is known."""
        if len(english) > _LONGEST:
            return english
        found = self._best(english, {})
        # What somebody wrote may have a few words in common with a template.
        return found.text if 2 * found.unknown < len(english) else english

    def _best(self, said: str, seen: dict[str, "_Found"]) -> "_Found":
        """Return the match of a text that leaves the least unknown."""
        if said in seen:
            return seen[said]
        seen[said] = found = _Found(said, len(said))
        for one in self._readings(said, seen):
            if one.unknown < found.unknown:
                found = one
            if not found.unknown or len(seen) > _MOST_TRIED:
                break
        seen[said] = found
        return found

    def _readings(self, said: str, seen: dict[str, "_Found"]) -> Iterator["_Found"]:
        yield from self._plainly(said, seen)
        for template in self._templates:
            facts = template.facts(said)
            if facts is None:
                continue
            known = {name: self._best(fact, seen) for name, fact in facts.items()}
            if template.letters >= _FEW or any(known[name].unknown < len(fact) for name, fact in facts.items()):
                text = _filled(self._text(template.text), {name: each.text for name, each in known.items()})
                yield _Found(text, sum(each.unknown for each in known.values()))
        for separator in ("; ", ", "):
            parts = _outside_brackets(said, separator)
            if 1 < len(parts) <= _MOST_PARTS:
                yield self._listed(parts, separator, seen)

    def _plainly(self, said: str, seen: dict[str, "_Found"]) -> Iterator["_Found"]:
        """Yield translations of a text without facts: a number, a code, a time of a week, a number with its unit."""
        if _A_NUMBER.fullmatch(said):
            yield _Found(self._number(said), 0)
        elif said in self._plain:
            yield _Found(self._text(said), 0)
        elif (word := self._word(said)) is not None:
            yield _Found(word, 0)
        elif clock := _CLOCK.fullmatch(said):
            yield _Found(f"{self._word(clock[1]) or clock[1]} {clock[2]}", 0)
        elif quantity := _QUANTITY.fullmatch(said):
            unit = self._best(quantity[2], seen)
            yield _Found(f"{self._number(quantity[1])} {unit.text}", unit.unknown)

    def _listed(self, parts: Sequence[str], separator: str, seen: dict[str, "_Found"]) -> "_Found":
        """Return a list of sentences, some of which may have the separator in them."""
        best = [_Found("", 0)]
        for end in range(1, len(parts) + 1):
            ways = list[_Found]()
            for begin in range(max(0, end - _MOST_TOGETHER), end):
                one = self._best(separator.join(parts[begin:end]), seen) if end - begin < len(parts) else None
                if one is not None:
                    before = best[begin].text + (separator if begin else "")
                    ways.append(_Found(before + one.text, best[begin].unknown + one.unknown))
            best.append(min(ways, key=lambda way: way.unknown))
        return best[-1]


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


class _Found(NamedTuple):
    """A text in the language, and how many of its characters are still English, or written by people."""

    text: str
    unknown: int


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """Return a template filled with formatted facts, ignoring its own format specifications."""
    parts = list[str]()
    for text, name, _, _ in Formatter().parse(template):
        parts += [text, facts.get(name, "") if name else ""]
    return "".join(parts)
