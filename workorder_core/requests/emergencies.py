"""What happens if a request says that somebody is in danger: the plant's own policy."""

from dataclasses import dataclass
from enum import StrEnum


class EmergencyPolicy(StrEnum):
    """Whether a stranger's word alone makes an emergency order, which wakes people."""

    AT_ONCE = "at_once"
    CONFIRMED = "confirmed"
    """Somebody of the plant confirms it first: strangers cannot wake a town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalRules:
    """How a site answers requests.

    Parameters
    ----------
    open
        Whether people without an account can make requests at all.
    emergency_number
        The number that somebody in danger is shown at once.
    policy
        What a request in danger leads to.
    keep_days
        Days after its end for which a request's personal data is kept.
    video_url
        The plant's own video call, offered where a problem may be settled without a visit; empty: none.
    choose_times
        Whether requesters may choose one of the times that the schedule offers.
    """

    open: bool = True
    emergency_number: str = "112"
    policy: EmergencyPolicy = EmergencyPolicy.CONFIRMED
    keep_days: int = 365
    video_url: str = ""
    choose_times: bool = True


def makes_order(danger: bool, policy: EmergencyPolicy) -> bool:
    """Return whether a request makes an emergency order without anybody's confirmation.

    >>> makes_order(True, EmergencyPolicy.CONFIRMED), makes_order(True, EmergencyPolicy.AT_ONCE)
    (False, True)
    """
    return danger and policy is EmergencyPolicy.AT_ONCE
