"""Units of measurement, and conversion between units of the same quantity.

The usual units of plants are a table here, with the spellings that devices use; any other unit is looked up in pint.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

_KELVIN = 273.15
# By quantity: unit → (factor, offset) into the quantity's first unit: first = value × factor + offset.
_QUANTITIES: dict[str, dict[str, tuple[float, float]]] = {
    "temperature": {"degC": (1.0, 0.0), "K": (1.0, -_KELVIN), "degF": (5 / 9, -32 * 5 / 9)},
    "pressure": {
        "bar": (1.0, 0.0), "mbar": (1e-3, 0.0), "Pa": (1e-5, 0.0), "hPa": (1e-3, 0.0), "kPa": (1e-2, 0.0),
        "MPa": (10.0, 0.0), "psi": (0.0689475729, 0.0),
    },
    "flow": {
        "m3/h": (1.0, 0.0), "L/min": (0.06, 0.0), "L/s": (3.6, 0.0), "m3/s": (3600.0, 0.0), "L/h": (1e-3, 0.0),
        "gpm": (0.2271247, 0.0),
    },
    "velocity": {"mm/s": (1.0, 0.0), "m/s": (1e3, 0.0), "in/s": (25.4, 0.0)},
    "acceleration": {"m/s2": (1.0, 0.0), "g": (9.80665, 0.0), "mm/s2": (1e-3, 0.0)},
    "speed": {"rpm": (1.0, 0.0), "Hz": (60.0, 0.0), "1/s": (60.0, 0.0)},
    "length": {"mm": (1.0, 0.0), "m": (1e3, 0.0), "cm": (10.0, 0.0), "um": (1e-3, 0.0), "in": (25.4, 0.0)},
    "current": {"A": (1.0, 0.0), "mA": (1e-3, 0.0), "kA": (1e3, 0.0)},
    "voltage": {"V": (1.0, 0.0), "mV": (1e-3, 0.0), "kV": (1e3, 0.0)},
    "power": {"kW": (1.0, 0.0), "W": (1e-3, 0.0), "MW": (1e3, 0.0), "hp": (0.745699872, 0.0)},
    "energy": {"kWh": (1.0, 0.0), "Wh": (1e-3, 0.0), "MWh": (1e3, 0.0), "kJ": (1 / 3600, 0.0), "MJ": (1 / 3.6, 0.0)},
    "time": {"s": (1.0, 0.0), "ms": (1e-3, 0.0), "min": (60.0, 0.0), "h": (3600.0, 0.0), "d": (86_400.0, 0.0)},
    "mass": {"kg": (1.0, 0.0), "g_mass": (1e-3, 0.0), "t": (1e3, 0.0)},
    "share": {"%": (1.0, 0.0), "1": (100.0, 0.0)},
}  # fmt: skip
_SPELLINGS = {
    "°C": "degC", "℃": "degC", "C": "degC", "celsius": "degC", "°F": "degF", "℉": "degF", "F": "degF",
    "fahrenheit": "degF", "kelvin": "K", "m³/h": "m3/h", "m^3/h": "m3/h", "l/min": "L/min", "l/s": "L/s", "l/h": "L/h",
    "m³/s": "m3/s", "m/s²": "m/s2", "m/s^2": "m/s2", "mm/s²": "mm/s2", "µm": "um", "μm": "um", "RPM": "rpm",
    "1/min": "rpm", "percent": "%", "Bar": "bar", "PSI": "psi", "amps": "A", "volts": "V",
}  # fmt: skip
_FOLDED = {
    **dict.fromkeys(("celsius", "degc", "degcelsius", "degreecelsius", "degreescelsius", "gradc"), "degC"),
    **dict.fromkeys(("fahrenheit", "degf", "degfahrenheit", "degreesfahrenheit"), "degF"), "kelvin": "K",
    **dict.fromkeys(("rpm", "r/min", "u/min", "1/min", "min-1", "rev/min", "upm"), "rpm"), "hz": "Hz",
    **dict.fromkeys(("1/s", "s-1"), "1/s"), "bar": "bar", "kpa": "kPa", "hpa": "hPa", "psi": "psi",
    **dict.fromkeys(("l/min", "lpm"), "L/min"), "l/s": "L/s", "l/h": "L/h", "m3/h": "m3/h", "m3/s": "m3/s",
    "gpm": "gpm", "mm/s": "mm/s", "m/s2": "m/s2", "mm/s2": "mm/s2", "kw": "kW", "kwh": "kWh", "kv": "kV", "ka": "kA",
    **dict.fromkeys(("amp", "amps", "ampere", "amperes"), "A"), **dict.fromkeys(("volt", "volts"), "V"),
    **dict.fromkeys(("percent", "pct", "prozent"), "%"),
}  # fmt: skip
"""Spellings without case, spaces and power signs. Excludes those where case matters: mW is not MW."""
_LONGEST = 40
_PLAIN = re.compile(r"[^\W\d_]+\d?([*/ ·][^\W\d_]+\d?){0,5}")
"""The unit texts that pint may parse: names with a one-digit power. It would evaluate any other expression."""
_OF = {unit: quantity for quantity, units in _QUANTITIES.items() for unit in units}


def spelled(unit: str) -> str:
    """Return a unit as the plant spells it: ``°C`` is ``degC``. An unknown one is returned unchanged."""
    unit = unit.strip()
    if unit in _OF or len(unit) > _LONGEST:
        return unit
    return _SPELLINGS.get(unit) or _folded(unit)


@lru_cache(maxsize=1024)
def _folded(unit: str) -> str:
    plain = unicodedata.normalize("NFKC", unit.replace("º", "°").replace("˚", "°")).casefold()
    plain = re.sub(r"[\s.^_]", "", plain.replace("\u2212", "-")).replace("°", "deg")
    return _FOLDED.get(plain.replace("degdeg", "deg"), unit)


def factor(given: str, wanted: str) -> tuple[float, float] | None:
    """Return (a, b) so that a value in ``given`` is ``a × value + b`` in ``wanted``; None if they do not convert."""
    given, wanted = spelled(given), spelled(wanted)
    if given == wanted:
        return 1.0, 0.0
    quantity = _OF.get(given)
    if quantity is None or quantity != _OF.get(wanted):
        return _looked_up(given, wanted)
    (a, b), (c, d) = _QUANTITIES[quantity][given], _QUANTITIES[quantity][wanted]
    return a / c, (b - d) / c


@lru_cache(maxsize=1024)
def _looked_up(given: str, wanted: str) -> tuple[float, float] | None:
    if not all(len(unit) <= 40 and _PLAIN.fullmatch(unit) for unit in (given, wanted)):
        return None
    quantity = _registry().Quantity
    try:
        zero, one = (float(quantity(value, _powers(given)).to(_powers(wanted)).magnitude) for value in (0.0, 1.0))
    except Exception:  # noqa: BLE001 - whatever pint raises on a foreign text, it is not a unit that converts
        return None
    return one - zero, zero


@cache
def _registry() -> Any:
    """Return pint's registry; takes half a second, the first time that a unit is not in our table."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def _powers(unit: str) -> str:
    return re.sub(r"(?<=[^\W\d_])(\d)", r"**\1", unit.replace("·", "*"))
