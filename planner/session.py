"""A HiGHS model kept in memory: pass it once, change costs and bounds, run again from the last basis.

With ``solve.py`` the only module that talks to HiGHS.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import highspy
import numpy as np
from scipy.sparse import csr_array

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.quiet import quiet
from planner.settings import Settings

End = Literal["optimal", "limit", "infeasible", "unbounded", "interrupted", "failed"]

_ENDS: dict[Any, End] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kModelEmpty: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "limit",
    highspy.HighsModelStatus.kIterationLimit: "limit",
    highspy.HighsModelStatus.kSolutionLimit: "limit",
    highspy.HighsModelStatus.kObjectiveTarget: "limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
}

LARGE = 2_000
"""Columns from which the way to solve matters."""

DENSE = 3.0
"""Entries a column from which interior point with crossover beats dual simplex: what rules, routes and capacities share
costs simplex dear. CPU seconds of simplex / interior point: 0.31 / 0.56 and 0.63 / 0.86 on the real instances (2.2
entries a column), 2.4 / 0.6 and 12.3 / 1.6 on networks by lot of 10 000 and 20 000 columns (4.1)."""


DUAL, PRIMAL = 1, 4
"""Strategies of HiGHS's simplex, as its option counts them."""

OFTEN = 0.25
"""Seconds between two reports of progress."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands; model units."""

    seconds: float
    iterations: int
    """Of simplex, or of interior point."""
    incumbent: float
    """Cost of the best plan so far; ``inf`` where there is none, or in a linear run."""
    bound: float

    @property
    def gap(self) -> float:
        """(incumbent − bound) / |incumbent|; ``inf`` without an incumbent."""
        finite = np.isfinite(self.incumbent) and self.incumbent != 0
        return (self.incumbent - self.bound) / abs(self.incumbent) if finite else np.inf


@dataclass(frozen=True)
class Result:
    """How one run ended. Arrays in the matrix's order; without a point they are empty."""

    end: End
    objective: float
    bound: float
    values: Array
    row_duals: Array
    col_duals: Array
    proof: Array | None = None
    """Duals of the rows that prove the bound, where those of the point do not."""

    @property
    def has_point(self) -> bool:
        """Whether there is a feasible point; that of a model without columns is empty."""
        return bool(np.isfinite(self.objective))


