"""nginx and Caddy before the API, by the examples of the folder deploy, as processes of their own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from db.events import events
from tests import people
from tests.parts import certificates, front_proxies
from tests.parts.event_streams import MINUTE
from tests.parts.fetch import PartMissing
from tests.runtime.front.front import NAME, Front, ask, free_port
from tests.runtime.processes import kills
from workorder_core.people.access import Role

FORGED = {
    "X-Forwarded-For": "203.0.113.6",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "203.0.113.6",
    "Forwarded": "for=203.0.113.6;proto=http;host=evil.example",
}
"""What a stranger writes, so that it is believed of them."""


class Plant:
    """The API behind a proxy."""

    def __init__(self, front: Front, plain: int, behind: int, api: kills.Running) -> None:
        self.front, self.plain, self.behind, self.api = front, plain, behind, api


@pytest.fixture(params=["nginx", "caddy"])
def plant(request: pytest.FixtureRequest, database: str, data_dir: Path) -> Iterator[Plant]:
    proxy = getattr(front_proxies, request.param)
    try:
        front_proxies.provide(request.param)
    except PartMissing as missing:
        pytest.skip(f"NOT TRIED: {missing}")
    cert, key = certificates.write(data_dir)
    for file in (cert, key):
        file.chmod(0o644)
    plain, tls, behind = free_port(), free_port(), free_port()
    with psycopg.connect(database) as conn:
        people.add_user(conn, "mette", Role.PLANNER)
    env = kills.environment(database=database, port=behind, names=f'["{NAME}"]', proxies='["127.0.0.1"]')
    front, folder = Front(tls, cert), data_dir / "proxy"
    folder.mkdir()
    with (
        kills.plantwright("api", env=env, log=data_dir / "log") as api,
        proxy(folder, plain=plain, tls=tls, behind=behind, cert=cert, key=key) as runs,
    ):

        def answers() -> bool:
            runs()
            return front.answers()

        api.wait_until(answers, "it answers behind the proxy")
        yield Plant(front, plain, behind, api)


@pytest.mark.slow
def test_behind_a_proxy_people_are_known_by_their_own_address_and_nothing_of_tls_is_lost(plant, database) -> None:
    front = plant.front
    to_tls = httpx.get(f"http://127.0.0.1:{plant.plain}/orders?x=1", headers={"Host": NAME}, timeout=MINUTE)
    assert to_tls.status_code in (301, 308)
    assert to_tls.headers["location"].startswith(f"https://{NAME}")
    assert to_tls.headers["location"].endswith("/orders?x=1")

    with front.client(address="127.0.0.5") as client:
        signed_in = front.sign_in(client, "mette", **FORGED)
        assert signed_in.status_code == 303, signed_in.text
        assert all("Secure" in each for each in signed_in.headers.get_list("set-cookie"))
        assert signed_in.headers["strict-transport-security"]
        assert "127.0.0.5" in plant.api.said()
        assert "203.0.113.6" not in plant.api.said()
        for origin in ("https://evil.example", f"http://{NAME}"):
            assert front.sign_in(client, "mette", Origin=origin).status_code == 403

        with front.stream(client) as stream, psycopg.connect(database) as conn:
            for number in range(3):
                events.append(conn, "order.changed", str(number), at=datetime.now(UTC))
                conn.commit()
                assert stream.until(lambda name, _: name == "message")[-1]["subject"] == str(number), "not kept back"

    wrong = {"password": "wrong"}
    with front.client(address="127.0.0.6") as client, front.client(address="127.0.0.7") as other:
        for _ in range(10):
            assert front.sign_in(client, "mette", **wrong).status_code == 401
        assert front.sign_in(client, "mette", **wrong).status_code == 429
        assert front.sign_in(other, "mette", **wrong).status_code == 401, "counted by the address of each"
    believes_nobody_who_goes_around_the_proxy(plant)


def believes_nobody_who_goes_around_the_proxy(plant: Plant) -> None:
    """Ask from another address than the proxy's, with the headers that the proxy sets."""
    around = httpx.HTTPTransport(local_address="127.0.0.9")
    said = {
        "Host": NAME,
        "X-Forwarded-For": "203.0.113.6",
        "X-Forwarded-Proto": "https",
        "Origin": f"https://{NAME}",
    }
    with httpx.Client(base_url=f"http://127.0.0.1:{plant.behind}", transport=around, timeout=MINUTE) as client:
        answer = client.post("/login", data={"name": "mette", "password": people.PASSWORD}, headers=said)
        assert "strict-transport-security" not in answer.headers
        assert not any("Secure" in each for each in answer.headers.get_list("set-cookie"))
    assert "203.0.113.6" not in plant.api.said()
    with plant.front.client() as client:
        stranger = ask(client, "GET", "/login", headers={"Host": "evil.example"})
    assert "<form" not in stranger.text
    assert "evil.example" not in stranger.text + str(stranger.headers)
