"""Prints what a cap on the last seller leaves of China's element in magnets, and what a cap on origin does.

Run as ``python instances/allied-magnets/what_origin_shows.py``. The instance stays as it is; a rule is added to it:
at most 30 % of the NdPr in the magnets that the allies consume. By the last seller it is a cap on purchases, and the
origin is only looked at: a rule on it, priced at a millionth of a dollar, says how little of China the same purchases
can be assigned. By origin it is a cap on where the NdPr was mined.
"""

import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

import planner
from planner.instance import Instance
from planner.plan import Outcome

SHARE = 0.3
RULE = {
    "rule": "China",
    "kind": "max_share",
    "limit": SHARE,
    "subject_by": "place",
    "subject": "CHN",
    "stage": "magnet",
    "pool": "together",
    "market": "allies",
    "market_pool": "together",
    "base": "consumption",
    "per": "year",
}
CASES: dict[str, tuple[dict[str, object], ...]] = {
    "30 % by last seller": ({"basis": "purchases"},),
    "the same, origin looked at": ({"basis": "purchases"}, {"basis": "origin", "rule": "look", "penalty": 1e-6}),
    "30 % by origin": ({"basis": "origin"},),
}


def with_rules(instance: Instance, *rules: dict[str, object]) -> Instance:
    """The instance with more rows of rules."""
    more = pd.DataFrame([RULE | rule for rule in rules])
    return instance.with_tables(rules=pd.concat([instance["rules"], more], ignore_index=True))


def shares(outcome: Outcome) -> pd.DataFrame:
    """China's part of the NdPr in magnets, as assigned and under proportional mixing, by year; in tonnes of NdPr."""
    table = outcome.plan.origins
    totals = table.groupby("period")[["quantity", "mixed_quantity"]].sum()
    china = table.loc[table["place"] == "CHN"].set_index("period")[["quantity", "mixed_quantity"]]
    return (china.reindex(totals.index).fillna(0.0) / totals).set_axis(["assigned", "mixed"], axis=1)


def main() -> None:
    """Solve each case and print what it gives."""
    instance = planner.load("allied-magnets")
    for name, rules in CASES.items():
        started = time.process_time()
        outcome = planner.solve(with_rules(instance, *rules))
        seconds, size = time.process_time() - started, outcome.size
        cost, unmet = outcome.plan.objective / 1e9, outcome.plan.unmet
        print(f"{name}: {outcome.status}, {cost:.2f} bn USD, {unmet:,.0f} t unmet;")
        print(f"  {size['columns']:,} columns, {size['rows']:,} rows, {seconds:.1f} CPU s with checking and verifying")
        if len(outcome.plan.origins):
            print(shares(outcome).map("{:.0%}".format).T.to_string())


if __name__ == "__main__":
    main()
