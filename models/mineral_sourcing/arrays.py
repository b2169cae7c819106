"""Sets, parameters and groupings held as arrays; Pyomo reads them as it reads lists and dicts.

An :class:`Index` is an ordered set of keys, one column of codes a dimension. :class:`Values` gives a number for every
key of one, :class:`Groups` sorts the keys of one under the keys of another. The compiler takes the arrays as they are;
Pyomo, asked to build a row or the whole model, iterates and looks up like in any sequence or mapping.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
TABLE = 1 << 22
"""Keys up to which a look-up goes by a table rather than by search."""


class Labels:
    """The names that the codes 0, 1, … of one dimension stand for."""

    def __init__(self, names: Sequence[Any] | Array) -> None:
        self.names = np.empty(len(names), dtype=object)
        self.names[:] = names

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def code(self) -> dict[Any, int]:
        """Code of each name."""
        return {name: code for code, name in enumerate(self.names.tolist())}


class Repeated(Sequence[Array]):
    """Codes of every dimension: those of another index at some positions, made when they are asked for, and others."""

    def __init__(self, of: Sequence[Array], at: Array, others: Sequence[Array]) -> None:
        self.of, self.at, self.others = of, at, others

    def __getitem__(self, j: Any) -> Any:
        at = range(len(self))[j]
        return self._one(at) if isinstance(at, int) else tuple(map(self._one, at))

    def __len__(self) -> int:
        return len(self.of) + len(self.others)

    def _one(self, j: int) -> Array:
        return self.of[j][self.at] if j < len(self.of) else self.others[j - len(self.of)]


class Index(Sequence[Any]):
    """An ordered set of keys: tuples of names, or plain names where there is one dimension.

    Args:
        columns: labels and codes of each dimension; all code arrays of one length.
        identity: dimensions that tell the keys apart already, so that names along the others may change and the things
            stay what they are; all where none are given.
    """

    def __init__(self, *columns: tuple[Labels, Array], identity: tuple[int, ...] | None = None) -> None:
        self.labels = tuple(labels for labels, _ in columns)
        self.codes: Sequence[Array] = tuple(codes for _, codes in columns)
        self.identity = tuple(range(len(columns))) if identity is None else identity
        self._links: dict[tuple[tuple[int, ...], int], tuple[Index, Array]] = {}

    @classmethod
    def repeated(
        cls, of: "Index", at: Array, *columns: tuple[Labels, Array], identity: tuple[int, ...] | None = None
    ) -> "Index":
        """Keys of another index at some positions, each with further dimensions; it knows where they stand there."""
        found = cls(*columns)
        found.labels, found.codes = (*of.labels, *found.labels), Repeated(of.codes, at, found.codes)
        found.identity = tuple(range(len(found.labels))) if identity is None else identity
        found.link(tuple(range(len(of.labels))), of, at)
        return found

    def __len__(self) -> int:
        return len(self.codes[-1])

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(self)[at]
        key = tuple(labels.names[codes[at]] for labels, codes in zip(self.labels, self.codes, strict=True))
        return key if len(key) > 1 else key[0]

    def __iter__(self) -> Iterator[Any]:
        names = [labels.names[codes].tolist() for labels, codes in zip(self.labels, self.codes, strict=True)]
        return iter(names[0]) if len(names) == 1 else zip(*names, strict=True)

    def __contains__(self, key: object) -> bool:
        return key in self.position

    @cached_property
    def position(self) -> dict[Any, int]:
        """Position of each key."""
        return {key: at for at, key in enumerate(self)}

    def column(self, dimension: int) -> Array:
        """Names along one dimension."""
        return self.labels[dimension].names[self.codes[dimension]]

    def take(self, at: Array) -> "Index":
        """The keys at some positions."""
        return Index(*zip(self.labels, (codes[at] for codes in self.codes), strict=True), identity=self.identity)

    def link(self, dimensions: tuple[int, ...], target: "Index", positions: Array) -> None:
        """Tell where the keys of some dimensions stand in another index, so that nobody need search."""
        self._links[dimensions, id(target)] = target, positions

    def project(self, dimensions: tuple[int, ...], target: "Index") -> Array:
        """Position in ``target`` of each key's part; −1 where it has none."""
        found = self._links.get((dimensions, id(target)))
        if found is None:
            found = target, self._searched(dimensions, target)
            self._links[dimensions, id(target)] = found
        return found[1]

    def among(self, target: "Index") -> Array:
        """Position of each key in another index of the same dimensions; −1 where it has none."""
        return self._searched(tuple(range(len(self.labels))), target)

    def _searched(self, dimensions: tuple[int, ...], target: "Index") -> Array:
        codes = [target.labels[at].code for at in range(len(dimensions))]
        columns = [
            self.codes[j]
            if self.labels[j] is target.labels[at]
            else np.array([codes[at].get(name, -1) for name in self.labels[j].names.tolist()] or [-1])[self.codes[j]]
            for at, j in enumerate(dimensions)
        ]
        return target.find(columns)

    def find(self, columns: Sequence[Array]) -> Array:
        """Position of each row of codes (in this index's own labels); −1 where it is no key.

        Raises:
            OverflowError: there may be more keys than one whole number counts.
        """
        if not len(self):
            return np.full(len(columns[0]), -1)
        key, known = self._key(columns), np.logical_and.reduce([np.asarray(column) >= 0 for column in columns])
        order, ordered = self._ordered
        if order is None:
            return np.where(known, ordered[np.where(known, key, 0)].astype(np.int64) - 1, -1)
        at = np.minimum(np.searchsorted(ordered, key), len(self) - 1)
        return np.where(known & (ordered[at] == key), order[at], -1)

    def _key(self, columns: Sequence[Array]) -> Array:
        key = np.asarray(columns[0], dtype=np.int64)
        for labels, codes in zip(self.labels[1:], columns[1:], strict=True):
            key = key * len(labels) + codes
        return key

    @cached_property
    def _ordered(self) -> tuple[Array | None, Array]:
        """A table of positions by key, counted from 1 so that what is nowhere costs no memory; or positions and keys in
        the order of the keys.
        """
        key = self._key(self.codes)
        size = prod(max(len(labels), 1) for labels in self.labels)
        if size >= 2**63:
            raise OverflowError("an index has too many dimensions of too many names to be searched")
        if size <= TABLE:
            table = np.zeros(size, dtype=np.int32)
            table[key] = np.arange(1, len(self) + 1)
            return None, table
        order = np.argsort(key, kind="stable")
        return order, key[order]


