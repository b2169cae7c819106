"""``python -m benchmarks.mip``: a purchasing network with 4 600 yes-or-no columns, by HiGHS alone and as we solve it.

CPU seconds of one process, in turn. HiGHS alone is asked to stop after 60 of them, which it heeds where it asks: in its
sub-searches it may go on for long, hence what it had by then is told apart. Ours counts everything from the checked
tables to the verified plan.
"""

import argparse
import threading
import time
from typing import Any

import planner
from benchmarks.purchasing import purchasing
from mineral_sourcing.build import build
from mineral_sourcing.compile import compile_model
from planner.assembly.assemble import assembled
from planner.generate import network
from planner.instance import Instance
from planner.read import from_frames
from planner.solving.session import Progress, Session

CPU = 60.0
"""CPU seconds of HiGHS alone."""

WALL = 3_600.0
"""Wall seconds that nothing here should take, however busy the machine."""


def alone(instance: Instance, gap: float) -> None:
    """The same matrix given to HiGHS as it is."""
    found = assembled(instance).network
    matrix = compile_model(build(found))
    print(f"{len(matrix.cost)} columns, {len(matrix.row_lower)} rows, {int(matrix.integer.sum())} yes-or-no")
    session = Session(matrix, threads=1, seed=0, gap=gap, algorithm="auto")
    start, over = time.process_time(), threading.Event()
    plans: list[tuple[float, float]] = []

    def improved(event: Any) -> None:
        plans.append((time.process_time() - start, event.data_out.objective_function_value))

    session.highs.cbMipImprovingSolution.subscribe(improved)

    def watch() -> None:
        while not over.wait(0.2):
            if time.process_time() - start > CPU:
                session.cancel()

    threading.Thread(target=watch, daemon=True).start()
    result = session.run(WALL)
    over.set()
    if plans:
        print(f"  first plan after {plans[0][0]:.1f} CPU s")
    in_time = [objective for seconds, objective in plans if seconds <= CPU]
    print(f"  by {CPU:.0f} CPU s: {f'plan {in_time[-1] * found.unit_money:,.0f}' if in_time else 'no plan'}")
    told = "no plan" if not result.has_point else f"plan {result.objective * found.unit_money:,.0f}"
    _print(
        "HiGHS alone, at its end", time.process_time() - start, told, result.objective, result.bound, found.unit_money
    )


def ours(instance: Instance, gap: float) -> None:
    """The verified plan, and when there was the first and one within the gap."""
    start = time.process_time()
    marks: dict[str, float] = {}

    def told(progress: Progress) -> None:
        for name, reached in (("first plan", progress.gap < float("inf")), (f"gap {gap:.1%}", progress.gap <= gap)):
            if reached:
                marks.setdefault(name, time.process_time() - start)

    outcome = planner.solve(instance, gap=gap, time_limit=WALL, progress=told)
    taken = time.process_time() - start
    for name, seconds in marks.items():
        print(f"  {name} after {seconds:.1f} CPU s")
    plan = outcome.plan
    _print("blocks", taken, f"{outcome.status}, verified, {plan.objective:,.0f}", plan.objective, plan.bound, 1.0)


def _print(name: str, seconds: float, told: str, objective: float, bound: float, money: float) -> None:
    gap = (objective - bound) / objective if objective < float("inf") else float("inf")
    print(f"{name}: {told}, bound {bound * money:,.0f}, gap {gap:.2%}, {seconds:.1f} CPU s", flush=True)


def main() -> None:
    """Read the command line and print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mip", description=__doc__)
    parser.add_argument("columns", type=int, nargs="?", default=10_000, help="size of the network (10000)")
    parser.add_argument("--seed", type=int, default=1, help="of the network (1)")
    parser.add_argument("--gap", type=float, default=0.01, help="relative gap at which to stop (0.01)")
    parser.add_argument(
        "--charged-lanes", action="store_true", help="fixed charges on lanes in place of a buyer's tiers"
    )
    parser.add_argument("--ours", action="store_true", help="without HiGHS alone")
    chosen = parser.parse_args()
    if chosen.charged_lanes:
        drawn = network(chosen.columns, chosen.seed, charges=True)
    else:
        drawn = purchasing(chosen.columns, chosen.seed)
    instance = from_frames(*drawn)
    if not chosen.ours:
        alone(instance, chosen.gap)
    ours(instance, chosen.gap)


if __name__ == "__main__":
    main()
