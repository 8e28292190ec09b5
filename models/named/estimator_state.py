"""What estimators remember, as bytes and back: the same history gives the same bytes, restored in between or not.

It is pickled, and read back by a reader that knows only what a model may be made of: classes of river and of the
modules that may be run, numpy's arrays and generators, and plain containers. A function, or a method of one of these
objects, is written as its name. One without a name (a lambda) is replaced by the same one of a newly made estimator.
"""

from __future__ import annotations

import importlib
import io
import pickle
import types
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec
from river.compose import Pipeline

from models.named import named

_PLAIN = {
    "builtins": "set frozenset dict list tuple int float str bool bytes bytearray complex slice object range",
    "collections": "deque defaultdict OrderedDict Counter",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    "datetime": "datetime date time timedelta timezone",
    "functools": "partial",
    "itertools": "count cycle repeat",
    "math": "sqrt log log1p log2 log10 exp expm1 sin cos tan tanh atan hypot floor ceil fabs isnan copysign",
    "operator": "add sub mul truediv floordiv mod pow neg abs lt le gt ge eq ne itemgetter",
    "_operator": "add sub mul truediv floordiv mod pow neg abs lt le gt ge eq ne itemgetter",
    "random": "Random",
    "_random": "Random",
    "numpy": "ndarray dtype bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 "
    "complex64 complex128 _reconstruct _frombuffer scalar Generator RandomState MT19937 PCG64 PCG64DXSM Philox SFC64 "
    "SeedSequence __generator_ctor __bit_generator_ctor __randomstate_ctor",
}
_PLAIN_NAMES = {module: frozenset(names.split()) for module, names in _PLAIN.items()}
_CONTAINERS = (dict, list, set, deque, Random)
"""Types whose methods an estimator may refer to, besides those of the classes that it may be made of."""


class StateError(ValueError):
    """A state that cannot be written or read back."""


def dump(estimators: object, like: object = None) -> bytes:
    """Return the state of estimators; ``like`` are the same, newly made. Raises StateError.

    What pickle writes depends on which of two equal objects is which; once read back it no longer does.
    """
    once = _write(estimators)
    return _write(_read(once, like if like is not None else estimators))


def restore(state: bytes, like: object = None) -> Any:
    """Return the estimators of a `dump`. Raises StateError for a state that names what no model may be made of."""
    return _read(state, like)


def _write(estimators: object) -> bytes:
    out = io.BytesIO()
    writer = _Writer(out)
    try:
        writer.dump(estimators)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise StateError(f"its state cannot be stored: {error}") from error
    return msgspec.msgpack.encode((list(writer.texts), out.getvalue()))


def _read(state: bytes, like: object) -> Any:
    try:
        texts, pickled = msgspec.msgpack.decode(state, type=tuple[list[str], bytes])
        return _Reader(io.BytesIO(pickled), texts, like).load()
    except StateError:
        raise
    except Exception as error:
        raise StateError(f"its state cannot be read: {error}") from error


class _Writer(pickle.Pickler):
    """Writes functions and methods by their names, and of a pipeline no more than its steps.

    Strings go into a separate table, so that a signal's name is one object whether it came with a frame or from a
    state.
    """

    def __init__(self, out: io.BytesIO) -> None:
        super().__init__(out, protocol=5)
        self.texts: dict[str, int] = {}

    def persistent_id(self, thing: Any) -> int | None:
        return self.texts.setdefault(thing, len(self.texts)) if type(thing) is str else None

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, types.MethodType):
            return _method, (thing.__self__, thing.__name__)
        if isinstance(thing, types.BuiltinMethodType) and not isinstance(thing.__self__, types.ModuleType | None):
            return _method, (thing.__self__, thing.__name__)
        if isinstance(thing, types.FunctionType):
            if thing.__module__ == __name__ or _is_plain(thing.__module__, thing.__name__):
                return NotImplemented
            if "<" in thing.__qualname__:
                return _nameless, _location(thing)
            return _function, (thing.__module__, thing.__qualname__)
        if isinstance(thing, Pipeline):
            # It recomputes its plan; the plan contains sets, whose order would differ from run to run.
            facts = vars(thing) | {"_plan": None, "_inference_transformers": (), "_last_step_cached": None}
            facts.pop("_last_step_params", None)
            return _new, (type(thing),), facts
        return NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, pickled: io.BytesIO, texts: list[str], like: object) -> None:
        super().__init__(pickled)
        self._texts, self._like = texts, like
        self._found: dict[tuple[str, str, int], Callable[..., Any]] | None = None

    def persistent_load(self, number: int) -> str:
        return self._texts[number]

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name in ("_method", "_function", "_new"):
            return globals()[name]
        if module == __name__ and name == "_nameless":
            return self._nameless
        if _is_plain(module, name):
            return super().find_class(module, name)
        if named.may_be_run(module):
            found = super().find_class(module, name)
            # What river has compiled is arithmetic, functions too.
            compiled = module.startswith("river._river_rust") and "." not in name
            if compiled or (isinstance(found, type) and named.may_be_run(found.__module__)):
                return found
        raise _forbidden(f"{module}.{name}")

    def _nameless(self, module: str, name: str, line: int) -> Callable[..., Any]:
        if self._found is None:
            self._found = {_location(each): each for each in _functions(self._like)}
        try:
            return self._found[module, name, line]
        except KeyError:
            raise StateError(f"{module}.{name} has no name and is created while the model learns") from None


def _method(of: Any, name: str) -> Any:
    """Return a method of an object that the reader has made already."""
    if name.startswith("__") or not (isinstance(of, _CONTAINERS) or named.may_be_run(type(of).__module__)):
        raise _forbidden(f"{type(of).__qualname__}.{name}")
    found = getattr(of, name)
    if not isinstance(found, types.MethodType | types.BuiltinMethodType):
        raise _forbidden(f"{type(of).__qualname__}.{name}")
    return found


def _function(module: str, name: str) -> Any:
    """Return a function of a module whose functions documents may name."""
    if not named.may_be_run(module):
        raise _forbidden(f"{module}.{name}")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not isinstance(found, types.FunctionType) or not named.may_be_run(found.__module__):
        raise _forbidden(f"{module}.{name}")
    return found


def _nameless(*location: Any) -> Any:
    raise StateError(f"{location} can only be resolved by the reader")


def _new(of: type[Any]) -> Any:
    return object.__new__(of)


def _is_plain(module: str, name: str) -> bool:
    top = "numpy" if module.startswith("numpy.") else module
    return name in _PLAIN_NAMES.get(top, ())


def _forbidden(name: str) -> StateError:
    return StateError(f"the state of an estimator names {name}, which is not allowed; it has to learn again")


def _location(function: types.FunctionType) -> tuple[str, str, int]:
    if function.__closure__:
        raise StateError(
            f"its state cannot be stored: {function.__module__}.{function.__qualname__} is a closure "
            "over another function's values; write it as a class or as a function of the module"
        )
    return function.__module__, function.__qualname__, function.__code__.co_firstlineno


def _functions(thing: object) -> Iterator[types.FunctionType]:
    """Yield every nameless function that an estimator refers to."""
    for each in named.parts(thing):
        if isinstance(each, types.FunctionType) and "<" in each.__qualname__ and not each.__closure__:
            yield each
