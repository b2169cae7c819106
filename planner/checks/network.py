"""Checks of sites, processes, lanes and what is under way, row by row or against one other table."""

import numpy as np

from planner.assembly.lanes import KEY
from planner.checks.context import Network
from planner.codes import contains, grouped
from planner.findings import MOST_AT_ONCE, Findings, written
from planner.instance import Instance
from planner.periods import horizon
from planner.windows import steps


def contents(instance: Instance, found: Findings) -> None:
    """Contents are stated of products only: a contained tonne is a tonne of its element."""
    codes = instance.codes
    contained = codes["materials", "material"][codes["materials", "basis"] == codes.code("contained")]
    wrong = codes.within(codes["contents", "material"], contained)
    told = "is counted as contained element: set its basis to product, or take the row out"
    found.rows("contents", instance.tables["contents"], wrong, "material", lambda name: f"'{name}' {told}")


def offers(instance: Instance, found: Findings) -> None:
    """An award fits into the capacity; setup needs a site capacity to be taken from."""
    rows, codes = instance.tables["offers"], instance.codes
    wrong = np.flatnonzero(codes["offers", "min_award"] > codes["offers", "capacity"])
    for line, award, capacity in rows.iloc[wrong][["min_award", "capacity"]].itertuples():
        told = f"'{written(award)}' is above the capacity of {written(capacity)}: it could never be bought; lower it"
        found.fault("offers", line, "min_award", award, told)
    stated = codes["sites", "site"][~np.isnan(codes["sites", "capacity"])]
    idle = (codes["offers", "setup_use"] > 0) & ~codes.within(codes["offers", "site"], stated)
    told = "takes from the site's capacity, and the site has none stated: it has no effect"
    found.rows("offers", rows, idle, "setup_use", told, warning=True)


def processes(instance: Instance, found: Findings) -> None:
    """A least load is a fraction of a capacity; a process has a recipe with an output."""
    rows, codes = instance.tables["processes"], instance.codes
    wrong = (codes["processes", "min_load"] > 0) & np.isnan(codes["processes", "capacity"])
    told = "is a fraction of the capacity, which is empty; give the capacity"
    found.rows("processes", rows, wrong, "min_load", told)
    process, taken, given = codes.pick("recipes", ["process", "input", "output"])
    known = codes.within(codes["processes", "process"], process)
    found.rows(
        "processes", rows, ~known, "process", lambda name: f"'{name}' has no recipe; it can do nothing", warning=True
    )
    idle = known & ~codes.within(codes["processes", "process"], process[given > 0])
    found.rows("processes", rows, idle, "process", lambda name: f"'{name}' gives nothing out", warning=True)
    told = "neither takes the material in nor gives it out"
    found.rows("recipes", instance.tables["recipes"], (taken == 0) & (given == 0), "input", told, warning=True)


def ends_differ(instance: Instance, found: Findings) -> None:
    """A lane leads from one site to another."""
    for table in ("lanes", "routes", "in_transit"):
        origin, destination = instance.codes.pick(table, ["origin", "destination"])
        wrong = (origin == destination) & (origin > 0)
        told = "'{}' is the origin too; name another site"
        found.rows(table, instance.tables[table], wrong, "destination", told.format)


def freight(instance: Instance, found: Findings) -> None:
    """A freight row names a stage or a material, never both."""
    rows = instance.tables["freight"]
    stage, material = instance.codes.pick("freight", ["stage", "material"])
    both, none = (stage > 0) & (material > 0), (stage == 0) & (material == 0)
    found.rows("freight", rows, both, "material", "names a material beside a stage; leave one of the two empty")
    found.rows("freight", rows, none, "stage", "names neither a stage nor a material; name one of the two")


def in_transit(instance: Instance, found: Findings) -> None:
    """What is under way arrives inside the horizon; what may be under way at the end arrives after it."""
    rows, last = instance.tables["in_transit"], instance.header.periods - 1
    at = steps(instance, "in_transit", "arrives", 0)
    quantity, final = instance.codes.pick("in_transit", ["quantity", "final"])
    told = "lies before the horizon; it is no longer under way"
    found.rows("in_transit", rows, at < 0, "arrives", lambda text: f"'{text}' {told}")
    late = "arrives after the horizon, where only final counts; move it to final or mend arrives"
    found.rows("in_transit", rows, (at > last) & (quantity > 0), "quantity", late)
    inside = (at >= 0) & (at <= last) & ~np.isnan(final)
    early = "is for arrivals after the horizon and this one is inside; leave it empty or mend arrives"
    found.rows("in_transit", rows, inside, "final", early)
    idle = (quantity == 0) & np.isnan(final)
    nothing = "neither quantity nor final is given; the row has no effect"
    found.rows("in_transit", rows, idle, "quantity", nothing, warning=True)


