"""The pages of checklists: the list, one with its versions and differences, and its editor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import Number, page
from api.once import SentForm
from db.errors import AlreadyExists
from db.inspections import checklists
from db.plant import plant
from workorder_core.digits import in_field
from workorder_core.inspections.answers import InvalidAnswer, number_of
from workorder_core.inspections.checklists import (
    MOST_ITEMS,
    Checklist,
    Condition,
    InvalidChecklist,
    Item,
    ItemKind,
    difference,
)
from workorder_core.language import _
from workorder_core.people.access import Who
from workorder_core.words import Severity

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
A_PAGE = 100
BLANK = 3
"""Empty rows below the items of an editor."""
_SEVERITIES = {"malfunction": Severity.MALFUNCTION, "safety": Severity.SAFETY}
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the editor: an item as its fields show it."""

    number: int
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}


Typed = Annotated[dict[str, str], Depends(_typed)]


@router.get("/checklists", dependencies=[SEES])
def overview(
    request: Request, conn: Conn, who: Asking, site: str = "", archived: bool = False, number: Number = 1
) -> Response:
    """Show the checklists in force, and those that are archived where they are asked for."""
    return listed(
        request, conn, who, "inspections/checklists.html", checklists.page, site=site, archived=archived, number=number
    )


def listed(
    request: Request,
    conn: Connection,
    who: Who,
    template: str,
    fetch: Callable[..., Sequence[object]],
    *,
    site: str,
    archived: bool,
    number: int,
) -> Response:
    """Show a page of checklists or of routes, which `fetch` returns; the archived ones where they are asked for."""
    sites = plant.sites(conn, who.sites)
    chosen = {"site": next((each.code for each in sites if each.code == site), ""), "archived": "true" * archived}
    asked: dict[str, Any] = {"site": chosen["site"] or None, "within": who.sites, "archived": archived}
    found = fetch(conn, **asked, limit=A_PAGE + 1, offset=(number - 1) * A_PAGE)
    return page(
        request,
        template,
        sites=sites,
        chosen=chosen,
        query=urlencode({name: value for name, value in chosen.items() if value}),
        listed=found[:A_PAGE],
        more=len(found) > A_PAGE,
        number=number,
    )


@router.get("/checklists/new", dependencies=[PLANS])
def new(request: Request, conn: Conn, who: Asking) -> Response:
    """Show the form of a new checklist."""
    rows = [Row(number, {}) for number in range(1, 2 * BLANK + 1)]
    return page(
        request, "inspections/checklist.html", **_SAME, kept=None, sites=plant.sites(conn, who.sites), rows=rows
    )


@router.get("/checklists/{checklist_id}", dependencies=[SEES])
def one(request: Request, checklist_id: int, conn: Conn, version: Version = None) -> Response:
    """Show a version of a checklist, its changes, and the editor of the version in force."""
    every = checklists.versions(conn, checklist_id)
    kept = checklists.get(conn, checklist_id, version)
    before = next((each for each in every if each.version == kept.version - 1), None)
    numbers = {each.key: number for number, each in enumerate(kept.checklist.items, 1)}
    rows = [Row(number, as_fields(each, numbers)) for number, each in enumerate(kept.checklist.items, 1)]
    rows += [Row(len(rows) + number, {}) for number in range(1, BLANK + 1)]
    return page(
        request,
        "inspections/checklist.html",
        **_SAME,
        kept=kept,
        sites=[],
        zone=plant.site(conn, kept.site_id).time_zone,
        versions=every,
        newest=kept.version == every[0].version,
        change=None if before is None else difference(before.checklist, kept.checklist),
        rows=rows[: MOST_ITEMS + BLANK],
    )


_SAME: Mapping[str, Any] = {"kinds": list(ItemKind), "severities": list(_SEVERITIES)}


