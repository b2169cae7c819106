"""The figures of an instance's README: what its third-country caps cost and change, and how much is assumed."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

import planner
from planner.plan import Plan


def tell(folder: Path, materials: Iterable[str], years: Iterable[str]) -> Plan:
    """Solve an instance with its share caps and without them, and print both as Markdown.

    Every other rule holds in both plans.

    Args:
        folder: the instance, with ``provenance.csv``.
        materials: whose largest third country is shown, in the order of the chain.
        years: calendar years in which it is shown.

    Returns:
        The plan with the caps.
    """
    instance = planner.load(folder)
    rules = instance["rules"]
    capped = planner.solve(instance).plan
    free = planner.solve(instance.with_tables(rules=rules[rules["kind"] != "max_share"])).plan
    assert capped is not None and free is not None
    extra = capped.objective - free.objective
    print(f"- Cost with the caps {_money(capped.objective)}, without them {_money(free.objective)}, so they cost")
    print(f"  {_money(extra)} over the horizon, {extra / free.objective:.2%} (present value).")
    print(f"- Unmet demand {_unmet(capped)}; without the caps {_unmet(free)}.\n")
    print("Where the caps bind, with the range of their shadow price:\n")
    print("| stage | country | material | when | USD/t, present value |\n|---|---|---|---|---|")
    for line in _binding(capped):
        print(line)
    years = tuple(years)
    print("\nPurchases from the largest third country over what the allies consume, with the caps / without them:\n")
    print("| material | " + " | ".join(years) + " |\n|---|" + "---|" * len(years))
    before, after = _largest(free), _largest(capped)
    for material in materials:
        cells = (f"{after.get((material, year), '–')} / {before.get((material, year), '–')}" for year in years)
        print(f"| {material} | " + " | ".join(cells) + " |")
    print("\nWhat the cells of the tables rest on:\n")
    print("| kind | cells | share |\n|---|---|---|")
    kinds = pd.read_csv(folder / "provenance.csv")["kind"].value_counts()
    for kind in ("source", "estimate", "assumption"):
        print(f"| {kind} | {kinds[kind]:,} | {kinds[kind] / kinds.sum():.0%} |")
    return capped


def _money(amount: float) -> str:
    return f"{amount / 1e9:.2f} bn USD" if abs(amount) >= 1e9 else f"{amount / 1e6:.1f} M USD"


def _unmet(plan: Plan) -> str:
    defence = plan.demand.loc[plan.demand["priority"] == "defence", "unmet"].sum()
    return f"{plan.unmet:.0f} t, of defence {defence:.0f} t"


def _caps(plan: Plan) -> pd.DataFrame:
    """The report's rows of share caps."""
    return plan.rules[plan.rules["kind"] == "max_share"]


def _binding(plan: Plan) -> list[str]:
    rules = _caps(plan)
    lines = []
    for (rule, subject, material), rows in rules[rules["shadow_price"].abs() > 1].groupby(
        ["rule", "subject", "material"]
    ):
        stage = str(rule).removeprefix("third-country-")
        prices = rows["shadow_price"]
        span = f"{rows['period'].min()}-{rows['period'].max()} ({len(rows)})"
        lines.append(f"| {stage} | {subject} | {material} | {span} | {prices.min():,.0f} to {prices.max():,.0f} |")
    return lines


def _largest(plan: Plan) -> dict[tuple[str, str], str]:
    """Share and name of the largest third country by material and calendar year, from the plan's tables alone."""
    places = plan.instance["sites"].set_index("site")["place"]
    groups = plan.instance["groups"]
    members = groups.loc[groups["group"] == plan.instance.header.home, "member"]
    home = {*members, *groups.loc[groups["group"].isin(members), "member"]}
    flows = plan.flows.assign(
        place=plan.flows["origin"].map(places),
        to=plan.flows["destination"].map(places),
        year=plan.flows["arrives"].str[:4],
    )
    flows = flows[~flows["place"].isin(home) & flows["to"].isin(home)]
    bought = flows.groupby(["material", "year", "place"], as_index=False)["arriving"].sum()
    key = ["site", "material", "period"]
    uses = (plan.made.rename(columns={"input": "used"}), plan.demand.rename(columns={"consumed": "used"}))
    used = pd.concat([table[[*key, "used"]] for table in uses])
    used = used[used["site"].map(places).isin(home)].assign(year=lambda table: table["period"].str[:4])
    total = used.groupby(["material", "year"])["used"].sum().reset_index()
    bought = bought.merge(total[total["used"] > 0.5])
    bought["share"] = bought["arriving"] / bought["used"]
    last = bought.sort_values("share").drop_duplicates(["material", "year"], keep="last")
    return {(row["material"], row["year"]): f"{100 * row['share']:.0f} % {row['place']}" for _, row in last.iterrows()}
