"""Publishes recorded files through a broker, showing progress."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from rich.console import Console
from rich.progress import Progress

from db.plant import plant
from ingest import replay
from ingest.broker.publisher import Publisher
from ingest.replay import FileMapping
from runtime.broker import tls
from runtime.processes.people import actor as person
from runtime.settings import Settings
from workorder_core.plant.plant import UNCLASSIFIED, AssetEntry, Plant, SignalEntry


def run(
    files: Sequence[Path],
    mapping_file: Path,
    settings: Settings,
    speed: float | None,
    stop: threading.Event,
    console: Console,
) -> None:
    """Publish the rows of the files in their order.

    Parameters
    ----------
    speed
        How many times faster than recorded; None: as fast as the broker accepts them, which beyond its queue may be
        faster than an engine can follow.
    """
    mapping = replay.read_mapping(mapping_file)
    for file in files:
        if not file.is_file():
            raise replay.InvalidMapping(str(file), "there is no such file")
        mapping.check(file)
    if settings.database is not None:
        with psycopg.connect(settings.database) as conn:
            why = f"{mapping_file.name} says so"
            plant.load(conn, plant_of(files, mapping), at=datetime.now(UTC), actor=person(), why=why)
    assert settings.broker is not None
    sent = 0
    with (
        Publisher(settings.broker, tls=tls.context(settings, tool=True)) as publisher,
        Progress(console=console) as progress,
    ):
        for file in files:
            task = progress.add_task(f"{file.name} → {mapping.site}/{mapping.asset_of(file)}", total=None)
            before = None
            try:
                for publication in replay.file_frames(file, mapping):
                    if speed is not None and before is not None:
                        stop.wait(max(0.0, (publication.at - before).total_seconds() / speed))
                    if stop.is_set():
                        return
                    before = publication.at
                    publisher.publish(publication.topic, publication.payload)
                    sent += 1
                    progress.advance(task)
            except replay.InvalidMapping as wrong:
                so_far = f"{sent:,} messages are published; those of what is published again are stored once"
                raise replay.InvalidMapping(wrong.source, f"{wrong.problem}; {so_far}") from None
    console.print(f"{sent:,} messages published and taken by the broker")


def plant_of(files: Sequence[Path], mapping: FileMapping) -> Plant:
    """Return the assets of the files, with their signals' units; what the mapping does not state stays unchanged."""
    signals = tuple(SignalEntry(name=each.signal, quantity=None, unit=each.unit) for each in mapping.columns)
    codes = dict.fromkeys(mapping.asset_of(file) for file in files)
    zone = str(mapping.zone)
    said = None if mapping.asset_class == UNCLASSIFIED else mapping.asset_class
    assets = [AssetEntry(code=code, name=None, asset_class=said, criticality=None, signals=signals) for code in codes]
    return Plant(code=mapping.site, name=None, time_zone=None if zone == "UTC" else zone, assets=tuple(assets))
