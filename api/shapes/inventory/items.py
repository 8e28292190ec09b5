"""Items, stores and stock. Quantities are in the item's own unit unless stated."""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.costs import Amount, AmountIn
from api.shapes.inventory.values import (
    AssetClass,
    Class,
    Factor,
    FromZero,
    ItemCode,
    Key,
    Name,
    Quantity,
    QuantityIn,
    Read,
    Said,
    Unit,
)
from api.shapes.plant import Code
from db.inventory.items import BillLine, InAsset, InPlan, Item, ItemFacts, Store
from db.inventory.levels import Level, LotInBin


class ItemOut(Read):
    id: int
    site: str
    code: str
    name: str
    unit: str
    units: Mapping[str, Quantity] = Field(description="how many of its own unit another unit is: a box is 12")
    item_class: str
    supplier: str
    lead_time_days: int | None
    price: Amount | None = Field(description="of one of its unit; null: unknown, or you may not see it")
    currency: str | None
    retired_at: datetime | None

    @classmethod
    def of(cls, item: Item, *, prices: bool) -> "ItemOut":
        return cls(
            id=item.id, site=item.site, code=item.code, name=item.name, unit=item.unit, units=item.units.others,
            item_class=item.item_class, supplier=item.supplier, lead_time_days=item.lead_time_days,
            price=item.price if prices else None, currency=item.currency if prices else None,
            retired_at=item.retired_at,
        )  # fmt: skip


class ItemChange(BaseModel):
    """An item's facts, complete: an omitted one becomes empty. Its code and unit stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Mechanical seal 45 mm", "item_class": "seals", "supplier": "Sealco",
                          "lead_time_days": 21, "units": {"box": "12"}, "price": "128.40"}]
        },
    )  # fmt: skip

    name: Name
    item_class: Class = ""
    supplier: Said = ""
    lead_time_days: int | None = Field(None, ge=0, le=3650)
    units: Mapping[Unit, Factor] = Field(default={}, max_length=20, description="how many of its own unit each is")
    price: AmountIn | None = Field(None, description="of one of its unit, in the site's currency")
    retired: bool = False

    def facts(self) -> ItemFacts:
        """Return the facts in the store's terms; the price goes by itself."""
        return ItemFacts(**self.model_dump(exclude={"price"}))


class ItemIn(ItemChange):
    """A new item of a site."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"site": "NTH", "code": "SEAL-45", "name": "Mechanical seal 45 mm", "unit": "pcs",
                          "units": {"box": "12"}, "lead_time_days": 21, "price": "128.40"}]
        },
    )  # fmt: skip

    site: Code
    code: ItemCode
    unit: Unit = "pcs"

    def facts(self) -> ItemFacts:
        return ItemFacts(**self.model_dump(exclude={"price", "site", "code", "unit"}))


class BinOut(Read):
    id: int
    code: str


class StoreOut(Read):
    id: int
    site: str
    code: str
    name: str
    bins: list[BinOut]

    @classmethod
    def of(cls, store: Store) -> "StoreOut":
        return cls.model_validate(store)


class StoreIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"site": "NTH", "code": "MAIN", "name": "Main store", "bins": ["A1", "A2"]}]},
    )

    site: Code
    code: Code
    name: Name
    bins: list[Code] = Field(default=[], max_length=500)


class BinIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "B7"}]})

    code: Code


class LevelOut(Read):
    """An item in a store."""

    site: str
    item_id: int
    item: str
    name: str
    unit: str
    item_class: str
    store_id: int
    store: str
    on_hand: Quantity
    reserved: Quantity
    free: Quantity = Field(description="on hand and not reserved")
    shortage: Quantity = Field(description="issued beyond the book stock; a count settles it")
    lacking: Quantity = Field(description="needed by orders, and neither issued nor reserved")
    minimum: Quantity | None
    reorder_point: Quantity | None
    reorder_quantity: Quantity | None
    is_low: bool = Field(description="below the reorder point, including what orders lack")
    request: int | None = Field(description="the open purchase request")
    request_state: str | None
    coming: Quantity | None = Field(description="its outstanding quantity")
    expected_on: date | None
    worth: Amount | None = Field(None, description="on hand at the item's price; null: no price, or you may not see it")
    currency: str | None = None

    @classmethod
    def of(cls, level: Level, *, prices: bool = False) -> "LevelOut":
        made = cls.model_validate(level)
        return made if prices else made.model_copy(update={"worth": None, "currency": None})


class LotOut(Read):
    store: str
    bin_id: int
    bin: str
    lot: str
    quantity: Quantity
    shortage: Quantity
    expires_on: date | None = Field(description="its last day; null: it keeps")

    @classmethod
    def of(cls, lot: LotInBin) -> "LotOut":
        return cls.model_validate(lot)


class InPlanOut(Read):
    key: str
    title: str
    quantity: float
    unit: str


class InAssetOut(Read):
    id: int
    code: str
    name: str
    asset_class: str
    quantity: Quantity


class WhereUsedOut(BaseModel):
    """The uses of an item."""

    job_plans: list[InPlanOut]
    assets: list[InAssetOut]

    @classmethod
    def of(cls, plans: list[InPlan], assets: list[InAsset]) -> "WhereUsedOut":
        return cls(
            job_plans=[InPlanOut.model_validate(each) for each in plans],
            assets=[InAssetOut.model_validate(each) for each in assets],
        )


class RuleIn(BaseModel):
    """When to buy, and how much; null: no rule, so that only parts that orders lack are bought."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"minimum": "2", "reorder_point": "4", "reorder_quantity": "12"}]},
    )

    minimum: FromZero | None = None
    reorder_point: FromZero | None = None
    reorder_quantity: QuantityIn | None = None


class BillLineOut(Read):
    site: str
    asset_class: str
    item_id: int
    item: str
    name: str
    unit: str
    quantity: Quantity
    note: str

    @classmethod
    def of(cls, line: BillLine) -> "BillLineOut":
        return cls.model_validate(line)


class BillLineIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"asset_class": "centrifugal_pump", "item_id": 7, "quantity": "2"}]},
    )

    asset_class: AssetClass
    item_id: Key
    quantity: QuantityIn | None = Field(description="of one asset; null: none of it")
    note: Said = ""
