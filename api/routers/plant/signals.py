"""The signals of assets: the unit of each, and the meaning of its numbers."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import PLANS, SEES, Actor, Asking, Conn, Now, Why
from api.paging import Order, Paged, Text
from api.shapes.plant import SignalOut
from db.errors import NotFound
from db.plant import plant, signal_lists
from db.telemetry import telemetry
from ingest import units
from workorder_core.plant.plant import SignalEntry
from workorder_core.plant.signals import Meaning

router = APIRouter(tags=["plant"])
BY_ASSET = Order[signal_lists.Listed](tuple[Text, Text, Text], lambda each: each.position)
_PLAUSIBLE = ("plausible_low", "plausible_high")
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}$", description="as messages name it")]


class SignalIn(BaseModel):
    """The facts to change; omitted ones stay. ``states`` and ``counter`` exclude each other: setting one ends the
    other."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"label": "bearing temperature", "unit": "degC", "plausible_low": -40, "plausible_high": 250}]
        },
    )

    label: str | None = Field(None, min_length=1, max_length=100, description="what people call it")
    quantity: str | None = Field(None, min_length=1, max_length=100)
    unit: str | None = Field(None, max_length=40)
    states: dict[str, float] | None = Field(
        None,
        max_length=100,
        description='by name, the number that stands for it, like {"STOPPED": 0, "RUNNING": 1}; {}: none',
    )
    counter: bool | None = Field(None, description="it only rises: its rates are those of what it has counted")
    wraps_at: float | None = Field(
        None, description="of a counter: the first number that it cannot show, such as 65536; null: it does not wrap"
    )

    plausible_low: float | None = Field(
        None,
        description="readings below are implausible: stored as bad, judged by no rule or model; null: no bound",
    )
    plausible_high: float | None = Field(None, description="the same, for readings above")

    def meaning(self, before: Meaning) -> Meaning | None:
        """Return the new meaning of the numbers; None if it is not given. Raises InvalidMeaning."""
        if not self.model_fields_set & {"states", "counter", "wraps_at", *_PLAUSIBLE}:
            return None
        states = dict(before.states) if self.states is None else self.states
        counter = before.counter if self.counter is None else self.counter
        if self.states and self.counter is None:
            counter = False
        if self.counter and self.states is None:
            states = {}
        wraps_at = self.wraps_at if "wraps_at" in self.model_fields_set else before.wraps_at if counter else None
        plausible = {name: getattr(self if name in self.model_fields_set else before, name) for name in _PLAUSIBLE}
        return Meaning(states=states, counter=counter, wraps_at=wraps_at, **plausible)


class ListedSignalOut(SignalOut):
    """A signal with its asset."""

    asset_id: int
    asset: str = Field(description="<site>/<asset>, as in the topic")

    @classmethod
    def listed(cls, found: signal_lists.Listed) -> "ListedSignalOut":
        shown = SignalOut.of(found.signal, found.newest)
        return cls(**dict(shown), asset_id=found.signal.asset_id, asset=found.asset)


@router.get("/signals", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of one asset")] = None,
) -> list[ListedSignalOut]:
    """List the signals of assets, each with its newest reading, by site, asset and name."""
    found = signal_lists.page(
        conn, site=site, asset_id=asset_id, within=who.sites, limit=part.fetched, after=part.after(BY_ASSET)
    )
    return [ListedSignalOut.listed(each) for each in part.of_fetched(found, BY_ASSET)]


@router.patch("/assets/{asset_id}/signals/{signal:path}", dependencies=[PLANS])
def change(asset_id: int, signal: Name, body: SignalIn, conn: Conn, actor: Actor, now: Now, why: Why) -> SignalOut:
    """Declare a signal of an asset, creating it if it is unknown. It applies from the next batch on."""
    plant.asset(conn, asset_id, now=now)
    try:
        before = plant.signal(conn, asset_id, signal)
    except NotFound:
        before = plant.Signal(id=0, asset_id=asset_id, name=signal, label=None, quantity=None, unit="")
    entry = SignalEntry(
        name=signal,
        label=body.label if "label" in body.model_fields_set else before.label,
        quantity=body.quantity or before.quantity,
        unit=before.unit if body.unit is None else units.spelled(body.unit),
        meaning=body.meaning(before.meaning),
    )
    found = plant.declare(conn, asset_id, entry, actor=actor, at=now, why=why)
    newest = telemetry.newest(conn, [asset_id]).get(asset_id, [])
    return SignalOut.of(found, next((each for each in newest if each.signal == signal), None))
