"""A model that HiGHS holds: passed once, then its bounds, costs, coefficients, rows and columns are changed in place.

With ``session.py``, which runs it, the only module that talks to HiGHS.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.solving.difference import difference, places, same_spans
from planner.solving.quiet import quiet

MANY = 100_000
"""Coefficients from which the whole matrix is passed again: ``changeCoeff`` has no bulk call."""


@dataclass(frozen=True)
class Moved:
    """How far a matrix is from the one before."""

    numbers: int
    """Bounds, sides, coefficients and costs that are others, and rows and columns that are new."""
    only_costs: bool
    """Whether nothing but costs is another."""


class Held:
    """One HiGHS object with a matrix; not to be used from two threads at once."""

    def __init__(self, matrix: Matrix) -> None:
        with quiet():
            self.highs = highspy.Highs()
            self.option("output_flag", False)
        self.matrix, self.is_mip = matrix, matrix.is_mip
        self._moved_columns: list[Array] = []
        self._moved_rows: list[Array] = []
        self._other_costs = False
        self._bases: dict[str, Any] = {}
        """Where each stage of a solve ended last."""
        self._last = ""
        """The stage that ended last, where nothing was run since."""
        self._pass()

    def forget(self) -> None:
        """Forget where stages ended."""
        self._bases.clear()
        self._last = ""

    def option(self, name: str, value: Any) -> None:
        """Set a HiGHS option.

        Raises:
            ValueError: HiGHS refuses it.
        """
        if self.highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS refuses {name} = {value!r}")

    def _said(self, status: Any) -> None:
        """Take what HiGHS says to a change: it returns errors, it raises none.

        Raises:
            ValueError: HiGHS refuses the change.
        """
        if status == highspy.HighsStatus.kError:
            raise ValueError("HiGHS refuses a change of the model: a number is not one, or a position is none of it")

    def _pass(self) -> None:
        matrix = self.matrix
        if not all(np.isfinite(part).all() for part in (matrix.cost, matrix.by_column.data)):
            raise ValueError("a cost or an entry of the matrix is not finite")
        entries = matrix.by_column
        status = self.highs.passModel(
            len(matrix.cost),
            len(matrix.row_lower),
            entries.nnz,
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            matrix.offset,
            matrix.cost,
            matrix.col_lower,
            matrix.col_upper,
            matrix.row_lower,
            matrix.row_upper,
            entries.indptr.astype(np.int32, copy=False),
            entries.indices.astype(np.int32, copy=False),
            entries.data.astype(np.float64, copy=False),
            matrix.integer.astype(np.int32),
        )
        if status == highspy.HighsStatus.kError:
            raise ValueError("HiGHS refuses the matrix")

    def as_it_is(self) -> Matrix:
        """The matrix with the bounds and costs that this object has now."""
        model = self.highs.getLp()
        return replace(
            self.matrix,
            cost=np.array(model.col_cost_),
            offset=float(model.offset_),
            row_lower=np.array(model.row_lower_),
            row_upper=np.array(model.row_upper_),
            col_lower=np.array(model.col_lower_),
            col_upper=np.array(model.col_upper_),
        )

    def costs(self, cost: Array, offset: float = 0.0) -> None:
        """Replace the objective until the next ``restore``."""
        self._other_costs = True
        self._set_costs(np.arange(len(cost)), cost, offset)

    def _set_costs(self, columns: Array, cost: Array, offset: float) -> None:
        self._said(self.highs.changeColsCost(len(columns), columns.astype(np.int32), cost))
        self._said(self.highs.changeObjectiveOffset(offset))

    def _set_column_bounds(self, columns: Array, lower: Array, upper: Array) -> None:
        self._said(self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper))

    def _set_row_bounds(self, rows: Array, lower: Array, upper: Array) -> None:
        self._said(self.highs.changeRowsBounds(len(rows), rows.astype(np.int32), lower, upper))

    def column_bounds(self, columns: Array, lower: Array, upper: Array) -> None:
        """Replace the bounds of some columns until the next ``restore``."""
        self._moved_columns.append(columns)
        self._set_column_bounds(columns, lower, upper)

    def row_bounds(self, rows: Array, lower: Array, upper: Array) -> None:
        """Replace the bounds of some rows until the next ``restore``."""
        self._moved_rows.append(rows)
        self._set_row_bounds(rows, lower, upper)

    def relax_integers(self, columns: Array) -> None:
        """Make columns continuous until the next ``restore``: the model with its integers fixed has duals."""
        self._integrality(columns, highspy.HighsVarType.kContinuous)
        self.is_mip = False

    def _integrality(self, columns: Array, kind: Any) -> None:
        kinds = np.array([kind] * len(columns))
        self._said(self.highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kinds))

    def restore(self) -> None:
        """Bounds, costs and integrality as the matrix says."""
        matrix = self.matrix
        for moved, change, lower, upper in (
            (self._moved_columns, self._set_column_bounds, matrix.col_lower, matrix.col_upper),
            (self._moved_rows, self._set_row_bounds, matrix.row_lower, matrix.row_upper),
        ):
            if moved:
                at = np.unique(np.concatenate(moved))
                change(at, lower[at], upper[at])
                moved.clear()
        if self._other_costs:
            self._set_costs(np.arange(len(matrix.cost)), matrix.cost, matrix.offset)
            self._other_costs = False
        if matrix.is_mip and not self.is_mip:
            self._integrality(np.flatnonzero(matrix.integer), highspy.HighsVarType.kInteger)
            self.is_mip = True

    def change_column_bounds(self, columns: Array) -> None:
        """The matrix has other bounds of some columns."""
        self._set_column_bounds(columns, self.matrix.col_lower[columns], self.matrix.col_upper[columns])

    def change_row_bounds(self, rows: Array) -> None:
        """The matrix has other sides of some rows."""
        self._set_row_bounds(rows, self.matrix.row_lower[rows], self.matrix.row_upper[rows])

    def change_costs(self, columns: Array) -> None:
        """The matrix has other costs of some columns, or another offset."""
        self._set_costs(columns, self.matrix.cost[columns], self.matrix.offset)

    def change_coefficients(self, rows: Array, columns: Array, values: Array) -> None:
        """The matrix has other coefficients; HiGHS takes them one by one."""
        change = self.highs.changeCoeff
        for row, column, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            self._said(change(row, column, value))

    def add_row(self, columns: Array, values: Array, lower: float, upper: float) -> None:
        """The matrix has one more row, the last."""
        self.forget()
        self._said(self.highs.addRow(lower, upper, len(columns), columns.astype(np.int32), values))

    def add_rows(self, entries: csr_array, upper: Array) -> None:
        """This object has more rows than the matrix, behind them: entries · x ≤ upper."""
        lower, starts = np.full(len(upper), -np.inf), entries.indptr[:-1].astype(np.int32)
        more = entries.nnz, starts, entries.indices.astype(np.int32), entries.data
        self._said(self.highs.addRows(len(upper), lower, upper, *more))

    def drop_row(self, row: int) -> None:
        """The matrix no longer has its last row."""
        self.forget()
        self._said(self.highs.deleteRows(1, np.array([row], dtype=np.int32)))

    def add_column(self, rows: Array, values: Array, cost: float, lower: float, upper: float) -> None:
        """The matrix has one more column, the last."""
        self.forget()
        self._said(self.highs.addCol(cost, lower, upper, len(rows), rows.astype(np.int32), values))

    def drop_column(self, column: int) -> None:
        """The matrix no longer has its last column."""
        self.forget()
        self._said(self.highs.deleteCols(1, np.array([column], dtype=np.int32)))

    def write(self, file: str, columns: Sequence[str], rows: Sequence[str]) -> None:
        """Write the model as it stands (.lp, .mps) with names of columns and rows.

        Raises:
            ValueError: HiGHS refuses a name or the file.
        """
        for at, name in enumerate(columns):
            self._said(self.highs.passColName(at, name))
        for at, name in enumerate(rows):
            self._said(self.highs.passRowName(at, name))
        if self.highs.writeModel(file) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS does not write {file}")

    def become(self, matrix: Matrix) -> Moved:
        """Hold another matrix: number by number where rows, columns and pattern are the same, else passed anew.

        Where it is passed, the stages' bases go along by the names of rows and columns. Nothing may be left to restore.

        Raises:
            ValueError: HiGHS refuses the matrix.
        """
        old = self.matrix
        columns, rows = places(matrix.columns, old.columns), places(matrix.rows, old.rows)
        matrix = replace(
            matrix, columns=same_spans(matrix.columns, old.columns), rows=same_spans(matrix.rows, old.rows)
        )
        same = columns is None and rows is None and not np.any(matrix.integer != old.integer)
        found = difference(matrix, old) if same else None
        if found is not None and len(found.entries[0]) <= MANY:
            self.matrix = matrix
            self.change_column_bounds(found.columns)
            self.change_row_bounds(found.rows)
            self.change_coefficients(*found.entries)
            self.change_costs(found.costs)
            moved = len(found.columns) + len(found.rows) + len(found.entries[0])
            return Moved(moved + len(found.costs), moved == 0)
        columns = np.arange(len(old.cost)) if columns is None else columns
        rows = np.arange(len(old.row_lower)) if rows is None else rows
        self.take(matrix, columns, rows)
        return Moved(int((columns < 0).sum() + (rows < 0).sum()), False)

    def take(self, matrix: Matrix, columns: Array, rows: Array) -> None:
        """Hold another matrix; the stages' bases go with the rows and columns that stay.

        Args:
            matrix: the new one.
            columns: where each of its columns stood in the old one; −1 for new ones, which start at a bound.
            rows: the same of its rows; new ones start out of the way (basic).

        Raises:
            ValueError: HiGHS refuses the matrix.
        """
        moved = {stage: _moved(basis, columns, rows) for stage, basis in self._bases.items()}
        self.matrix, self.is_mip = matrix, matrix.is_mip
        self._moved_columns.clear()
        self._moved_rows.clear()
        self._other_costs = False
        self._pass()
        self._bases, self._last = moved, ""


def _moved(basis: Any, columns: Array, rows: Array) -> Any:
    """A basis of another matrix, by where each of its columns and rows stood; HiGHS makes it whole."""
    found = highspy.HighsBasis()
    status = highspy.HighsBasisStatus
    for name, at, new in (("col_status", columns, status.kLower), ("row_status", rows, status.kBasic)):
        old = [*getattr(basis, name), new]
        setattr(found, name, [old[place] for place in at.tolist()])
    found.valid = found.alien = True
    return found
