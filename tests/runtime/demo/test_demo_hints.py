"""What the demo says can be tried beside it works as it is printed, wherever its folder is."""

import shlex
from pathlib import Path

from runtime.demo.demo import NEXT, hints
from runtime.embedded.process import default_data_dir


def test_beside_a_demo_in_the_usual_folder_nothing_has_to_be_set():
    assert hints(default_data_dir()) == list(NEXT)


def test_beside_a_demo_elsewhere_its_folder_is_set_first(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "a demo", Path("a demo")):
        (first, _), *others = hints(folder)
        assert shlex.split(first) == ["export", f"PLANTWRIGHT_DATA_DIR={tmp_path / 'a demo'}"]
        assert others == list(NEXT)
