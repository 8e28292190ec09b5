"""A command without an address works on what a running demo or serve uses, and says what to do where nothing runs."""

from pathlib import Path

import pytest

from ingest.broker.broker import BrokerAddress
from runtime.cli.command_line import needing, with_running
from runtime.embedded import broker, postgres
from runtime.settings import InvalidSettings, Settings


def test_a_command_finds_the_embedded_parts_that_run_in_its_folder(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    with pytest.raises(InvalidSettings, match=r"no embedded one runs in .*start `plantwright serve`"):
        needing(settings, "database")

    server = postgres.start(data_dir / "postgres")
    try:
        wire = broker.start(data_dir / "broker", inflight=100, queued=1000)
        try:
            found = needing(settings, "database", "broker")
            assert found.database == server.url
            assert found.broker is not None, "a command publishes as a device does"
            assert str(BrokerAddress.of(found.broker)) == str(BrokerAddress.of(wire.url))
            assert needing(settings, "database").broker is None, "what was not asked for is not assumed"
            given = Settings(data_dir=data_dir, database="postgresql://elsewhere/plant", broker="mqtt://elsewhere")
            assert with_running(given) == given, "an address that was given is used"
        finally:
            wire.stop()
        assert with_running(settings).broker is None
    finally:
        server.stop()
    assert with_running(settings).database is None
