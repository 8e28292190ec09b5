"""Reads a stream of server-sent events as a program does, for tests."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

MINUTE = 60.0


@dataclass(slots=True)
class Stream:
    """An open stream, and how far it has come."""

    lines: Iterator[str]
    last_id: str = ""
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def next(self) -> tuple[str, dict[str, Any]] | None:
        """Wait for the next message; return its name and facts. None: the stream has ended."""
        name, data = "message", ""
        for line in self.lines:
            key, _, value = line.partition(": ")
            if key == "id":
                self.last_id = value
            elif key == "event":
                name = value
            elif key == "data":
                data = value
            elif not line and data:
                self.seen.append((name, json.loads(data)))
                return self.seen[-1]
        return None

    def until(self, wanted: Callable[[str, dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return the events up to and with the one that is wanted."""
        found = []
        while (read := self.next()) is not None:
            if read[0] == "message":
                found.append(read[1])
            if wanted(*read):
                return found
        raise AssertionError(f"the stream has ended after {self.seen}")

    def ids(self, count: int) -> list[int]:
        """Return the ids of the next events."""
        return [self.until(lambda name, _: name == "message")[-1]["id"] for _ in range(count)]


@contextmanager
def reading(url: str, headers: Mapping[str, str], **asked: object) -> Iterator[Stream]:
    """Open the stream, and wait until it follows the list."""
    given = {"Accept": "text/event-stream", **headers}
    params = {name: str(value).lower() for name, value in asked.items()}
    with (
        httpx.Client(timeout=MINUTE) as client,
        client.stream("GET", f"{url}/api/v1/events", headers=given, params=params) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = Stream(answer.iter_lines())
        while (read := stream.next()) is not None and read[0] != "ready":
            pass
        yield stream
