"""The linear model in long form: columns, rows and entries as arrays, nothing but numpy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.verify.frames import Array, Floats, Frame, Ints, summed

NAMES = ("site", "destination", "material", "process", "rule", "subject", "market", "from", "period")
"""What names a row of a constraint, as the plan's ``prices`` do; the empty name where it has no meaning."""


@dataclass(frozen=True)
class Block:
    """Rows of one constraint, numbered one after the other."""

    constraint: str
    start: int
    """Number of the first row."""
    names: Frame
    """The names of each row, those that have a meaning."""
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Family:
    """Columns that stand in one column of a table of the plan, numbered one after the other."""

    start: int
    """Number of the first column."""
    table: str
    name: str
    keys: tuple[str, ...]
    frame: Frame


class Matrix:
    """Rows lower ≤ Σ coefficient × column ≤ upper over columns between 0 and an upper limit, each with the value
    that the plan gives it and its cost (present value). Yes-or-no decisions are not columns: they are held as the
    plan says.
    """

    def __init__(self) -> None:
        self.families: list[Family] = []
        self.blocks: list[Block] = []
        self._entries: list[tuple[Array, Array, Array]] = []
        self._sizes = [0, 0]

    def columns(self, table: str, name: str, keys: Sequence[str], frame: Frame) -> Frame:
        """Add columns with ``upper``, ``cost`` and ``value``, which stand in a table of the plan under a name; the
        frame comes back with their numbers.
        """
        start = self._sizes[0]
        self.families.append(Family(start, table, name, tuple(keys), frame))
        self._sizes[0] += len(frame)
        return frame.plus(column=np.arange(start, start + len(frame)))

    def place(self, column: int) -> tuple[Family, int]:
        """The family that a column stands in, and its row there."""
        family = [family for family in self.families if family.start <= column][-1]
        return family, column - family.start

    def rows(self, constraint: str, names: Mapping[str, Array], lower: Array | float, upper: Array | float) -> Ints:
        """Add rows, named by codes; their numbers come back."""
        frame, start = Frame(names), self._sizes[1]
        limits = (np.broadcast_to(np.asarray(limit, dtype=np.float64), len(frame)) for limit in (lower, upper))
        self.blocks.append(Block(constraint, start, frame, *limits))
        self._sizes[1] += len(frame)
        return np.arange(start, start + len(frame))

    def entries(self, row: Array, column: Array, coefficient: Array | float) -> None:
        """Add entries."""
        values = np.broadcast_to(np.asarray(coefficient, dtype=np.float64), len(row))
        self._entries.append((row, column, values))


@dataclass(frozen=True)
class Model:
    """The matrix as arrays."""

    row: Ints
    column: Ints
    coefficient: Floats
    value: Floats
    """What the plan gives each column."""
    upper: Floats
    cost: Floats
    low: Floats
    """Lower limit of each row."""
    high: Floats
    """Upper limit of each row."""

    @classmethod
    def of(cls, matrix: Matrix) -> "Model":
        """All columns, rows and entries."""

        def column(name: str) -> Floats:
            return np.concatenate([np.zeros(0), *(family.frame[name] for family in matrix.families)])

        parts = zip(*matrix._entries, strict=True) if matrix._entries else ([], [], [])
        row, at, coefficient = (np.concatenate([np.zeros(0), *part]) for part in parts)
        return cls(
            row.astype(np.int64),
            at.astype(np.int64),
            coefficient,
            column("value"),
            column("upper"),
            column("cost"),
            np.concatenate([np.zeros(0), *(block.lower for block in matrix.blocks)]),
            np.concatenate([np.zeros(0), *(block.upper for block in matrix.blocks)]),
        )

    def by_row(self, values: Floats) -> Floats:
        """Sum over the entries of each row."""
        return summed(self.row, values, len(self.low))

    def by_column(self, values: Floats) -> Floats:
        """Sum over the entries of each column."""
        return summed(self.column, values, len(self.cost))
