"""``python -m benchmarks.hhi``: caps on the HHI at five points of the chain at once, beside the same plan without them.

Ore mined, ore bought, oxide made, oxide bought and metal bought, by place, all materials of a stage together, each
year; each cap lies below the HHI that the plan has without it. CPU seconds of all HiGHS runs of a plan.
"""

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd

import planner
from mineral_sourcing.arrays import Array
from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix, compile_model
from planner.assembly.assemble import Assembled, assembled
from planner.generate import network
from planner.instance import Instance
from planner.settings import Settings
from planner.solving.session import Session
from planner.solving.stages import Clock, Solved, run_stages
from planner.tabulation.solution import Solution, counted

POINTS = (
    ("ore mined", "made", "ore", ""),
    ("ore bought", "purchases", "ore", "refiners"),
    ("oxide made", "made", "oxide", ""),
    ("oxide bought", "purchases", "oxide", "makers"),
    ("metal bought", "purchases", "metal", ""),
)
"""Name, basis, stage and market."""


def instance(columns: int, seed: int, limits: dict[str, float] | None) -> Instance:
    """A network by lot, with the caps if there are limits."""
    head, tables = network(columns, seed)
    rules = []
    for name, basis, stage, market in POINTS if limits is not None else ():
        row: dict[str, Any] = {"rule": name, "kind": "max_hhi", "limit": (limits or {}).get(name, 1.0)}
        row |= {"subject_by": "place", "stage": stage, "basis": basis, "base": "purchases"}
        row |= {"per": "year", "pool": "together"}
        rules.append(row | ({"market": market, "market_pool": "together"} if basis == "purchases" else {}))
    tables = {**tables, "rules": pd.concat([tables["rules"], pd.DataFrame(rules)], ignore_index=True)}
    return planner.from_frames(head.model_dump(), tables)


def solved(made: Instance, hhi: str) -> tuple[Assembled, Matrix, Solved, float]:
    """The model of an instance, its plan, and CPU seconds of that."""
    found = assembled(made)
    matrix = compile_model(build(found.network))
    session = Session.of(matrix, Settings(hhi=hhi))
    start = time.process_time()
    plan = run_stages(session, found.network, 0, Clock(7200.0))
    return found, matrix, plan, time.process_time() - start


def hhi_of(made: Instance, matrix: Matrix, values: Array) -> dict[str, float]:
    """Median HHI over the years of each point under a plan without caps."""
    found = assembled(made)
    wide = compile_model(build(found.network))
    point = np.zeros(len(wide.cost))
    for span in matrix.columns:
        if span.name != "concentration.base":
            point[wide.column_span(span.name).slice] = values[span.slice]
    data = found.network.hhi
    quantity = counted(Solution(found, wide, point, np.empty(0)), data.given, data.shipments, data.sales, data.runs)
    cell, count = data.of_cell.rows, len(data.cells)
    hhi = np.bincount(cell, quantity**2, count) / np.bincount(cell, quantity, count) ** 2
    names = data.cells.column(0)
    return {name: float(np.median(hhi[names == name])) for name, *_ in POINTS}


def main() -> None:
    """Print both plans and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hhi", description=__doc__)
    parser.add_argument("--columns", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cut", type=float, default=0.92, help="caps as a part of the HHI without them")
    parser.add_argument("--hhi", default="exact", choices=("exact", "inner"))
    chosen = parser.parse_args()
    _, matrix, plan, seconds = solved(instance(chosen.columns, chosen.seed, None), chosen.hhi)
    print(f"without  {len(matrix.cost):>9,} columns  cost {plan.objective:.6e}  {seconds:8.1f} CPU s", flush=True)
    found = hhi_of(instance(chosen.columns, chosen.seed, {}), matrix, plan.values)
    limits = {name: round(max(chosen.cut * hhi, 1.1 / 12), 4) for name, hhi in found.items()}
    print("caps     " + ", ".join(f"{name} {found[name]:.4f} → {limit:.4f}" for name, limit in limits.items()))
    with_, matrix, capped, longer = solved(instance(chosen.columns, chosen.seed, limits), chosen.hhi)
    gap = (capped.objective - capped.bound) / capped.objective
    print(f"with     {len(matrix.cost):>9,} columns  cost {capped.objective:.6e}  {longer:8.1f} CPU s  gap {gap:.1e}")
    print(f"{len(with_.network.hhi.subjects):,} subjects in {len(with_.network.hhi.cells)} cells; {chosen.hhi}")
    print(f"time with / without: {longer / seconds:.1f}; cost {capped.objective / plan.objective - 1:+.2%}")


if __name__ == "__main__":
    main()
