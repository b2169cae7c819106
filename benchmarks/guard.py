"""``python -m benchmarks.guard``: exit 1 where the way from data to HiGHS has become slow beside bare arrays.

A ratio of CPU seconds taken in one process, in turn, at the smallest size; the best of several medians, against a
limit far above what is measured, so that a busy machine is no failure and a slip of an order of magnitude is one.
"""

import argparse
import statistics
import sys

from benchmarks.measure import ready
from benchmarks.ways import Problem
from planner.generate import network
from planner.read import from_frames

COLUMNS = 10_000
LIMIT = 8.0
"""Data to HiGHS ready, as a multiple of bare arrays."""
ROUNDS, REPETITIONS = 3, 7


def ratio(problem: Problem, repetitions: int) -> float:
    """Median CPU seconds of the planner over those of the bare arrays."""
    seconds: dict[str, list[float]] = {"planner_way": [], "bare": []}
    for _ in range(repetitions):
        for name, taken in seconds.items():
            _, build, hand_over = ready(name, problem)
            taken.append(build[0] + hand_over[0])
    return statistics.median(seconds["planner_way"]) / statistics.median(seconds["bare"])


def main() -> int:
    """Measure, tell, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument("--limit", type=float, default=LIMIT)
    limit = parser.parse_args().limit
    problem = Problem(from_frames(*network(COLUMNS)))
    ratio(problem, 2)
    found = min(ratio(problem, REPETITIONS) for _ in range(ROUNDS))
    told = f"data to HiGHS ready at {COLUMNS:,} columns: {found:.1f} x bare arrays in CPU seconds; limit {limit:g}"
    print(told)
    return 0 if found <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
