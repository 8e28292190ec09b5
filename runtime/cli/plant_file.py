"""The plant file: TOML in which an engineer describes assets, locations, signals and technicians.

It is checked completely before any of it is loaded; every error names the file, the key and what to do.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import Connection

from db.plant import names
from db.plant import plant as db_plant
from ingest import border, toml_text
from ingest import names as foreign_names
from ingest.border import Bad
from ingest.messages import Reason
from ingest.toml_text import NotToml
from workorder_core.plant.new_names import NameKind
from workorder_core.plant.plant import AssetEntry, LocationEntry, Plant, SignalEntry, TechnicianEntry
from workorder_core.plant.signals import InvalidMeaning, Meaning
from workorder_core.words import Criticality

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEVELS = ("area", "work_centre", "work_unit")
_LONGEST = 200
"""The most characters of a name: longer ones fit neither pages nor the database's indexes."""

_PLAUSIBLE = ("plausible_low", "plausible_high")


class InvalidPlantFile(Exception):
    """The plant file cannot be used; says where, and what to write instead."""

    def __init__(self, path: Path, key: str, problem: str) -> None:
        super().__init__(toml_text.shortened(f"{path}: {key}: {problem}"))
        self.path, self.key, self.problem = path, key, problem


def load_plant(conn: Connection, path: Path, *, at: datetime | None = None) -> Plant:
    """Read a plant file and load it into the database; loading it again changes nothing. The caller commits.

    Raises InvalidPlantFile, and what ``db.plant.load`` raises.
    """
    plant = read(path)
    db_plant.load(conn, plant, at=at or datetime.now(UTC))
    return plant


def doubts(conn: Connection, plant: Plant) -> list[str]:
    """Return a "did you mean" sentence for each class, skill and certificate of a loaded plant that only one thing
    has.
    """
    wanted = {
        NameKind.CLASS: {asset.asset_class for asset in plant.assets if asset.asset_class is not None},
        NameKind.SKILL: {each for one in plant.technicians for each in one.skills or ()},
        NameKind.CERTIFICATE: {each for one in plant.technicians for each in one.certificates or ()},
    }
    return [
        f"only one thing has the {each.kind} {each.name!r}; did you mean {' or '.join(each.alike)}?"
        for kind, those in wanted.items()
        for each in names.lone(conn, kind, sorted(those))
    ]


def read(path: Path) -> Plant:
    """Read and check a plant file. Raises InvalidPlantFile."""
    try:
        document = toml_text.read(path)
    except NotToml as error:
        raise InvalidPlantFile(path, "file", error.problem) from None
    _Table(path, "the file", document).only("site", "locations", "assets", "signals", "technicians")
    site = _Table(path, "site", document.get("site"))
    site.only("code", "name", "time_zone")
    locations = tuple(_location(table) for table in _tables(path, document, "locations"))
    _parents_first(path, locations)
    location_codes = {each.code for each in locations}
    signals = [_signal(table) for table in _tables(path, document, "signals")]
    assets = tuple(_asset(table, location_codes, signals) for table in _tables(path, document, "assets"))
    _used_signals(path, signals, assets)
    _parents_of_assets_first(path, assets)
    plant = Plant(
        code=site.code("code"),
        name=site.line("name"),
        time_zone=_time_zone(site),
        locations=locations,
        assets=assets,
        technicians=tuple(_technician(table) for table in _tables(path, document, "technicians")),
    )
    for kind in ("locations", "assets", "technicians"):
        _no_twins(path, kind, [entry.code for entry in getattr(plant, kind)])
    return plant


