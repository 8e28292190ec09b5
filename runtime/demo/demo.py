"""The demo: a pump station publishes three weeks through a real broker, faster than real time, then continues live."""

import json
import shlex
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from db.events.sealing import Sealer
from db.plant import plant as plant_db
from db.telemetry import judge as judge_db
from db.telemetry import readings
from ingest.broker.broker import BrokerAddress
from ingest.broker.publisher import Publisher
from ingest.replay import MINUTES, SamplePlant
from runtime.broker import tls
from runtime.cli import plant_file
from runtime.demo import (
    duty,
    handhelds,
    living,
    neighbours,
    past,
    phones,
    planned_week,
    prices,
    sample_plants,
    stores,
    upkeep,
    visitors,
    walks,
)
from runtime.demo import report as demo_report
from runtime.demo.sample_plants import SAMPLES
from runtime.demo.teller import Teller
from runtime.embedded import process
from runtime.embedded.process import default_data_dir
from runtime.processes import people, serve
from runtime.processes.serve import Parts
from runtime.settings import LOOPBACK, Settings

NEXT = (
    ("./run plantwright publish NTH/pump-7 flow=212", "a machine of yours: it is on the board at once"),
    ("./run plantwright doctor", "what runs, and whether it is well"),
    ("./run plantwright backtest --against live", "the same readings judged again: the same orders"),
    ("./run plantwright quarantine list", "what was refused, and why"),
    ("./run plantwright keys add reader --role viewer", "a key for the API"),
)
AHEAD = 10_000
"""How many messages the publisher may be ahead of the engine; the broker's queue has room for many times that."""


class DemoProblem(Exception):
    """The demo cannot start or continue; says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of the command line."""

    once: bool
    json_file: Path | None
    seed: int
    anchor: datetime | None
    without_limits: bool
    data_dir: Path | None
    with_past: bool = False


def run(wanted: Wanted, settings: Settings, stop: threading.Event, console: Console) -> int:
    """Run the demo until the sample is processed (``once``) or until asked to stop; return the exit code."""
    with _data_dir(wanted) as data_dir, _phones(wanted, settings, data_dir) as ntfy:
        cache = default_data_dir() / "samples" if wanted.data_dir is None else data_dir / "samples"
        folder = sample_plants.folder_of(wanted.seed, cache)
        rulebook = _rulebook(wanted, data_dir)
        settings = settings.model_copy(
            update={
                "data_dir": data_dir,
                "rulebook": settings.rulebook or rulebook,
                "models": settings.models or SAMPLES / "models.toml",
                "pages_as": _names_to_try() if settings.host in LOOPBACK else None,
                "webhook_networks": [*settings.webhook_networks, *([neighbours.HOST] * (settings.host in LOOPBACK))],
                "ntfy_servers": [*settings.ntfy_servers, *([] if ntfy is None else [ntfy])],
                "pages_url": settings.pages_url or settings.address,
            }
        )
        with serve.parts(settings, say=console.print) as standing:
            assert standing.settings.database is not None
            with psycopg.connect(standing.settings.database, autocommit=True) as conn:
                with conn.transaction():
                    site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
                    people.make_demo(conn, site=site)
                anchor = _anchor(wanted, data_dir, conn, site)
                if wanted.with_past:
                    _two_years(conn, site, anchor, wanted.seed, console)
                with conn.transaction():
                    prices.put(conn, plant_db.site_by_code(conn, site), until=anchor)
                    past.make(conn, site=site, now=anchor)
                    walks.make(conn, site=site, now=anchor, weeks=walks.YEAR if wanted.with_past else walks.WEEKS)
                    stores.put(conn, plant_db.site_by_code(conn, site), now=anchor, year=wanted.with_past)
                    if wanted.with_past:
                        upkeep.year(conn, site=site, now=anchor)
                    neighbours.settle(conn, site=site, now=anchor)
                    if ntfy is not None:
                        phones.give(conn, ntfy, now=datetime.now(UTC))
                plant = SamplePlant(folder, site=site, anchor=anchor)
                with _surrounded(wanted, standing, conn):
                    return _watch(wanted, standing, conn, plant, folder, stop, console)


