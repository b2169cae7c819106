"""What a plan leaves of its sites: capacity that it does not use, offered again at the same prices.

Offers and processes run by calendar year (fixed charges, minimum awards, tiers), so each becomes a row a year with the
least of what any period of that year leaves. A site's shared capacity, lanes and routes have one number for the whole
horizon: what the fullest period leaves. Empty capacities stay empty. Stocks are not for sale.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from planner.instance import Instance
from planner.periods import PER_YEAR, horizon
from planner.plan import Plan

Tables = Mapping[str, pd.DataFrame]


def leaving(instance: Instance, tables: Tables, plan: Plan, sites: frozenset[str]) -> dict[str, pd.DataFrame]:
    """Tables in which some sites have what a plan leaves of them.

    Args:
        instance: what the plan was made for; its periods.
        tables: the tables that are changed.
        plan: the plan of those who own the sites.
        sites: whose capacities are cut.

    Returns:
        offers, processes, recipes, sites, lanes and routes.
    """
    head = instance.header
    periods = horizon(head.first_period, head.periods, head.period_length)
    rate = PER_YEAR[head.period_length]
    kept = {name: tables[name] for name in ("offers", "processes", "recipes", "sites", "lanes", "routes")}
    sold = _used(plan.tables["sales"], ["site", "material", "from"], "quantity") * rate
    kept["offers"] = _yearly(kept["offers"], sites, sold, ["site", "material", "from"], periods)
    active = _used(plan.tables["activity"], ["process"], "activity") * rate
    kept["processes"] = _yearly(kept["processes"], sites, active, ["process"], periods)
    kept["processes"], kept["recipes"] = _renamed(kept["processes"], kept["recipes"])
    sales = plan.tables["sales"].merge(instance.tables["offers"][["site", "material", "from", "capacity_use"]])
    taken = sales.assign(quantity=sales["quantity"] * sales["capacity_use"])
    kept["sites"] = _fullest(kept["sites"], sites, _used(taken, ["site"], "quantity") * rate, ["site"])
    flows = plan.tables["flows"]
    lane, route = ["origin", "destination", "material"], ["origin", "destination"]
    kept["lanes"] = _fullest(kept["lanes"], sites, _used(flows, lane, "quantity") * rate, lane)
    kept["routes"] = _fullest(kept["routes"], sites, _used(flows, route, "quantity") * rate, route)
    return kept


def _used(rows: pd.DataFrame, keys: list[str], column: str) -> pd.DataFrame:
    """Quantities by keys (rows) and period (columns)."""
    return rows.pivot_table(index=keys, columns="period", values=column, aggfunc="sum", fill_value=0.0)


def _yearly(
    frame: pd.DataFrame, sites: frozenset[str], used: pd.DataFrame, keys: list[str], periods: tuple[str, ...]
) -> pd.DataFrame:
    """A row a calendar year for each row of the sites, with the capacity that is left all through it."""
    mine = frame["site"].isin(sites)
    rows = []
    for row in frame[mine].to_dict("records"):
        own = [row[name] for name in keys]
        spent = used.loc[own[0] if len(own) == 1 else tuple(own)] if _has(used, own) else pd.Series(dtype=float)
        inside = [name for name in periods if (row["from"] or periods[0]) <= name <= (row["until"] or periods[-1])]
        for year in dict.fromkeys(name[:4] for name in inside):
            here = [name for name in inside if name[:4] == year]
            left = row["capacity"] - max(float(spent.get(name, 0.0)) for name in here)
            changed = {"from": here[0], "until": here[-1], "capacity": max(left, 0.0) if left == left else left}
            named = {"process": f"{row['process']} left in {year}", "was": row["process"]} if "process" in row else {}
            rows.append(row | changed | named)
    return pd.concat([frame[~mine], pd.DataFrame(rows)], ignore_index=True) if rows else frame


def _has(used: pd.DataFrame, own: list[str]) -> bool:
    return (own[0] if len(own) == 1 else tuple(own)) in used.index


def _renamed(processes: pd.DataFrame, recipes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Processes without the names that they had, and the recipes of those names for each."""
    if "was" not in processes:
        return processes, recipes
    new = processes.loc[processes["was"].notna(), ["was", "process"]]
    copied = recipes.merge(new, left_on="process", right_on="was", suffixes=("_old", ""))[list(recipes)]
    kept = recipes[~recipes["process"].isin(new["was"])]
    return processes.drop(columns="was"), pd.concat([kept, copied], ignore_index=True)


def _fullest(frame: pd.DataFrame, sites: frozenset[str], used: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Capacities of some sites, and of what begins there, less what the fullest period takes."""
    most = used.max(axis=1)
    own = pd.MultiIndex.from_frame(frame[keys]) if len(keys) > 1 else pd.Index(frame[keys[0]])
    taken = np.where(frame[keys[0]].isin(sites), most.reindex(own).fillna(0.0).to_numpy(), 0.0)
    return frame.assign(capacity=np.maximum(frame["capacity"] - taken, 0.0))
