"""The model documents of a plant: TOML, a table for every asset class that needs other values than the default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest import toml_text
from ingest.toml_text import NotToml
from models.document import ModelDocument


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
    return ModelDocument.from_table(table)
