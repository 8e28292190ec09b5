"""TLS before the pages: a certificate of one's own at a real socket, and a proxy that speaks it for us."""

import datetime
import ipaddress
import json
import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import structlog
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg_pool import ConnectionPool

from api.app import create
from runtime.processes import certificate, web
from runtime.processes.certificate import Certificate
from runtime.settings import InvalidSettings, Settings, load
from tests import people
from tests.api.conftest import KEY
from workorder_core.people.access import Role

MINUTE = 60.0
ROOT = Path(__file__).parents[3]
PEM = serialization.Encoding.PEM
FORM = (PEM, serialization.PrivateFormat.PKCS8)


def write(folder: Path, *, name: str = "plant.example", password: bytes | None = None) -> tuple[Path, Path]:
    """Write a certificate that signs itself, and its key; a later one takes the place of an earlier."""
    key = ec.generate_private_key(ec.SECP256R1())
    called, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    files = folder / "plant.crt", folder / "plant.key"
    for file, content in zip(files, (made.public_bytes(PEM), key.private_bytes(*FORM, locked)), strict=True):
        beside = file.with_suffix(".new")
        beside.write_bytes(content)
        beside.replace(file)
    return files


@pytest.fixture
def served(pool: ConnectionPool, seeded: object) -> Iterator[Callable[..., tuple[int, Certificate | None]]]:
    """Serves the application as it is run; returns the port, and the certificate that is met there."""
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.PLANNER)
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(**more: object) -> tuple[int, Certificate | None]:
        settings = Settings(port=0, names=["plant.example"], **more)  # type: ignore[arg-type]
        shown = certificate.of(settings)
        app = create(pool, keys={"planner": KEY}, names=settings.names, pages_as="mette")
        server = uvicorn.Server(web.configured(app, settings, shown))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        deadline = time.monotonic() + MINUTE
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return server.servers[0].sockets[0].getsockname()[1], shown

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join(MINUTE)


def sign_in(client: httpx.Client, url: str, **headers: str) -> httpx.Response:
    form = {"name": "mette", "password": people.PASSWORD}
    return client.post(f"{url}/login", data=form, headers=headers, timeout=MINUTE)


def test_by_a_certificate_of_ones_own_cookies_are_secure_and_tls_is_strict(served, tmp_path) -> None:
    cert, key = write(tmp_path)
    port, _ = served(tls_cert=cert, tls_key=key)
    with httpx.Client(verify=ssl.create_default_context(cafile=str(cert))) as client:
        url, host = f"https://127.0.0.1:{port}", f"plant.example:{port}"
        answer = sign_in(client, url, host=host, origin=f"https://{host}")
        assert answer.status_code == 303
        assert all("Secure" in each for each in answer.headers.get_list("set-cookie"))
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert sign_in(client, url, host=host, origin=f"http://{host}").status_code == 403, (
            "not by the page without TLS"
        )
        at_home = client.get(f"{url}/login")
        assert "strict-transport-security" not in at_home.headers, "a loopback name is shared with other programs"


def test_without_tls_there_is_no_word_of_it(served) -> None:
    port, _ = served()
    answer = sign_in(httpx.Client(), f"http://127.0.0.1:{port}", host="plant.example", origin="http://plant.example")
    assert answer.status_code == 303
    assert "strict-transport-security" not in answer.headers
    assert not [each for each in answer.headers.get_list("set-cookie") if "Secure" in each]


def test_a_renewed_certificate_is_met_without_a_restart_and_a_broken_one_changes_nothing(served, tmp_path) -> None:
    cert, key = write(tmp_path)
    port, shown = served(tls_cert=cert, tls_key=key)
    first = ssl.get_server_certificate(("127.0.0.1", port))
    assert not shown.look()
    whole = key.read_bytes()
    key.write_bytes(b"half a ke")
    with structlog.testing.capture_logs() as logs:
        assert not shown.look()
    assert [each["event"] for each in logs] == ["new certificate invalid, keeping the old one"]
    assert ssl.get_server_certificate(("127.0.0.1", port)) == first
    key.write_bytes(whole)
    write(tmp_path)
    assert shown.look()
    assert ssl.get_server_certificate(("127.0.0.1", port)) == cert.read_text() != first


def no_key(folder: Path) -> dict[str, Path]:
    return {"tls_cert": write(folder)[0]}


def another_key(folder: Path) -> dict[str, Path]:
    (folder / "other").mkdir()
    return {"tls_cert": write(folder)[0], "tls_key": write(folder / "other")[1]}


def swapped(folder: Path) -> dict[str, Path]:
    cert, key = write(folder)
    return {"tls_cert": key, "tls_key": cert}


def locked(folder: Path) -> dict[str, Path]:
    cert, key = write(folder, password=b"secret")
    return {"tls_cert": cert, "tls_key": key}


