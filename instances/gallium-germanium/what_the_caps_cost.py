"""Prints the figures of the README: what the third-country caps and the other rules cost, what the hosts allow.

Run as ``python instances/gallium-germanium/what_the_caps_cost.py``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import planner
from instances.cap_cost import tell
from planner.plan import Plan

MATERIALS = (
    "crude gallium",
    "refined gallium",
    "gallium wafer",
    "germanium concentrate",
    "germanium dioxide",
    "germanium tetrachloride",
    "germanium metal",
    "infrared optics",
)
FEEDS = ("Bayer liquor", "gallium residue", "germanium residue")
LAST_YEAR = "2030"


def hosts(plan: Plan) -> None:
    """What each circuit could make by its nameplate and by its host, and what is planned of it, t a year.

    By its host: the feed in a full year of alumina or zinc times the recovery of the circuit.
    """
    instance = plan.instance
    recipes = instance["recipes"].merge(instance["processes"], on="process")
    feeds = recipes[recipes["material"].isin(FEEDS)]
    given = feeds[feeds["output"] > 0].set_index(["site", "material"])
    full = given["output"] * given["capacity"]
    taken = feeds[(feeds["input"] > 0) & ~feeds["process"].str.contains("first year")]
    made = plan.made[plan.made["period"].str.startswith(LAST_YEAR)].groupby(["site", "material"])["output"].sum()
    print("\nWhat the last year could bring, t a year, by nameplate and by host:\n")
    print(f"| circuit | product | nameplate | host | planned in {LAST_YEAR} |\n|---|---|---|---|---|")
    for _, feed in taken.sort_values("capacity").drop_duplicates(["site", "material"], keep="last").iterrows():
        product = "germanium dioxide" if feed["material"] == "germanium residue" else "crude gallium"
        own = recipes[(recipes["process"] == feed["process"]) & (recipes["material"] == product)]
        output = float(own["output"].iloc[0])
        nameplate = feed["capacity"] * output
        bound = full[feed["site"], feed["material"]] / feed["input"] * output
        planned = made.get((feed["site"], product), 0.0)
        print(f"| {feed['site']} | {product} | {nameplate:.1f} | {bound:.1f} | {planned:.1f} |")


def others(plan: Plan) -> None:
    """What each of the other policies costs: the plan with all rules less the plan without it."""
    table = plan.instance["rules"]
    print("\nWhat the other rules cost over the horizon, present value:\n")
    print("| rule | M USD |\n|---|---|")
    for name in ("export-ban", "weapons-from-participants", "industry", "EU-processing"):
        free = planner.solve(plan.instance.with_tables(rules=table[~table["rule"].str.startswith(name)])).plan
        assert free is not None
        print(f"| {name} | {(plan.objective - free.objective) / 1e6:.1f} |")


if __name__ == "__main__":
    capped = tell(Path(__file__).parent, MATERIALS, years=("2026", "2028", LAST_YEAR))
    hosts(capped)
    others(capped)
