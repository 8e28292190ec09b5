"""Makes PDF documents from the templates beside this file. A document's facts reach its template as JSON, never as
template text: nothing that people have written is executed. typst's own fonts come first, so a document looks the same
everywhere; letters that they lack, such as Chinese ones, come from the system's fonts, or are boxes if it has none.
Nothing is downloaded.
"""

import io
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
import typst

from api.language import formats
from workorder_core.language import _, current

_TEMPLATES = Path(__file__).parent / "templates"
_SAID = re.compile(r'\bsay\("((?:[^"\\]|\\.)+)"')


def pdf(template: str, facts: Mapping[str, Any]) -> bytes:
    """Return a template filled with facts, as PDF."""
    made = _compiled(template, facts, "pdf")
    assert isinstance(made, bytes)
    return made


def pictures(template: str, facts: Mapping[str, Any], *, dots_per_inch: float = 100) -> list[bytes]:
    """Return the pages of the same document as PNG."""
    made = _compiled(template, facts, "png", dots_per_inch)
    return [made] if isinstance(made, bytes) else list(made)


def _compiled(template: str, facts: Mapping[str, Any], kind: Any, dots_per_inch: float | None = None) -> Any:
    return typst.compile(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        font_paths=_fonts(),
        format=kind,
        ppi=dots_per_inch,
        sys_inputs={
            "facts": json.dumps(facts, ensure_ascii=False),
            "words": json.dumps(words_of(template), ensure_ascii=False),
            "language": current().code,
        },
    )


def words_of(template: str) -> dict[str, str]:
    """Return a template's own texts in the reader's language, by their English."""
    return {each: _(each) for each in _marked(template)}


@cache
def _marked(template: str) -> tuple[str, ...]:
    """Return the texts that a template uses by ``say``, which it gets in the reader's language."""
    text = (_TEMPLATES / f"{template}.typ").read_text(encoding="utf-8")
    return tuple(each.replace('\\"', '"') for each in _SAID.findall(text))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def qr(address: str) -> str:
    """Return an address as a QR code, an SVG; it is readable with up to a seventh of it damaged."""
    made = io.BytesIO()
    segno.make(address, error="m", micro=False, boost_error=False).save(made, kind="svg", border=2, xmldecl=False)
    return made.getvalue().decode()


def clock(at: datetime | None, zone: str) -> str:
    """Return a time on a site's clock for prints: ``Mon 2 Mar 2026, 09:14 CET``; "–" for none."""
    if at is None:
        return "–"
    if not 1 < at.year < 9999:
        return formats.day(at.date())
    return formats.moment(at.astimezone(ZoneInfo(zone)))
