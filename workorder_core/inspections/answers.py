"""Answers: which questions apply, how an answer is evaluated, and whether the point has failed. No clock, no I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workorder_core.digits import NotANumber, plain, typed
from workorder_core.inspections.checklists import Checklist, Item, ItemKind
from workorder_core.sentences import kept, say

LONGEST = 4_000
DRAWN = re.compile(r"(\d{1,4},\d{1,4}( \d{1,4},\d{1,4}){0,400})(;\d{1,4},\d{1,4}( \d{1,4},\d{1,4}){0,400}){0,60}")
"""A signature as lines of points."""


class Verdict(StrEnum):
    """The result of a point; NOTED is an answer that neither passes nor fails."""

    PASSED = "passed"
    FAILED = "failed"
    NOTED = "noted"


class InvalidAnswer(ValueError):
    """An answer that does not fit its question; says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The input for an item: the typed text, a remark, and whether there is a photo.

    ``drawn`` is a signature as lines of points, ``"1,2 3,4;5,6 7,8"``, in a field of 1000 by 300.
    """

    typed: str = ""
    note: str = ""
    photo: bool = False
    drawn: str = ""

    def __bool__(self) -> bool:
        return bool(self.typed.strip() or self.photo or self.note.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An evaluated answer. ``number`` is a measurement in the item's unit, ``why`` says what has failed."""

    key: str
    said: str
    verdict: Verdict
    number: float | None = None
    why: str = ""


def read(item: Item, given: Given) -> Answer | None:
    """Evaluate the input for an item; None for no input. Raises InvalidAnswer."""
    typed = given.typed.strip()
    if len(typed) > LONGEST:
        raise InvalidAnswer(say("write {most:,} characters at most", most=LONGEST))
    if item.kind is ItemKind.PHOTO:
        return Answer(key=item.key, said="photo", verdict=Verdict.NOTED) if given.photo else None
    if given.drawn and not DRAWN.fullmatch(given.drawn):
        raise InvalidAnswer(say("sign again: the drawing could not be read"))
    if not typed:
        return None
    if item.kind is ItemKind.MEASUREMENT:
        return _measured(item, typed)
    if item.kind in (ItemKind.YES_NO, ItemKind.CHOICE):
        possible = ("yes", "no") if item.kind is ItemKind.YES_NO else item.choices
        if typed not in possible:
            raise InvalidAnswer(say("choose one of {possible}", possible=", ".join(possible)))
        failed = typed in item.fails
        verdict = (Verdict.FAILED if failed else Verdict.PASSED) if item.fails else Verdict.NOTED
        return Answer(
            key=item.key, said=typed, verdict=verdict, why=kept("answered {answer}", answer=typed) if failed else ""
        )
    return Answer(key=item.key, said=typed, verdict=Verdict.NOTED)


def number_of(text: str) -> float:
    """Return the number that was typed, with a comma or a point. Raises InvalidAnswer."""
    try:
        number = float(typed(text))
    except NotANumber as wrong:
        raise InvalidAnswer(*wrong.args) from None
    if abs(number) >= 1e15:
        raise InvalidAnswer(say("write a number that can be measured, not {text!r}", text=text[:40]))
    return number


def _measured(item: Item, typed: str) -> Answer:
    number = number_of(typed)
    unit = f" {item.unit}" if item.unit else ""
    why = ""
    if item.low is not None and number < item.low:
        why = kept("{value} is below {limit}", value=f"{plain(number)}{unit}", limit=f"{plain(item.low)}{unit}")
    elif item.high is not None and number > item.high:
        why = kept("{value} is above {limit}", value=f"{plain(number)}{unit}", limit=f"{plain(item.high)}{unit}")
    limited = item.low is not None or item.high is not None
    verdict = Verdict.FAILED if why else Verdict.PASSED if limited else Verdict.NOTED
    return Answer(key=item.key, said=f"{plain(number)}{unit}", verdict=verdict, number=number, why=why)


def asked(item: Item, answers: Mapping[str, Answer]) -> bool:
    """Return whether an item is asked, given the answers before it."""
    if item.only_if is None:
        return True
    answer = answers.get(item.only_if.key)
    return answer is not None and item.only_if.answer in (answer.said, answer.verdict.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The answers of a stop, and by the key of the item what is wrong or missing."""

    answers: Mapping[str, Answer]
    wrong: Mapping[str, str]
    missing: Mapping[str, str]

    @property
    def failed(self) -> list[Answer]:
        return [each for each in self.answers.values() if each.verdict is Verdict.FAILED]


def read_all(checklist: Checklist, given: Mapping[str, Given]) -> Read:
    """Read the answers of a stop in the order of its checklist; an item that is not asked has no answer, whatever was
    given."""
    answers: dict[str, Answer] = {}
    wrong: dict[str, str] = {}
    missing: dict[str, str] = {}
    for item in checklist.items:
        if not asked(item, answers):
            continue
        got = given.get(item.key, Given())
        try:
            answer = read(item, got)
        except InvalidAnswer as problem:
            wrong[item.key] = str(problem)
            continue
        if answer is None:
            if item.needed:
                missing[item.key] = _LACKING.get(item.kind, say("this is needed: answer it"))
            continue
        answers[item.key] = answer
        if answer.verdict is Verdict.FAILED and item.photo_if_failed and not got.photo:
            missing[item.key] = say("a photo of what failed is needed")
    return Read(answers=answers, wrong=wrong, missing=missing)


_LACKING = {
    ItemKind.PHOTO: say("a photo is needed"),
    ItemKind.MEASUREMENT: say("measure it and write the value"),
    ItemKind.SIGNATURE: say("sign with your name"),
}