class Session:
    """One HiGHS object; not to be used from two threads at once."""

    def __init__(
        self,
        matrix: Matrix,
        *,
        threads: int,
        seed: int,
        gap: float,
        algorithm: str,
        hhi: str = "exact",
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        with quiet():
            self.highs = highspy.Highs()
            self.option("output_flag", False)
        self.matrix, self.is_mip = matrix, matrix.is_mip
        self.is_primal = False
        """Whether the last plan is still one: nothing but costs moved since."""
        self._stop = self._cancelled = self._heedless = False
        self._asked = stop or threading.Event()
        self._moved_columns: list[Array] = []
        self._moved_rows: list[Array] = []
        self._other_costs = False
        self.hhi = hhi
        """How caps on the HHI are met, for ``planner.refine``."""
        self._bases: dict[str, Any] = {}
        """Where each stage of a solve ended last."""
        self._strategy = DUAL
        self._algorithm, self._threads, self._seed, self.gap = algorithm, threads, seed, gap
        self._progress, self._told, self._made = progress, 0.0, time.perf_counter()
        found = self.highs.setOptionValue("solver", "hipo") == highspy.HighsStatus.kOk
        self.interior = "hipo" if found else "ipx"
        """Interior point method: that of HiGHS's extras where they are installed."""
        self.option("threads", threads)
        self.option("random_seed", seed)
        self.option("mip_rel_gap", gap)
        self.option("mip_abs_gap", 0.0)
        self._pass()
        for callback in (self.highs.cbMipInterrupt, self.highs.cbSimplexInterrupt, self.highs.cbIpmInterrupt):
            callback.subscribe(self._interrupt)

    @classmethod
    def of(
        cls,
        matrix: Matrix,
        settings: Settings,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> "Session":
        """An object with the threads, seed, gap and algorithm of the settings; once ``stop`` is set, its runs end."""
        return cls(
            matrix,
            threads=settings.threads,
            seed=settings.seed,
            gap=settings.gap,
            algorithm=settings.algorithm,
            hhi=settings.hhi,
            progress=progress,
            stop=stop,
        )

    def like(self, matrix: Matrix, gap: float, *, telling: bool = False) -> "Session":
        """Another object with the same threads, seed and algorithm, which the same event stops.

        Args:
            matrix: its model.
            gap: its relative gap.
            telling: whether it reports its progress as this one does: it stands for this one's model.
        """
        same: dict[str, Any] = {"threads": self._threads, "seed": self._seed, "algorithm": self._algorithm}
        progress = self._progress if telling else None
        return Session(matrix, gap=gap, hhi=self.hhi, progress=progress, stop=self._asked, **same)

    @property
    def _ended(self) -> bool:
        """Whether somebody broke this run off."""
        return self._cancelled or (self._asked.is_set() and not self._heedless)

    @contextmanager
    def heedless(self) -> Iterator[None]:
        """What is run within goes on although it was asked to stop: it is short, and makes an incumbent a plan."""
        self._heedless = True
        try:
            yield
        finally:
            self._heedless = False

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
        if not all(np.isfinite(part).all() for part in (matrix.cost, matrix.entries.data)):
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
            entries.indptr.astype(np.int32),
            entries.indices.astype(np.int32),
            entries.data.astype(np.float64),
            matrix.integer.astype(np.int32),
        )
        if status == highspy.HighsStatus.kError:
            raise ValueError("HiGHS refuses the matrix")

    def _interrupt(self, event: Any) -> None:
        event.interrupt(self._stop or self._ended)  # HiGHS keeps the answer from one run to the next
        now = time.perf_counter()
        if self._progress is not None and now - self._told >= OFTEN:
            self._told, found = now, event.data_out
            iterations = max(found.simplex_iteration_count, found.ipm_iteration_count, 0)
            incumbent = found.mip_primal_bound if self.is_mip else np.inf
            bound = found.mip_dual_bound if self.is_mip else -np.inf
            self._progress(Progress(found.running_time, iterations, incumbent, bound))

    def tell(self, incumbent: float, bound: float) -> None:
        """Say where a solve stands that several objects share."""
        if self._progress is not None:
            self._progress(Progress(time.perf_counter() - self._made, 0, incumbent, bound))

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
        self._bases.clear()
        self._said(self.highs.addRow(lower, upper, len(columns), columns.astype(np.int32), values))

    def add_rows(self, entries: csr_array, upper: Array) -> None:
        """This object has more rows than the matrix, behind them: entries · x ≤ upper."""
        lower, starts = np.full(len(upper), -np.inf), entries.indptr[:-1].astype(np.int32)
        more = entries.nnz, starts, entries.indices.astype(np.int32), entries.data
        self._said(self.highs.addRows(len(upper), lower, upper, *more))

    def drop_row(self, row: int) -> None:
        """The matrix no longer has its last row."""
        self._bases.clear()
        self._said(self.highs.deleteRows(1, np.array([row], dtype=np.int32)))

    def add_column(self, rows: Array, values: Array, cost: float, lower: float, upper: float) -> None:
        """The matrix has one more column, the last."""
        self._bases.clear()
        self._said(self.highs.addCol(cost, lower, upper, len(rows), rows.astype(np.int32), values))

    def drop_column(self, column: int) -> None:
        """The matrix no longer has its last column."""
        self._bases.clear()
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

    def basis(self) -> Any:
        """The basis of the last run, for ``from_basis`` of this object or of another of the same matrix."""
        return self.highs.getBasis()

    def ranges(self) -> tuple[Array, Array]:
        """Least and largest value of each row's active side for which the basis of the last run, linear, stays optimal.

        Raises:
            ValueError: HiGHS has no basis to tell it from.
        """
        status, found = self.highs.getRanging()
        if status != highspy.HighsStatus.kOk or not found.valid:
            raise ValueError("HiGHS has no optimal basis: shadow prices have no range")
        return np.array(found.row_bound_dn.value_), np.array(found.row_bound_up.value_)

    def remember(self, stage: str) -> None:
        """Keep the basis of the last run as that of a stage."""
        self._bases[stage] = self.highs.getBasis()

    def recall(self, stage: str, *, primal: bool = False) -> None:
        """Start the next run from where a stage ended last, if it was ever run; else from the last basis.

        Args:
            stage: its name.
            primal: by primal simplex, which is quick where that basis still gives a plan and only costs moved.
        """
        if stage in self._bases:
            self._said(self.highs.setBasis(self._bases[stage]))
            self._strategy = PRIMAL if primal else DUAL

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
        self._bases = moved

    def start(self, values: Array) -> None:
        """Give the next run a plan to start from."""
        point = highspy.HighsSolution()
        point.col_value = values.tolist()
        self.highs.setSolution(point)

    def from_basis(self, basis: Any) -> None:
        """Forget the last run and start the next from a basis: what it finds hangs on nothing in between."""
        self._bases.clear()
        self.highs.clearSolver()
        self.highs.setBasis(basis)

    def cancel(self) -> None:
        """End this run and refuse further ones until ``renew``. May be called from another thread."""
        self._cancelled = True

    def renew(self) -> None:
        """Take ``cancel`` back, once the run has ended."""
        self._cancelled = False

    def run(self, seconds: float, *, hot: bool = False) -> Result:
        """Solve within so many seconds; ``hot`` starts simplex from the last basis.

        Ctrl-C stops HiGHS and keeps what it has.
        """
        self.option("simplex_strategy", self._strategy if hot else DUAL)
        self._strategy = DUAL
        if self.is_mip:
            solver = "choose"
        elif hot or self._algorithm == "simplex" or (self._algorithm == "auto" and self.is_flat):
            solver = "simplex"
        else:
            solver = self.interior
        end = self._run(seconds, solver, "choose")
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            end = self._run(seconds, solver, "off")
        for solver, presolve in (("simplex", "choose"), ("simplex", "off"), (self.interior, "off")):
            if end != "failed" or self.is_mip:
                break
            self.highs.clearSolver()
            end = self._run(seconds, solver, presolve)
        return self._result(end)

    @property
    def is_flat(self) -> bool:
        """Whether dual simplex is the way: few columns, or few of them in shared rows."""
        columns = len(self.matrix.cost)
        return columns < LARGE or self.matrix.entries.nnz < DENSE * columns

    def _run(self, seconds: float, solver: str, presolve: str) -> End:
        """One run of HiGHS in a thread of its own, so that Ctrl-C and the clock can stop it.

        HiGHS counts ``time_limit`` over the life of the object; the clock here holds under either reading.
        """
        self.option("solver", solver)
        self.option("presolve", presolve)
        self.option("time_limit", self.highs.getRunTime() + max(seconds, 0.0))
        self._stop = interrupted = False
        done = threading.Event()

        def work() -> None:
            try:
                self.highs.run()
            finally:
                done.set()

        deadline = time.perf_counter() + seconds
        threading.Thread(target=work, daemon=True).start()
        while not done.is_set():
            try:
                done.wait(1.0)
                self._stop = self._stop or time.perf_counter() > deadline
            except KeyboardInterrupt:
                self._stop = interrupted = True
        end = _ENDS.get(self.highs.getModelStatus(), "failed")
        if end in ("interrupted", "limit"):
            return "interrupted" if interrupted or self._ended else "limit"
        return end

    def _result(self, end: End) -> Result:
        info = self.highs.getInfo()
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        has_point = end == "optimal" or (feasible and self.is_mip)
        empty = np.empty(0)
        if not has_point:
            bound = float(info.mip_dual_bound) if self.is_mip and end in ("limit", "interrupted") else -np.inf
            return Result(end, np.inf, bound, empty, empty, empty)
        solution = self.highs.getSolution()
        objective = float(info.objective_function_value)
        bound = min(float(info.mip_dual_bound), objective) if self.is_mip else objective
        return Result(
            end,
            objective,
            bound,
            np.array(solution.col_value),
            np.array(solution.row_dual),
            np.array(solution.col_dual),
        )


def _moved(basis: Any, columns: Array, rows: Array) -> Any:
    """A basis of another matrix, by where each of its columns and rows stood; HiGHS makes it whole."""
    found = highspy.HighsBasis()
    status = highspy.HighsBasisStatus
    for name, at, new in (("col_status", columns, status.kLower), ("row_status", rows, status.kBasic)):
        old = [*getattr(basis, name), new]
        setattr(found, name, [old[place] for place in at.tolist()])
    found.valid = found.alien = True
    return found
