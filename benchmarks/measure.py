"""One way at one size, in a process of its own: ``python -m benchmarks.measure WAY COLUMNS`` prints one JSON document.

The way is built and handed over first of all, for its peak memory; then in turn with the bare arrays, so that the ratio
of the two is taken in one process and one stretch of time; then it is solved, read back, edited and solved again.
"""

import argparse
import importlib
import json
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.digest import digest
from benchmarks.ways import NAMES, Problem, Way
from planner.generate import network
from planner.read import from_frames

Made = TypeVar("Made")
Row = dict[str, Any]


def new(name: str) -> Way:
    """A way by its name."""
    made: Way = importlib.import_module(f"benchmarks.ways.{name}").Way()
    return made


def timed(work: Callable[[], Made]) -> tuple[Made, tuple[float, float]]:
    """What the work gives, and its CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = work()
    return made, (time.process_time() - cpu, time.perf_counter() - wall)


def _memory(key: str) -> float:
    """Megabytes of this process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1024


def ready(name: str, problem: Problem) -> tuple[Way, tuple[float, float], tuple[float, float]]:
    """A way built and handed over, and what each step took."""
    way = new(name)
    _, build = timed(lambda: way.build(problem))
    _, hand_over = timed(way.hand_over)
    return way, build, hand_over


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(cpu for cpu, _ in pairs), statistics.median(wall for _, wall in pairs)


def measure(name: str, columns: int, repetitions: int, *, solves: bool) -> Row:
    """One row of the table: seconds as (CPU, wall), megabytes, and the digest of what HiGHS was given."""
    problem = Problem(from_frames(*network(columns)))
    importlib.import_module(f"benchmarks.ways.{name}")
    Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak counts from here
    before = _memory("VmRSS")
    way, *cold = ready(name, problem)
    found: Row = {"memory": _memory("VmHWM") - before, "cold": [sum(part) for part in zip(*cold, strict=True)]}
    given = way.highs()
    found |= {"digest": digest(*given), "columns": given[0].getNumCol(), "entries": given[0].getNumNz()}
    found["rows"] = given[0].getNumRow()
    del given
    builds, hands, bare = [], [], []
    for _ in range(repetitions):
        del way
        _, *steps = ready("bare", problem)
        bare.append((sum(cpu for cpu, _ in steps), sum(wall for _, wall in steps)))
        way, build, hand_over = ready(name, problem)
        builds.append(build)
        hands.append(hand_over)
    found |= {"build": _medians(builds), "hand over": _medians(hands), "bare": _medians(bare)}
    if solves:
        found["cost"], found["solve"] = timed(way.solve)
        _, found["read back"] = timed(way.read_back)
        found["cost again"], found["solve again"] = timed(way.solve_again)
    return found


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure", description=__doc__)
    parser.add_argument("way", choices=NAMES)
    parser.add_argument("columns", type=int)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--no-solve", action="store_true", help="up to HiGHS only")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    row = measure(chosen.way, chosen.columns, chosen.repetitions, solves=not chosen.no_solve)
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
