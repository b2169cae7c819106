"""Every lane, derived again: those stated, those that follow from freight rates, and the duty on each dispatch."""

import numpy as np
import pandas as pd

from planner.verify.world import World

LANE = ["origin", "destination", "material"]
PAIR = ["site", "material"]


def sellers(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who sells which material, and who needs which; a depot does both."""
    tables, recipes = world.tables, world.recipes
    sells = pd.concat([tables["offers"][PAIR], recipes.loc[recipes["output"] > 0, PAIR]])
    needs = pd.concat([tables["demands"][PAIR], recipes.loc[recipes["input"] > 0, PAIR]])
    held = pd.MultiIndex.from_frame(tables["stockpiles"][PAIR].drop_duplicates())
    active = pd.MultiIndex.from_frame(pd.concat([sells, needs]).drop_duplicates())
    depots = held.difference(active).to_frame(index=False)
    if depots.empty:
        return sells.drop_duplicates(), needs.drop_duplicates()
    return pd.concat([sells, depots]).drop_duplicates(), pd.concat([needs, depots]).drop_duplicates()


def derived(world: World) -> pd.DataFrame:
    """Lanes that follow from the ``freight`` table, those that a row of ``lanes`` states included."""
    sells, needs = sellers(world)
    pairs = sells.rename(columns={"site": "origin"}).merge(needs.rename(columns={"site": "destination"}), on="material")
    pairs = pairs[pairs["origin"] != pairs["destination"]]
    pairs = pairs.assign(
        origin_place=pairs["origin"].map(world.place).astype(str),
        destination_place=pairs["destination"].map(world.place).astype(str),
        stage=pairs["material"].map(world.stage).astype(str),
    )
    rates = world.tables["freight"].rename(
        columns={"origin": "origin_place", "destination": "destination_place", "lead_time": "lead"}
    )
    ends, terms = ["origin_place", "destination_place"], ["freight", "lead", "loss"]
    named = rates[rates["material"] != ""]
    staged = rates[(rates["material"] == "") & (rates["stage"] != "")]
    first = pairs.merge(named[[*ends, "material", *terms]], on=[*ends, "material"])
    second = pairs.merge(staged[[*ends, "stage", *terms]], on=[*ends, "stage"])
    return pd.concat([first, second])[[*LANE, *terms]].drop_duplicates(LANE)


def lanes(world: World) -> pd.DataFrame:
    """Every lane: freight per tonne, lead time in periods, loss, capacity a year, fixed cost a year."""
    stated = world.tables["lanes"].rename(columns={"lead_time": "lead"})
    more = derived(world).merge(stated[LANE].assign(stated=1), on=LANE, how="left")
    more = more[more["stated"].isna()].drop(columns="stated")
    more = more.assign(duty=np.nan, customs_value=np.nan, capacity=np.nan, fixed_cost=0.0)
    both = pd.concat([stated, more[stated.columns]]) if len(more) else stated
    return both.reset_index(drop=True).assign(
        lead=lambda frame: frame["lead"].astype(int), capacity=lambda frame: frame["capacity"].fillna(np.inf)
    )


def known_as(world: World) -> pd.DataFrame:
    """The names that a duty may hold a site by: its place (special) and each group that holds the site."""
    sites = world.tables["sites"]
    rows = [(site, place, 1) for site, place in zip(sites["site"], sites["place"], strict=True) if place]
    for group in world.members:
        rows += [(site, group, 0) for site in sorted(world.sites_of([group]))]
    return pd.DataFrame(rows, columns=["site", "name", "special"]).astype({"site": str, "name": str})


def duty_rates(world: World, ways: pd.DataFrame) -> pd.DataFrame:
    """Rates of the ``duties`` table on lanes (origin, destination, material) by period ``t``: of the rows that fit
    the most special one, place over group at either end and material over all; inside one place none.
    """
    duties = world.tables["duties"].rename(columns={"origin": "from name", "destination": "to name"})
    duties = duties.rename(columns={"material": "of", "duty": "rate"})
    names = known_as(world)
    pairs = ways[["origin", "destination"]].drop_duplicates()
    places = pairs["origin"].map(world.place), pairs["destination"].map(world.place)
    pairs = pairs[(places[0] != places[1]) | (places[0] == "")]
    at_origin = names.rename(columns={"site": "origin", "name": "from name", "special": "a"})
    at_destination = names.rename(columns={"site": "destination", "name": "to name", "special": "b"})
    fits = duties.merge(at_origin, on="from name").merge(at_destination, on="to name")
    fits = fits.merge(pairs, on=["origin", "destination"]).merge(ways[LANE], on=["origin", "destination"])
    fits = fits[(fits["of"] == "") | (fits["of"] == fits["material"])]
    fits = fits.assign(rank=fits["a"] + fits["b"] + (fits["of"] != ""))
    fits = world.spread(fits).sort_values("rank", kind="stable").drop_duplicates([*LANE, "t"], keep="last")
    return fits[[*LANE, "t", "rate"]]


def list_prices(world: World) -> pd.DataFrame:
    """Price at which a site offers a material in period ``t``."""
    return world.spread(world.tables["offers"])[[*PAIR, "t", "price"]].drop_duplicates([*PAIR, "t"])


def dispatches(world: World, ways: pd.DataFrame) -> pd.DataFrame:
    """Each lane in each period ``t`` of dispatch, with ``arrival`` (perhaps after the horizon) and ``tax``, the duty
    in money per tonne.
    """
    every = ways.loc[ways.index.repeat(world.periods)].reset_index(drop=True)
    every = world.dated(every.assign(t=np.tile(np.arange(world.periods), len(ways))))
    every = every.merge(duty_rates(world, ways[ways["duty"].isna()]), on=[*LANE, "t"], how="left")
    prices = list_prices(world).rename(columns={"site": "origin"})
    every = every.merge(prices, on=["origin", "material", "t"], how="left")
    materials = world.tables["materials"].set_index("material")["customs_value"]
    rate = every["duty"].fillna(every["rate"]).fillna(0.0)
    value = every["customs_value"].fillna(every["material"].map(materials)).fillna(every["price"])
    return every.assign(
        tax=(rate * value).where(rate > 0, 0.0).fillna(0.0),
        arrival=every["t"] + every["lead"],
        list_price=every["price"].fillna(0.0),
    )


def under_way(world: World, every: pd.DataFrame) -> pd.DataFrame:
    """What is under way at the start: ``arriving`` tonnes after loss in period ``t``, and the money ``due`` then."""
    rows = world.tables["in_transit"].assign(t=lambda frame: world.index(frame["arrives"]))
    rows = rows[(rows["t"] >= 0) & (rows["t"] < world.periods) & (rows["quantity"] > 0)].astype({"t": int})
    first = every[every["t"] == 0]
    rows = rows.merge(first[[*LANE, "freight", "tax", "loss"]], on=LANE, how="left")
    prices = list_prices(world)
    opening = prices[prices["t"] == 0].rename(columns={"site": "origin"})
    rows = rows.merge(opening[["origin", "material", "price"]], on=["origin", "material"], how="left").fillna(
        {"freight": 0.0, "tax": 0.0, "loss": 0.0, "price": 0.0}
    )
    unpaid = (rows["paid"] == "no").astype(float)
    return world.dated(
        rows.assign(
            arriving=rows["quantity"] * (1 - rows["loss"]),
            due=unpaid * rows["quantity"] * (rows["price"] + rows["freight"] + rows["tax"]),
        )
    )


def shipments(world: World, every: pd.DataFrame) -> pd.DataFrame:
    """The dispatches that may be made, with their ``upper`` limit in tonnes: those that arrive within the horizon,
    and those that may be under way at its end.
    """
    after = world.tables["in_transit"].assign(arrival=lambda frame: world.index(frame["arrives"]))
    after = after[(after["arrival"] >= world.periods) & after["final"].notna()]
    rows = every.merge(after[[*LANE, "arrival", "final"]], on=[*LANE, "arrival"], how="left")
    rows = rows[(rows["arrival"] < world.periods) | rows["final"].notna()]
    limit = np.minimum(rows["capacity"] * world.years_of_period, rows["final"].fillna(np.inf))
    names = {t: world.label(t) for t in rows["arrival"].unique()}
    return rows.assign(upper=limit, arrives=rows["arrival"].map(names).astype(str)).reset_index(drop=True)
