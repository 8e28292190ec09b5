"""A table that people import: its columns, its key, and the plan with the effect of each row. The plan covers all rows
before anything is stored. A table with an invalid row is not stored at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workorder_core.language import code
from workorder_core.sentences import kept
from workorder_core.tables.cells import CellKind, Column, InvalidCell, Value, plain, read_cell

Facts = Mapping[str, Value | None]
"""Values by the name of their column; None if empty or unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row with a key, and its valid cells. ``number`` is the row number that a spreadsheet shows."""

    number: int
    key: str
    values: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """An invalid cell or row. ``column`` is the title of a column, ``said`` the cell's content."""

    row: int
    column: str
    said: str
    problem: str

    def __str__(self) -> str:
        said = f" {self.said!r}" if self.said else ""
        return f"row {self.row}, {self.column}:{said} {self.problem}"


@dataclass(frozen=True, slots=True)
class Create:
    """The row's key is new."""

    row: Row


@dataclass(frozen=True, slots=True)
class Change:
    """The row changes an existing object; ``was`` has the present values of the columns that differ."""

    row: Row
    was: Facts


@dataclass(frozen=True, slots=True)
class Same:
    """The row changes nothing."""

    row: Row


Decision = Create | Change | Same | RowProblem


def decide_by_columns(table: "Table", row: Row, known: Facts | None) -> Decision:
    """Compare a row with the existing object, column by column; an empty cell keeps the present value."""
    if known is None:
        for column in table.columns:
            if column.needed and row.values.get(column.name) is None:
                return RowProblem(
                    row=row.number,
                    column=column.title,
                    said="",
                    problem=kept("is needed for a new {kind}", kind=table.one),
                )
        return Create(row)
    said = {name: value for name, value in row.values.items() if value is not None and name != table.key}
    was = {name: known.get(name) for name, value in said.items() if value != known.get(name)}
    return Change(row, was) if was else Same(row)


def _nothing(_table: "Table", _rows: Sequence[Row], _known: Mapping[str, Facts]) -> list[RowProblem]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A kind of table that people can import.

    Parameters
    ----------
    title, one
        ``Assets``, and ``asset`` for one row of it.
    key
        The name of the column that identifies a row.
    more_keys
        Further columns of the key, if one is not enough; an empty one is left out.
    decide
        Determines the effect of a row, given the existing object with its key.
    check
        Finds errors between rows, such as a parent that does not exist. Its arguments: the table; the rows with a key,
        with their valid cells; the existing objects by key. Invalid rows are included, so that a mistake is not
        reported again where it is referred to.
    """

    name: str
    title: str
    one: str
    columns: tuple[Column, ...]
    key: str
    more_keys: tuple[str, ...] = ()
    decide: Callable[["Table", Row, Facts | None], Decision] = decide_by_columns
    check: Callable[["Table", Sequence[Row], Mapping[str, Facts]], list[RowProblem]] = _nothing

    def key_of(self, values: Facts) -> str | None:
        """Return a row's key; None if it has none."""
        if values.get(self.key) is None:
            return None
        said = [values.get(name) for name in (self.key, *self.more_keys)]
        return "/".join(str(each) for each in said if each is not None)

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(each for each in self.columns if each.name == name)

    def wrong(self, row: Row, name: str, problem: str) -> RowProblem:
        """Return the problem of a cell in a parsed row."""
        said = row.values.get(name)
        return RowProblem(
            row=row.number, column=self.column(name).title, said="" if said is None else str(said), problem=problem
        )


@dataclass(slots=True, kw_only=True)
class Plan:
    """The effect of a file, row by row."""

    create: list[Create] = field(default_factory=list)
    change: list[Change] = field(default_factory=list)
    same: int = 0
    wrong: list[RowProblem] = field(default_factory=list)
    rows: int = 0

    @property
    def wanted(self) -> list[Row]:
        """The rows to store, in the file's order."""
        rows = [each.row for each in self.create] + [each.row for each in self.change]
        return sorted(rows, key=lambda row: row.number)


def guess(table: Table, headers: Sequence[str]) -> dict[str, int]:
    """Match headers with columns by the names that the table knows; unknown headers are left out.

    The first of several headers of one name counts, and no header is two columns. Titles in the reader's language count
    too.
    """
    by_plain: dict[str, int] = {}
    for number, header in enumerate(headers):
        by_plain.setdefault(plain(header), number)
    found: dict[str, int] = {}
    for column in table.columns:
        for name in (column.name, column.title, *column.also, *map(code, (column.title, *column.also))):
            number = by_plain.get(plain(name), -1)
            if number >= 0 and number not in found.values():
                found[column.name] = number
                break
    return found


