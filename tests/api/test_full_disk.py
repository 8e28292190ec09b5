"""The database's disk is full: what would change something says so with 503, and reads go on."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from db.schema import migrate
from runtime.embedded import postgres
from tests import a_plant
from tests.parts import pictures

KEY = "planner-key-0123456789"
V1 = "/api/v1"
DISK_MB = 200


@pytest.fixture
def small_disk(data_dir: Path) -> Iterator[Path]:
    """A file system of our own, to be filled."""
    place = data_dir / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("NOT TRIED: a full disk: this machine lets us mount no file system of our own")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


@pytest.fixture
def tables_on_it(small_disk: Path, data_dir: Path) -> Iterator[str]:
    """The URL of a plant's database whose tables alone lie on the small disk: its log of writes has room."""
    server = postgres.start(data_dir / "postgres")
    try:
        owner = (data_dir / "postgres" / "data").stat()
        os.chown(small_disk, owner.st_uid, owner.st_gid)
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'".encode())
            conn.execute("CREATE DATABASE full_one TABLESPACE small")
        url = server.url.rpartition("/")[0] + "/full_one"
        migrate(url)
        with psycopg.connect(url) as conn:
            a_plant.build(conn, now=datetime.now(UTC), days=0.1)
        yield url
    finally:
        server.stop()


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))


def test_on_a_full_disk_what_changes_something_says_so_and_reads_go_on(tables_on_it: str, small_disk: Path) -> None:
    with ConnectionPool(tables_on_it, min_size=1, max_size=2, open=True) as pool:
        client = TestClient(create(pool, keys={"planner": KEY}), "http://localhost", headers={"X-API-Key": KEY})
        (order,) = client.get(f"{V1}/work-orders", params={"limit": 1}).json()["items"]
        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="No space left"):
            _fill(ballast)

        # What fits into pages that are there still goes; a picture of 2 MB needs new ones.
        picture = {"file": ("seen.png", pictures.noise("PNG", 820), "image/png")}

        def attach(key: str):
            return client.post(
                f"{V1}/work-orders/{order['id']}/attachments", files=picture, headers={"Idempotency-Key": key}
            )

        refused = attach("k1")
        assert refused.status_code == 503, refused.text
        assert refused.headers["content-type"] == "application/problem+json"
        assert "the database's disk is full; free some space there; nothing was changed" in refused.json()["detail"]
        for path in (
            f"{V1}/work-orders",
            f"{V1}/work-orders/{order['id']}",
            f"{V1}/assets",
            "/",
            f"/orders/{order['id']}",
        ):
            assert client.get(path).status_code == 200, path
        ballast.unlink()
        assert attach("k1").status_code == 201, "with room it goes on by itself"
