"""``python -m benchmarks.what_if``: changes of ``allied-magnets`` solved again in one process, kind by kind.

Each change is drawn by lot, made on the tables of the base plan and checked as ``planner check`` does, solved from the
last basis, and undone. One row a kind: median and 95th percentile in milliseconds of wall time, those of CPU beside
them; ratios are of CPU, the first rebuild in linopy imports it too.

- **solved again**: from the change of a table to decisions and cost, ties broken: tables checked, network assembled,
  matrix compiled, difference handed over, HiGHS run;
- **of which** change (the tables, checked), follow (network, matrix, difference) and HiGHS;
- **plan**: its tables made and verified, which a plan that is shown needs beside;
- **cold**: the same instance, checked already, up to decisions by ``planner.solve``; the costs and the sales must be
  the same to 1e-7;
- **linopy**: the same matrix built in linopy and solved by HiGHS from nothing, ties left as they fall.
"""

import argparse
import random
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

import planner
from mineral_sourcing.compile import Matrix
from planner.analysis.changes import Add, Ban, Change, Drop, Off, Set
from planner.analysis.study import Study
from planner.errors import InputError
from planner.instance import Instance
from planner.plan import Outcome
from planner.solving.kept import Kept
from planner.tables import TABLES

SAME = 1e-7
LINOPY = 2
"""Rebuilds in linopy of each kind."""

Draw = Callable[[Instance, random.Random], Change]


def _key(instance: Instance, table: str, column: str, rng: random.Random) -> dict[str, object]:
    """The key of a random row that has a number in a column."""
    frame = instance.tables[table]
    frame = frame[frame[column] > 0]
    row = frame.iloc[rng.randrange(len(frame))]
    return {name: row[name] for name in TABLES[table].KEY}


def _number(table: str, column: str, low: float = 0.7, high: float = 1.2) -> Draw:
    def draw(instance: Instance, rng: random.Random) -> Change:
        return Set(table, _key(instance, table, column, rng), column, round(rng.uniform(low, high), 3), "*=")

    return draw


def _one_period(instance: Instance, rng: random.Random) -> Change:
    key = _key(instance, "offers", "capacity", rng)
    period = str(int(instance.header.first_period) + rng.randrange(instance.header.periods))
    return Set("offers", key, "capacity", 0.5, "*=", (period, period))


def _ban(by: str) -> Draw:
    def draw(instance: Instance, rng: random.Random) -> Change:
        return Ban(by, rng.choice(sorted(set(instance.tables["sites"][by]) - {""})))  # type: ignore[arg-type]

    return draw


def _withdrawn(instance: Instance, rng: random.Random) -> Change:
    return Drop("offers", _key(instance, "offers", "price", rng))


def _added(instance: Instance, rng: random.Random) -> Change:
    demand = instance.tables["demands"].iloc[rng.randrange(len(instance.tables["demands"]))]
    price = 0.9 * float(instance.tables["offers"].query("material == @demand.material")["price"].mean())
    return Add("offers", {"site": demand["site"], "material": demand["material"], "price": price, "capacity": 500.0})


def _off(instance: Instance, rng: random.Random) -> Change:
    return Off(rng.choice(sorted(set(instance.tables["rules"]["rule"]))))


KINDS: dict[str, Draw] = {
    "a demand": _number("demands", "quantity"),
    "a price": _number("offers", "price"),
    "a capacity in one period": _one_period,
    "a capacity throughout": _number("processes", "capacity"),
    "a toll": _number("processes", "cost"),
    "days of cover": _number("stockpiles", "cover_days", 0.5, 1.1),
    "a cap": _number("rules", "limit", 0.85, 1.0),
    "a rule off": _off,
    "a site banned": _ban("site"),
    "a country banned": _ban("place"),
    "an offer withdrawn": _withdrawn,
    "an offer added": _added,
}
"""Every kind of change."""


@dataclass
class Times:
    """Milliseconds of one kind, change by change: (CPU, wall)."""

    steps: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    plans: int = 0
    refused: int = 0
    apart: float = 0.0
    """Largest difference from a cold solve, of costs and sales, relative."""

    def timed(self, step: str, work: Callable[[], object]) -> None:
        """Do a step."""
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        taken = 1e3 * (time.process_time() - cpu), 1e3 * (time.perf_counter() - wall)
        self.steps.setdefault(step, []).append(taken)

    def cell(self, step: str) -> str:
        """Median and 95th percentile of wall time, and of CPU."""
        pairs = self.steps.get(step)
        if not pairs:
            return "–"
        cpu, wall = (
            f"{statistics.median(some):.0f} / {np.percentile(some, 95):.0f}" for some in zip(*pairs, strict=True)
        )
        return wall if np.isnan(pairs[0][0]) else f"{wall} ({cpu})"

    def median(self, step: str) -> float:
        """Median CPU time."""
        return statistics.median(cpu for cpu, _ in self.steps[step])


def measure(study: Study, draw: Draw, count: int, rng: random.Random, *, linopy: bool) -> Times:
    """So many changes of one kind."""
    found = Times()
    while len(found.steps.get("solved again", ())) < count:
        change = draw(study.instance, rng)
        try:
            found.timed("change", lambda change=change: study.apply(change))  # type: ignore[misc]
        except InputError:
            found.refused += 1  # a demand that nothing can reach any more
            continue
        found.timed("solve", study.resolve)
        spent = study._solved[2].seconds if study._solved else {}
        change_at, solve_at = found.steps["change"][-1], found.steps["solve"][-1]
        both = change_at[0] + solve_at[0], change_at[1] + solve_at[1]
        found.steps.setdefault("solved again", []).append(both)
        follow = 1e3 * spent.get("follow", 0.0)
        found.steps.setdefault("follow", []).append((np.nan, follow))
        found.steps.setdefault("HiGHS", []).append((np.nan, 1e3 * spent.get("solve", 0.0)))
        found.timed("plan", study.solve)
        found.plans += study.solve().found is not None
        _cold(study, found)
        if linopy and len(found.steps.get("linopy", ())) < LINOPY and study.solve().found is not None:
            found.timed("linopy", lambda: _in_linopy(study.kept))
        study.undo()
        study.resolve()
    return found


