r"""What levers do to the matrix: each one's rows, coefficients and bounds, from few assemblies of the tables.

To loosen a lever and hold the two matrices side by side tells what it does; with many levers half of them are loosened
at a time. Lever j has the number j in binary, and for each digit there are two assemblies, of the levers that have it
and of those that have it not. What a single lever moves, moves in one of the two for every digit, and by the same: so
the digits name the lever. What several move, moves in both of some digit; all levers that it may be of are loosened one
by one. Source of the method: group testing by binary splitting codes (Du and Hwang 2000, Combinatorial Group Testing).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.solving.difference import places

FEW = 8
"""Levers up to which each is loosened by itself: fewer assemblies than two a digit."""

ALIKE = 1e-9
"""Part of a move within which it is the same in another assembly."""


@dataclass(frozen=True)
class Effect:
    """What loosening does to the matrix."""

    rows: Array
    sides: Array
    """What is added to the sides of these rows; ``inf`` where the rows are no more."""
    entries: csr_array
    """What is added to the coefficients of these rows."""
    columns: Array
    bounds: Array
    """What is added to the upper bounds of these columns."""

    @classmethod
    def nothing(cls, width: int) -> "Effect":
        """That of what touches no row and no column."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, np.empty(0), csr_array((0, width)), none, np.empty(0))

    def by_unit(self, amount: float) -> "Effect":
        """The same for one unit of an amount."""
        entries = csr_array((self.entries.data / amount, self.entries.indices, self.entries.indptr), self.entries.shape)
        return Effect(self.rows, self.sides / amount, entries, self.columns, self.bounds / amount)


def effects(matrix: Matrix, count: int, loosened: Callable[[Sequence[int]], Matrix | None]) -> list[Effect]:
    """The effect of each of so many levers.

    Args:
        matrix: as it is.
        count: levers.
        loosened: the matrix with some levers loosened, each by its own amount; ``None`` where there is none.
    """
    if count <= FEW:
        return [_alone(matrix, loosened, one) for one in range(count)]
    every = np.arange(count)
    digits = [every >> digit & 1 for digit in range(int(count - 1).bit_length())]
    groups = [np.flatnonzero(have == value) for have in digits for value in (0, 1)]
    seen = []
    for group in groups:
        other = loosened(group.tolist())
        if other is None:
            return [_alone(matrix, loosened, one) for one in range(count)]
        seen.append(_moves(matrix, other))
    owner, shared = _owners(seen, count)
    found = _given(matrix, seen, owner, count)
    for one in np.flatnonzero(shared).tolist():
        found[one] = _alone(matrix, loosened, one)
    return found


def _alone(matrix: Matrix, loosened: Callable[[Sequence[int]], Matrix | None], one: int) -> Effect:
    other = loosened([one])
    return Effect.nothing(len(matrix.cost)) if other is None else difference(matrix, other)


@dataclass(frozen=True)
class _Moves:
    """An effect as one list: every moved side, coefficient and bound by a key of its own."""

    keys: Array
    values: Array


def _moves(matrix: Matrix, other: Matrix) -> _Moves:
    """Sides are keyed by row, then come coefficients by row and column, then bounds by column."""
    effect, height, width = difference(matrix, other), len(matrix.row_lower), len(matrix.cost)
    entries = effect.entries.tocoo()
    sided, moved = effect.sides != 0, entries.data != 0
    inside = height + effect.rows[entries.row[moved]] * width + entries.col[moved]
    keys = np.concatenate([effect.rows[sided], inside, height + height * width + effect.columns])
    values = np.concatenate([effect.sides[sided], entries.data[moved], effect.bounds])
    order = np.argsort(keys)
    return _Moves(keys[order], values[order])


