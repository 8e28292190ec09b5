"""Messages as received, the frames made of them, and what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

BAD = 2
STALE = 3
"""Qualities of readings, from ``readings.quality``: 0 good, 1 uncertain."""


_NO_TEXTS: Mapping[str, str] = {}


class Message(msgspec.Struct, frozen=True, gc=False):
    """One MQTT message. ``received_us`` is the wall clock at its reception, epoch microseconds.

    ``token`` lets the subscriber acknowledge it, 0 if that is not needed; a redelivered one (``again``) has the same
    token. ``retained``: the broker had stored it before we subscribed. ``size`` is the size of the payload in bytes if
    only its head was kept; 0 if it is whole. ``vouched``: it comes from ourselves, or was read from its device before,
    and need not name the device that its asset is bound to.
    """

    topic: str
    payload: bytes
    received_us: int
    token: int = 0
    again: bool = False
    retained: bool = False
    size: int = 0
    vouched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What some formats say about a frame besides its values.

    Parameters
    ----------
    location
        Code of the asset's location, for an asset that is new with this frame.
    historical
        Buffered by the device until now: it is stored as late and not judged.
    quality
        0 good, 1 uncertain, 2 bad, 3 stale. Only 0 and 1 are judged.
    units
        By signal, where the device says in which unit it measures.
    texts
        By signal, values that are texts: the names of states, whose numbers the plant defines.
    """

    location: str | None = None
    historical: bool = False
    quality: int = 0
    units: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def judged(self) -> bool:
        return not self.historical and self.quality < BAD


class Frame(msgspec.Struct, frozen=True, gc=False):
    """An asset's signals at one time, from one message.

    ``at_us`` is the device's clock (epoch microseconds, UTC), ``values`` are finite numbers in the signals' units, or
    in the units that ``details`` name. They may be empty if ``details`` have texts.
    """

    site: str
    asset: str
    at_us: int
    received_us: int
    values: dict[str, float]
    details: Details | None = None

    @property
    def key(self) -> str:
        return f"{self.site}/{self.asset}"

    @property
    def texts(self) -> Mapping[str, str]:
        return _NO_TEXTS if self.details is None else self.details.texts


class Reason(StrEnum):
    """Why something is in quarantine."""

    WRONG_TOPIC = "wrong_topic"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    NO_TIME = "no_time"
    NAIVE_TIME = "naive_time"
    WRONG_TIME = "wrong_time"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    NO_VALUES = "no_values"
    NOT_A_NUMBER = "not_a_number"
    UNKNOWN_STATE = "unknown_state"
    WRONG_SIGNAL = "wrong_signal"
    WRONG_UNIT = "wrong_unit"
    NOT_BORN = "not_born"
    UNKNOWN_ASSET = "unknown_asset"
    TOO_MANY_ASSETS = "too_many_assets"
    TOO_MANY_SIGNALS = "too_many_signals"
    OTHER_VALUE_STORED = "other_value_stored"
    NOT_BOUND = "not_bound"
    REFUSED_BY_DATABASE = "refused_by_database"
    UNREADABLE = "unreadable"
    """It caused an unexpected error in the program."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message, or a part of one, that goes to quarantine. ``problem`` is a sentence with the facts and what to do."""

    topic: str
    payload: bytes
    received_us: int
    reason: Reason
    problem: str
