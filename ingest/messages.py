"""What comes from the wire, what is made of it, and what is refused."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message. ``received_us`` is the wall clock when it came off the wire, epoch microseconds.

    ``token`` lets the subscriber acknowledge it, 0 where nothing is to be; it means nothing to anybody else.
    """

    topic: str
    payload: bytes
    received_us: int
    token: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """An asset's signals at one time, as one message carries them together.

    ``at_us`` is the device's clock (epoch microseconds, UTC), ``values`` are finite numbers in the signals' units.
    """

    site: str
    asset: str
    at_us: int
    received_us: int
    values: dict[str, float]

    @property
    def key(self) -> str:
        return f"{self.site}/{self.asset}"


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
    WRONG_SIGNAL = "wrong_signal"
    UNKNOWN_ASSET = "unknown_asset"
    OTHER_VALUE_STORED = "other_value_stored"


@dataclass(frozen=True, slots=True)
class Refused:
    """A message, or a part of one, that goes to quarantine. ``problem`` is a sentence with the facts and the mend."""

    topic: str
    payload: bytes
    received_us: int
    reason: Reason
    problem: str
