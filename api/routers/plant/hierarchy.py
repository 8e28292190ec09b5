"""An asset's class, criticality and upstream asset."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.asking import PLANS, Asking, Conn, Now, Why
from api.naming import Names
from api.routers.changes import WAITS, waits
from api.shapes.plant import AssetOut
from db.plant import hierarchy, plant
from db.plant.safety import Proposal
from db.telemetry import telemetry
from workorder_core.plant.new_names import NameKind
from workorder_core.words import Criticality

router = APIRouter(tags=["plant"])


class JudgedAsIn(BaseModel):
    """The facts to change; omitted ones stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"asset_class": "centrifugal_pump", "criticality": 3, "parent": "LINE-2"}]},
    )

    asset_class: str | None = Field(None, min_length=1, max_length=100, description="whose rules and model judge it")
    criticality: Criticality | None = Field(None, description="1 low, 2 medium, 3 high, 4 critical")
    safety_critical: bool | None = Field(None, description="whether a second person verifies work on it")
    parent: str | None = Field(
        None, max_length=64, description="code of the upstream asset, of the same site; null: none"
    )


@router.patch("/assets/{asset_id}", response_model=AssetOut, responses=WAITS, dependencies=[PLANS])
def change(
    asset_id: int, body: JudgedAsIn, conn: Conn, now: Now, who: Asking, why: Why, names: Names
) -> AssetOut | Response:
    """Change an asset's class, criticality, upstream asset, or whether its work is verified by a second person.

    The judge applies it from the next batch on. A change that makes a safety-critical asset less safe (clearing that
    mark, another class, a lower criticality) needs ``why``, and waits until a second person confirms it.
    """
    before = plant.asset(conn, asset_id, now=now)
    names.require((NameKind.CLASS, [body.asset_class]))
    found = hierarchy.change(
        conn,
        asset_id,
        asset_class=body.asset_class,
        criticality=body.criticality,
        safety_critical=body.safety_critical,
        parent=body.parent if "parent" in body.model_fields_set else before.parent,
        actor=who.actor,
        at=now,
        why=why,
    )
    if isinstance(found, Proposal):
        return waits(found)
    signals, newest = plant.signals(conn, [asset_id]), telemetry.newest(conn, [asset_id])
    return AssetOut.of(found, signals.get(asset_id, []), newest.get(asset_id, []))
