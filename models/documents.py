"""The model documents of a plant: TOML, a table for every asset class that needs other values than the default."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.document import ModelDocument


class WrongModels(ValueError):
    """A model document that cannot be used; says file, key and what to do."""


def read(path: Path | None) -> Mapping[str, Any]:
    """Return the documents by asset class, checked; where no file is set none, which is the default for all."""
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongModels(f"{path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise WrongModels(f"{path}: {error}") from None
    return parse(document, source=str(path))


def parse(documents: Mapping[str, Any], *, source: str = "models") -> Mapping[str, Any]:
    """Return the documents by asset class as they are, checked. Raises WrongModels."""
    try:
        for asset_class in documents:
            of_class(documents, asset_class)
    except ValueError as error:
        raise WrongModels(f"{source}: {error}") from None
    return documents


def of_class(documents: Mapping[str, Any], asset_class: str) -> ModelDocument:
    """Return the document of an asset class: its own table, else the one called ``default``, else the defaults.

    Raises ValueError that names the key and what to do.
    """
    table = documents.get(asset_class, documents.get("default", {}))
    if not isinstance(table, Mapping):
        raise ValueError(f"{asset_class} must be a table; write [{asset_class}] over its keys")
    return ModelDocument.from_table(table)
