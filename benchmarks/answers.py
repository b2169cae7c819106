"""``python -m benchmarks.answers [COLUMNS …]``: from a folder to a verified plan, and from an edit to the next plan.

Networks by lot (``planner.generate``), one thread, CPU seconds with wall seconds in brackets, all in one process:

- **whole**: folder read, checked, solved, verified, plan tables made, beside all the time that HiGHS took within it;
- **tables**: a solution of so many values into the plan's tables, per million values;
- **edit**: one number of a Param, or one bound, to HiGHS; medians over every Param of the model;
- **again**: the plan after such an edit, ties broken, from the last basis: in one period (a demand, the capacity of a
  lane, an offer or a plant, the share of one cap), or throughout (a price, freight, toll, loss or recipe, all years);
- **hot / cold**: the slowest of these edits once more, hot and by a HiGHS object that knows nothing, wall over wall;
  the decisions must be the same; of small models the best of three passes.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import planner
from benchmarks.check_speed import written
from mineral_sourcing.arrays import Array
from planner.generate import network
from planner.instance import Instance
from planner.read import from_frames, load
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.solving.session import Session
from planner.solving.stages import Clock, run_stages
from planner.tabulation.solution import Solution
from planner.tabulation.tabulate import tables

Made = TypeVar("Made")
IN_ONE_PERIOD = (
    "balance.demand",
    "concentration.amount",
    "concentration.share",
    "flow.ship_limit",
    "flow.sold_limit",
    "priority.limit",
    "processing.limit",
    "stockpile.demand",
)
"""Params whose every number holds for one thing in one period."""

THROUGHOUT = (
    "flow.freight",
    "flow.kept",
    "flow.price",
    "processing.input",
    "processing.output",
    "processing.toll",
    "stockpile.keeps",
)
"""Params whose every number holds for one thing in all periods."""

PARAMS = (*IN_ONE_PERIOD, *THROUGHOUT)
"""Params that a what-if changes."""

PASSES, LARGE = 3, 50_000
"""Passes of which the least counts, in models of fewer columns than this; a cold solve of a larger one takes long."""

SAME = 1e-6
"""Of the largest quantity: within it decisions are the same."""


def timed(work: Callable[[], Made]) -> tuple[float, float, Made]:
    """CPU and wall seconds, and what the work gives."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = work()
    return time.process_time() - cpu, time.perf_counter() - wall, made


class Watched:
    """While it holds, adds up the CPU seconds of every run of HiGHS."""

    def __enter__(self) -> "Watched":
        self.seconds, self._run = 0.0, Session.run
        watch = self

        def run(session: Session, seconds: float, *, hot: bool = False) -> Any:
            start = time.process_time()
            try:
                return watch._run(session, seconds, hot=hot)
            finally:
                watch.seconds += time.process_time() - start

        Session.run = run  # type: ignore[assignment, method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        Session.run = self._run  # type: ignore[method-assign]


def line(name: str, *cells: str) -> None:
    """One line of the answer."""
    print(f"  {name:<34}{'  '.join(cells)}", flush=True)


