"""Fills a refused form into its page again: the typed values, and each problem at its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from markupsafe import escape as _escaped

from api.board.forms.form_errors import Question
from api.board.forms.page_forms import TOKENS, Field, PageForm, Tag, forms_of
from api.board.words import sentence
from workorder_core.language import _, ngettext
from workorder_core.sentences import joined, say, translated

_MAIN = '<main id="main">'
_SECRET = ("password", "file", "hidden", "submit")
"""Kinds of fields that are never refilled."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused form: its address, the sent values, the problems."""

    action: str
    sent: Sequence[tuple[str, str]]
    status: int
    problem: str
    fields: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, Question] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def values(self, name: str) -> list[str]:
        """Return the values sent for a field."""
        return [value for each, value in self.sent if each == name]


def refill(html: str, refused: Refused) -> str:
    """Return a page with a refused form filled in, opened and marked; violations of its markup are reported too. If the
    page no longer has the form, the typed values are listed above it.
    """
    form = _form(forms_of(html), refused)
    page = _Page(html)
    if form is None:
        said = dict.fromkeys(filter(None, [refused.problem, *refused.fields.values()]))
        return page.top(_problem(joined(said, "; ")) + _typed(refused))
    wrong = _wrong(form, refused)
    for fold in form.folds:
        page.set(fold, open="")
    for each in form.fields:
        if each.kind not in _SECRET and any(name == each.name for name, _ in refused.sent):
            _fill(page, each, refused.values(each.name))
    for name, problem in wrong.items():
        _mark(page, [each for each in form.fields if each.name == name], problem, first=name == next(iter(wrong)))
    _ask(page, form, refused)
    return page.top(_summary(form, refused, wrong))


def _form(forms: Sequence[PageForm], refused: Refused) -> PageForm | None:
    """Return the form that was sent: of several with the same address, the one with the sent fields."""
    there = [each for each in forms if each.tag.attrs.get("action") == refused.action and each.fits(refused.sent)]
    names = [name for name, _ in refused.sent]
    return max(there, key=lambda each: (each.called(list(refused.fields)), each.called(names)), default=None)


def _wrong(form: PageForm, refused: Refused) -> dict[str, str]:
    """Return the problems by field, in the form's order: the errors raised, and violations of the markup."""
    found: dict[str, str] = {}
    for each in form.fields:
        problem = refused.fields.get(each.name)
        if problem is None and each.kind != "file":
            problem = each.problem(refused.values(each.name)) or _no_choice(form, each, refused)
        if problem:
            found.setdefault(each.name, problem)
    return found


def _no_choice(form: PageForm, one: Field, refused: Refused) -> str:
    """Return the problem of a group of ticks or radio buttons that has none of the sent values."""
    offered = {each.tag.attrs.get("value", "on") for each in form.fields if each.name == one.name}
    return say("choose from the list") if one.is_choice and not offered.issuperset(refused.values(one.name)) else ""


def _fill(page: "_Page", one: Field, values: Sequence[str]) -> None:
    if one.is_choice:
        page.set(one.tag, checked="" if one.tag.attrs.get("value", "on") in values else None)
    elif one.kind == "select":
        for option in one.options:
            page.set(option, selected="" if option.attrs.get("value", option.text) in values else None)
    elif one.kind == "textarea":
        # A parser drops a leading line break.
        first = "\n" if values[0].startswith(("\n", "\r")) else ""
        page.put(one.tag.end, one.tag.closed, first + escape(values[0]))
    else:
        page.set(one.tag, value=values[0])


def _mark(page: "_Page", fields: Sequence[Field], problem: str, *, first: bool) -> None:
    """Show a field's problem at the field; radio buttons and ticks of one name are one field."""
    one = fields[0]
    told = f"wrong-{one.name}"
    for each in fields:
        page.set(each.tag, **{"aria-invalid": "true", "aria-describedby": told})
        for fold in each.folds:
            page.set(fold, open="")
    page.set(one.tag, id=one.tag.attrs.get("id") or f"field-{one.name}", **({"autofocus": ""} if first else {}))
    group = one.group if one.is_choice and one.group is not None else one.label
    if group is not None and group.name == "label":
        page.set(group, **{"class": f"{group.attrs.get('class', '')} is-wrong".strip()})
    at = one.tag.after if group is None else group.closed
    page.put(at, at, f'<span class="wrong" role="alert" id="{told}">{escape(sentence(problem))}.</span>')


