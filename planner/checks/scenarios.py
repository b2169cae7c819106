"""Checks of scenarios: likelihoods, what each disrupts, and whether anything is there to be hit."""

import numpy as np

from planner.checks.context import Network
from planner.checks.windows import spans
from planner.codes import repeated
from planner.findings import Findings, suggest
from planner.instance import Instance
from planner.windows import steps

EXACT = 1e-6
"""Probabilities add up to 1 within this."""

SUBJECTS = ("place", "owner", "site", "group")


def header_scenario(instance: Instance, found: Findings) -> None:
    """``scenario`` in the header is one of the table."""
    name, known = instance.header.scenario, instance.codes.names("scenarios", "scenario")
    if name and name not in known:
        found.fault("instance", None, "scenario", name, f"no scenario '{name}'{suggest(name, known)}")


def probabilities(instance: Instance, found: Findings) -> None:
    """Given for all scenarios or for none, and 1 together: else a warning."""
    rows = instance.tables["scenarios"]
    given = rows["probability"].dropna()
    if not len(given):
        return
    line = int(given.index[-1])
    if len(given) < len(rows):
        told = f"{len(rows) - len(given)} of {len(rows)} scenarios have no probability; give all of them one, or none"
        found.warn("scenarios", line, "probability", given.iloc[-1], told)
    elif abs(given.sum() - 1.0) > EXACT:
        told = f"the probabilities add up to {given.sum():.6g}, not 1; add a scenario in which nothing happens"
        found.warn("scenarios", line, "probability", given.iloc[-1], told)


def sense(instance: Instance, found: Findings) -> None:
    """A row that contradicts itself, or that can change nothing, is told."""
    rows, codes = instance.tables["disruptions"], instance.codes
    if not len(rows):
        return
    to, activity = codes["disruptions", "to"] > 0, rows["activity"]
    told = "only dispatches have a destination: leave to empty, or make the activity ship"
    found.rows("disruptions", rows, to & activity.isin(["sell", "make"]).to_numpy(), "to", told)
    priced = (rows["price_factor"] != 1.0).to_numpy() & (to | activity.isin(["make", "ship"]).to_numpy())
    told = "prices are those of offers: leave the activity empty or make it sell, without to"
    found.rows("disruptions", rows, priced, "price_factor", told)
    plain = (rows["price_factor"] == 1.0) & (rows["demand_factor"] == 1.0) & (rows["keeps"] == 1.0)
    told = "keeps all of it and changes no price and no demand; the row has no effect"
    found.rows("disruptions", rows, plain.to_numpy(), "keeps", told, warning=True)


def timing(instance: Instance, found: Findings) -> None:
    """Scenarios start within the horizon; nothing is disrupted before that."""
    rows, count = instance.tables["scenarios"], instance.header.periods
    at = steps(instance, "scenarios", "start", 0)
    told = "lies outside the horizon; the scenario cannot start then"
    found.rows("scenarios", rows, (at < 0) | (at >= count), "start", lambda text: f"'{text}' {told}")
    start_of = dict(zip(rows["scenario"].tolist(), at.tolist(), strict=True))
    lines = instance.tables["disruptions"]
    begins, ends = spans(instance, "disruptions")
    starts = np.array([start_of.get(name, -1) for name in lines["scenario"].tolist()], dtype=np.int64)
    told = "is before the scenario starts; the row has no effect"
    found.rows(
        "disruptions", lines, (ends < starts) & (ends >= begins), "until", lambda text: f"'{text}' {told}", warning=True
    )


def empty(instance: Instance, found: Findings) -> None:
    """A scenario of which nothing is known, beside others with rows, changes nothing: a warning where it is alone."""
    rows, codes = instance.tables["scenarios"], instance.codes
    bare = ~codes.within(codes["scenarios", "scenario"], codes["disruptions", "scenario"])
    if bare.sum() > 1 and not repeated(codes.pick("scenarios", ["scenario"])).any():
        told = "has no row in disruptions, and neither has another one: nothing happens in both"
        found.rows("scenarios", rows, bare, "scenario", lambda name: f"'{name}' {told}", warning=True)


def reach(whole: Network, found: Findings) -> None:
    """``to`` is a site, a place or a group; a row that hits no site, or no price that it could change, is told."""
    rows, scope = whole.instance.tables["disruptions"], whole.scope
    stages = dict(zip(*(whole.instance.tables["materials"][name] for name in ("material", "stage")), strict=True))
    tiered = set(zip(*(whole.instance.tables["tiers"][name] for name in ("site", "material")), strict=True))
    for line, row in zip(rows.index.tolist(), rows.to_dict("records"), strict=True):
        if row["group"] and scope.kind(row["group"]) != "group":
            names = [*scope.groups, *(["home"] if scope.home else [])]
            found.fault(
                "disruptions", line, "group", row["group"], f"no group '{row['group']}'{suggest(row['group'], names)}"
            )
            continue
        if row["to"] and scope.kind(row["to"]) not in ("site", "place", "group"):
            names = [*scope.place_of, *scope.places, *scope.groups]
            told = f"no site, place or group '{row['to']}'{suggest(row['to'], names)}"
            found.fault("disruptions", line, "to", row["to"], told)
            continue
        sites = set(scope.place_of).intersection(*(scope.sites([row[kind]]) for kind in SUBJECTS if row[kind]))
        if not sites:
            found.warn("disruptions", line, "", "", "hits no site: no site fits all that the row names")
        elif row["to"] and not scope.sites([row["to"]]):
            found.warn("disruptions", line, "to", row["to"], f"'{row['to']}' holds no site; the row hits nothing")
        hit = any(
            site in sites and row["material"] in ("", goods) and row["stage"] in ("", stages[goods])
            for site, goods in tiered
        )
        if row["price_factor"] != 1.0 and hit:
            told = "hits an offer with tiers, whose prices no scenario changes yet; name offers without tiers"
            found.fault("disruptions", line, "price_factor", row["price_factor"], told)