def whole(instance: Instance, repetitions: int) -> None:
    """Folder to verified plan, beside HiGHS."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = written(instance, Path(scratch) / "instance")
        ratios = []
        for _ in range(repetitions + 1):
            with Watched() as watch:
                cpu, wall, outcome = timed(lambda: planner.solve(load(folder)))
            ratios.append((cpu / watch.seconds, cpu, wall, watch.seconds))
    ratio, cpu, wall, highs = sorted(ratios[1:])[len(ratios[1:]) // 2]
    steps = ", ".join(f"{name} {took:.2f}" for name, took in outcome.seconds.items())
    line("whole / HiGHS", f"{ratio:.2f}", f"{cpu:.2f} ({wall:.2f}) / {highs:.2f} s", f"wall by step: {steps}")


def results(kept: Kept, repetitions: int) -> None:
    """A solution into tables."""
    solved = kept.solve()
    solution = Solution(kept.assembled, kept.matrix, solved.values, solved.row_duals)
    seconds = [timed(lambda: tables(solution, solved.held))[0] for _ in range(repetitions)]
    count = len(solved.values)
    line("tables per million values", f"{statistics.median(seconds) / count * 1e6:.2f} s", f"{count:,} values")


Edit = tuple[str, Array, Array]
"""A Param, positions and numbers."""


def drawn(kept: Kept, turns: int) -> list[Edit]:
    """So many numbers of each Param, by lot, 5 % larger."""
    rng, found = np.random.default_rng(0), []
    for name in (name for name in PARAMS if len(kept.editor.numbers(name))):
        for _ in range(turns):
            numbers = kept.editor.numbers(name)
            at = rng.integers(len(numbers), size=1)
            found.append((name, at, np.where(np.isfinite(numbers[at]), numbers[at] * 1.05, 100.0)))
    return found


def edits(kept: Kept, turns: int, colds: int) -> None:
    """Edits of single numbers, and the plans after them; the slowest also cold."""
    first: dict[str, float] = {}
    later: list[float] = []
    again: list[tuple[float, float, Edit]] = []
    kept.solve()
    for edit in drawn(kept, turns):
        cpu, _, _ = timed(lambda edit=edit: kept.set(*edit))  # type: ignore[misc]
        if edit[0] in first:
            later.append(cpu)
        else:
            first[edit[0]] = cpu
        cpu, wall, _ = timed(kept.solve)
        again.append((cpu, wall, edit))
        kept.undo()
        kept.solve()
    zero = np.zeros(1)
    bound = [timed(lambda: kept.column_bounds("flow.ship", np.array([5]), zero, zero))[0] for _ in range(21)]
    for _ in bound:
        kept.undo()
    line("edit: a bound", f"{statistics.median(bound) * 1e3:.2f} ms")
    told = f"{max(first.values()) * 1e3:.1f} / {statistics.median(later) * 1e3:.1f} ms at most / median"
    line("edit: a Param, first / later", told)
    for name, params in (("in one period", IN_ONE_PERIOD), ("throughout", THROUGHOUT)):
        cpus, walls = zip(*((cpu, wall) for cpu, wall, edit in again if edit[0] in params), strict=True)
        line(
            f"again after an edit {name}",
            f"median {statistics.median(cpus) * 1e3:.0f} ({statistics.median(walls) * 1e3:.0f}) ms",
            f"95th percentile {np.quantile(cpus, 0.95) * 1e3:.0f} ({np.quantile(walls, 0.95) * 1e3:.0f}) ms",
            f"most {max(cpus) * 1e3:.0f} ({max(walls) * 1e3:.0f}) ms, {len(cpus)} edits",
        )
    slowest = sorted(again, key=lambda one: -one[1])[:colds]
    passes = PASSES if len(kept.matrix.cost) < LARGE else 1
    pairs = [min(_both(kept, edit) for _ in range(passes)) for _, _, edit in slowest]
    most, hot, cold = max(pairs)
    line(
        f"hot / cold, the {len(pairs)} slowest edits",
        f"wall at most {most:.2f}: hot {hot[0]:.2f} ({hot[1]:.2f}), cold {cold[0]:.2f} ({cold[1]:.2f}) s",
    )


def _both(kept: Kept, edit: Edit) -> tuple[float, tuple[float, float], tuple[float, float]]:
    """Wall over wall, CPU and wall seconds of the plan after an edit, hot and cold.

    Raises:
        ArithmeticError: the decisions are others.
    """
    kept.set(*edit)
    cpu, wall, found = timed(kept.solve)
    cold_cpu, cold_wall, cold = timed(lambda: _cold(kept))
    if np.abs(found.values - cold.values).max() > SAME * max(1.0, float(np.abs(cold.values).max())):
        raise ArithmeticError(f"after {edit[0]} at {edit[1]} the decisions are not those of a cold solve")
    kept.undo()
    kept.solve()
    return wall / cold_wall, (cpu, wall), (cold_cpu, cold_wall)


def _cold(kept: Kept) -> Any:
    settings = kept.settings
    session = Session(kept.matrix, threads=1, seed=settings.seed, gap=0.0, algorithm=settings.algorithm)
    return run_stages(session, kept.assembled.network, settings.seed, Clock(3600.0))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    parser.add_argument("columns", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--turns", type=int, default=4, help="edits of each Param")
    parser.add_argument("--colds", type=int, default=5, help="edits, the slowest, that are also solved cold")
    chosen = parser.parse_args()
    for columns in chosen.columns:
        instance = from_frames(*network(columns))
        kept = Kept(instance, Settings())
        height, width = kept.matrix.by_column.shape
        print(f"{width:,} columns, {height:,} rows, {kept.matrix.by_column.nnz:,} entries")
        if chosen.repetitions:
            whole(instance, chosen.repetitions)
            results(kept, chosen.repetitions)
        edits(kept, chosen.turns, chosen.colds)


if __name__ == "__main__":
    main()
