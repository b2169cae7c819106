"""Every lane, derived again: those stated, those that follow from freight rates, and the duty on each dispatch."""

import numpy as np

from planner.verify.frames import Floats, Frame, Ints, find, join, repeated, stacked
from planner.verify.world import World

LANE = ("origin", "destination", "material")
PAIR = ("site", "material")
WAY = (*LANE, "freight", "lead", "loss", "duty", "customs_value", "capacity", "fixed_cost")
"""What is known of a lane: freight per tonne, lead time in periods, loss, duty rate and customs value where they are
its own, capacity a year, fixed cost a year.
"""


def sellers(world: World) -> tuple[Frame, Frame]:
    """Who sells which material, and who needs which; a depot does both."""
    recipes = world.recipes
    sells = stacked([world.table("offers", *PAIR), recipes.take(recipes["output"] > 0)], PAIR)
    needs = stacked([world.table("demands", *PAIR), recipes.take(recipes["input"] > 0)], PAIR)
    held = world.table("stockpiles", *PAIR)
    active = stacked([sells, needs], PAIR)
    depots = held.take(find(held.pick(PAIR), active.pick(PAIR)) < 0)
    both = (stacked([frame, depots], PAIR) for frame in (sells, needs))
    sells, needs = (frame.take(~repeated(frame.pick(PAIR))) for frame in both)
    return sells, needs


def derived(world: World) -> Frame:
    """Lanes that follow from the ``freight`` table, those that a row of ``lanes`` states left out."""
    rates = world.table("freight", "origin", "destination", "stage", "material", "freight", "lead_time", "loss")
    if not len(rates):
        return Frame({}, 0)
    sells, needs = sellers(world)
    seller, needer = join([sells["material"]], [needs["material"]])
    origin, destination, material = sells["site"][seller], needs["site"][needer], sells["material"][seller]
    apart = origin != destination
    pairs = Frame(dict(zip(LANE, (origin, destination, material), strict=True))).take(apart)
    ends = [world.of_site("place", pairs[end]) for end in ("origin", "destination")]
    stage = world.of_material("stage", pairs["material"])
    named, staged = rates["material"] > 0, (rates["material"] == 0) & (rates["stage"] > 0)
    found = []
    for rows, what, goods in ((named, "material", pairs["material"]), (staged, "stage", stage)):
        asked = rates.take(rows)
        pair, at = join([*ends, goods], asked.pick(["origin", "destination", what]))
        rate = asked.take(at)
        found.append(
            pairs.take(pair).plus(freight=rate["freight"], lead=rate["lead_time"].astype(np.int64), loss=rate["loss"])
        )
    lanes = stacked(found, [*LANE, "freight", "lead", "loss"])
    stated = find(lanes.pick(LANE), world.table("lanes", *LANE).pick(LANE)) >= 0
    return lanes.take(~repeated(lanes.pick(LANE)) & ~stated)


def lanes(world: World) -> Frame:
    """Every lane, with the columns of :data:`WAY`."""
    stated = world.table(
        "lanes", *LANE, "freight", "lead_time", "loss", "duty", "customs_value", "capacity", "fixed_cost"
    )
    stated = stated.plus(lead=stated["lead_time"].astype(np.int64))
    more = derived(world)
    every = stated
    if len(more):
        more = more.plus(duty=np.nan, customs_value=np.nan, capacity=np.nan, fixed_cost=0.0)
        every = stacked([stated, more], WAY)
    return every.plus(capacity=np.where(np.isnan(every["capacity"]), np.inf, every["capacity"]))


def known_as(world: World) -> Frame:
    """The names that a duty may hold a site by: its place (special) and each group that holds the site."""
    placed = world.sites.take(world.sites["place"] > 0)
    frames = [Frame({"site": placed["site"], "name": placed["place"]}).plus(special=1)]
    for group in world.members:
        sites = world.sites_of([group])
        frames.append(Frame({"site": sites}).plus(name=world.names.code(group), special=0))
    return stacked(frames, ["site", "name", "special"])