def _cold(study: Study, found: Times) -> None:
    """The same instance solved by an object that knows nothing of its past, and how far the two are apart."""
    fresh = planner.from_frames(study.instance.header, study.instance.tables)
    found.timed("cold", lambda: Kept(fresh, study.kept.settings).solve())
    cold = planner.solve(fresh, study.kept.settings)
    found.apart = max(found.apart, apart(study.solve(), cold))


def apart(one: Outcome, other: Outcome) -> float:
    """Largest relative difference of cost and of what each offer sells; ``inf`` where they end differently."""
    if one.status != other.status:
        return float("inf")
    if one.found is None or other.found is None:
        return 0.0
    names = ["site", "material", "period"]
    sold = [plan.sales.groupby(names)["quantity"].sum() for plan in (one.plan, other.plan)]
    both = pd.concat(sold, axis=1).fillna(0.0).to_numpy()
    largest = float(np.abs(both).max(initial=1.0))
    of_sales = float(np.abs(both[:, 0] - both[:, 1]).max(initial=0.0)) / largest
    return max(of_sales, abs(one.plan.objective / other.plan.objective - 1.0))


def _in_linopy(kept: Kept) -> None:
    """The matrix of a kept model built again in linopy, as its users do, and solved."""
    model = linopy_model(served(kept))
    model.solve("highs", io_api="direct", solver="simplex", threads=1, output_flag=False)
    expected, found = kept.solve().objective, float(model.objective.value) + kept.matrix.offset
    if abs(found - expected) > SAME * abs(expected):
        raise AssertionError(f"linopy finds {found}, the planner {expected}")


def served(kept: Kept) -> Matrix:
    """The matrix in which the ranks that can be met in full are met."""
    matrix = kept.matrix
    upper = matrix.col_upper.copy()
    _, members = kept.assembled.network.priority.ranked.sorted
    upper[matrix.column_span("priority.unmet").start + members] = 0.0
    return replace(matrix, col_upper=upper)


def linopy_model(matrix: Matrix) -> Any:
    """A matrix as a linopy model: one variable, and the rows of each kind as one constraint."""
    import linopy
    import xarray as xr

    linopy.options["semantics"] = "v1"
    model = linopy.Model(sparse=True)
    columns = pd.RangeIndex(len(matrix.cost), name="column")
    x = model.add_variables(matrix.col_lower, matrix.col_upper, coords=[columns], name="x")
    model.add_objective((x * xr.DataArray(matrix.cost, coords=[columns])).sum())
    entries = matrix.entries
    for span in matrix.rows:
        part = entries[span.slice]
        low, high = matrix.row_lower[span.slice], matrix.row_upper[span.slice]
        for sense, side, rows in (
            ("=", low, np.flatnonzero(low == high)),
            ("<=", high, np.flatnonzero((low != high) & np.isfinite(high))),
            (">=", low, np.flatnonzero((low != high) & np.isfinite(low))),
        ):
            some = part[rows].tocoo()
            if not some.nnz:
                continue
            terms = pd.RangeIndex(some.nnz, name="column")
            taken = x.isel(column=some.col).assign_coords(column=terms) * xr.DataArray(some.data, coords=[terms])
            left = taken.groupby(xr.DataArray(some.row, coords=[terms], name="row")).sum()
            there = left.indexes["row"].to_numpy()
            right = xr.DataArray(side[rows][there], coords=[left.indexes["row"]])
            model.add_constraints(left, sense, right, name=f"{span.name} {sense}")
    return model


def table(found: dict[str, Times]) -> str:
    """The rows as Markdown."""
    heads = ("solved again", "change", "follow", "HiGHS", "plan", "cold", "linopy")
    lines = [
        "| change | n (plans) | " + " | ".join(heads) + " | cold / again | linopy / again | apart |",
        "|---" * (len(heads) + 5) + "|",
    ]
    for kind, times in found.items():
        again = times.median("solved again")
        ratios = [f"{times.median(step) / again:.1f}" if step in times.steps else "–" for step in ("cold", "linopy")]
        count = len(times.steps["solved again"])
        cells = (kind, f"{count} ({times.plans})", *map(times.cell, heads), *ratios, f"{times.apart:.0e}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print; fail where a plan is not that of a cold solve."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.what_if", description=__doc__)
    parser.add_argument("--instance", default="allied-magnets")
    parser.add_argument("--changes", type=int, default=20, help="of each kind")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=[*KINDS])
    parser.add_argument("--no-linopy", action="store_true", help="without the extra bench")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    study = planner.study(planner.load(chosen.instance))
    study.resolve()
    rng, found = random.Random(1), {}
    for kind in chosen.kinds:
        found[kind] = measure(study, KINDS[kind], chosen.changes, rng, linopy=not chosen.no_linopy)
    print(table(found))
    apart_most = max(times.apart for times in found.values())
    if not apart_most <= SAME:
        raise SystemExit(f"a plan is {apart_most:.1e} apart from a cold solve, more than {SAME:.0e}")


if __name__ == "__main__":
    main()
