"""Costs: a site's currency, labour rates and cost model, and the cost of an order. Amounts are decimals as text."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, model_validator

from api.shapes.orders import Currency
from api.shapes.times import Day
from db.costs.costs import LabourRate
from workorder_core.costs.cost_model import CostModel, Entry, Prices
from workorder_core.costs.order_cost import OrderCost
from workorder_core.sentences import say

MOST = 10_000_000_000
Amount = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:f}", return_type=str)]
"""An exact decimal, written as text: ``"84.50"``."""
AmountIn = Annotated[Decimal, Field(ge=0, le=MOST, decimal_places=4, allow_inf_nan=False)]
HoursIn = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)]
Skill = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]+$")]


class PricesOut(BaseModel):
    """Prices in the site's currency; null: set by a wider entry, or nowhere."""

    model_config = ConfigDict(from_attributes=True)

    failure: Amount | None = Field(description="a failure that was not avoided, besides the downtime")
    down_hour: Amount | None = Field(description="an hour of downtime")
    failure_hours: Amount | None = Field(description="hours of downtime that such a failure causes")
    wasted_visit: Amount | None = Field(description="an order that was a false positive")
    notice_hours: Amount | None = Field(description="hours ahead that an order must be opened to avoid the failure")


class EntryOut(PricesOut):
    asset: str | None = Field(description="an asset's code; null with asset_class null: the whole site")
    asset_class: str | None


class RateOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    skill: str = Field(description='the trade; "": work without a trade')
    from_date: date = Field(description="the first day of the site on which it counts")
    per_hour: Amount


class SiteCostsOut(BaseModel):
    """A site's currency, rates and cost model."""

    currency: str | None
    labour_rates: list[RateOut]
    cost_model: list[EntryOut]

    @classmethod
    def of(cls, model: CostModel, rates: list[LabourRate]) -> "SiteCostsOut":
        return cls(
            currency=model.currency,
            labour_rates=[RateOut.model_validate(each) for each in rates],
            cost_model=[
                EntryOut(
                    asset=each.asset,
                    asset_class=each.asset_class,
                    **PricesOut.model_validate(each.prices).model_dump(mode="python"),
                )
                for each in model.entries
            ],
        )


class CurrencyIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"currency": "EUR"}]})

    currency: Currency | None = Field(description="ISO 4217; null: none")


class RateIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"skill": "mechanical", "from_date": "2026-01-01", "per_hour": "84.50"}]},
    )

    skill: Skill = ""
    from_date: Day
    per_hour: AmountIn | None = Field(description="null: removes the rate")


class EntryIn(BaseModel):
    """Prices of an asset, of a class, or of the whole site; all null: the entry is removed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"failure": "18000", "down_hour": "450", "failure_hours": "8", "wasted_visit": "240"},
                {"asset": "P-101", "failure": "60000"},
            ]
        },
    )

    asset: Name | None = None
    asset_class: Name | None = None
    failure: AmountIn | None = None
    down_hour: AmountIn | None = None
    failure_hours: HoursIn | None = None
    wasted_visit: AmountIn | None = None
    notice_hours: HoursIn | None = None

    @model_validator(mode="after")
    def _of_one(self) -> "EntryIn":
        if self.asset is not None and self.asset_class is not None:
            raise ValueError(say("an entry is for an asset or for a class, not for both: leave one of them out"))
        return self

    def entry(self) -> Entry:
        """Return the entry in the core's terms."""
        prices = Prices(**self.model_dump(exclude={"asset", "asset_class"}))
        return Entry(asset=self.asset, asset_class=self.asset_class, prices=prices)


class OrderCostOut(BaseModel):
    """The cost of an order: hours × rate, parts, and external costs."""

    model_config = ConfigDict(from_attributes=True)

    currency: str
    hours: float | None
    estimated: bool = Field(description="true: no hours are recorded, so the estimate counts")
    rate: Amount | None = Field(description="hourly rate of the order's trade on the day of the work")
    labour: Amount
    parts: Amount
    external: Amount
    total: Amount
    missing: list[str] = Field(description="what the total does not include")

    @classmethod
    def of(cls, cost: OrderCost) -> "OrderCostOut":
        return cls.model_validate(cost)


class PartPricesIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"unit_costs": {"1": "128.40"}}]})

    unit_costs: Mapping[Annotated[int, Field(ge=1, le=1_000_000)], AmountIn | None] = Field(
        min_length=1, max_length=200, description="by the part's line; null removes the price"
    )
