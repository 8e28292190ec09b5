"""pysparkplug, a Sparkplug implementation that is not ours, in an environment of its own in the cache."""

import sys
from hashlib import sha256
from pathlib import Path

from runtime.embedded import process
from tests.parts.fetch import cache_dir, run

_LOCK = Path(__file__).with_suffix(".lock")


def provide() -> Path:
    """Return the Python that has it, installed if need be at the locked versions."""
    name = sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache_dir() / f"pysparkplug-{name}"
    python = folder / "bin" / "python"
    with process.alone(cache_dir() / "pysparkplug.lock"):
        if not (folder / "done").exists():
            run([sys.executable, "-m", "venv", "--clear", str(folder)], within_s=120)
            pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--require-hashes"]
            run([*pip, "-r", str(_LOCK)], within_s=300)
            (folder / "done").touch()
    return python
