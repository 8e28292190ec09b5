"""The model documents of a plant: TOML, a table for every asset class that needs other values than the default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest import toml_text
from ingest.toml_text import NotToml
from models.document import ModelDocument, ModelDocumentError
from models.lives.fleet import FleetModel, InvalidFleet

FLEET = "fleet"
"""The key of a class's table under which its fleet model is."""


class InvalidModels(ValueError):
    """A model document that cannot be used; says file, key and what to do."""

    def __init__(self, problem: str) -> None:
        super().__init__(toml_text.shortened(problem))


def read(path: Path | None) -> Mapping[str, Any]:
    """Read and check the documents by asset class; none without a file, so that all classes use the default."""
    if path is None:
        return {}
    try:
        document = toml_text.read(path)
    except NotToml as error:
        raise InvalidModels(f"{path}: {error.problem}") from None
    return parse(document, source=str(path))


def parse(documents: Mapping[str, Any], *, source: str = "models") -> Mapping[str, Any]:
    """Check the documents by asset class and return them unchanged. Raises InvalidModels."""
    try:
        for asset_class in documents:
            of_class(documents, asset_class)
            fleet_of(documents, asset_class)
    except ValueError as error:
        raise InvalidModels(f"{source}: {error}") from None
    return documents


def of_class(documents: Mapping[str, Any], asset_class: str) -> ModelDocument:
    """Return the document of an asset class: its own table, else the one called ``default``, else the defaults.

    Raises ValueError that names the key and what to do.
    """
    table = documents.get(asset_class, documents.get("default", {}))
    if not isinstance(table, Mapping):
        raise ValueError(f"{asset_class} must be a table; write [{asset_class}] over its keys")
    return ModelDocument.from_table({key: value for key, value in table.items() if key != FLEET})


def fleet_of(documents: Mapping[str, Any], asset_class: str) -> FleetModel | None:
    """Return the fleet model of an asset class; None if it has none. It is never inherited from ``default``.

    Raises ValueError that says what to do.
    """
    table = documents.get(asset_class)
    written = table.get(FLEET) if isinstance(table, Mapping) else None
    if written is None:
        return None
    if isinstance(written, str):
        return None  # names a version, whose numbers take its place before it judges
    name = str(table.get("name", ModelDocument.name)) if isinstance(table, Mapping) else ""
    if not isinstance(written, Mapping):
        raise ModelDocumentError(name, FLEET, f"is {written!r}", "write a version that `plantwright models list` shows")
    try:
        return FleetModel.of_table(written)
    except InvalidFleet as error:
        raise ModelDocumentError(name, FLEET, "cannot judge", str(error)) from None
