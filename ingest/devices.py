"""Device bindings: which device may publish for which assets.

A message does not tell its subscriber who sent it. So a bound device puts its name into the topic,
``plantwright/as/<device>/<site>/<asset>``, and the broker enforces the name: its access file lets each user write
below its own name only (``pattern write plantwright/as/%u/#``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from ingest.messages import Frame, Message, Reason, Refused
from workorder_core.sentences import kept

PREFIX = "plantwright/as/"
_CODE = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_TOPIC = re.compile(f"plantwright/as/({_CODE})/({_CODE}/{_CODE})")


def is_code(name: str) -> bool:
    """Return whether a device, a site or an asset can have this name."""
    return re.fullmatch(_CODE, name) is not None


def is_asset(key: str) -> bool:
    """Return whether a key can name an asset: ``<site>/<asset>``."""
    return re.fullmatch(f"{_CODE}/{_CODE}", key) is not None


@dataclass(frozen=True, slots=True)
class Bindings:
    """By device, the assets (``<site>/<asset>``) that it may publish for; ``bound`` is the union of all."""

    assets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    bound: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", frozenset().union(*self.assets.values()))

    def as_native(self, message: Message) -> Message | Refused:
        """Rewrite a device's message as a native one of its asset, or refuse it."""
        said = _TOPIC.fullmatch(message.topic)
        if said is None:
            return _refused(
                message, Reason.WRONG_TOPIC, kept("the topic must be {topic}", topic=f"{PREFIX}<device>/<site>/<asset>")
            )
        device, asset = said[1], said[2]
        if asset not in self.assets.get(device, ()):
            action = f"plantwright devices bind {device} {asset}"
            return _refused(
                message,
                Reason.NOT_BOUND,
                kept(
                    "device {device} is not bound to asset {asset}; to bind it, run {action}",
                    device=device,
                    asset=asset,
                    action=action,
                ),
            )
        return structs.replace(message, topic=f"plantwright/v1/{asset}")

    def refuse_bound(
        self, message: Message, frames: Sequence[Frame], refused: Sequence[Refused]
    ) -> tuple[list[Frame], list[Refused]]:
        """Remove the frames of bound assets from a message that does not name the device."""
        others = sorted({frame.key for frame in frames if frame.key in self.bound})
        if not others:
            return list(frames), list(refused)
        problem = kept(
            "{assets}: bound to a device, which publishes below {topic}",
            assets=", ".join(others),
            topic=f"{PREFIX}<device>/{others[0]}",
        )
        unbound = [frame for frame in frames if frame.key not in self.bound]
        return unbound, [*refused, _refused(message, Reason.NOT_BOUND, problem)]


def _refused(message: Message, reason: Reason, problem: str) -> Refused:
    return Refused(message.topic, message.payload, message.received_us, reason, problem)
