"""Facts of a plan that every writer shares: the answer, five figures, the rules that bind, the largest purchases."""

from dataclasses import dataclass

import pandas as pd

from planner.plan import Plan


@dataclass(frozen=True)
class Summary:
    """A plan in few words and tables."""

    sentence: str
    figures: tuple[tuple[str, str], ...]
    rules: pd.DataFrame
    """Binding rules, dearest first: rule, subject, material, period, limit, shadow_price."""
    purchases: pd.DataFrame
    """Site, material, quantity [mass unit over the horizon] and cost [undiscounted], dearest first."""


def summarise(plan: Plan, most: int = 8) -> Summary:
    """The facts of a plan; ``most`` rows of each table."""
    head = plan.instance.header
    rules = plan.rules[(plan.rules["binding"] == "yes") & plan.rules["shadow_price"].abs().gt(0)]
    rules = rules.sort_values("shadow_price", key=lambda price: -price.abs(), kind="stable")
    bought = plan.sales.groupby(["site", "material"], sort=False)[["quantity", "cost"]].sum().reset_index()
    bought = bought[bought["quantity"] > 0].sort_values("cost", ascending=False, kind="stable")
    total = f"{plan.objective:,.0f}" if abs(plan.objective) < 1e6 else money(plan.objective)
    wanted = float(plan.demand["demand"].sum())
    unmet = "all demand is met" if plan.unmet <= 1e-6 * max(wanted, 1) else f"{mass(plan.unmet)} of demand is unmet"
    sentence = f"The plan costs {total} {head.currency} and {unmet}"
    if len(rules):
        first = rules.iloc[0]
        about = " ".join(str(first[name]) for name in ("subject", "material", "period") if first[name])
        worth = f"{abs(first['shadow_price']):,.2f} {head.currency} a unit of the limit's row"
        sentence += f"; the rule that costs most is {first['rule']} ({about}): loosening it is worth {worth}"
    figures = (
        ("cost, present value", f"{total} {head.currency}"),
        ("status, gap", f"{plan.status}, {plan.gap:.2%}"),
        ("unmet demand", f"{mass(plan.unmet)} {head.mass_unit} of {mass(wanted)} {head.mass_unit}"),
        ("bought", f"{mass(float(bought['quantity'].sum()))} {head.mass_unit} from {bought['site'].nunique()} sites"),
        ("rules that bind", f"{rules['rule'].nunique()} of {plan.rules['rule'].nunique()}"),
    )
    columns = ["rule", "subject", "material", "period", "limit", "shadow_price"]
    return Summary(f"{sentence}.", figures, rules[columns].head(most), bought.head(most))


def money(amount: float) -> str:
    """An amount for people: 1.23 bn, 45.6 m, 7,890."""
    for size, name in ((1e9, "bn"), (1e6, "m")):
        if abs(amount) >= size:
            return f"{amount / size:,.2f} {name}"
    return f"{amount:,.0f}"


def mass(amount: float) -> str:
    """Tonnes for people: no decimals from ten on."""
    return f"{amount:,.0f}" if abs(amount) >= 10 or abs(amount) < 1e-9 else f"{amount:,.3g}"
