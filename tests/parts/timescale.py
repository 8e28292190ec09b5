"""A real TimescaleDB.

From ``PLANTWRIGHT_TEST_DATABASE`` when it is set: the URL of a database whose user may create others. Otherwise from
Debian's packages: this system's when it has them; else, as root, a small Debian 13 in a folder, made once and kept.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from runtime.embedded import process
from tests.parts.fetch import PartMissing, apt_install, cache_dir, run

_RELEASE = "trixie"
_POSTGRES = "17"
_BIN = f"/usr/lib/postgresql/{_POSTGRES}/bin"
_EXTENSION = f"usr/share/postgresql/{_POSTGRES}/extension/timescaledb.control"

_CONF = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 100
timezone = 'UTC'
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
# The background workers would hold the template database open; what they do, this edition doesn't have.
timescaledb.max_background_workers = 0
dynamic_shared_memory_type = mmap
shared_buffers = 128MB
max_wal_size = 2GB
jit = off
log_checkpoints = off
# A test's data need not survive the machine.
fsync = off
synchronous_commit = off
full_page_writes = off
"""


@dataclass(frozen=True, slots=True)
class Own:
    """A TimescaleDB of one test's own: it can be stopped and started, and what it has committed outlives its fall.

    ``disk`` is the small file system that it lies on, None where this machine lets us mount none.
    """

    url: str
    disk: Path | None
    _root: Path
    _data: Path

    def stop(self) -> None:
        """Shut it down, breaking off whoever is connected. Does nothing where it has ended by itself."""
        if not self._runs():
            return
        _as_postgres(self._root, f"{_BIN}/pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w")

    def start(self) -> None:
        """Start it again, on the same port. Does nothing where it runs."""
        data = str(self._data)
        if not self._runs():
            _as_postgres(self._root, f"{_BIN}/pg_ctl", "start", "-D", data, "-l", f"{data}/../log", "-w", "-t", "60")

    @property
    def pid(self) -> int:
        """Return its process id."""
        return int((_outside(self._root, self._data) / "postmaster.pid").read_text().split()[0])

    def _runs(self) -> bool:
        pid_file = _outside(self._root, self._data) / "postmaster.pid"
        return pid_file.exists() and process.runs(self.pid, str(self._data))

    def said(self) -> str:
        """All that it has logged."""
        return (_outside(self._root, self._data.parent) / "log").read_text(errors="replace")


@contextmanager
def own(folder: Path, *, disk_mb: int) -> Iterator[Own]:
    """Give a TimescaleDB that nobody else uses; ``folder`` is the test's own, and its name is unique."""
    with process.alone(cache_dir() / "timescaledb.lock"):
        root = _root()
    home = _outside(root, Path("/var/lib/plantwright-tests") if root != Path("/") else folder / "timescaledb")
    place = home / folder.name
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    made = None
    try:
        data = _start(root, folder)
        made = Own((folder / "timescaledb.url").read_text(), place if mounted else None, root, data)
        with psycopg.connect(made.url, autocommit=True) as conn:
            for setting in ("synchronous_commit = on", "max_wal_size = '64MB'", "min_wal_size = '32MB'"):
                conn.execute(f"ALTER SYSTEM SET {setting}".encode())
            conn.execute("SELECT pg_reload_conf()")
        yield made
    finally:
        if made is not None:
            made.stop()
        if mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=False)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def server(run_folder: Path) -> Iterator[str]:
    """Give the URL of a TimescaleDB server that all processes of this test run share; the last one stops it."""
    if given := os.environ.get("PLANTWRIGHT_TEST_DATABASE"):
        yield given
        return
    with process.alone(cache_dir() / "timescaledb.lock"):
        root = _root()
    with process.alone(run_folder / "timescaledb.lock"):
        data = _start(root, run_folder)
        use = process.Use(run_folder / "timescaledb.in-use")
    try:
        yield (run_folder / "timescaledb.url").read_text()
    finally:
        with process.alone(run_folder / "timescaledb.lock"):
            if use.give_back():
                _as_postgres(root, f"{_BIN}/pg_ctl", "stop", "-D", str(data), "-m", "immediate", "-w")
                shutil.rmtree(_outside(root, data.parent))


