"""What is wrong with a form: a sentence for each field, all of them at once."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

Value = TypeVar("Value")
Other = TypeVar("Other")


class FormWrong(Exception):
    """Something in a form is missing or cannot be read; ``fields`` says by field what to write."""

    def __init__(self, problem: str = "", fields: Mapping[str, str] | None = None) -> None:
        self.fields = dict(fields or {})
        super().__init__(problem or "; ".join(self.fields.values()))


class Fields:
    """Reads the fields of a form one after the other and raises once, at the end, with all that is wrong.

    >>> with Fields() as read:
    ...     hours = read("hours", None, lambda: figure("two"))
    Traceback (most recent call last):
    ...
    api.board.form_errors.FormWrong: write a number, not 'two'
    """

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}

    def __call__(self, name: str, otherwise: Other, read: Callable[[], Value]) -> Value | Other:
        """Return what ``read`` makes of a field; ``otherwise`` where it cannot, which is noted."""
        try:
            return read()
        except FormWrong as wrong:
            self.wrong[name] = str(wrong)
            return otherwise

    def need(self, name: str, fine: object, problem: str) -> None:
        """Note what is wrong with a field unless it is fine."""
        if not fine:
            self.wrong.setdefault(name, problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None and self.wrong:
            raise FormWrong(fields=self.wrong)


def figure(text: str, *, most: float = 1e7) -> float | None:
    """Return a number of a form, None where it is empty; a comma will do. Raises FormWrong."""
    if not text.strip():
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise FormWrong(f"write a number, not {text.strip()!r}") from None
    if not 0 <= value <= most:
        raise FormWrong(f"write a number from 0 to {most:,.0f}, not {text.strip()!r}")
    return value
