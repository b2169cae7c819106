"""What the charts and tiles of a plan's workbook show, each number taken from the plan's tables."""

from dataclasses import dataclass

import pandas as pd

from planner.plan import Plan
from planner.report.summary import place_names

MOST_BARS = 10
"""Bars of a chart of shares."""
MOST_SERIES = 6
"""Countries or materials that a chart tells apart; the rest are one series."""


@dataclass(frozen=True)
class Chart:
    """One chart and the numbers in it."""

    title: str
    """A finding."""
    told: str
    """What is plotted, and its unit."""
    kind: str
    """``bar`` (across), ``stacked`` (columns) or ``line``."""
    frame: pd.DataFrame
    """Labels in the first column, a series in each other one."""
    form: str
    """Form of the numbers."""


def charts(plan: Plan) -> list[Chart]:
    """The charts of a plan; those that would be empty are left out."""
    found = (_shares(plan), _costs(plan), _sources(plan), _stock(plan))
    return [chart for chart in found if chart is not None]


def _shares(plan: Plan) -> Chart | None:
    """Capped shares nearest to their caps, each in its tightest period, the latest of equals."""
    rules = plan.rules[(plan.rules["unit"] == "share") & plan.rules["kind"].str.startswith("max_")]
    rules = rules[rules["base"] > 0]
    if rules.empty:
        return None
    tight = rules.sort_values(["slack", "period"], ascending=[True, False], kind="stable")
    tight = tight.drop_duplicates(["rule", "material"]).head(MOST_BARS)
    names = place_names(plan.instance)
    period = tight["period"].str.split("..", regex=False).str[-1]
    label = tight["subject"].replace(names) + ", " + tight["material"] + " " + period
    frame = pd.DataFrame({"label": label, "actual": tight["actual"], "cap": tight["limit"]})
    at_cap = int((rules["slack"] <= 1e-6).sum())
    finding = f"{at_cap:,} of {len(rules):,} capped shares stand at their cap" if at_cap else "No share is at its cap"
    return Chart(finding, "share of each rule nearest to its cap", "bar", frame, "0%")


def _costs(plan: Plan) -> Chart | None:
    costs = plan.costs.groupby(["period", "component"])["amount"].sum().unstack(fill_value=0) / 1e6
    if costs.empty:
        return None
    total = plan.costs.groupby("component")["amount"].sum()
    first = str(total.idxmax())
    frame = _largest(costs, total).rename_axis("period").reset_index()
    share = total.max() / total[total > 0].sum() if (total > 0).any() else 0.0
    told = f"m {plan.instance.header.currency} by component, undiscounted"
    title = f"{first.replace('_', ' ').capitalize()} is {share:.0%} of all costs"
    return Chart(title, told, "stacked", frame, "#,##0")


def _sources(plan: Plan) -> Chart | None:
    """What is bought, by the seller's country."""
    bought = plan.sales[plan.sales["cost"] > 0]
    if bought.empty:
        return None
    sites = plan.instance.tables["sites"].set_index("site")["place"].replace(place_names(plan.instance))
    country = bought["site"].map(sites).replace("", "no country").rename("country")
    spent = bought.groupby(["period", country])["cost"].sum().unstack(fill_value=0) / 1e6
    total = spent.sum()
    share = total.max() / total.sum()
    frame = _largest(spent, total).rename_axis("period").reset_index()
    told = f"m {plan.instance.header.currency} a period by the seller's country, undiscounted"
    return Chart(f"{share:.0%} of what is bought comes from {total.idxmax()}", told, "stacked", frame, "#,##0")


def _stock(plan: Plan) -> Chart | None:
    """Closing stock by material."""
    closing = plan.stock.groupby(["period", "material"])["closing"].sum().unstack(fill_value=0)
    if closing.empty or not closing.to_numpy().any():
        return None
    peak = closing.sum(axis=1)
    frame = _largest(closing, closing.max()).rename_axis("period").reset_index()
    title = f"Stocks are largest at the end of {peak.idxmax()}: {peak.max():,.0f} t"
    return Chart(title, "t at the end of the period, by material", "line", frame, "#,##0")


def _largest(frame: pd.DataFrame, size: "pd.Series[float]") -> pd.DataFrame:
    """The largest columns, the others added up."""
    order = [str(name) for name in size.abs().sort_values(ascending=False, kind="stable").index]
    kept = frame[order[:MOST_SERIES]]
    rest = order[MOST_SERIES:]
    return kept.assign(**{f"{len(rest)} others": frame[rest].sum(axis=1)}) if rest else kept


@dataclass(frozen=True)
class Tile:
    """One figure of the summary."""

    label: str
    value: float
    form: str
    note: str


def tiles(plan: Plan) -> list[Tile]:
    """Five figures at most: cost, demand, largest source, cover, rules."""
    currency, demand = plan.instance.header.currency, float(plan.demand["demand"].sum())
    gap = "no plan costs less" if plan.gap <= 1e-6 else f"gap {plan.gap:.2%}"
    cost = Tile(f"Cost, m {currency}", plan.objective / 1e6, "#,##0.0", f"present value; {gap}")
    short = f"of {demand:,.0f} t demanded"
    found = [cost, Tile("Unmet demand, t", plan.unmet, "#,##0", short)]
    chart = _sources(plan)
    if chart is not None:
        spent = chart.frame.drop(columns="period").sum()
        found.append(Tile("Largest source", float(spent.max() / spent.sum()), "0%", f"{spent.idxmax()}, of spend"))
    asked = plan.cover[plan.cover["required_days"] > 0]
    if len(asked):
        worst = asked.iloc[int((asked["days"] - asked["required_days"]).to_numpy().argmin())]
        note = f"{worst['covers']}, {worst['material']}, {worst['period']}; {worst['required_days']:.0f} required"
        found.append(Tile("Tightest cover, days", float(worst["days"]), "#,##0", note))
    rules = plan.rules
    if len(rules):
        binding = int(rules.loc[rules["binding"] == "yes", "rule"].nunique())
        found.append(Tile("Rules that bind", binding, "0", f"of {rules['rule'].nunique()}"))
    return found
