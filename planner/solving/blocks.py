"""Blocks of a mixed-integer plan: materials that recipes join, and where these are many, the years apart.

A column that speaks of a material and a period belongs to the materials that are made of one another, and to the
periods that a yes-or-no ties together (a calendar year). Every other column, as the yes-or-no of a route, belongs to
where all its rows belong, or to no block. A row with columns of two blocks, or of none, is a coupling row: shared
capacities, rules over several materials, stock that is carried from year to year.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network

ENOUGH = 200
"""Integers that a block may have before its years are kept apart; HiGHS solves so many in about a second."""

NONE = -1
"""The block of a column that belongs to none."""


@dataclass(frozen=True)
class Blocks:
    """Which block each column and each row belongs to; ``NONE`` for a loose column and for a coupling row."""

    of_column: Array
    of_row: Array
    count: int

    def columns(self, block: int) -> Array:
        """Columns of a block."""
        return np.flatnonzero(self.of_column == block)

    def rows(self, block: int) -> Array:
        """Rows that have columns of this block only."""
        return np.flatnonzero(self.of_row == block)

    @property
    def coupling(self) -> Array:
        """Rows that have columns of two blocks, or of none."""
        return np.flatnonzero(self.of_row == NONE)


def blocks_of(matrix: Matrix, network: Network) -> Blocks:
    """The blocks of a matrix, from the tables that it was made from."""
    family, period = _labels(matrix, network)
    year = _years(matrix, period, len(network.periods))
    known = family >= 0
    parts = int(year.max(initial=0)) + 1
    fine = np.where(known, family * parts + year[np.maximum(period, 0)], NONE)
    of_column, _ = _spread(matrix, fine)
    merged = _merge(of_column[matrix.integer], int(family.max(initial=0)) + 1, parts)
    of_column, of_row = _spread(matrix, np.where(known, merged[fine], NONE))
    return Blocks(of_column, of_row, int(merged.max(initial=NONE)) + 1)


def _labels(matrix: Matrix, network: Network) -> tuple[Array, Array]:
    """Family of materials and period of every column whose name says both; ``NONE`` where it does not."""
    nodes, processing = network.balance.nodes, network.processing
    material, step = nodes.labels[1], nodes.labels[2]
    processes = processing.processes.labels[0]
    family_of = _families(network)
    family, period = np.full(len(matrix.cost), NONE), np.full(len(matrix.cost), NONE)
    for span in matrix.columns:
        labels, codes = span.index.labels, span.index.codes
        steps = [at for at, known in enumerate(labels) if known is step]
        materials = [family_of[codes[at]] for at, known in enumerate(labels) if known is material]
        materials += [family_of[len(material) + codes[at]] for at, known in enumerate(labels) if known is processes]
        if steps and materials:
            family[span.slice], period[span.slice] = materials[0], codes[steps[0]]
    return family, period


def _families(network: Network) -> Array:
    """Number of the family of each material, then of each process: what recipes join is one family."""
    processing, material = network.processing, network.balance.nodes.labels[1]
    count = len(material)
    size = count + len(processing.processes.labels[0])
    pairs = [np.stack(index.codes) for index in (processing.inputs, processing.outputs)]
    process, used = np.concatenate([np.empty((2, 0), dtype=np.int64), *pairs], axis=1)
    joined = coo_array((np.ones(len(used)), (process + count, used)), (size, size))
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)


def _years(matrix: Matrix, period: Array, periods: int) -> Array:
    """Number of the year of each period: periods that rows with an integer column tie together are one."""
    entries = matrix.by_column.tocoo()
    row, column = entries.row, entries.col
    tied = np.zeros(len(matrix.row_lower), dtype=bool)
    tied[row[matrix.integer[column]]] = True
    said = tied[row] & (period[column] >= 0)
    first, last = _range(row[said], period[column[said]], len(tied))
    apart = np.ones(periods, dtype=bool)
    for low, high in np.unique(np.stack([first, last], axis=1)[last > first], axis=0).tolist():
        apart[low + 1 : high + 1] = False
    return np.cumsum(apart) - 1


def _range(row: Array, value: Array, rows: int) -> tuple[Array, Array]:
    """Least and largest value in each row; a least value above the largest where there is none."""
    low, high = np.full(rows, np.iinfo(np.int64).max), np.full(rows, NONE)
    np.minimum.at(low, row, value)
    np.maximum.at(high, row, value)
    return low, high


def _spread(matrix: Matrix, block: Array) -> tuple[Array, Array]:
    """Give columns without a block that of their rows, where these agree; then the block of every row."""
    entries = matrix.by_column.tocoo()
    row, column = entries.row, entries.col
    block = block.copy()
    while True:
        said = block[column] >= 0
        low, high = _range(row[said], block[column[said]], len(matrix.row_lower))
        heard = high[row] >= 0
        least, _ = _range(column[heard], low[row[heard]], len(block))
        _, most = _range(column[heard], high[row[heard]], len(block))
        new = (block < 0) & (least == most)
        if not new.any():
            break
        block[new] = least[new]
    loose = np.zeros(len(low), dtype=bool)
    loose[row[block[column] < 0]] = True
    return block, np.where((low == high) & ~loose, high, NONE)


def _merge(of_integer: Array, families: int, years: int) -> Array:
    """Block of each family and year: neighbouring years together as long as their integers are few."""
    count = np.bincount(of_integer[of_integer >= 0], minlength=families * years).reshape(families, years)
    total = count.sum(axis=1, keepdims=True)
    last = np.maximum(np.cumsum(count, axis=1) - 1, 0)
    part = np.where(total > ENOUGH, last // ENOUGH, 0)
    _, merged = np.unique(
        (np.arange(families)[:, None] * (part.max(initial=0) + 1) + part).ravel(), return_inverse=True
    )
    return np.asarray(merged.ravel(), dtype=np.int64)
