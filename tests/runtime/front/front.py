"""What people reach by https under the name plant.example, whoever speaks TLS there."""

import random
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from runtime.embedded.process import port_is_free
from tests import people
from tests.parts.event_streams import MINUTE, Stream

NAME = "plant.example"


def free_port() -> int:
    """Return a port that nobody listens at, of those that no client of this machine is given meanwhile."""
    return next(port for _ in range(1_000) if port_is_free(port := random.randint(20_000, 32_000)))


class Front:
    """The door of a plant, met by who trusts its certificate, from any address of this machine."""

    def __init__(self, port: int, cert: Path) -> None:
        self.url = f"https://127.0.0.1:{port}"
        self._trusted = ssl.create_default_context(cafile=str(cert))

    def client(self, *, address: str = "127.0.0.1") -> httpx.Client:
        """Return a client that calls the plant by its name."""
        return httpx.Client(
            base_url=self.url,
            headers={"Host": NAME},
            transport=httpx.HTTPTransport(verify=self._trusted, local_address=address),
            timeout=MINUTE,
        )

    def answers(self) -> bool:
        """Whether the plant behind it is ready."""
        try:
            with self.client() as client:
                return ask(client, "GET", "/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def sign_in(
        self, client: httpx.Client, name: str, *, password: str = people.PASSWORD, **headers: str
    ) -> httpx.Response:
        """Send the form of the page where people sign in, as a browser does."""
        origin = {"Origin": f"https://{NAME}"}
        return ask(client, "POST", "/login", data={"name": name, "password": password}, headers=origin | headers)

    @contextmanager
    def stream(self, client: httpx.Client) -> Iterator[Stream]:
        """Open the stream of events as the client, and wait until it follows the list."""
        asked = client.build_request(
            "GET",
            "/api/v1/events",
            headers={"Accept": "text/event-stream", "Cookie": _cookies(client)},
            extensions={"sni_hostname": NAME, "timeout": httpx.Timeout(MINUTE).as_dict()},
        )
        answer = client.send(asked, stream=True)
        try:
            assert answer.status_code == 200, answer.read()
            stream = Stream(answer.iter_lines())
            while (read := stream.next()) is not None and read[0] != "ready":
                pass
            yield stream
        finally:
            answer.close()


def ask(client: httpx.Client, method: str, path: str, **more: object) -> httpx.Response:
    """Ask by the plant's name, which is in the handshake too."""
    return client.request(method, path, extensions={"sni_hostname": NAME}, **more)  # type: ignore[arg-type]


def _cookies(client: httpx.Client) -> str:
    return "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
