"""Finds the template and the facts of a stored English sentence again, for readers of other languages.

The database has sentences of the engine as English texts: in histories, in evidence, in reasons of assignments. A text
is matched with every template of a catalogue, the longest first; its facts may be sentences too. What no template fits
is left as it is, as are texts that people wrote: nobody passes those here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from string import Formatter

_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)%?"
_OF_NUMBERS = re.compile(r"[,+.\d]*[gfd%n]|,")
_A_NUMBER = re.compile(rf"{_NUMBER}")
_FEW = 5
"""A template with fewer letters of its own fits nearly everything; one of its facts has to be known besides."""
_DEEPEST = 6


@dataclass(frozen=True)
class Template:
    """A template of a sentence, as it is matched."""

    text: str

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its facts; of a text whose braces are no facts, none."""
        try:
            return frozenset(name for _, name, *_ in Formatter().parse(self.text) if name)
        except ValueError:
            return frozenset()

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Its own texts, between its facts."""
        return tuple(text for text, *_ in Formatter().parse(self.text) if text)

    @cached_property
    def letters(self) -> int:
        """How many letters of its own it has."""
        return sum(letter.isalpha() for text in self.own for letter in text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, seen = list[str](), set[str]()
        for text, name, spec, quoted in Formatter().parse(self.text):
            parts.append(re.escape(text))
            if not name:
                continue
            fact = _NUMBER if spec and _OF_NUMBERS.fullmatch(spec) and quoted is None else ".+?"
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{fact})")
            seen.add(name)
        return re.compile("".join(parts), re.DOTALL)

    def facts(self, said: str) -> Mapping[str, str] | None:
        """Return the facts of a sentence by name; None where it was not made of this template."""
        if not all(text in said for text in self.own):
            return None
        found = self._pattern.fullmatch(said)
        return None if found is None else found.groupdict()


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
        found = [Template(each) for each in templates]
        self._plain = {each.text for each in found if not each.names}
        self._templates = sorted((each for each in found if each.names), key=lambda each: (-each.letters, each.text))
        self._text, self._word, self._number = text, word, number
        self.said = lru_cache(maxsize=4096)(self._said)

    def _said(self, english: str) -> str:
        """Return a sentence in the language; as it is where nothing of it is known."""
        return self._known(english, 0) or english

    def _known(self, said: str, depth: int) -> str | None:
        if _A_NUMBER.fullmatch(said):
            return self._number(said)
        if said in self._plain:
            return self._text(said)
        word = self._word(said)
        if word is not None or depth >= _DEEPEST:
            return word
        for template in self._templates:
            facts = template.facts(said)
            if facts is None:
                continue
            known = {name: self._known(fact, depth + 1) for name, fact in facts.items()}
            if template.letters < _FEW and not any(known.values()):
                continue
            return _filled(self._text(template.text), {name: known[name] or fact for name, fact in facts.items()})
        return self._listed(said, depth)

    def _listed(self, said: str, depth: int) -> str | None:
        for separator in ("; ", ", "):
            parts = said.split(separator)
            if len(parts) == 1:
                continue
            known = [self._known(part, depth + 1) for part in parts]
            if any(known):
                return separator.join(there or part for there, part in zip(known, parts, strict=True))
        return None


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """Return a template with facts that are written already, whatever it says of how to write them."""
    parts = list[str]()
    for text, name, _, _ in Formatter().parse(template):
        parts += [text, facts.get(name, "") if name else ""]
    return "".join(parts)
