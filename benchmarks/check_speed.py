"""CPU seconds of reading, checking and verifying: ``python benchmarks/check_speed.py [columns …]``.

Without sizes: networks of 10 000, 100 000 and 1 000 000 columns, then allied-magnets. A network of 10 000 columns is
solved once; a larger one is as many copies of it as are needed, under names of their own, and its plan the copies of
that plan: the chains of different baskets share no row, so the copies are optimal together. What is measured is the
least of three passes in a warm process; nothing is downloaded and nothing is kept.
"""

import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import planner
from planner.check import check
from planner.findings import Findings
from planner.generate import network
from planner.instance import Instance
from planner.plan import Plan
from planner.read import from_frames, load
from planner.verify import verify

SOLVED = 10_000
"""Columns of the network that is solved."""

PASSES = 3

OWN = ("site", "origin", "destination", "material", "process", "covers", "member")
"""Columns whose names each copy has for itself."""

SHARED = ("places", "priorities", "rules")
"""Tables of the input that every copy has in common."""


def copies(tables: Mapping[str, pd.DataFrame], count: int, shared: Collection[str]) -> dict[str, pd.DataFrame]:
    """Tables so many times under one another, the names of each copy with its number; shared tables once."""
    found = {}
    for table, rows in tables.items():
        if table in shared:
            found[table] = rows.reset_index(drop=True)
            continue
        parts = [
            rows.assign(**{name: (rows[name] + f"~{copy}").where(rows[name] != "", "") for name in OWN if name in rows})
            for copy in range(count)
        ]
        found[table] = pd.concat(parts, ignore_index=True)
    return found


def grown(plan: Plan, count: int) -> Plan:
    """A plan so many times, with the instance that it is a plan of."""
    instance = from_frames(plan.instance.header, copies(plan.instance.tables, count, SHARED))
    tables = copies(plan.tables, count, ())
    return dataclasses.replace(
        plan, instance=instance, tables=tables, objective=count * plan.objective, bound=count * plan.bound
    )


def written(instance: Instance, folder: Path) -> Path:
    """An instance as a folder of CSV files."""
    folder.mkdir()
    head = instance.header.model_dump(exclude_none=True).items()
    lines = [f"{key} = {value}" if isinstance(value, int | float) else f'{key} = "{value}"' for key, value in head]
    (folder / "instance.toml").write_text("\n".join(lines))
    for table, rows in instance.tables.items():
        if len(rows):
            rows.to_csv(folder / f"{table}.csv", index=False)
    return folder


def least(step: Callable[[], Any]) -> float:
    """Least CPU seconds of a few passes."""
    seconds = []
    for _ in range(PASSES):
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return min(seconds)


def measured(plan: Plan, source: Path | str) -> str:
    """CPU seconds to read and check an instance and to verify its plan, in a line."""
    answer = verify(plan)
    assert answer.ok, str(answer)
    tables, header = plan.instance.tables, plan.instance.header
    whole = least(lambda: load(source))
    checking = least(lambda: check(Instance(header, tables), Findings(lambda table, line, column: table)))
    return f"read {whole - checking:7.3f}  check {checking:7.3f}  verify {least(lambda: verify(plan)):7.3f}"


def main() -> None:
    """Print a line for each size."""
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    plan = planner.solve(from_frames(*network(SOLVED))).plan
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            larger = grown(plan, round(size / SOLVED))
            print(f"{size:>9,} columns  {measured(larger, written(larger.instance, Path(scratch) / str(size)))}")
    if not sys.argv[1:]:
        print(f"{'allied-magnets':>17}  {measured(planner.solve(load('allied-magnets')).plan, 'allied-magnets')}")


if __name__ == "__main__":
    main()