def _ask(page: "_Page", form: PageForm, refused: Refused) -> None:
    """Offer the answers to a question, each as a button; earlier answers are kept."""
    for each in refused.values("new"):
        page.put(form.tag.end, form.tag.end, f'<input type="hidden" name="new" value="{escape(each)}">')
    pressed = [each for each in refused.sent if each in form.buttons]
    asked = {one.name: one for one in form.fields if one.name in refused.asked}
    if asked:
        # Without it the key Enter would press the first answer.
        page.put(form.tag.end, form.tag.end, '<button class="unseen" tabindex="-1" aria-hidden="true"></button>')
    for name, one in asked.items():
        question = refused.asked[name]
        answers = [(translated(told), [(name, value)]) for told, value in question.alike]
        answers.append((translated(question.new), [("new", each) for each in question.names]))
        buttons = "".join(
            f'<button name="answer" value="{escape(urlencode([*pressed, *answer]))}">{escape(label)}</button>'
            for label, answer in answers
        )
        at = one.tag.after if one.label is None else one.label.after
        page.put(at, at, f'<div class="asked">{buttons}</div>')


def _summary(form: PageForm, refused: Refused, wrong: Mapping[str, str]) -> str:
    """Return the message above the page: which fields need another look, or why all of it was refused."""
    loose = [problem for name, problem in refused.fields.items() if name not in wrong]
    if not refused.fields and refused.problem:
        loose.append(refused.problem)
    if not wrong or loose:
        return _problem(joined(loose, "; ") if loose else refused.problem)
    first = {one.name: one for one in reversed(form.fields)}
    links = ", ".join(
        f'<a href="#{escape(first[name].tag.attrs.get("id") or f"field-{name}")}">{escape(first[name].called)}</a>'
        for name in wrong
    )
    said = ngettext(
        "Nothing is saved yet: a field needs another look.",
        "Nothing is saved yet: %(num)s fields need another look.",
        len(wrong),
    )
    return f'<div class="problem" role="alert">{escape(said)} {links}</div>'


def _problem(told: str) -> str:
    return f'<div class="problem" role="alert">{escape(sentence(told))}.</div>'


def _typed(refused: Refused) -> str:
    """Return the values typed into a form that its page no longer has."""
    typed = [(name, value) for name, value in refused.sent if name not in TOKENS and value.strip()]
    if not typed:
        return ""
    lines = "".join(f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(value)}</dd>" for name, value in typed)
    return f'<section class="card typed"><h2>{escape(_("What you sent"))}</h2><dl>{lines}</dl></section>'


class _Page:
    """A page with pending changes, by offset."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._put: dict[tuple[int, int], str] = {}

    def put(self, start: int, end: int, text: str) -> None:
        """Replace a span; insertions at the same offset follow one another."""
        self._put[start, end] = self._put.get((start, end), "") + text

    def set(self, tag: Tag, **attrs: str | None) -> None:
        """Set attributes of a tag; None removes one."""
        text = self._put.get((tag.at, tag.end), self._html[tag.at : tag.end])
        for name, value in attrs.items():
            text = re.sub(rf'\s{name}(?:="[^"]*")?(?=[\s>])', "", text)
            if value is not None:
                text = f'{text[:-1]} {name}="{escape(value)}">' if value else f"{text[:-1]} {name}>"
        self._put[tag.at, tag.end] = text

    def top(self, told: str) -> str:
        """Return the page with its changes, and with the message above it."""
        at = self._html.find(_MAIN) + len(_MAIN)
        self.put(at, at, told)
        parts, done = [], 0
        for (start, end), text in sorted(self._put.items()):
            parts += [self._html[done:start], text]
            done = end
        return "".join([*parts, self._html[done:]])


def escape(text: object) -> str:
    """Escape a text for content and quoted attributes, in the same form as the templates."""
    return str(_escaped(text))
