"""What is used at all: charges, awards, set-ups and least loads, with every yes and no as the plan has it.

A yes lets quantities through, a no stops them: Σ quantity ≤ 0. How much a yes lets through beyond the capacities is the
solver's own matter (big-M): such a row is held at what the plan moves.
"""

import numpy as np

from planner.verify.columns import KEYS, Quantities, Tables
from planner.verify.faults import Faults, Match
from planner.verify.frames import Frame, find, grouped, repeated, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.world import World

ROUTE = ("site", "destination", "period")
SWITCH = ("site", "destination", "material", "process", "from")
CHARGE = (*SWITCH, "rule", "subject", "market", "period", "t", "fixed_cost", "least", "setup_use", "kind", "free")


def yearly(world: World, frame: Frame) -> Frame:
    """One row for each calendar year that a switch has periods in; ``t`` is the year's first period of the horizon."""
    first = np.array([world.calendar.index(year) for year in world.calendar], dtype=np.int64)
    frame = frame.plus(period=frame["year"], t=first[frame["t"]])
    keys = [name for name in (*SWITCH, "period") if name in frame]
    return frame.take(~repeated(frame.pick(keys)))


def candidates(world: World, q: Quantities) -> Frame:
    """Every yes or no of offers, processes, lanes and routes, with its charge and, for awards and loads, the ``least``
    quantity; ``free`` where it is a decision of its own.
    """
    columns = ("site", "material", "from", "year", "period", "t", "fixed_cost", "min_award", "setup_use")
    sale, none = q.sale.take(np.arange(len(q.sale)), columns), 0.0
    offers = yearly(world, sale.take((sale["fixed_cost"] > 0) | (sale["min_award"] > 0)))
    setups = sale.take(sale["setup_use"] > 0)
    run = q.run.take(np.arange(len(q.run)), ("process", "year", "period", "t", "fixed_cost", "min_load", "upper"))
    charged, loads = yearly(world, run.take(run["fixed_cost"] > 0)), run.take(run["min_load"] > 0)
    shipped = ("origin", "destination", "material", "year", "period", "t", "fixed_cost")
    lanes = q.flow.take(q.flow["fixed_cost"] > 0, shipped)
    ends, table = ("origin", "destination"), world.table("routes", "origin", "destination", "fixed_cost")
    fixed = np.append(table["fixed_cost"], 0.0)[find(q.ways.pick(ends), table.pick(ends))][q.flow["lane"]]
    routes = q.flow.plus(fixed_cost=fixed).take(fixed > 0, [name for name in shipped if name != "material"])
    parts = {
        "offer": offers.plus(least=offers["min_award"], setup_use=none),
        "setup": setups.plus(fixed_cost=none, least=none),
        "process": charged.plus(least=none, setup_use=none),
        "run": loads.plus(fixed_cost=none, least=loads["min_load"] * loads["upper"], setup_use=none),
        "lane": yearly(world, lanes.plus(site=lanes["origin"], least=none, setup_use=none)),
        "route": yearly(world, routes.plus(site=routes["origin"], least=none, setup_use=none)),
    }
    return stacked([frame.plus(kind=world.names.code(kind), free=True) for kind, frame in parts.items()], CHARGE)


def switched(every: Frame, found: Tables, faults: Faults) -> tuple[Frame, Match]:
    """The candidates with ``on`` as the plan says; a switch that the input does not have is a fault."""
    keys = KEYS["activations"]
    match = Match.of("activations", keys, found["activations"], every)
    faults.refuse("activations", match.found.take(match.extra), keys, "", "the input has no such charge")
    return every.plus(on=match.listed()), match


def stopped(matrix: Matrix, constraint: str, every: Frame, members: Frame, on: tuple[str, ...]) -> None:
    """Nothing moves without a yes; ``members`` are the columns that a switch, named by ``on``, lets through."""
    at = find(members.pick(on), every.pick(on))
    inside = at >= 0
    amount = summed(at[inside], members["value"][inside], len(every))
    names = {"rule": every["kind"], **{name: every[name] for name in on}}
    rows = matrix.rows(constraint, names, -np.inf, np.where(every["on"], amount, 0.0))
    matrix.entries(rows[at[inside]], members["column"][inside], 1.0)


def floors(matrix: Matrix, every: Frame, members: Frame, on: tuple[str, ...]) -> None:
    """If anything, then at least so much."""
    asked = every.take(every["on"] & (every["least"] > 0))
    at = find(members.pick(on), asked.pick(on))
    names = {"rule": asked["kind"], **{name: asked[name] for name in on}}
    rows = matrix.rows("activation.least", names, -np.inf, -asked["least"])
    matrix.entries(rows[at[at >= 0]], members["column"][at >= 0], -1.0)


def switches(world: World, matrix: Matrix, q: Quantities, every: Frame) -> None:
    """Rows of everything that is switched."""
    if not len(every):
        return
    shipped = q.flow.plus(site=q.flow["origin"])

    def by_year(frame: Frame) -> Frame:
        return frame.plus(period=frame["year"])

    routes = by_year(shipped)
    members: dict[str, tuple[Frame, tuple[str, ...]]] = {
        "offer": (by_year(q.sale), ("site", "material", "from", "period")),
        "setup": (q.sale, ("site", "material", "from", "period")),
        "process": (by_year(q.run), ("process", "period")),
        "run": (q.run, ("process", "period")),
        "lane": (routes, ("site", "destination", "material", "period")),
        "route": (routes, ROUTE),
    }
    for kind, (frame, on) in members.items():
        of_kind = every.take(every["kind"] == world.names.code(kind))
        stopped(matrix, "activation.most", of_kind, frame, on)
        floors(matrix, of_kind, frame, on)
    links(matrix, every.take(every["kind"] == world.names.code("route")), routes)


def links(matrix: Matrix, charged: Frame, moved: Frame) -> None:
    """Nothing of any one material moves on a route without a yes: the same, material by material."""
    at = find(moved.pick(ROUTE), charged.pick(ROUTE))
    on, at = moved.take(at >= 0), at[at >= 0]
    _, first = grouped(on.pick([*ROUTE, "material"]))
    each = on.take(first).plus({name: charged[name][at[first]] for name in ("kind", "on")})
    stopped(matrix, "activation.link", each, moved, (*ROUTE, "material"))
