"""Who supplies most: the largest share at every stage, also of what no rule caps."""

import numpy as np
import pandas as pd

from planner.plan import Plan
from planner.report.summary import place_names
from planner.scope import Scope


def shares(plan: Plan, year: str) -> pd.DataFrame:
    """What each country outside home supplies of what home uses, over the periods of a calendar year.

    Columns: ``material``, ``subject`` (a country by its name), ``quantity`` [t arriving from outside, of the plan's
    ``concentration``], ``used`` [t, demand met and process input at the sites of home in all periods of the year] and
    ``share``. Without a home group ``used`` is everything that arrives.
    """
    found = plan.concentration
    found = found[(found["basis"] == "purchases") & (found["by"] == "place") & found["period"].str.startswith(year)]
    sums = found.groupby(["material", "subject"], sort=False)["quantity"].sum().reset_index()
    sums = sums[sums["quantity"] > 1e-9].reset_index(drop=True)
    home = plan.instance.header.home
    if home:
        used = _used(plan, Scope.of(plan.instance).sites([home]), year)
        sums["used"] = sums["material"].map(used).astype("float64").fillna(0.0)
    else:
        sums["used"] = sums.groupby("material")["quantity"].transform("sum")
    sums["share"] = (sums["quantity"] / sums["used"].where(sums["used"] > 0)).fillna(0.0)
    sums["subject"] = sums["subject"].replace(place_names(plan.instance)).replace("", "no country")
    return sums


def _used(plan: Plan, sites: frozenset[str], year: str) -> "pd.Series[float]":
    """Demand met and process input at some sites in a calendar year, by material [t]."""
    demand, made = (
        frame[frame["site"].isin(sites) & frame["period"].str.startswith(year)] for frame in (plan.demand, plan.made)
    )
    met = demand.groupby("material")["consumed"].sum()
    return met.add(made.groupby("material")["input"].sum(), fill_value=0.0)


def largest(plan: Plan, reference: Plan | None, year: str) -> pd.DataFrame:
    """The largest supplier of each material in one calendar year, in the order of the materials table.

    Columns: ``stage``, ``material``, ``subject``, ``share``, ``before_subject``, ``before`` (of the reference; NaN
    without one, 0 where it buys none), ``cap`` (the tightest cap on what one country supplies of that material by
    itself in that year or a period of it; NaN where no rule caps it).
    """
    now, caps = _top(plan, year), _caps(plan, year)
    before = _top(reference, year) if reference is not None else now.iloc[:0]
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


def _top(plan: Plan, year: str) -> pd.DataFrame:
    """The largest supplier of each material in a year: ``subject`` and ``share``, by material."""
    rows = shares(plan, year).sort_values("share", ascending=False, kind="stable").drop_duplicates("material")
    return rows.set_index("material")[["subject", "share"]]


def _caps(plan: Plan, year: str) -> dict[str, float]:
    """The tightest cap on what one country supplies of a material by itself, in a year or its last period."""
    table = plan.instance.tables["rules"]
    by_place = table.loc[(table["kind"] == "max_share") & (table["subject_by"] == "place"), "rule"]
    rules = plan.rules
    ends = rules["period"].str.split("..", regex=False).str[-1]
    rules = rules[rules["rule"].isin(set(by_place)) & ends.str.startswith(year) & (rules["unit"] == "share")]
    return {str(name): float(limit) for name, limit in rules.groupby("material")["limit"].min().items()}
