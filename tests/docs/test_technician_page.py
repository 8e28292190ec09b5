"""What docs/technician.md says is so: its batch, its kinds, verdicts and reasons."""

import re
from pathlib import Path

from api.shapes.sync.batches import MOST
from api.shapes.sync.briefings import BriefingOut, ChangesOut
from api.shapes.sync.catalogues import CatalogueOut, WordsOut
from api.shapes.sync.contents import CONTENTS
from workorder_core.sync.fields import FIELDS
from workorder_core.sync.reasons import MOVES
from workorder_core.sync.words import Because, OpKind, Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "technician.md").read_text(encoding="utf-8")


def test_the_page_names_every_kind_field_verdict_and_reason():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
    assert set(OpKind) <= set(rows)
    assert {
        kind: {name for name in CONTENTS[kind].model_fields if f"`{name}`" not in rows[kind]} for kind in OpKind
    } == {kind: set() for kind in OpKind}
    assert set(Verdict) <= set(rows)
    assert all(f"`{each}`" in PAGE for each in (*Because, *FIELDS, *MOVES))
    assert f"at most {MOST} operations" in PAGE


def test_the_page_names_every_field_of_what_a_device_gets():
    fields = {name for shape in (BriefingOut, ChangesOut, CatalogueOut, WordsOut) for name in shape.model_fields}
    assert {name for name in fields if f"`{name}`" not in PAGE} - {"orders"} == set()
