"""Publishes one frame by hand, as a device would, to try a connection."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console

from ingest.broker.publisher import Publisher
from runtime.broker import tls
from runtime.settings import InvalidSettings, Settings


def run(asset: str, values: Sequence[str], settings: Settings, console: Console) -> None:
    """Publish ``<signal>=<number>`` pairs of ``<site>/<asset>`` and print what was sent. Raises InvalidSettings."""
    assert settings.broker is not None
    if asset.count("/") != 1 or not all(asset.split("/")):
        raise InvalidSettings(f"{asset!r} is no asset: write <site>/<asset>, like OSL/pump-7")
    topic = f"plantwright/v1/{asset}"
    payload = json.dumps({"ts": datetime.now(UTC).isoformat(), "values": dict(map(_pair, values))})
    with Publisher(settings.broker, tls=tls.context(settings, tool=True)) as publisher:
        publisher.publish(topic, payload.encode())
    console.print(f"published to {topic}: {payload}", highlight=False)
    console.print("Look at the page Assets; what cannot be read is on the page Quarantine, with the reason.")


def _pair(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        what = "has no number" if equals else "has no value"
        raise InvalidSettings(f"{text!r} {what}: write <signal>=<number>, like flow=212") from None
