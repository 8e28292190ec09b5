"""The judge's state in parts, as plain bytes, from which a checkpoint restores it."""

from typing import NamedTuple

PartName = tuple[str, str, str]


class Part(NamedTuple):
    """A part of the judge's state, as plain bytes.

    ``judge`` is "live" or "shadow", ``kind`` names the part, "asset" for one asset's; ``asset`` is its
    ``<site>/<asset>``, empty for a plant-wide part.
    """

    judge: str
    kind: str
    asset: str
    state: bytes

    @property
    def name(self) -> PartName:
        return self[:3]
