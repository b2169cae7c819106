"""What lies between the matrices of two instances: rows and columns by their names, then number by number."""

from dataclasses import dataclass

import numpy as np

from mineral_sourcing.arrays import Array, Index
from mineral_sourcing.compile import Matrix, Span


@dataclass(frozen=True)
class Difference:
    """Where two matrices with the same rows, columns and pattern differ: positions in both."""

    columns: Array
    """Other bounds."""
    costs: Array
    rows: Array
    """Other sides."""
    entries: tuple[Array, Array, Array]
    """Row, column and new value of other coefficients."""


def places(new: tuple[Span, ...], old: tuple[Span, ...]) -> Array | None:
    """Where each row (or column) stood before; −1 where it is new; ``None`` where all stand as they stood."""
    if len(new) == len(old) and all(map(_same, new, old)):
        return None
    known = {span.name: span for span in old}
    found = [np.empty(0, dtype=np.int64)]
    for span in new:
        before = known.get(span.name)
        if before is None:
            found.append(np.full(len(span.index), -1))
            continue
        at = span.index.among(before.index)
        found.append(np.where(at >= 0, at + before.start, -1))
    return np.concatenate(found)


def _same(new: Span, old: Span) -> bool:
    """Whether two spans hold the same keys in the same places."""
    return new.name == old.name and new.start == old.start and _equal(new.index, old.index)


def _equal(new: Index, old: Index) -> bool:
    if len(new) != len(old) or len(new.labels) != len(old.labels):
        return False
    if not len(new):
        return True
    return all(
        np.array_equal(codes, others) and np.array_equal(labels.names, names.names)
        for codes, others, labels, names in zip(new.codes, old.codes, new.labels, old.labels, strict=True)
    )


def difference(new: Matrix, old: Matrix) -> Difference | None:
    """Where two matrices with the same rows and columns differ; ``None`` where their patterns do."""
    one, other = new.entries, old.entries
    if not (np.array_equal(one.indptr, other.indptr) and np.array_equal(one.indices, other.indices)):
        return None
    moved = np.flatnonzero(one.data != other.data)
    rows = np.searchsorted(one.indptr, moved, side="right") - 1
    return Difference(
        columns=np.flatnonzero((new.col_lower != old.col_lower) | (new.col_upper != old.col_upper)),
        costs=np.flatnonzero(new.cost != old.cost),
        rows=np.flatnonzero((new.row_lower != old.row_lower) | (new.row_upper != old.row_upper)),
        entries=(rows, one.indices[moved], one.data[moved]),
    )
