"""Sends one message to a topic of an ntfy server (https://docs.ntfy.sh/publish/): one POST of JSON to the server."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from runtime.delivery.webhook import Sender
from workorder_core.notifying.attempts import Fault, Outcome
from workorder_core.notifying.letters import Letter
from workorder_core.sentences import kept

URGENT, USUAL = 5, 3
"""Priorities of ntfy, from 1 to 5: 5 rings until it is seen to, 3 is the usual one."""
LONGEST = 3500
"""Characters of a message; ntfy makes a file of what is longer than 4096 bytes."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The ntfy servers that people may use, as their addresses, and what sends to them."""

    allowed: frozenset[str]
    sender: Sender

    def send(self, address: str, token: str | None, letter: Letter, *, urgent: bool, uid: str) -> Outcome:
        """Send a message once to ``https://server/topic``; every problem becomes an outcome."""
        server, topic = split(address)
        if server not in self.allowed:
            return Outcome(Fault.OWN, kept("{server} is no ntfy server of the setting ntfy_servers", server=server))
        headers = {"Content-Type": "application/json", "User-Agent": f"Plantwright/{self.sender.version}"}
        headers["Connection"] = "close"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        outcome = self.sender.post(server + "/", headers, _body(topic, letter, urgent=urgent, uid=uid))
        if outcome.status in (401, 403):
            return Outcome(Fault.FINAL, outcome.detail, outcome.status)
        return outcome


def _body(topic: str, letter: Letter, *, urgent: bool, uid: str) -> bytes:
    text = "\n".join(letter.lines)
    content: dict[str, object] = {"topic": topic, "title": letter.subject}
    content |= {"message": text[:LONGEST], "priority": URGENT if urgent else USUAL}
    # A later message with the same id replaces the earlier one where it is shown.
    content["sequence_id"] = uid
    if urgent:
        content["tags"] = ["rotating_light"]
    if letter.link:
        content["click"] = letter.link
        content["actions"] = [{"action": "view", "label": "Plantwright", "url": letter.link}]
    return json.dumps(content, ensure_ascii=False).encode()


def split(address: str) -> tuple[str, str]:
    """Return the server and the topic of an address, ``https://ntfy.example.com/topic``."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}", parts.path.strip("/")
