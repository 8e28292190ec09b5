"""Makes what a model document names: classes with their parameters, composed as it says.

A class is named by its dotted name, or by a table: ``class`` with its parameters as further keys (``args``: those that
have no name), ``pipeline`` with its steps, or ``function`` with a dotted name. Parameters may be such tables again.
river's own classes may always be named; others only when their module has been allowed (`allow`), since naming a class
runs its code.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import sys
import types
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from river import compose

_allowed: set[str] = set()
_OF_NO_MODEL = ("river.datasets", "river.drift.datasets", "river.stream", "river.evaluate", "river.checks")
"""Parts of river that read files or the network, or run models: nothing that a model is made of."""
SEED = 0
FORMS = ("class", "pipeline", "function")


class NoSuchEstimator(ValueError):
    """Something that cannot be used: its location in the document, what is wrong with it and what to do."""

    def __init__(self, problem: str, action: str = "name a detector that can be made") -> None:
        super().__init__(problem)
        self.problem, self.action = problem, action


def allow(*modules: str) -> None:
    """Let model documents use these modules."""
    _allowed.update(modules)


def allowed() -> frozenset[str]:
    """Return the modules, besides river's, that model documents may name."""
    return frozenset(_allowed)


def allow_folder(folder: Path) -> list[str]:
    """Let model documents name the contents of the modules of a folder, and return the modules' names.

    Raises NoSuchEstimator for a folder that does not exist, and for a module whose name is in use already.
    """
    if not folder.is_dir():
        raise NoSuchEstimator(f"{folder}: there is no such folder; `detectors` names a folder of Python modules")
    location = str(folder.resolve())
    names = sorted(file.stem for file in folder.glob("*.py") if file.stem.isidentifier())
    for name in names:
        other = importlib.util.find_spec(name)
        if other is not None and Path(str(other.origin)).parent != Path(location):
            raise NoSuchEstimator(f"{folder / name}.py: there is another module {name} already; choose another name")
    if location not in sys.path:
        sys.path.append(location)
        importlib.invalidate_caches()
    allow(*names)
    return names


def made(written: Any, location: str = "") -> Any:
    """Make what a name or a table of a document refers to. Raises NoSuchEstimator with the location."""
    if isinstance(written, str):
        found = find(written, location)
        return (
            _call(found, written, [], {}, location) if isinstance(found, type) else _step_of(found, written, location)
        )
    if isinstance(written, list):
        # As in river's own pipelines, the entries of a list run side by side.
        return compose.TransformerUnion(*_each(written, location))
    if not isinstance(written, Mapping):
        raise NoSuchEstimator(f"{_at(location)}{written!r} is neither a name nor a table", _FORM_ADVICE)
    form = next((each for each in FORMS if each in written), None)
    if form is None:
        raise NoSuchEstimator(f"{_at(location)}the table {dict(written)!r} names nothing", _FORM_ADVICE)
    if form != "class" and len(written) > 1:
        raise NoSuchEstimator(f"{_at(location)}it has other keys beside its {form}", _FORM_ADVICE)
    return _MADE[form](written, location)


def steps(written: Any, parameters: Mapping[str, Any]) -> list[Any]:
    """Return the steps that a document's ``estimator`` names, in their order. Raises NoSuchEstimator."""
    if isinstance(written, str):
        return [made({"class": written, **parameters})]
    if parameters:
        raise NoSuchEstimator(
            "several are named, and parameters are given beside them",
            'write parameters with the class that they are for: { class = "river.anomaly.HalfSpaceTrees", seed = 1 }',
        )
    if isinstance(written, Mapping) and "pipeline" in written:
        written = written["pipeline"]
    if isinstance(written, list):
        if not written:
            raise NoSuchEstimator("it is an empty list", "name at least one detector")
        return list(_each(written, ""))
    return [made(written)]


def parts(thing: object) -> Iterator[Any]:
    """Yield an estimator and everything that it is made of."""
    seen: set[int] = set()
    left: list[Any] = [thing]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType | str | int | float | None):
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list | tuple | set | frozenset):
            left += each
        elif not isinstance(each, types.FunctionType):
            left += getattr(each, "__dict__", {}).values()
            left += [getattr(each, slot) for slot in getattr(type(each), "__slots__", ()) if hasattr(each, slot)]
        if isinstance(each, defaultdict):
            left.append(each.default_factory)


def code_of(written: Any) -> str:
    """Identify the code behind the names, so that other code is another version of the model.

    river's is its release, that of other modules twelve hex digits of a hash of their source.
    """
    found = sorted({_code(name) for name in _names(written)})
    return ", ".join(found)


def find(name: str, location: str = "") -> Any:
    """Resolve a dotted name. Raises NoSuchEstimator."""
    at = _at(location)
    module, _, qualified = name.replace(":", ".").rpartition(".")
    if not module:
        raise NoSuchEstimator(
            f"{at}{name!r} names no class; write <module>.<Class>, such as river.anomaly.HalfSpaceTrees"
        )
    if not may_be_run(module):
        raise NoSuchEstimator(
            f"{at}{name}: the module {module} is not among those that may be run; "
            "put it in the folder that the setting `detectors` names"
        )
    try:
        of = importlib.import_module(module)
        found = getattr(of, qualified)
    except ImportError as error:
        raise NoSuchEstimator(f"{at}{name}: {error}") from None
    except AttributeError as error:
        near = difflib.get_close_matches(qualified, [each for each in dir(of) if not each.startswith("_")], n=3)
        action = f"did you mean {' or '.join(f'{module}.{each}' for each in near)}?" if near else "look up the name"
        raise NoSuchEstimator(f"{at}{name}: {error}", action) from None
    if module not in _allowed and not may_be_run(getattr(found, "__module__", "river")):
        raise NoSuchEstimator(f"{at}{name} is not one of river's own")
    return found


