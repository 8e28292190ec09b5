"""Ready-made rules with their source: TOML files beside this one, filled in for an asset class.

A pack has ``about`` and ``source``; ``parameters`` with their defaults ("" must be given); ``choices``: tables of
values, one of which the parameters named in ``chosen_by`` select, joined by ", "; and tables of rules in which
``$name`` is replaced by a parameter or a chosen value. Keys that a rulebook gives besides the parameters override every
rule of the pack.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from rules.table import Table
from workorder_core.sentences import kept

KEYS = ("use", "asset_class", "id", "states", "severity", "component", "enabled")


def names() -> tuple[str, ...]:
    """Return the names of all packs."""
    found = (each.name for each in files("rules").joinpath("packs").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def read(name: str) -> Mapping[str, Any]:
    """Read a pack."""
    return tomllib.loads(files("rules").joinpath("packs", f"{name}.toml").read_text(encoding="utf-8"))


def filled_in(table: Table) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of rules, by kind, of a ``[[pack]]``. Raises InvalidRulebook."""
    name = table.one_of("use", dict(zip(names(), names(), strict=True)))
    pack, asset_class = read(name), table.name("asset_class")
    parameters: Mapping[str, Any] = pack.get("parameters", {})
    table.only({*KEYS, *parameters})
    values = {key: table.table.get(key, default) for key, default in parameters.items()}
    for key, value in values.items():
        if value == "":
            raise table.wrong(key, kept("is missing; the pack {name!r} needs it", name=name))
    if "choices" in pack:
        choice = ", ".join(str(values[key]) for key in pack["chosen_by"])
        if choice not in pack["choices"]:
            asked = " and ".join(pack["chosen_by"])
            raise table.wrong(
                asked, kept("{choice!r} is none of: {choices}", choice=choice, choices="; ".join(pack["choices"]))
            )
        values |= pack["choices"][choice]
    overriding = {key: table.table[key] for key in ("states", "severity", "component", "enabled") if key in table}
    prefix = table.name("id", name)
    made: dict[str, list[dict[str, Any]]] = {}
    for kind, rules in pack["rules"].items():
        for rule in rules:
            filled = {key: _filled(value, values) for key, value in rule.items()} | overriding
            filled |= {"id": f"{prefix}-{rule['id']}", "asset_class": asset_class}
            made.setdefault(kind, []).append(filled)
    return made


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    return values[value[1:]] if isinstance(value, str) and value.startswith("$") else value
