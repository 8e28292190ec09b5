"""Telemetry of ThingsBoard devices and gateways, so that they need only another broker address.

A device: ``{"k": v}``, ``{"ts": ms, "values": {"k": v}}``, or an array of those. A gateway: ``{device: [of those]}``.
Without ``ts``, the time of reception is the time of measurement.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest import border
from ingest.border import Bad, Bounds, FrameValues
from ingest.formats import json_text
from ingest.formats.format import Format
from ingest.messages import Frame, Message, Reason, Refused
from ingest.names import Names
from workorder_core.sentences import kept

GATEWAY = "v1/gateway/telemetry"
DEVICE = "v1/devices/me/telemetry"
_DEVICE = re.compile(rf"(?:([^/]+)/)?{DEVICE}")


@dataclass(frozen=True, slots=True)
class ThingsBoard(Format):
    """Maps ThingsBoard's topics to sites and assets.

    Parameters
    ----------
    site
        Of all its devices; the asset is the device's name.
    device
        The asset of ``v1/devices/me/telemetry``: that topic names no device, and a broker does not say who published. A
        broker that puts a name before the topic (a mount point for each device) needs no such setting.
    """

    site: str
    device: str | None = None

    def filters(self) -> list[str]:
        """Return the topic filters to subscribe to."""
        return [DEVICE, f"+/{DEVICE}", GATEWAY]

    def accepts(self, topic: str) -> bool:
        """Return whether a topic is one of ThingsBoard's."""
        return topic == GATEWAY or _DEVICE.fullmatch(topic) is not None

    def parse(self, message: Message, bounds: Bounds, names: Names | None = None) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message and what of it is refused."""
        frames: list[Frame] = []
        bad = border.Problems()
        names = names or Names()
        try:
            border.check_size(message.payload)
            for found in json_text.documents(message.payload, bad):
                frames += self._frames(found, message, bounds, bad, names)
            if not frames and not bad:
                raise Bad(Reason.NO_VALUES, kept("it is empty"))
        except Bad as wrong:
            bad.append(wrong)
        return frames, border.refusals(message, bad) if bad else []

    def _frames(self, found: Any, message: Message, bounds: Bounds, bad: list[Bad], names: Names) -> Iterator[Frame]:
        try:
            for name, documents in self._devices(message.topic, found):
                try:
                    border.once(documents)
                    place = names.asset(self.site, name)
                except Bad as wrong:
                    bad.append(wrong)
                    continue
                for document in documents if isinstance(documents, list) else [documents]:
                    try:
                        yield from _frames(place, document, message, bounds, bad, names)
                    except Exception as error:  # noqa: BLE001 - the documents beside it can be read
                        bad.append(border.failed(error))
        except Bad as wrong:
            bad.append(wrong)

    def _devices(self, topic: str, found: Any) -> Iterator[tuple[str, Any]]:
        if topic == GATEWAY:
            if not isinstance(found, dict):
                raise Bad(
                    Reason.WRONG_SHAPE, kept('a gateway sends an object like {"Pump 1": [{"ts": …, "values": {…}}]}')
                )
            yield from found.items()
            return
        place = _DEVICE.fullmatch(topic)
        name = self.device if place is None or place[1] is None else place[1]
        if name is None:
            action = kept("set thingsboard_device, or give each device a listener of the broker with a mount point")
            raise Bad(
                Reason.WRONG_TOPIC,
                kept("{device} does not say which device it is: {action}", device=DEVICE, action=action),
            )
        yield name, found


def _frames(
    place: tuple[str, str], document: Any, message: Message, bounds: Bounds, bad: list[Bad], names: Names
) -> Iterator[Frame]:
    try:
        if not isinstance(document, dict):
            raise Bad(
                Reason.WRONG_SHAPE, kept('expected {"k": v}, {"ts": ms, "values": {"k": v}}, or an array of those')
            )
        values, at_us = document, message.received_us
        said = border.once(document.get("values"))
        if isinstance(said, dict) and "ts" in document:
            values, at_us = said, _time(border.once(document["ts"]), message.received_us, bounds)
        elif message.retained:
            raise Bad(Reason.NO_TIME, kept("it is a retained message without a time of its own"))
    except Bad as wrong:
        bad.append(wrong)
        return
    read = FrameValues()
    for name, value in values.items():
        try:
            read.put(names.signal(place, name), border.value(name, value))
        except Bad as wrong:
            bad.append(wrong)
    if read:
        yield Frame(*place, at_us, message.received_us, read.values, read.details())


def _time(ts: object, received_us: int, bounds: Bounds) -> int:
    if isinstance(ts, str) and (said := border.digits(ts)):
        raise Bad(Reason.WRONG_TIME, said)
    if isinstance(ts, bool) or not isinstance(ts, int | float):
        raise Bad(Reason.WRONG_TIME, kept("ts must be epoch milliseconds, not {ts!r}", ts=str(ts)[:40]))
    return border.within(border.counted(ts, 1000), received_us, bounds, us_each=1000)
