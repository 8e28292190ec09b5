"""A plant to practise on: an embedded database with two pumps of the sample plant, judged by the engine itself.

Its readings go through the same code as on a plant with a broker; only the network is left out.
"""

import itertools
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg
import structlog

from db import schema
from db.plant import plant as plant_db
from ingest.messages import Message
from ingest.replay import Publication, SamplePlant
from models import documents as model_documents
from rules import rulebook
from runtime.cli import plant_file
from runtime.demo.sample_plants import SAMPLES
from runtime.embedded import postgres
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from runtime.workbench.database import Plant
from runtime.workbench.recording import SAMPLE_END

ASSETS = ("P-103", "P-104")
FIRST, LAST = 12_400, 18_900
"""Minutes of the sample: within them the impeller of P-103 is blocked, and the thrust bearing of P-104 runs away."""


@dataclass(slots=True)
class Practice:
    """A plant that gets readings on demand."""

    plant: Plant
    _waiting: Iterator[Publication]

    def run_until(self, at: datetime | None = None) -> None:
        """Let the machines send, and the engine judge, up to a time of the recording; None: to its end."""
        rules = rulebook.read(SAMPLES / "rulebook.toml")
        models = model_documents.read(SAMPLES / "models.toml")
        with psycopg.connect(self.plant.database) as conn:
            state = engine.start(conn, Settings(), rulebook=rules, models=models, holder="practice")
            sent = self._waiting if at is None else itertools.takewhile(lambda each: each.at < at, self._waiting)
            pipeline.process(conn, [], state)  # People's decisions meanwhile come before the next reading.
            for batch in _batched(iter(sent)):
                messages = [Message(each.topic, each.payload, int(each.at.timestamp() * 1e6)) for each in batch]
                pipeline.process(conn, messages, state)
            with conn.transaction():
                engine.save(conn, state)


@contextmanager
def practice_plant(folder: Path | None = None) -> Iterator[Practice]:
    """Start a database in a folder (None: a temporary one), and stop it on leaving."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="plantwright-practice-", ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(0o711)
        server = postgres.start((folder or Path(temporary)) / "postgres")
        try:
            schema.migrate(server.url)
            site = plant_file.read(SAMPLES / "plant.toml")
            assets = tuple(asset for asset in site.assets if asset.code in ASSETS)
            with psycopg.connect(server.url) as conn:
                plant_db.load(conn, replace(site, assets=assets), at=SAMPLE_END)
            yield Practice(Plant(server.url), _recording(site.code))
        finally:
            server.stop()


def _recording(site: str) -> Iterator[Publication]:
    with tempfile.TemporaryDirectory() as folder:
        for asset in ASSETS:
            (Path(folder) / f"{asset}.csv.xz").symlink_to(SAMPLES / f"{asset}.csv.xz")
        source = SamplePlant(Path(folder), site=site, anchor=SAMPLE_END)
    yield from source.frames(FIRST, LAST)


def _batched(sent: Iterator[Publication]) -> Iterator[tuple[Publication, ...]]:
    while batch := tuple(itertools.islice(sent, 1000)):
        yield batch
