"""Offers with tiers, read again from the ``tiers`` table: what each tier may hold of a year, and in which order.

What a year has reached is taken from the plan's activations; how much the last tier holds beyond the capacities is the
solver's own matter (big-M): such a row is held at what the plan moves.
"""

from typing import TYPE_CHECKING

import numpy as np

from planner.verify.faults import Faults, number
from planner.verify.frames import Flags, Floats, Frame, find, grouped, join, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.world import World

if TYPE_CHECKING:
    from planner.verify.columns import Quantities

OFFER = ("site", "material")
CELL = (*OFFER, "year")
ROUNDING = 1e-9
"""Fraction of a year's capacity that its periods together may be off."""


def rungs(world: World) -> Frame:
    """Every tier of every site and material, from the lowest: from ``low`` to ``high``, whether ``all`` units take its
    price; the first, below the first threshold, is at the offer's price where the table has none (no number).
    """
    table = world.table("tiers", *OFFER, "from_quantity", "price", "scheme")
    table = table.plus(all=table["scheme"] == world.names.code("all_units"), low=table["from_quantity"])
    _, first = grouped(table.pick(OFFER))
    lowest = np.full(len(first), np.inf)
    number_of, _ = grouped(table.pick(OFFER))
    np.minimum.at(lowest, number_of, table["low"])
    front = table.take(first[lowest > 0]).plus(low=0.0, price=np.nan)
    rows = stacked([front, table], [*OFFER, "low", "price", "all"])
    rows = rows.take(np.lexsort(rows.pick(["low", "material", "site"])))
    number_of, first = grouped(rows.pick(OFFER))
    tier = np.arange(len(rows)) - first[number_of]
    last = np.append(number_of[1:] != number_of[:-1], True)[: len(rows)]
    high = np.where(last, np.inf, np.append(rows["low"][1:], np.inf)[: len(rows)])
    threshold = world.names.of([number(low) for low in rows["low"].tolist()])
    return rows.plus(tier=tier, high=high, from_quantity=threshold)


def tiered(world: World, sale: Frame) -> Flags:
    """Which sales are of offers with tiers."""
    found: Flags = find(sale.pick(OFFER), world.table("tiers", *OFFER).pick(OFFER)) >= 0
    return found


def parts(world: World, sale: Frame) -> Frame:
    """Each ``sale`` of an offer with tiers beside each tier; one that the year's capacities cannot reach holds
    nothing.
    """
    ladder = rungs(world)
    at, rung = join(sale.pick(OFFER), ladder.pick(OFFER))
    sites = world.table("sites", "site", "capacity")
    room = world.names.map(sites["site"], sites["capacity"], np.nan)[sale["site"]] * world.years_of_period
    own = np.divide(room, sale["capacity_use"], out=np.full(len(sale), np.inf), where=sale["capacity_use"] > 0)
    cell, first = grouped(sale.pick(CELL))
    held = summed(cell, np.fmin(sale["upper"], own), len(first))[cell]
    names = ("site", "material", "from", "period", "year", "t")
    frame = sale.take(at, names).plus({name: ladder[name][rung] for name in RUNG})
    price = np.where(np.isnan(frame["price"]), sale["price"][at], frame["price"])
    within = frame["low"] <= held[at] * (1 + ROUNDING)
    upper, cost = np.where(within, np.inf, 0.0), price * world.discount[frame["t"]]
    return frame.plus(sale=at, price=price, upper=upper, cost=cost, within=within)


RUNG = ("tier", "low", "high", "price", "all", "from_quantity")


def spent(sale: Frame, tier: Frame) -> Floats:
    """What is paid for each sale, undiscounted."""
    by_tiers = summed(tier["sale"], tier["value"] * tier["price"], len(sale))
    found: Floats = np.where(sale["tiered"], by_tiers, sale["value"] * sale["price"])
    return found


def years(world: World, q: "Quantities") -> Frame:
    """Every tier of every calendar year that can be reached: what is ``bought`` in it; whether it is switched
    (``free``): a price that falls into it, or all units; at which row the tiers ``begin`` that the same switch opens.
    """
    inside = q.tier.take(q.tier["within"])
    of, first = grouped(inside.pick([*CELL, "tier"]))
    dearest = np.zeros(len(first))
    np.maximum.at(dearest, of, inside["price"])
    rows = inside.take(first).plus(bought=summed(of, inside["value"], len(first)), dearest=dearest)
    order = np.lexsort(rows.pick(["tier", "year", "material", "site"]))
    rows = rows.take(order)
    cell, start = grouped(rows.pick(CELL))
    height = np.bincount(cell, minlength=len(start))
    later = rows["tier"] > 0
    falls = later & (rows["dearest"] < np.append(np.inf, rows["dearest"][:-1])[: len(rows)])
    free = np.where(rows["all"], later, falls)
    begin = np.where(free | ~later, np.arange(len(rows)), 0)
    begin = np.maximum.accumulate(begin) if len(rows) else begin
    top = rows["tier"] + 1 == height[cell]
    return rows.plus(cell=cell, free=free, begin=begin, top=top, alone=height[cell] == 1)


