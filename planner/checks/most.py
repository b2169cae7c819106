"""The most that each subject of a rule can ever supply or be paid, whatever is decided; ``inf`` where nothing says.

Capacities and what was under way are all that bounds it, so that what is told of a limit above or below is certain.
"""

import numpy as np

from mineral_sourcing.arrays import Array
from planner.assembly.carriers import UNKNOWN
from planner.assembly.parts import Parts
from planner.assembly.spend import dues
from planner.checks.counted import Counted, capacities, made_capacities
from planner.codes import keys

MORE = 1 + 1e-6
"""Recovery above which a process gives out more of an element than it takes in; numbers are rounded."""


def supplied(one: Counted) -> Array:
    """Model tonnes of each (pool, market, subject) in the longest group of periods. What travels may arrive together,
    and what is stocked or sold on may come at once: then no capacity bounds what is bought.
    """
    parts = one.rule.parts
    room = capacities(parts) if one.rule.bought else made_capacities(parts)
    late = one.rule.bought and parts.lanes.lead_time.any()
    years = parts.years * (parts.count if late else _steps(one))
    return _summed(one, _times(room, years) + (_coming(parts, parts.coming.arriving) if one.rule.bought else 0.0))


def paid(one: Counted) -> Array:
    """Model money of each (pool, market, subject) in the longest group of periods: all that its offers hold at their
    dearest price, with the dearest lane's freight and duty where it is bought, or with the tolls of what makes it.
    """
    parts, years = one.rule.parts, one.rule.parts.years * _steps(one)
    width, size = len(parts.materials), len(parts.sites) * len(parts.materials)
    at = {
        table: keys(
            (parts.codes(table, "site", parts.sites), parts.codes(table, "material", parts.materials)), (0, width)
        )
        for table in ("offers", "tiers")
    }
    room = np.bincount(at["offers"], parts.numbers("offers", "capacity", np.inf), size)
    price = np.zeros(size)
    for table, rows in at.items():
        np.maximum.at(price, rows, parts.numbers(table, "price", np.inf))
    price *= _dearer(parts)
    if one.rule.bought:
        most = _times(room, (price + _charges(parts, size)) * years)
        return _summed(one, most + _coming(parts, dues(parts)))
    return _summed(one, _times(room, price * years) + _times(_tolls(parts, size), years))


def entering(one: Counted) -> Array:
    """Model tonnes of element of each subject of a rule on origin that can enter the network at all, from offers,
    stock, what was under way and processes that make it of nothing. What a process of the rule's own takes in may be
    counted again in what it makes, and a process may give out more than it takes in: then there is no bound.
    """
    rule, parts = one.rule, one.rule.parts
    found = dict.fromkeys(parts.origins.labels.names.tolist(), 0.0)
    names = [name for name, at in zip(parts.materials.names.tolist(), rule.pool, strict=True) if at >= 0]
    looped = any(name in inputs for name in names for inputs, _ in parts.elements.recipes.values())
    for element in sorted({parts.elements.element_of[name] for name in names}):
        carriers = parts.elements.carriers(element)
        looped |= any(recovery > MORE for recovery in carriers.recovery.values())
        content = np.array([carriers.content(name) for name in parts.materials.names.tolist()])
        for place, amount in _entries(parts, content, carriers.sources):
            found[parts.origins.of_place[place or UNKNOWN]] += amount
    sums = np.array([sum(found[place] for place in places) for places in rule.sets[0]])
    return np.full(len(sums), np.inf) if looped else sums


def _entries(parts: Parts, content: Array, sources: frozenset[str]) -> list[tuple[str, float]]:
    """Place and model tonnes of everything that brings in an element; what was under way may be of any of them."""
    years, place_of = parts.years * parts.count, parts.scope.place_of
    found: list[tuple[str, float]] = []
    for table, column, origin, factor in (
        ("offers", "capacity", "origin", years),
        ("stockpiles", "initial", "initial_origin", 1.0),
    ):
        held = content[parts.codes(table, "material", parts.materials)]
        amount = _times(held, parts.numbers(table, column, np.inf if table == "offers" else 0.0) * factor)
        own = [
            given or (place_of[site] if table == "offers" else "")
            for given, site in zip(parts.texts(table, origin), parts.texts(table, "site"), strict=True)
        ]
        found += zip(own, amount.tolist(), strict=True)
    under_way = float(content[parts.coming.material] @ parts.coming.arriving)
    found += [(place, under_way) for place in {*parts.origins.of_place} if under_way]
    capacity = parts.numbers("processes", "capacity", np.inf)
    outputs = zip(parts.texts("processes", "process"), parts.texts("processes", "site"), capacity, strict=True)
    for process, site, most in outputs:
        if process in sources:
            _, made = parts.elements.recipes[process]
            held = sum(content[parts.materials.code[name]] * ratio for name, ratio in made.items())
            found.append((place_of[site], float(held * most * years)))
    return found


def _steps(one: Counted) -> int:
    """Periods of the longest group."""
    return max(map(len, one.groups), default=0)


def _times(room: Array, factor: Array | float) -> Array:
    """Product, 0 where either is nothing."""
    room, factor = np.broadcast_arrays(room, factor)
    found: Array = np.multiply(room, factor, out=np.zeros(len(room)), where=(room != 0) & (factor != 0))
    return found


def _summed(one: Counted, most: Array) -> Array:
    """What each site and material can do, added up by (pool, market, subject), each once."""
    every, of = one.asked
    pair = keys((one.site, one.material), (0, len(one.rule.parts.materials)))
    ways = np.unique(np.stack([of, pair]), axis=1)
    return np.asarray(np.bincount(ways[0], most[ways[1]], len(every)))


def _coming(parts: Parts, amount: Array) -> Array:
    """Amounts of what was under way, by the site that sent it and material."""
    coming, width = parts.coming, len(parts.materials)
    return np.bincount(keys((coming.origin, coming.material), (0, width)), amount, len(parts.sites) * width)


def _charges(parts: Parts, size: int) -> Array:
    """Freight and duty of the dearest lane from each site with each material."""
    lanes, found = parts.lanes, np.zeros(size)
    duty = 0.0 if lanes.duty is None else lanes.duty.max(axis=1)
    charge = np.nan_to_num(lanes.freight + duty, nan=np.inf)
    np.maximum.at(found, keys((lanes.origin, lanes.material), (0, len(parts.materials))), charge)
    return found


def _tolls(parts: Parts, size: int) -> Array:
    """What the processes of each site that make each material can be paid in a year."""
    process = parts.codes("recipes", "process", parts.processes)
    paid_for = np.zeros(len(parts.processes))
    own = parts.codes("processes", "process", parts.processes)
    toll = np.maximum(parts.numbers("processes", "cost", np.inf), 0.0)
    paid_for[own] = _times(parts.numbers("processes", "capacity", np.inf), toll)
    made = np.flatnonzero(parts.numbers("recipes", "output", 0.0) > 0)
    material = parts.codes("recipes", "material", parts.materials)[made]
    site = parts.process_site[process[made]]
    return np.bincount(keys((site, material), (0, len(parts.materials))), paid_for[process[made]], size)


def _dearer(parts: Parts) -> float:
    """The most that the scenario that happens makes of a price, all its rows together."""
    table = parts.instance.tables["disruptions"]
    happens = (table["scenario"] == parts.instance.header.scenario).to_numpy()
    return float(np.maximum(parts.numbers("disruptions", "price_factor", 1.0)[happens], 1.0).prod())
