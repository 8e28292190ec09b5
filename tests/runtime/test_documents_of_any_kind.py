"""Documents that people write with anything in them: used, or refused by a sentence that names file and key."""

import copy
import json
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.plant import plant as db_plant
from ingest.formats import mapping
from ingest.replay import InvalidMapping
from models import documents as models
from models.documents import InvalidModels
from rules import rulebook
from rules.rulebook import InvalidRulebook
from runtime.cli import plant_file
from runtime.cli.plant_file import InvalidPlantFile

ROOT = Path(__file__).parents[2]
KINDS: dict[str, tuple[str, Callable[[Path], Any], type[Exception]]] = {
    "plant": ("data/samples/plant.toml", plant_file.read, InvalidPlantFile),
    "rulebook": ("data/samples/rulebook.toml", rulebook.read, InvalidRulebook),
    "models": ("data/samples/models.toml", models.read, InvalidModels),
    "mapping of files": ("data/samples/skab.mapping.toml", mapping.read, InvalidMapping),
    "mapping of messages": ("ingest/mappings/umh.toml", mapping.read, InvalidMapping),
}
ANYTHING: tuple[Any, ...] = (
    "", " ", "\0", "a\0b", "x" * 10_000, "x" * 65, "P 1", "\u202e", "a\nb", "日本", "24:00", "Europe", "../x", "1e400",
    10**400, 10**5_000, -1, 0, 2**63, float("nan"), float("inf"), 1e308, True, [], {}, [[]], [1], {"a": 1},
)  # fmt: skip


def toml(value: Any) -> str:
    """JSON is nearly TOML."""
    match value:
        case bool() | str():
            return json.dumps(value)
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case int():
            return "9" * 5_000 if value > 10**4_000 else str(value)
    return str(value)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a document: of a list, and of tables alike, the first."""
    if at:
        yield at
    if isinstance(value, dict):
        alike = len(value) > 1 and all(isinstance(each, dict) for each in value.values())
        for key in list(value)[:1] if alike else value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def variants(file: Path) -> Iterator[tuple[str, str]]:
    """A document with anything at one of its places, and what that is."""
    document = {
        key: value[:1] if isinstance(value, list) else value for key, value in tomllib.loads(file.read_text()).items()
    }
    for at in places(document):
        for other in ANYTHING:
            made = copy.deepcopy(document)
            inner: Any = made
            for key in at[:-1]:
                inner = inner[key]
            inner[at[-1]] = other
            yield (
                f"{at}: {'an enormous number' if isinstance(other, int) and other > 2**64 else repr(other)[:60]}",
                "\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in made.items()),
            )


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_used_or_refused_by_a_sentence(database, tmp_path, kind):
    sample, read, wrong = KINDS[kind]
    path = tmp_path / "document.toml"
    refused = 0
    with psycopg.connect(database) as conn:
        for what, text in variants(ROOT / sample):
            path.write_text(text)
            try:
                made = read(path)
            except wrong as error:
                told = str(error)
                assert str(path) in told, what
                assert len(told) < 1_000, what
                assert "\0" not in told, what
                refused += 1
                continue
            if kind == "plant":
                with conn.transaction(force_rollback=True):
                    db_plant.load(conn, made, at=datetime.now(UTC))
    assert refused > 50


SAID = {
    "a number of thousands of digits": ("x = " + "9" * 5_000, "is not TOML: "),
    "nested too deep": ("x = " + "[" * 5_000, "is not TOML: "),
    "of another encoding": (b"x = '\xff'", "is not TOML: "),
}


@pytest.mark.parametrize(("text", "says"), SAID.values(), ids=SAID)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_toml_is_told_of(tmp_path, kind, text, says):
    _, read, wrong = KINDS[kind]
    path = tmp_path / "document.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(wrong, match=says):
        read(path)
    with pytest.raises(wrong, match="there is no such file"):
        read(tmp_path / "nowhere.toml")


def test_a_byte_order_mark_before_a_document_is_passed_over(tmp_path):
    path = tmp_path / "plant.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'[site]\ncode = "N"\nname = "North"\n')
    assert plant_file.read(path).code == "N"


PLANTS = {
    "a code with a blank": ('[[assets]]\nid="P 1"', "assets[P 1].id: 'P 1' is no code: A-Z, a-z, digits"),
    "a code with a NUL": ('[[assets]]\nid="P\\u0000"', "assets[1].id: 'P\\x00' is no code"),
    "a code of 65": (f'[[assets]]\nid="{"t" * 65}"', "is no code: A-Z, a-z, digits and _ . -"),
    "a name with a NUL": ('[[assets]]\nid="P"\nname="a\\u0000"', "assets[P].name: 'a\\x00' is no name: up to 200"),
    "a signal with an umlaut": (
        '[[assets]]\nid="P"\n[[signals]]\nid="Öl"\nasset="P"',
        "signals[Öl].id: 'Öl' is not a signal name",
    ),
    "a unit of 50 characters": (
        f'[[assets]]\nid="P"\n[[signals]]\nid="oil"\nasset="P"\nunit="{"m" * 50}"',
        "signals[oil].unit: oil: 'mmmm",
    ),
    "a skill with a NUL": ('[[technicians]]\nid="t"\nskills=["\\u0000"]', "technicians[t].skills: '\\x00' is no name"),
}


@pytest.mark.parametrize(("rows", "says"), PLANTS.values(), ids=PLANTS)
def test_what_the_schema_refuses_is_told_by_file_row_and_key(tmp_path, rows, says):
    path = tmp_path / "plant.toml"
    path.write_text(f'[site]\ncode="N"\nname="n"\n{rows}')
    with pytest.raises(InvalidPlantFile) as raised:
        plant_file.read(path)
    assert str(path) in str(raised.value)
    assert says in str(raised.value)


MAPPINGS = {
    "a site of which no code can be made": ('site = "日本"', "site cannot be so: '日本' makes no code"),
    "a signal of nothing": ('[signals]\n"a" = "!"', "signal cannot be so: "),
    "a class with a NUL": ('class = "a\\u0000"', "class 'a\\x00' is no name"),
    "a unit with a NUL": ('[signals]\n"a" = {signal = "a", unit = "\\u0000"}', "unit cannot be so: "),
}


@pytest.mark.parametrize(("line", "says"), MAPPINGS.values(), ids=MAPPINGS)
def test_a_mapping_that_no_message_can_pass_is_refused_when_it_is_read(tmp_path, line, says):
    said = {"site": '"N"', "asset": '"P"', "values": '"v"'}
    path = tmp_path / "mapping.toml"
    path.write_text("\n".join([*(f"{key} = {value}" for key, value in said.items() if key not in line[:5]), line]))
    with pytest.raises(InvalidMapping) as raised:
        mapping.read(path)
    assert says in str(raised.value)


def test_a_technician_and_a_location_may_be_called_as_the_schema_lets_them(tmp_path):
    path = tmp_path / "plant.toml"
    rows = '[[technicians]]\nid="Anna Holm"\n[[locations]]\ncode="Hall Süd"\nname="Süd"\nlevel="area"'
    path.write_text(f'[site]\ncode="N"\nname="n"\n{rows}')
    made = plant_file.read(path)
    assert (made.technicians[0].code, made.locations[0].code) == ("Anna Holm", "Hall Süd")
