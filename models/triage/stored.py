"""A learned model as bytes: arrays of numbers and names, compressed; reading it executes nothing."""

import io
import json
from typing import Any

import numpy as np
from scipy import sparse

from models.triage.forest import Forest
from models.triage.scorer import Scorer
from models.triage.selective import Past, Selector
from models.triage.texts import Vocabulary

FORM = 1
"""The version of the bytes."""


class NotReadable(ValueError):
    """The bytes are of another version, or damaged."""


def to_bytes(learned: Selector) -> bytes:
    """Return the bytes of a learned model."""
    scorer, forest = learned.scorer, learned.scorer.forest
    head = {
        "form": FORM,
        "labels": scorer.labels,
        "features": list(scorer.vocabulary.columns),
        "curve": learned.curve,
        "threshold": learned.threshold,
        "past": [learned.past.predicted, learned.past.suggested, learned.past.right],
        "shape": forest.shares.shape,
    }
    arrays = {
        "weights": scorer.vocabulary.weights,
        "parts": scorer.parts.astype(np.int8),
        "slopes": scorer.slopes.astype(np.float16),
        "offsets": scorer.offsets,
        "roots": forest.roots,
        "columns": forest.columns,
        "without": forest.without,
        "having": forest.having,
        "leaves": forest.leaves,
        "share_data": forest.shares.data,
        "share_indices": forest.shares.indices,
        "share_ends": forest.shares.indptr,
    }
    out = io.BytesIO()
    np.savez_compressed(out, head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8), **arrays)
    return out.getvalue()


def from_bytes(stored: bytes) -> Selector:
    """Return the model of some bytes. Raises NotReadable."""
    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as read:
            head: dict[str, Any] = json.loads(read["head"].tobytes())
            arrays = {name: read[name] for name in read.files}
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise NotReadable(f"these bytes are no model: {error}") from None
    if head.get("form") != FORM:
        raise NotReadable(f"the model has the form {head.get('form')}, this version reads {FORM}; learn again")
    shares = sparse.csr_matrix(
        (arrays["share_data"], arrays["share_indices"], arrays["share_ends"]), shape=tuple(head["shape"])
    )
    names = ("roots", "columns", "without", "having", "leaves")
    forest = Forest(shares=shares, **{name: arrays[name] for name in names})
    vocabulary = Vocabulary({each: at for at, each in enumerate(head["features"])}, arrays["weights"])
    scorer = Scorer(
        vocabulary=vocabulary,
        labels=tuple(head["labels"]),
        parts=arrays["parts"].astype(float),
        forest=forest,
        slopes=arrays["slopes"].astype(np.float32),
        offsets=arrays["offsets"],
    )
    first, second, constant = head["curve"]
    predicted, suggested, right = head["past"]
    return Selector(
        scorer=scorer,
        curve=(first, second, constant),
        threshold=head["threshold"],
        past=Past(predicted=predicted, suggested=suggested, right=right),
    )
