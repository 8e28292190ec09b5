"""TLS before the pages: a certificate of one's own at a real socket, and a proxy that speaks it for us."""

import datetime
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
from psycopg_pool import ConnectionPool

from api.app import create
from db.alarms import engine_alarms
from runtime.processes import certificate, patient_tls, web
from runtime.processes.certificate import Certificate
from runtime.processes.patient_http import Doors
from runtime.settings import InvalidSettings, Settings, load
from tests import people
from tests.api.access.serving import ended, silent, within
from tests.api.conftest import KEY
from tests.parts.certificates import write
from workorder_core.people.access import Role

MINUTE = 60.0
ROOT = Path(__file__).parents[3]
NOBODY = 65534
DAY = datetime.timedelta(days=1)


@pytest.fixture
def served(pool: ConnectionPool, seeded: object) -> Iterator[Callable[..., tuple[int, Certificate | None]]]:
    """Serves the application as it is run; returns the port, and the certificate that is met there."""
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.PLANNER)
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(*, doors: Doors | None = None, **more: object) -> tuple[int, Certificate | None]:
        settings = Settings(port=0, names=["plant.example"], **more)  # type: ignore[arg-type]
        shown = certificate.of(settings)
        app = create(pool, keys={"planner": KEY}, names=settings.names, pages_as="mette")
        config = web.configured(app, settings, shown)
        if doors is not None:
            config.http = patient_tls.protocol(doors, shown.context)  # type: ignore[union-attr]
        server = uvicorn.Server(config)
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


def test_connections_that_never_begin_tls_are_counted_and_shut_nobody_out(served, tmp_path) -> None:
    cert, key = write(tmp_path)
    doors = Doors(most=60, of_address=40)
    port, _ = served(tls_cert=cert, tls_key=key, doors=doors)
    with silent(f"http://127.0.0.1:{port}", 150):
        within(lambda: len(doors._open) == 40)
        for _ in range(5):
            assert ask_by_tls(port, cert).status_code == 200


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"], ids=repr)
def test_a_handshake_that_does_not_come_is_given_up(served, tmp_path, monkeypatch, said) -> None:
    cert, key = write(tmp_path)
    doors = Doors()
    port, _ = served(tls_cert=cert, tls_key=key, doors=doors)
    assert ask_by_tls(port, cert).status_code == 200
    monkeypatch.setattr(patient_tls, "HANDSHAKE_S", 0.3)
    with silent(f"http://127.0.0.1:{port}", 1) as (wire,):
        wire.sendall(said)
        assert ended(wire)
    within(lambda: not doors._open)


def ask_by_tls(port: int, cert: Path) -> httpx.Response:
    trusted = ssl.create_default_context(cafile=str(cert))
    return httpx.get(f"https://127.0.0.1:{port}/health/live", verify=trusted, timeout=MINUTE)


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


def test_a_certificate_near_its_end_is_an_alarm_until_it_is_renewed(pool, tmp_path) -> None:
    def codes() -> set[str]:
        with pool.connection() as conn:
            return {each.code for each in engine_alarms.standing(conn, now=datetime.datetime.now(datetime.UTC))}

    cert, key = write(tmp_path, ends=13 * DAY)
    shown = certificate.of(Settings(tls_cert=cert, tls_key=key))
    assert shown is not None
    certificate.note_end(shown, pool)
    assert "certificate_ends" in codes()
    write(tmp_path, ends=30 * DAY)
    key.write_text("half a ke")
    assert not shown.look()
    certificate.note_end(shown, pool)
    assert "certificate_ends" in codes(), "the new one is not used"
    write(tmp_path, ends=30 * DAY)
    assert shown.look()
    certificate.note_end(shown, pool)
    assert "certificate_ends" not in codes()


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


def by_somebody_else(settings: Settings) -> str:
    """Return what is said of a certificate by a process that is not root and owns no file here."""
    read, said = os.pipe()
    if (child := os.fork()) == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            certificate.of(settings)
            os.write(said, b"it is used")
        except BaseException as problem:  # noqa: BLE001 - the parent looks at it
            os.write(said, f"{type(problem).__name__}: {problem}".encode())
        finally:
            os._exit(0)
    os.close(said)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


CLOSED = {
    "nothing is": (None, "it is used"),
    "the key is": ("plant.key", "InvalidSettings: tls_key: {}/plant.key may not be read by this user; let"),
    "the certificate is": ("plant.crt", "InvalidSettings: tls_cert: {}/plant.crt may not be read by this user; let"),
    "their folder is": (".", "InvalidSettings: tls_cert: {}/plant.crt may not be read by this user; let"),
}


@pytest.mark.parametrize(("closed", "said"), CLOSED.values(), ids=CLOSED)
def test_a_file_that_may_not_be_read_is_named_with_what_to_do_where(closed, said, data_dir) -> None:
    cert, key = write(data_dir)
    for file in (cert, key):
        file.chmod(0o644)
    if closed is not None:
        (data_dir / closed).chmod(0)
    assert by_somebody_else(Settings(tls_cert=cert, tls_key=key)).startswith(said.format(data_dir))
    data_dir.chmod(0o711)


DATES = {
    "it is over": ({"ends": -DAY}, "certificate expired, browsers refuse it; renew it"),
    "it has not begun": ({"begins": DAY}, "certificate not valid yet, browsers refuse it; check the clock"),
}


@pytest.mark.parametrize(("dates", "said"), DATES.values(), ids=DATES)
def test_a_certificate_whose_dates_browsers_refuse_is_named_in_the_log_where(dates, said, tmp_path) -> None:
    cert, key = write(tmp_path, **dates)
    with structlog.testing.capture_logs() as logs:
        assert certificate.of(Settings(tls_cert=cert, tls_key=key)) is not None
    assert [(each["event"], each["file"]) for each in logs] == [(said, str(cert))]


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
    assert load().names == (["plant.example"] if "PLANTWRIGHT_NAMES=" in text else [])


def test_the_examples_of_proxies_set_each_header_that_is_believed_and_append_to_none() -> None:
    """Caddy replaces the three by itself."""
    nginx = (DEPLOY / "nginx.conf").read_text()
    values = dict(re.findall(r"^ +proxy_set_header (\S+) (\S+);", nginx, re.MULTILINE))
    assert values.keys() >= {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}
    assert values["X-Forwarded-For"] == "$remote_addr"
    for text in (nginx, (DEPLOY / "Caddyfile").read_text()):
        for name, value in re.findall(r"(PLANTWRIGHT_\w+)='([^']*)'", text):
            assert load(**{name.removeprefix("PLANTWRIGHT_").lower(): json.loads(value)})
