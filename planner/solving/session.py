"""Runs of a model that HiGHS holds: cold or from the last basis, within a time, stopped when asked.

With ``held.py``, where the model is passed and changed, the only module that talks to HiGHS.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.settings import Settings
from planner.solving.held import Held

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

CHOOSE, DEVEX = -1, 1
"""Edge weights of dual simplex. Steepest-edge weights of a basis that was handed over cost a linear system for each
row before the first step, 110 ms at 7 400 rows; the few steps after a local change do as well with Devex."""

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


class _Broken:
    """Whether runs were broken off, for all objects that work on one solve."""

    def __init__(self, stop: threading.Event | None) -> None:
        self.asked = stop or threading.Event()
        self.cancelled = self.heedless = False

    def __bool__(self) -> bool:
        return self.cancelled or (self.asked.is_set() and not self.heedless)


class Session(Held):
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
        super().__init__(matrix)
        self.is_primal = False
        """Whether the last plan is still one: nothing but costs moved since."""
        self._stop, self._broken = False, _Broken(stop)
        self.hhi = hhi
        """How caps on the HHI are met, for ``planner.solving.refine``."""
        self._strategy, self._weights = DUAL, CHOOSE
        self._beside: Session | None = None
        self._algorithm, self._threads, self._seed, self.gap = algorithm, threads, seed, gap
        self._progress, self._told, self._made = progress, 0.0, time.perf_counter()
        found = self.highs.setOptionValue("solver", "hipo") == highspy.HighsStatus.kOk
        self.interior = "hipo" if found else "ipx"
        """Interior point method: that of HiGHS's extras where they are installed."""
        self.option("threads", threads)
        self.option("random_seed", seed)
        self.option("mip_rel_gap", gap)
        self.option("mip_abs_gap", 0.0)
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
        return Session(matrix, gap=gap, hhi=self.hhi, progress=progress, stop=self._broken.asked, **same)

    def beside(self, matrix: Matrix, stage: str) -> "Session":
        """A second object for a stage of every solve, which keeps what it knows from one to the next.

        What ends this one's runs ends its runs too.

        Args:
            matrix: linear, of the same rows and columns; it may have any bounds and costs.
            stage: from where this stage ended last in this object, or else from the last basis, it starts first.
        """
        if self._beside is None:
            self._beside = self.like(matrix, 0.0)
            self._beside._broken = self._broken
            self._beside.highs.setBasis(self._bases.get(stage) or self.highs.getBasis())
        else:
            self._beside.become(matrix)
        return self._beside

    @contextmanager
    def heedless(self) -> Iterator[None]:
        """What is run within goes on although it was asked to stop: it is short, and makes an incumbent a plan."""
        self._broken.heedless = True
        try:
            yield
        finally:
            self._broken.heedless = False

    def _interrupt(self, event: Any) -> None:
        event.interrupt(self._stop or bool(self._broken))  # HiGHS keeps the answer from one run to the next
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
        self._last = stage

    def recall(self, stage: str, *, primal: bool = False) -> None:
        """Start the next run, after a local change, from where a stage ended last if it was ever run; else from the
        last basis.

        Args:
            stage: its name.
            primal: by primal simplex, which is quick where that basis still gives a plan and only costs moved.
        """
        self._weights = DEVEX
        if stage in self._bases:
            if primal or stage != self._last:  # else HiGHS stands there, its factors made
                self._said(self.highs.setBasis(self._bases[stage]))
            self._strategy = PRIMAL if primal else DUAL

    def start(self, values: Array) -> None:
        """Give the next run a plan to start from."""
        point = highspy.HighsSolution()
        point.col_value = values.tolist()
        self.highs.setSolution(point)

    def from_basis(self, basis: Any) -> None:
        """Forget the last run and start the next from a basis: what it finds hangs on nothing in between."""
        self.forget()
        self._weights = DEVEX
        self.highs.clearSolver()
        self.highs.setBasis(basis)

    def cancel(self) -> None:
        """End this run and refuse further ones until ``renew``. May be called from another thread."""
        self._broken.cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether runs are refused."""
        return self._broken.cancelled

    def renew(self) -> None:
        """Take ``cancel`` back, once the run has ended."""
        self._broken.cancelled = False

    def run(self, seconds: float, *, hot: bool = False) -> Result:
        """Solve within so many seconds; ``hot`` starts simplex from the last basis.

        Ctrl-C stops HiGHS and keeps what it has.
        """
        self.option("simplex_strategy", self._strategy if hot else DUAL)
        self.option("simplex_dual_edge_weight_strategy", self._weights if hot else CHOOSE)
        self._strategy, self._weights, self._last = DUAL, CHOOSE, ""
        if self.is_mip:
            solver = "choose"
        elif hot or self._algorithm == "simplex" or (self._algorithm == "auto" and self.is_flat):
            solver = "simplex"
        else:
            solver = self.interior
        end = self._run(seconds, solver, "choose")
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            end = self._run(seconds, solver, "off")
        if hot and end == "unbounded":
            end = "failed"  # HiGHS was seen to say so of a bounded model, by primal simplex from its last basis
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
        return columns < LARGE or self.matrix.by_column.nnz < DENSE * columns

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
            return "interrupted" if interrupted or self._broken else "limit"
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
