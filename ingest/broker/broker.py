"""The address of a broker, and the error when it cannot be used."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


class BrokerUnreachable(Exception):
    """The broker did not answer, or refused us. ``closed``: an established connection was lost."""

    closed = False

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(f"the broker at {url} cannot be used: {problem}")
        self.url, self.problem = url, problem


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """``mqtt://[user[:password]@]host[:port]``, or ``mqtts://`` for TLS; 1883 and 8883 are the usual ports."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    @classmethod
    def of(cls, url: str) -> "BrokerAddress":
        """Read a broker's URL. Raises ValueError with what to do."""
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            shown = url.rpartition("@")[2]  # what comes before may be a password
            raise ValueError(f"{shown!r} is not a broker: write mqtt://host:1883 or mqtts://host:8883")
        tls = parts.scheme == "mqtts"
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.hostname, parts.port or (8883 if tls else 1883), tls, user, password)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"
