"""The figures of an instance's README: what its third-country cap costs and changes, and how much is assumed."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

import planner
from planner.plan import Outcome, Plan

CAP = "third-country-"
"""What the names of the cap's rules begin with, one rule a stage."""
MARKS = ("<!-- figures -->", "<!-- end of figures -->")


@dataclass(frozen=True)
class Caps:
    """An instance with third-country caps, and what its README shows of them."""

    folder: Path
    """The instance, with ``provenance.csv``."""
    materials: tuple[str, ...]
    """Whose largest third country is shown, in the order of the chain."""
    years: tuple[str, ...]
    """Calendar years in which it is shown."""
    horizon: str
    """Length of the horizon in words."""
    least_years: int = 1
    """A cap is shown where it binds in so many years or more."""

    @cached_property
    def outcome(self) -> Outcome:
        """Solved as it stands."""
        return planner.solve(planner.load(self.folder))

    def without(self, prefix: str) -> Plan:
        """The plan without the rules whose names begin with ``prefix``; every other rule holds."""
        instance = self.outcome.plan.instance
        rules = instance["rules"]
        return planner.solve(instance.with_tables(rules=rules[~rules["rule"].str.startswith(prefix)])).plan

    def figures(self) -> list[str]:
        """Solve with the cap and without it; lines of Markdown."""
        capped, free = self.outcome.plan, self.without(CAP)
        size, extra = self.outcome.size, capped.objective - free.objective
        share = f"{extra / free.objective:.1%}" if extra > 0.001 * free.objective else f"{extra / free.objective:.2%}"
        often = f" in {_NUMBERS[self.least_years]} years or more" if self.least_years > 1 else ""
        return [
            f"- {size['columns']:,} columns, {size['rows']:,} rows, {size['entries']:,} entries; {capped.status}.",
            f"- Cost with the cap {_money(capped.objective)}, without it {_money(free.objective)}: the",
            f"  cap costs {_money(extra)} over {self.horizon}, {share} (present value).",
            f"- Unmet demand {_unmet(capped)}; without the cap {_unmet(free)}.",
            "",
            f"Where the cap binds{often}, and what a tonne more would save:",
            "",
            "| stage | country | material | years | USD per tonne of excess allowed, undiscounted |",
            "|---|---|---|---|---|",
            *self._binding(),
            "",
            "Purchases from the largest third country over what the allies consume, with the cap / without it:",
            "",
            f"| material | {' | '.join(self.years)} |",
            "|---|" + "---|" * len(self.years),
            *self._shares(free),
            "",
            "What the numeric cells of the tables rest on:",
            "",
            "| kind | cells | share |",
            "|---|---|---|",
            *self._kinds(),
        ]

    def _binding(self) -> list[str]:
        rules = self.outcome.plan.rules
        rules = rules[rules["rule"].str.startswith(CAP) & (rules["shadow_price"].abs() > 1)]
        lines = []
        for (rule, subject, material), rows in rules.groupby(["rule", "subject", "material"]):
            if len(rows) < self.least_years:
                continue
            stage = str(rule).removeprefix(CAP)
            prices = -rows["shadow_price_undiscounted"]
            span = f"{rows['period'].min()}-{rows['period'].max()} ({len(rows)})"
            lines.append(f"| {stage} | {subject} | {material} | {span} | {prices.min():,.0f} to {prices.max():,.0f} |")
        return lines

    def _shares(self, free: Plan) -> list[str]:
        rules = self.outcome.plan.rules
        third = set(rules.loc[rules["rule"].str.startswith(CAP), "subject"])
        before, after = _largest(free, third), _largest(self.outcome.plan, third)
        lines = []
        for material in self.materials:
            cells = (f"{after.get((material, year), '–')} / {before.get((material, year), '–')}" for year in self.years)
            lines.append(f"| {material} | " + " | ".join(cells) + " |")
        return lines

    def _kinds(self) -> list[str]:
        """How many numeric cells are of each kind; a definition (a tonne is a tonne) needs no source."""
        cells = pd.read_csv(self.folder / "provenance.csv")
        kinds = cells["kind"].where(cells["source_file"].notna(), "definition").value_counts()
        total = int(kinds.sum())
        names = ("source", "estimate", "assumption", "definition")
        return [f"| {kind} | {kinds[kind]:,} | {kinds[kind] / total:.0%} |" for kind in names]


_NUMBERS = ("no", "one", "two", "three")


def command(told: str | None, folder: Path, figures: Callable[[], list[str]]) -> None:
    """Print the figures; with ``--write`` also put them into the README, between its two marks."""
    parser = argparse.ArgumentParser(description=(told or "").splitlines()[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    text = "\n".join(figures())
    print(text)
    if write:
        readme = folder / "README.md"
        before, _, rest = readme.read_text("utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        readme.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", "utf-8")


def _money(amount: float) -> str:
    return f"{amount / 1e9:.2f} bn USD" if abs(amount) >= 1e9 else f"{amount / 1e6:.1f} M USD"


def _unmet(plan: Plan) -> str:
    defence = plan.demand.loc[plan.demand["priority"] == "defence", "unmet"].sum()
    return f"{plan.unmet:.0f} t, of defence {defence:.0f} t"


def _largest(plan: Plan, third: set[str]) -> dict[tuple[str, str], str]:
    """Share and name of the largest third country by material and calendar year, from the plan's tables alone."""
    places = plan.instance["sites"].set_index("site")["place"]
    flows = plan.flows.assign(
        place=plan.flows["origin"].map(places),
        to=plan.flows["destination"].map(places),
        year=plan.flows["arrives"].str[:4],
    )
    flows = flows[flows["place"].isin(third) & ~flows["to"].isin(third)]
    bought = flows.groupby(["material", "year", "place"], as_index=False)["arriving"].sum()
    key = ["site", "material", "period"]
    uses = (plan.made.rename(columns={"input": "used"}), plan.demand.rename(columns={"consumed": "used"}))
    used = pd.concat([table[[*key, "used"]] for table in uses])
    used = used[~used["site"].map(places).isin(third)]
    total = used.groupby(["material", used["period"].str[:4].rename("year")])["used"].sum().reset_index()
    bought = bought.merge(total[total["used"] > 0.5])
    bought["share"] = bought["arriving"] / bought["used"]
    last = bought.sort_values("share").drop_duplicates(["material", "year"], keep="last")
    return {(row["material"], row["year"]): f"{100 * row['share']:.0f} % {row['place']}" for _, row in last.iterrows()}
