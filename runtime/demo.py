"""The demo: a pump station publishes three weeks through a real broker, faster than real time, and goes on."""

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from db import feed, readings
from db import judge as judge_db
from ingest.publisher import Publisher
from ingest.replay import MINUTES, SamplePlant
from runtime import broker_tls, demo_report, people, plant_file, sample_plants, serve
from runtime.embedded.process import default_data_dir
from runtime.sample_plants import SAMPLES
from runtime.serve import Parts
from runtime.settings import LOOPBACK, Settings

AHEAD = 10_000
"""Messages that the publisher may be ahead of the engine; the broker's queue holds many times that."""
STEPS_TOLD = {
    "open": "opened",
    "upgraded": "upgraded",
    "refined": "refined",
    "merged": "merged",
    "assign": "assigned",
    "cancel": "cancelled",
    "rework": "sent back",
}
_COLOURS = {1: "bold red", 2: "red", 3: "yellow", 4: "cyan"}


class DemoProblem(Exception):
    """The demo cannot start or go on; says the mend."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    once: bool
    json_file: Path | None
    seed: int
    anchor: datetime | None
    without_limits: bool
    data_dir: Path | None


def run(wanted: Wanted, settings: Settings, stop: threading.Event, console: Console) -> int:
    """Run the demo until the sample is processed (``once``) or until it is told to stop; return the exit code."""
    with _data_dir(wanted) as data_dir:
        cache = default_data_dir() / "samples" if wanted.data_dir is None else data_dir / "samples"
        folder = sample_plants.folder_of(wanted.seed, cache)
        rulebook = _rulebook(wanted, data_dir)
        settings = settings.model_copy(
            update={
                "data_dir": data_dir,
                "rulebook": settings.rulebook or rulebook,
                "models": settings.models or SAMPLES / "models.toml",
                "pages_as": people.DEMO if settings.host in LOOPBACK else None,
            }
        )
        with serve.parts(settings, say=console.print) as standing:
            assert standing.settings.database is not None
            with psycopg.connect(standing.settings.database, autocommit=True) as conn:
                with conn.transaction():
                    people.make_demo(conn)
                    site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
                plant = SamplePlant(folder, site=site, anchor=_anchor(wanted, data_dir, conn, site))
                return _watch(wanted, standing, conn, plant, folder, stop, console)


def _watch(
    wanted: Wanted,
    standing: Parts,
    conn: psycopg.Connection,
    plant: SamplePlant,
    folder: Path,
    stop: threading.Event,
    console: Console,
) -> int:
    zone = ZoneInfo(plant_file.read(SAMPLES / "plant.toml").time_zone)
    over = threading.Event()
    outcome: list[int] = []
    served = threading.Thread(target=lambda: outcome.append(_serve(standing, over, stop)), daemon=True)
    served.start()
    teller = _Teller(conn, console, zone)
    try:
        at_home = f" (from this machine you are signed in as {people.DEMO})" if standing.settings.pages_as else ""
        console.print(f"the board: [link]http://{standing.settings.host}:{standing.settings.port}/[/link]{at_home}")
        _catch_up(wanted, standing, conn, plant, teller, stop, console)
        if wanted.once and not stop.is_set():
            _await_assignment(teller, stop)
            truth = demo_report.read_truth(folder / "truth.json", plant)
            report = demo_report.collect(conn, truth, site=plant.site)
            demo_report.show(report, console)
            if wanted.json_file is not None:
                wanted.json_file.write_text(demo_report.as_json(report), encoding="utf-8")
                console.print(f"written: {wanted.json_file}")
        elif not wanted.once:
            _go_on(standing, plant, teller, stop, console)
    finally:
        over.set()
        served.join()
    return outcome[0]


def _serve(standing: Parts, over: threading.Event, stop: threading.Event) -> int:
    """Run the engine beside the publisher; when it cannot go on, neither can the demo."""
    code = serve.run(standing, over)
    if code:
        stop.set()
    return code


def _catch_up(
    wanted: Wanted,
    standing: Parts,
    conn: psycopg.Connection,
    plant: SamplePlant,
    teller: "_Teller",
    stop: threading.Event,
    console: Console,
) -> None:
    """Publish from where the database stands up to the present minute, and wait until it is processed."""
    assert standing.settings.broker is not None
    first = _first_minute(conn, plant)
    last = MINUTES if wanted.once else max(MINUTES, plant.minute_at(datetime.now(UTC)))
    if first >= last:
        return
    total = (last - first) * len(plant.assets)
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console) as progress,
        Publisher(standing.settings.broker, tls=broker_tls.context(standing.settings)) as publisher,
    ):
        task = progress.add_task("publishing the past", total=total)
        _, _, start = judge_db.holder_now(conn)
        for count, publication in enumerate(plant.frames(first, last), start=1):
            publisher.publish(publication.topic, publication.payload)
            if count % 500 == 0:
                while count - _judged_since(conn, start) > AHEAD and not stop.wait(0.05):
                    teller.tell()
                progress.update(task, completed=count)
                teller.tell()
            if stop.is_set():
                return
        progress.update(task, completed=total, description="waiting for the engine")
        publisher.flush()
        while not stop.is_set() and not _has_all(conn, plant, last):
            stop.wait(0.1)
            teller.tell()
    teller.tell()
    took = time.monotonic() - began
    console.print(f"{total:,} messages in {took:.0f} s ({total / took:,.0f} a second), stored and judged")


def _go_on(standing: Parts, plant: SamplePlant, teller: "_Teller", stop: threading.Event, console: Console) -> None:
    """Publish each minute as it comes."""
    assert standing.settings.broker is not None
    console.print(
        "now in real time: a frame a minute from each machine. Ctrl-C stops everything; the next start goes on."
    )
    minute = plant.minute_at(datetime.now(UTC))
    with Publisher(standing.settings.broker, tls=broker_tls.context(standing.settings)) as publisher:
        while not stop.is_set():
            now = plant.minute_at(datetime.now(UTC))
            for publication in plant.frames(minute, now):
                publisher.publish(publication.topic, publication.payload)
            minute = max(minute, now)
            teller.tell()
            stop.wait(1.0)


def _first_minute(conn: psycopg.Connection, plant: SamplePlant) -> int:
    """The first minute that is not stored of every asset; what is sent twice is stored once."""
    newest = readings.newest_of_site(conn, plant.site)
    stored = [newest.get(asset) for asset in plant.assets]
    known = [at for at in stored if at is not None]
    return 0 if len(known) < len(stored) else plant.minute_at(min(known)) + 1


def _has_all(conn: psycopg.Connection, plant: SamplePlant, last: int) -> bool:
    return _first_minute(conn, plant) >= last


def _judged_since(conn: psycopg.Connection, start: int) -> int:
    return judge_db.holder_now(conn)[2] - start


def _await_assignment(teller: "_Teller", stop: threading.Event) -> None:
    """Give the jobs the time to look at every order once."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not stop.is_set() and teller.unassigned():
        stop.wait(0.2)
        teller.tell()


