"""What to do: where a plan differs from the one that it is compared with, in the order in which it begins."""

from typing import Any

import numpy as np
import pandas as pd

from planner.plan import Plan
from planner.report.summary import mass, percent, place_names

COLUMNS = ["decision", "site", "country", "material", "since", "until", "quantity", "before", "after", "effect", "why"]
MOST = 10
"""Decisions that are told; the others move less money."""


def decisions(plan: Plan, reference: Plan, rules: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """The differences that move most money, first in time first.

    Columns: ``decision`` (buy, make or hold: new, no longer, more or less), ``site``, ``country``, ``material``,
    ``since``, ``until`` (first and last period in which they differ), ``before`` and ``after`` [t over the horizon; of
    a stock the mean held], ``quantity`` (after less before), ``effect`` [present value: what that purchase, plant or
    stock itself costs more or less; what follows from it elsewhere is another line] and ``why``.

    Args:
        plan: the plan.
        reference: the plan that it is compared with.
        rules: :func:`planner.report.summary.binding_rules` of the plan.
        most: how many.
    """
    parts = [_changes(plan, reference, *source) for source in SOURCES]
    if not any(map(len, parts)):
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat([part for part in parts if len(part)], ignore_index=True)
    found = found[found["quantity"].abs() > 1e-6 * found[["before", "after"]].max(axis=1).clip(lower=1.0)]
    size = found["effect"].abs().sort_values(ascending=False, kind="stable").index[:most]
    chosen = found.loc[size].sort_values(["since", "effect"], ascending=[True, False], kind="stable", ignore_index=True)
    site = plan.instance.tables["sites"].set_index("site")["place"].replace(place_names(plan.instance))
    chosen["country"] = chosen["site"].map(site).fillna("")
    chosen["why"] = [_why(row, chosen, rules, plan) for _, row in chosen.iterrows()]
    return chosen[COLUMNS]


SOURCES = (
    ("Buy", "sales", "quantity", "purchase"),
    ("Make", "made", "output", "processing"),
    ("Hold", "stock", "closing", "holding"),
)
"""Verb, table, its tonnes and the component of the cost that goes with them."""


def _changes(plan: Plan, reference: Plan, verb: str, table: str, tonnes: str, component: str) -> pd.DataFrame:
    """How one table differs, by site and material."""
    names = ["site", "material"]
    wide = [_by_period(which.tables[table], tonnes) for which in (reference, plan)]
    index, columns = wide[0].index.union(wide[1].index), wide[0].columns.union(wide[1].columns)
    before, after = (frame.reindex(index=index, columns=columns, fill_value=0.0) for frame in wide)
    moved = (after - before).abs() > 1e-6 * pd.DataFrame(np.maximum(before, after)).clip(lower=1.0)
    keep = moved.any(axis=1)
    if not keep.any():
        return pd.DataFrame(columns=[*names, "before", "after", "since", "until", "quantity", "effect", "decision"])
    before, after, moved = before[keep], after[keep], moved[keep]
    since, until = moved.idxmax(axis=1), moved.iloc[:, ::-1].idxmax(axis=1)
    if table == "stock":  # a stock is held, not used up: the mean of the periods
        before, after = before / max(len(columns), 1), after / max(len(columns), 1)
    found = pd.DataFrame({"before": before.sum(axis=1), "after": after.sum(axis=1), "since": since, "until": until})
    found["quantity"] = found["after"] - found["before"]
    found["effect"] = _cost(plan, component, found.index) - _cost(reference, component, found.index)
    found["decision"] = [_verb(verb, *row) for row in zip(found["before"], found["after"], strict=True)]
    return found.rename_axis(names).reset_index()


def _by_period(frame: pd.DataFrame, tonnes: str) -> pd.DataFrame:
    kept = frame[frame[tonnes] > 0]
    return kept.pivot_table(index=["site", "material"], columns="period", values=tonnes, aggfunc="sum", fill_value=0.0)


def _cost(plan: Plan, component: str, index: pd.Index) -> "pd.Series[float]":
    """Present value of a component by site and material; a plant's goes to its products by their part."""
    costs = plan.costs[plan.costs["component"] == component]
    if component != "processing":
        told = costs.groupby(["site", "material"])["present_value"].sum()
        return told.reindex(index).fillna(0.0)
    made = plan.made[plan.made["output"] > 0].merge(plan.activity, on=["process", "site", "period"])
    factor = plan.costs.drop_duplicates("period").set_index("period")["discount_factor"]
    made["value"] = made["cost"] * made["period"].map(factor).astype("float64").fillna(1.0)
    made["value"] *= made["output"] / made.groupby(["process", "period"])["output"].transform("sum")
    return made.groupby(["site", "material"])["value"].sum().reindex(index).fillna(0.0)


def _verb(verb: str, before: float, after: float) -> str:
    if before <= 1e-6:
        return f"{verb}, new"
    if after <= 1e-6:
        return f"{verb} no longer"
    return f"{verb} more" if after > before else f"{verb} less"


def _why(row: "pd.Series[Any]", chosen: pd.DataFrame, rules: pd.DataFrame, plan: Plan) -> str:
    """The binding rule that speaks of this supplier or material, else where the tonnes go."""
    site, material, rises = str(row["site"]), str(row["material"]), float(row["quantity"]) > 0
    names, worth = [site, str(row["country"])], rules[rules["worth"] > 0]
    same = worth[worth["material"].isin([material, _stages(plan).get(material, ""), "all"])]
    asked = same[same["kind"].str.startswith("min_") & same["name"].isin(names)]
    caps = worth[worth["kind"].str.startswith("max_") & (worth["unit"] == "share")]
    if rises and len(asked):
        return f"{asked['rule'].iloc[0]} asks for it"
    hit = caps[caps["name"].isin(names) & caps["rule"].isin(same["rule"]) & caps["material"].isin(same["material"])]
    if not rises and len(hit):
        return f"{hit['rule'].iloc[0]}: at most {percent(hit['last_limit'].iloc[0])} from {hit['name'].iloc[0]}"
    onward = {material} | (_onward(plan, site, material) if str(row["decision"]).startswith("Make") else set())
    freed = caps[caps["material"].isin(onward) & ~caps["name"].isin(names)]
    if rises and len(freed):
        made = "" if freed["material"].iloc[0] == material else f", as {freed['material'].iloc[0]}"
        return f"Takes what {freed['rule'].iloc[0]} keeps from {freed['name'].iloc[0]}{made}"
    return _otherwise(row, chosen, plan)


def _otherwise(row: "pd.Series[Any]", chosen: pd.DataFrame, plan: Plan) -> str:
    """Where the tonnes go, or who delivers them instead."""
    site, material, rises = str(row["site"]), str(row["material"]), float(row["quantity"]) > 0
    if str(row["decision"]).startswith("Hold"):
        return "Cover follows what is used" if rises else "Less is used that it covers"
    flows = plan.flows[(plan.flows["origin"] == site) & (plan.flows["material"] == material)]
    to = flows.groupby("destination")["quantity"].sum().sort_values(ascending=False, kind="stable")
    if rises and len(to):
        most = f"{percent(to.iloc[0] / to.sum())} goes to {to.index[0]}"
        return most if len(to) == 1 else f"Feeds {len(to)} sites, {most}"
    others = chosen[(chosen["material"] == material) & (chosen["quantity"].astype(float) > 0)]
    if not rises and len(others):
        return f"{others['site'].iloc[0]} delivers {mass(float(others['quantity'].iloc[0]))} t more"
    return "Used at the site itself" if rises else "No longer needed at that price"


def _onward(plan: Plan, site: str, material: str) -> set[str]:
    """What a site makes of a material, through all its processes."""
    made, found, open_names = plan.made[plan.made["site"] == site], set[str](), {material}
    while open_names:
        using = made[made["material"].isin(open_names) & (made["input"] > 0)]["process"].unique()
        output = made[made["process"].isin(using) & (made["output"] > 0)]["material"]
        open_names = {str(name) for name in output} - found
        found |= open_names
    return found


def _stages(plan: Plan) -> dict[str, str]:
    materials = plan.instance.tables["materials"]
    return dict(zip(materials["material"], materials["stage"], strict=True))
