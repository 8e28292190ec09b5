"""Sends one message to a webhook: signed by Standard Webhooks, sent once, its response read as far as needed."""

import json
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
from standardwebhooks import Webhook

from db.events.deliveries import Head
from runtime.delivery.reach import CheckedBackend, Deadline, Network, NoAddress, NotAllowed, TooLong
from workorder_core.notifying.attempts import Fault, Outcome
from workorder_core.sentences import kept

WITHIN_S = 15.0
"""Seconds from resolving the name to the end of the response."""
CONNECT_S = 5.0
ANSWER_MOST = 16_384
"""Bytes read of a response's body; the rest is ignored."""


def body(head: Head) -> str:
    """Return a message as it is sent, the same each time: the event's kind, time and data."""
    content: dict[str, Any] = {
        "type": head.kind,
        "timestamp": head.at.astimezone(UTC).isoformat(),
        "data": {
            "event_id": head.event_id,
            "site": head.site,
            "asset_id": head.asset_id,
            "order_id": None if head.order_id is None else str(head.order_id),
            "subject": head.subject,
            **head.data,
        },
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends to webhooks. ``allowed`` are the non-public networks that may be reached."""

    allowed: Sequence[Network] = ()
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    version: str = "0"

    def send(self, head: Head, secrets: Sequence[str], *, now: datetime) -> Outcome:
        """Send a message once, signed with each of the secrets; every problem becomes an outcome.

        ``now``, the wall clock, goes into the signatures.
        """
        text = body(head)
        signed = " ".join(Webhook(each).sign(str(head.uid), now.astimezone(UTC), text) for each in secrets)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"Plantwright/{self.version}",
            "Webhook-Id": str(head.uid),
            "Webhook-Timestamp": str(int(now.timestamp())),
            "Webhook-Signature": signed,
            "Connection": "close",
        }
        return self.post(head.address, headers, text.encode())

    def post(self, url: str, headers: dict[str, str], content: bytes) -> Outcome:
        """Send a request once to an allowed address; every problem becomes an outcome."""
        try:
            return self._post(url, headers, content)
        except NotAllowed as error:
            return Outcome(Fault.PASSING, str(error))
        except NoAddress as error:
            return Outcome(Fault.PASSING, str(error))
        except (TooLong, httpcore.TimeoutException):
            return Outcome(Fault.PASSING, kept("no whole answer within {seconds:g} s", seconds=WITHIN_S))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            return Outcome(Fault.PASSING, kept("no connection: {error}", error=error or type(error).__name__))

    def _post(self, url: str, headers: dict[str, str], content: bytes) -> Outcome:
        deadline = Deadline.within(WITHIN_S)
        backend = CheckedBackend(self.allowed, deadline)
        waits = {"timeout": {"connect": CONNECT_S, "read": WITHIN_S, "write": WITHIN_S, "pool": WITHIN_S}}
        # No proxy from the environment: it would connect for us to unchecked addresses. No redirects either.
        with (
            httpcore.ConnectionPool(ssl_context=self.tls, network_backend=backend, retries=0) as pool,
            pool.stream("POST", url, headers=list(headers.items()), content=content, extensions=waits) as answer,
        ):
            said = b""
            for piece in answer.iter_stream():
                said += piece
                if len(said) >= ANSWER_MOST:
                    break
            waits_for = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
            return _outcome(answer.status, said[:ANSWER_MOST], retry_after(waits_for.decode("latin-1"), now=_now()))


def _now() -> datetime:
    return datetime.now(UTC)


def retry_after(header: str, *, now: datetime) -> timedelta | None:
    """Return how long a response asks to wait, in seconds or as a date of HTTP; None where it says nothing of use."""
    text = header.strip()
    if re.fullmatch("[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(0), at.replace(tzinfo=at.tzinfo or UTC) - now)


def _outcome(status: int, said: bytes, waits: timedelta | None) -> Outcome:
    if 200 <= status < 300:
        return Outcome(None, kept("answered {status}", status=status), status)
    start = " ".join(said.decode("utf-8", "replace").split())[:200]
    detail = kept("answered {status}", status=status) + (f": {start}" if start else "")
    if status == 410:
        return Outcome(Fault.GONE, detail, status)
    if 300 <= status < 400:
        detail = kept(
            "answered {status}, a redirect, which is not followed: give the receiver the address that it leads to",
            status=status,
        )
    return Outcome(Fault.PASSING, detail, status, waits)
