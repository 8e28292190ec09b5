"""Device bindings: which device may send for which assets."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.asking import ENGINEERS, SEES_ALL, Actor, Conn, Now
from api.naming import Names
from api.paging import Order, Paged, Text
from db.plant import devices
from db.plant.devices import Bound
from workorder_core.plant.new_names import NameKind

router = APIRouter(tags=["devices"])
BY_NAME = Order[tuple[str, list[Bound]]](tuple[Text], lambda each: (each[0],))
Device = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$", description="its user name at the broker")]


class AssetsIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"assets": ["NTH/P-101"]}]})

    assets: list[str] = Field(max_length=1000, description="as <site>/<asset>", examples=[["NTH/P-101"]])


class BoundOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    asset: str = Field(description="<site>/<asset>")
    known: bool = Field(description="whether the asset exists; it may have sent nothing yet")
    actor: str
    bound_at: datetime


class DeviceOut(BaseModel):
    """A bound device, and the assets whose readings are accepted only from it."""

    device: str
    assets: list[BoundOut]

    @classmethod
    def of(cls, device: str, bound: list[Bound]) -> "DeviceOut":
        return cls(device=device, assets=[BoundOut.model_validate(each) for each in bound])


@router.get("/devices", dependencies=[SEES_ALL])
def find(conn: Conn, part: Paged) -> list[DeviceOut]:
    """List the bound devices, with their assets; if there are none, anyone who may publish may send for any asset."""
    return [DeviceOut.of(device, bound) for device, bound in part.of_all([*devices.listed(conn).items()], BY_NAME)]


@router.post("/devices/{device}/bind", dependencies=[ENGINEERS])
def bind(device: Device, body: AssetsIn, conn: Conn, actor: Actor, now: Now, names: Names) -> DeviceOut:
    """Bind a device to assets; within seconds their readings are accepted only from it, on plantwright/as/<device>/…"""
    devices.check(device, body.assets)
    names.require((NameKind.DEVICE, [device] if body.assets else []), (NameKind.ASSET, body.assets))
    devices.bind(conn, device, body.assets, actor=actor, at=now)
    return DeviceOut.of(device, devices.listed(conn).get(device, []))


@router.post("/devices/{device}/unbind", dependencies=[ENGINEERS])
def unbind(device: Device, body: AssetsIn, conn: Conn, actor: Actor, now: Now) -> DeviceOut:
    """Remove bindings, all of the device's if no asset is named; the answer has the remaining ones."""
    devices.unbind(conn, device, body.assets, actor=actor, at=now)
    return DeviceOut.of(device, devices.listed(conn).get(device, []))
