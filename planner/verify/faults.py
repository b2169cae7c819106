"""What the verifier found: every disagreement, with its place and both numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.verify.frames import Array, Flags, Floats, Frame, Ints, Names, find

SHOWN = 20
"""Faults named for one column of one table; of the rest only the number is told."""

RELATIVE = 1e-7
"""Two numbers are the same if they differ by less than this fraction of either."""

DUST = 1e-12
"""What rounding leaves of numbers that cancel: nothing, in any unit."""
EPSILON = 1e-8
"""... or by less than this fraction of the largest number of their column."""


@dataclass(frozen=True)
class Fault:
    """One disagreement between a plan and what its input demands."""

    table: str
    """Table of the plan, or of the input where the plan breaks what that says; ``plan`` for its figures."""
    row: str
    """The row, by its keys."""
    column: str
    """The column, or the rule that is broken."""
    found: float | str
    """What the plan says."""
    expected: float | str
    """What it should say, or the limit that it breaks."""
    message: str
    """The sentence."""

    def __str__(self) -> str:
        return f"{self.table} [{self.row}]: {self.message}" if self.row else f"{self.table}: {self.message}"


def number(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.10g}"


class Faults:
    """Collects faults; of each column of each table the first ones by name, then only how many more."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._faults: list[Fault] = []
        self._seen: Counter[tuple[str, str]] = Counter()

    def add(self, table: str, row: str, column: str, found: float | str, expected: float | str, message: str) -> None:
        """Add one fault."""
        self._seen[table, column] += 1
        if self._seen[table, column] <= SHOWN:
            self._faults.append(Fault(table, row, column, found, expected, message))

    def count(self, table: str, column: str, more: int) -> None:
        """Tell of faults beyond those that were named."""
        self._seen[table, column] += more

    def describe(self, rows: Frame, row: int, keys: Sequence[str]) -> str:
        """The keys of a row, those that are filled."""
        cells = ((key, self.written(rows[key][row])) for key in keys)
        return ", ".join(f"{key} {cell}" for key, cell in cells if cell)

    def written(self, cell: float) -> str:
        """A name, given by its code, or a number."""
        return number(cell) if isinstance(cell, float) else self._names[int(cell)]

    def refuse(self, table: str, rows: Frame, keys: Sequence[str], column: str, why: str) -> None:
        """One fault for each of these rows, which the plan should not have."""
        for row in range(min(SHOWN, len(rows))):
            where = self.describe(rows, row, keys)
            self.add(table, where, column, where, "no such row", why)
        self.count(table, column, max(0, len(rows) - SHOWN))

    def all(self) -> tuple[Fault, ...]:
        """Every fault, those beyond :data:`SHOWN` as one that gives their number."""
        rest = [
            Fault(table, "", column, "", "", f"{column}: {seen - SHOWN:,} more rows are wrong in the same way")
            for (table, column), seen in self._seen.items()
            if seen > SHOWN
        ]
        return (*self._faults, *rest)


def unequal(found: Floats, expected: Floats) -> Flags:
    """Where two columns of numbers differ by more than rounding; no number (NaN) equals only no number."""
    size = np.maximum(np.abs(found), np.abs(expected))
    top = float(np.max(size, where=np.isfinite(size), initial=0.0))
    same = np.abs(found - expected) <= RELATIVE * size + EPSILON * top + DUST
    return ~(same | (np.isnan(found) & np.isnan(expected)))


@dataclass(frozen=True)
class Match:
    """The rows of a table of the plan beside those that the input asks for."""

    table: str
    keys: tuple[str, ...]
    """What names a row."""
    found: Frame
    """The plan's table."""
    expected: Frame
    """The rows that the input asks for."""
    at: Ints
    """Row of the plan of each row asked for, −1 where the plan has none."""
    extra: Ints
    """Rows of the plan that are not asked for."""

    @classmethod
    def of(cls, table: str, keys: Sequence[str], found: Frame, expected: Frame) -> "Match":
        """Match by keys, of which no table holds two alike."""
        at = find(expected.pick(keys), found.pick(keys))
        unknown = np.ones(len(found), dtype=bool)
        unknown[at[at >= 0]] = False
        return cls(table, tuple(keys), found, expected, at, np.flatnonzero(unknown))

    def stated(self, column: str, missing: float = 0) -> Array:
        """What the plan says in each row asked for."""
        cells: Array = np.append(self.found[column], missing)[self.at]
        return cells

    def listed(self) -> Flags:
        """Which of the rows asked for stand in the plan."""
        listed: Flags = self.at >= 0
        return listed

    def row(self, row: int) -> tuple[Frame, int]:
        """Where the keys of a row stand: one asked for, then the extra ones."""
        size = len(self.expected)
        return (self.expected, row) if row < size else (self.found, int(self.extra[row - size]))


def compare(faults: Faults, match: Match, columns: dict[str, tuple[Floats, str]], every: bool = False) -> None:
    """Hold columns of a table of the plan against the same columns computed again.

    ``columns`` are those compared, each with its numbers, one for each row asked for, and how they come about, in
    words; with ``every``, rows with nothing in them must stand in the plan too.
    """
    table, missing = match.table, ~match.listed()
    extra = match.extra[:0] if every else match.extra
    if every:
        absent = np.flatnonzero(missing)
        for row in absent[:SHOWN].tolist():
            where = faults.describe(match.expected, row, match.keys)
            faults.add(table, where, "", "no row", "a row", "the row is missing")
        faults.count(table, "", max(0, len(absent) - SHOWN))
        faults.refuse(table, match.found.take(match.extra), match.keys, "", "nothing in the input has such a row")
    for column, (expected, meaning) in columns.items():
        says = np.concatenate([match.stated(column), match.found[column][extra]])
        should = np.concatenate([expected, np.zeros(len(extra))])
        wrong = unequal(says, should)
        if every:
            wrong[: len(missing)] &= ~missing
        wrong_rows = np.flatnonzero(wrong)
        for row in wrong_rows[:SHOWN].tolist():
            left, right = float(says[row]), float(should[row])
            message = f"{column} is {number(left)}, but {meaning} gives {number(right)}"
            if row < len(missing) and missing[row]:
                message = f"the row is missing: {meaning} gives a {column} of {number(right)}"
            faults.add(table, faults.describe(*match.row(row), match.keys), column, left, right, message)
        faults.count(table, column, max(0, len(wrong_rows) - SHOWN))


def compare_names(faults: Faults, match: Match, columns: dict[str, Ints]) -> None:
    """Names that follow from the keys of a row, given by their codes for each row asked for."""
    for column, expected in columns.items():
        wrong = np.flatnonzero(match.listed() & (match.stated(column) != expected))
        for row in wrong[:SHOWN].tolist():
            says, should = (faults.written(int(cells[row])) for cells in (match.stated(column), expected))
            where = faults.describe(match.expected, row, match.keys)
            faults.add(match.table, where, column, says, should, f"{column} is {says!r}, but should be {should!r}")
        faults.count(match.table, column, max(0, len(wrong) - SHOWN))
