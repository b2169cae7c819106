"""Columns of one length, with every name as a whole number, and how the rows of two tables find each other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST = 2**62
"""No key is as large as this."""


class Names:
    """Every name once: its code is its place in the list, that of the empty name 0."""

    def __init__(self) -> None:
        self._names = [""]
        self._codes = {"": 0}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, code: int) -> str:
        return self._names[code]

    def code(self, name: object) -> int:
        """Code of a name, a new one where the name is new."""
        text = name if isinstance(name, str) else str(name)
        if text not in self._codes:
            self._codes[text] = len(self._names)
            self._names.append(text)
        return self._codes[text]

    def codes(self, cells: pd.Series) -> Ints:
        """Codes of a column of names, 0 where there is nothing."""
        numbers, unique = pd.factorize(cells)
        known = np.array([*map(self.code, unique.tolist()), 0], dtype=np.int64)
        return known[numbers]

    def of(self, names: Sequence[str]) -> Ints:
        """Codes of a few names."""
        return np.fromiter(map(self.code, names), dtype=np.int64, count=len(names))

    def like(self, codes: Array, test: Callable[[str], bool]) -> Flags:
        """Which of the codes have a name that passes a test."""
        passing = [code for code in np.flatnonzero(self.flags(codes)).tolist() if test(self._names[code])]
        found: Flags = self.flags(np.array(passing, dtype=np.int64))[codes]
        return found

    def flags(self, codes: Array) -> Flags:
        """For every code so far, whether it is among these."""
        found = np.zeros(len(self), dtype=bool)
        found[codes] = True
        return found

    def map(self, keys: Array, values: Array, missing: Any) -> Array:
        """For every code so far the value at its key, or ``missing``."""
        found = np.full(len(self), missing, dtype=np.asarray(values).dtype)
        found[keys] = values
        return found


class Frame:
    """Columns of one length by name: numbers, and names as their codes."""

    __slots__ = ("_columns", "_size")

    def __init__(self, columns: Mapping[str, Array], size: int | None = None) -> None:
        self._columns = dict(columns)
        self._size = len(next(iter(self._columns.values()))) if size is None else size

    def __len__(self) -> int:
        return self._size

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> Array:
        return self._columns[name]

    def pick(self, names: Sequence[str]) -> list[Array]:
        """Some of the columns."""
        return [self._columns[name] for name in names]

    def take(self, at: Array, names: Sequence[str] = ()) -> "Frame":
        """The rows at these positions, or those that are flagged; with ``names``, only these columns."""
        at = np.flatnonzero(at) if at.dtype == bool else at
        names = names or tuple(self._columns)
        return Frame({name: self._columns[name][at] for name in names}, len(at))

    def plus(self, columns: Mapping[str, Any] | None = None, **more: Any) -> "Frame":
        """The same rows with more or other columns; one value stands for every row."""
        added = {name: _column(values, self._size) for name, values in {**(columns or {}), **more}.items()}
        return Frame({**self._columns, **added}, self._size)


def _column(values: Any, size: int) -> Array:
    column = np.asarray(values)
    return np.full(size, column) if column.ndim == 0 else column


def stacked(frames: Sequence[Frame], names: Sequence[str]) -> Frame:
    """Rows of several frames under one another; a name that a frame lacks is empty there."""
    size = sum(map(len, frames))
    columns = {}
    for name in names:
        parts = [frame[name] if name in frame else np.zeros(len(frame), dtype=np.int64) for frame in frames]
        columns[name] = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    return Frame(columns, size)


def keyed(*sides: Sequence[Array]) -> list[Ints]:
    """One number for each row of each side, the same wherever all columns are the same; columns hold codes ≥ 0."""
    keys = [np.zeros(len(side[0]), dtype=np.int64) for side in sides]
    bound = 1
    for columns in zip(*sides, strict=True):
        size = 1 + max(int(column.max(initial=0)) for column in columns)
        if bound * size >= MOST:
            numbers, unique = pd.factorize(np.concatenate(keys))
            keys = np.split(numbers.astype(np.int64), np.cumsum([len(key) for key in keys])[:-1])
            bound = len(unique)
        if size > 1:
            keys = [key * size + column.astype(np.int64) for key, column in zip(keys, columns, strict=True)]
            bound *= size
    return keys


def _first(numbers: Ints, count: int) -> Ints:
    """Position at which each number stands first, −1 where it does not."""
    first = np.full(count, -1, dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return first


def find(wanted: Sequence[Array], among: Sequence[Array]) -> Ints:
    """Position of the first row of ``among`` that has the cells of each row of ``wanted``; −1 where there is none."""
    left, right = keyed(wanted, among)
    if not len(left) or not len(right):
        return np.full(len(left), -1, dtype=np.int64)
    numbers, unique = pd.factorize(np.concatenate([right, left]))
    return _first(numbers[: len(right)], len(unique))[numbers[len(right) :]]


def grouped(columns: Sequence[Array]) -> tuple[Ints, Ints]:
    """The number of each row's group, counted as they appear, and the position of the first row of each group."""
    (key,) = keyed(columns)
    numbers, unique = pd.factorize(key)
    return numbers.astype(np.int64), _first(numbers, len(unique))


def repeated(columns: Sequence[Array]) -> Flags:
    """Which rows have the cells of an earlier row."""
    numbers, first = grouped(columns)
    again: Flags = first[numbers] != np.arange(len(numbers))
    return again


def runs(times: Ints) -> tuple[Ints, Ints]:
    """Each row as often as ``times`` says: its position, and how many of it stand before."""
    ends = np.cumsum(times)
    rows = np.repeat(np.arange(len(times)), times)
    return rows, np.arange(len(rows)) - (ends - times)[rows]


def join(left: Sequence[Array], right: Sequence[Array]) -> tuple[Ints, Ints]:
    """Positions of every pair of a left and a right row with the same cells."""
    a, b = keyed(left, right)
    order = np.argsort(b, kind="stable")
    b = b[order]
    low = np.searchsorted(b, a, "left")
    rows, step = runs(np.searchsorted(b, a, "right") - low)
    return rows, order[low[rows] + step]


def summed(numbers: Array, values: Array, count: int) -> Floats:
    """Sum of the values of each number."""
    sums: Floats = np.bincount(numbers, weights=values, minlength=count).astype(np.float64)
    return sums