@contextmanager
def _phones(wanted: Wanted, settings: Settings, data_dir: Path) -> Iterator[str | None]:
    """Have phones beside a demo that somebody looks at; yields their address, if there is one."""
    if wanted.once or settings.host not in LOOPBACK:
        yield None
        return
    with phones.serving(data_dir) as address:
        yield address


@contextmanager
def _surrounded(wanted: Wanted, standing: Parts, conn: psycopg.Connection) -> Iterator[None]:
    """Have an ERP beside a demo that somebody looks at."""
    if wanted.once or standing.settings.host not in LOOPBACK:
        yield
        return
    with neighbours.erp(conn, Sealer(standing.settings.secrets_key), now=datetime.now(UTC)):
        yield


def _two_years(conn: psycopg.Connection, site: str, anchor: datetime, seed: int, console: Console) -> None:
    """Create the two years before the demo, unless the plant has orders already."""
    began = time.monotonic()
    with conn.transaction():
        made = living.make(conn, site=site, now=anchor, seed=seed)
    if made:
        console.print(f"past      {made} work orders of two years, told in {time.monotonic() - began:.0f} s")
    else:
        console.print("past      the plant has orders already: --with-past is for a demo that begins")


def _watch(
    wanted: Wanted,
    standing: Parts,
    conn: psycopg.Connection,
    plant: SamplePlant,
    folder: Path,
    stop: threading.Event,
    console: Console,
) -> int:
    zone = ZoneInfo(plant_file.read(SAMPLES / "plant.toml").time_zone or "UTC")
    over = threading.Event()
    outcome: list[int] = []
    served = threading.Thread(target=lambda: outcome.append(_serve(standing, over, stop, console)), daemon=True)
    served.start()
    teller = Teller(conn, console, zone)
    try:
        _show_addresses(standing, console)
        _catch_up(wanted, standing, conn, plant, teller, stop, console)
        if wanted.once and not stop.is_set():
            _await_assignment(teller, stop)
            truth = demo_report.read_truth(folder / "truth.json", plant)
            report = demo_report.collect(conn, truth, site=plant.site, since=plant.time_of(0))
            demo_report.show(report, console)
            if wanted.json_file is not None:
                wanted.json_file.write_text(demo_report.as_json(report), encoding="utf-8")
                console.print(f"written: {wanted.json_file}")
        elif not wanted.once:
            with conn.transaction():
                planned_week.locate(conn, site=plant.site, now=datetime.now(UTC))
                walks.find_a_fault(conn, site=plant.site, now=datetime.now(UTC))
                upkeep.put(conn, site=plant.site, now=datetime.now(UTC))
                duty.put(conn, site=plant.site, now=datetime.now(UTC))
                handhelds.report(conn, site=plant.site, now=datetime.now(UTC))
                visitors.put(conn, site=plant.site, now=datetime.now(UTC))
                neighbours.ask(conn, site=plant.site, anchor=plant.time_of(MINUTES), now=datetime.now(UTC))
            _go_on(standing, conn, plant, teller, stop, console)
    finally:
        over.set()
        served.join()
    return outcome[0]


def _show_addresses(standing: Parts, console: Console) -> None:
    settings = standing.settings
    assert settings.broker is not None
    assert settings.database is not None
    database, folder = conninfo_to_dict(settings.database), _elsewhere(standing.data_dir)
    console.print(f"board     [link]{settings.address}[/link]", highlight=False)
    if settings.pages_as:
        console.print(
            "          no password from this machine; “Try as somebody else” in your menu shows it as they see it"
        )
    # Addresses are shown without passwords: whoever may read the data folder has those.
    console.print(f"broker    {BrokerAddress.of(settings.broker)}", highlight=False)
    console.print(
        f"database  {database.get('dbname')} on {database.get('host')}:{database.get('port')}; "
        f"every `./run plantwright` command finds it while this runs{f', with {folder}' if folder else ''}",
        highlight=False,
        soft_wrap=True,
    )
    for server in settings.ntfy_servers:
        if phones.HOST in server:
            console.print(f"phones    [link]{server}[/link] shows the messages to the people on call", highlight=False)
    console.print(f"log       {_log_file(standing)}", highlight=False)


def hints(data_dir: Path) -> list[tuple[str, str]]:
    """Return commands to try in another terminal beside a demo, with what each does."""
    folder = _elsewhere(data_dir)
    return [*([(f"export {folder}", "this demo's folder")] if folder else []), *NEXT]


