"""``python -m benchmarks.build_ratio``: how long data take to reach HiGHS, beside HiGHS itself and beside bare arrays.

Timed from a checked instance in memory to a HiGHS object that could run; all repetitions run in one process, in turn,
and medians are printed. The bare arrays are an own small program (``bare.py``); both models must cost the same.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import highspy

from benchmarks import bare
from benchmarks.generate import YEARS, network
from mineral_sourcing.build import build
from mineral_sourcing.compile import compile_model
from planner.assemble import assemble
from planner.instance import Instance
from planner.read import from_frames
from planner.session import Session

STEPS = ("assemble", "build", "compile", "pass")
Made = TypeVar("Made")


class Watch:
    """CPU and wall seconds of named steps over all repetitions."""

    def __init__(self) -> None:
        self.cpu: defaultdict[str, list[float]] = defaultdict(list)
        self.wall: defaultdict[str, list[float]] = defaultdict(list)

    def time(self, step: str, work: Callable[[], Made]) -> Made:
        """Do the work and note what it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        made = work()
        self.cpu[step].append(time.process_time() - cpu)
        self.wall[step].append(time.perf_counter() - wall)
        return made

    def median(self, *steps: str) -> tuple[float, float]:
        """Sum of the steps' medians: CPU and wall seconds."""
        cpu, wall = (sum(statistics.median(kept[step]) for step in steps) for kept in (self.cpu, self.wall))
        return cpu, wall


def planner_way(instance: Instance, watch: Watch) -> Session:
    """Tables to HiGHS through the planner."""
    data = watch.time("assemble", lambda: assemble(instance))
    model = watch.time("build", lambda: build(data))
    matrix = watch.time("compile", lambda: compile_model(model))
    return watch.time("pass", lambda: Session(matrix, threads=1, seed=1, gap=0.0, algorithm="auto"))


def bare_way(instance: Instance) -> highspy.Highs:
    """Tables to HiGHS by hand."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    head = instance.header
    made = bare.matrix(instance.tables, head.periods, head.discount_rate, int(head.first_period))
    made.pass_to(highs)
    return highs


def measure(columns: int, repetitions: int, seconds: float) -> None:
    """One size: print its table.

    Raises:
        ArithmeticError: the two models do not cost the same.
    """
    instance = from_frames(*network(columns))
    watch, costs = Watch(), set()
    for _ in range(repetitions):
        session = planner_way(instance, watch)
        highs = watch.time("bare", partial(bare_way, instance))
        result = watch.time("HiGHS", partial(session.run, seconds))
        costs.add(result.objective * assemble(instance).unit_money)
    highs.run()
    known = highs.getInfo().objective_function_value
    if any(abs(cost - known) > 1e-6 * abs(known) for cost in costs):
        raise ArithmeticError(f"the planner's model costs {costs}, the bare one {known}")
    size = session.matrix.entries.shape
    print(f"\n{size[1]:,} columns, {size[0]:,} rows, {session.matrix.entries.nnz:,} entries, {YEARS} years; ", end="")
    print(f"cost {known:,.0f} in both; medians of {repetitions}")
    print(f"{'step':<22}{'CPU s':>10}{'wall s':>10}")
    for step in STEPS:
        print("{:<22}{:>10.3f}{:>10.3f}".format(step, *watch.median(step)))
    ready, yardstick, solve = watch.median(*STEPS), watch.median("bare"), watch.median("HiGHS")
    for name, pair in (("data to HiGHS ready", ready), ("bare arrays", yardstick), ("HiGHS", solve)):
        print("{:<22}{:>10.3f}{:>10.3f}".format(name, *pair))
    for name, pair in (("ready / HiGHS", solve), ("ready / bare", yardstick)):
        print(f"{name:<22}{ready[0] / pair[0]:>10.2f}{ready[1] / pair[1]:>10.2f}")


def main() -> None:
    """Read the command line and measure each size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build_ratio", description=__doc__)
    parser.add_argument("columns", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--time-limit", type=float, default=300.0, help="seconds for each run of HiGHS")
    chosen = parser.parse_args()
    for columns in chosen.columns:
        measure(columns, chosen.repetitions, chosen.time_limit)


if __name__ == "__main__":
    main()
