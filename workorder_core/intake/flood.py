"""Alarm floods (ISA-18.2): more alarms in an area than a person can read. One order for the area collects the rest.

A flood begins above ten alarms within ten minutes of event time, and ends below five. Safety is never collected, and
a fault that has an order keeps it. What a flood's order has collected opens no order while that one is unfinished.
"""

from bisect import insort
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from workorder_core.alarms.standard import FLOOD_ABOVE, FLOOD_OVER_BELOW, PERIOD
from workorder_core.intake.findings import Finding
from workorder_core.sentences import kept
from workorder_core.words import FailureMode

Key = tuple[str, str]


@dataclass(slots=True)
class Area:
    """An area of the plant.

    Parameters
    ----------
    raised
        Times of its newest alarms, in order, within the window.
    flooded
        Whether the flood continues.
    order, asset, reported
        The flood's newest order, its asset, and the conditions (asset, source) that it has collected.
    """

    raised: list[datetime] = field(default_factory=list)
    flooded: bool = False
    order: UUID | None = None
    asset: str = ""
    reported: set[Key] = field(default_factory=set)


class Floods:
    """The areas of a plant."""

    def __init__(self) -> None:
        self.areas: dict[str, Area] = {}

    def note(self, finding: Finding, area: str, *, new: bool) -> Area:
        """Count a finding as an alarm where its condition is ``new``, and return its area."""
        found = self.areas.setdefault(area, Area())
        if new:
            insort(found.raised, finding.at)
        newest = max(found.raised[-1], finding.at) if found.raised else finding.at
        while found.raised and found.raised[0] <= newest - PERIOD:
            del found.raised[0]
        alarms = len(found.raised)
        found.flooded = alarms >= FLOOD_OVER_BELOW if found.flooded else alarms > FLOOD_ABOVE
        return found

    def copy(self) -> "Floods":
        """Return an independent copy."""
        copied = Floods()
        copied.areas = {
            name: replace(area, raised=list(area.raised), reported=set(area.reported))
            for name, area in self.areas.items()
        }
        return copied

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        areas = []
        for name in sorted(self.areas):
            area = self.areas[name]
            order = None if area.order is None else area.order.bytes
            raised = [at.isoformat() for at in area.raised]
            areas.append([name, raised, area.flooded, order, area.asset, sorted(map(list, area.reported))])
        return areas

    @classmethod
    def restore(cls, dumped: list[Any]) -> "Floods":
        """Continue from a dump."""
        restored = cls()
        for name, raised, flooded, order, asset, told in dumped:
            restored.areas[name] = Area(
                raised=[datetime.fromisoformat(at) for at in raised],
                flooded=flooded,
                order=None if order is None else UUID(bytes=order),
                asset=asset,
                reported={(key[0], key[1]) for key in told},
            )
        return restored


def of_area(finding: Finding, area: str) -> Finding:
    """Return the finding that opens the order of a flood."""
    return replace(
        finding,
        component=f"area {area}",
        failure_mode=FailureMode.OTH,
        summary=kept(
            "more than {count} alarms in ten minutes in {area}; {asset}: {summary}",
            count=FLOOD_ABOVE,
            area=area,
            asset=finding.asset,
            summary=finding.summary,
        ),
    )