MISTAKES = {
    "no file": (lambda folder: {"tls_cert": folder / "no.crt"}, "tls_cert: there is no file .*no.crt; write"),
    "no key": (no_key, "tls_cert: .*plant.crt has no key in it .*; name the key's file as tls_key"),
    "no key's file": (lambda folder: no_key(folder) | {"tls_key": folder / "no"}, "tls_key: there is no file"),
    "another certificate's key": (another_key, "tls_key: .*plant.key is not the key of the certificate .*plant.crt"),
    "cert and key swapped": (swapped, "tls_cert: .*plant.key is no PEM certificate"),
    "a key with a password": (locked, "tls_key: .*plant.key is locked by a password; write it without: openssl"),
    "a key alone": (lambda folder: {"tls_key": write(folder)[1]}, "tls_key without tls_cert"),
}


@pytest.mark.parametrize(("files", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_files_that_cannot_be_used_are_named_with_what_to_do(files, sentence, tmp_path) -> None:
    with pytest.raises(InvalidSettings, match=sentence):
        certificate.of(Settings(**files(tmp_path)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_may_not_be_read_is_said_to_be_one(tmp_path) -> None:
    cert, key = write(tmp_path)
    key.chmod(0)
    with pytest.raises(InvalidSettings, match=r"tls_key: .*plant.key may not be read by this user"):
        certificate.of(Settings(tls_cert=cert, tls_key=key))


def test_a_named_proxys_word_makes_cookies_secure_and_origins_right_and_is_the_address_in_the_log(served) -> None:
    port, _ = served(proxies=["127.0.0.0/8"])
    said = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-host": "plant.example"}
    with httpx.Client() as client, structlog.testing.capture_logs() as logs:
        answer = sign_in(client, f"http://127.0.0.1:{port}", origin="https://plant.example", **said)
    assert answer.status_code == 303
    assert all("Secure" in each for each in answer.headers.get_list("set-cookie"))
    assert answer.headers["strict-transport-security"]
    assert [(each["user"], each["address"]) for each in logs if each["event"] == "signed in"] == [
        ("mette", "203.0.113.9")
    ]
    for wrong in ({"origin": "https://evil.example"}, {"origin": "http://plant.example"}):
        assert sign_in(httpx.Client(), f"http://127.0.0.1:{port}", **said, **wrong).status_code == 403
    another = httpx.get(f"http://127.0.0.1:{port}/login", headers=said | {"x-forwarded-host": "evil.example"})
    assert another.status_code == 421


def test_the_header_forwarded_is_read_where_the_plant_says_so(served) -> None:
    port, _ = served(proxies=["127.0.0.1"], proxy_headers="forwarded")
    said = {"forwarded": "for=203.0.113.9;proto=https;host=plant.example", "x-forwarded-proto": "http"}
    answer = sign_in(httpx.Client(), f"http://127.0.0.1:{port}", origin="https://plant.example", **said)
    assert answer.status_code == 303
    assert all("Secure" in each for each in answer.headers.get_list("set-cookie"))


def test_what_an_unnamed_peer_says_is_ignored_and_it_is_nobody_at_home(served) -> None:
    """Not even from this machine: a proxy that nobody named brings strangers with its own loopback address."""
    port, _ = served(proxies=["10.0.0.0/8"])
    url = f"http://127.0.0.1:{port}"
    said = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-host": "plant.example"}
    with httpx.Client() as client, structlog.testing.capture_logs() as logs:
        assert client.get(f"{url}/login").status_code == 303, "at home nobody is asked for a password"
        client.cookies.clear()
        for header, value in {**said, "forwarded": "for=1.2.3.4", "x-real-ip": "1.2.3.4", "via": "1.1 x"}.items():
            assert client.get(f"{url}/login", headers={header: value}).status_code == 200, header
        answer = sign_in(client, url, origin=url, **said)
    assert answer.status_code == 303
    assert not [each for each in answer.headers.get_list("set-cookie") if "Secure" in each]
    assert "strict-transport-security" not in answer.headers
    assert [each["address"] for each in logs if each["event"] == "signed in"] == ["127.0.0.1"]


DEPLOY, OPERATIONS = ROOT / "deploy", ROOT / "docs" / "operations.md"


@pytest.mark.parametrize(
    "text", re.findall(r"^```settings\n(.*?)^```", OPERATIONS.read_text(), re.MULTILINE | re.DOTALL)
)
def test_the_settings_of_the_page_are_accepted(text, monkeypatch) -> None:
    for line in text.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    assert load().names == ["plant.example"]


def test_the_examples_of_proxies_set_each_header_that_is_believed_and_append_to_none() -> None:
    """Caddy replaces the three by itself."""
    nginx = (DEPLOY / "nginx.conf").read_text()
    values = dict(re.findall(r"^ +proxy_set_header (\S+) (\S+);", nginx, re.MULTILINE))
    assert values.keys() >= {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}
    assert values["X-Forwarded-For"] == "$remote_addr"
    for text in (nginx, (DEPLOY / "Caddyfile").read_text()):
        for name, value in re.findall(r"(PLANTWRIGHT_\w+)='([^']*)'", text):
            assert load(**{name.removeprefix("PLANTWRIGHT_").lower(): json.loads(value)})