@contextmanager
def _data_dir(wanted: Wanted) -> Iterator[Path]:
    """A run ``once`` leaves nothing behind unless it is told where to."""
    if wanted.data_dir is not None or not wanted.once:
        folder = (wanted.data_dir or default_data_dir()).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="plantwright-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _anchor(wanted: Wanted, data_dir: Path, conn: psycopg.Connection, site: str) -> datetime:
    """The time of the recording's end: of the state that is there, or the present minute for a new one."""
    file = data_dir / "demo.json"
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["seed"] != wanted.seed:
            raise DemoProblem(
                f"{data_dir} holds the plant of seed {kept['seed']}; give another --data-dir for {wanted.seed}"
            )
        anchor = datetime.fromisoformat(kept["anchor"])
        if wanted.anchor is not None and wanted.anchor != anchor:
            raise DemoProblem(f"{data_dir} holds a plant that ends at {anchor.isoformat()}; give another --data-dir")
        return anchor
    if any(at is not None for at in readings.newest_of_site(conn, site).values()):
        raise DemoProblem(
            f"the database holds readings of site {site} that this demo did not send; give an empty database, "
            "or the --data-dir that the demo was begun with"
        )
    anchor = wanted.anchor or datetime.now(UTC).replace(second=0, microsecond=0)
    file.write_text(json.dumps({"seed": wanted.seed, "anchor": anchor.isoformat()}), encoding="utf-8")
    return anchor


def _rulebook(wanted: Wanted, data_dir: Path) -> Path:
    rulebook = SAMPLES / "rulebook.toml"
    if not wanted.without_limits:
        return rulebook
    copy = data_dir / "rulebook-without-limits.toml"
    lines = rulebook.read_text(encoding="utf-8").splitlines()
    copy.write_text("\n".join(f"{line}\nenabled = false" if line == "[[threshold]]" else line for line in lines))
    return copy


class _Teller:
    """Prints what happens to orders as it happens."""

    def __init__(self, conn: psycopg.Connection, console: Console, zone: ZoneInfo) -> None:
        self._conn, self._console, self._zone = conn, console, zone
        self._from = datetime.now(UTC)
        self._told: set[tuple[object, int]] = set()
        self._newest: dict[object, str] = {}
        self._looked = 0.0

    def tell(self) -> None:
        """Print what is new; looks twice a second at most."""
        if time.monotonic() - self._looked < 0.5:
            return
        self._looked = time.monotonic()
        for each in feed.since(self._conn, self._from - timedelta(seconds=10)):
            if (each.order_id, each.seq) in self._told:
                continue
            self._told.add((each.order_id, each.seq))
            self._from = max(self._from, each.at)
            self._newest[each.order_id] = each.status
            if each.step in STEPS_TOLD:
                self._print(each)

    def unassigned(self) -> bool:
        """Whether an order is open that nobody has looked at."""
        return any(status == "open" for status in self._newest.values())

    def _print(self, each: feed.Happening) -> None:
        colour = _COLOURS[each.priority]
        when = each.opened_at.astimezone(self._zone) if each.step == "open" else each.at.astimezone(self._zone)
        who = f" to {each.assignee}" if each.step == "assign" and each.assignee else ""
        what = f"{STEPS_TOLD[each.step]}{who}"
        self._console.print(
            f"{when:%d %b %H:%M}  [bold]{each.number}[/bold] {each.asset} {what}: [{colour}]{each.type}, "
            f"P{each.priority}[/{colour}] {each.title}. {each.why}",
            highlight=False,
        )
