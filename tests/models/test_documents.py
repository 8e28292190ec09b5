"""A model document whose numbers no model could use is refused where it is read, with the key and what to do."""

import pytest

from models import documents
from models.documents import InvalidModels

WRONG = {
    "a warm-up without an end": ("warmup_frames", {"warmup_frames": 10**30, "memory_frames": 10**31}),
    "a memory without an end": ("memory_frames", {"memory_frames": 10**19}),
    "a horizon that fills the memory": ("horizon_frames", {"horizon_frames": 10**9}),
    "cycles without an end": ("warmup_cycles", {"warmup_cycles": 10**400}),
    "a number that is none": ("drift", {"drift": 10**400}),
    "a name that cannot be stored": ("name", {"name": "a\0b"}),
    "a name of half a character": ("name", {"name": "\ud800"}),
    "no name": ("name", {"name": " "}),
    "a name as long as a page": ("name", {"name": "x" * 5_000}),
    "a signal that cannot be stored": ("regime", {"regime": ["a\0b"]}),
}


@pytest.mark.parametrize(("key", "table"), WRONG.values(), ids=WRONG.keys())
def test_a_document_that_no_model_could_use_is_refused(key, table):
    with pytest.raises(InvalidModels, match=key):
        documents.parse({"default": table})
