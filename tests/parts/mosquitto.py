"""A real mosquitto: installed, or, as root, installed from Debian; otherwise unpacked from its packages into the cache.

Its service is never started: the tests run a process of their own, with plantwright's own settings.
"""

import os
import re
from pathlib import Path

from runtime.embedded import process
from tests.parts.fetch import PartMissing, apt_install, cache_dir, run


def provide() -> Path:
    """Return the path of a mosquitto, fetched if need be; ``runtime.embedded.broker`` finds the same one in PATH."""
    if found := process.find_program("mosquitto"):
        return found
    with process.alone(cache_dir() / "mosquitto.lock"):
        if found := process.find_program("mosquitto"):
            return found
        if os.geteuid() == 0:
            apt_install("mosquitto")
            if found := process.find_program("mosquitto"):
                return found
            raise PartMissing("mosquitto: installed, but not found afterwards")
        program = _unpack(cache_dir() / "mosquitto")
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return program


def _unpack(folder: Path) -> Path:
    """Unpack mosquitto and the libraries that the system lacks, without root, and return a launcher for it."""
    program = folder / "bin" / "mosquitto"
    if program.exists():
        return program
    archives = folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    options = _apt_options(folder)
    plan = run(["apt-get", *options, "-s", "install", "--no-install-recommends", "mosquitto"], within_s=60)
    packages = re.findall(r"^Inst (\S+)", plan, flags=re.MULTILINE)
    run(["apt-get", *options, "download", *packages], within_s=300, cwd=archives)
    for archive in archives.glob("*.deb"):
        run(["dpkg", "-x", str(archive), str(folder)], within_s=60)
    libraries = ":".join(sorted({str(path.parent) for path in folder.glob("usr/lib/**/*.so*")}))
    program.parent.mkdir(exist_ok=True)
    script = f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{folder}/usr/sbin/mosquitto" "$@"\n'
    half_written = program.with_suffix(".new")
    half_written.write_text(script)
    half_written.chmod(0o755)
    half_written.rename(program)
    return program


def _apt_options(folder: Path) -> list[str]:
    """Use the system's package lists if there are any, otherwise lists of our own, which need no root."""
    if run(["apt-cache", "search", "--names-only", "^mosquitto$"], within_s=60).strip():
        return []
    state = folder / "apt"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}/cache"]
    run(["apt-get", *options, "update"], within_s=300)
    return options
