"""Checks of sites, processes, lanes and what is under way, row by row or against one other table."""

import numpy as np
import pandas as pd

from planner.checks.context import Network
from planner.checks.windows import numbers
from planner.findings import Findings, written
from planner.instance import Instance
from planner.lanes import KEY, sellers_and_needers
from planner.periods import horizon


def contents(instance: Instance, found: Findings) -> None:
    """Contents are stated of products only: a contained tonne is a tonne of its element."""
    materials, rows = instance.tables["materials"], instance.tables["contents"]
    contained = materials.loc[materials["basis"] == "contained", "material"]
    wrong = rows.loc[rows["material"].isin(contained)]
    told = "is counted as contained element: set its basis to product, or take the row out"
    found.rows("contents", wrong, "material", lambda name: f"'{name}' {told}")


def offers(instance: Instance, found: Findings) -> None:
    """An award fits into the capacity; setup needs a site capacity to be taken from."""
    rows = instance.tables["offers"]
    wrong = rows.loc[rows["min_award"] > rows["capacity"]]
    for line, award, capacity in wrong[["min_award", "capacity"]].itertuples():
        told = f"'{written(award)}' is above the capacity of {written(capacity)}: it could never be bought; lower it"
        found.fault("offers", line, "min_award", award, told)
    sites = instance.tables["sites"].drop_duplicates("site").set_index("site")["capacity"]
    capacity = rows["site"].map(sites)
    idle = rows.loc[(rows["setup_use"] > 0) & capacity.isna()]
    told = "takes from the site's capacity, and the site has none stated: it has no effect"
    found.rows("offers", idle, "setup_use", told, warning=True)


def processes(instance: Instance, found: Findings) -> None:
    """A least load is a fraction of a capacity; a process has a recipe with an output."""
    rows, recipes = instance.tables["processes"], instance.tables["recipes"]
    wrong = rows.loc[(rows["min_load"] > 0) & rows["capacity"].isna()]
    found.rows("processes", wrong, "min_load", "is a fraction of the capacity, which is empty; give the capacity")
    bare = rows.loc[~rows["process"].isin(recipes["process"])]
    found.rows("processes", bare, "process", lambda name: f"'{name}' has no recipe; it can do nothing", warning=True)
    makes = recipes.loc[recipes["output"] > 0, "process"]
    idle = rows.loc[rows["process"].isin(recipes["process"]) & ~rows["process"].isin(makes)]
    found.rows("processes", idle, "process", lambda name: f"'{name}' gives nothing out", warning=True)
    empty = recipes.loc[(recipes["input"] == 0) & (recipes["output"] == 0)]
    found.rows("recipes", empty, "input", "neither takes the material in nor gives it out", warning=True)


def ends_differ(instance: Instance, found: Findings) -> None:
    """A lane leads from one site to another."""
    for table in ("lanes", "routes", "in_transit"):
        rows = instance.tables[table]
        wrong = rows.loc[(rows["origin"] == rows["destination"]) & (rows["origin"] != "")]
        found.rows(table, wrong, "destination", lambda name: f"'{name}' is the origin too; name another site")


def freight(instance: Instance, found: Findings) -> None:
    """A freight row names a stage or a material, never both."""
    rows = instance.tables["freight"]
    both = rows.loc[(rows["stage"] != "") & (rows["material"] != "")]
    found.rows("freight", both, "material", "names a material beside a stage; leave one of the two empty")
    none = rows.loc[(rows["stage"] == "") & (rows["material"] == "")]
    found.rows("freight", none, "stage", "names neither a stage nor a material; name one of the two")


def in_transit(instance: Instance, found: Findings) -> None:
    """What is under way arrives inside the horizon; what may be under way at the end arrives after it."""
    rows = instance.tables["in_transit"]
    last = instance.header.periods - 1
    at = pd.Series(numbers(instance, rows["arrives"], 0), index=rows.index)
    early = rows.loc[at < 0]
    found.rows(
        "in_transit", early, "arrives", lambda text: f"'{text}' lies before the horizon; it is no longer under way"
    )
    after = rows.loc[(at > last) & (rows["quantity"] > 0)]
    told = "arrives after the horizon, where only final counts; move it to final or mend arrives"
    found.rows("in_transit", after, "quantity", told)
    inside = rows.loc[(at >= 0) & (at <= last) & rows["final"].notna()]
    told = "is for arrivals after the horizon and this one is inside; leave it empty or mend arrives"
    found.rows("in_transit", inside, "final", told)
    idle = rows.loc[(rows["quantity"] == 0) & rows["final"].isna()]
    found.rows(
        "in_transit", idle, "quantity", "neither quantity nor final is given; the row has no effect", warning=True
    )


