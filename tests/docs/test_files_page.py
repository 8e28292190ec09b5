"""docs/files.md: its settings are settings, its paths are paths, its numbers are the code's."""

import re
import tomllib
from pathlib import Path

from api.app import create
from db.files import files, pictures
from runtime.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")


def test_the_pages_settings_are_taken():
    (example,) = re.findall(r"```toml\n(.*?)\n```", PAGE, re.DOTALL)
    said = tomllib.loads(example)
    settings = Settings(**said)
    assert (settings.file_kinds, settings.file_most_mb) == (said["file_kinds"], said["file_most_mb"])


def test_the_pages_paths_are_the_apis():
    paths = create(None, keys={}).openapi()["paths"].keys()  # type: ignore[arg-type]
    named = set(re.findall(r"(/api/v1/[\w{}/-]+)", PAGE))
    assert len(named) > 5
    assert named <= paths


def test_the_pages_bounds_are_the_codes():
    assert f"up to {files.LARGEST // 1_000_000} MB" in PAGE
    assert f"more than {pictures.MOST_PIXELS // 1_000_000} million pixels" in PAGE
    assert f"({pictures.SMALL} pixels, JPEG)" in PAGE
