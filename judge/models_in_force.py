"""The model documents in force, with their limits as moved by close-outs. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import documents
from models.document import ModelDocument
from models.lives.fleet import FleetModel
from models.lives.life_recording import Recording


@dataclass(slots=True)
class ModelsInForce:
    """The models of every asset class.

    Parameters
    ----------
    documents
        By asset class: the numbers that differ from the default, as an engineer wrote them.
    factors
        By asset class: the version of a model whose limit close-outs have moved, and the factor (1 is unmoved).
    recording
        Records the lives of a class instead of judging by its fleet model, while one is learned.
    """

    documents: Mapping[str, Any] = field(default_factory=dict)
    factors: dict[str, tuple[str, float]] = field(default_factory=dict)
    recording: Recording | None = None
    _fleets: dict[str, FleetModel | None] = field(default_factory=dict)
    _fleets_of: Mapping[str, Any] | None = None

    def of_class(self, asset_class: str) -> tuple[ModelDocument, float, FleetModel | Recording | None]:
        """Return the model document of a class, the factor of its limit, and the class's fleet model."""
        document = documents.of_class(self.documents, asset_class)
        return document, self.factor(asset_class, document), self._fleet(asset_class)

    def _fleet(self, asset_class: str) -> FleetModel | Recording | None:
        """Read a class's fleet model once for all of its assets: it is long."""
        if self.recording is not None and self.recording.asset_class == asset_class:
            return self.recording
        if self._fleets_of is not self.documents:
            self._fleets, self._fleets_of = {}, self.documents
        if asset_class not in self._fleets:
            self._fleets[asset_class] = documents.fleet_of(self.documents, asset_class)
        return self._fleets[asset_class]

    def factor(self, asset_class: str, document: ModelDocument) -> float:
        """Return the factor by which close-outs have moved the limit of this version of the class's model."""
        version, factor = self.factors.get(asset_class, ("", 1.0))
        return factor if version == document.version else 1.0
