"""Names as codes, rows of codes as numbers, rows of tables repeated over periods: what arrays need instead of joins."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mineral_sourcing.arrays import Array, Labels

FEW = 5_000
"""Rows up to which a dict is quicker than a hash join."""


def code(names: pd.Series, labels: Labels) -> Array:
    """Codes of names; −1 where a name is none of the labels."""
    if len(names) <= FEW:
        known = labels.code
        return np.array([known.get(name, -1) for name in names.tolist()], dtype=np.int64)
    wanted = pa.array(labels.names, type=pa.large_string())
    found = pc.index_in(pa.array(names, type=pa.large_string()), value_set=wanted)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


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


def look_up(known: Array, wanted: Array) -> Array:
    """Position of each wanted number among known ones, which are all different; −1 where there is none."""
    if not len(known):
        return np.full(len(wanted), -1)
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)
    return np.where(known[order[at]] == wanted, order[at], -1)
