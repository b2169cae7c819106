"""What can be loosened to make a plan possible: rules, promises of stock, awards, capacities, demand that must be met.

A lever is cells of one table that are loosened together, by the same amount in their own unit: all rows of a rule's
name (65 % becomes 71 %, and the 75 % of an earlier year 81 %). Its amount is counted in whole steps, so that what is
found is a number that people can write down: the least step with which there is a plan.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.branch import dear_unmet
from planner.analysis.changes import Add, Change, Set
from planner.instance import Instance
from planner.tables import TABLES

FAR = 1000.0
"""An amount without a bound is tried up to so many times its scale."""

CAPACITIES = {
    "offers": ("site", "material"),
    "processes": ("process",),
    "sites": ("site",),
    "lanes": ("origin", "destination", "material"),
    "routes": ("origin", "destination"),
    "stockpiles": ("site", "material"),
}
"""Tables with a capacity, and the names of what has it."""

WHOLE = ("share", "HHI")
"""Units in which 1 is all there can be."""

MAY_BE_UNMET = "may be unmet"
"""Priority of demand that a repair leaves unmet."""


@dataclass(frozen=True)
class Lever:
    """Cells of a table that are loosened together."""

    kind: str
    """``rule``, ``cover``, ``final``, ``award``, ``load``, ``capacity`` or ``demand``."""
    name: str
    """Name of the rule, or what is promised or limited where."""
    table: str
    column: str
    rows: tuple[int, ...]
    """Positions of the rows."""
    values: tuple[float, ...]
    """Their cells as they are."""
    sign: int
    """1 where a larger number is looser, −1 where a smaller one is."""
    unit: str
    """``share``, ``HHI``, ``days``, ``suppliers``, the mass unit, the currency, or the attribute."""
    step: float
    """The smallest amount that is told."""
    scale: float
    """Amount that weighs as much as one of the others: the limit itself, or what is usual where that is 0."""

    bottom: float = 0.0
    """The least that its cells may hold: some counts and awards cannot be 0."""

    @property
    def most(self) -> int:
        """Steps to the loosest limit that has a meaning: 100 %, or nothing; far out where there is none."""
        if self.sign < 0:
            return ceil((max(self.values) - self.bottom) / self.step - 1e-9)
        if self.unit in WHOLE:
            return ceil((1.0 - min(self.values)) / self.step - 1e-9)
        return ceil(FAR * self.scale / self.step)

    def limits(self, steps: int) -> list[float]:
        """The cells, loosened by so many steps."""
        top = 1.0 if self.unit in WHOLE else np.inf
        moved = (min(max(value + self.sign * steps * self.step, self.bottom), top) for value in self.values)
        return [float(f"{value:.10g}") for value in moved]

    def changes(self, instance: Instance, steps: int) -> list[Change]:
        """The same as changes of a what-if; those of demand let it go unmet, at whatever its amount turns out to be."""
        frame, made = instance.tables[self.table].iloc[list(self.rows)], self.limits(steps)
        if self.kind == "demand":
            where = {name: frame[name].iloc[0] for name in ("site", "material", "priority")}
            return [Set("demands", where, "priority", MAY_BE_UNMET)]
        if self.table == "rules" and len(set(made)) == 1:
            return [Set("rules", {"rule": self.name}, self.column, made[0])]
        keys = TABLES[self.table].KEY
        rows = [dict(zip(keys, cells, strict=True)) for cells in frame[list(keys)].itertuples(index=False)]
        return [Set(self.table, row, self.column, limit) for row, limit in zip(rows, made, strict=True)]

    def told(self, steps: int) -> str:
        """What is done, in words."""
        old, new = _range(self.values, self.unit), _range(self.limits(steps), self.unit)
        return _WORDS[self.kind, self.sign].format(name=self.name, old=old, new=new)


def loosened(instance: Instance, some: Iterable[tuple[Lever, int]]) -> Instance:
    """The instance with levers loosened by so many steps each; not checked again.

    Demand that is let go has the priority :data:`MAY_BE_UNMET`, which the instance must know (:func:`softening`).
    """
    tables = dict(instance.tables)
    for lever, steps in some:
        frame = tables[lever.table].copy()
        column, cells = ("priority", MAY_BE_UNMET) if lever.kind == "demand" else (lever.column, lever.limits(steps))
        frame.loc[frame.index[list(lever.rows)], column] = cells
        tables[lever.table] = frame
    return Instance(instance.header, tables).with_derived(instance)


_WORDS = {
    ("rule", 1): "cap {name} at {new} instead of {old}",
    ("rule", -1): "ask {new} of {name} instead of {old}",
    ("cover", -1): "cover {new} of {name} instead of {old}",
    ("final", -1): "leave {new} of {name} at the end instead of {old}",
    ("award", -1): "award {name} at least {new} instead of {old}, if at all",
    ("load", -1): "run {name} at {new} at least instead of {old}",
    ("capacity", 1): "let the capacity of {name} be {new} instead of {old}",
    ("demand", -1): "leave demand of {name} unmet",
}


def figure(value: float, unit: str) -> str:
    """A limit in its own unit."""
    return f"{100 * value:.6g} %" if unit == "share" else f"{value:,.8g} {unit}"


def _range(values: Iterable[float], unit: str) -> str:
    """Limits in their own unit, the first and the last where they differ."""
    told = list(dict.fromkeys(figure(value, unit) for value in values))
    return told[0] if len(told) == 1 else f"{told[0]} to {told[-1]}"


def levers(instance: Instance, *, capacities: bool, demand: bool) -> list[Lever]:
    """Everything that may be loosened, protected and priced rules left out.

    Args:
        instance: checked input.
        capacities: whether capacities may grow.
        demand: whether demand that must be met may go unmet.
    """
    found = [*_rules(instance), *_stock(instance), *_minima(instance)]
    if capacities:
        found += [lever for table in CAPACITIES for lever in _capacities(instance, table)]
    return found + ([*_demand(instance)] if demand else [])


def _lever(
    instance: Instance, kind: str, name: str, table: str, column: str, rows: Any, sign: int, unit: str, values: Any
) -> Lever:
    scale = max(abs(value) for value in values) or _usual(instance, unit)
    step = {"share": 1e-4, "HHI": 1e-4, "days": 0.1, "suppliers": 1.0}.get(unit, 10.0 ** (floor(log10(scale)) - 3))
    rows, values = (tuple(np.asarray(part).tolist()) for part in (rows, values))
    return Lever(kind, name, table, column, rows, values, sign, unit, step, scale)


def _usual(instance: Instance, unit: str) -> float:
    """What a limit of 0 is measured by: a tenth of a share, a typical demand, one of anything else."""
    quantity = instance.tables["demands"]["quantity"]
    mass = float(quantity.median()) if len(quantity) else 1.0
    return {"share": 0.1, "HHI": 0.1, instance.header.mass_unit: mass or 1.0}.get(unit, 1.0)


def _groups(frame: pd.DataFrame, keys: tuple[str, ...], chosen: Any) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """Positions of the chosen rows, by their cells in some columns, in the order of the table."""
    at = np.flatnonzero(np.asarray(chosen))
    for names, rows in frame.iloc[at].reset_index(drop=True).groupby(list(keys), sort=False).indices.items():
        yield (names if isinstance(names, tuple) else (names,)), at[rows]


def _rules(instance: Instance) -> Iterator[Lever]:
    table, head = instance.tables["rules"], instance.header
    firm = set(table.loc[table["protected"] == "yes", "rule"])
    for (name,), rows in _groups(table, ("rule",), table["penalty"].isna() & ~table["rule"].isin(firm)):
        kind, attribute = table["kind"].iloc[rows[0]], table["attribute"].iloc[rows[0]]
        side, _, what = kind.partition("_")
        units = {"share": "share", "hhi": "HHI", "spend": head.currency}
        units |= dict.fromkeys(("quantity", "award"), head.mass_unit)
        unit = units.get(what, attribute if what == "average" else what)
        if what == "award" and table["base"].iloc[rows[0]]:
            unit = "share"
        values = table["limit"].iloc[rows]
        found = _lever(instance, "rule", name, "rules", "limit", rows, 1 if side == "max" else -1, unit, values)
        yield replace(found, bottom=found.step) if kind in ("min_suppliers", "min_award") else found


def _stock(instance: Instance) -> Iterator[Lever]:
    table, mass = instance.tables["stockpiles"], instance.header.mass_unit
    covered = table.assign(covers=table["covers"].where(table["covers"] != "", table["site"]))
    for (who, material), rows in _groups(covered, ("covers", "material"), table["cover_days"] > 0):
        days = table["cover_days"].iloc[rows]
        yield _lever(instance, "cover", f"{material} for {who}", "stockpiles", "cover_days", rows, -1, "days", days)
    last = ~table.sort_values("from", kind="stable").duplicated(["site", "material"], keep="last").sort_index()
    opening = table.groupby(["site", "material"])["initial"].transform("sum")
    final = table["final"].fillna(opening)
    for (site, material), rows in _groups(table, ("site", "material"), last & (final > 0)):
        name, values = f"{material} at {site}", final.iloc[rows]
        yield _lever(instance, "final", name, "stockpiles", "final", rows, -1, mass, values)


def _minima(instance: Instance) -> Iterator[Lever]:
    offers, processes = instance.tables["offers"], instance.tables["processes"]
    for (site, material), rows in _groups(offers, ("site", "material"), offers["min_award"] > 0):
        name, values = f"{site} for {material}", offers["min_award"].iloc[rows]
        yield _lever(instance, "award", name, "offers", "min_award", rows, -1, instance.header.mass_unit, values)
    for (name,), rows in _groups(processes, ("process",), processes["min_load"] > 0):
        values = processes["min_load"].iloc[rows]
        yield _lever(instance, "load", name, "processes", "min_load", rows, -1, "share", values)


def _capacities(instance: Instance, table: str) -> Iterator[Lever]:
    frame, keys = instance.tables[table], CAPACITIES[table]
    for names, rows in _groups(frame, keys, frame["capacity"].notna()):
        form = {1: "{0}", 2: "{1} at {0}", 3: "the lane for {2} from {0} to {1}"}[len(names)]
        form = {"routes": "the route from {0} to {1}", "stockpiles": "the stock of {1} at {0}"}.get(table, form)
        name, values = form.format(*names), frame["capacity"].iloc[rows]
        yield _lever(instance, "capacity", name, table, "capacity", rows, 1, instance.header.mass_unit, values)


def must_be_met(instance: Instance) -> pd.Series:
    """Rows of demand that must be met: of no priority, or of one without cost where there is a single rank."""
    demands, priorities = instance.tables["demands"], instance.tables["priorities"]
    used = priorities.loc[priorities["priority"].isin(demands["priority"])]
    free = used.loc[used["unmet_cost"].isna() & (used["rank"].nunique() == 1), "priority"]
    return demands["priority"].isin(["", *free])


def _demand(instance: Instance) -> Iterator[Lever]:
    table = instance.tables["demands"]
    for (site, material, _), rows in _groups(table, ("site", "material", "priority"), must_be_met(instance)):
        values = table["quantity"].iloc[rows]
        if values.sum() > 0:
            name, mass = f"{site} for {material}", instance.header.mass_unit
            yield _lever(instance, "demand", name, "demands", "quantity", rows, -1, mass, values)


def softening(instance: Instance) -> list[Change]:
    """Changes that make the priority of demand that may be unmet, dearer than all supply."""
    demands, priorities = instance.tables["demands"], instance.tables["priorities"]
    used = priorities.loc[priorities["priority"].isin(demands["priority"]), "rank"]
    rank = int(used.max()) if len(used) else 1
    return [Add("priorities", {"priority": MAY_BE_UNMET, "rank": rank, "unmet_cost": dear_unmet(instance)})]