def in_transit_reach(whole: Network, found: Findings) -> None:
    """What is under way left before the start, what may be under way at the end leaves inside the horizon: warnings."""
    instance = whole.instance
    rows = instance.tables["in_transit"]
    if rows.empty:
        return
    lead = whole.lanes[[*KEY, "lead_time"]]
    frame = rows.reset_index().merge(lead, on=KEY, how="left").set_index("line")
    leaves = steps(instance, "in_transit", "arrives", 0) - frame["lead_time"].to_numpy()
    known, final = frame["lead_time"].notna().to_numpy(), (frame["final"] > 0).to_numpy()
    within = (leaves >= 0) & (leaves < instance.header.periods)
    late = known & (frame["quantity"] > 0).to_numpy() & within
    told = "is later than the lead time allows for a dispatch before the start"
    found.rows("in_transit", frame, late, "arrives", lambda text: f"'{text}' {told}", warning=True)
    vain = "cannot be reached by a dispatch within the horizon: final has no effect"
    found.rows("in_transit", frame, known & final & ~within, "arrives", lambda text: f"'{text}' {vain}", warning=True)
    nowhere = "there is no such lane: final has no effect"
    found.rows("in_transit", frame, ~known & final, "destination", nowhere, warning=True)


def lane_ends(whole: Network, found: Findings) -> None:
    """A lane starts where its material is sold, stored or arrives, and ends where it is needed, stored or leaves."""
    rows, codes = whole.instance.tables["lanes"], whole.instance.codes
    if rows.empty:
        return
    origin, destination, material = whole.ends
    stored = codes.pick("stockpiles", ["site", "material"])
    coming = codes.pick("in_transit", ["destination", "material"])
    for column, known, told in (
        (
            "origin",
            (whole.made, stored, coming, (destination, material)),
            "neither sells nor stores {}, and none arrives there: the lane is idle",
        ),
        (
            "destination",
            (whole.used, stored, (origin, material)),
            "neither needs nor stores {}, and none leaves it: the lane is idle",
        ),
    ):
        pairs = [np.concatenate(cells) for cells in zip(*known, strict=True)]
        places = np.flatnonzero(~contains(pairs, codes.pick("lanes", [column, "material"])))
        idle = rows[[column, "material"]].iloc[places[:MOST_AT_ONCE]]
        listed = [(line, site, f"'{site}' {told.format(name)}") for line, site, name in idle.itertuples()]
        found.several("lanes", column, listed, len(places), warning=True)


def routes(whole: Network, found: Findings) -> None:
    """A route without a lane between its sites has no effect: a warning."""
    rows, codes = whole.instance.tables["routes"], whole.instance.codes
    idle = ~contains(whole.ends[:2], codes.pick("routes", ["origin", "destination"]))
    found.rows("routes", rows, idle, "destination", "no lane joins these sites: the route has no effect", warning=True)


def duty_rates(whole: Network, found: Findings) -> None:
    """One row of ``duties`` holds for each lane and period, and a customs value is known where it is above 0."""
    instance = whole.instance
    lanes, rates = whole.lanes, whole.rates
    for problem in rates.problems:
        if problem.table == "duties":
            found.fault("duties", problem.line, problem.column, problem.value, problem.message)
    missing = (rates.rate > 0) & np.isnan(rates.value)
    if not missing.any():
        return
    bare = lanes.loc[missing.any(axis=1), KEY].drop_duplicates(["origin", "material"])
    stated = instance.tables["lanes"]
    lines = dict(zip(stated[KEY].itertuples(index=False, name=None), stated.index, strict=True))
    header = instance.header
    labels = horizon(header.first_period, header.periods, header.period_length)
    for at, origin, destination, material in bare.itertuples():
        told = f"the duty on {material} from {origin} to {destination} in {labels[int(missing[at].argmax())]} has no "
        told += f"customs value: give one for the lane or the material, or a price at which {origin} offers it"
        line = lines.get((origin, destination, material))
        found.fault("lanes" if line else "materials", int(line) if line else None, "customs_value", "", told)


def lead_times(instance: Instance, found: Findings) -> None:
    """A lane whose lead time is as long as the horizon delivers nothing that is dispatched in it: a warning."""
    periods = instance.header.periods
    told = f"is as long as the horizon of {periods} periods: nothing dispatched in it arrives in it"
    for table in ("lanes", "freight"):
        slow = instance.codes[table, "lead_time"] >= periods
        found.rows(table, instance.tables[table], slow, "lead_time", told, warning=True)


def recoveries(instance: Instance, found: Findings) -> None:
    """A process gives out no more of an element than it takes in (contained tonnes): a warning."""
    codes, rows = instance.codes, instance.tables["recipes"]
    material, basis, element = codes.pick("materials", ["material", "basis", "element"])
    _, first = grouped([material])
    first = first[(basis[first] == codes.code("contained")) & (element[first] > 0)]
    process, made_of, taken, given = codes.pick("recipes", ["process", "material", "input", "output"])
    contained = np.zeros(len(codes), dtype=np.int64)
    contained[material[first]] = element[first]
    of = np.flatnonzero(contained[made_of] > 0)
    group, at = grouped([process[of], contained[made_of[of]]])
    went, came = (np.bincount(group, amount[of], len(at)) for amount in (taken, given))
    for gain in np.flatnonzero((went > 0) & (came > went * (1 + 1e-9))).tolist():
        row = of[at[gain]]
        line = int(rows.index[(process == process[row]) & (given > 0)][0])
        name, what = codes.text(process[row]), codes.text(contained[made_of[row]])
        told = (
            f"'{name}' gives out {came[gain]:.6g} t of {what} for {went[gain]:.6g} t taken in; a recovery is at most 1"
        )
        found.warn("recipes", line, "output", np.nan, told)
