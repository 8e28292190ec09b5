"""Tries a mapping on a message, and listens to messages without a mapping."""

import threading
import time
import uuid
from pathlib import Path

from rich.console import Console

from ingest.border import Bounds
from ingest.broker.subscriber import Subscriber, check_session_not_shared
from ingest.formats import mapped, mapping, proposal
from ingest.messages import Frame, Message
from ingest.replay import InvalidMapping
from runtime.broker import tls as broker_tls
from runtime.pipeline import sources
from runtime.settings import Settings

MOST_HEARD = 5_000


def attempt(name: str, topic: str, payload: str, console: Console) -> bool:
    """Show how a message is read; a payload ``@FILE`` is read from that file. Return whether all of it was accepted."""
    made = mapping.read(name)
    if made.topic is None:
        raise InvalidMapping(name, "has no topic: it is for files, by plantwright import")
    raw = _payload(payload)
    read = mapped.parse(made, Message(topic, raw, time.time_ns() // 1000), Bounds())
    if read is None:
        console.print(f"{topic}: is not of the mapping's topics; it subscribes to {made.filter}", markup=False)
        return False
    frames, refused = read
    for frame in frames:
        console.print("\n".join(frame_lines(frame)), markup=False, highlight=False)
    for each in refused:
        console.print(f"refused, {each.reason}: {each.problem}", markup=False, highlight=False)
    return not refused


def frame_lines(frame: Frame) -> list[str]:
    """Return a frame as lines for people: asset, time and values, with details."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(frame.at_us // 1_000_000))
    fraction = frame.at_us % 1_000_000
    when = "when it came" if frame.at_us == frame.received_us else f"{at}{f'.{fraction:06d}' if fraction else ''}Z"
    lines = [f"{frame.key}  {when}"]
    details = frame.details
    for name, value in frame.values.items():
        unit = "" if details is None else details.units.get(name, "")
        lines.append(f"  {name} = {value:g} {unit}".rstrip())
    lines += [f"  {name} = {text!r}, by its states" for name, text in frame.texts.items()]
    if details is not None and details.quality:
        lines.append(f"  quality: {('good', 'uncertain', 'bad', 'stale')[details.quality]}")
    if details is not None and details.historical:
        lines.append("  history: stored, not judged")
    return lines


def listen(settings: Settings, topics: list[str], for_s: float, stop: threading.Event, console: Console) -> None:
    """Listen for a while, and propose a mapping for each kind of message that no format reads yet."""
    assert settings.broker is not None
    formats, taken = sources.load_formats(settings), 0
    heard: list[Message] = []
    deadline = time.monotonic() + for_s
    name, tls = f"plantwright-listen-{uuid.uuid4().hex[:12]}", broker_tls.context(settings, tool=True)
    check_session_not_shared(settings.broker, client_id=name, tls=tls)
    with Subscriber(settings.broker, topics=topics, client_id=name, lasting=False, tls=tls) as source:
        for batch in source.batches(most=500, max_wait_s=0.2):
            for message in batch:
                if formats.of(message.topic) is not None:
                    taken += 1
                elif len(heard) < MOST_HEARD:
                    heard.append(message)
            source.acknowledge(batch)
            if stop.is_set() or time.monotonic() >= deadline or len(heard) >= MOST_HEARD:
                break
    console.print(f"# heard {taken + len(heard)} messages; {taken} are understood already", markup=False)
    for document in proposal.proposals(heard):
        console.print(document, markup=False, highlight=False)


def _payload(given: str) -> bytes:
    if not given.startswith("@"):
        return given.encode()
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        raise InvalidMapping(given[1:], f"cannot be read ({error.strerror})") from None
