"""Bodies and answers about checklists, routes and rounds."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.plant import Code
from db.inspections.checklists import Kept, Route
from workorder_core.inspections.checklists import (
    Checklist,
    Condition,
    Difference,
    Item,
    ItemKind,
    as_document,
)
from workorder_core.words import Severity

_FORBID = ConfigDict(extra="forbid")
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
MaybeLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Numbered = Annotated[int, Field(ge=1, le=2**31 - 1)]
Limit = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
Signal = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127})?$")]
SeverityName = Literal["malfunction", "safety"]


class ConditionIn(BaseModel):
    model_config = _FORBID

    key: Key = Field(description="of an item before this one")
    answer: Line = Field(description="`yes`, `no`, a choice, `failed` or `passed`")


class ItemIn(BaseModel):
    model_config = _FORBID

    key: Key | None = Field(None, description="its identity in every version; null: made from its text")
    kind: ItemKind
    text: Line = Field(description="the question")
    needed: bool = Field(True, description="whether a stop is incomplete without an answer")
    unit: MaybeLine = ""
    low: Limit | None = Field(None, description="a value below it fails, in `unit`")
    high: Limit | None = Field(None, description="a value above it fails, in `unit`")
    signal: Signal = Field("", description="of a measurement: the asset's signal of which it is a reading")
    choices: list[Line] = Field([], max_length=50)
    fails: list[Line] = Field([], max_length=50, description="answers that fail: choices, `yes` or `no`")
    severity: SeverityName | None = Field(
        None, description="malfunction: a failed point opens a reactive order; safety: an emergency; null: none"
    )
    photo_if_failed: bool = Field(False, description="whether a failed answer needs a photo")
    only_if: ConditionIn | None = Field(None, description="when it is asked; null: always")

    def item(self) -> Item:
        """Return the item, with an empty key if none is given."""
        facts = self.model_dump(exclude={"key", "severity", "only_if", "choices", "fails"})
        return Item(
            **facts,
            key=self.key or "",
            choices=tuple(self.choices),
            fails=tuple(self.fails),
            severity=None if self.severity is None else Severity[self.severity.upper()],
            only_if=None if self.only_if is None else Condition(key=self.only_if.key, answer=self.only_if.answer),
        )


class ItemOut(ItemIn):
    model_config = ConfigDict()

    @classmethod
    def of(cls, item: Item) -> "ItemOut":
        facts: dict[str, Any] = as_document(item)
        if item.severity is not None:
            facts["severity"] = item.severity.name.lower()
        return cls(**facts)


class ChecklistChangeIn(BaseModel):
    """The next version of a checklist."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Daily look", "items": [{"kind": "text", "text": "What is unusual"}]}]
        },
    )

    title: Line
    items: list[ItemIn] = Field(min_length=1, max_length=200)


class ChecklistIn(ChecklistChangeIn):
    """A new checklist."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "site": "NTH",
                    "code": "PUMP-DAILY",
                    "title": "Daily look at a pump",
                    "items": [
                        {"kind": "yes_no", "text": "Shaft seal dry?", "fails": ["no"], "severity": "malfunction"},
                        {"kind": "measurement", "text": "Bearing temperature", "unit": "degC", "high": 80},
                    ],
                }
            ]
        },
    )

    site: Code
    code: Code


class ChecklistOut(BaseModel):
    """A checklist in one of its versions."""

    id: int
    site: str
    code: str
    version: int
    title: str
    items: list[ItemOut]
    archived_at: datetime | None
    changed_at: datetime = Field(description="when this version was made")
    changed_by: str
    why: str

    @classmethod
    def of(cls, kept: Kept) -> "ChecklistOut":
        return cls(
            id=kept.id,
            site=kept.site,
            code=kept.code,
            version=kept.version,
            title=kept.checklist.title,
            items=[ItemOut.of(each) for each in kept.checklist.items],
            archived_at=kept.archived_at,
            changed_at=kept.at,
            changed_by=kept.actor,
            why=kept.why,
        )


class RouteStopRowOut(BaseModel):
    """A stop of a route as a row of the table that can be imported."""

    route: str = Field(description="the route's code")
    title: str
    position: int
    asset: str
    checklist: str
    site: str


class PointOut(BaseModel):
    """An item of a checklist as a row of the table that can be imported."""

    site: str
    point: str = Field(description="`<checklist>/<key>`")
    title: str
    position: int
    text: str
    kind: str
    needed: bool
    unit: str
    low: float | None
    high: float | None
    signal: str
    choices: str
    fails: str
    severity: str
    photo_if_failed: bool
    only_if: str

    @classmethod
    def all_of(cls, kept: Kept) -> "list[PointOut]":
        return [
            cls(
                site=kept.site,
                point=f"{kept.code}/{item.key}",
                title=kept.checklist.title,
                position=number,
                text=item.text,
                kind=item.kind.value,
                needed=item.needed,
                unit=item.unit,
                low=item.low,
                high=item.high,
                signal=item.signal,
                choices="; ".join(item.choices),
                fails="; ".join(item.fails),
                severity="" if item.severity is None else item.severity.name.lower(),
                photo_if_failed=item.photo_if_failed,
                only_if="" if item.only_if is None else f"{item.only_if.key} = {item.only_if.answer}",
            )
            for number, item in enumerate(kept.checklist.items, 1)
        ]


class DifferenceOut(BaseModel):
    """The differences of a version from an earlier one."""

    before: int
    after: int
    title: list[str] | None = Field(description="before and after, where it changed")
    added: list[ItemOut]
    removed: list[ItemOut]
    changed: dict[str, dict[str, list[Any]]] = Field(description="by key, each field with its value before and after")
    reordered: bool

    @classmethod
    def of(cls, before: int, after: int, found: Difference) -> "DifferenceOut":
        return cls(
            before=before,
            after=after,
            title=None if found.title is None else list(found.title),
            added=[ItemOut.of(each) for each in found.added],
            removed=[ItemOut.of(each) for each in found.removed],
            changed={key: {name: list(pair) for name, pair in told.items()} for key, told in found.changed.items()},
            reordered=found.reordered,
        )


class StopIn(BaseModel):
    model_config = _FORBID

    asset_id: Numbered
    checklist_id: Numbered


class RouteChangeIn(BaseModel):
    """The new form of a route."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "Supply hall", "stops": [{"asset_id": 2, "checklist_id": 1}]}]},
    )

    title: Line
    stops: list[StopIn] = Field(min_length=1, max_length=500, description="in walking order")

    def pairs(self) -> list[tuple[int, int]]:
        return [(each.asset_id, each.checklist_id) for each in self.stops]


class RouteIn(RouteChangeIn):
    """A new route."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"site": "NTH", "code": "HALL", "title": "Hall", "stops": [{"asset_id": 2, "checklist_id": 1}]}
            ]
        },
    )

    site: Code
    code: Code


class RouteStopOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    position: int
    asset_id: int
    asset: str
    asset_name: str
    checklist_id: int
    checklist: str
    gone: bool = Field(description="its asset or its checklist is archived, so that no round stops there")


class RouteOut(BaseModel):
    """A route; `walk` has its stops if a single route is read."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    code: str
    title: str
    version: int
    archived_at: datetime | None
    stops: int
    walk: list[RouteStopOut]

    @classmethod
    def of(cls, route: Route) -> "RouteOut":
        return cls.model_validate(route)


def checklist(body: ChecklistChangeIn, items: tuple[Item, ...]) -> Checklist:
    """Return the checklist that a body describes. Raises InvalidChecklist."""
    return Checklist(title=body.title, items=items)