def in_transit_reach(whole: Network, found: Findings) -> None:
    """What is under way left before the start, what may be under way at the end leaves inside the horizon: warnings."""
    instance = whole.instance
    rows = instance.tables["in_transit"]
    if rows.empty:
        return
    lead = whole.lanes[[*KEY, "lead_time"]]
    frame = rows.reset_index().merge(lead, on=KEY, how="left").set_index("line")
    frame["leaves"] = numbers(instance, frame["arrives"], 0) - frame["lead_time"]
    known = frame["lead_time"].notna()
    within = (frame["leaves"] >= 0) & (frame["leaves"] < instance.header.periods)
    late = frame.loc[known & (frame["quantity"] > 0) & within]
    told = "is later than the lead time allows for a dispatch before the start"
    found.rows("in_transit", late, "arrives", lambda text: f"'{text}' {told}", warning=True)
    final = frame["final"] > 0
    told = "cannot be reached by a dispatch within the horizon: final has no effect"
    found.rows(
        "in_transit", frame.loc[known & final & ~within], "arrives", lambda text: f"'{text}' {told}", warning=True
    )
    lost = frame.loc[~known & final]
    found.rows("in_transit", lost, "destination", "there is no such lane: final has no effect", warning=True)


def lane_ends(whole: Network, found: Findings) -> None:
    """A lane starts where its material is sold, stored or arrives, and ends where it is needed, stored or leaves."""
    instance = whole.instance
    rows = instance.tables["lanes"]
    if rows.empty:
        return
    tables = instance.tables
    sells, needs = sellers_and_needers(instance)
    lanes = whole.lanes
    pair = ["site", "material"]
    stored = tables["stockpiles"][pair]
    arrives = pd.concat([lanes, tables["in_transit"]])[["destination", "material"]].set_axis(pair, axis=1)
    leaves = lanes[["origin", "material"]].set_axis(pair, axis=1)
    for column, known, told in (
        ("origin", (sells, stored, arrives), "neither sells nor stores {}, and none arrives there: the lane is idle"),
        ("destination", (needs, stored, leaves), "neither needs nor stores {}, and none leaves it: the lane is idle"),
    ):
        pairs = pd.MultiIndex.from_frame(pd.concat([frame[pair] for frame in known]).drop_duplicates())
        idle = rows.loc[~pd.MultiIndex.from_frame(rows[[column, "material"]]).isin(pairs)]
        listed = (
            (line, site, f"'{site}' {text.format(material)}")
            for text in (told,)
            for line, site, material in idle[[column, "material"]].itertuples()
        )
        found.several("lanes", column, listed, len(idle), warning=True)


def routes(whole: Network, found: Findings) -> None:
    """A route without a lane between its sites has no effect: a warning."""
    instance = whole.instance
    rows = instance.tables["routes"]
    ends = ["origin", "destination"]
    pairs = pd.MultiIndex.from_frame(whole.lanes[ends])
    idle = rows.loc[~pd.MultiIndex.from_frame(rows[ends]).isin(pairs)]
    found.rows("routes", idle, "destination", "no lane joins these sites: the route has no effect", warning=True)


def duty_rates(whole: Network, found: Findings) -> None:
    """One row of ``duties`` holds for each lane and period, and a customs value is known where it is above 0."""
    instance = whole.instance
    lanes, rates = whole.lanes, whole.rates
    for problem in rates.problems:
        if problem.table == "duties":
            found.fault("duties", problem.line, problem.column, problem.value, problem.message)
    missing = (rates.rate > 0) & np.isnan(rates.value)
    bare = lanes.loc[missing.any(axis=1), KEY].drop_duplicates(["origin", "material"])
    stated = instance.tables["lanes"]
    lines = dict(zip(stated[KEY].itertuples(index=False, name=None), stated.index, strict=True)) if len(bare) else {}
    header = instance.header
    labels = horizon(header.first_period, header.periods, header.period_length)
    for at, origin, destination, material in bare.itertuples():
        told = f"the duty on {material} from {origin} to {destination} in {labels[int(missing[at].argmax())]} has no "
        told += f"customs value: give one for the lane or the material, or a price at which {origin} offers it"
        line = lines.get((origin, destination, material))
        found.fault("lanes" if line else "materials", int(line) if line else None, "customs_value", "", told)


def lead_times(instance: Instance, found: Findings) -> None:
    """A lane whose lead time is as long as the horizon delivers nothing that is dispatched in it: a warning."""
    for table in ("lanes", "freight"):
        rows = instance.tables[table]
        slow = rows.loc[rows["lead_time"] >= instance.header.periods]
        told = f"is as long as the horizon of {instance.header.periods} periods: nothing dispatched in it arrives in it"
        found.rows(table, slow, "lead_time", told, warning=True)


def recoveries(instance: Instance, found: Findings) -> None:
    """A process gives out no more of an element than it takes in (contained tonnes): a warning."""
    materials = instance.tables["materials"].drop_duplicates("material")
    contained = materials.loc[
        (materials["basis"] == "contained") & (materials["element"] != ""), ["material", "element"]
    ]
    recipes = instance.tables["recipes"]
    frame = recipes.merge(contained, on="material")
    sums = frame.groupby(["process", "element"], sort=False)[["input", "output"]].sum().reset_index()
    gains = sums.loc[(sums["input"] > 0) & (sums["output"] > sums["input"] * (1 + 1e-9))]
    for process, element, taken, given in gains.itertuples(index=False):
        line = int(recipes.index[(recipes["process"] == process) & (recipes["output"] > 0)][0])
        told = f"'{process}' gives out {given:.6g} t of {element} for {taken:.6g} t taken in; a recovery is at most 1"
        found.warn("recipes", line, "output", np.nan, told)
