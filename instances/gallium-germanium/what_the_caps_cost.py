"""Prints the figures of the README: what the third-country caps and the other rules cost, what the hosts allow.

Run as ``python instances/gallium-germanium/what_the_caps_cost.py``; ``--write`` puts them into the README.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from instances.cap_cost import Caps, command
from planner.plan import Plan

LAST_YEAR = "2030"
CAPS = Caps(
    Path(__file__).parent,
    materials=(
        "crude gallium",
        "refined gallium",
        "gallium wafer",
        "germanium concentrate",
        "germanium dioxide",
        "germanium tetrachloride",
        "germanium metal",
        "infrared optics",
    ),
    years=("2026", "2028", LAST_YEAR),
    horizon="five years",
)
FEEDS = ("Bayer liquor", "gallium residue", "germanium residue")


def figures() -> list[str]:
    """Solve with all rules and without each policy; lines of Markdown."""
    plan = CAPS.outcome.plan
    return [
        *CAPS.figures(),
        "",
        f"What {LAST_YEAR} could bring by nameplate and by host, t a year, and what is planned:",
        "",
        "| circuit | product | nameplate | host | planned |",
        "|---|---|---|---|---|",
        *_hosts(plan),
        "",
        "What the other policies cost over the horizon, M USD (present value):",
        "",
        "| rule | cost |",
        "|---|---|",
        *(
            f"| {name} | {(plan.objective - CAPS.without(name).objective) / 1e6:.1f} |"
            for name in ("export-ban", "weapons-from-participants", "industry")
        ),
    ]


def _hosts(plan: Plan) -> list[str]:
    """By its host: the feed of a full year of alumina or zinc times the recovery of the circuit."""
    recipes = plan.instance["recipes"].merge(plan.instance["processes"], on="process")
    feeds = recipes[recipes["material"].isin(FEEDS)]
    given = feeds[feeds["output"] > 0].set_index(["site", "material"])
    full = given["output"] * given["capacity"]
    taken = feeds[(feeds["input"] > 0) & ~feeds["process"].str.contains("first year")].sort_values("capacity")
    made = plan.made[plan.made["period"].str.startswith(LAST_YEAR)].groupby(["site", "material"])["output"].sum()
    lines = []
    for _, feed in taken.drop_duplicates(["site", "material"], keep="last").iterrows():
        product = "germanium dioxide" if feed["material"] == "germanium residue" else "crude gallium"
        own = recipes[(recipes["process"] == feed["process"]) & (recipes["material"] == product)]
        output = float(own["output"].iloc[0])
        bound = full[feed["site"], feed["material"]] / feed["input"] * output
        nameplate, planned = feed["capacity"] * output, made.get((feed["site"], product), 0.0)
        lines.append(f"| {feed['site']} | {product} | {nameplate:.1f} | {bound:.1f} | {planned:.1f} |")
    return lines


if __name__ == "__main__":
    command(__doc__, CAPS.folder, figures)
