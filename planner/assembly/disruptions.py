"""What a scenario hits, and what it leaves: the rows of ``disruptions`` as factors of capacities, prices and demands.

A row hits the sites that fit its place, owner, site and group, all that it names (every site where it names none), from
the later of ``from`` and the scenario's start to ``until``; of them the materials that it names. Of each site

- *sell*: what its offers sell; where no material is named, its shared capacity too;
- *make*: what its processes do; where a material is named, those that make it;
- *ship*: what it dispatches to sites that the row does not hit (every site, where it hits all); with ``to``, only what
  it dispatches to those.

Without an activity all three are hit; with ``to``, dispatches alone. What is left of a capacity is the product over
the rows that hit it. What has no capacity loses nothing to a fraction and everything to 0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mineral_sourcing.arrays import Array
from planner.windows import steps

if TYPE_CHECKING:
    from planner.assembly.parts import Parts


@dataclass(frozen=True)
class Hit:
    """One thing that is hit; masks over the sites and materials of the parts, ``None`` for all of them."""

    sites: Array
    materials: Array | None = None
    to: Array | None = None
    """Destinations; ``None`` for all that are not hit themselves."""
    activity: str = ""
    begins: int = 0
    ends: int = 10**9
    """Last period."""
    keeps: float = 0.0
    price: float = 1.0
    demand: float = 1.0

    def does(self, activity: str) -> bool:
        """Whether it hits an activity: ``sell``, ``make`` or ``ship``."""
        return self.activity in ("", activity) and (self.to is None or activity == "ship")

    def at(self, site: Array, material: Array | None, t: Array) -> Array:
        """Which of some sites, materials and periods it hits."""
        found = self.sites[site] & (t >= self.begins) & (t <= self.ends)
        if self.materials is None or material is None:
            return np.asarray(found)
        return np.asarray(found & self.materials[material])

    def on_lane(self, origin: Array, destination: Array, material: Array, t: Array) -> Array:
        """Which dispatches it hits."""
        reached = self.to if self.to is not None else ~self.sites | self.sites.all()
        return np.asarray(self.at(origin, material, t) & reached[destination])


class Disrupted:
    """What a few hits leave, as factors.

    Args:
        parts: the instance in codes.
        hits: what is hit.
    """

    def __init__(self, parts: "Parts", hits: Iterable[Hit]) -> None:
        self.parts, self.hits = parts, tuple(hits)

    @classmethod
    def of(cls, parts: "Parts", scenario: str) -> "Disrupted":
        """What a scenario of the instance leaves; without one, everything."""
        return cls(parts, _hits(parts, scenario))

    def sales(self, site: Array, material: Array, t: Array) -> Array:
        """Fraction of an offer's capacity that is left."""
        return self._left("sell", len(t), lambda hit: hit.at(site, material, t))

    def shared(self, site: Array, t: Array) -> Array:
        """Fraction of a site's shared capacity that is left."""
        whole = [hit for hit in self.hits if hit.materials is None]
        return self._left("sell", len(t), lambda hit: hit.at(site, None, t), whole)

    def prices(self, site: Array, material: Array, t: Array) -> Array:
        """Factor of an offer's price."""
        found = np.ones(len(t))
        for hit in self.hits:
            if hit.price != 1.0 and hit.does("sell"):
                found[hit.at(site, material, t)] *= hit.price
        return found

    def runs(self, process: Array, t: Array) -> Array:
        """Fraction of a process's capacity that is left."""
        parts = self.parts
        makes = np.zeros((len(parts.processes), len(parts.materials)), dtype=bool)
        output = parts.numbers("recipes", "output", 0.0) > 0
        of, material = (
            parts.codes("recipes", "process", parts.processes),
            parts.codes("recipes", "material", parts.materials),
        )
        makes[of[output], material[output]] = True

        def hits(hit: Hit) -> Array:
            making = makes if hit.materials is None else makes[:, hit.materials]
            made = np.asarray(making.any(axis=1) | (hit.materials is None))
            return hit.at(parts.process_site[process], None, t) & made[process]

        return self._left("make", len(t), hits)

    def shipments(self, origin: Array, destination: Array, material: Array, t: Array) -> Array:
        """Fraction of a lane's capacity that is left."""
        return self._left("ship", len(t), lambda hit: hit.on_lane(origin, destination, material, t))

    def demands(self, site: Array, material: Array, t: Array) -> Array:
        """Factor of demand."""
        found = np.ones(len(t))
        for hit in self.hits:
            if hit.demand != 1.0:
                found[hit.at(site, material, t)] *= hit.demand
        return found

    def _left(
        self, activity: str, count: int, where: Callable[[Hit], Array], hits: Iterable[Hit] | None = None
    ) -> Array:
        found = np.ones(count)
        for hit in self.hits if hits is None else hits:
            if hit.keeps != 1.0 and hit.does(activity):
                found[where(hit)] *= hit.keeps
        return found


def left(limit: Array, fraction: Array) -> Array:
    """What is left of limits; nothing of a limit without end where the fraction is 0."""
    return np.where(fraction == 0.0, 0.0, limit * np.where(fraction == 0.0, 1.0, fraction))


def everything_of(parts: "Parts", *names: str) -> Hit:
    """The loss of all that some places, owners, sites or groups sell, make and ship."""
    return Hit(sites_of(parts, names))


def lane_of(parts: "Parts", origin: str, destination: str, material: str) -> Hit:
    """The loss of one lane."""
    materials = np.zeros(len(parts.materials), dtype=bool)
    materials[parts.materials.code[material]] = True
    return Hit(sites_of(parts, [origin]), materials, sites_of(parts, [destination]), "ship")


def sites_of(parts: "Parts", names: Iterable[str]) -> Array:
    """Mask over the sites that names stand for."""
    found = np.zeros(len(parts.sites), dtype=bool)
    found[[parts.sites.code[site] for site in parts.scope.sites(names)]] = True
    return found


def _hits(parts: "Parts", scenario: str) -> list[Hit]:
    """The rows of a scenario."""
    rows = parts.instance.tables["disruptions"]
    here = np.flatnonzero((rows["scenario"] == scenario).to_numpy()) if scenario else np.empty(0, dtype=np.int64)
    if not len(here):
        return []
    known = parts.texts("scenarios", "scenario")
    start = int(steps(parts.instance, "scenarios", "start", 0)[known.index(scenario)])
    begins = np.maximum(steps(parts.instance, "disruptions", "from", start), start)
    ends = steps(parts.instance, "disruptions", "until", parts.count - 1)
    found = []
    for at, row in zip(here.tolist(), rows.iloc[here].to_dict("records"), strict=True):
        sites = np.ones(len(parts.sites), dtype=bool)
        for kind in ("place", "owner", "site", "group"):
            if row[kind]:
                sites &= sites_of(parts, [row[kind]])
        factors = row["price_factor"] != 1.0 or row["demand_factor"] != 1.0
        keeps = float(factors) if np.isnan(row["keeps"]) else row["keeps"]
        found.append(
            Hit(
                sites,
                _materials(parts, row["material"], row["stage"]),
                sites_of(parts, [row["to"]]) if row["to"] else None,
                row["activity"],
                int(begins[at]),
                int(ends[at]),
                keeps,
                row["price_factor"],
                row["demand_factor"],
            )
        )
    return found


def _materials(parts: "Parts", material: str, stage: str) -> Array | None:
    """Mask over the materials that a row names; ``None`` where it names none."""
    if not material and not stage:
        return None
    stages = parts.stage_of
    names = parts.materials.names.tolist()
    return np.array([material in ("", name) and stage in ("", stages[name]) for name in names], dtype=bool)
