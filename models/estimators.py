"""Other detectors than the default: any river estimator that scores a frame, by the name that a model document gives.

river's own classes may always be named; others when their module has been allowed (`allow`), for naming a class runs
its code.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import io
import pickle
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

_allowed: set[str] = set()
_PLAIN = frozenset(
    {"builtins", "collections", "random", "math", "functools", "copyreg", "datetime", "_random", "itertools"}
)
_BUILTINS = frozenset(
    "set frozenset dict list tuple int float str bool bytes bytearray complex slice object range".split()  # noqa: SIM905
)


class Estimator(Protocol):
    """What a detector has to be: river's two verbs. ``score_one`` grows with how unusual the frame is."""

    def score_one(self, x: dict[str, float]) -> float: ...

    def learn_one(self, x: dict[str, float]) -> object: ...


class NoSuchEstimator(ValueError):
    """An estimator that can't be used: the name, what is wrong with it, and the mend."""


def allow(*modules: str) -> None:
    """Let model documents name classes of these modules."""
    _allowed.update(modules)


def allowed() -> frozenset[str]:
    """Return the modules, besides river's, that model documents may name."""
    return frozenset(_allowed)


def allow_folder(folder: Path) -> list[str]:
    """Let model documents name classes of the modules of a folder, and return the modules' names.

    Raises NoSuchEstimator for a folder that there is not, and for a module whose name something else has already.
    """
    if not folder.is_dir():
        raise NoSuchEstimator(f"{folder}: there is no such folder; `detectors` names a folder of Python modules")
    place = str(folder.resolve())
    names = sorted(file.stem for file in folder.glob("*.py") if file.stem.isidentifier())
    for name in names:
        other = importlib.util.find_spec(name)
        if other is not None and Path(str(other.origin)).parent != Path(place):
            raise NoSuchEstimator(f"{folder / name}.py: there is another module {name} already; choose another name")
    if place not in sys.path:
        sys.path.append(place)
        importlib.invalidate_caches()
    allow(*names)
    return names


def make(name: str, parameters: Mapping[str, Any]) -> Estimator:
    """Return a new estimator. Raises NoSuchEstimator."""
    made = _class(name)
    try:
        estimator: Any = made(**parameters)
    except Exception as error:
        raise NoSuchEstimator(f"{name} cannot be made with {dict(parameters)!r}: {error}") from error
    if not callable(getattr(estimator, "score_one", None)) or not callable(getattr(estimator, "learn_one", None)):
        raise NoSuchEstimator(f"{name} is no detector: it needs score_one(x) and learn_one(x)")
    found: Estimator = estimator
    return found


def code_of(name: str) -> str:
    """Return twelve hex digits of the code behind a name, so that other code is another version; river's by release."""
    made = _class(name)
    if made.__module__.split(".")[0] == "river":
        return f"river {version('river')}"
    try:
        source = inspect.getsource(made)
    except (OSError, TypeError):
        source = made.__qualname__
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def dump(estimator: Estimator) -> bytes:
    """Return an estimator's state: the same history gives the same bytes, also where it was restored in between.

    What pickle writes depends on which of two equal objects is which; once read back it no longer does.
    """
    once = pickle.dumps(estimator, protocol=5)
    return pickle.dumps(_read(once), protocol=5)


def restore(state: bytes) -> Estimator:
    """Return the estimator of a `dump`. Raises ValueError for one that names what no estimator may be made of."""
    estimator: Estimator = _read(state)
    return estimator


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        top = module.split(".", maxsplit=1)[0]
        plain = module in _PLAIN and (module != "builtins" or name in _BUILTINS)
        if plain or top in ("river", "numpy") or module in _allowed:
            return super().find_class(module, name)
        raise ValueError(f"the state of an estimator names {module}.{name}, which it may not; it has to learn anew")


def _read(state: bytes) -> Any:
    return _Reader(io.BytesIO(state)).load()


def _class(name: str) -> type:
    module, _, qualified = name.replace(":", ".").rpartition(".")
    if not module:
        raise NoSuchEstimator(f"{name!r} names no class; write <module>.<Class>, such as river.anomaly.HalfSpaceTrees")
    if module.split(".")[0] != "river" and module not in _allowed:
        raise NoSuchEstimator(
            f"{name}: the module {module} is not among those that may be run; "
            "put it in the folder that the setting `detectors` names"
        )
    try:
        found = getattr(importlib.import_module(module), qualified)
    except (ImportError, AttributeError) as error:
        raise NoSuchEstimator(f"{name}: {error}") from None
    if not isinstance(found, type):
        raise NoSuchEstimator(f"{name} is no class")
    return found
