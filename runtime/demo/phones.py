"""The phones of the demo: an ntfy server on loopback with a page for each person, which shows what their phone would.

It answers as ntfy does, so that messages reach it by the same channel as on a plant. It keeps the last ones in memory.
"""

import html
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from psycopg import Connection

from db.events import receivers
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice

HOST = "127.0.0.1"
OWNERS = ("petersen", "berg", "demo")
"""Who has a phone; each is a topic."""
NEWS = (Choice.ASSIGNED, Choice.EMERGENCY, Choice.ESCALATED)
KEPT = 20
LONGEST = 100_000
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="refresh" content="2"><title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.4 system-ui, sans-serif; max-width: 26rem; margin: 0 auto; padding: 1rem }}
article {{ border: 1px solid #8888; border-left: .3rem solid #888; border-radius: .5rem }}
article {{ padding: .6rem .8rem; margin: .8rem 0 }}
article.urgent {{ border-left-color: #c62828 }}
p {{ margin: .3rem 0; white-space: pre-line; overflow-wrap: anywhere }}
.soft {{ opacity: .75; font-size: .9rem }}
a {{ display: inline-block; padding: .4rem 0 }}
</style></head><body><h1>{title}</h1>{content}</body></html>
"""


@dataclass(slots=True)
class Shown:
    """What the phones show, by topic, the newest last. ``at`` of a message is when it came, in seconds since 1970."""

    by_topic: dict[str, deque[dict[str, Any]]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=KEPT)))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, message: dict[str, Any]) -> dict[str, Any]:
        """Show a message; one with the id of an earlier one replaces it. Returns it as ntfy answers."""
        topic = str(message.get("topic", ""))
        got = {**message, "event": "message", "id": str(message.get("sequence_id") or ""), "time": time.time()}
        if topic in OWNERS:
            with self.lock:
                kept = self.by_topic[topic]
                others = [each for each in kept if each["id"] != got["id"]]
                kept.clear()
                kept.extend([*others, got])
        return got

    def of(self, topic: str) -> list[dict[str, Any]]:
        """Return the messages of a phone, the oldest first."""
        with self.lock:
            return list(self.by_topic[topic]) if topic in OWNERS else []


class _Answers(BaseHTTPRequestHandler):
    """Takes messages by POST, as ntfy does, and shows them: /petersen is a page, /petersen/json is for programs."""

    def do_POST(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), LONGEST)
        try:
            message = json.loads(self.rfile.read(length))
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._answer(400, "application/json", "{}")
            return
        self._answer(200, "application/json", json.dumps(self._shown.add(message)))

    def do_GET(self) -> None:
        topic, _, rest = self.path.partition("?")[0].strip("/").partition("/")
        if rest == "json":
            lines = [json.dumps(each) for each in self._shown.of(topic)]
            self._answer(200, "application/x-ndjson", "\n".join(lines))
        elif topic in OWNERS:
            self._answer(200, "text/html", _phone(topic, self._shown.of(topic)))
        elif not topic:
            links = "".join(f'<p><a href="/{each}">{each}</a></p>' for each in OWNERS)
            self._answer(200, "text/html", _PAGE.format(title="Phones", content=links))
        else:
            self._answer(404, "text/plain", "nobody's phone")

    @property
    def _shown(self) -> Shown:
        assert isinstance(self.server, _Phones)
        return self.server.shown

    def _answer(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing: the demo's terminal is for the plant."""


class _Phones(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Answers)
        self.shown = Shown()


def _phone(topic: str, messages: list[dict[str, Any]]) -> str:
    shown = "".join(map(_message, reversed(messages)))
    return _PAGE.format(title=f"Phone of {topic}", content=shown or '<p class="soft">No messages yet.</p>')


def _message(each: dict[str, Any]) -> str:
    said = {name: html.escape(str(each.get(name) or "")) for name in ("title", "message", "click")}
    link = f'<p><a href="{said["click"]}">Open</a></p>' if said["click"].startswith("http") else ""
    at = datetime.fromtimestamp(each["time"]).astimezone()
    urgent = ' class="urgent"' if each.get("priority") == 5 else ""
    text = f'<b>{said["title"]}</b><p class="soft">{at:%H:%M:%S}</p><p>{said["message"]}</p>{link}'
    return f"<article{urgent}>{text}</article>"


@contextmanager
def serving(data_dir: Path) -> Iterator[str | None]:
    """Answer until the block ends; yields the server's address, at the same port as before where it is free. None: it
    is not, so nobody answers, and the outbox shows that.
    """
    file = data_dir / "phones.port"
    try:
        server = _Phones(int(file.read_text(encoding="ascii")) if file.exists() else 0)
    except OSError:
        yield None
        return
    file.write_text(str(server.server_port), encoding="ascii")
    served = threading.Thread(target=server.serve_forever, daemon=True)
    served.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def give(conn: Connection, address: str, *, now: datetime) -> None:
    """Have the news of its owners sent to each phone, unless they have chosen an ntfy topic. The caller commits."""
    for each in OWNERS:
        if receivers.of_user(conn, each, Channel.NTFY) is None:
            receivers.choose(
                conn, each, f"{address}/{each}", NEWS, actor=f"person:{each}", at=now, channel=Channel.NTFY
            )
