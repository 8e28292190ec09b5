"""The plant as its people describe it: one site, its places, machines, signals and technicians."""

from dataclasses import dataclass
from datetime import time

from workorder_core.plant.signals import Meaning
from workorder_core.words import Criticality


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationEntry:
    """A functional location. ``level`` is area, work_centre or work_unit (ISA-95); ``parent`` is another one's code."""

    code: str
    name: str
    level: str
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEntry:
    """What a machine measures, in ``unit``; ``name`` is the one that its messages use.

    ``meaning`` is what its numbers are; None keeps what is known.
    """

    name: str
    quantity: str | None
    unit: str
    label: str | None = None
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEntry:
    """A machine. ``parent`` is the code of the asset that it stands behind: what feeds it, or what it is part of.

    Parameters
    ----------
    safety_critical
        Whether work on it is verified by a second person; None keeps what is known.
    """

    code: str
    name: str
    asset_class: str
    criticality: Criticality
    parent: str | None = None
    location: str | None = None
    serial: str | None = None
    safety_critical: bool | None = None
    signals: tuple[SignalEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianEntry:
    """Shift times are the site's local time; ``weekdays`` are ISO weekdays, 1 = Monday."""

    code: str
    name: str
    skills: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    shift_start: time = time(7)
    shift_end: time = time(15)
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One site. ``time_zone`` is an IANA name."""

    code: str
    name: str
    time_zone: str
    locations: tuple[LocationEntry, ...] = ()
    assets: tuple[AssetEntry, ...] = ()
    technicians: tuple[TechnicianEntry, ...] = ()
