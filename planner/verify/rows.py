"""The rows of the model that are not rules, written out again from ``docs/definitions.md``."""

import numpy as np

from planner.verify import happening
from planner.verify.columns import Quantities, Tables
from planner.verify.frames import Floats, Frame, Ints, find, grouped, join, runs, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.world import World

NODE = ("site", "material", "t")
COVER = ("covers", "material", "t")


def every(world: World, matrix: Matrix, q: Quantities, found: Tables, on: Frame) -> None:
    """Every row that is neither a rule nor a switch; ``on`` are the switches."""
    balance(world, matrix, q)
    capacities(world, matrix, q, on.take((on["kind"] == world.names.code("setup")) & on["on"]))
    stockpiles(matrix, q)
    cover(world, matrix, q)
    held_ranks(matrix, q, found)


def balance(world: World, matrix: Matrix, q: Quantities) -> None:
    """What enters a site leaves it: one row for each site, material and period that anything touches."""
    inside = q.flow.take(q.flow["arrival"] < world.periods, ("destination", "material", "arrival", "loss", "column"))
    terms = [
        inside.plus(site=inside["destination"], t=inside["arrival"], coefficient=1 - inside["loss"]),
        q.flow.plus(site=q.flow["origin"], coefficient=-1.0),
        q.sale.plus(coefficient=1.0),
        q.made.plus(coefficient=q.made["output"] - q.made["input"]),
        q.release.plus(coefficient=1.0),
        q.fill.plus(coefficient=-1.0),
        q.unmet.plus(coefficient=1.0),
        q.surplus.plus(coefficient=-1.0),
    ]
    entries = stacked(terms, [*NODE, "column", "coefficient"])
    came = q.coming.plus(site=q.coming["destination"], amount=-q.coming["arriving"])
    right = stacked([q.demand, came], [*NODE, "amount"])
    number, first = grouped(stacked([entries, right], NODE).pick(NODE))
    at, constant = np.split(number, [len(entries)])
    nodes = stacked([entries, right], NODE).take(first)
    sides = summed(constant, right["amount"], len(nodes))
    names = {"site": nodes["site"], "material": nodes["material"], "period": world.period[nodes["t"]]}
    rows = matrix.rows("balance.node", names, sides, sides)
    matrix.entries(rows[at], entries["column"], entries["coefficient"])


def capacities(world: World, matrix: Matrix, q: Quantities, setups: Frame) -> None:
    """No site sells, and no route carries, more than its capacity; a set-up uses capacity too."""
    keys = ("site", "period")
    sites = world.table("sites", "site", "capacity")
    limit = world.names.map(sites["site"], sites["capacity"], np.nan)[q.sale["site"]]
    sold = q.sale.plus(limit=limit * world.years_of_period).take(~np.isnan(limit))
    number, first = grouped(sold.pick(keys))
    rows = sold.take(first)
    rows = rows.plus(limit=happening.cut(rows["limit"], happening.shared(world, rows)))
    at = find(setups.pick(keys), rows.pick(keys))
    used = summed(at[at >= 0], setups["setup_use"][at >= 0], len(rows))
    numbers = matrix.rows("capacity.site", dict(zip(keys, rows.pick(keys), strict=True)), -np.inf, rows["limit"] - used)
    matrix.entries(numbers[number], sold["column"], sold["capacity_use"])

    routes = world.table("routes", "origin", "destination", "capacity")
    ends = ("origin", "destination")
    capacity = np.append(routes["capacity"], np.nan)[find(q.ways.pick(ends), routes.pick(ends))][q.flow["lane"]]
    carried = q.flow.plus(limit=capacity * world.years_of_period).take(~np.isnan(capacity))
    number, first = grouped(carried.pick([*ends, "period"]))
    rows = carried.take(first)
    names = {"site": rows["origin"], "destination": rows["destination"], "period": rows["period"]}
    numbers = matrix.rows("capacity.route", names, -np.inf, rows["limit"])
    matrix.entries(numbers[number], carried["column"], 1.0)