def _elsewhere(data_dir: Path) -> str:
    """Return the setting by which other commands find a demo outside the default folder; "" if it is there."""
    usual = data_dir.resolve() == default_data_dir().resolve()
    return "" if usual else f"PLANTWRIGHT_DATA_DIR={shlex.quote(str(data_dir.resolve()))}"


def _show_what_next(console: Console, data_dir: Path) -> None:
    console.print("\nNow in real time: a frame a minute from each machine. Try, in another terminal:", highlight=False)
    for command, what in hints(data_dir):
        console.print(f"  {command:<50} {what}", highlight=False, soft_wrap=True)
    console.print("Ctrl-C stops everything; the next start goes on.\n")


def _log_file(standing: Parts) -> Path:
    return standing.data_dir / "plantwright.log"


def _serve(standing: Parts, over: threading.Event, stop: threading.Event, console: Console) -> int:
    """Run the engine beside the publisher; when the engine cannot continue, neither can the demo."""
    log = _log_file(standing)
    process.shorten(log)
    code = serve.run(standing, over, log=log)
    if code:
        console.print(f"[red]the engine has stopped[/red]; {log} ends:\n{process.tail(log)}", highlight=False)
        stop.set()
    return code


def _catch_up(
    wanted: Wanted,
    standing: Parts,
    conn: psycopg.Connection,
    plant: SamplePlant,
    teller: Teller,
    stop: threading.Event,
    console: Console,
) -> None:
    """Publish from the newest stored minute to the present one, and wait until it is processed."""
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
        Publisher(standing.devices, tls=tls.context(standing.settings, tool=True)) as publisher,
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


def _go_on(
    standing: Parts,
    conn: psycopg.Connection,
    plant: SamplePlant,
    teller: Teller,
    stop: threading.Event,
    console: Console,
) -> None:
    """Publish each minute in real time, and have people answer what they are asked."""
    assert standing.settings.broker is not None
    _show_what_next(console, standing.data_dir)
    minute, weeks = plant.minute_at(datetime.now(UTC)), planned_week.Weeks(plant.site)
    with Publisher(standing.devices, tls=tls.context(standing.settings, tool=True)) as publisher:
        while not stop.is_set():
            now = plant.minute_at(datetime.now(UTC))
            for publication in plant.frames(minute, now):
                publisher.publish(publication.topic, publication.payload)
            minute = max(minute, now)
            with conn.transaction():
                duty.answer(conn, site=plant.site, now=datetime.now(UTC))
            weeks.go_on(conn, now=datetime.now(UTC))
            teller.tell()
            stop.wait(1.0)


def _first_minute(conn: psycopg.Connection, plant: SamplePlant) -> int:
    """Return the first minute not stored of every asset; what is sent twice is stored once."""
    newest = readings.newest_of_site(conn, plant.site)
    stored = [newest.get(asset) for asset in plant.assets]
    known = [at for at in stored if at is not None]
    return 0 if len(known) < len(stored) else plant.minute_at(min(known)) + 1


def _has_all(conn: psycopg.Connection, plant: SamplePlant, last: int) -> bool:
    return _first_minute(conn, plant) >= last


def _judged_since(conn: psycopg.Connection, start: int) -> int:
    return judge_db.holder_now(conn)[2] - start


def _await_assignment(teller: Teller, stop: threading.Event) -> None:
    """Wait until the jobs have looked at every order once."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not stop.is_set() and teller.unassigned():
        stop.wait(0.2)
        teller.tell()


@contextmanager
def _data_dir(wanted: Wanted) -> Iterator[Path]:
    """Return the data folder; a run ``once`` leaves nothing behind unless one is given."""
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
    """Return the time of the recording's end: that of the existing state, or the present minute for a new one."""
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


def _names_to_try() -> str:
    return ",".join(each.name for each in people.DEMO_PEOPLE)


def _rulebook(wanted: Wanted, data_dir: Path) -> Path:
    rulebook = SAMPLES / "rulebook.toml"
    if not wanted.without_limits:
        return rulebook
    copy = data_dir / "rulebook-without-limits.toml"
    lines = rulebook.read_text(encoding="utf-8").splitlines()
    copy.write_text("\n".join(f"{line}\nenabled = false" if line == "[[threshold]]" else line for line in lines))
    return copy
