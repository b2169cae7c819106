"""Small lies told to the verifier: each number of a plan changed by a thousandth, each table short of a row, each
rule's limit moved past what the plan does. Every one must be found.

``python -m tests.mutations SEED…`` tells them of random instances, of each seed a chain with counts, awards, averages,
spend and a cap on the HHI (those that its lot gives it) and a network with a rule on origin, and prints caught/total
and the survivors; with ``every`` before the seeds, every number and every row in turn.
"""

import dataclasses
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner import verify as verifier
from planner.instance import Instance
from planner.plan import PLAN_TABLES, TEXT, Plan
from planner.sentences import sentences

CHANGE = 1e-3
"""Fraction by which a number is changed."""

ROUNDING = 1e-9
"""Fraction of the largest number of a column below which another counts as zero."""

PER_TONNE = {"t": 1.0, "kg": 1000.0, "kt": 1e-3}
"""Units of mass in a tonne."""


@dataclass(frozen=True)
class Lie:
    """A changed plan."""

    what: str
    """What was changed, in words."""
    table: str
    """Table that was changed; ``rules`` for a limit."""
    keys: frozenset[str]
    """Names in the row that was changed."""
    plan: Plan


def with_table(plan: Plan, name: str, frame: pd.DataFrame) -> Plan:
    """The same plan with another table."""
    return dataclasses.replace(plan, tables={**plan.tables, name: frame})


def names_in(table: str, frame: pd.DataFrame, row: int) -> frozenset[str]:
    """Names in a row's text columns."""
    cells = [str(frame[column].iloc[row]) for column in PLAN_TABLES[table] if column in TEXT]
    return frozenset(cell for cell in cells if cell)


def changed_numbers(plan: Plan, every: bool) -> Iterator[Lie]:
    """Each number column of each table: one cell that is not zero (or every one) times 1.001; where all are zero, a
    thousandth of a tonne, of a day or of the currency more.
    """
    for table, columns in PLAN_TABLES.items():
        frame = plan.tables[table].reset_index(drop=True)
        for column in [column for column in columns if column not in TEXT and len(frame)]:
            values = frame[column].fillna(0.0).to_numpy(dtype=float)
            filled = np.flatnonzero(np.abs(values) > ROUNDING * np.abs(values).max())
            cells = filled if every else filled[len(filled) // 2 :][:1]
            for cell in cells.tolist() or [0]:
                value = float(values[cell])
                lie = frame.copy()
                lie.loc[cell, column] = value * (1 + CHANGE) if cell in filled else CHANGE
                what = f"{table}.{column} of row {cell}: {value} changed"
                yield Lie(what, table, names_in(table, frame, cell), with_table(plan, table, lie))


def dropped_rows(plan: Plan, every: bool) -> Iterator[Lie]:
    """Each table without one of its rows (or each of them in turn)."""
    for table in PLAN_TABLES:
        frame = plan.tables[table].reset_index(drop=True)
        for row in range(len(frame)) if every else range(len(frame))[len(frame) // 2 :][:1]:
            lie = frame.drop(index=row)
            yield Lie(f"{table} without row {row}", table, names_in(table, frame, row), with_table(plan, table, lie))


def moved_limits(plan: Plan) -> Iterator[Lie]:
    """Each rule's limit moved past what the plan does, in the input and in the report; a share cannot be below 0 or
    above 1, and of nothing it is kept whatever the limit.
    """
    factor = PER_TONNE[plan.instance.header.mass_unit]
    rules = plan.instance.tables["rules"]
    report = plan.tables["rules"]
    for line, rule in rules.iterrows():
        of_rule = (report["rule"] == rule["rule"]) & (report["from"] == rule["from"])
        actual = report.loc[of_rule & ~(report["base"] <= 0), "actual"]
        least = str(rule["kind"]).startswith("min_")
        if actual.empty or (not least and min(actual.max(), rule["limit"]) <= 0):
            continue
        unit = factor if str(rule["kind"]).endswith("_quantity") else 1.0
        limit = float(rule["limit"]) / unit
        limit = max(actual.min(), limit) * (1 + CHANGE) + CHANGE if least else min(actual.max(), limit) * (1 - CHANGE)
        if str(rule["kind"]).endswith("_share") and limit > 1:
            continue
        told = report.copy()
        told.loc[of_rule, "limit"] = limit
        told.loc[of_rule, "slack"] = (told["actual"] - limit if least else limit - told["actual"])[of_rule]
        moved = rules.copy()
        moved.loc[line, "limit"] = limit * unit
        instance = Instance(plan.instance.header, {**plan.instance.tables, "rules": moved})
        told.loc[of_rule, "sentence"] = sentences(instance)[rule["rule"], rule["from"]]
        lie = dataclasses.replace(with_table(plan, "rules", told), instance=instance)
        yield Lie(f"limit of {rule['rule']} from {rule['from']!r}: {limit}", "rules", frozenset({rule["rule"]}), lie)


def changed_figures(plan: Plan) -> Iterator[Lie]:
    """The plan's own figures."""
    up = abs(plan.objective) * CHANGE
    yield Lie("objective", "plan", frozenset(), dataclasses.replace(plan, objective=plan.objective + up))
    yield Lie("bound", "plan", frozenset(), dataclasses.replace(plan, bound=plan.bound + up))
    yield Lie("is_mip", "plan", frozenset(), dataclasses.replace(plan, is_mip=not plan.is_mip))
    yield Lie("status", "plan", frozenset(), dataclasses.replace(plan, status="infeasible"))


def lies(plan: Plan, every: bool = False) -> Iterator[Lie]:
    """Every lie about a plan."""
    yield from changed_numbers(plan, every)
    yield from dropped_rows(plan, every)
    yield from moved_limits(plan)
    yield from changed_figures(plan)


def caught(lie: Lie) -> bool:
    """Whether a fault names the table that was changed, or another table at names of the changed row."""
    found = verifier.verify(lie.plan).faults
    return any(fault.table == lie.table or any(name in fault.row for name in lie.keys) for fault in found)


def survivors(plan: Plan, every: bool = False, tables: Collection[str] = ()) -> tuple[int, list[str]]:
    """How many lies were told (about these tables; empty = all), and those that were not caught."""
    told = [lie for lie in lies(plan, every) if not tables or lie.table in tables]
    return len(told), [lie.what for lie in told if not caught(lie)]


def main(words: list[str]) -> int:
    """Lie about the plans of random instances; exit code 1 if a lie survives."""
    import planner
    from planner.read import from_frames
    from tests.origin_paths import network
    from tests.random_instances import random_instance

    every, total, alive = "every" in words, 0, 0
    for seed in [int(word) for word in words if word != "every"]:
        for name, drawn in (("chain", random_instance(seed, hhi=1)), ("origin", network(seed))):
            outcome = planner.solve(from_frames(*drawn))
            if outcome.found is None:
                print(f"{name} {seed}: {outcome.status}")
                continue
            told, left = survivors(outcome.found, every)
            total, alive = total + told, alive + len(left)
            print(f"{name} {seed}: {told - len(left)}/{told} caught", *left, sep="\n  ", flush=True)
    print(f"{total - alive}/{total} caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
