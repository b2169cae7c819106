"""What is used at all: charges, awards, set-ups and least loads, with every yes and no as the plan has it.

A yes lets quantities through, a no stops them: Σ quantity ≤ 0. How much a yes lets through beyond the capacities is the
solver's own matter (big-M): such a row is held at what the plan moves.
"""

import numpy as np
import pandas as pd

from planner.verify.columns import KEYS, Quantities
from planner.verify.faults import Faults, refuse
from planner.verify.matrix import Matrix
from planner.verify.world import World

SWITCH = ["site", "destination", "material", "process", "from"]


def yearly(world: World, frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each calendar year that a switch has periods in; ``t`` is the year's first period of the horizon."""
    first = {year: world.calendar.index(year) for year in world.calendar}
    frame = frame.drop(columns=["period", "t"]).drop_duplicates().rename(columns={"year": "period"})
    return frame.assign(t=frame["period"].map(first).astype(int))


def candidates(world: World, q: Quantities) -> pd.DataFrame:
    """Every yes or no that the input asks for, with its charge and, for awards and loads, the ``least`` quantity."""
    offers = q.sale[(q.sale["fixed_cost"] > 0) | (q.sale["min_award"] > 0)]
    offers = offers[["site", "material", "from", "year", "period", "t", "fixed_cost", "min_award"]]
    setups = q.sale.loc[q.sale["setup_use"] > 0, ["site", "material", "from", "period", "t", "setup_use"]]
    charged = q.run.loc[q.run["fixed_cost"] > 0, ["process", "year", "period", "t", "fixed_cost"]]
    loads = q.run.loc[q.run["min_load"] > 0, ["process", "period", "t", "min_load", "upper"]]
    shipped = q.flow.rename(columns={"origin": "site"})
    ends = ["site", "destination"]
    dated = ["year", "period", "t"]
    lanes = shipped.loc[shipped["fixed_cost"] > 0, [*ends, "material", *dated, "fixed_cost"]]
    routes = world.tables["routes"].rename(columns={"origin": "site"})
    routes = shipped[[*ends, *dated]].merge(routes.loc[routes["fixed_cost"] > 0, [*ends, "fixed_cost"]], on=ends)
    parts = {
        "offer": yearly(world, offers).rename(columns={"min_award": "least"}),
        "setup": setups,
        "process": yearly(world, charged),
        "run": loads.assign(least=loads["min_load"] * loads["upper"]),
        "lane": yearly(world, lanes),
        "route": yearly(world, routes),
    }
    every = pd.concat([frame.assign(kind=kind) for kind, frame in parts.items()], ignore_index=True)
    every = every.reindex(columns=["kind", *SWITCH, "period", "t", "fixed_cost", "least", "setup_use"])
    every[SWITCH] = every[SWITCH].astype(object).fillna("").astype(str)
    return every.fillna({"fixed_cost": 0.0, "least": 0.0, "setup_use": 0.0})


def switched(every: pd.DataFrame, found: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """The candidates with ``on`` as the plan says; a switch that the input does not have is a fault, and so is one
    that is neither yes nor no.
    """
    keys = KEYS["activations"]
    if found.empty:
        return every.assign(on=0.0)
    used = found.assign(on=1.0)
    both = used[[*keys, "on", "used"]].merge(every[keys], on=keys, how="left", indicator=True)
    refuse(faults, "activations", both[both["_merge"] == "left_only"], keys, "", "the input has no such charge")
    return every.merge(used[[*keys, "on"]], on=keys, how="left").fillna({"on": 0.0})


def stopped(matrix: Matrix, constraint: str, every: pd.DataFrame, members: pd.DataFrame, on: list[str]) -> None:
    """Nothing moves without a yes; ``members`` are the columns that a switch, named by ``on``, lets through."""
    if every.empty:
        return
    amount = members.groupby(on, sort=False)["value"].sum().rename("amount").reset_index()
    rows = every.merge(amount, on=on).assign(rule=lambda frame: frame["kind"])
    upper = rows["amount"].where(rows["on"] > 0, 0.0)
    rows = matrix.rows(constraint, rows.assign(lower=-np.inf, upper=upper))
    matrix.entries(rows[[*on, "row"]].merge(members[[*on, "column"]], on=on), 1.0)


def floors(matrix: Matrix, every: pd.DataFrame, members: pd.DataFrame, on: list[str]) -> None:
    """If anything, then at least so much."""
    asked = every[(every["on"] > 0) & (every["least"] > 0)]
    if asked.empty:
        return
    asked = asked.assign(rule=lambda frame: frame["kind"])
    rows = matrix.rows("activation.least", asked.assign(lower=-np.inf, upper=-asked["least"]))
    matrix.entries(rows[[*on, "row"]].merge(members[[*on, "column"]], on=on), -1.0)


def switches(matrix: Matrix, q: Quantities, every: pd.DataFrame) -> None:
    """Rows of everything that is switched."""
    if every.empty:
        return
    sold = q.sale[["site", "material", "from", "period", "year", "column", "value"]]
    ran = q.run[["process", "period", "year", "column", "value"]]
    shipped = q.flow.rename(columns={"origin": "site"})
    shipped = shipped[["site", "destination", "material", "period", "year", "column", "value"]]

    def by_year(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.drop(columns="period").rename(columns={"year": "period"})

    members = {
        "offer": (by_year(sold), ["site", "material", "from", "period"]),
        "setup": (sold, ["site", "material", "from", "period"]),
        "process": (by_year(ran), ["process", "period"]),
        "run": (ran, ["process", "period"]),
        "lane": (by_year(shipped), ["site", "destination", "material", "period"]),
        "route": (by_year(shipped), ["site", "destination", "period"]),
    }
    for kind, (frame, on) in members.items():
        of_kind = every[every["kind"] == kind]
        stopped(matrix, "activation.most", of_kind, frame, on)
        floors(matrix, of_kind, frame, on)
    routes, (moved, on) = every[every["kind"] == "route"], members["route"]
    each = routes.drop(columns="material").merge(moved[[*on, "material"]].drop_duplicates(), on=on)
    stopped(matrix, "activation.link", each, moved, [*on, "material"])
