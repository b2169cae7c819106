"""Prints the figures of the README: what the third-country cap costs and changes, and how much is assumed.

    python instances/allied-magnets/what_the_cap_costs.py
"""

from pathlib import Path

import pandas as pd

import planner
from planner.plan import Plan

HERE = Path(__file__).parent
YEARS = ("2026", "2030", "2035")


def main() -> None:
    """Solve with the cap and without it, and print both as Markdown."""
    instance = planner.load(HERE)
    capped = planner.solve(instance).plan
    free = planner.solve(instance.with_tables(rules=instance["rules"].iloc[:0])).plan
    assert capped is not None and free is not None
    print(f"- Cost with the cap {capped.objective / 1e9:.2f} bn USD, without it {free.objective / 1e9:.2f} bn USD,")
    print(f"  so the cap costs {(capped.objective - free.objective) / 1e9:.2f} bn USD over ten years (present value).")
    print(f"- Unmet demand {capped.unmet:.0f} t, of defence {_defence(capped):.0f} t; without the cap {free.unmet:.0f} t.\n")
    print("Where the cap binds, with the range of its shadow price:\n")
    print("| stage | country | material | years | USD/t, present value |\n|---|---|---|---|---|")
    for line in _binding(capped):
        print(line)
    print("\nLargest share of a third country in what the allies consume, with the cap and without it:\n")
    print("| material | " + " | ".join(YEARS) + " |\n|---|" + "---|" * len(YEARS))
    shares = _shares(capped)
    for material, cells in shares.items():
        print(f"| {material} | " + " | ".join(f"{cell} / {_shares(free)[material][at]}" for at, cell in enumerate(cells)) + " |")
    print("\nWhat the cells of the tables rest on:\n")
    print("| kind | cells | share |\n|---|---|---|")
    kinds = pd.read_csv(HERE / "provenance.csv")["kind"].value_counts()
    for kind in ("source", "estimate", "assumption"):
        print(f"| {kind} | {kinds[kind]:,} | {kinds[kind] / kinds.sum():.0%} |")


def _defence(plan: Plan) -> float:
    return float(plan.demand.loc[plan.demand["priority"] == "defence", "unmet"].sum())


def _binding(plan: Plan) -> list[str]:
    rules = plan.rules[plan.rules["shadow_price"].abs() > 1]
    lines = []
    for (rule, subject, material), rows in rules.groupby(["rule", "subject", "material"]):
        stage = str(rule).removeprefix("third-country-")
        prices = rows["shadow_price"]
        span = f"{rows['period'].min()}-{rows['period'].max()} ({len(rows)})"
        lines.append(f"| {stage} | {subject} | {material} | {span} | {prices.min():,.0f} to {prices.max():,.0f} |")
    return lines


def _shares(plan: Plan) -> dict[str, list[str]]:
    """Purchases from the largest third country over consumption, per year; from the plan's tables alone."""
    places = plan.instance["sites"].set_index("site")["place"]
    third = {"CHN", "MYS", "VNM", "THA", "BRA", "MMR", "MDG"}
    flows = plan.flows[["origin", "destination", "material", "period", "arriving"]].copy()
    flows["place"] = flows["origin"].map(places)
    flows = flows[flows["place"].isin(third) & ~flows["destination"].map(places).isin(third)]
    used = plan.made[["site", "material", "period", "input"]].rename(columns={"input": "tonnes"})
    eaten = plan.demand[["site", "material", "period", "consumed"]].rename(columns={"consumed": "tonnes"})
    consumed = pd.concat([used, eaten])
    consumed = consumed[~consumed["site"].map(places).isin(third)].groupby(["material", "period"])["tonnes"].sum()
    bought = flows.groupby(["material", "period", "place"])["arriving"].sum().unstack().fillna(0)
    table: dict[str, list[str]] = {}
    for material in ("NdPr oxide", "Dy oxide", "NdPr metal", "Dy metal", "standard magnet", "hot magnet"):
        table[material] = []
        for year in YEARS:
            base = consumed.get((material, year), 0.0)
            row = bought.loc[(material, year)] if (material, year) in bought.index else None
            if base < 0.5:
                table[material].append("–")
            elif row is None or row.max() == 0:
                table[material].append("0 %")
            else:
                table[material].append(f"{row.max() / base:.0%} {row.idxmax()}".replace("%", " %"))
    return table


if __name__ == "__main__":
    main()