@router.post("/checklists", dependencies=[PLANS])
@shown_on("/checklists/new", at={AlreadyExists: "code"})
def create(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    typed: Typed,
    site: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Create a checklist."""
    with Fields() as read:
        there = {each.code: each for each in plant.sites(conn, who.sites)}
        read.need("site", site in there, _("choose one from the list"))
        read.need("code", _is_code(code.strip()), _("use letters, digits and _ . - only, 64 at most"))
        asked = _checklist(read, typed, None)
    assert asked is not None, "what is wrong with it is an error of its fields"
    made = checklists.add(conn, there[site].id, code.strip(), asked, actor=who.actor, at=now, why=typed.get("why", ""))
    return sent.leads_to(f"/checklists/{made.id}")


@router.post("/checklists/{checklist_id}", dependencies=[PLANS])
@shown_on("/checklists/{checklist_id}")
def change(checklist_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm, typed: Typed) -> Response:
    """Create the next version of a checklist."""
    before = checklists.get(conn, checklist_id)
    with Fields() as read:
        asked = _checklist(read, typed, before)
    assert asked is not None, "what is wrong with it is an error of its fields"
    checklists.change(conn, checklist_id, asked, actor=who.actor, at=now, why=typed.get("why", "")[:2000])
    return sent.leads_to(f"/checklists/{checklist_id}")


@router.post("/checklists/{checklist_id}/archive", dependencies=[PLANS])
@shown_on("/checklists/{checklist_id}")
def archive(
    checklist_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Archive a checklist: no new round uses it."""
    checklists.archive(conn, checklist_id, actor=who.actor, at=now, why=why)
    return sent.leads_to(f"/checklists/{checklist_id}")


def as_fields(item: Item, numbers: Mapping[str, int]) -> dict[str, str]:
    """Return an item as the fields of its row; ``numbers`` are the numbers of the rows by their items' keys."""
    return {
        "key": item.key,
        "kind": item.kind.value,
        "text": item.text,
        "needed": "yes" if item.needed else "",
        "unit": item.unit,
        "low": "" if item.low is None else in_field(item.low),
        "high": "" if item.high is None else in_field(item.high),
        "signal": item.signal,
        "choices": ", ".join(item.choices),
        "fails": ", ".join(item.fails),
        "severity": "" if item.severity is None else item.severity.name.lower(),
        "photo": "yes" if item.photo_if_failed else "",
        "if": "" if item.only_if is None else str(numbers[item.only_if.key]),
        "if_answer": "" if item.only_if is None else item.only_if.answer,
    }


@dataclass(frozen=True, slots=True)
class Written:
    """An item as a row describes it; ``after`` is the number of the row on whose answer it depends, 0 for none."""

    order: float
    number: int
    item: Item
    after: int
    answer: str


def _checklist(read: Fields, typed: Mapping[str, str], before: checklists.Kept | None) -> Checklist | None:
    """Return the checklist that the editor's fields describe; record errors at their fields."""
    numbers = sorted(
        int(name.removeprefix("text_")) for name in typed if name.startswith("text_") and name[5:].isdecimal()
    )
    rows: list[Written] = []
    for number in numbers[: MOST_ITEMS + BLANK]:
        row = {name.rpartition("_")[0]: value.strip() for name, value in typed.items() if name.endswith(f"_{number}")}
        if row.get("text") and (written := _written(read, number, row)) is not None:
            rows.append(written)
    rows.sort(key=lambda each: (each.order, each.number))
    title = typed.get("title", "").strip()
    read.need("title", title and len(title) <= 200, _("give it a title of 200 characters at most"))
    read.need("text_1", rows or read.wrong, _("ask at least one question"))
    items = _with_conditions(read, rows, before)
    if read.wrong:
        return None
    try:
        return Checklist(title=title, items=items)
    except InvalidChecklist as wrong:
        number = rows[wrong.item - 1].number if wrong.item else 1
        read.need(f"{_FIELDS.get(wrong.field, wrong.field)}_{number}", False, wrong.problem)
        return None


_FIELDS = {"key": "text", "only_if": "if_answer"}


def _with_conditions(read: Fields, rows: Sequence[Written], before: checklists.Kept | None) -> tuple[Item, ...]:
    """Return the items with their keys, and with the conditions that name other rows by their numbers."""
    items = checklists.with_keys([each.item for each in rows], before)
    earlier = _("write the number of a question that is asked before this one")
    keys: dict[int, str] = {}
    made: list[Item] = []
    for row, item in zip(rows, items, strict=True):
        condition = None
        if row.after:
            read.need(f"if_{row.number}", row.after in keys, earlier)
            read.need(f"if_answer_{row.number}", row.answer, _("say which answer: yes, no, a choice, failed or passed"))
            condition = Condition(key=keys.get(row.after, ""), answer=row.answer)
        else:
            read.need(f"if_{row.number}", not row.answer, earlier)
        made.append(replace(item, only_if=condition))
        keys[row.number] = item.key
    return tuple(made)


def _written(read: Fields, number: int, row: Mapping[str, str]) -> Written | None:
    kind, severity, after = row.get("kind", ""), row.get("severity", ""), row.get("if", "")
    read.need(f"kind_{number}", kind in set(ItemKind), _("choose one from the list"))
    read.need(f"severity_{number}", severity in ("", *_SEVERITIES), _("choose one from the list"))
    read.need(f"text_{number}", len(row["text"]) <= 200, _("write %(most)s characters at most", most="200"))
    read.need(f"if_{number}", not after or (after.isdecimal() and len(after) < 5), _("write a whole number"))
    low = read(f"low_{number}", None, lambda: _limit(row.get("low", "")))
    high = read(f"high_{number}", None, lambda: _limit(row.get("high", "")))
    order = read(f"order_{number}", None, lambda: figure(row.get("order", "")))
    if any(name.endswith(f"_{number}") for name in read.wrong):
        return None
    item = Item(
        key=row.get("key", ""),
        kind=ItemKind(kind),
        text=row["text"],
        needed=bool(row.get("needed")),
        unit=row.get("unit", "")[:200],
        low=low,
        high=high,
        signal=row.get("signal", "").strip(),
        choices=_list(row.get("choices", "")),
        fails=_list(row.get("fails", "")),
        severity=_SEVERITIES.get(severity),
        photo_if_failed=bool(row.get("photo")),
    )
    return Written(number if order is None else order, number, item, int(after or 0), row.get("if_answer", "")[:200])


def _limit(text: str) -> float | None:
    """Return a limit, which can be below zero; None for none. Raises InvalidForm."""
    if not text:
        return None
    try:
        return number_of(text)
    except InvalidAnswer as wrong:
        raise InvalidForm(str(wrong)) from None


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _is_code(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text[0].isalnum() and all(c.isalnum() or c in "_.-" for c in text)
