"""What the parts share: where they are kept, and how it is said that one can't be had."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime.embedded import process


class PartMissing(Exception):
    """A part can't be had on this machine. The sentence says why and what would help."""


def cache_dir() -> Path:
    """Return the folder that keeps fetched parts between runs.

    For root it lies outside the home, which the servers' unprivileged account could not enter.
    """
    if os.geteuid() == 0:
        folder = Path("/var/cache/plantwright")
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plantwright"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(
    command: Sequence[str], *, within_s: float, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Run a program and return what it printed; raise PartMissing with its last lines when it fails."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", **(env or {})}
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=within_s,
            check=False,
        )
    except FileNotFoundError:
        raise PartMissing(f"there is no program {command[0]} here") from None
    except subprocess.TimeoutExpired:
        raise PartMissing(f"{' '.join(command)} did not end within {within_s:.0f} s") from None
    if done.returncode != 0:
        last = " / ".join(done.stdout.strip().splitlines()[-3:])
        raise PartMissing(f"{' '.join(command)} failed: {last}")
    return done.stdout


def apt_install(*packages: str) -> None:
    """Install Debian packages as root, and start none of the services that they bring."""
    if os.geteuid() != 0:
        raise PartMissing(f"not root; install it by hand: apt install {' '.join(packages)}")
    # Each test worker may want a part at the same time, and the system's own upgrades may be under way.
    patient = ["-o", "DPkg::Lock::Timeout=300"]
    install = ["apt-get", *patient, "install", "-y", "--no-install-recommends", *packages]
    with process.alone(cache_dir() / "apt.lock"), _NoServices():
        try:
            run(install, within_s=600)
        except PartMissing:
            run(["apt-get", *patient, "update"], within_s=300)
            run(install, within_s=600)


class _NoServices:
    """Debian asks this file before it starts a service; ours says no, unless the machine has one of its own."""

    _policy = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self._mine = not self._policy.exists()
        if self._mine:
            self._policy.write_text("#!/bin/sh\nexit 101\n")
            self._policy.chmod(0o755)

    def __exit__(self, *_: object) -> None:
        if self._mine:
            self._policy.unlink(missing_ok=True)
