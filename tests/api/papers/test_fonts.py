"""Which letters prints can have: what no font has is found and named, never a box without a word."""

import re
import subprocess
from pathlib import Path

import pytest
import typst

from api.papers import fonts, typeset
from tests.parts.fetch import PartMissing, cache_dir, run

EMBEDDED = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
TEXTS = {
    "names of Europe": ("Žofie Łukasz Øystein İpek Ștefan Ångström œuvre straße €", ""),
    "Greek and Cyrillic": ("Αντλία 7, Насос Жіђ", ""),
    "signs of plants": ("µm ≥ 4 °C → ✓ ‰ Ω m³ … – “x”", ""),
    "Chinese within Latin": ("P-103 水泵 at the intake 水", "水泵"),
    "a wrench": ("seal 🔧", "🔧"),
    "what is no letter": ("a\u200bb\u00adc\ufe0f\td\n", ""),
}


@pytest.mark.parametrize(("text", "lacking"), TEXTS.values(), ids=TEXTS)
def test_of_a_text_just_the_letters_are_missing_that_no_font_has(text: str, lacking: str) -> None:
    assert fonts.missing(text, fonts=EMBEDDED) == sorted(lacking)


def test_a_text_of_very_many_letters_without_a_font_is_looked_at_in_bounds() -> None:
    every = "".join(map(chr, range(0x4E00, 0x4E00 + 1_000)))
    assert fonts.missing(every, most=13, fonts=EMBEDDED) == list(every[:13])


def test_scripts_are_named_of_which_there_are_letters_and_of_which_not() -> None:
    there, lacking = fonts.scripts(EMBEDDED)
    assert {"Latin", "Greek", "Cyrillic"} <= set(there)
    assert {"Chinese", "Korean", "emoji"} <= set(lacking)
    assert not set(there) & set(lacking)


def test_the_letters_are_looked_for_in_the_fonts_of_the_templates() -> None:
    named = ", ".join(f'"{each}"' for each in fonts.FAMILIES)
    for template in ("sheet", "labels"):
        text = (typeset._TEMPLATES / f"{template}.typ").read_text(encoding="utf-8")
        assert re.findall(r"font: \((.*?)\)", text) == [named], template


AUDIT = {
    "sound": True, "footer": "Printed by 王芳", "of": "水泵 🔧", "verdict": "sound", "looked_at": "1", "asked": [],
    "broken": [], "more": "", "broken_anchors": [], "anchor": None, "expected": None, "expected_there": True,
    "trail": None,
}  # fmt: skip


def test_a_print_says_at_its_end_which_letters_are_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "all_", lambda: EMBEDDED)
    [boxes] = typeset.pictures("audit", AUDIT)
    [none] = typeset.pictures("audit", AUDIT | {"of": "plant", "footer": "Printed by Wang Fang"})
    assert typeset._boxes("水泵") == "Printed as boxes, because no font of the server has them: U+6C34, U+6CF5."
    assert typeset._boxes("plant") == ""
    assert boxes != none


@pytest.mark.parametrize(("size", "count", "pages"), [("single", 2, 3), ("sheet", 23, 1), ("sheet", 24, 2)])
def test_labels_say_on_the_place_after_the_last_one_which_letters_are_boxes(
    size: str, count: int, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "all_", lambda: EMBEDDED)
    one = {"code": "P-1", "name": "水泵", "place": "North", "qr": typeset.qr("http://localhost/q/1")}
    without = {"labels": [one | {"name": "Pump"}] * count, "size": size, "skip": 0}
    assert len(typeset.pictures("labels", without)) == (count if size == "single" else 1)
    said = typeset.pictures("labels", without | {"labels": [one] * count})
    assert len(said) == pages
    monkeypatch.setattr(typeset, "_boxes", lambda _: "")
    assert len(typeset.pictures("labels", without | {"labels": [one] * count})) == (count if size == "single" else 1)
    assert said[-1] != typeset.pictures("labels", without | {"labels": [one] * count})[-1]


@pytest.mark.slow
def test_with_fonts_of_debian_names_of_east_asia_and_emoji_are_printed_without_a_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PDF/A form of the print is refused where a letter of it has no font."""
    try:
        folder = unpacked("fonts-droid-fallback", "fonts-noto-color-emoji", "fonts-noto-core")
    except PartMissing as missing:
        pytest.skip(f"NOT TRIED: {missing}")
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(folder)])
    monkeypatch.setattr(fonts, "all_", lambda: found)
    there, lacking = fonts.scripts()
    assert lacking == [], there
    said = AUDIT | {"of": "".join(fonts.SAMPLES.values())}
    assert typeset._boxes(str(said)) == ""
    assert typeset.pdf("audit", said).startswith(b"%PDF-")


def unpacked(*packages: str) -> Path:
    """Return a folder with the files of Debian packages, which are not installed."""
    folder = cache_dir() / "fonts"
    for package in packages:
        if not (folder / package).exists():
            folder.mkdir(exist_ok=True)
            run(["apt-get", "download", package], within_s=300, cwd=folder)
            [archive] = folder.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", str(archive), str(folder / package)], check=True)
            archive.unlink()
    return folder