def may_be_run(module: str) -> bool:
    """Return whether documents and states may use a module."""
    if module in _allowed:
        return True
    return f"{module}.".startswith("river.") and not f"{module}.".startswith(tuple(f"{each}." for each in _OF_NO_MODEL))


_FORM_ADVICE = (
    'write a dotted name, { class = "…", parameter = … }, { pipeline = [ … ] } or, for a parameter, { function = "…" }'
)


def _pipeline(written: Mapping[str, Any], location: str) -> Any:
    named_steps = written["pipeline"]
    if not isinstance(named_steps, list) or not named_steps:
        raise NoSuchEstimator(f"{_at(location)}pipeline is {named_steps!r}", "write { pipeline = [step, step] }")
    return compose.Pipeline(*_each(named_steps, _in(location, "pipeline")))


def _function(written: Mapping[str, Any], location: str) -> Any:
    found = find(_dotted(written, "function", location), location)
    if isinstance(found, type) or not callable(found):
        raise NoSuchEstimator(f"{_at(location)}{written['function']} is no function", _FORM_ADVICE)
    return found


def _instance(written: Mapping[str, Any], location: str) -> Any:
    name = _dotted(written, "class", location)
    found = find(name, location)
    if not isinstance(found, type):
        raise NoSuchEstimator(f"{_at(location)}{name} is no class")
    args = written.get("args", [])
    if not isinstance(args, list):
        raise NoSuchEstimator(f"{_at(location)}args is {args!r}", "write a list of the parameters that have no name")
    parameters = {
        key: _value(value, _in(location, key)) for key, value in written.items() if key not in ("class", "args")
    }
    return _call(found, name, _value(args, _in(location, "args")), parameters, location)


_MADE = {"class": _instance, "pipeline": _pipeline, "function": _function}


def _dotted(written: Mapping[str, Any], key: str, location: str) -> str:
    if not isinstance(written[key], str):
        raise NoSuchEstimator(f"{_at(location)}{key} is {written[key]!r}", "write a dotted name in quotes")
    return str(written[key])


def _each(written: list[Any], location: str) -> Iterator[Any]:
    for number, each in enumerate(written, start=1):
        yield made(each, f"{location}[{number}]")


def _value(written: Any, location: str) -> Any:
    """Return a parameter: a table that names something is made, everything else is kept as it is."""
    if isinstance(written, Mapping):
        if any(form in written for form in FORMS):
            return made(written, location)
        return {key: _value(value, _in(location, key)) for key, value in written.items()}
    if isinstance(written, list):
        return [_value(each, f"{location}[{number}]") for number, each in enumerate(written, start=1)]
    return written


def _call(made_of: type, name: str, args: list[Any], parameters: dict[str, Any], location: str) -> Any:
    try:
        found = made_of(*args, **parameters)
    except Exception as error:
        raise NoSuchEstimator(
            f"{_at(location)}{name} cannot be made with {parameters!r}: {error}", _signature(made_of)
        ) from error
    _seed(found)
    return found


def _seed(found: Any) -> None:
    """Seed every random generator that has no seed: judging again must give the same result."""
    for each in parts(found):
        attributes = getattr(each, "__dict__", {})
        if "seed" in attributes and attributes["seed"] is None:
            attributes["seed"] = SEED
            for key, drawing in list(attributes.items()):
                if isinstance(drawing, Random | np.random.RandomState):
                    drawing.seed(SEED)
                elif isinstance(drawing, np.random.Generator):
                    attributes[key] = np.random.default_rng(SEED)


def _step_of(found: Any, name: str, location: str) -> Any:
    if not callable(found):
        raise NoSuchEstimator(f"{_at(location)}{name} is no class")
    return compose.FuncTransformer(found)


def _signature(made_of: type) -> str:
    try:
        known = inspect.signature(made_of).parameters.values()
    except (TypeError, ValueError):
        return "look up its parameters"
    return f"it takes {', '.join(str(each) for each in known)}" if known else "it takes no parameters"


def _names(written: Any) -> Iterator[str]:
    """Yield every dotted name in a document's estimator."""
    if isinstance(written, str):
        yield written
    elif isinstance(written, list):
        for each in written:
            yield from _names(each)
    elif isinstance(written, Mapping):
        for key, value in written.items():
            if key in ("class", "function"):
                yield value
            elif not isinstance(value, str):
                yield from _of_value(value) if key != "pipeline" else _names(value)


def _of_value(written: Any) -> Iterator[str]:
    if isinstance(written, Mapping):
        yield from _names(written)
    elif isinstance(written, list):
        for each in written:
            yield from _of_value(each)


def _code(name: str) -> str:
    found = find(name)
    module = found.__module__
    if module.split(".")[0] == "river":
        return f"river {version('river')}"
    return _text_of(found)


@functools.lru_cache(maxsize=256)
def _text_of(found: Any) -> str:
    try:
        source = inspect.getsource(found)
    except (OSError, TypeError):
        source = found.__qualname__
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _in(location: str, key: str) -> str:
    return f"{location}.{key}" if location else key


def _at(location: str) -> str:
    return f"{location}: " if location else ""