def _owners(seen: Sequence[_Moves], count: int) -> tuple[dict[int, int], Array]:
    """Lever of every key that a single one moves; and which levers share a key with others, or may."""
    keys = np.unique(np.concatenate([moves.keys for moves in seen]))
    moved = np.full((len(seen), len(keys)), np.nan)
    for at, moves in enumerate(seen):
        moved[at, np.searchsorted(keys, moves.keys)] = moves.values
    here = ~np.isnan(moved)
    low, high = here[0::2], here[1::2]
    lever = np.asarray((high * (1 << np.arange(len(high)))[:, None]).sum(axis=0))
    with np.errstate(invalid="ignore"):
        spread = np.nanmax(moved, axis=0) - np.nanmin(moved, axis=0)
    same = ~(spread > ALIKE * np.nanmax(np.abs(moved), axis=0)) if len(keys) else np.empty(0, dtype=bool)
    single = (low ^ high).all(axis=0) & same & (lever < count)
    every, shared = np.arange(count), np.zeros(count, dtype=bool)
    for at in np.flatnonzero(~single).tolist():
        may = np.ones(count, dtype=bool)
        for digit in range(len(high)):
            may &= np.where(every >> digit & 1 == 1, high[digit, at], low[digit, at])
        shared |= may if may.any() else True
    return dict(zip(keys[single].tolist(), lever[single].tolist(), strict=True)), shared


def _given(matrix: Matrix, seen: Sequence[_Moves], owner: dict[int, int], count: int) -> list[Effect]:
    """Each lever's own keys as its effect."""
    known: dict[int, float] = {}
    for moves in seen:
        known |= dict(zip(moves.keys.tolist(), moves.values.tolist(), strict=True))
    mine: list[list[int]] = [[] for _ in range(count)]
    for key in sorted(owner):
        mine[owner[key]].append(key)
    height, width = len(matrix.row_lower), len(matrix.cost)
    found = []
    for keys in mine:
        at = np.array(keys, dtype=np.int64)
        values = np.array([known[key] for key in keys], dtype=np.float64)
        sided, bounded = at < height, at >= height + height * width
        inside = ~sided & ~bounded
        row, column = np.divmod(at[inside] - height, width)
        rows = np.union1d(at[sided], row)
        sides = np.zeros(len(rows))
        sides[np.searchsorted(rows, at[sided])] = values[sided]
        entries = csr_array((values[inside], (np.searchsorted(rows, row), column)), (len(rows), width))
        found.append(Effect(rows, sides, entries, at[bounded] - height - height * width, values[bounded]))
    return found


def difference(old: Matrix, new: Matrix) -> Effect:
    """What a new matrix has in rows and columns of an old one that is not there."""
    rows, columns = places(new.rows, old.rows), places(new.columns, old.columns)
    rows = np.arange(len(new.row_lower)) if rows is None else rows
    columns = np.arange(len(new.cost)) if columns is None else columns
    known, held = np.flatnonzero(rows >= 0), np.flatnonzero(columns >= 0)
    gone = np.setdiff1d(np.arange(len(old.row_lower)), rows)
    moved = np.zeros(len(old.row_lower))
    for before, after in ((old.row_lower, new.row_lower), (old.row_upper, new.row_upper)):
        sides = rows[known]
        finite = np.isfinite(before[sides]) & np.isfinite(after[known])
        moved[sides[finite]] = after[known][finite] - before[sides[finite]]
    moved[gone] = np.inf
    entries = new.entries.tocoo()
    stays = (rows[entries.row] >= 0) & (columns[entries.col] >= 0)
    place = rows[entries.row[stays]], columns[entries.col[stays]]
    change = csr_array(csr_array((entries.data[stays], place), old.entries.shape) - old.entries)
    change.data[np.abs(change.data) <= 1e-12] = 0.0
    change.eliminate_zeros()
    touched = np.union1d(np.flatnonzero(np.diff(change.indptr)), np.flatnonzero(moved))
    pieces = old.row_span("hhi.piece")  # drawn otherwise for another limit, which is no loosening
    touched = touched[(touched < pieces.start) | (touched >= pieces.stop)]
    touched = touched[~(np.isin(touched, gone) & np.isinf(old.row_lower[touched]) & np.isinf(old.row_upper[touched]))]
    upper = np.zeros(len(old.cost))
    bounded = held[np.isfinite(new.col_upper[held]) & np.isfinite(old.col_upper[columns[held]])]
    upper[columns[bounded]] = new.col_upper[bounded] - old.col_upper[columns[bounded]]
    grown = np.flatnonzero((upper > 0) & ~old.integer)
    kept = change[touched]
    gone_rows = np.isin(touched, gone)
    kept = csr_array(kept.multiply((~gone_rows).astype(float)[:, None]))
    return Effect(touched, moved[touched], kept, grown, upper[grown])
