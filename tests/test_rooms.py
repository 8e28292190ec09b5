"""The innermost room stays free of everything but the standard library; import-linter checks the rest."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "workorder_core").rglob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_core_imports_the_standard_library_only(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported <= sys.stdlib_module_names | {"workorder_core"}


@pytest.mark.parametrize("module", ["runtime.cli.main", "api.app", "db.orders.work_orders", "db.documents.documents"])
def test_a_room_can_be_entered_by_any_door(module: str) -> None:
    """In a process of its own: what other tests have imported already would hide that two modules need each other."""
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True)
