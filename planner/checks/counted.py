"""What rules count, resolved for the checks: every way to supply, by pool, market and subject."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mineral_sourcing.arrays import Array
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule
from planner.checks.context import Network
from planner.checks.policy import sound_rules
from planner.checks.reach import suppliable
from planner.codes import Codes, Flags, keys
from planner.findings import Findings


@dataclass
class Counted:
    """A rule and all that can ever count in it: pool, market, subject, site and material of each way to supply."""

    line: int
    rule: Rule
    pool: Array
    market: Array
    subject: Array
    site: Array
    material: Array

    @cached_property
    def asked(self) -> tuple[Array, Array]:
        """Each (pool, market, subject) once, and which of them each way belongs to."""
        rows = np.stack([self.pool, self.market, self.subject], axis=1)
        found, number = np.unique(rows, axis=0, return_inverse=True)
        return found, number.ravel()

    @cached_property
    def groups(self) -> list[tuple[int, ...]]:
        """Periods of each group."""
        return [tuple(np.flatnonzero(self.rule.label == at).tolist()) for at in range(len(self.rule.labels))]

    def within(self, other: "Counted") -> Flags:
        """By (pool, market, subject) of :attr:`asked`, and group of periods: whether the other speaks of the same."""
        mine, theirs = self.rule.sets, other.rule.sets
        alike = zip(mine, theirs, strict=True)
        subject, pool, market = (np.array([one in some for one in own], dtype=bool) for own, some in alike)
        groups = set(other.groups)
        same = self.rule.bought == other.rule.bought
        found = self.asked[0]
        inside = same & pool[found[:, 0]] & market[found[:, 1]] & subject[found[:, 2]]
        found_in: Flags = inside[:, None] & np.array([group in groups for group in self.groups], dtype=bool)
        return found_in

    def where(self, pool: int, market: int) -> str:
        """The cell in words."""
        name, of = self.rule.pools[pool], self.rule.markets[market]
        return f"{name} to {of}" if of else name


def resolved(whole: Network, found: Findings, *kinds: str) -> Iterator[Counted]:
    """The sound rules of some kinds, resolved; those on origin count by origin, not by who supplies."""
    for line, rule in _chosen(whole, found, kinds, lambda basis: basis != "origin"):
        yield _counted(line, rule, *whole.known(_places)[rule.bought])


def traced(whole: Network, found: Findings, *kinds: str) -> Iterator[Counted]:
    """The sound rules on origin of some kinds, resolved: their subjects, pools, markets and periods. Ways to supply
    have no part in them.
    """
    for line, rule in _chosen(whole, found, kinds, lambda basis: basis == "origin"):
        none = np.empty(0, dtype=np.int64)
        yield Counted(line, rule, none, none, none, none, none)


def _chosen(
    whole: Network, found: Findings, kinds: tuple[str, ...], basis: Callable[[str], bool]
) -> Iterator[tuple[int, Rule]]:
    """Sound rules of some kinds and bases that hold anywhere, each with its line."""
    rules = sound_rules(whole.instance, found)
    chosen = [(line, row) for line, row in rules if row["kind"] in kinds and basis(row["basis"])]
    if not chosen:
        return
    parts = Parts(whole.instance)
    begins, ends = parts.windows("rules")
    at = {int(line): number for number, line in enumerate(whole.instance.tables["rules"].index)}
    for line, row in chosen:
        rule = Rule(parts, row, range(begins[at[line]], ends[at[line]] + 1))
        if rule.cells:
            yield line, rule


def _places(whole: Network) -> dict[bool, tuple[Array, Array, Array]]:
    """Origin, destination and material of every lane that could carry anything, and the same of what is under way, by
    True; site, site and material of what is offered and made by False: places of all in the order of their names.
    """
    codes, nodes = whole.instance.codes, whole.nodes
    sites, materials = (_order(codes, *place) for place in (("sites", "site"), ("materials", "material")))
    open_lanes = whole.known(suppliable)[nodes.number["start"]].any(axis=1)
    open_lanes &= ~(whole.lanes["capacity"].to_numpy() == 0)
    coming = codes.pick("in_transit", ("origin", "destination", "material"))
    bought = [np.concatenate([lane[open_lanes], own]) for lane, own in zip(whole.ends, coming, strict=True)]
    row, _, maker = whole.recipes
    made = codes["recipes", "output"][row] > 0
    selling = ~(codes["offers", "capacity"] == 0)
    site = np.concatenate([codes["offers", "site"][selling], maker[made]])
    material = np.concatenate([codes["offers", "material"][selling], codes["recipes", "material"][row][made]])
    return {
        True: (sites[bought[0]], sites[bought[1]], materials[bought[2]]),
        False: (sites[site], sites[site], materials[material]),
    }


def _order(codes: Codes, table: str, name: str) -> Array:
    """Place of each text among a table's names in order; −1 where it is none of them."""
    names = [codes.code(text) for text in sorted(codes.names(table, name))]
    found = np.full(len(codes), -1)
    found[names] = np.arange(len(names))
    return found


def _counted(line: int, rule: Rule, origin: Array, destination: Array, material: Array) -> Counted:
    if rule.bought:
        at, market = rule.purchased(origin, destination, material)
    else:
        at = np.repeat(np.flatnonzero(rule.pool[material] >= 0), len(rule.markets))
        market = np.tile(np.arange(len(rule.markets)), len(at) // max(len(rule.markets), 1))
    way, subject = rule.subject.of(origin[at])
    at, market = at[way], market[way]
    return Counted(line, rule, rule.pool[material[at]], market, subject, origin[at], material[at])


def made_capacities(parts: Parts) -> Array:
    """What each site can sell and make of each material in a year, in model units."""
    width = len(parts.materials)
    offers = (parts.codes("offers", "site", parts.sites), parts.codes("offers", "material", parts.materials))
    size = len(parts.sites) * width
    found = np.bincount(keys(offers, (0, width)), parts.numbers("offers", "capacity", np.inf), size)
    process = parts.codes("recipes", "process", parts.processes)
    capacity = np.full(len(parts.processes), np.inf)
    capacity[parts.codes("processes", "process", parts.processes)] = parts.numbers("processes", "capacity", np.inf)
    output = parts.numbers("recipes", "output", 0.0)
    made = np.flatnonzero(output > 0)
    site, material = parts.process_site[process[made]], parts.codes("recipes", "material", parts.materials)[made]
    np.add.at(found, keys((site, material), (0, width)), capacity[process[made]] * output[made])
    return found


def capacities(parts: Parts) -> Array:
    """The same, without limit where more may come to the site, or is stored there."""
    width, lanes = len(parts.materials), parts.lanes
    found = made_capacities(parts)
    stored = (parts.codes("stockpiles", "site", parts.sites), parts.codes("stockpiles", "material", parts.materials))
    found[keys(stored, (0, width))] = np.inf
    found[keys((lanes.destination, lanes.material), (0, width))] = np.inf
    return found
