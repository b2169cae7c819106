"""The rows of the model that are not rules, written out again from ``docs/definitions.md``."""

import numpy as np
import pandas as pd

from planner.verify.columns import Quantities
from planner.verify.matrix import Matrix
from planner.verify.shipping import LANE
from planner.verify.world import World

NODE = ["site", "material", "period"]


def linked(rows: pd.DataFrame, members: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Each member beside its row."""
    return rows[[*on, "row"]].merge(members, on=on)


def balance(world: World, matrix: Matrix, q: Quantities) -> pd.DataFrame:
    """What enters a site leaves it: one row for each site, material and period that anything touches."""
    names = {t: world.label(t) for t in range(world.periods)}
    inside = q.flow[q.flow["arrival"] < world.periods].drop(columns="period")
    arriving = inside.assign(site=inside["destination"], period=inside["arrival"].map(names).astype(str))
    made = q.run[["process", "t", "period", "column"]].merge(world.recipes, on="process")
    terms: list[tuple[pd.DataFrame, pd.Series | float]] = [
        (arriving, 1 - arriving["loss"]),
        (q.flow.assign(site=q.flow["origin"]), -1.0),
        (q.sale, 1.0),
        (made, made["output"] - made["input"]),
        (q.release, 1.0),
        (q.fill, -1.0),
        (q.unmet, 1.0),
        (q.surplus, -1.0),
    ]
    entries = pd.concat([frame[[*NODE, "column"]].assign(coefficient=value) for frame, value in terms])
    came = q.coming.rename(columns={"destination": "site"}).groupby(NODE)["arriving"].sum()
    wanted = q.demand.groupby(NODE)["amount"].sum()
    right = wanted.sub(came, fill_value=0.0).rename("right").reset_index()
    nodes = pd.concat([entries[NODE], right[NODE]]).drop_duplicates().merge(right, on=NODE, how="left")
    right_side = nodes["right"].fillna(0.0)
    rows = matrix.rows("balance.node", nodes.assign(lower=right_side, upper=right_side))
    joined = linked(rows, entries, NODE)
    matrix.entries(joined, joined["coefficient"])
    return rows


def capacities(world: World, matrix: Matrix, q: Quantities, setups: pd.DataFrame) -> None:
    """No site sells, and no route carries, more than its capacity; a set-up uses capacity too."""
    sites = world.tables["sites"]
    limits = sites.loc[sites["capacity"].notna(), ["site", "capacity"]].rename(columns={"capacity": "limit"})
    sold = q.sale[["site", "t", "period", "column", "capacity_use"]].merge(limits, on="site")
    used = setups.groupby(["site", "period"])["setup_use"].sum().rename("setup").reset_index()
    keys = sold[["site", "period", "limit"]].drop_duplicates().merge(used, on=["site", "period"], how="left")
    upper = keys["limit"] * world.years_of_period - keys["setup"].fillna(0.0)
    rows = matrix.rows("capacity.site", keys.assign(lower=-np.inf, upper=upper))
    joined = linked(rows, sold, ["site", "period"])
    matrix.entries(joined, joined["capacity_use"])

    routes = world.tables["routes"].rename(columns={"origin": "site"})
    ends = ["site", "destination"]
    carried = q.flow[[*LANE, "t", "period", "column"]].rename(columns={"origin": "site"})
    carried = carried.merge(routes.loc[routes["capacity"].notna(), [*ends, "capacity"]], on=ends)
    keys = carried[[*ends, "period", "capacity"]].drop_duplicates()
    rows = matrix.rows("capacity.route", keys.assign(lower=-np.inf, upper=keys["capacity"] * world.years_of_period))
    matrix.entries(linked(rows, carried, [*ends, "period"]), 1.0)


def stockpiles(matrix: Matrix, q: Quantities) -> None:
    """Stock is carried from period to period, and enough is left at the end."""
    if q.held.empty:
        return
    pile = ["site", "material"]
    right = q.held["keep"] * q.held["start"]
    rows = matrix.rows("stockpile.carry", q.held[[*NODE, "t", "keep"]].assign(lower=right, upper=right))
    rows["column"] = q.held["column"]
    matrix.entries(rows, 1.0)
    before = rows[[*pile, "t", "column"]].assign(t=rows["t"] + 1)
    carried = rows.drop(columns="column").merge(before, on=[*pile, "t"])
    matrix.entries(carried, -carried["keep"])
    matrix.entries(rows.assign(column=q.fill["column"]), -1.0)
    matrix.entries(rows.assign(column=q.release["column"]), 1.0)

    last = q.held[q.held["least"].notna()]
    ends = matrix.rows("stockpile.final", last[[*pile, "column", "least"]].assign(lower=last["least"], upper=np.inf))
    matrix.entries(ends, 1.0)


def days_ahead(world: World, days: pd.DataFrame) -> pd.DataFrame:
    """Each row, with its ``days`` in period ``t``, once for each period ``ahead`` that they reach into, with the
    ``share`` of that period that counts; past the horizon the last period stands in.
    """
    reach = days["days"] / (365 * world.years_of_period)
    times = np.ceil(reach - 1e-12).clip(lower=0).astype(int).to_numpy()
    rows = days.loc[days.index.repeat(times)]
    step = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    share = np.minimum(1.0, np.repeat(reach.to_numpy(), times) - step)
    ahead = np.minimum(rows["t"].to_numpy(dtype=int) + 1 + step, world.periods - 1)
    rows = rows.assign(ahead=ahead, share=share)
    others = [column for column in rows if column != "share"]
    return rows.groupby(others, sort=False)["share"].sum().reset_index()


def covers(world: World, q: Quantities) -> pd.DataFrame:
    """Stockpiles that cover the same sites, by period, with the ``days`` that they must cover."""
    keys = ["covers", "material", "t"]
    return world.dated(q.held.groupby(keys)["cover_days"].max().rename("days").reset_index())


def consumption(world: World, q: Quantities) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each site consumes in each period: demand before unmet, ``amount``; and process input as entries."""
    demand = q.demand[["site", "material", "t", "amount"]]
    used = q.run[["process", "t", "column", "value"]].merge(world.recipes, on="process")
    used = used[used["input"] > 0]
    return demand, used[["site", "material", "t", "column", "value", "input"]]


def sites_covered(world: World, covers: pd.DataFrame) -> pd.DataFrame:
    """The sites that each name in ``covers`` stands for."""
    pairs = [(name, site) for name in covers["covers"].unique() for site in sorted(world.sites_of([name]))]
    return pd.DataFrame(pairs, columns=["covers", "site"]).astype(str)


def cover(world: World, matrix: Matrix, q: Quantities) -> None:
    """Stock covers so many days of the consumption that follows."""
    keys = ["covers", "material", "t"]
    asked = covers(world, q)
    asked = asked[asked["days"] > 0].reset_index(drop=True)
    if asked.empty:
        return
    ahead = days_ahead(world, asked[[*keys, "days"]]).merge(sites_covered(world, asked), on="covers")
    demand, used = consumption(world, q)
    at = {"t": "ahead"}
    wanted = ahead.merge(demand.rename(columns=at), on=["site", "material", "ahead"])
    need = (wanted["share"] * wanted["amount"]).groupby([wanted[key] for key in keys]).sum().rename("need")
    rows = asked.merge(need.reset_index(), on=keys, how="left")
    rows = matrix.rows(
        "stockpile.cover", rows.assign(site=rows["covers"], lower=rows["need"].fillna(0.0), upper=np.inf)
    )
    held = q.held[["covers", "material", "t", "column"]]
    matrix.entries(linked(rows, held, keys), 1.0)
    inputs = ahead.merge(used.rename(columns=at), on=["site", "material", "ahead"])
    joined = linked(rows, inputs, keys)
    matrix.entries(joined, -joined["share"] * joined["input"])


def held_ranks(matrix: Matrix, q: Quantities, held: pd.DataFrame) -> None:
    """The first ranks keep the least unmet demand that they were promised."""
    guarded = q.unmet[q.unmet["guarded"]]
    ranks = held[held["held"] > 0].assign(rule=lambda frame: frame["rank"].astype(int).astype(str))
    rows = matrix.rows("priority.held", ranks.assign(lower=-np.inf, upper=ranks["held"]))
    joined = linked(rows, guarded[["rank", "column", "weight"]], ["rank"])
    matrix.entries(joined, joined["weight"])
