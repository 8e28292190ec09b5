"""The judge's state in parts, as plain bytes: what a checkpoint keeps, and what a judge is made of again."""

from typing import NamedTuple

PartName = tuple[str, str, str]


class Part(NamedTuple):
    """A part of the judge's state, as plain bytes.

    ``judge`` is "live" or "shadow", ``kind`` what the part is, "asset" of one asset; ``asset`` is its
    ``<site>/<asset>``, empty for what is of the whole plant.
    """

    judge: str
    kind: str
    asset: str
    state: bytes

    @property
    def name(self) -> PartName:
        return self[:3]
