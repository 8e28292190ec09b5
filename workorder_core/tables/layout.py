"""The layout of a file's cells as a table: its header row, its columns, and its decimal separator."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workorder_core.language import code
from workorder_core.sentences import coded, joined, say
from workorder_core.tables.cells import plain
from workorder_core.tables.tables import Table, guess, guess_decimal

Rows = Sequence[Sequence[str]]
_LOOKED_AT = 20
_FOR_DECIMALS = 200


class InvalidLayout(ValueError):
    """The requested columns are not in the file, or it has no known column; says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The layout of a file.

    Parameters
    ----------
    header_row
        The row of the headers, from 1, as a spreadsheet shows it.
    columns
        The index of each column's cell in a row, from 0.
    decimal
        The decimal separator.
    """

    header_row: int
    headers: tuple[str, ...]
    columns: Mapping[str, int]
    decimal: str

    @property
    def named(self) -> Mapping[str, str]:
        """The header of each column."""
        return {name: self.headers[at] for name, at in self.columns.items()}

    def numbered(self, rows: Rows) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the rows below the headers with their numbers."""
        yield from enumerate(rows[self.header_row :], self.header_row + 1)


def layout_of(
    table: Table,
    rows: Rows,
    columns: Mapping[str, str] | None = None,
    header_row: int | None = None,
    decimal: str | None = None,
) -> Layout:
    """Detect a file's layout; given values are not guessed. Raises InvalidLayout.

    Parameters
    ----------
    columns
        By the table's column: the header in the file.
    """
    at = (_header_at(table, rows, columns) if header_row is None else header_row) - 1
    if not 0 <= at < len(rows):
        raise InvalidLayout(
            say("there is no row {at} with headers: the file has {count} rows", at=at + 1, count=len(rows))
        )
    headers = tuple(cell.strip() for cell in rows[at])
    found = guess(table, headers) if columns is None else _named(table, headers, columns)
    if table.key not in found:
        title = table.column(table.key).title
        named = [repr(each) for each in headers if each]
        there = joined(named) if named else say("nothing")
        raise InvalidLayout(
            say(
                "row {at} has no header for {title}; say which one it is: there are {there}",
                at=at + 1,
                title=coded(title),
                there=there,
            )
        )
    sign = decimal or guess_decimal(table, found, rows[at + 1 : at + 1 + _FOR_DECIMALS])
    return Layout(header_row=at + 1, headers=headers, columns=found, decimal=sign)


def _header_at(table: Table, rows: Rows, columns: Mapping[str, str] | None) -> int:
    """Return the row, from 1, that contains the most of the wanted names."""
    sought = {
        plain(name)
        for each in table.columns
        for name in (each.name, each.title, *each.also, *map(code, (each.title, *each.also)))
    }
    if columns is not None:
        sought = {plain(name) for name in columns.values()}
    hits = [len(sought & {plain(cell) for cell in row if cell.strip()}) for row in rows[:_LOOKED_AT]]
    if any(hits):
        return hits.index(max(hits)) + 1
    return next((at for at, row in enumerate(rows[:_LOOKED_AT], 1) if sum(bool(each.strip()) for each in row) > 1), 1)


def _named(table: Table, headers: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    known = {each.name for each in table.columns}
    found: dict[str, int] = {}
    for name, header in columns.items():
        if name not in known:
            raise InvalidLayout(
                say(
                    "{title} have no column {name!r}; they have {known}",
                    title=coded(table.title),
                    name=name,
                    known=joined(sorted(known)),
                )
            )
        at = next((at for at, each in enumerate(headers) if plain(each) == plain(header)), None)
        if at is None:
            raise InvalidLayout(
                say(
                    "the file has no column {header!r}; it has {known}",
                    header=header,
                    known=joined(map(repr, filter(None, headers))),
                )
            )
        found[name] = at
    return found
