"""A real HTTP receiver and a real mail server with TLS, on loopback, that say what they got."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from runtime.broker import files


@dataclass(frozen=True, slots=True)
class Request:
    """What came, with what was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(slots=True)
class HttpReceiver:
    """Keeps what is posted to it. ``answer`` gives the status of each, by its number."""

    answer: Callable[[int], int] = lambda _: 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[], object] = lambda: None
    port: int = 0
    got: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def accepted(self) -> list[str]:
        """The ids of what was answered with success, in order."""
        return [each.id for each in self.got if 200 <= each.status < 300]

    @contextmanager
    def serving(self) -> Iterator["HttpReceiver"]:
        """Serve, at the same port as before if there was one."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answer(len(receiver.got))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Request(headers, body, status))
                receiver.before_answer()
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@cache
def certificates() -> Path:
    """A folder with an authority, ca.crt, and the certificate that it gave 127.0.0.1, server.crt."""
    folder = Path(mkdtemp())
    files.make(folder, hosts=["127.0.0.1", "localhost"], devices={}, days=2)
    return folder


@dataclass(slots=True)
class MailServer:
    """Accepts mail over STARTTLS only, from one user; refuses the addresses in ``refuses`` with the code there."""

    refuses: dict[str, int] = field(default_factory=dict)
    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refuses:
            return f"{self.refuses[address]} no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 accepted"

    @contextmanager
    def serving(self) -> Iterator["MailServer"]:
        """Serve at a free port."""
        folder = certificates()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / "server.crt", folder / "server.key")

        def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, said: Any) -> AuthResult:
            return AuthResult(
                handled=False,
                success=isinstance(said, LoginPassword) and (said.login, said.password) == (b"plant", b"secret"),
            )

        if not self.port:
            # The controller looks whether it can be reached at the port that it was given.
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        controller = Controller(
            self,
            "127.0.0.1",
            self.port,
            tls_context=tls,
            require_starttls=True,
            authenticator=known,
            auth_required=True,
        )
        controller.start()
        try:
            yield self
        finally:
            controller.stop()
