"""Types of quantities, codes and texts in bodies and answers about stores."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

MOST = 1_000_000_000
Quantity = Annotated[Decimal, PlainSerializer(float, return_type=float)]
"""A quantity with three decimals at most, as a number."""
QuantityIn = Annotated[Decimal, Field(gt=0, le=MOST, decimal_places=3, allow_inf_nan=False)]
FromZero = Annotated[Decimal, Field(ge=0, le=MOST, decimal_places=3, allow_inf_nan=False)]
Either = Annotated[Decimal, Field(ge=-MOST, le=MOST, decimal_places=3, allow_inf_nan=False)]
Factor = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=6, allow_inf_nan=False)]
ItemCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00/]+$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
Class = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00]*$")]
AssetClass = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]+$")
]
Unit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=r"^[^\x00]+$")]
Lot = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\x00]*$")]
Why = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")]
Key = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Read(BaseModel):
    """The base of answers."""

    model_config = ConfigDict(from_attributes=True)
