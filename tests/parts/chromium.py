"""Debian's Chromium for the tests in a real browser: installed, or installed by apt as root."""

import os
from pathlib import Path

from runtime.embedded import process
from tests.parts.fetch import PartMissing, apt_install, cache_dir

# No sandbox: it needs a user namespace, which root in a container doesn't get. The pages are our own.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def provide() -> Path:
    """Return the path of a Chromium; playwright is started with it as ``executable_path``."""
    with process.alone(cache_dir() / "chromium.lock"):
        if (found := _installed()) is None:
            if os.geteuid() != 0:
                raise PartMissing("Chromium: not root, so it can't be fetched; apt install chromium")
            apt_install("chromium")
            found = _installed()
    if found is None:
        raise PartMissing("Chromium: the package is installed, but there is no program of that name")
    return found


def _installed() -> Path | None:
    return next(filter(None, map(process.find_program, ("chromium", "chromium-browser", "google-chrome"))), None)
