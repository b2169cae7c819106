"""An instance's columns as arrays: numbers as they are, every text as a whole number, and what rows have in common."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mineral_sourcing.arrays import TABLE, Array, Labels
from planner.tables import columns

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_NEW = threading.Lock()
"""Held while a text gets its code: threads that solve one instance share its codes. One lock for all of them, since a
lock of its own would keep an instance from being sent to another process."""

_MOST = 2**62
"""No key is as large as this."""


class Codes:
    """Columns of an instance's tables, made when they are asked for and kept; equal texts have equal codes in all of
    them, and the empty text has the code 0.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], like: "Codes | None" = None) -> None:
        """Codes of some tables.

        Args:
            tables: frames of one instance.
            like: those of another instance, whose codes hold here too; tables that both share are not coded again.
        """
        self._tables = tables
        self._columns: dict[tuple[str, str], Array] = {}
        self._names: dict[tuple[str, str], frozenset[str]] = {}
        self._texts = [""]
        self._codes = {"": 0}
        if like is not None:
            with _NEW:
                self._texts, self._codes = [*like._texts], dict(like._codes)
            shared = {name for name, frame in tables.items() if like._tables.get(name) is frame}
            self._columns = {place: cells for place, cells in [*like._columns.items()] if place[0] in shared}
            self._names = {place: names for place, names in [*like._names.items()] if place[0] in shared}

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self._texts)

    def __getitem__(self, place: tuple[str, str]) -> Array:
        """A column, by table and name: codes (``int64``) of a text, else the numbers.

        Raises:
            KeyError: the table or the column is unknown.
        """
        if place not in self._columns:
            table, name = place
            cells, numeric = self._tables[table][name], columns(table)[name].numeric
            self._columns[place] = cells.to_numpy() if numeric else self.encode(cells)
        return self._columns[place]

    def pick(self, table: str, names: Iterable[str]) -> list[Array]:
        """Several columns of a table."""
        return [self[table, name] for name in names]

    def encode(self, cells: "pd.Series[Any]") -> Ints:
        """Codes of texts, new ones where they are new."""
        numbers, unique = pd.factorize(cells)
        known = np.array([*map(self.code, unique.tolist()), 0], dtype=np.int64)
        return known[numbers]

    def code(self, text: str) -> int:
        """Code of a text, a new one where it is new."""
        code = self._codes.get(text)
        if code is None:
            with _NEW:
                code = self._codes.get(text, len(self._texts))
                if code == len(self._texts):
                    self._texts.append(text)  # before the code is known, so that every known code has its text
                    self._codes[text] = code
        return code

    def text(self, code: int) -> str:
        """The text of a code."""
        return self._texts[code]

    def texts(self, codes: Array) -> frozenset[str]:
        """The different texts of codes."""
        return frozenset(map(self.text, np.flatnonzero(self.flags(codes)).tolist()))

    def flags(self, codes: Array) -> Flags:
        """For every code so far, whether it is among these."""
        found = np.zeros(len(self), dtype=bool)
        found[codes] = True
        return found

    def flagged(self, texts: Iterable[str]) -> Flags:
        """For every code so far, whether its text is among these."""
        return self.flags(np.array([self._codes[text] for text in texts if text in self._codes], dtype=np.int64))

    def within(self, cells: Array, among: Array) -> Flags:
        """Which cells are among these."""
        found: Flags = self.flags(among)[cells]
        return found

    def names(self, table: str, name: str) -> frozenset[str]:
        """The different texts of a column, without the empty one."""
        if (table, name) not in self._names:
            self._names[table, name] = self.texts(self[table, name]) - {""}
        return self._names[table, name]

    def like(self, table: str, name: str, test: Callable[[str], bool]) -> Flags:
        """Which rows of a table have a text that passes a test; an empty one does not."""
        passing = self.flagged([text for text in self.names(table, name) if test(text)])
        found: Flags = passing[self[table, name]]
        return found


def keyed(*sides: Sequence[Array]) -> list[Ints]:
    """One number for each row of each side, the same wherever all columns are the same; columns hold codes."""
    keys = [np.zeros(len(side[0]), dtype=np.int64) for side in sides]
    bound = 1
    for parts in zip(*sides, strict=True):
        size = 1 + max(int(part.max(initial=0)) for part in parts)
        if bound * size >= _MOST:
            numbers, unique = pd.factorize(np.concatenate(keys))
            keys, bound = np.split(numbers, np.cumsum([len(key) for key in keys])[:-1]), len(unique)
        keys = [key * size + part for key, part in zip(keys, parts, strict=True)]
        bound *= size
    return keys


def contains(among: Sequence[Array], rows: Sequence[Array]) -> Flags:
    """Which rows have the cells of a row of ``among``."""
    left, right = keyed(rows, among)
    found: Flags = pd.Index(left).isin(right) if len(right) else np.zeros(len(left), dtype=bool)
    return found


def grouped(parts: Sequence[Array]) -> tuple[Ints, Ints]:
    """The number of each row's group, counted as they appear, and the position of the first row of each group."""
    (key,) = keyed(parts)
    numbers, unique = pd.factorize(key)
    first = np.zeros(len(unique), dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return numbers.astype(np.int64), first


def repeated(parts: Sequence[Array]) -> Flags:
    """Which rows have the cells of an earlier row."""
    numbers, first = grouped(parts)
    again: Flags = first[numbers] != np.arange(len(numbers))
    return again


def join(left: Sequence[Array], right: Sequence[Array]) -> tuple[Ints, Ints]:
    """Positions of every pair of a left and a right row with the same cells."""
    a, b = keyed(left, right)
    order = np.argsort(b, kind="stable")
    low, high = (np.searchsorted(b[order], a, side) for side in ("left", "right"))
    rows, at = spread(low, high - 1)
    return rows, order[at]


class Names:
    """Names met one after another, and a code for each."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def codes(self, names: Sequence[str]) -> Array:
        """Codes of some names, old and new."""
        return np.array([self.known.setdefault(name, len(self.known)) for name in names], dtype=np.int64)

    def labels(self) -> Labels:
        """All names met."""
        return Labels(list(self.known))


def spread(begins: Array, ends: Array) -> tuple[Array, Array]:
    """Each row once for every period of its window: row and period."""
    lengths = np.maximum(ends - begins + 1, 0)
    rows = np.repeat(np.arange(len(begins)), lengths)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + begins[rows]


def keys(columns: Sequence[Array], sizes: Sequence[int]) -> Array:
    """One number for each row of codes, in the order of the codes."""
    found = np.asarray(columns[0], dtype=np.int64)
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        found = found * size + column
    return found


def numbered(found: Array, size: int, *, every: bool = False) -> tuple[Array, Callable[[Array], Array]]:
    """The numbers below ``size`` that occur, or all of them, in order, and what tells the place of each (−1: none)."""
    if every:
        return np.arange(size), lambda wanted: wanted
    if size > TABLE:
        kept = np.unique(found)
        return kept, lambda wanted: look_up(kept, wanted)
    occurs = np.zeros(size, dtype=bool)
    occurs[found] = True
    place = np.where(occurs, np.cumsum(occurs) - 1, -1)
    return np.flatnonzero(occurs), lambda wanted: place[wanted]


def look_up(known: Array, wanted: Array) -> Array:
    """Position of each wanted number among known ones, which are all different; −1 where there is none."""
    if not len(known):
        return np.full(len(wanted), -1)
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)
    return np.where(known[order[at]] == wanted, order[at], -1)
