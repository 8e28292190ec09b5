"""nginx and Caddy as Debian has them, with the settings of the folder deploy and a test's own ports and certificate."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.embedded import process
from tests.parts.fetch import PartMissing, apt_install, cache_dir

DEPLOY = Path(__file__).parents[2] / "deploy"


def provide(name: str) -> Path:
    """Return the path of a proxy, installed from Debian as root if need be."""
    with process.alone(cache_dir() / f"{name}.lock"):
        if (found := process.find_program(name)) is None:
            apt_install(name)
            found = process.find_program(name)
    if found is None:
        raise PartMissing(f"{name}: installed, but not found afterwards")
    return found


@contextmanager
def nginx(folder: Path, *, plain: int, tls: int, behind: int, cert: Path, key: Path) -> Iterator[Callable[[], None]]:
    """Run nginx by deploy/nginx.conf."""
    ours = (DEPLOY / "nginx.conf").read_text()
    for pattern, value in {
        r"listen 80;": f"listen 127.0.0.1:{plain};",
        r"listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        r"ssl_certificate \S+;": f"ssl_certificate {cert};",
        r"ssl_certificate_key \S+;": f"ssl_certificate_key {key};",
        r"http://127.0.0.1:8000": f"http://127.0.0.1:{behind}",
    }.items():
        ours, count = re.subn(pattern, value, ours)
        assert count == 1, pattern
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    whole = (
        f"daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{ours}}}\n"
    )
    (folder / "nginx.conf").write_text(whole)
    with _running([str(provide("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")], folder) as runs:
        yield runs


@contextmanager
def caddy(folder: Path, *, plain: int, tls: int, behind: int, cert: Path, key: Path) -> Iterator[Callable[[], None]]:
    """Run Caddy by deploy/Caddyfile; the certificate, which Caddy fetches for a real name, is given to it."""
    ours = (DEPLOY / "Caddyfile").read_text()
    for pattern, value in {
        r"plant\.example \{": f"plant.example {{\n\tbind 127.0.0.1\n\ttls {cert} {key}",
        r"127\.0\.0\.1:8000": f"127.0.0.1:{behind}",
    }.items():
        ours, count = re.subn(pattern, value, ours)
        assert count == 1, pattern
    whole = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {tls}\n}}\n{ours}"
    (folder / "Caddyfile").write_text(whole)
    with _running(
        [str(provide("caddy")), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], folder
    ) as runs:
        yield runs


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[Callable[[], None]]:
    """Run a proxy; what is given asserts that it has not ended."""
    env = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with (folder / "proxy.log").open("wb") as log:
        running = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def runs() -> None:
        assert running.poll() is None, (folder / "proxy.log").read_text()

    try:
        yield runs
    finally:
        running.terminate()
        running.wait(60)