def duty_rates(world: World, ways: Frame) -> Floats:
    """Duty rate of each lane (rows) in each period (columns): the lane's own, else that of the row of ``duties`` that
    fits it best, place over group at either end and material over all; none inside one place.
    """
    own = ways["duty"]
    rates = np.repeat(np.where(np.isnan(own), 0.0, own)[:, None], world.periods, axis=1)
    duties = world.table("duties", "origin", "destination", "material", "from", "until", "duty")
    places = [world.of_site("place", ways[end]) for end in ("origin", "destination")]
    asked = np.flatnonzero(np.isnan(own) & ((places[0] != places[1]) | (places[0] == 0)))
    if not len(duties) or not len(asked):
        return rates
    names = known_as(world)
    names = names.take(world.names.flags(np.append(duties["origin"], duties["destination"]))[names["name"]])
    for_origin, at_origin = join([ways["origin"][asked]], [names["site"]])
    once = asked[for_origin]
    for_destination, at_destination = join([ways["destination"][once]], [names["site"]])
    lane, at_origin = once[for_destination], at_origin[for_destination]
    fits, row = join([names["name"][at_origin], names["name"][at_destination]], duties.pick(["origin", "destination"]))
    special = (names["special"][at_origin] + names["special"][at_destination])[fits]
    material = duties["material"][row]
    fitting = duties.take(row).plus(lane=lane[fits], rank=special + (material > 0))
    fitting = fitting.take((material == 0) | (material == ways["material"][lane[fits]]))
    fitting = world.spread(fitting.take(np.argsort(fitting["rank"], kind="stable")))
    rates[fitting["lane"], fitting["t"]] = fitting["duty"]  # of rows that meet, the last and most special one stays
    return rates


def list_prices(world: World, of: Frame) -> Floats:
    """Price at which the ``origin`` of each row offers its ``material`` (rows) in each period (columns); else NaN."""
    offers = world.table("offers", "site", "material", "from", "until", "price")
    found = np.full((len(of), world.periods), np.nan)
    row, at = join([of["origin"], of["material"]], offers.pick(PAIR))
    listed = world.spread(offers.take(at).plus(row=row))
    found[listed["row"], listed["t"]] = listed["price"]
    return found


def taxes(world: World, ways: Frame) -> Floats:
    """Duty on each lane (rows) in each period (columns), in money per tonne."""
    rates = duty_rates(world, ways)
    if not rates.any():
        return rates
    value = np.where(
        np.isnan(ways["customs_value"]), world.of_material("customs_value", ways["material"]), ways["customs_value"]
    )
    values = np.where(np.isnan(value)[:, None], list_prices(world, ways), value[:, None])
    return np.where(rates > 0, np.nan_to_num(rates * values), 0.0)


def under_way(world: World, ways: Frame, tax: Floats) -> Frame:
    """What is under way at the start: ``arriving`` tonnes after loss in period ``t``, and the money ``due`` then."""
    rows = world.table("in_transit", *LANE, "arrives", "quantity", "paid")
    t = world.index(rows["arrives"])
    inside = (t >= 0) & (t < world.periods) & (rows["quantity"] > 0)
    rows = rows.plus(t=np.where(inside, t, 0).astype(np.int64)).take(inside)
    if not len(rows):
        return world.dated(rows.plus(arriving=0.0, due=0.0))
    lane = find(rows.pick(LANE), ways.pick(LANE))
    loss, charges = (np.append(known, 0.0)[lane] for known in (ways["loss"], ways["freight"] + tax[:, 0]))
    price = np.nan_to_num(list_prices(world, rows)[:, 0])
    unpaid = rows["paid"] == world.names.code("no")
    return world.dated(
        rows.plus(arriving=rows["quantity"] * (1 - loss), due=unpaid * rows["quantity"] * (price + charges))
    )


def shipments(world: World, ways: Frame, tax: Floats) -> Frame:
    """The dispatches that may be made, ``lane`` by lane, with their ``upper`` limit in tonnes and their ``tax``: those
    that arrive within the horizon, and those that may be under way at its end.
    """
    lane, t = (part.ravel() for part in np.indices((len(ways), world.periods)))
    arrival = ways["lead"][lane] + t
    after = world.table("in_transit", *LANE, "arrives", "final")
    late = world.index(after["arrives"])
    kept = (late >= world.periods) & ~np.isnan(after["final"])
    after = after.plus(arrival=np.where(kept, late, 0).astype(np.int64)).take(kept)
    final = np.full(len(lane), np.inf)
    beyond = np.flatnonzero(arrival >= world.periods)
    wanted = [*(ways[end][lane[beyond]] for end in LANE), arrival[beyond]]
    at = find(wanted, after.pick([*LANE, "arrival"]))
    final[beyond] = np.append(after["final"], -np.inf)[at]
    may = np.flatnonzero(final >= 0)
    lane, t, arrival = lane[may], t[may], arrival[may]
    names: Ints = world.names.of([world.label(step) for step in range(int(arrival.max(initial=-1)) + 1)])
    carried = (*LANE, "freight", "loss", "capacity", "fixed_cost")
    rows = world.dated(ways.take(lane, carried).plus(lane=lane, t=t, arrival=arrival, arrives=names[arrival]))
    return rows.plus(upper=np.minimum(rows["capacity"] * world.years_of_period, final[may]), tax=tax[lane, t])
