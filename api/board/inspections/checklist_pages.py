"""The pages of checklists: the list, one with its versions and differences, and its editor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from db.errors import AlreadyExists
from db.inspections import checklists
from db.plant import plant
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
from workorder_core.words import Severity

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
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
def overview(request: Request, conn: Conn, who: Asking, site: str = "") -> Response:
    """Show the checklists in force."""
    sites = plant.sites(conn, who.sites)
    chosen = next((each.code for each in sites if each.code == site), None)
    found = checklists.page(conn, site=chosen, within=who.sites, limit=1000)
    return page(request, "inspections/checklists.html", sites=sites, site=chosen, checklists=found)


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
    rows = [Row(number, as_fields(each)) for number, each in enumerate(kept.checklist.items, 1)]
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
        read.need("site", site in there, _("choose one of the list"))
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


def as_fields(item: Item) -> dict[str, str]:
    """Return an item as the fields of its row."""
    return {
        "key": item.key,
        "kind": item.kind.value,
        "text": item.text,
        "needed": "yes" if item.needed else "",
        "unit": item.unit,
        "low": "" if item.low is None else f"{item.low:g}",
        "high": "" if item.high is None else f"{item.high:g}",
        "signal": item.signal,
        "choices": ", ".join(item.choices),
        "fails": ", ".join(item.fails),
        "severity": "" if item.severity is None else item.severity.name.lower(),
        "photo": "yes" if item.photo_if_failed else "",
        "only_if": "" if item.only_if is None else f"{item.only_if.key} = {item.only_if.answer}",
    }


def _checklist(read: Fields, typed: Mapping[str, str], before: checklists.Kept | None) -> Checklist | None:
    """Return the checklist that the editor's fields describe; record errors at their fields."""
    numbers = sorted(
        int(name.removeprefix("text_")) for name in typed if name.startswith("text_") and name[5:].isdecimal()
    )
    rows: list[tuple[float, int, Item]] = []
    for number in numbers[: MOST_ITEMS + BLANK]:
        row = {name.rpartition("_")[0]: value.strip() for name, value in typed.items() if name.endswith(f"_{number}")}
        if row.get("text"):
            item = _item(read, number, row)
            order = read(f"order_{number}", float(number), lambda row=row: figure(row.get("order", "")))  # type: ignore[misc]
            if item is not None:
                rows.append((number if order is None else order, number, item))
    rows.sort(key=lambda each: each[:2])
    title = typed.get("title", "").strip()
    read.need("title", title and len(title) <= 200, _("give it a title of 200 characters at most"))
    read.need("text_1", rows or read.wrong, _("ask at least one question"))
    if read.wrong:
        return None
    try:
        return Checklist(title=title, items=checklists.with_keys([each[2] for each in rows], before))
    except InvalidChecklist as wrong:
        number = rows[wrong.item - 1][1] if wrong.item else 1
        read.need(f"{_FIELDS.get(wrong.field, wrong.field)}_{number}", False, wrong.problem)
        return None


_FIELDS = {"key": "text"}


def _item(read: Fields, number: int, row: Mapping[str, str]) -> Item | None:
    kind, severity = row.get("kind", ""), row.get("severity", "")
    read.need(f"kind_{number}", kind in set(ItemKind), _("choose one of the list"))
    read.need(f"severity_{number}", severity in ("", *_SEVERITIES), _("choose one of the list"))
    read.need(f"text_{number}", len(row["text"]) <= 200, _("write %(most)s characters at most", most="200"))
    low = read(f"low_{number}", None, lambda: figure(row.get("low", "")))
    high = read(f"high_{number}", None, lambda: figure(row.get("high", "")))
    condition = read(f"only_if_{number}", None, lambda: _condition(row.get("only_if", "")))
    if any(name.endswith(f"_{number}") for name in read.wrong):
        return None
    return Item(
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
        only_if=condition,
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _condition(text: str) -> Condition | None:
    if not text:
        return None
    key, equals, answer = text.partition("=")
    if not equals or not answer.strip():
        raise InvalidForm(_("write it as key = answer, such as seal_dry = no"))
    return Condition(key=key.strip(), answer=answer.strip())


def _is_code(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text[0].isalnum() and all(c.isalnum() or c in "_.-" for c in text)
