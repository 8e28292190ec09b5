"""The parts that tests run on. All servers are real, on loopback and on free ports.

``database``, ``timescale_database`` and ``any_database`` (both, one after the other) give the URL of a fresh, migrated
database; ``empty_database`` one without a schema. ``mosquitto`` and ``any_broker`` give a running Broker.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from db.schema import migrate
from runtime.embedded import broker, postgres, process
from runtime.embedded.broker import Broker
from tests.parts import chromium, databases, memory, run_folders, timescale
from tests.parts import mosquitto as mosquitto_part
from tests.parts.fetch import PartMissing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A busy machine is no fault: neither one example nor all of them together have a time to be made in.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_NOT_TRIED = "NOT TRIED: "
_RUN_FOLDER = "PLANTWRIGHT_TEST_RUN_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that all worker processes of this run share."""
    if not hasattr(config, "workerinput"):
        os.environ[_RUN_FOLDER] = str(run_folders.begin())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        run_folders.end(Path(os.environ.pop(_RUN_FOLDER)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the parts that its fixtures ask for, so that ``-m "not timescale"`` needs no upkeep."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        parameters = (
            item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        )
        if "timescale_server" in names or "timescale" in parameters:
            item.add_marker(pytest.mark.timescale)
        if "mosquitto" in names or "mosquitto" in parameters:
            item.add_marker(pytest.mark.mosquitto)
        if "browser" in names:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end, where it is read, what could not be tried here."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _NOT_TRIED in text:
            reason = text.split(_NOT_TRIED, 1)[1]
            reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        terminalreporter.section("NOT TRIED", sep="!", red=True, bold=True)
        for reason, count in reasons.items():
            terminalreporter.line(f"{count} tests were left out. {reason}", red=True)


def _leave_out(missing: PartMissing) -> None:
    if os.environ.get("PLANTWRIGHT_TEST_EVERYTHING") == "1":
        pytest.fail(f"PLANTWRIGHT_TEST_EVERYTHING is set, and a part is missing: {missing}")
    pytest.skip(f"{_NOT_TRIED}{missing}")


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """A folder that all worker processes of this run share."""
    return Path(os.environ[_RUN_FOLDER])


@pytest.fixture
def data_dir(run_folder: Path) -> Iterator[Path]:
    """An empty folder for one test's servers, which their unprivileged account can enter when we are root."""
    folder = Path(tempfile.mkdtemp(dir=run_folder))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded_server(run_folder: Path) -> Iterator[str]:
    """The URL of the embedded PostgreSQL that this run shares, made careless so that the tests are fast."""
    import psycopg

    server = postgres.start(memory.folder(run_folder) / "postgres")
    with psycopg.connect(server.url, autocommit=True) as conn:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "wal_compression"):
            conn.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        # A database is copied for each test: in the kernel that costs less than half.
        conn.execute("ALTER SYSTEM SET file_copy_method = 'clone'")
        conn.execute("SELECT pg_reload_conf()")
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def timescale_server(run_folder: Path) -> Iterator[str]:
    """The URL of the real TimescaleDB that this run shares."""
    try:
        part = timescale.server(run_folder)
        url = part.__enter__()
    except PartMissing as missing:
        _leave_out(missing)
    yield url
    part.__exit__(None, None, None)


@pytest.fixture(scope="session")
def _template(embedded_server: str, run_folder: Path) -> str:
    return databases.template(embedded_server, run_folder, migrate)


@pytest.fixture(scope="session")
def _timescale_template(timescale_server: str, run_folder: Path) -> str:
    return databases.template(timescale_server, run_folder, migrate)


@pytest.fixture
def empty_database(embedded_server: str) -> Iterator[str]:
    """The URL of a fresh database without a schema."""
    with databases.fresh(embedded_server) as url:
        yield url


@pytest.fixture
def empty_timescale_database(timescale_server: str) -> Iterator[str]:
    """The URL of a fresh database without a schema, on a server that offers TimescaleDB."""
    with databases.fresh(timescale_server) as url:
        yield url


@pytest.fixture
def database(embedded_server: str, _template: str) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    with databases.fresh(embedded_server, _template) as url:
        yield url


@pytest.fixture
def timescale_database(timescale_server: str, _timescale_template: str) -> Iterator[str]:
    """The URL of a fresh, migrated database with hypertables."""
    with databases.fresh(timescale_server, _timescale_template) as url:
        yield url


@pytest.fixture(params=["postgres", "timescale"])
def any_database(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database, once on plain PostgreSQL and once on TimescaleDB."""
    url: str = request.getfixturevalue("database" if request.param == "postgres" else "timescale_database")
    return url


@pytest.fixture(scope="session")
def mosquitto_program() -> Path:
    """The path of a mosquitto, which the embedded broker then finds too."""
    try:
        return mosquitto_part.provide()
    except PartMissing as missing:
        _leave_out(missing)
        raise


@pytest.fixture
def mosquitto(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Broker]:
    """A mosquitto for one test, with plantwright's own settings; PLANTWRIGHT_TEST_BROKER names another."""
    if given := os.environ.get("PLANTWRIGHT_TEST_BROKER"):
        yield _foreign(given, data_dir)
        return
    request.getfixturevalue("mosquitto_program")
    yield from _broker(data_dir, "mosquitto")


@pytest.fixture(params=["mosquitto", "iotcore"])
def any_broker(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Broker]:
    """Each of the brokers that plantwright can start."""
    if request.param == "mosquitto":
        request.getfixturevalue("mosquitto_program")
    yield from _broker(data_dir, request.param)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium, driven by playwright."""
    from playwright.sync_api import sync_playwright

    try:
        program = chromium.provide()
    except PartMissing as missing:
        _leave_out(missing)
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=program, args=chromium.ARGUMENTS)
        yield running
        running.close()


def _broker(folder: Path, kind: broker.Kind) -> Iterator[Broker]:
    running = broker.start(folder / "broker", inflight=2_000, queued=100_000, kind=kind)
    yield running
    # A test may have killed it, and started another one in the same folder.
    running.stop()


def _foreign(url: str, folder: Path) -> Broker:
    """Describe a broker that isn't ours: never stopped, and with mosquitto's default window."""
    port = int(url.rsplit(":", 1)[1].strip("/"))
    use = process.Use(folder / "in-use")
    return Broker(url=url, port=port, pid=0, kind="mosquitto", inflight=20, adopted=True, _folder=folder, _use=use)
