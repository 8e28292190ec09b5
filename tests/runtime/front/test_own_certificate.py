"""The API as a process with a certificate of its own: from its start to a renewed certificate."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from db.events import events
from tests import people
from tests.parts import certificates
from tests.parts.event_streams import MINUTE
from tests.runtime.front.front import Front, free_port
from tests.runtime.processes import kills
from workorder_core.people.access import Role


@pytest.mark.slow
def test_a_process_speaks_tls_by_its_own_certificate_and_uses_a_renewed_one(database: str, data_dir: Path) -> None:
    cert, key = certificates.write(data_dir)
    with psycopg.connect(database) as conn:
        people.add_user(conn, "mette", Role.PLANNER)
    port = free_port()
    env = kills.environment(
        database=database, port=port, names='["plant.example"]', tls_cert=cert, tls_key=key, data_dir=data_dir
    )
    front = Front(port, cert)
    with kills.plantwright("api", env=env, log=data_dir / "log") as api:
        api.wait_until(front.answers, "it answers by TLS")
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=MINUTE)
        with front.client() as client:
            signed_in = front.sign_in(client, "mette")
            assert signed_in.status_code == 303
            assert all(
                {"Secure", "HttpOnly", "SameSite=lax"} <= {each.strip() for each in cookie.split(";")}
                for cookie in signed_in.headers.get_list("set-cookie")
            )
            assert signed_in.headers["strict-transport-security"] == "max-age=31536000"
            with front.stream(client) as stream:
                with psycopg.connect(database) as conn:
                    events.append(conn, "order.changed", "it", at=datetime.now(UTC))
                assert stream.until(lambda name, _: name == "message")[0]["subject"] == "it"
                first = ssl.get_server_certificate(("127.0.0.1", port))
                certificates.write(data_dir, ends=timedelta(days=90))
                api.wait_until(
                    lambda: ssl.get_server_certificate(("127.0.0.1", port)) == cert.read_text() != first,
                    "the renewed certificate is used",
                )
                with psycopg.connect(database) as conn:
                    events.append(conn, "order.changed", "later", at=datetime.now(UTC))
                assert stream.until(lambda name, _: name == "message")[0]["subject"] == "later", "the stream goes on"
        api.stop()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["serve", "api"])
def test_a_process_whose_certificate_cannot_be_used_ends_with_the_reason(
    database: str, data_dir: Path, command: str
) -> None:
    cert, _ = certificates.write(data_dir)
    (data_dir / "other").mkdir()
    _, key = certificates.write(data_dir / "other")
    env = kills.environment(database=database, port=free_port(), tls_cert=cert, tls_key=key, data_dir=data_dir)
    with kills.plantwright(command, env=env, log=data_dir / "log") as running:
        assert running.ended() == 2
        said = " ".join(running.said().split())
    assert f"tls_key: {key} is not the key of the certificate {cert}; name its own key" in said
    assert "Traceback" not in said
