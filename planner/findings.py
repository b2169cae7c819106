"""Problems and warnings as they are found, each at its place, none twice."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import islice
from math import isnan
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem
from planner.tables import TABLES, Header, columns

MOST_AT_ONCE = 200
"""How many rows with the same fault in the same column are told one by one; the rest are counted."""


class Place(Protocol):
    """Where a cell stands, as a person finds it."""

    def __call__(self, table: str, line: int | None, column: str) -> str:
        """File and line, or sheet and cell; ``line`` None means the whole table, an empty column the whole row."""
        ...


class Findings:
    """Collects what is wrong (``problems``) and what is doubtful (``warnings``)."""

    def __init__(self, place: Place) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.lost: set[str] = set()
        """Tables that could not be read at all."""
        self._place = place
        self._closed: set[tuple[str, int | None, str]] = set()

    def close_stage(self) -> None:
        """From here on, say nothing more of cells, rows and columns that already have a problem."""
        self._closed |= {(problem.table, problem.line, problem.column) for problem in self.problems}

    def known_bad(self, table: str, line: int | None, column: str) -> bool:
        """Whether an earlier stage found a problem in the cell, or in its whole row or column."""
        return any(
            place in self._closed
            for place in ((table, line, column), (table, line, ""), (table, None, column), (table, None, ""))
        )

    def bad_lines(self, table: str) -> set[int]:
        """Lines of a table in which earlier stages found a problem."""
        return {line for where, line, _ in self._closed if where == table and line is not None}

    def fault(self, table: str, line: int | None, column: str, value: object, message: str) -> None:
        """Note a problem, unless its cell has one from an earlier stage."""
        if not self.known_bad(table, line, column):
            self.problems.append(self._problem(table, line, column, value, message))

    def warn(self, table: str, line: int | None, column: str, value: object, message: str) -> None:
        """Note a warning, unless its cell has a problem from an earlier stage."""
        if not self.known_bad(table, line, column):
            self.warnings.append(self._problem(table, line, column, value, message))

    def _problem(self, table: str, line: int | None, column: str, value: object, message: str) -> Problem:
        return Problem(table, line, column, written(value), message, self._place(table, line, column))

    def rows(
        self,
        table: str,
        rows: pd.DataFrame,
        wrong: npt.NDArray[np.bool_],
        column: str,
        message: str | Callable[[Any], str],
        *,
        warning: bool = False,
    ) -> None:
        """The same fault in several rows of a table.

        Args:
            table: name of the table.
            rows: rows of the table, their index the line.
            wrong: which of them are at fault.
            column: the column at fault.
            message: what is wrong, or a function of the cell's value.
            warning: note warnings, not problems.
        """
        places = np.flatnonzero(wrong)
        if not len(places):
            return
        first = places[:MOST_AT_ONCE]
        listed = (
            (int(line), value, message if isinstance(message, str) else message(value))
            for line, value in zip(rows.index[first], rows[column].iloc[first], strict=True)
        )
        self.several(table, column, listed, len(places), warning=warning)

    def several(
        self, table: str, column: str, listed: Iterable[tuple[int, object, str]], count: int, *, warning: bool = False
    ) -> None:
        """Faults in several rows of a table, the first of them one by one.

        Args:
            table: name of the table.
            column: the column at fault.
            listed: line, value and message of each; as many are taken as are told one by one.
            count: how many there are.
            warning: note warnings, not problems.
        """
        note = self.warn if warning else self.fault
        line: int | None = None
        for line, value, message in islice(listed, MOST_AT_ONCE):
            note(table, line, column, value, message)
        if count > MOST_AT_ONCE:
            note(table, line, column, "", f"and {count - MOST_AT_ONCE:,} more rows with such a fault")

    def in_order(self) -> tuple[list[Problem], list[Problem]]:
        """Problems and warnings in the order of the files: header, then table by table, line by line."""
        return sorted(self.problems, key=_order), sorted(self.warnings, key=_order)


def _order(problem: Problem) -> tuple[int, str, int, int]:
    names = list(TABLES)
    table = names.index(problem.table) if problem.table in TABLES else -1 if problem.table == "instance" else len(names)
    listed = list(columns(problem.table)) if problem.table in TABLES else list(Header.model_fields)
    column = listed.index(problem.column) if problem.column in listed else -1
    return table, problem.table, problem.line or 0, column


def written(value: object) -> str:
    """A cell as people write it: whole numbers without a point, nothing for an empty cell."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def shown(value: object) -> str:
    """A value in quotes, cut where it is long."""
    text = written(value)
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"


def suggest(wrong: str, names: Iterable[str]) -> str:
    """``; did you mean 'Kuantan'?``, or nothing where no name is near."""
    near = _nearest(wrong, tuple(names))
    return f"; did you mean '{near}'?" if near else ""


@cache
def _nearest(wrong: str, names: Sequence[str]) -> str:
    low = wrong.strip().casefold()
    by_low = {name.casefold(): name for name in reversed(names) if name}
    near = [name for name in by_low if abs(len(name) - len(low)) <= max(2, len(low) // 2)]
    if len(near) > 2000:
        near = [name for name in near if name[:1] == low[:1]]
    match = difflib.get_close_matches(low, near, n=1, cutoff=0.6)
    if match:
        return by_low[match[0]]
    longer = [name for name in by_low if len(low) > 2 and low in name]
    return by_low[longer[0]] if len(longer) == 1 else ""
