"""Names that nothing in the plant uses yet: new ones, or typos of existing ones."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from workorder_core.sentences import joined, say

ALIKE_FROM = 0.7
"""The least share of common letters for a suggestion; 1 is identical."""
MOST_ALIKE = 3
_COMPARED = 5
"""New names for which suggestions are searched at once: each search compares every name of the plant."""


class NameKind(StrEnum):
    """The kinds of things that are created by writing a new name."""

    CLASS = "class"
    SKILL = "skill"
    CERTIFICATE = "certificate"
    DEVICE = "device"
    ASSET = "asset"


@dataclass(frozen=True, slots=True)
class NewName:
    """A name that nothing uses yet, and similar names in use, the most similar first."""

    kind: NameKind
    name: str
    alike: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.alike:
            return say("there is no {kind} {name!r} yet", kind=self.kind, name=self.name)
        alike = joined(self.alike, say(" or "))
        return say(
            "there is no {kind} {name!r} yet; did you mean {alike}?", kind=self.kind, name=self.name, alike=alike
        )


def new_names(kind: NameKind, wanted: Iterable[str], known: Mapping[str, bool]) -> list[NewName]:
    """Return those of the wanted names that are not known, in their order and each once.

    ``known`` says for each name in use whether the requester may see it; only such names are suggested.
    """
    new = [name for name in dict.fromkeys(wanted) if name not in known]
    shown = [name for name, seen in known.items() if seen]
    return [NewName(kind, name, alike(name, shown) if at < _COMPARED else ()) for at, name in enumerate(new)]


def alike(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Return at most three names that are spelled similarly: by their letters, or as one of their words.

    >>> alike("pmup", ["fan", "pump", "compressor"])
    ('pump',)
    >>> alike("Centrifugal pump", ["fan", "centrifugal_pump"])
    ('centrifugal_pump',)
    """
    plain = _plain(name)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(plain)
    found: list[tuple[float, str]] = []
    for each in known:
        other = _plain(each)
        matcher.set_seq1(other)
        if plain in other.split():
            found.append((ALIKE_FROM, each))
        elif matcher.quick_ratio() >= ALIKE_FROM and matcher.ratio() >= ALIKE_FROM:
            found.append((matcher.ratio(), each))
    return tuple(each for _, each in sorted(found, key=lambda of: (-of[0], of[1]))[:MOST_ALIKE])


def slips(found: Iterable[NewName]) -> list[NewName]:
    """Return those that may be typos, with the likely intended name: a different number is a different thing."""
    meant = (
        NewName(each.kind, each.name, tuple(other for other in each.alike if not _differ_by_number(each.name, other)))
        for each in found
    )
    return [each for each in meant if each.alike]


def _differ_by_number(one: str, other: str) -> bool:
    """Return whether two names differ only in their digits."""
    plain = _plain(one), _plain(other)
    without = ["".join(letter for letter in name if not letter.isdigit()) for name in plain]
    return plain[0] != plain[1] and without[0] == without[1]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
