"""The model documents in force, with their limits as moved by close-outs. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import documents
from models.document import ModelDocument


@dataclass(slots=True)
class ModelsInForce:
    """The models of every asset class.

    Parameters
    ----------
    documents
        By asset class: the numbers that differ from the default, as an engineer wrote them.
    factors
        By asset class: the version of a model whose limit close-outs have moved, and the factor (1 is unmoved).
    """

    documents: Mapping[str, Any] = field(default_factory=dict)
    factors: dict[str, tuple[str, float]] = field(default_factory=dict)

    def of_class(self, asset_class: str) -> tuple[ModelDocument, float]:
        """Return the model document of a class, and the factor of its limit."""
        document = documents.of_class(self.documents, asset_class)
        return document, self.factor(asset_class, document)

    def factor(self, asset_class: str, document: ModelDocument) -> float:
        """Return the factor by which close-outs have moved the limit of this version of the class's model."""
        version, factor = self.factors.get(asset_class, ("", 1.0))
        return factor if version == document.version else 1.0