def guess_decimal(table: Table, columns: Mapping[str, int], rows: Iterable[Sequence[str]]) -> str:
    """Return the decimal separator used in the number columns of some rows; a point if none shows it."""
    numbers = [columns[each.name] for each in table.columns if each.kind is CellKind.DECIMAL and each.name in columns]
    for row in rows:
        for number in numbers:
            text = row[number].strip() if number < len(row) else ""
            if "," in text and text.rfind(",") > text.rfind(".") and len(text) - text.rfind(",") != 4:
                return ","
            if "." in text and text.rfind(".") > text.rfind(",") and len(text) - text.rfind(".") != 4:
                return "."
    return "."


def plan(
    table: Table,
    rows: Iterable[tuple[int, Sequence[str]]],
    columns: Mapping[str, int],
    known: Mapping[str, Facts],
    *,
    decimal: str = ".",
) -> Plan:
    """Determine the effect of each row; rows without any text are skipped.

    Parameters
    ----------
    rows
        The number of each row, as a spreadsheet shows it, and its cells.
    columns
        The index of each column's cell, from 0.
    known
        The existing objects, by key.
    """
    made = Plan()
    there: list[Row] = []
    first: dict[str, int] = {}
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        made.rows += 1
        values, wrong = _read(table, number, cells, columns, decimal)
        key = table.key_of(values)
        if key is not None and (before := first.setdefault(str(key), number)) != number:
            title = table.column(table.key).title
            wrong.append(
                RowProblem(
                    row=number, column=title, said=str(key), problem=kept("is in row {count} already", count=before)
                )
            )
        elif key is not None:
            there.append(Row(number=number, key=str(key), values=values))
        made.wrong += wrong
    made.wrong += table.check(table, there, known)
    bad = {each.row for each in made.wrong}
    for row in there:
        if row.number not in bad:
            _sort(made, table.decide(table, row, known.get(row.key)))
    made.wrong.sort(key=lambda each: (each.row, each.column))
    return made


def _sort(made: Plan, decision: Decision) -> None:
    if isinstance(decision, Create):
        made.create.append(decision)
    elif isinstance(decision, Change):
        made.change.append(decision)
    elif isinstance(decision, RowProblem):
        made.wrong.append(decision)
    else:
        made.same += 1


def _read(
    table: Table, number: int, cells: Sequence[str], columns: Mapping[str, int], decimal: str
) -> tuple[dict[str, Value | None], list[RowProblem]]:
    values: dict[str, Value | None] = {}
    wrong: list[RowProblem] = []
    for column in table.columns:
        at = columns.get(column.name)
        text = cells[at] if at is not None and at < len(cells) else ""
        try:
            values[column.name] = read_cell(column, text, decimal=decimal)
        except InvalidCell as problem:
            wrong.append(RowProblem(row=number, column=column.title, said=text.strip()[:80], problem=str(problem)))
            continue
        if column.name == table.key and values[column.name] is None:
            wrong.append(
                RowProblem(row=number, column=column.title, said="", problem=kept("is empty: each row needs one"))
            )
    return values, wrong


def unknown_references(
    table: Table, rows: Iterable[Row], name: str, there: frozenset[str], what: str
) -> list[RowProblem]:
    """Return the rows that refer by a column to something that does not exist."""
    return [
        table.wrong(row, name, kept("there is no {kind} of this code, here or in the plant", kind=what))
        for row in rows
        if row.values.get(name) is not None and row.values[name] not in there
    ]


def cycles(table: Table, rows: Iterable[Row], name: str, known: Mapping[str, Facts]) -> list[RowProblem]:
    """Return rows that would be above themselves, one for each cycle; a column names the parent."""
    by_key = {row.key: row for row in rows}
    above = {key: facts.get(name) for key, facts in known.items()}
    above |= {key: row.values[name] for key, row in by_key.items() if row.values.get(name) is not None}
    done: set[str] = set()
    found: list[RowProblem] = []
    for start in by_key:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in done and at not in path:
            path[at] = None
            up = above.get(at)
            at = None if up is None else str(up)
        if at is not None and at in path:
            ring = list(path)[list(path).index(at) :]
            rows_of_ring = [by_key[key] for key in ring if key in by_key]
            last = max(rows_of_ring, key=lambda row: row.number)
            found.append(
                table.wrong(
                    last,
                    name,
                    kept("lies below {key} itself: {circle}", key=last.key, circle=" below ".join([*ring, at])),
                )
            )
        done |= path.keys()
    return found


def above_first(rows: Iterable[Row], name: str) -> list[Row]:
    """Return rows with parents before their children; a column names the parent. There is no cycle among them."""
    by_key = {row.key: row for row in rows}
    ordered: dict[str, Row] = {}
    for row in by_key.values():
        chain: list[Row] = []
        at: Row | None = row
        while at is not None and at.key not in ordered:
            chain.append(at)
            up = at.values.get(name)
            at = None if up is None else by_key.get(str(up))
        for each in reversed(chain):
            ordered[each.key] = each
    return list(ordered.values())
