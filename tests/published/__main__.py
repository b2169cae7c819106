"""``python -m tests.published FOLDER``: solve a folder of published problems and print them beside their optima.

The folder holds a sub-folder a class, as ``tests/published/data`` does; cases that the tables cannot say are named.
"""

import argparse
import time
from pathlib import Path

import planner
from planner.read import from_frames
from tests.published.library import Problem, problems

TOLERANCE = 1e-6
"""Relative difference that still counts as the same value: the gap to which we solve."""


def line(problem: Problem, seconds: float) -> str:
    """One problem: instance, published value, ours, status, wall seconds, verdict."""
    case = problem.convert()
    name = f"{problem.kind} {problem.name}"
    if case is None:
        return f"{name:<42}{'not expressible':>16}"
    start = time.perf_counter()
    outcome = planner.solve(from_frames(case.header, case.tables), gap=TOLERANCE / 10.0, time_limit=seconds)
    taken = time.perf_counter() - start
    ours = case.value(outcome.plan.objective) if outcome.found else None
    if problem.optimum is None or ours is None:
        verdict = "same" if problem.optimum is None and outcome.status == "infeasible" else "DIFFERS"
    else:
        verdict = "same" if abs(ours - problem.optimum) <= TOLERANCE * abs(problem.optimum) else "DIFFERS"
    if verdict == "DIFFERS" and outcome.found and outcome.status == "feasible":
        verdict = f"gap {outcome.plan.gap:.2%}"
    values = "".join(f"{'-' if value is None else f'{value:.4f}':>16}" for value in (problem.optimum, ours))
    return f"{name:<42}{values}{outcome.status:>12}{taken:>9.2f}  {verdict}"


def main() -> None:
    """Read the command line and print one line a problem."""
    parser = argparse.ArgumentParser(prog="python -m tests.published", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "data")
    parser.add_argument("--time-limit", type=float, default=120.0, help="seconds for each problem")
    parser.add_argument("--only", default="", help="only problems whose class and name hold this text")
    chosen = parser.parse_args()
    print(f"{'instance':<42}{'published':>16}{'ours':>16}{'status':>12}{'seconds':>9}")
    for problem in problems(chosen.folder):
        if chosen.only in f"{problem.kind} {problem.name}":
            print(line(problem, chosen.time_limit), flush=True)


if __name__ == "__main__":
    main()
