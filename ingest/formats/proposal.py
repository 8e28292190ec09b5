"""Proposes mapping documents for messages that no format reads, from samples of them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from ingest import border, names
from ingest.border import Bad
from ingest.formats import json_text
from ingest.messages import Message

_TIMES = ("timestamp_ms", "timestamp", "time", "ts", "datetime", "date", "at", "t", "when")
MOST_SIGNALS = 30


def proposals(messages: Iterable[Message]) -> list[str]:
    """Return a mapping document, as TOML with its doubts in comments, for each sort of topic and payload."""
    sorts: dict[tuple[tuple[bool, ...], str, str], list[Message]] = defaultdict(list)
    for message in messages:
        levels = message.topic.split("/")
        there = tuple(level != "" for level in levels)
        first = next(filter(None, levels), "")
        sorts[there, first, _shape(_decoded(message.payload))].append(message)
    return [_proposal(sort) for _, sort in sorted(sorts.items())]


def _decoded(payload: bytes) -> Any:
    try:
        return json_text.document(payload)
    except Bad:
        return payload


def _shape(found: Any) -> str:
    if isinstance(found, dict):
        return "objects" if _is_keyed(found) else "object"
    return "array" if isinstance(found, list) else "value"


def _is_keyed(found: dict[str, Any]) -> bool:
    """Return whether an object looks like one of assets by name: several objects with keys in common."""
    elements = list(found.values())
    if len(elements) < 2 or not all(isinstance(each, dict) for each in elements):
        return False
    return bool(set.intersection(*(set(each) for each in elements)))


def _proposal(messages: list[Message]) -> str:
    topics = sorted({message.topic for message in messages})
    found = _decoded(messages[0].payload)
    lines = [f"# {len(messages)} messages on {len(topics)} topics, like {_quoted(topics[0])[1:-1]}"]
    template, levels = _topic(topics)
    keyed = isinstance(found, dict) and _is_keyed(found)
    element = found[0] if isinstance(found, list) and found else next(iter(found.values())) if keyed else found
    lines += [f"topic = {_quoted(template)}", 'site = "SITE"  # the site\'s code']
    if isinstance(element, dict):
        asset = levels[-1] if levels else None
        lines.append(f"asset = {_quoted('{#key}' if keyed else f'{{{asset}}}' if asset else 'ASSET')}")
        if keyed or isinstance(found, list):
            lines.append('each = ""')
        return "\n".join([*lines, *_object(element)]) + "\n"
    asset, name = (levels[-2], levels[-1]) if len(levels) > 1 else ((levels or ["ASSET"])[0], None)
    lines.append(f"asset = {_quoted(f'{{{asset}}}' if levels else 'ASSET')}")
    lines.append('value = ""')
    lines.append(f"signal = {_quoted(f'{{{name}}}' if name else 'SIGNAL')}")
    if not _is_number(found):
        lines.append(f"# The payload is not a number ({messages[0].payload[:40]!r}): it would go to quarantine.")
    lines.append("# The payload has no time: the time of reception is used.")
    return "\n".join(lines) + "\n"


def _topic(topics: list[str]) -> tuple[str, list[str]]:
    """Return the template, and the names of the levels that differ; the last one where all are the same."""
    columns = list(zip(*(topic.split("/") for topic in topics), strict=True))
    template, names = [], []
    last = max((i for i, column in enumerate(columns) if column[0]), default=0)
    for i, column in enumerate(columns):
        varies = len(set(column)) > 1 or (len(topics) == 1 and i == last and i > 0)
        if varies or "{" in column[0] or "}" in column[0] or column[0] in ("+", "#"):
            names.append(f"level{i + 1}")
            template.append(f"{{level{i + 1}}}")
        else:
            template.append(column[0])
    return "/".join(template), names


def _object(element: dict[str, Any]) -> list[str]:
    numbers, time = _leaves(element)
    lines = []
    if time is None:
        lines.append("# No time was found: the time of reception is used.")
    else:
        path, value = time
        lines += ["", "[time]", f"path = {_quoted(path)}"]
        lines.append(f"format = {_quoted(_format(value))}")
        if isinstance(value, str) and "Z" not in value and "+" not in value:
            lines.append('zone = "UTC"  # where the device\'s clock is')
    lines += ["", "[signals]"]
    for path in numbers[:MOST_SIGNALS]:
        lines.append(f'{_quoted(path)} = {{ signal = {_quoted(_signal(path))}, unit = "" }}')
    if len(numbers) > MOST_SIGNALS:
        lines.append(f"# and {len(numbers) - MOST_SIGNALS} more")
    if not numbers:
        lines.append("# No number was found.")
    return lines


def _leaves(element: dict[str, Any]) -> tuple[list[str], tuple[str, Any] | None]:
    numbers: list[str] = []
    times: dict[str, tuple[str, Any]] = {}
    pending: list[tuple[str, Any]] = [("", element)]
    while pending:
        path, value = pending.pop(0)
        if isinstance(value, dict):
            pending += [(f"{path}.{key}" if path else key, each) for key, each in value.items()]
            continue
        key = path.rsplit(".", 1)[-1].lower()
        if key in _TIMES and isinstance(value, int | float | str):
            times.setdefault(key, (path, value))
        elif _is_number(value):
            numbers.append(path)
    return numbers, next((times[key] for key in _TIMES if key in times), None)


def _is_number(value: Any) -> bool:
    try:
        border.measure("value", value.decode() if isinstance(value, bytes) else value)
    except (Bad, UnicodeDecodeError):
        return False
    return True


def _format(value: Any) -> str:
    if isinstance(value, str):
        return "iso"
    return next((name for name, most in (("s", 1e11), ("ms", 1e14), ("us", 1e17)) if abs(value) < most), "ns")


def _signal(path: str) -> str:
    try:
        return names.signal(path.replace(".", "/"))
    except Bad:
        return "SIGNAL"


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
