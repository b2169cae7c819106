"""``python -m benchmarks.answers [COLUMNS …]``: from a folder to a verified plan, and from an edit to the next plan.

Networks by lot (``planner.generate``), one thread, CPU seconds with wall seconds in brackets, all in one process:

- **whole**: folder read, checked, solved, verified, plan tables made, beside all the time that HiGHS took within it;
- **tables**: a solution of so many values into the plan's tables, per million values;
- **edit**: one number of a Param, or one bound, to HiGHS; medians over every Param of the model;
- **again**: the plan after such an edit, ties broken, from the last basis, beside a cold solve of the same model.
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
from planner.generate import network
from planner.instance import Instance
from planner.kept import Kept
from planner.read import from_frames, load
from planner.session import Session
from planner.settings import Settings
from planner.solution import Solution
from planner.stages import Clock, run_stages
from planner.tabulate import tables

Made = TypeVar("Made")
PARAMS = (
    "balance.demand",
    "concentration.share",
    "flow.freight",
    "flow.kept",
    "flow.price",
    "flow.ship_limit",
    "flow.sold_limit",
    "priority.limit",
    "processing.input",
    "processing.limit",
    "processing.output",
    "processing.toll",
    "stockpile.keeps",
)
"""Params that a what-if changes."""


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


def edits(kept: Kept) -> None:
    """Edits of single numbers, and the plans after them."""
    rng = np.random.default_rng(0)
    first: list[float] = []
    later: list[float] = []
    again, wall_again = [], []
    for name in (name for name in PARAMS if len(kept.editor.numbers(name))):
        for turn in range(3):
            numbers = kept.editor.numbers(name)
            at = rng.integers(len(numbers), size=1)
            value = np.where(np.isfinite(numbers[at]), numbers[at] * 1.05, 100.0)
            cpu, _, _ = timed(lambda name=name, at=at, value=value: kept.set(name, at, value))  # type: ignore[misc]
            (later if turn else first).append(cpu)
            cpu, wall, _ = timed(kept.solve)
            again.append(cpu)
            wall_again.append(wall)
            kept.undo()
            kept.solve()
    zero = np.zeros(1)
    bound = [timed(lambda: kept.column_bounds("flow.ship", np.array([5]), zero, zero))[0] for _ in range(21)]
    for _ in bound:
        kept.undo()
    line("edit: a bound", f"{statistics.median(bound) * 1e3:.2f} ms")
    line(
        "edit: a Param, first / later",
        f"{max(first) * 1e3:.1f} / {statistics.median(later) * 1e3:.1f} ms at most / median",
    )
    cold, wall, _ = timed(lambda: _cold(kept))
    told = f"median {statistics.median(again) * 1e3:.0f} ({statistics.median(wall_again) * 1e3:.0f}) ms"
    line(
        "again after an edit",
        told,
        f"95th percentile {np.quantile(again, 0.95) * 1e3:.0f} ms",
        f"cold {cold:.2f} ({wall:.2f}) s",
    )


def _cold(kept: Kept) -> Any:
    settings = kept.settings
    session = Session(kept.matrix, threads=1, seed=settings.seed, gap=0.0, algorithm=settings.algorithm)
    return run_stages(session, kept.assembled.network, settings.seed, Clock(3600.0))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    parser.add_argument("columns", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--repetitions", type=int, default=3)
    chosen = parser.parse_args()
    for columns in chosen.columns:
        instance = from_frames(*network(columns))
        kept = Kept(instance, Settings())
        height, width = kept.matrix.entries.shape
        print(f"{width:,} columns, {height:,} rows, {kept.matrix.entries.nnz:,} entries")
        whole(instance, chosen.repetitions)
        results(kept, chosen.repetitions)
        edits(kept)


if __name__ == "__main__":
    main()
