"""Makes PDF documents from the templates beside this file. A document's facts reach its template as JSON, never as
template text: nothing that people have written is executed. Letters that no font has are printed as boxes, and the
document lists their codes. Nothing is downloaded.
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
from api.papers import fonts
from workorder_core.language import _, current

_TEMPLATES = Path(__file__).parent / "templates"
MOST_NAMED = 12
"""Letters without a font that a print names."""
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
    said = json.dumps(facts, ensure_ascii=False)
    return typst.compile(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        font_paths=fonts.all_(),
        format=kind,
        ppi=dots_per_inch,
        sys_inputs={
            "facts": said,
            "boxes": _boxes(said),
            "words": json.dumps(words_of(template), ensure_ascii=False),
            "language": current().code,
        },
    )


def _boxes(said: str) -> str:
    """Return the sentence that a print ends with where letters of it are boxes; empty where none is."""
    letters = fonts.missing(said, most=MOST_NAMED + 1)
    if not letters:
        return ""
    named = fonts.named(letters[:MOST_NAMED])
    if len(letters) > MOST_NAMED:
        named = _("%(letters)s and others", letters=named)
    return _("Printed as boxes, because no font of the server has them: %(letters)s.", letters=named)


def words_of(template: str) -> dict[str, str]:
    """Return a template's own texts in the reader's language, by their English."""
    return {each: _(each) for each in _marked(template)}


@cache
def _marked(template: str) -> tuple[str, ...]:
    """Return the texts that a template uses by ``say``, which it gets in the reader's language."""
    text = (_TEMPLATES / f"{template}.typ").read_text(encoding="utf-8")
    return tuple(each.replace('\\"', '"') for each in _SAID.findall(text))


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
