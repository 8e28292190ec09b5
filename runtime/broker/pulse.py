"""How long messages wait for us at the broker: a message of our own takes the same path as the others, and is timed.

A broker does not reveal how much it has queued for a client. What we publish to ourselves at QoS 1 is queued behind
everything that came before it; so its age when it returns is theirs, and while it is away they are at least as old.

It is signed with a key that only the plant's database has, and one older than the newest is ignored: others who publish
on its topic, or replay what we sent, can make the engine look neither late nor on time. Its topic does not reveal the
session's name, which may be a secret.
"""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.messages import Message

PREFIX = "plantwright/pulse/"
EVERY_S = 1.0
LOST_AFTER_S = 10.0
"""How long the connection must be silent until a missing pulse counts as lost. The broker may not let us publish it."""


@dataclass(slots=True)
class Pulse:
    """At most one pulse is in flight. It carries the wall clock's time, so that one from before a restart counts."""

    topic: str
    key: bytes
    newest_us: int = 0
    sent_us: int | None = None
    sent_at: float = -EVERY_S
    newest_lag_s: float = 0.0
    heard_at: float = 0.0

    @classmethod
    def of(cls, client_id: str, key: bytes) -> "Pulse":
        return cls(PREFIX + hashlib.sha256(client_id.encode()).hexdigest()[:16], key)

    def due(self, now_us: int) -> bytes | None:
        """Return what to publish, if anything."""
        now = time.monotonic()
        if self.sent_us is not None or now - self.sent_at < EVERY_S:
            return None
        self.sent_us, self.sent_at = now_us, now
        return self._signed(now_us)

    def sift(self, batch: Sequence[Message], now_us: int) -> Sequence[Message]:
        """Return the batch without pulses, ours or anybody's, and record ours."""
        if not batch:
            if self.sent_us is not None and time.monotonic() - max(self.sent_at, self.heard_at) > LOST_AFTER_S:
                self.sent_us, self.newest_lag_s = None, 0.0
            return batch
        self.heard_at = time.monotonic()
        if not any(message.topic.startswith(PREFIX) for message in batch):
            return batch
        for message in batch:
            sent_us = self._read(message)
            if sent_us is not None and self.newest_us < sent_us <= now_us:
                self.newest_us = sent_us
                self.newest_lag_s = max(0.0, (now_us - sent_us) / 1e6)
                if self.sent_us is not None and sent_us >= self.sent_us:
                    self.sent_us = None
        return [message for message in batch if not message.topic.startswith(PREFIX)]

    def follow_clock(self, now_us: int) -> None:
        """Continue after the wall clock was set: pulses sent before are of another clock, and do not count."""
        self.newest_us, self.sent_us, self.newest_lag_s = now_us, None, 0.0

    def _signed(self, sent_us: int) -> bytes:
        said = b"%d" % sent_us
        sign = hmac.new(self.key, self.topic.encode() + b" " + said, hashlib.sha256).hexdigest()
        return said + b" " + sign.encode()

    def _read(self, message: Message) -> int | None:
        """Return when a pulse of ours was sent; None if somebody else published it."""
        said, _, _ = message.payload[:100].partition(b" ")
        if message.topic != self.topic or not said.isdigit() or len(said) > 17:
            return None
        sent_us = int(said)
        return sent_us if hmac.compare_digest(message.payload, self._signed(sent_us)) else None

    def lag_s(self, now_us: int) -> float:
        """Return how long messages arriving now have waited, at least."""
        waiting = 0.0 if self.sent_us is None else (now_us - self.sent_us) / 1e6
        return max(self.newest_lag_s, waiting)
