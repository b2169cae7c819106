"""Checks of stockpiles: first and last rows, capacities, and the days of cover they hold for others."""

import numpy as np
import pandas as pd

from planner.checks.context import Network
from planner.checks.windows import numbers
from planner.findings import Findings, written
from planner.instance import Instance

_PAIR = ["site", "material"]


def _ordered(instance: Instance) -> pd.DataFrame:
    """Rows with their windows, in order of time, and whether each is the first or last of its stockpile."""
    rows = instance.tables["stockpiles"]
    frame = rows.assign(
        begin=np.maximum(numbers(instance, rows["from"], 0), 0),
        end=np.minimum(numbers(instance, rows["until"], instance.header.periods - 1), instance.header.periods - 1),
    ).sort_values([*_PAIR, "begin"], kind="stable")
    return frame.assign(first=~frame.duplicated(_PAIR), last=~frame.duplicated(_PAIR, keep="last"))


def first_and_last(instance: Instance, found: Findings) -> None:
    """The opening stock stands on the first row of a stockpile, the final stock on the last."""
    rows = _ordered(instance)
    told = "stands on a later row of this stockpile; only the first row has an opening stock"
    found.rows("stockpiles", rows.loc[~rows["first"] & (rows["initial"] > 0)], "initial", told)
    found.rows("stockpiles", rows.loc[~rows["first"] & (rows["initial_origin"] != "")], "initial_origin", told)
    told = "stands on an earlier row of this stockpile; only the last row has a final stock"
    found.rows("stockpiles", rows.loc[~rows["last"] & rows["final"].notna()], "final", told)


def capacities(instance: Instance, found: Findings) -> None:
    """Opening and final stock fit into the capacity."""
    rows = _ordered(instance)
    for column in ("initial", "final"):
        for line, stock, capacity in rows.loc[rows[column] > rows["capacity"], [column, "capacity"]].itertuples():
            told = f"'{written(stock)}' is above the capacity of {written(capacity)}; raise that or lower this"
            found.fault("stockpiles", line, column, stock, told)
    kept = rows.groupby(_PAIR, sort=False)["initial"].transform("first")
    carried = rows.loc[rows["last"] & rows["final"].isna() & (rows["initial"] == 0) & (kept > rows["capacity"])]
    told = "is below the opening stock, which must be there at the end where final is empty; give final"
    found.rows("stockpiles", carried, "capacity", lambda capacity: f"'{written(capacity)}' {told}")


def early_end(instance: Instance, found: Findings) -> None:
    """A stockpile that ends before the horizon with a stock and without a final stock: a warning."""
    rows = _ordered(instance)
    kept = rows.groupby(_PAIR, sort=False)["initial"].transform("first")
    early = rows.loc[rows["last"] & (rows["end"] < instance.header.periods - 1) & (kept > 0) & rows["final"].isna()]
    told = "is before the horizon's end, and final is empty: the opening stock must be there when the stockpile ends"
    found.rows("stockpiles", early, "until", lambda text: f"'{text}' {told}", warning=True)


def cover(instance: Instance, found: Findings) -> None:
    """Stockpiles that cover the same sites name the same days; else the largest counts: a warning."""
    rows = _ordered(instance)
    rows = rows.assign(who=rows["covers"].where(rows["covers"] != "", rows["site"]))
    for (who, material), members in rows.groupby(["who", "material"], sort=False):
        if members["cover_days"].nunique() < 2:
            continue
        group = members.sort_index()
        for at in range(1, len(group)):
            row, others = group.iloc[at], group.iloc[:at]
            clash = others.loc[
                (others["begin"] <= row["end"])
                & (others["end"] >= row["begin"])
                & (others["cover_days"] != row["cover_days"])
            ]
            if len(clash):
                told = f"line {int(clash.index[0])} covers {material} of {who} too, with other days"
                found.warn(
                    "stockpiles", int(group.index[at]), "cover_days", row["cover_days"], f"{told}: the largest counts"
                )


def covered(whole: Network, found: Findings) -> None:
    """Days of cover for sites that consume nothing of the material have no effect: a warning."""
    instance = whole.instance
    rows = instance.tables["stockpiles"]
    rows = rows.loc[rows["cover_days"] > 0]
    if rows.empty:
        return
    scope = whole.scope
    recipes = instance.tables["recipes"].merge(instance.tables["processes"][["process", "site"]], on="process")
    used = pd.concat([instance.tables["demands"][_PAIR], recipes.loc[recipes["input"] > 0, _PAIR]])
    sites_of = used.groupby("material")["site"].agg(set).to_dict()
    for line, site, material, covers in rows[["site", "material", "covers"]].itertuples():
        if not scope.sites([covers or site]) & sites_of.get(material, set()):
            told = f"'{covers or site}' consumes no {material}: the days of cover have no effect"
            found.warn("stockpiles", line, "cover_days", rows["cover_days"].loc[line], told)