def data(run_folder: Path) -> tuple[Path, str]:
    """Return where a run's server has its data, and the argument by which its process is known."""
    root = Path("/") if Path("/", _EXTENSION).exists() else _made_root()
    found = _data(root, run_folder)
    return _outside(root, found), str(found)


def _data(root: Path, run_folder: Path) -> Path:
    home = Path("/var/lib/plantwright-tests") if root != Path("/") else run_folder / "timescaledb"
    return home / run_folder.name / "data"


def _made_root() -> Path:
    return cache_dir() / f"timescaledb-{_RELEASE}"


def _root() -> Path:
    """Return the root folder of a Debian with PostgreSQL and TimescaleDB: this system's, or one made in the cache."""
    if Path("/", _EXTENSION).exists():
        return Path("/")
    if os.geteuid() != 0:
        raise PartMissing(
            "TimescaleDB: not root, so it can't be fetched; install postgresql-17-timescaledb (Debian 13), "
            "or set PLANTWRIGHT_TEST_DATABASE to the URL of a server"
        )
    root = _made_root()
    if (root / _EXTENSION).exists():
        return root
    if process.find_program("debootstrap") is None:
        apt_install("debootstrap", "debian-archive-keyring")
    half_made = root.with_suffix(".new")
    shutil.rmtree(half_made, ignore_errors=True)
    packages = f"postgresql-{_POSTGRES},postgresql-{_POSTGRES}-timescaledb"
    run(["debootstrap", "--variant=minbase", f"--include={packages}", _RELEASE, str(half_made)], within_s=900)
    shutil.rmtree(half_made / "var/cache/apt/archives", ignore_errors=True)
    half_made.rename(root)
    return root


def _start(root: Path, run_folder: Path) -> Path:
    """Start this run's server unless it runs, and return its data folder as seen inside ``root``."""
    data = _data(root, run_folder)
    pid_file = _outside(root, data) / "postmaster.pid"
    if pid_file.exists() and process.runs(int(pid_file.read_text().split()[0]), str(data)):
        return data
    folder = _outside(root, data.parent)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)  # it stays where it is a file system of its own
    password = secrets.token_urlsafe(24)
    (folder / "password").write_text(password)
    if os.geteuid() == 0:
        uid, gid = _postgres_ids(root)
        for path in (folder, folder / "password"):
            os.chown(path, uid, gid)
    (folder / "password").chmod(0o600)
    options = ("-U", "postgres", "-A", "scram-sha-256", f"--pwfile={data.parent}/password")
    _as_postgres(root, f"{_BIN}/initdb", "-D", str(data), *options, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    for _ in range(5):
        port = process.free_port()
        (_outside(root, data) / "postgresql.conf").write_text(_CONF.format(port=port))
        try:
            _as_postgres(root, f"{_BIN}/pg_ctl", "start", "-D", str(data), "-l", f"{data.parent}/log", "-w", "-t", "60")
        except PartMissing:
            if "could not bind" in process.tail(folder / "log"):
                continue
            raise PartMissing(f"TimescaleDB did not start: {process.tail(folder / 'log')}") from None
        (run_folder / "timescaledb.url").write_text(
            f"postgresql://postgres:{quote(password)}@{process.LOOPBACK}:{port}/postgres"
        )
        return data
    raise PartMissing("TimescaleDB: five ports were taken, one after the other, by somebody else")


def _as_postgres(root: Path, *command: str) -> None:
    """Run a program of PostgreSQL inside ``root``, never as root: it refuses that."""
    enter = ["chroot", str(root)] if root != Path("/") else []
    become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*enter, *become, *command],
        cwd="/",
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        # Not pipes: the server inherits them, and we would wait for its end.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        raise PartMissing(f"TimescaleDB: {' '.join(command)} failed with exit code {done.returncode}")


def _postgres_ids(root: Path) -> tuple[int, int]:
    if root == Path("/"):
        entry = pwd.getpwnam("postgres")
        return entry.pw_uid, entry.pw_gid
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_rest = line.split(":")
        if name == "postgres":
            return int(uid), int(gid)
    raise PartMissing(f"TimescaleDB: no user postgres in {root}; remove that folder and run the tests again")


def _outside(root: Path, path: Path) -> Path:
    """Return how a path inside ``root`` is called from here."""
    return root / path.relative_to("/")
