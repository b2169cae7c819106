"""What lies between the matrices of two instances: rows and columns by their names, then number by number."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mineral_sourcing.arrays import Array, Index, Labels
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
    """Where each row (or column) stood before; −1 where it is new; ``None`` where all stand as they stood.

    A thing is known by its name along the dimensions that tell it apart (``Index.identity``).
    """
    if len(new) == len(old) and all(map(_alike, new, old)):
        return None
    known = {span.name: span for span in old}
    found = [np.empty(0, dtype=np.int64)]
    for span in new:
        before = known.get(span.name)
        if before is None or span.index.identity != before.index.identity:
            found.append(np.full(len(span.index), -1))
            continue
        at = _told_apart(span.index).among(_told_apart(before.index))
        found.append(np.where(at >= 0, at + before.start, -1))
    return np.concatenate(found)


def same_spans(new: tuple[Span, ...], old: tuple[Span, ...]) -> tuple[Span, ...]:
    """The new spans, those of before in the place of their likes: what is known of these need not be found again."""
    known = {span.name: span for span in old}

    def before(span: Span) -> Span:
        other = known.get(span.name)
        every = range(len(span.index.labels))
        return other if other is not None and _alike(span, other, every) else span

    return tuple(map(before, new))


def _alike(new: Span, old: Span, dimensions: Iterable[int] | None = None) -> bool:
    """Whether two spans hold the same things in the same places."""
    if new.name != old.name or new.start != old.start or len(new.index) != len(old.index):
        return False
    if not len(new.index) or new.index is old.index:
        return True
    if len(new.index.labels) != len(old.index.labels) or new.index.identity != old.index.identity:
        return False
    one, other = new.index, old.index
    return all(
        np.array_equal(one.codes[j], other.codes[j]) and _equal(one.labels[j], other.labels[j])
        for j in (one.identity if dimensions is None else dimensions)
    )


def _equal(one: Labels, other: Labels) -> bool:
    return one is other or np.array_equal(one.names, other.names)


def _told_apart(index: Index) -> Index:
    """An index along the dimensions that tell its keys apart."""
    return Index(*((index.labels[j], index.codes[j]) for j in index.identity))


def difference(new: Matrix, old: Matrix) -> Difference | None:
    """Where two matrices with the same rows and columns differ; ``None`` where their patterns do."""
    one, other = new.by_column, old.by_column
    if not (np.array_equal(one.indptr, other.indptr) and np.array_equal(one.indices, other.indices)):
        return None
    moved = np.flatnonzero(one.data != other.data)
    columns = np.searchsorted(one.indptr, moved, side="right") - 1
    return Difference(
        columns=np.flatnonzero((new.col_lower != old.col_lower) | (new.col_upper != old.col_upper)),
        costs=np.flatnonzero(new.cost != old.cost),
        rows=np.flatnonzero((new.row_lower != old.row_lower) | (new.row_upper != old.row_upper)),
        entries=(one.indices[moved], columns, one.data[moved]),
    )