class _Table:
    """One table of the file, read key by key with its type; errors name file and key."""

    def __init__(self, path: Path, name: str, values: object) -> None:
        self.path, self.name = path, name
        if not isinstance(values, dict):
            raise InvalidPlantFile(path, name, f"is missing or no table; write [{name}]")
        self.values: dict[str, Any] = values

    def wrong(self, key: str, problem: str) -> InvalidPlantFile:
        return InvalidPlantFile(self.path, f"{self.name}.{key}", problem)

    def only(self, *known: str) -> None:
        for key in self.values.keys() - set(known):
            raise self.wrong(key, f"there is no such key; known are {', '.join(known)}")

    def text(self, *keys: str) -> str:
        """Return the text under the first of the keys that exists; it must not be empty."""
        for key in keys:
            if key in self.values:
                value = self.values[key]
                if not isinstance(value, str) or not value.strip():
                    raise self.wrong(key, f"must be a text that is not empty, not {value!r}")
                return value
        raise self.wrong(keys[0], "is missing")

    def line(self, *keys: str) -> str:
        """Return the text under the first of the keys that exists, if it can be stored and shown in one line."""
        value = self.text(*keys)
        if len(value) > _LONGEST or not value.isprintable():
            key = next(key for key in keys if key in self.values)
            raise self.wrong(key, f"{value[:40]!r} is no name: up to {_LONGEST} characters that can be printed")
        return value

    def code(self, *keys: str) -> str:
        """Return the code under the first of the keys that exists, as used in topics and addresses."""
        value = self.text(*keys)
        if not foreign_names.is_code(value):
            key = next(key for key in keys if key in self.values)
            raise self.wrong(
                key, f"{value[:80]!r} is no code: A-Z, a-z, digits and _ . -, a letter or digit first, 64 at most"
            )
        return value

    def maybe(self, key: str) -> str | None:
        return self.line(key) if key in self.values else None

    def maybe_bool(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, without quotes, not {value!r}")
        return value

    def one_of(self, key: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in known:
            raise self.wrong(key, f"{value[:80]!r} is not known; write one of {', '.join(known)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.wrong(key, f"must be a list of texts, not {value!r}")
        for each in value:
            if len(each) > _LONGEST or not each.isprintable():
                raise self.wrong(key, f"{each[:40]!r} is no name: up to {_LONGEST} characters that can be printed")
        return tuple(value)


def _tables(path: Path, document: Mapping[str, Any], key: str) -> Iterator[_Table]:
    values = document.get(key, [])
    if not isinstance(values, list):
        raise InvalidPlantFile(path, key, f"must be a list of tables; write [[{key}]]")
    for number, value in enumerate(values, 1):
        name = value.get("id", value.get("code", number)) if isinstance(value, dict) else number
        if not isinstance(name, str) or len(name) > _LONGEST or not name.isprintable():
            name = number
        yield _Table(path, f"{key}[{name}]", value)


def _time_zone(site: _Table) -> str | None:
    name = site.maybe("time_zone")
    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise site.wrong("time_zone", f"{name!r} is no IANA time zone; write for instance Europe/Copenhagen") from None
    return name


def _location(table: _Table) -> LocationEntry:
    table.only("code", "id", "name", "level", "parent")
    return LocationEntry(
        code=table.line("code", "id"),
        name=table.line("name"),
        level=table.one_of("level", _LEVELS),
        parent=table.maybe("parent"),
    )


def _parents_first(path: Path, locations: tuple[LocationEntry, ...]) -> None:
    seen: set[str] = set()
    for place in locations:
        if place.parent is not None and place.parent not in seen:
            problem = f"{place.parent!r} is not a location above this one; write the parent before its children"
            raise InvalidPlantFile(path, f"locations[{place.code}].parent", problem)
        seen.add(place.code)


def _parents_of_assets_first(path: Path, assets: tuple[AssetEntry, ...]) -> None:
    seen: set[str] = set()
    for asset in assets:
        if asset.parent is not None and asset.parent not in seen:
            problem = f"{asset.parent!r} is not an asset above this one; write what feeds it, or holds it, before it"
            raise InvalidPlantFile(path, f"assets[{asset.code}].parent", problem)
        seen.add(asset.code)


def _signal(table: _Table) -> tuple[_Table, str | None, str | None, SignalEntry]:
    """Return a signal with the class or the asset that has it; exactly one of the two is given."""
    table.only(
        "id", "name", "class", "asset", "label", "quantity", "unit", "states", "counter", "wraps_at", *_PLAUSIBLE
    )
    asset_class, asset = table.maybe("class"), table.maybe("asset")
    if (asset_class is None) == (asset is None):
        raise table.wrong(
            "class", "a signal belongs to every asset of a class or to one asset: write `class` or `asset`"
        )
    unit = table.values.get("unit", "" if "quantity" in table.values else None)
    if unit is not None and not isinstance(unit, str):
        raise table.wrong("unit", f"must be a text, not {unit!r}")
    try:
        name = border.signal(table.text("id", "name"))
        unit = unit and border.unit(name, unit)
    except Bad as wrong:
        raise table.wrong("unit" if wrong.reason is Reason.WRONG_UNIT else "id", wrong.problem) from None
    entry = SignalEntry(
        name=name,
        quantity=table.maybe("quantity"),
        unit=unit,
        label=table.maybe("label"),
        meaning=_meaning(table),
    )
    return table, asset_class, asset, entry


def _meaning(table: _Table) -> Meaning | None:
    """Return what a signal's numbers mean; None if the file does not say."""
    said = {key: table.values[key] for key in ("states", "counter", "wraps_at", *_PLAUSIBLE) if key in table.values}
    if not said:
        return None
    table.maybe_bool("counter")
    if not isinstance(said.get("states", {}), dict):
        raise table.wrong("states", "must be a table of name = number, like { STOPPED = 0, RUNNING = 1 }")
    for key in ("wraps_at", *_PLAUSIBLE):
        number = said.get(key)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise table.wrong(key, f"must be a number, like 65536, not {number!r}")
    try:
        return Meaning(**said)
    except InvalidMeaning as error:
        raise table.wrong(next(iter(said)), str(error)) from None


def _asset(
    table: _Table, location_codes: set[str], signals: list[tuple[_Table, str | None, str | None, SignalEntry]]
) -> AssetEntry:
    table.only("id", "code", "name", "class", "criticality", "location", "serial", "parent", "safety_critical")
    code, asset_class = table.code("id", "code"), table.maybe("class")
    location = table.maybe("location")
    if location is not None and location not in location_codes:
        raise table.wrong("location", f"there is no location {location!r}; add it under [[locations]]")
    levels = {level.name.lower(): level for level in Criticality}
    criticality = levels[table.one_of("criticality", levels)] if "criticality" in table.values else None
    return AssetEntry(
        code=code,
        name=table.maybe("name"),
        asset_class=asset_class,
        criticality=criticality,
        parent=table.maybe("parent"),
        location=location,
        serial=table.maybe("serial"),
        safety_critical=table.maybe_bool("safety_critical"),
        signals=tuple(
            entry
            for _, of_class, asset, entry in signals
            if asset == code or (of_class is not None and of_class == asset_class)
        ),
    )


def _used_signals(
    path: Path, signals: list[tuple[_Table, str | None, str | None, SignalEntry]], assets: tuple[AssetEntry, ...]
) -> None:
    classes, codes = {entry.asset_class for entry in assets}, {entry.code for entry in assets}
    for table, asset_class, asset, _ in signals:
        if asset_class is not None and asset_class not in classes:
            raise table.wrong("class", f"no asset is of the class {asset_class!r}; correct the name or add the asset")
        if asset is not None and asset not in codes:
            raise table.wrong("asset", f"there is no asset {asset!r}; correct the name or add it under [[assets]]")
    for entry in assets:
        _no_twins(path, f"signals of {entry.code}", [signal.name for signal in entry.signals])


def _technician(table: _Table) -> TechnicianEntry:
    table.only("id", "code", "name", "skills", "certificates", "shift", "weekdays")
    shift = None
    if "shift" in table.values:
        shift = _Table(table.path, f"{table.name}.shift", table.values["shift"])
        shift.only("from", "to")
    days = tuple(day.lower()[:3] for day in table.texts("weekdays"))
    for day in days:
        if day not in _WEEKDAYS:
            raise table.wrong("weekdays", f"{day!r} is no weekday; write {', '.join(_WEEKDAYS)}")
    return TechnicianEntry(
        code=table.line("id", "code"),
        name=table.maybe("name"),
        skills=table.texts("skills") if "skills" in table.values else None,
        certificates=table.texts("certificates") if "certificates" in table.values else None,
        shift_start=None if shift is None else _clock(shift, "from"),
        shift_end=None if shift is None else _clock(shift, "to"),
        weekdays=tuple(sorted(_WEEKDAYS.index(day) + 1 for day in set(days))) or None,
    )


def _clock(table: _Table, key: str) -> time:
    text = table.text(key)
    parse: Callable[[str], time] = time.fromisoformat
    try:
        clock = parse(text)
    except ValueError:
        raise table.wrong(key, f"{text!r} is no time of day; write for instance 06:00") from None
    if clock.tzinfo is not None:
        raise table.wrong(key, f"{text!r} has an offset; write the site's local time, for instance 06:00")
    return clock


def _no_twins(path: Path, kind: str, codes: list[str]) -> None:
    for code, times in Counter(codes).items():
        if times > 1:
            raise InvalidPlantFile(path, kind, f"{code!r} is there twice; give each its own")
