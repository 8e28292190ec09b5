"""A plant file, an import and the command line make names that nothing uses yet, and say which may have been meant."""

import threading
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.pipeline import history
from runtime.settings import Settings
from tests.a_plant import SAMPLE

MAPPING = """
site = "NTH"
asset = "{stem}"
class = "centrifugal_pmup"
[time]
column = "when"
format = "iso"
[signals]
temp = { signal = "temp", unit = "degC" }
"""


@pytest.fixture
def ran(database: str):
    def ran(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, "--database", database])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    return ran


def test_a_plant_file_whose_names_are_used_by_one_thing_alone_is_loaded_with_a_warning(ran, tmp_path: Path) -> None:
    assert "warning" not in ran("plant", str(SAMPLE))
    text = SAMPLE.read_text().replace('class = "centrifugal_pump"', 'class = "centrifugal_pmup"', 1)
    slipped = tmp_path / "plant.toml"
    slipped.write_text(text.replace('"mechanical", "electrical"', '"mecanical", "electrical"', 1))
    said = ran("plant", str(slipped))
    assert "only one thing has the class 'centrifugal_pmup'; did you mean centrifugal_pump?" in said
    assert "only one thing has the skill 'mecanical'; did you mean mechanical?" in said


def test_a_device_is_bound_with_a_warning_where_a_name_is_nearly_another(ran) -> None:
    ran("plant", str(SAMPLE))
    assert "warning" not in ran("devices", "bind", "gw-1", "NTH/P-101")
    said = ran("devices", "bind", "gw_1", "NTH/P-1O2")
    assert "the device 'gw_1' is new; did you mean gw-1?" in said
    assert "the asset 'NTH/P-1O2' is new; did you mean NTH/P-102" in said
    assert "warning" not in ran("devices", "bind", "gw-2", "NTH/P-199"), "another number is another thing"


def test_an_import_says_which_asset_and_class_may_have_been_meant(ran, database: str, tmp_path: Path) -> None:
    ran("plant", str(SAMPLE))
    (tmp_path / "m.toml").write_text(MAPPING)
    files = [tmp_path / f"{name}.csv" for name in ("P-1O1", "P-299")]
    for file in files:
        file.write_text("when,temp\n2026-01-05T06:00:00Z,60\n")
    out = StringIO()
    console = Console(file=out, width=200)
    history.run(files, str(tmp_path / "m.toml"), Settings(database=database), 0, threading.Event(), console)
    said = " ".join(out.getvalue().split())
    assert "the asset 'NTH/P-1O1' is new; did you mean NTH/P-101" in said
    assert "the class 'centrifugal_pmup' is new; did you mean centrifugal_pump?" in said
    assert "P-299' is new" not in said
