"""Tables while they are being changed: rows found by their cells, set, added, dropped; nothing is checked yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import InputError, Problem
from planner.findings import shown, suggest, written
from planner.instance import Instance
from planner.periods import ordinal
from planner.scope import Scope
from planner.tables import TABLES, Header, columns

Where = Mapping[str, Any]
"""Column and what its cell is: a value, or a list of values of which it is one."""

BEHIND = {"place": "sites", "owner": "sites", "kind": "sites", "stage": "materials", "element": "materials"}
"""Columns that rows of other tables can be found by, through their site or material, and where these stand."""


@dataclass
class Draft:
    """An instance in the making."""

    header: Header
    tables: dict[str, pd.DataFrame]
    changed: set[str] = field(default_factory=set)
    """Tables that are no longer those of the instance."""

    @classmethod
    def of(cls, instance: Instance) -> "Draft":
        """One that starts from an instance."""
        return cls(instance.header, dict(instance.tables))

    def refuse(self, table: str, column: str, value: object, message: str) -> InputError:
        """The error for a change that cannot be made."""
        return InputError(self.header.name, [Problem(table, None, column, written(value), message)])

    def frame(self, table: str) -> pd.DataFrame:
        """A table.

        Raises:
            InputError: there is no such table.
        """
        if table not in TABLES:
            hint = suggest(table, TABLES) or f"; the tables are {', '.join(TABLES)}"
            raise self.refuse(table, "", table, f"there is no table '{table}'{hint}")
        return self.tables[table]

    def put(self, table: str, frame: pd.DataFrame) -> None:
        """Hold another frame as a table."""
        self.tables[table] = frame
        self.changed.add(table)

    def known(self, table: str, names: Iterable[str], more: Iterable[str] = ()) -> None:
        """Refuse columns that a table does not have.

        Raises:
            InputError: there is none of that name.
        """
        self.frame(table)
        titles = [*columns(table), *more]
        for name in names:
            if name not in titles:
                hint = suggest(name, titles) or f"; its columns are {', '.join(columns(table))}"
                raise self.refuse(table, name, name, f"{table} has no column '{name}'{hint}")

    def rows(self, table: str, where: Where) -> np.ndarray:
        """Positions of the rows that a condition means, in order.

        Raises:
            InputError: an unknown table or column, a value that no row has, or no row that has them all.
        """
        frame = self.frame(table)
        through = [name for name, home in BEHIND.items() if home[:-1] in columns(table) and name not in columns(table)]
        self.known(table, where, through)
        found = np.ones(len(frame), dtype=bool)
        for name, wanted in where.items():
            found &= self._fits(table, name, wanted)
        if not found.any():
            told = " and ".join(f"{name} {shown(_listed(wanted))}" for name, wanted in where.items())
            raise self.refuse(table, "", "", f"no row of {table} has {told}" if where else f"{table} has no rows")
        return np.flatnonzero(found)

    def _fits(self, table: str, name: str, wanted: Any) -> np.ndarray:
        """Which rows have one of the wanted cells in a column, own or behind their site or material."""
        values = _values(wanted)
        cells = self._cells(table, name)
        known = columns(table if name in columns(table) else BEHIND[name])[name]
        if known.numeric:
            numbers = [self._number(table, name, value) for value in values]
            given = cells.to_numpy(dtype=np.float64)
            return np.asarray(np.logical_or.reduce([_same(given, number) for number in numbers]))
        for value in values:
            if not (cells == value).any():
                hint = suggest(str(value), sorted(set(cells.tolist()) - {""}))
                raise self.refuse(table, name, value, f"no row of {table} has {name} {shown(value)}{hint}")
        fits: np.ndarray = cells.isin(values).to_numpy()
        return fits

    def _number(self, table: str, name: str, value: Any) -> float:
        try:
            return float("nan") if value in ("", None) else float(value)
        except (TypeError, ValueError) as error:
            raise self.refuse(table, name, value, f"{shown(value)} is no number") from error

    def _cells(self, table: str, name: str) -> pd.Series:
        frame = self.tables[table]
        if name in frame:
            return frame[name]
        home, key = BEHIND[name], BEHIND[name][:-1]
        behind = self.tables[home]
        return frame[key].map(dict(zip(behind[key], behind[name], strict=True))).fillna("")

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows at the end, on the lines after the last.

        Raises:
            InputError: an unknown table or column.
        """
        frame = self.frame(table)
        if not rows:
            return
        for row in rows:
            self.known(table, row)
        first = int(frame.index.max()) + 1 if len(frame) else 2
        more = pd.DataFrame(
            [{name: row.get(name) for name in columns(table)} for row in rows],
            index=range(first, first + len(rows)),
            dtype=object,
        )
        self.put(table, pd.concat([frame.astype(object), more]) if len(frame) else more)

    def step(self, name: str) -> int:
        """Number of a period on the endless line of periods.

        Raises:
            InputError: it is no period of this instance's length.
        """
        found = ordinal(name, self.header.period_length)
        if found is None:
            form = {"year": "2027", "quarter": "2027Q1", "month": "2027-03"}[self.header.period_length]
            raise self.refuse("instance", "", name, f"{shown(name)} is no {self.header.period_length}: write {form}")
        return found

    @property
    def scope(self) -> Scope:
        """Names resolved."""
        return Scope.of(Instance(self.header, self.tables))


def _values(wanted: Any) -> list[Any]:
    """The alternatives of a condition."""
    several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
    return [*wanted] if several else [wanted]


def _listed(wanted: Any) -> str:
    return ";".join(written(value) for value in _values(wanted))


def _same(cells: np.ndarray, number: float) -> np.ndarray:
    """Which cells hold a number, or nothing."""
    return np.asarray(np.isnan(cells) if np.isnan(number) else cells == number)
