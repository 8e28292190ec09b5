"""What a page can show of an error is made by ``say``: a sentence in quotes would be English for everybody."""

import ast
from collections.abc import Iterator
from pathlib import Path

from api.problems import PROBLEMS

ROOT = Path(__file__).parents[3]
ROOMS = ("workorder_core", "db", "api", "ingest/tables")
SHOWN = {kind.__name__ for kind in PROBLEMS} | {"InvalidForm", "InvalidCell", "InvalidPicture", "WrongPassword"}
"""Errors that pages show: those of the table, those of forms, and what these pass on."""
ENGLISH = {
    "NoIdempotencyKey": "of the API alone",
    "KeyReused": "of the API alone",
    "InvalidCursor": "of the API alone",
    "UnknownParameter": "of the API alone",
    "TooManyStreams": "of the API alone",
    "InvalidRulebook": "of documents, whose keys are English",
    "InvalidModels": "of documents, whose keys are English",
    "PoolTimeout": "of the database",
    "OperationalError": "of the database",
    "DataError": "of the database",
}
"""Errors of the table that stay English, and why."""
FORMS = {"need": 2, "InvalidForm": 0, "Question": 0}
"""What a form says is wrong, and which argument it is."""
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def unmarked(source: str) -> Iterator[str]:
    """Yield the sentences of errors that no mark has: by the error's own class, and where one is raised."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name in SHOWN - ENGLISH.keys():
            for each in ast.walk(node):
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "__init__":
                    yield from _texts(each.args)
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in FORMS:
                said = [*node.args[FORMS[name] :], *(each.value for each in node.keywords if each.arg != "headers")]
                yield from _texts(said)
            elif name in SHOWN - ENGLISH.keys() and name not in ("NotFound", "AlreadyExists"):
                yield from _texts(node.args)


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.JoinedStr():
                yield ast.unparse(node)
            case ast.Constant(value=str(text)) if " " in text:
                yield text
            case ast.IfExp():
                yield from _texts([node.body, node.orelse])
            case ast.BoolOp() | ast.Dict():
                yield from _texts(node.values)


def test_a_sentence_that_a_page_shows_is_marked():
    found = {path.relative_to(ROOT).as_posix(): list(unmarked(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {name: texts for name, texts in found.items() if texts} == {}
    assert len(found) > 200


def test_an_unmarked_sentence_is_found():
    source = (
        "class NotReady(Exception):\n    def __init__(self, n):\n        super().__init__(f'{n} is not ready')\n"
        "def f(read, x):\n    read.need('a', x, 'say it' if x else say('x'))\n"
        "    raise InvalidForm(fields={'a': 'write it here'})\n"
        "    raise NotReady(say('fine'), 'code')\n"
    )
    assert list(unmarked(source)) == ["f'{n} is not ready'", "say it", "write it here"]