class Values(Mapping[Any, float]):
    """A number for every key of an index.

    Args:
        index: the keys.
        array: the numbers, one a key.
    """

    def __init__(self, index: Index, array: Array) -> None:
        self.index = index
        self.array = np.ascontiguousarray(array, dtype=np.float64)

    def __getitem__(self, key: Any) -> float:
        return float(self.array[self.index.position[key]])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.index)

    def __len__(self) -> int:
        return len(self.index)


class Groups(Mapping[Any, list[Any]]):
    """Keys of one index sorted under the keys of another, in any order. Positions are held in four bytes: they look up,
    but are widened before anybody reckons with them.

    Args:
        index: the keys that are looked up.
        of: the index of the members.
        rows: position in ``index`` of each pair.
        members: position in ``of`` of each pair; ``None`` where pair and member are the same.
    """

    def __init__(self, index: Index, of: Index, rows: Array, members: Array | None = None) -> None:
        self.index, self.of = index, of
        self.rows = rows.astype(np.int32, copy=False)
        self.members = None if members is None else members.astype(np.int32, copy=False)

    @classmethod
    def none(cls, index: Index, of: Index) -> "Groups":
        """No members at all."""
        return cls(index, of, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    @classmethod
    def where(cls, index: Index, of: Index, rows: Array) -> "Groups":
        """Each member of ``of`` under ``rows``; none under −1."""
        if (rows >= 0).all():
            return cls(index, of, rows)
        members = np.flatnonzero(rows >= 0)
        return cls(index, of, rows[members], members)

    def __getitem__(self, key: Any) -> list[Any]:
        starts, members = self.sorted
        at = self.index.position[key]
        return [self.of[member] for member in members[starts[at] : starts[at + 1]].tolist()]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.index)

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def sorted(self) -> tuple[Array, Array]:
        """Where the members of each key start, and all members in the order of the keys."""
        starts = np.zeros(len(self.index) + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.rows, minlength=len(self.index)), out=starts[1:])
        order = np.argsort(self.rows, kind="stable")
        return starts, order if self.members is None else self.members[order]

    def under(self, at: Array) -> tuple[Array, Array]:
        """Members of the keys at some positions: for each the number of its key among them, and the member."""
        if not len(at):
            return at, at
        starts, members = self.sorted
        lengths = starts[at + 1] - starts[at]
        number = np.repeat(np.arange(len(at)), lengths)
        within = np.arange(len(number)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return number, members[starts[at][number] + within]
