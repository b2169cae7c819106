"""The tables of an instance while they are mended: cells as written, and every problem at its cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planner.errors import InputError, Problem
from planner.findings import written
from planner.instance import Instance
from planner.read import Raw, checked
from planner.sheets import Sheet
from planner.tables import TABLES, Header, columns

HEADER = "instance"
"""Name that the header goes by among the tables."""

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Book:
    """Cells as written and what is wrong with them."""

    raw: Raw
    instance: Instance | None
    """The checked instance; None as long as there are problems."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, raw: Raw) -> "Book":
        """Check what is written."""
        try:
            instance = checked(raw)
        except InputError as error:
            return cls(raw, None, error.problems, error.warnings)
        return cls(raw, instance, (), instance.warnings)

    @property
    def tables(self) -> dict[str, int]:
        """Rows of every table that there is, the header first."""
        found = {HEADER: len(Header.model_fields)} if self.raw.head is not None else {}
        return found | {name: len(self.raw.sheets[name].lines) for name in TABLES if name in self.raw.sheets}

    def heads(self, table: str) -> list[str]:
        """Names of the columns of a table: as written, then those that it could have."""
        if table == HEADER:
            return ["key", "value"]
        header = self.raw.sheets[table].header
        return [*header, *(name for name in columns(table) if name not in header)]

    def rows(self, table: str) -> list[tuple[int, list[str]]]:
        """Line and cells of each row of a table; the header's keys are numbered where they stand in no line."""
        if table == HEADER:
            head = self.raw.head or {}
            keys = [*head, *(key for key in Header.model_fields if key not in head)]
            return [(at, [key, written(head.get(key))]) for at, key in enumerate(keys)]
        sheet = self.raw.sheets[table]
        cells = [[written(cell) for cell in column] for column in sheet.cells]
        more = [""] * (len(self.heads(table)) - len(cells))
        return [(int(line), [*(column[at] for column in cells), *more]) for at, line in enumerate(sheet.lines)]

    def wrong(self, table: str) -> dict[tuple[int | str | None, str], str]:
        """What is wrong in a table, by line (of the header: key) and column; an empty column means the row."""
        found: dict[tuple[int | str | None, str], str] = {}
        for problem in self.problems:
            if problem.table == table:
                at = (problem.column, "value") if table == HEADER else (problem.line, problem.column)
                found[at] = f"{found[at]}; {problem.message}" if at in found else problem.message
        return found

    def with_cell(self, table: str, line: int, column: str, text: str) -> "Book":
        """The book with another text in a cell.

        Args:
            table: which; ``instance`` for the header, whose ``line`` is the number of the row and ``column`` its key.
            line: line of the row.
            column: name of the column.
            text: what is typed; empty empties the cell.

        Raises:
            InputError: the cell would be wrong, or a sound instance would have problems; the book stays as it was.
        """
        return self._judged(replace(self, raw=_typed(self.raw, table, line, column, text)), table, line, column)

    def with_row(self, table: str, cells: Mapping[str, str]) -> "Book":
        """The book with a row more at the end of a table, which is made where there is none.

        Raises:
            InputError: as of :meth:`with_cell`.
        """
        sheet = self.raw.sheets.get(table) or Sheet(table, [*columns(table)], [[] for _ in columns(table)], _NONE, "")
        line = int(sheet.lines.max(initial=1)) + 1
        sheet = _with_columns(sheet, [name for name, text in cells.items() if text.strip()])
        numbers = bool(sheet.letters)
        more = [[*old, _cell(table, name, cells.get(name, ""), numbers)] for name, old in _columns(sheet)]
        new = replace(sheet, cells=more, lines=np.append(sheet.lines, line))
        return self._judged(replace(self, raw=_with(self.raw, new)), table, line, "")

    def without_rows(self, table: str, lines: Sequence[int]) -> "Book":
        """The book with rows fewer.

        Raises:
            InputError: as of :meth:`with_cell`.
        """
        sheet = self.raw.sheets[table]
        stay = np.flatnonzero(~np.isin(sheet.lines, lines))
        new = replace(sheet, cells=[[column[at] for at in stay] for column in sheet.cells], lines=sheet.lines[stay])
        return self._judged(replace(self, raw=_with(self.raw, new)), table, None, "")

    def _judged(self, new: "Book", table: str, line: int | None, column: str) -> "Book":
        """The new book checked, where it is no worse than this one."""
        found = Book.of(replace(new.raw, unread=_still_unread(new.raw, table, line)))
        here = [
            problem
            for problem in found.problems
            if problem.table == table and problem.column == column and (table == HEADER or problem.line == line)
        ]
        worse = here if self.instance is None else [*here, *found.problems]
        if worse:
            raise InputError(new.raw.path.stem, [*dict.fromkeys(worse)])
        return found


_NONE = np.empty(0, dtype=np.int64)


def _still_unread(raw: Raw, table: str, line: int | None) -> tuple[Problem, ...]:
    """What could not be read, without that of a line that is written anew."""
    return tuple(problem for problem in raw.unread if (problem.table, problem.line) != (table, line) or line is None)


def _columns(sheet: Sheet) -> list[tuple[str, Any]]:
    return list(zip(sheet.header, sheet.cells, strict=True))


def _with_columns(sheet: Sheet, names: Sequence[str]) -> Sheet:
    """The sheet with empty columns of these names where it has none."""
    more = [name for name in names if name not in sheet.header]
    empty = [[""] * len(sheet.lines) for _ in more]
    return replace(sheet, header=[*sheet.header, *more], cells=[*sheet.cells, *empty]) if more else sheet


def _with(raw: Raw, sheet: Sheet) -> Raw:
    return replace(raw, sheets={**raw.sheets, sheet.table: sheet})


def _typed(raw: Raw, table: str, line: int, column: str, text: str) -> Raw:
    """What is written, with a cell typed anew."""
    if table == HEADER:
        head = {key: value for key, value in (raw.head or {}).items() if key != column}
        known = Header.model_fields.get(column)
        numeric = known is not None and known.annotation in (int, float, int | None, float | None)
        return replace(raw, head=head | ({column: _number(text) if numeric else text} if text.strip() else {}))
    sheet = _with_columns(raw.sheets[table], [column])
    at = int(np.flatnonzero(sheet.lines == line)[0])
    cells = [
        [*old[:at], _cell(table, name, text, bool(sheet.letters)), *old[at + 1 :]] if name == column else old
        for name, old in _columns(sheet)
    ]
    return _with(raw, replace(sheet, cells=cells))


def _cell(table: str, column: str, text: str, numbers: bool) -> Any:
    """A cell as it would stand in the file: a workbook holds numbers, a CSV file texts."""
    known = columns(table).get(column)
    return _number(text) if numbers and known is not None and known.numeric else text


def _number(text: str) -> Any:
    """A number where the text is one."""
    if _NUMBER.fullmatch(text) is None:
        return text
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
