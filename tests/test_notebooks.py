"""The notebooks run from top to bottom as they are, and what is shown in them is what they print."""

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 400_000


def run(file: Path) -> Any:
    """Execute a notebook in its folder. Raises CellExecutionError for the first cell that fails."""
    notebook = nbformat.read(file, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(file.parent)}}
    )
    return client.execute()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the notebooks beside the shared data, where those are, as a clone has them."""
    (tmp_path / "main").mkdir()
    shutil.copytree(ROOT / "notebooks", tmp_path / "main" / "notebooks")
    if (ROOT.parent / "shared").is_dir():
        (tmp_path / "shared").symlink_to(ROOT.parent / "shared")
    return tmp_path / "main" / "notebooks"


def test_there_are_five() -> None:
    assert [file.name[0] for file in NOTEBOOKS] == list("12345")


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_from_top_to_bottom(folder: Path, file: Path) -> None:
    run(folder / file.name)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_as_it_ran(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert any("image/png" in output.get("data", {}) for output in outputs) or file.name.startswith("5")
    text = file.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    assert not any(place in text for place in ("/home/", "/root/", "/tmp/", "/usr/", "postgresql://plantwright:"))


def test_a_bad_cell_fails(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell("plant.nothing()")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "bad.ipynb")
    with pytest.raises(CellExecutionError, match="NameError"):
        run(tmp_path / "bad.ipynb")
