"""Stockpiles of an instance: rows into nodes, and the consumption ahead that each cover must hold."""

from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.network import Node, Stock
from planner.parts import Parts, demand_rows, group, spread, tuples

YEAR_DAYS = 365


def ahead(days: float, years: float, t: int, count: int) -> dict[int, float]:
    """How much of each period the next ``days`` after period t take: whole periods, then a fraction.

    Periods past the horizon count as the last one. D days are n = D / (365 Δ) periods.
    """
    periods = days / (YEAR_DAYS * years)
    whole = int(np.floor(periods + 1e-9))
    shares: dict[int, float] = {}
    for step in range(1, whole + 2):
        share = 1.0 if step <= whole else periods - whole
        if share > 1e-9:
            at = min(t + step, count - 1)
            shares[at] = shares.get(at, 0.0) + share
    return shares


def rows_by_period(parts: Parts) -> pd.DataFrame:
    """Every stockpile in every period, sorted; ``covers`` filled in."""
    frame = parts["stockpiles"]
    frame = frame.assign(covers=frame["covers"].where(frame["covers"] != "", frame["site"]))
    return spread(parts, frame).sort_values(["site", "material", "t"], kind="stable").reset_index(drop=True)


def stock(parts: Parts) -> Stock:
    """What can be held, and what must be."""
    rows = rows_by_period(parts)
    nodes: list[Node] = tuples(rows, ["site", "material", "t"])
    known = set(nodes)
    first = ~rows.duplicated(["site", "material"])
    last = ~rows.duplicated(["site", "material"], keep="last")
    initial = rows["initial"].where(first, 0.0)
    opening = rows.loc[first].set_index(["site", "material"])["initial"].to_dict()
    closing = rows.loc[last]
    final = {
        (site, material): float(opening[site, material] if np.isnan(value) else value)
        for site, material, value in tuples(closing, ["site", "material", "final"])
    }

    def by_node(values: pd.Series) -> dict[Node, float]:
        return dict(zip(nodes, values.fillna(np.inf).tolist(), strict=True))

    cover = _cover(parts, rows)
    return Stock(
        nodes=nodes,
        limit=by_node(rows["capacity"]),
        fill_limit=by_node(rows["fill_rate"] * parts.years),
        release_limit=by_node(rows["release_rate"] * parts.years),
        keeps=by_node((1 - rows["loss"]) ** parts.years),
        before={(i, k, t): [(i, k, t - 1)] if (i, k, t - 1) in known else [] for i, k, t in nodes},
        opening=by_node(initial),
        holding_cost=by_node(rows["holding_cost"] * parts.years),
        final={key: value for key, value in final.items() if value > 0},
        last=group(
            (key for key in tuples(closing, ["site", "material"]) if final[key] > 0),
            (node for node in tuples(closing, ["site", "material", "t"]) if final[node[:2]] > 0),
        ),
        **cover,
    )


def _cover(parts: Parts, rows: pd.DataFrame) -> dict[str, Any]:
    key = ["covers", "material", "t"]
    days = rows.groupby(key)["cover_days"].max()
    days = days[days > 0]
    holding = group(tuples(rows, key), tuples(rows, ["site", "material", "t"]))
    demand = demand_rows(parts).groupby(["site", "material", "t"])["amount"].sum().to_dict()
    recipes = parts["recipes"].merge(parts["processes"][["process", "site"]], on="process")
    uses = group(
        tuples(recipes.loc[recipes["input"] > 0], ["site", "material"]), recipes.loc[recipes["input"] > 0, "process"]
    )
    runs = set(tuples(spread(parts, parts["processes"]), ["process", "t"]))
    cover: list[Node] = [(c, k, int(t)) for c, k, t in days.index]
    shares: dict[Any, float] = {}
    cover_demand: dict[Node, float] = {}
    cover_use: dict[Node, list[Any]] = {}
    for node in cover:
        covers, material, t = node
        sites = parts.scope.sites([covers])
        window = ahead(float(days[node]), parts.years, t, parts.count)
        cover_demand[node] = sum(
            share * demand.get((site, material, u), 0.0) for site in sorted(sites) for u, share in window.items()
        )
        cover_use[node] = []
        for process in sorted(p for site in sites for p in uses.get((site, material), ())):
            for u, share in window.items():
                if (process, u) in runs:
                    cover_use[node].append((process, material, u))
                    shares[(*node, process, u)] = share
    return {
        "cover": cover,
        "covering": {node: holding[node] for node in cover},
        "cover_demand": cover_demand,
        "cover_use": cover_use,
        "cover_share": shares,
    }
