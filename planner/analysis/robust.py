"""How much the advice hangs on numbers that may be wrong, and what every scenario's own best plan has in common.

The advice of a plan is who dispatches what: every site with at least 1 % of the tonnes that are dispatched of a
material. Every plan here is solved anew on a kept model; plans without a solution are said to have none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.analysis.changes import Set, changed
from planner.analysis.draft import Where
from planner.analysis.telling import money, page
from planner.errors import InputError, PlannerError, Problem
from planner.findings import shown, suggest
from planner.instance import Instance
from planner.settings import Settings
from planner.solving.difference import places
from planner.solving.kept import Kept
from planner.solving.stages import Solved
from planner.tables import TABLES

Advice = frozenset[tuple[str, str]]
"""Sites and the materials that they dispatch."""

LEAST = 0.01
"""Share of what is dispatched of a material from which a site counts as its supplier."""

EXACT = 1e-3
"""Width of a factor at which bisection ends."""

ROUNDING = 1e-6
"""Part of its size within which a row or bound counts as kept."""

FACTORS = (0.0, 10.0)
"""How far a number is moved at most, as a factor."""

NUMBERS = ["table", "column", "cells", "low", "high", "swing", "worth", "suppliers", "trouble"]


def advice(kept: Kept, solved: Solved) -> Advice:
    """Who dispatches what."""
    ships = kept.assembled.network.flow.shipments
    frame = pd.DataFrame({"site": ships.column(0), "material": ships.column(2)})
    frame["quantity"] = solved.values[kept.matrix.column_span("flow.ship").slice]
    total = frame.groupby(["site", "material"], sort=False)["quantity"].sum()
    share = total / total.groupby(level="material").transform("sum").clip(lower=1e-9)
    return frozenset((str(site), str(material)) for site, material in share.index[share >= LEAST])


@dataclass(frozen=True)
class Robust:
    """Which uncertain numbers move cost and advice most: the data worth buying first."""

    name: str
    currency: str
    cost: float
    """Least cost, present value, with the numbers as they are."""
    numbers: pd.DataFrame
    """``table``, ``column``, ``cells`` moved together, least cost with all of them ``low`` and ``high`` (``nan``
    without a plan), ``swing`` (the larger change of cost), ``worth`` (what it saves to know beforehand which end it
    is, both equally likely: the cost at each end of the plan as it is, less the least cost there; ``nan`` where that
    plan cannot be carried out at an end), ``suppliers`` that come or go at either end, ``trouble`` (an end without a
    plan or valid input, and why); largest swing first, those with trouble before all."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.numbers.empty:
            return f"No number of {self.name} has a range."
        lost = self.numbers[self.numbers["trouble"] != ""]
        told = "; ".join(f"{row['column']} of {row['table']} has {row['trouble']}" for row in lost.to_dict("records"))
        told += ": no cost is told of it. " if told else ""
        if len(lost) == len(self.numbers):
            return told.strip()
        row = self.numbers.iloc[len(lost)]
        many = f"{row['suppliers']} suppliers come or go" if row["suppliers"] else "the suppliers stay the same"
        told += f"{row['column']} of {row['table']} is worth knowing first: within its range the cost moves by up to"
        told += f" {money(row['swing'])} {self.currency}; {many}."
        dear = self.numbers.sort_values("worth", ascending=False, kind="stable").iloc[0]
        if dear["worth"] > 0:
            told += f" To know {dear['column']} of {dear['table']} beforehand saves {money(dear['worth'])}"
            told += f" {self.currency}, both ends equally likely."
        return told

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.numbers.to_string(index=False, float_format='{:,.0f}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.sentence, self.numbers)


def robust(instance: Instance, ranges: pd.DataFrame, *, settings: Settings | None = None) -> Robust:
    """Move every uncertain column to its low and its high end, the others as they are.

    Args:
        instance: checked input.
        ranges: ``table``, ``key`` (cells of the row's key, joined by ``;``), ``column``, ``low``, ``high``, as in
            ``provenance.csv``; rows with low = high are passed over.
        settings: of each solve.

    Raises:
        InputError: a row of ``ranges`` is of no cell.
        PlannerError: there is no optimal plan.
    """
    kept = Kept(instance, settings)
    base, before = _solved(kept, instance)
    if base is None:
        raise PlannerError(f"{instance.name} has no optimal plan to hold others against")
    plan = kept.matrix, kept.solve().values
    rows = []
    for (table, column), cells in ranges[ranges["low"] != ranges["high"]].groupby(["table", "column"], sort=False):
        costs, regrets, troubles, differ = [], [], list[str](), frozenset[tuple[str, str]]()
        for end in ("low", "high"):
            other = moved(instance, str(table), str(column), cells, end)
            cost, after = _solved(kept, other if isinstance(other, Instance) else None)
            costs.append(np.nan if cost is None else cost)
            regrets.append(np.nan if cost is None else _regret(kept, *plan, cost))
            differ |= frozenset() if cost is None else before ^ after
            if cost is None:
                troubles.append(f"no plan at its {end} end" if isinstance(other, Instance) else f"{other}, {end} end")
        swing = np.inf if troubles else max(abs(cost - base) for cost in costs)
        worth = float(np.mean(regrets))
        rows.append((table, column, len(cells), *costs, swing, worth, len(differ), " and ".join(troubles)))
    frame = pd.DataFrame(rows, columns=NUMBERS).sort_values("swing", ascending=False, ignore_index=True)
    return Robust(instance.name, instance.header.currency, base, frame)


def _regret(kept: Kept, before: Matrix, values: Array, least: float) -> float:
    """What a plan of another matrix costs more than the least cost; ``nan`` where it cannot be carried out."""
    matrix = kept.matrix
    if places(matrix.columns, before.columns) is not None:
        return float("nan")
    found, room = matrix.by_column @ values, ROUNDING * (1.0 + np.abs(matrix.by_column) @ np.abs(values))
    kept_rows = (found >= matrix.row_lower - room) & (found <= matrix.row_upper + room)
    far = ROUNDING * (1.0 + np.abs(values))
    kept_bounds = (values >= matrix.col_lower - far) & (values <= matrix.col_upper + far)
    if not (kept_rows.all() and kept_bounds.all()):
        return float("nan")
    cost = float(matrix.cost @ values + matrix.offset) * kept.assembled.network.unit_money
    return max(cost - least, 0.0)


def moved(instance: Instance, table: str, column: str, cells: pd.DataFrame, end: str) -> Instance | str:
    """The instance with cells at one end of their ranges; why that is no valid input, where it is none.

    Raises:
        InputError: a range is of no cell.
    """
    frame = instance.tables[table].copy()
    parts = frame[[*TABLES[table].KEY]].astype(str).to_numpy().tolist()
    keys = {";".join(part for part in row if part): at for at, row in enumerate(parts)}
    new = frame[column].astype(float).to_numpy(copy=True)
    for key, value in zip(cells["key"], cells[end], strict=True):
        name = ";".join(part for part in str(key).split(";") if part)
        if name not in keys:
            told = f"{table} has no row {shown(name)}{suggest(name, keys)}"
            raise InputError(instance.name, [Problem("ranges", None, "key", str(key), told)])
        new[keys[name]] = float(value)
    try:
        return instance.with_tables(**{table: frame.assign(**{column: new})})
    except InputError as error:
        return f"no valid input ({error.problems[0]})"


def _solved(kept: Kept, instance: Instance | None) -> tuple[float | None, Advice]:
    """Least cost and advice; None without a plan."""
    if instance is None:
        return None, frozenset()
    try:
        kept.follow(instance)
    except InputError:
        return None, frozenset()
    solved = kept.solve()
    if solved.end != "optimal":
        return None, frozenset()
    return solved.objective * kept.assembled.network.unit_money, advice(kept, solved)


@dataclass(frozen=True)
class Reach:
    """How far a number may be wrong before the advice changes."""

    number: str
    below: float
    """Factor just below which other suppliers are chosen; ``-inf`` where none is down to :data:`FACTORS`."""
    above: float
    """Factor just above which; ``inf`` where none is up to :data:`FACTORS`."""
    changes: pd.DataFrame
    """``side`` (below, above), ``site``, ``material``, ``change`` (comes, goes); no rows of a side without a plan."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        low = "however low it is" if self.below == -np.inf else f"down to {self.below:.1%} of its value"
        high = f"up to {FACTORS[1]:g} times it" if self.above == np.inf else f"up to {self.above:.1%} of it"
        return f"The same suppliers deliver with {self.number} {low} and {high}."

    def __repr__(self) -> str:
        return self.sentence if self.changes.empty else f"{self.sentence}\n{self.changes.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return page(self.sentence, self.changes)


def how_far(
    instance: Instance, table: str, column: str, where: Where | None = None, *, settings: Settings | None = None
) -> Reach:
    """How far cells may be multiplied before other suppliers are chosen, by bisection on solves.

    Where the advice changes and changes back within the range, one of the changes is found.

    Args:
        instance: checked input.
        table: of the number.
        column: of the number.
        where: which rows, as in :meth:`planner.Study.set`; all of them where not given.
        settings: of each solve.

    Raises:
        InputError: nothing matches, or a cell is empty.
        PlannerError: there is no optimal plan.
    """
    kept = Kept(instance, settings)
    cost, before = _solved(kept, instance)
    if cost is None:
        raise PlannerError(f"{instance.name} has no optimal plan to hold others against")

    def after(factor: float) -> Advice | None:
        change = Set(table, where or {}, column, factor, "*=")
        cost, found = _solved(kept, _valid(instance, change, factor))
        return None if cost is None else found

    _valid(instance, Set(table, where or {}, column, 1.0, "*="), 1.0)
    ends, rows = [], []
    for side, far in zip(("below", "above"), FACTORS, strict=True):
        found = after(far)
        if found == before:
            ends.append(-np.inf if side == "below" else np.inf)
            continue
        same, found = _bisected(after, before, far, found)
        ends.append(same)
        for site, material in sorted(before ^ (before if found is None else found)):
            rows.append((side, site, material, "goes" if (site, material) in before else "comes"))
    number = str(Set(table, where or {}, column, 1.0)).rpartition("=")[0]
    return Reach(number, ends[0], ends[1], pd.DataFrame(rows, columns=["side", "site", "material", "change"]))


def _bisected(
    after: Callable[[float], Advice | None], before: Advice, other: float, found: Advice | None
) -> tuple[float, Advice | None]:
    """The last factor from 1 on with the same advice, and what comes just past it."""
    same = 1.0
    while abs(other - same) > EXACT:
        middle = (same + other) / 2
        now = after(middle)
        same, other, found = (middle, other, found) if now == before else (same, middle, now)
    return same, found


def _valid(instance: Instance, change: Set, factor: float) -> Instance | None:
    """The changed instance; None where only its being so small or large is no valid input."""
    try:
        return changed(instance, [change])
    except InputError:
        if factor == 1.0:
            raise
        return None


@dataclass(frozen=True)
class NoRegret:
    """What the best plan of every scenario does."""

    scenarios: pd.DataFrame
    """``scenario`` (base first, without any), ``cost`` (present value; ``nan`` without a plan)."""
    decisions: pd.DataFrame
    """``site``, ``material``, ``scenarios`` in whose best plan the site dispatches it, ``all`` (yes, no)."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        always = int((self.decisions["all"] == "yes").sum())
        count = int(self.scenarios["cost"].notna().sum())
        return f"{always} of {len(self.decisions)} suppliers of a material are used in each of {count} best plans."

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.decisions.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return page(self.sentence, self.decisions)


def no_regret(instance: Instance, scenarios: Sequence[str] = (), *, settings: Settings | None = None) -> NoRegret:
    """Decisions that the best plans of all scenarios, each known from the start, and of none share.

    Args:
        instance: checked input.
        scenarios: names; all of the instance where not given.
        settings: of each solve.

    Raises:
        InputError: there is no such scenario, or none at all.
    """
    names = [*(scenarios or instance.tables["scenarios"]["scenario"])]
    if not names:
        told = f"{instance.name} has no scenarios; write them into its table scenarios"
        raise InputError(instance.name, [Problem("scenarios", None, "", "", told)])
    kept, found, rows = Kept(instance, settings), list[Advice](), []
    for name in ["", *names]:
        cost, chosen = _solved(kept, instance.with_header(scenario=name))
        rows.append((name or "base", np.nan if cost is None else cost))
        if cost is not None:
            found.append(chosen)
    table = pd.DataFrame(rows, columns=["scenario", "cost"])
    used = sorted(frozenset[tuple[str, str]]().union(*found))
    counts = [sum(each in chosen for chosen in found) for each in used]
    decisions = pd.DataFrame(used, columns=["site", "material"])
    decisions["scenarios"] = counts
    decisions["all"] = ["yes" if count == len(found) else "no" for count in counts]
    return NoRegret(table, decisions.sort_values("scenarios", ascending=False, kind="stable", ignore_index=True))
