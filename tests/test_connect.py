"""Every example of docs/connect.md does what the page says."""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from ingest.border import Bounds
from ingest.formats import mapping
from ingest.messages import Message
from models import documents as model_documents
from runtime.cli import mappings, plant_file
from runtime.pipeline import sources
from runtime.settings import Settings, load
from workorder_core.plant.signals import Meaning

PAGE = Path(__file__).parent.parent / "docs" / "connect.md"
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(match[1], match[2], match[3]) for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
EXAMPLES = [
    (i, *BLOCKS[i][2].split("\n", 1), BLOCKS[i + 1][2]) for i, block in enumerate(BLOCKS) if block[0] == "message"
]


def files(folder: Path) -> list[str]:
    """Write every document of the page and return those that map topics."""
    topical = []
    for kind, name, text in BLOCKS:
        if kind in ("mapping", "file"):
            (folder / name).write_text(text)
        if kind == "mapping" and mapping.read(folder / name).topic is not None:
            topical.append(str(folder / name))
    return topical


def test_every_message_of_the_page_is_followed_by_what_it_becomes():
    kinds = [kind for kind, _, _ in BLOCKS]
    assert len(EXAMPLES) >= 8
    assert all(kinds[i + 1] == "becomes" for i, kind in enumerate(kinds) if kind == "message")
    assert set(kinds) <= {"message", "becomes", "settings", "mapping", "file", "sh", "prints", "toml", "plant"}


@pytest.mark.parametrize(
    ("topic", "payload", "expected"), [each[1:] for each in EXAMPLES], ids=[each[1] for each in EXAMPLES]
)
def test_a_message_becomes_what_the_page_says(topic, payload, expected, tmp_path):
    own = files(tmp_path)
    settings = Settings(
        mappings=["umh", "homie", *own], thingsboard_site="NTH", thingsboard_device="P-201", sparkplug_host="plant"
    )
    formats = sources.load_formats(settings)
    now_us = time.time_ns() // 1000
    frames, refused = formats.parse(Message(topic, payload.strip().encode(), now_us), Bounds(skew_us=10**18))
    assert refused == []
    assert "\n".join(line for frame in frames for line in mappings.frame_lines(frame)) == expected.strip()


@pytest.mark.parametrize("text", [text for kind, _, text in BLOCKS if kind == "settings"])
def test_the_settings_of_the_page_are_taken(text, monkeypatch):
    for line in text.strip().splitlines():
        name, value = line.split("=", 1)
        monkeypatch.setenv(name, value)
    sources.load_formats(load())


def test_the_model_document_of_the_page_is_taken(tmp_path):
    (text,) = [text for kind, _, text in BLOCKS if kind == "toml"]
    (tmp_path / "models.toml").write_text(text)
    assert model_documents.of_class(model_documents.read(tmp_path / "models.toml"), "pump").frame_step_s == 60


def test_the_plant_file_of_the_page_is_taken(tmp_path):
    (text,) = [text for kind, _, text in BLOCKS if kind == "plant"]
    asset = '[[assets]]\nid = "P-1"\nclass = "centrifugal_pump"\n'
    (tmp_path / "plant.toml").write_text(f'[site]\ncode = "NTH"\nname = "North"\n{asset}{text}')
    mode, energy = plant_file.read(tmp_path / "plant.toml").assets[0].signals
    assert mode.meaning == Meaning(states={"STOPPED": 0, "RUNNING": 1, "FAULT": 7})
    assert energy.meaning == Meaning(counter=True, wraps_at=65536, plausible_low=0, plausible_high=1e9)


def test_every_setting_that_the_page_names_is_one():
    named = set(re.findall(r"PLANTWRIGHT_([A-Z_]+)", PAGE.read_text(encoding="utf-8"))) - {"CONFIG"}
    assert named <= {name.upper() for name in Settings.model_fields}


def test_every_key_of_a_mapping_is_told():
    assert all(f"`{key}`" in PAGE.read_text() or f"`[{key}]`" in PAGE.read_text() for key in mapping._TOP)


@pytest.mark.parametrize("line", [text.strip() for kind, _, text in BLOCKS if kind == "sh"])
def test_a_command_of_the_page_runs(line, tmp_path, database):
    files(tmp_path)
    (message,) = [block for block in EXAMPLES if block[1] == "factory/L1/press/out"]
    (tmp_path / "message.json").write_text(message[2])
    program, *arguments = shlex.split(line)
    assert program == "plantwright"
    # From a folder of its own, so that the page's file names are those of the command.
    command = [sys.executable, "-m", "runtime.cli.main", *arguments]
    env = os.environ | {"PLANTWRIGHT_DATABASE": database, "PYTHONPATH": str(PAGE.parent.parent)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = {"mapping": message[3], "import": next(text for kind, _, text in BLOCKS if kind == "prints")}
    assert wanted[arguments[0]].strip() in done.stdout
    if arguments[0] == "import":
        with psycopg.connect(database) as conn:
            first = conn.execute("SELECT min(observed_at) = '2026-03-02T06:00:00Z', count(*) FROM readings").fetchone()
            assert first == (True, 4)
