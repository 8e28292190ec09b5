"""Finds the forms in a page's HTML, and the constraints of each field in its markup."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser

from workorder_core.digits import NotANumber, typed
from workorder_core.sentences import say

TOKENS = frozenset({"csrf", "once", "version", "new"})
"""Hidden fields that do not identify a form."""


@dataclass(slots=True)
class Tag:
    """A start tag: its offsets, its attributes and, if it has one, the offset of its end tag."""

    name: str
    at: int
    end: int
    attrs: dict[str, str]
    closed: int = -1
    text: str = ""

    @property
    def after(self) -> int:
        """The offset just after the element."""
        return self.end if self.closed < 0 else self.closed + len(f"</{self.name}>")


@dataclass(slots=True)
class Field:
    """A field that somebody fills in, chooses or ticks, with its surroundings."""

    tag: Tag
    label: Tag | None
    group: Tag | None
    folds: Sequence[Tag]
    options: list[Tag] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.tag.attrs["name"]

    @property
    def kind(self) -> str:
        """``select``, ``textarea``, or the type of an input."""
        return self.tag.attrs.get("type", "text") if self.tag.name == "input" else self.tag.name

    @property
    def is_choice(self) -> bool:
        return self.kind in ("radio", "checkbox")

    @property
    def called(self) -> str:
        """The text of its label, or of its group's legend."""
        told = self.group if self.is_choice and self.group is not None else self.label
        return " ".join((told.text if told else "").split()) or self.name

    def problem(self, values: Sequence[str]) -> str:
        """Return how the sent values violate the field's markup; empty if they do not."""
        value = next((each for each in values if each.strip()), "")
        if not value:
            return self._lacking() if "required" in self.tag.attrs else ""
        if self.kind == "select" and value not in {each.attrs.get("value", each.text) for each in self.options}:
            return say("choose one from the list")
        if self.kind == "datetime-local" and not _is_moment(value):
            return say("give a date and a time, as the site's clock shows them")
        if self.kind == "number" or self.tag.attrs.get("inputmode") in ("decimal", "numeric"):
            try:
                typed(value)
            except NotANumber as wrong:
                return str(wrong)
        most = int(self.tag.attrs.get("maxlength") or 0)
        # A browser counts a line break once, and sends two characters for it.
        if most and len(value.replace("\r\n", "\n")) > most:
            return say("write {most:,} characters at most, not {count:,}", most=most, count=len(value))
        return ""

    def _lacking(self) -> str:
        if self.kind in ("select", "radio", "checkbox"):
            return say("choose one")
        return say("choose a file") if self.kind == "file" else say("this is needed: write it here")


@dataclass(slots=True)
class PageForm:
    """A form of a page."""

    tag: Tag
    folds: Sequence[Tag]
    fields: list[Field] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def fits(self, sent: Sequence[tuple[str, str]]) -> bool:
        """Return whether the sent values may come from this form: all its hidden fields match."""
        return all(each in sent for each in self.hidden if each[0] not in TOKENS)

    def called(self, names: Sequence[str]) -> int:
        """Count its fields that have one of those names."""
        return len({each.name for each in self.fields} & set(names))


def forms_of(html: str) -> list[PageForm]:
    """Return the forms of a page, in its order."""
    reader = _Reader(html)
    reader.feed(html)
    reader.close()
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._open: dict[str, list[Tag]] = {name: [] for name in _FOLLOWED}
        self._now: PageForm | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = self._at()
        found = Tag(tag, at, at + len(self.get_starttag_text() or ""), {name: value or "" for name, value in attrs})
        if tag == "form":
            self._now = PageForm(found, list(self._open["details"]))
            self.forms.append(self._now)
        if tag in self._open:
            self._open[tag].append(found)
        if self._now is None:
            return
        if tag == "option" and self._now.fields:
            self._now.fields[-1].options.append(found)
        elif tag in ("input", "select", "textarea", "button") and "name" in found.attrs:
            self._field(self._now, found)

    def _field(self, form: PageForm, tag: Tag) -> None:
        said = tag.attrs["name"], tag.attrs.get("value", "")
        if tag.name == "button":
            form.buttons.append(said)
        elif tag.attrs.get("type") == "hidden":
            form.hidden.append(said)
        else:
            label, group = (self._open[name][-1] if self._open[name] else None for name in ("label", "fieldset"))
            form.fields.append(Field(tag, label, group, list(self._open["details"])))

    def handle_endtag(self, tag: str) -> None:
        if self._open.get(tag):
            self._open[tag].pop().closed = self._at()
        if tag == "form":
            self._now = None

    def handle_data(self, data: str) -> None:
        if self._open["i"]:
            return
        for name, told in (("span", "label"), ("legend", "fieldset"), ("option", "option"), ("textarea", "textarea")):
            if self._open[name] and self._open[told]:
                self._open[told][-1].text += data

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


_FOLLOWED = ("form", "details", "label", "fieldset", "legend", "span", "i", "select", "textarea", "option", "button")


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
