"""What is suggested for the text of a request or an order. Words of danger come first; nothing learned lowers them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workorder_core.triage import words
from workorder_core.words import OrderType, Priority


class Field(StrEnum):
    """What can be suggested."""

    TYPE = "type"
    PRIORITY = "priority"
    ASSET = "asset"
    COMPONENT = "component"
    FAILURE_MODE = "failure_mode"
    SKILL = "skill"
    PLAN = "plan"


class Source(StrEnum):
    """Where a suggestion comes from."""

    DANGER = "danger"
    """Words that say danger."""
    WORDS = "words"
    """Names and words that the plant, its rulebook and the failure modes have."""
    LEARNED = "learned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A value suggested for a field of an order.

    Parameters
    ----------
    value
        As the field has it: a type's name, a priority from 1, an asset's code, a failure mode's code.
    probability
        That the value is right, from 0 to 1, by the past; None for what was not learned.
    because
        The words of the text that spoke for it.
    """

    field: Field
    value: str
    source: Source
    probability: float | None = None
    because: tuple[str, ...] = ()


def of_danger(text: str, own: Sequence[str] = ()) -> list[Suggestion]:
    """Return the suggestions of words that say danger: the type and the priority of an emergency, or nothing."""
    found = tuple(words.danger_words(text, own))
    if not found:
        return []
    made = ((Field.TYPE, OrderType.EMERGENCY.value), (Field.PRIORITY, str(Priority.EMERGENCY.value)))
    return [Suggestion(field=field, value=value, source=Source.DANGER, because=found) for field, value in made]


def of_words(
    text: str, *, assets: Mapping[str, str], components: Sequence[str], modes: bool = True
) -> list[Suggestion]:
    """Return what the plant's own words say: an asset that is named by code or name, a component of the rulebook, a
    failure mode. An asset is suggested only where one alone is named.

    Parameters
    ----------
    assets
        The name of each asset, by its code.
    """
    found = []
    named = set(words.named(text, list(assets))) or {code for code, name in assets.items() if words.named(text, [name])}
    if len(named) == 1:
        code = named.pop()
        because = tuple(words.named(text, [code]) or words.named(text, [assets[code]]))
        found.append(Suggestion(field=Field.ASSET, value=code, source=Source.WORDS, because=because))
    if own := words.named(text, components):
        longest = max(own, key=len)
        found.append(Suggestion(field=Field.COMPONENT, value=longest, source=Source.WORDS, because=(longest,)))
    if modes and (meant := words.mode_of(text)):
        mode, because_of = meant
        found.append(
            Suggestion(field=Field.FAILURE_MODE, value=mode.value, source=Source.WORDS, because=tuple(because_of))
        )
        found.append(
            Suggestion(field=Field.TYPE, value=OrderType.REACTIVE.value, source=Source.WORDS, because=tuple(because_of))
        )
    return found


def merged(
    danger: Sequence[Suggestion], learned: Sequence[Suggestion], by_words: Sequence[Suggestion]
) -> list[Suggestion]:
    """Return one suggestion a field at most: danger before what was learned, that before words; an asset that the text
    names comes before a learned one.
    """
    named = [each for each in by_words if each.field is Field.ASSET]
    found: dict[Field, Suggestion] = {}
    for each in (*danger, *named, *learned, *by_words):
        found.setdefault(each.field, each)
    return [found[field] for field in Field if field in found]