def stockpiles(matrix: Matrix, q: Quantities) -> None:
    """Stock is carried from period to period, and enough is left at the end."""
    held, right = q.held, q.held["keep"] * q.held["start"]
    names = {name: held[name] for name in ("site", "material", "period")}
    rows = matrix.rows("stockpile.carry", names, right, right)
    matrix.entries(rows, held["column"], 1.0)
    later = np.flatnonzero(~held["first"])  # rows stand in the order of time: the one before is the period before
    matrix.entries(rows[later], held["column"][later - 1], -held["keep"][later])
    matrix.entries(rows, q.fill["column"], -1.0)
    matrix.entries(rows, q.release["column"], 1.0)

    last = held.take(~np.isnan(held["least"]))
    names = {name: last[name] for name in ("site", "material")}
    matrix.entries(matrix.rows("stockpile.final", names, last["least"], np.inf), last["column"], 1.0)


def days_ahead(world: World, t: Ints, days: Floats) -> Frame:
    """Each ``row``, with its days in period t, once for each period ``ahead`` that they reach into, with the ``share``
    of that period that counts; past the horizon the last period stands in.
    """
    reach = days / (365 * world.years_of_period)
    row, step = runs(np.maximum(np.ceil(reach - 1e-12), 0).astype(np.int64))
    share = np.minimum(1.0, reach[row] - step)
    return Frame({"row": row, "ahead": np.minimum(t[row] + 1 + step, world.periods - 1), "share": share})


def covers(world: World, q: Quantities) -> tuple[Frame, Ints]:
    """Stockpiles that cover the same sites, by period, with the ``days`` that they must cover; and of which of these
    each row of stock is one.
    """
    number, first = grouped(q.held.pick(COVER))
    days = np.zeros(len(first))
    np.maximum.at(days, number, q.held["cover_days"])
    return world.dated(q.held.take(first, COVER).plus(days=days)), number


def consumption(q: Quantities) -> tuple[Frame, Frame]:
    """What each site consumes in each period: demand before unmet, ``amount``; and process input, by column."""
    return q.demand, q.made.take(q.made["input"] > 0)


def sites_covered(world: World, rows: Frame) -> tuple[Ints, Ints]:
    """Each row of ``covers`` beside each site that it stands for: position and site."""
    number, first = grouped([rows["covers"]])
    sites = [world.sites_of([world.names[code]]) for code in rows["covers"][first].tolist()]
    times = np.array([*map(len, sites)], dtype=np.int64)
    starts = np.cumsum(times) - times
    row, step = runs(times[number])
    return row, np.concatenate([np.zeros(0, dtype=np.int64), *sites])[starts[number][row] + step]


def cover(world: World, matrix: Matrix, q: Quantities) -> None:
    """Stock covers so many days of the consumption that follows."""
    every, _ = covers(world, q)
    asked = every.take(every["days"] > 0)
    if not len(asked):
        return
    ahead = days_ahead(world, asked["t"], asked["days"])
    at, site = sites_covered(world, asked.take(ahead["row"]))
    reached = ahead.take(at).plus(site=site, material=asked["material"][ahead["row"][at]])
    key = reached.pick(["site", "material", "ahead"])
    demand, used = consumption(q)
    at, row = join(key, demand.pick(NODE))
    need = summed(reached["row"][at], reached["share"][at] * demand["amount"][row], len(asked))
    names = {"site": asked["covers"], "material": asked["material"], "period": asked["period"]}
    numbers = matrix.rows("stockpile.cover", names, need, np.inf)
    number = find(q.held.pick(COVER), asked.pick(COVER))
    matrix.entries(numbers[number[number >= 0]], q.held["column"][number >= 0], 1.0)
    at, row = join(key, used.pick(NODE))
    matrix.entries(numbers[reached["row"][at]], used["column"][row], -reached["share"][at] * used["input"][row])


def held_ranks(matrix: Matrix, q: Quantities, found: Tables) -> None:
    """The first ranks keep the least unmet demand that they were promised."""
    ranks = found["held"].take(found["held"]["held"] > 0)
    rows = matrix.rows("priority.held", {"rule": ranks["rank"]}, -np.inf, ranks["held"])
    guarded = q.unmet.take(q.unmet["guarded"])
    at = find([guarded["rank"]], [ranks["rank"]])
    matrix.entries(rows[at[at >= 0]], guarded["column"][at >= 0], guarded["weight"][at >= 0])
