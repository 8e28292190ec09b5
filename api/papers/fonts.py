"""The fonts of prints, and which letters none of them has.

The fonts that typst brings come first, so a document looks the same everywhere; letters that they lack, such as Chinese
ones, come from the fonts of the system where it has any. Typst itself prints a box for the others and says nothing. But
it refuses to make a PDF/A with a letter that no font has, and that is asked of it here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice

import typst

SAMPLES: Mapping[str, str] = {
    "Latin": "Aßøřțİ",
    "Greek": "Ωά",
    "Cyrillic": "Жіђ",
    "Hebrew": "אב",
    "Arabic": "مضخة",
    "Chinese": "水泵轴承換",
    "Japanese": "ポンプひ",
    "Korean": "펌프",
    "Thai": "ปั๊ม",
    "Hindi": "पंप",
    "emoji": "🔧🚨",
}
"""Letters of a script, by its name: all of them are there, or a print in it has boxes."""
FAMILIES = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono")
_PLAIN = re.compile(r"[\x00-\x7f]+")
_PROBE = f"""\
#set document(title: "probe")
#set text(font: ({", ".join(f'"{each}"' for each in FAMILIES)}))
#for each in sys.inputs.letters.clusters() [#each #parbreak()]
"""


@cache
def all_() -> typst.Fonts:
    """Return the fonts that typst brings and those of the system, as they were when first asked for."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def missing(text: str, *, most: int = 13, fonts: typst.Fonts | None = None) -> list[str]:
    """Return the first letters of a text that no font has, each once, in the order of their codes."""
    letters = [each for each in sorted(set(_PLAIN.sub("", text))) if each.isprintable()]
    return list(islice(_lacking(letters, fonts or all_()), most))


def _lacking(letters: list[str], fonts: typst.Fonts) -> Iterator[str]:
    """Yield the letters that no font has, found by halving: most texts lack none or few."""
    if not letters or _has(fonts, "".join(letters)):
        return
    if len(letters) == 1:
        yield letters[0]
        return
    half = len(letters) // 2
    yield from _lacking(letters[:half], fonts)
    yield from _lacking(letters[half:], fonts)


def scripts(fonts: typst.Fonts | None = None) -> tuple[list[str], list[str]]:
    """Return the names of the scripts that prints can have, and of those that they cannot."""
    lacking = [name for name, letters in SAMPLES.items() if missing(letters, fonts=fonts)]
    return [name for name in SAMPLES if name not in lacking], lacking


def named(letters: Iterable[str]) -> str:
    """Return letters by their codes, which any font can show: ``U+6C34, U+6CF5``."""
    return ", ".join(f"U+{ord(each):04X}" for each in letters)


@lru_cache(maxsize=8192)
def _has(fonts: typst.Fonts, letters: str) -> bool:
    try:
        typst.compile(_PROBE.encode(), font_paths=fonts, sys_inputs={"letters": letters}, pdf_standards="a-2b")
    except typst.TypstError as refused:
        if "could not be displayed" not in refused.message:
            raise
        return False
    return True
