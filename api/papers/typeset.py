"""Documents as PDF, from the templates beside this file.

What a document says reaches its template as JSON, never as text of the template: nothing that people have written is
run. The fonts that typst brings come first, so a document looks the same everywhere; letters that they lack, such as
Chinese ones, come from the fonts of the system where it has any, and are boxes where it has none. Nothing is fetched.
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
    """Return the pages of the same as PNG."""
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
    """Return what a template says itself, by its English, in the reader's language."""
    return {each: _(each) for each in _marked(template)}


@cache
def _marked(template: str) -> tuple[str, ...]:
    """Return the texts of a template that it has by ``say``, which reach it in the reader's language."""
    text = (_TEMPLATES / f"{template}.typ").read_text(encoding="utf-8")
    return tuple(each.replace('\\"', '"') for each in _SAID.findall(text))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def qr(address: str) -> str:
    """Return an address as a QR code, an SVG; it can be read with a seventh of it dirty or torn off."""
    made = io.BytesIO()
    segno.make(address, error="m", micro=False, boost_error=False).save(made, kind="svg", border=2, xmldecl=False)
    return made.getvalue().decode()


def clock(at: datetime | None, zone: str) -> str:
    """Return a time on a site's clock as prints say it: ``Mon 2 Mar 2026, 09:14 CET``; "–" for none."""
    if at is None:
        return "–"
    if not 1 < at.year < 9999:
        return formats.day(at.date())
    return formats.moment(at.astimezone(ZoneInfo(zone)))
