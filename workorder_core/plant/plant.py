"""The plant as its people describe it: one site, its locations, assets, signals and technicians."""

from dataclasses import dataclass
from datetime import time

from workorder_core.plant.signals import Meaning
from workorder_core.words import Criticality

UNCLASSIFIED = "unclassified"
"""The class of an asset without a declared one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationEntry:
    """A functional location. ``level`` is area, work_centre or work_unit (ISA-95); ``parent`` is another one's code.

    ``latitude`` and ``longitude`` are its place in WGS84, in degrees; None keeps what is known.
    """

    code: str
    name: str
    level: str
    parent: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEntry:
    """What a machine measures, in ``unit``; ``name`` is the one that its messages use.

    ``meaning`` is what its numbers are; None keeps what is known. So does a ``unit`` of None, with the quantity.
    """

    name: str
    quantity: str | None
    unit: str | None
    label: str | None = None
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEntry:
    """An asset. ``parent`` is the code of its upstream asset: what feeds it, or what it is part of.

    Parameters
    ----------
    asset_class, criticality
        How it is judged. None keeps what is known; a new asset is unclassified and of medium criticality.
    safety_critical
        Whether work on it is verified by a second person; None keeps what is known.
    name
        None keeps what is known; an asset that is new is called by its code.
    """

    code: str
    name: str | None
    asset_class: str | None
    criticality: Criticality | None
    parent: str | None = None
    location: str | None = None
    serial: str | None = None
    safety_critical: bool | None = None
    signals: tuple[SignalEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianEntry:
    """Shift times are the site's local time; ``weekdays`` are ISO weekdays, 1 = Monday.

    None keeps what is known; who is new has no skills and works from 07:00 to 15:00 on every day.
    """

    code: str
    name: str | None = None
    skills: tuple[str, ...] | None = None
    certificates: tuple[str, ...] | None = None
    shift_start: time | None = None
    shift_end: time | None = None
    weekdays: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One site. ``time_zone`` is an IANA name; None keeps what is known, else UTC. So does the name."""

    code: str
    name: str | None
    time_zone: str | None
    locations: tuple[LocationEntry, ...] = ()
    assets: tuple[AssetEntry, ...] = ()
    technicians: tuple[TechnicianEntry, ...] = ()
