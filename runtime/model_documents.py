"""The model documents of a plant: TOML, a table for every asset class that needs other values than the default."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.watch import ModelDocument


class WrongModels(ValueError):
    """A model document that cannot be used; says file, key and mend."""


def read(path: Path | None) -> Mapping[str, Any]:
    """Return the documents by asset class, checked; where no file is set none, which is the default for all."""
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for asset_class in document:
            ModelDocument.for_class(document, asset_class)
    except FileNotFoundError:
        raise WrongModels(f"{path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise WrongModels(f"{path}: {error}") from None
    return document
