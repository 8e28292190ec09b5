"""The innermost room imports the standard library, python-dateutil and holidays; import-linter checks the rest."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "workorder_core").rglob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_core_imports_the_standard_library_and_two_libraries_of_dates_only(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported <= sys.stdlib_module_names | {"workorder_core", "dateutil", "holidays"}


@pytest.mark.parametrize("module", ["runtime.cli.main", "api.app", "db.orders.work_orders", "db.documents.documents"])
def test_a_room_can_be_entered_by_any_door(module: str) -> None:
    """In a process of its own: what other tests have imported already would hide that two modules need each other."""
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True)


ROOMS = ("workorder_core", "ingest", "models", "rules", "judge", "db", "api", "runtime")
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if not path.name.endswith("_pb2.py")]
KERNELS = {"models/kernel.py", "runtime/scheduling/kernel.py"}
"""A compiled kernel is one file: numba caches what it compiles by its file."""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_no_module_function_or_class_is_too_large_to_be_read_at_once() -> None:
    """At most 400 lines a module, 60 a function, 25 methods a class."""
    too_large = []
    for path in MODULES:
        name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        if text.count("\n") > 400 and name not in KERNELS:
            too_large.append(f"{name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, DEFINITIONS) and (lines := (node.end_lineno or 0) - node.lineno + 1) > 60:
                too_large.append(f"{name}: {node.name} has {lines} lines")
            if isinstance(node, ast.ClassDef) and (methods := sum(isinstance(x, DEFINITIONS) for x in node.body)) > 25:
                too_large.append(f"{name}: {node.name} has {methods} methods")
    assert not too_large


def test_no_folder_has_more_modules_than_can_be_looked_over() -> None:
    """At most twenty at one level."""
    folders = {path.parent for path in [*MODULES, *(ROOT / "tests").rglob("*.py")]}
    modules = {folder: [each for each in folder.glob("*.py") if each.name != "__init__.py"] for folder in folders}
    assert {str(folder.relative_to(ROOT)): len(found) for folder, found in modules.items() if len(found) > 20} == {}