def switches(world: World, years: Frame) -> Frame:
    """What may be reached or not, as activations: ``from`` is the threshold."""
    free = years.take(years["free"])
    threshold = world.names.of([f"{low:.10g}" for low in free["low"].tolist()])
    plain = {"kind": world.names.code("tier"), "t": 0, "fixed_cost": 0.0, "least": 0.0, "setup_use": 0.0}
    return free.take(np.arange(len(free)), (*OFFER, "year", "free")).plus(
        {"from": threshold, "period": free["year"], **plain}
    )


def bands(world: World, matrix: Matrix, q: "Quantities", years: Frame, on: Frame, faults: Faults) -> None:
    """Every sale by tiers, what each tier holds, and what must be below one that is reached."""
    names = {name: q.sale[name][q.sale["tiered"]] for name in ("site", "material", "from", "period")}
    rows = matrix.rows("tiers.split", names, 0.0, 0.0)
    of_sale = np.cumsum(q.sale["tiered"]) - 1
    matrix.entries(rows, q.sale["column"][q.sale["tiered"]], -1.0)
    matrix.entries(rows[of_sale[q.tier["sale"]]], q.tier["column"], 1.0)
    reached, at = _reached(world, years, on), find(q.tier.pick([*CELL, "tier"]), years.pick([*CELL, "tier"]))
    inside, column = at >= 0, q.tier["column"]
    high = _limits(years, reached)
    held = np.isfinite(high)
    row = _rows(world, matrix, "tiers.band", years, held, high)
    here = inside & np.append(held, False)[at]
    matrix.entries(row[at[here]], column[here], 1.0)
    free = years["free"]
    below = years["begin"][np.maximum(np.arange(len(years)) - 1, 0)]
    least = np.where(years["all"], years["low"], years["low"] - years["low"][below])
    row = _rows(world, matrix, "tiers.full", years, free, np.where(reached, -least, 0.0))
    filled = _filling(years)
    here = inside & (np.append(filled, -1)[at] >= 0)
    matrix.entries(row[filled[at[here]]], column[here], -1.0)
    ordered(world, years, faults)


def _reached(world: World, years: Frame, on: Frame) -> Flags:
    """Which switched tiers the plan reaches."""
    told = on.take(on["on"] & (on["kind"] == world.names.code("tier")))
    threshold = world.names.of([f"{low:.10g}" for low in years["low"].tolist()])
    key = [*years.pick(OFFER), threshold, years["year"]]
    found: Flags = years["free"] & (find(key, told.pick([*OFFER, "from", "period"])) >= 0)
    return found


def _limits(years: Frame, reached: Flags) -> Floats:
    """The most of each tier; infinite where it has no row."""
    opener = years["begin"]
    switched = years["free"][opener]
    width = np.where(years["top"], years["bought"], years["high"] - years["low"])
    incremental = np.where(switched, np.where(reached[opener], width, 0.0), np.where(years["top"], np.inf, width))
    whole = np.where(years["top"], years["bought"], years["high"])
    others = summed(years["cell"], reached, int(years["cell"].max(initial=-1)) + 1)[years["cell"]]
    first = np.where((years["tier"] > 0) | years["alone"], 0.0, years["high"])
    lowest = np.where(years["alone"], np.inf, np.where(others, 0.0, first))
    all_units = np.where(years["tier"] == 0, lowest, np.where(reached, whole, 0.0))
    found: Floats = np.where(years["all"], all_units, incremental)
    return found


def _filling(years: Frame) -> np.ndarray:
    """Row of the switch that each tier fills, −1 for none: of all units its own, else the next fall of the price."""
    size = len(years)
    found = np.full(size, -1)
    falls = np.flatnonzero(years["free"] & ~years["all"])
    following = np.searchsorted(falls, np.arange(size), side="right")
    known = np.append(falls, size)[following]
    same = np.append(years["cell"], -1)[known] == years["cell"]
    found = np.where(same & ~years["all"], known, -1)
    return np.where(years["all"] & years["free"], np.arange(size), found)


def _rows(world: World, matrix: Matrix, constraint: str, years: Frame, asked: Flags, upper: Floats) -> np.ndarray:
    """Rows of those tiers that have one; the number of each, by tier."""
    some = years.take(asked)
    threshold = world.names.of([f"{low:.10g}" for low in some["low"].tolist()])
    names = {"site": some["site"], "material": some["material"], "from": threshold, "period": some["year"]}
    found = np.full(len(years), -1)
    found[asked] = matrix.rows(constraint, names, -np.inf, upper[asked])
    return found


def ordered(world: World, years: Frame, faults: Faults) -> None:
    """No tonne is paid at the price of a tier while the one below it, at another price, has room."""
    rounding = 1e-6 * float(years["bought"].max(initial=0.0))
    for row in np.flatnonzero((years["tier"] > 0) & ~years["all"] & (years["bought"] > rounding)).tolist():
        low, high, bought, price = (float(years[name][row - 1]) for name in ("low", "high", "bought", "dearest"))
        if price != years["dearest"][row] and bought < high - low - rounding:
            where = faults.describe(years, row, [*CELL, "from_quantity"])
            message = f"the tier is used, but only {number(bought)} of the {number(high - low)} below it are bought"
            faults.add("tiers", where, "quantity", bought, high - low, message)
