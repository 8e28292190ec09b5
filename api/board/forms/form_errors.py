"""The errors of a form: a sentence for each field, all of them at once, and questions to confirm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar

from workorder_core.digits import NotANumber, typed
from workorder_core.sentences import joined, say

Value = TypeVar("Value")
Other = TypeVar("Other")
Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Question:
    """A question: whether unused names are new, or others were meant.

    Parameters
    ----------
    new
        The text of the button that confirms the ``names``.
    alike
        The text of a button, and the field's value after it is pressed.
    """

    sentence: str
    new: str
    names: Sequence[str]
    alike: Sequence[tuple[str, str]] = ()


class InvalidForm(Exception):
    """Something in a form is missing or cannot be read; ``fields`` has, by field, what to write; ``asked`` the
    questions."""

    def __init__(
        self,
        problem: str = "",
        fields: Mapping[str, str] | None = None,
        *,
        asked: Mapping[str, Question] | None = None,
        status: int = 422,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.asked = dict(asked or {})
        self.fields = {name: question.sentence for name, question in self.asked.items()} | dict(fields or {})
        self.status, self.headers = status, dict(headers or {})
        super().__init__(problem or joined(self.fields.values(), "; "))


class Fields:
    """Reads the fields of a form one after the other and raises once, at the end, with all errors.

    >>> with Fields() as read:
    ...     hours = read("hours", None, lambda: figure("two"))
    Traceback (most recent call last):
    ...
    api.board.forms.form_errors.InvalidForm: write a number, not 'two'
    """

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.asked: dict[str, Question] = {}

    def __call__(self, name: str, otherwise: Other, read: Callable[[], Value]) -> Value | Other:
        """Parse a field by ``read``; on an error, record it and return ``otherwise``."""
        try:
            return read()
        except InvalidForm as wrong:
            self.wrong[name] = str(wrong)
            return otherwise

    def need(self, name: str, fine: object, problem: str) -> None:
        """Record the problem of a field unless it is fine."""
        if not fine:
            self.wrong.setdefault(name, problem)

    def ask(self, name: str, question: Question | None) -> None:
        """Record a question about a field, if any, unless the field is wrong."""
        if question is not None and name not in self.wrong:
            self.asked[name] = question

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None and (self.wrong or self.asked):
            raise InvalidForm(fields=self.wrong, asked=self.asked)


def one_of(kinds: type[Kind], text: str) -> Kind:
    """Parse the choice from a list whose values are those of an enum. Raises InvalidForm."""
    try:
        return kinds(text.strip())
    except ValueError:
        raise InvalidForm(say("choose one of the list")) from None


def as_number(text: str) -> float | None:
    """Parse a number of a form, None if the field is empty; a decimal comma is accepted. Raises InvalidForm."""
    if not text.strip():
        return None
    try:
        return float(typed(text))
    except NotANumber as wrong:
        raise InvalidForm(*wrong.args) from None


def figure(text: str, *, most: float = 1e7) -> float | None:
    """Parse a number of a form from 0 to ``most``, None if the field is empty. Raises InvalidForm."""
    value = as_number(text)
    if value is not None and not 0 <= value <= most:
        raise InvalidForm(say("write a number from 0 to {most:,.0f}, not {text!r}", most=most, text=text.strip()))
    return value
