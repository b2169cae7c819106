"""Who supplies most: the largest share at every stage, also of what no rule caps."""

import numpy as np
import pandas as pd

from planner.plan import Plan
from planner.report.summary import place_names
from planner.scope import Scope

COLUMNS = ["stage", "material", "subject", "share", "quantity", "used"]


def shares(plan: Plan) -> pd.DataFrame:
    """What each country outside home supplies of what home uses, by stage, material and period.

    Columns: :data:`COLUMNS` and ``period``; ``quantity`` [t arriving from outside, of the plan's ``concentration``],
    ``used`` [t, demand met and process input at the sites of home]. Without a home group ``used`` is everything that
    arrives. A country is called by its name.
    """
    found = plan.concentration
    found = found[(found["basis"] == "purchases") & (found["by"] == "place")].copy()
    home = plan.instance.header.home
    if home:
        sites = Scope.of(plan.instance).sites([home])
        used = _used(plan, sites)
        at = pd.MultiIndex.from_frame(found[["material", "period"]])
        found["used"] = used.reindex(at).fillna(0.0).to_numpy()
    else:
        found["used"] = found.groupby(["material", "period"])["quantity"].transform("sum")
    found["share"] = np.divide(found["quantity"], found["used"], out=np.zeros(len(found)), where=found["used"] > 0)
    found["subject"] = found["subject"].replace(place_names(plan.instance)).replace("", "no country")
    return found[["period", *COLUMNS]].reset_index(drop=True)


def _used(plan: Plan, sites: frozenset[str]) -> "pd.Series[float]":
    """Demand met and process input at some sites, by material and period [t]."""
    demand, made = plan.demand[plan.demand["site"].isin(sites)], plan.made[plan.made["site"].isin(sites)]
    met = demand.groupby(["material", "period"])["consumed"].sum()
    return met.add(made.groupby(["material", "period"])["input"].sum(), fill_value=0.0)


def largest(plan: Plan, reference: Plan | None, period: str) -> pd.DataFrame:
    """The largest supplier of each material in one period, in the order of the materials table.

    Columns: ``stage``, ``material``, ``subject``, ``share``, ``before_subject``, ``before`` (of the reference; NaN
    without one, 0 where it buys none), ``cap`` (the tightest cap on what one country supplies of that material by
    itself in that period; NaN where no rule caps it).
    """
    now, caps = _top(shares(plan), period), _caps(plan, period)
    before = _top(shares(reference), period) if reference is not None else now.iloc[:0]
    both = now.join(before.add_suffix("_before"), how="outer")
    materials = plan.instance.tables["materials"]
    stage = materials.set_index("material")["stage"]
    both = both.reindex([name for name in materials["material"] if name in both.index])
    return pd.DataFrame(
        {
            "stage": stage.reindex(both.index).to_numpy(),
            "material": both.index.to_numpy(),
            "subject": both["subject"].fillna("none").to_numpy(),
            "share": both["share"].fillna(0.0).to_numpy(),
            "before_subject": both["subject_before"].fillna("none").to_numpy(),
            "before": both["share_before"].fillna(np.nan if reference is None else 0.0).to_numpy(),
            "cap": both.index.map(caps).astype(float).to_numpy(),
        }
    )


def _top(found: pd.DataFrame, period: str) -> pd.DataFrame:
    """The largest supplier of each material in a period: ``subject`` and ``share``, by material."""
    rows = found[(found["period"] == period) & (found["quantity"] > 1e-9)]
    rows = rows.sort_values("share", ascending=False, kind="stable").drop_duplicates("material")
    return rows.set_index("material")[["subject", "share"]]


def _caps(plan: Plan, period: str) -> dict[str, float]:
    """The tightest cap on what one country supplies of a material by itself, in a period."""
    table = plan.instance.tables["rules"]
    by_place = table.loc[(table["kind"] == "max_share") & (table["subject_by"] == "place"), "rule"]
    rules = plan.rules
    rules = rules[rules["rule"].isin(set(by_place)) & (rules["period"] == period) & (rules["unit"] == "share")]
    return {str(name): float(limit) for name, limit in rules.groupby("material")["limit"].min().items()}
