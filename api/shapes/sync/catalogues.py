"""What a technician's device has besides orders."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.inspections.rounds import OpenPointOut, RoundOut, StopOut
from api.shapes.sync.briefings import CertificateOut
from db.sync.catalogue import Catalogue, ToWalk
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.words import CloseFinding, FailureMode, HoldReason


class KnownAssetOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    code: str
    name: str
    asset_class: str
    location_id: int | None
    place: str = Field(description="the names of its locations, the outermost first")
    scan: str | None = Field(description="the code of its label leads to `/q/<scan>`")


class KnownPlaceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    code: str
    name: str
    place: str
    latitude: float | None
    longitude: float | None
    scan: str | None


class KnownItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    code: str
    name: str
    unit: str


class ToWalkOut(RoundOut):
    """A round with its stops, the answers so far, and earlier points that are still open."""

    walk: list[StopOut]
    open_points: list[OpenPointOut]

    @classmethod
    def whole(cls, each: ToWalk) -> "ToWalkOut":
        return cls(
            **RoundOut.of(each.round).model_dump(),
            walk=[StopOut.of(one, list(each.answered)) for one in each.stops],
            open_points=[OpenPointOut.of(one) for one in each.open_points],
        )


class WordsOut(BaseModel):
    """The words of close-outs and steps, by code."""

    failure_modes: Mapping[str, str]
    findings: Sequence[str]
    causes: Sequence[str]
    remedies: Sequence[str]
    mechanisms: Sequence[str]
    hold_reasons: Sequence[str]


class CatalogueOut(BaseModel):
    """What a device has besides orders. Assets, places and parts are 5,000 each at most."""

    technician: str | None
    name: str | None
    certificates: list[CertificateOut] = Field(description="the technician's own")
    rounds: list[ToWalkOut] = Field(description="their own, and those due within 12 hours; 10 at most")
    assets: list[KnownAssetOut]
    locations: list[KnownPlaceOut]
    parts: list[KnownItemOut]
    components: Sequence[str] = Field(description="what orders have been about, the most frequent first; 200 at most")
    words: WordsOut

    @classmethod
    def of(cls, found: Catalogue) -> "CatalogueOut":
        return cls(
            technician=found.technician,
            name=found.name,
            certificates=[CertificateOut.model_validate(each) for each in found.certificates],
            rounds=[ToWalkOut.whole(each) for each in found.rounds],
            assets=[KnownAssetOut.model_validate(each) for each in found.assets],
            locations=[KnownPlaceOut.model_validate(each) for each in found.locations],
            parts=[KnownItemOut.model_validate(each) for each in found.items],
            components=found.components,
            words=_WORDS,
        )


_WORDS = WordsOut(
    failure_modes={each.value: each.label for each in FailureMode},
    findings=[each.value for each in CloseFinding],
    causes=[each.value for each in Cause],
    remedies=[each.value for each in Remedy],
    mechanisms=[each.value for each in Mechanism],
    hold_reasons=[each.value for each in HoldReason],
)
