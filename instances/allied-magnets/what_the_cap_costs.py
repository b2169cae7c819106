"""Prints the figures of the README: what the third-country cap costs and changes, and how much is assumed.

Run as ``python instances/allied-magnets/what_the_cap_costs.py``; ``--write`` puts them into the README.
"""

import argparse
from pathlib import Path

import pandas as pd

import planner
from planner.plan import Plan

HERE = Path(__file__).parent
CAP = "third-country-"
"""What the names of the cap's rules begin with, one rule a stage."""
MARKS = ("<!-- figures -->", "<!-- end of figures -->")
YEARS = ("2026", "2030", "2035")
MATERIALS = ("NdPr oxide", "Dy oxide", "NdPr metal", "Dy metal", "standard magnet", "hot magnet")


def main() -> None:
    """Print the figures; with ``--write`` also put them into the README, between its two marks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true")
    text = "\n".join(figures())
    print(text)
    if parser.parse_args().write:
        readme = HERE / "README.md"
        before, _, rest = readme.read_text("utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        readme.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", "utf-8")


def figures() -> list[str]:
    """Solve with the cap and without it; lines of Markdown."""
    instance = planner.load(HERE)
    rules = instance["rules"]
    outcome = planner.solve(instance)
    capped = outcome.plan
    free = planner.solve(instance.with_tables(rules=rules[~rules["rule"].str.startswith(CAP)])).plan
    size, extra = outcome.size, capped.objective - free.objective
    return [
        f"- {size['columns']:,} columns, {size['rows']:,} rows, {size['entries']:,} entries; {capped.status}.",
        f"- Cost with the cap {capped.objective / 1e9:.2f} bn USD, without it {free.objective / 1e9:.2f} bn USD: the",
        f"  cap costs {extra / 1e9:.2f} bn USD over ten years, {extra / free.objective:.1%} (present value).",
        f"- Unmet demand {_unmet(capped)}; without the cap {_unmet(free)}.",
        "",
        "Where the cap binds in three years or more, and what a tonne more would save:",
        "",
        "| stage | country | material | years | USD per tonne of excess allowed, undiscounted |",
        "|---|---|---|---|---|",
        *_binding(capped),
        "",
        "Purchases from the largest third country over what the allies consume, with the cap / without it:",
        "",
        f"| material | {' | '.join(YEARS)} |",
        "|---|" + "---|" * len(YEARS),
        *_shares(capped, free),
        "",
        "What the numeric cells of the tables rest on:",
        "",
        "| kind | cells | share |",
        "|---|---|---|",
        *_kinds(),
    ]


def _shares(capped: Plan, free: Plan) -> list[str]:
    third = set(capped.rules.loc[capped.rules["rule"].str.startswith(CAP), "subject"])
    before, after = _largest(free, third), _largest(capped, third)
    lines = []
    for material in MATERIALS:
        cells = (f"{after.get((material, year), '–')} / {before.get((material, year), '–')}" for year in YEARS)
        lines.append(f"| {material} | " + " | ".join(cells) + " |")
    return lines


def _kinds() -> list[str]:
    """How many numeric cells are of each kind; a definition (a tonne is a tonne) needs no source."""
    cells = pd.read_csv(HERE / "provenance.csv")
    kinds = cells["kind"].where(cells["source_file"].notna(), "definition").value_counts()
    total = int(kinds.sum())
    names = ("source", "estimate", "assumption", "definition")
    return [f"| {kind} | {kinds[kind]:,} | {kinds[kind] / total:.0%} |" for kind in names]


def _unmet(plan: Plan) -> str:
    defence = plan.demand.loc[plan.demand["priority"] == "defence", "unmet"].sum()
    return f"{plan.unmet:.0f} t, of defence {defence:.0f} t"


def _binding(plan: Plan) -> list[str]:
    rules = plan.rules[plan.rules["rule"].str.startswith(CAP) & (plan.rules["shadow_price"].abs() > 1)]
    lines = []
    for (rule, subject, material), rows in rules.groupby(["rule", "subject", "material"]):
        stage = str(rule).removeprefix(CAP)
        if len(rows) < 3:
            continue
        prices = -rows["shadow_price_undiscounted"]
        span = f"{rows['period'].min()}-{rows['period'].max()} ({len(rows)})"
        lines.append(f"| {stage} | {subject} | {material} | {span} | {prices.min():,.0f} to {prices.max():,.0f} |")
    return lines


def _largest(plan: Plan, third: set[str]) -> dict[tuple[str, str], str]:
    """Share and name of the largest third country by material and year, from the plan's tables alone."""
    places = plan.instance["sites"].set_index("site")["place"]
    flows = plan.flows.assign(place=plan.flows["origin"].map(places), to=plan.flows["destination"].map(places))
    flows = flows[flows["place"].isin(third) & ~flows["to"].isin(third)]
    bought = flows.groupby(["material", "period", "place"], as_index=False)["arriving"].sum()
    key = ["site", "material", "period"]
    uses = (plan.made.rename(columns={"input": "used"}), plan.demand.rename(columns={"consumed": "used"}))
    used = pd.concat([table[[*key, "used"]] for table in uses])
    used = used[~used["site"].map(places).isin(third)]
    total = used.groupby(["material", "period"])["used"].sum().reset_index()
    bought = bought.merge(total[total["used"] > 0.5])
    bought["share"] = bought["arriving"] / bought["used"]
    last = bought.sort_values("share").drop_duplicates(["material", "period"], keep="last")
    return {
        (row["material"], row["period"]): f"{100 * row['share']:.0f} % {row['place']}" for _, row in last.iterrows()
    }


if __name__ == "__main__":
    main()
