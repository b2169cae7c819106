"""Checks of stockpiles: first and last rows, capacities, and the days of cover they hold for others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.checks.context import Network
from planner.codes import Flags, Ints, contains, grouped
from planner.findings import Findings, written
from planner.instance import Instance
from planner.windows import windows

_PAIR = ["site", "material"]
Told = str | Callable[[Any], str]
"""What is wrong, or a function of the cell's value."""


@dataclass(frozen=True)
class Piles:
    """Rows of ``stockpiles`` as arrays, stockpile by stockpile in the order of time."""

    rows: pd.DataFrame
    order: Ints
    """Positions of the rows in the table."""
    begin: Ints
    """First period of the window, cut to the horizon."""
    end: Ints
    first: Flags
    """Whether it is the first row of its stockpile."""
    last: Flags
    kept: Array
    """The opening stock: that of the first row."""

    @classmethod
    def of(cls, instance: Instance) -> "Piles":
        """Every stockpile of an instance."""
        codes, (begin, end) = instance.codes, windows(instance, "stockpiles")
        pile, _ = grouped(codes.pick("stockpiles", _PAIR))
        order = np.lexsort((begin, pile))
        pile = pile[order]
        first = np.append(True, pile[1:] != pile[:-1])[: len(pile)]
        last = np.append(first[1:], True)[: len(pile)]
        opening = codes["stockpiles", "initial"][order]
        kept = opening[np.maximum.accumulate(np.where(first, np.arange(len(pile)), 0))]
        return cls(instance.tables["stockpiles"], order, begin[order], end[order], first, last, kept)


def _tell(piles: Piles, wrong: Flags, column: str, told: Told, found: Findings, *, warning: bool = False) -> None:
    """The same fault in several rows of stockpiles."""
    if wrong.any():
        rows = piles.rows.iloc[piles.order[wrong]]
        found.rows("stockpiles", rows, np.ones(len(rows), dtype=bool), column, told, warning=warning)


def first_and_last(instance: Instance, found: Findings) -> None:
    """The opening stock stands on the first row of a stockpile, the final stock on the last."""
    piles, codes = Piles.of(instance), instance.codes
    initial, origin, final = (
        cells[piles.order] for cells in codes.pick("stockpiles", ["initial", "initial_origin", "final"])
    )
    told = "stands on a later row of this stockpile; only the first row has an opening stock"
    _tell(piles, ~piles.first & (initial > 0), "initial", told, found)
    _tell(piles, ~piles.first & (origin > 0), "initial_origin", told, found)
    told = "stands on an earlier row of this stockpile; only the last row has a final stock"
    _tell(piles, ~piles.last & ~np.isnan(final), "final", told, found)


def capacities(instance: Instance, found: Findings) -> None:
    """Opening and final stock fit into the capacity."""
    piles, codes = Piles.of(instance), instance.codes
    initial, final, capacity = (
        cells[piles.order] for cells in codes.pick("stockpiles", ["initial", "final", "capacity"])
    )
    for column, stock in (("initial", initial), ("final", final)):
        wrong = piles.rows.iloc[piles.order[stock > capacity]][[column, "capacity"]]
        for line, amount, most in wrong.itertuples():
            told = f"'{written(amount)}' is above the capacity of {written(most)}; raise that or lower this"
            found.fault("stockpiles", line, column, amount, told)
    carried = piles.last & np.isnan(final) & (initial == 0) & (piles.kept > capacity)
    told = "is below the opening stock, which must be there at the end where final is empty; give final"
    _tell(piles, carried, "capacity", lambda most: f"'{written(most)}' {told}", found)


def early_end(instance: Instance, found: Findings) -> None:
    """A stockpile that ends before the horizon with a stock and without a final stock: a warning."""
    piles, final = Piles.of(instance), instance.codes["stockpiles", "final"]
    early = piles.last & (piles.end < instance.header.periods - 1) & (piles.kept > 0) & np.isnan(final[piles.order])
    told = "is before the horizon's end, and final is empty: the opening stock must be there when the stockpile ends"
    _tell(piles, early, "until", lambda text: f"'{text}' {told}", found, warning=True)


def cover(instance: Instance, found: Findings) -> None:
    """Stockpiles that cover the same sites name the same days; else the largest counts: a warning."""
    site, material, covers, days = instance.codes.pick("stockpiles", [*_PAIR, "covers", "cover_days"])
    who, first = grouped([np.where(covers > 0, covers, site), material])
    differs = days != days[first][who]
    if not differs.any():
        return
    piles = Piles.of(instance)
    rows = piles.rows.iloc[piles.order].assign(begin=piles.begin, end=piles.end, who=who[piles.order]).sort_index()
    for _, group in rows.loc[rows["who"].isin(who[differs])].groupby("who", sort=False):
        for at in range(1, len(group)):
            row, others = group.iloc[at], group.iloc[:at]
            clash = others.loc[
                (others["begin"] <= row["end"])
                & (others["end"] >= row["begin"])
                & (others["cover_days"] != row["cover_days"])
            ]
            if len(clash):
                told = (
                    f"line {int(clash.index[0])} covers {row['material']} of {row['covers'] or row['site']} too, with "
                )
                told += "other days: the largest counts"
                found.warn("stockpiles", int(group.index[at]), "cover_days", row["cover_days"], told)


def covered(whole: Network, found: Findings) -> None:
    """Days of cover for sites that consume nothing of the material have no effect: a warning."""
    instance, codes = whole.instance, whole.instance.codes
    site, material, covers, days = codes.pick("stockpiles", [*_PAIR, "covers", "cover_days"])
    used = whole.used
    alone = contains(used, [np.where(covers > 0, covers, site), material])
    rows = instance.tables["stockpiles"].loc[(days > 0) & ~alone, [*_PAIR, "covers", "cover_days"]]
    for line, site_name, material_name, who, asked in rows.itertuples():
        inside = codes.flagged(whole.scope.sites([who or site_name]))
        if not inside[used[0][used[1] == codes.code(material_name)]].any():
            told = f"'{who or site_name}' consumes no {material_name}: the days of cover have no effect"
            found.warn("stockpiles", line, "cover_days", asked, told)
