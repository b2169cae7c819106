"""What checks of the network share: the names resolved and every lane, derived once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.codes import Ints, grouped, join
from planner.instance import Instance
from planner.lanes import Duties, all_lanes, duties
from planner.scope import Scope

PAIR = ("site", "material")
Pairs = tuple[Ints, Ints]
"""Codes of sites and of materials, row by row."""


@dataclass(frozen=True)
class Nodes:
    """Materials at sites, numbered, and the lanes and recipes between them."""

    number: dict[str, Ints]
    """Number of the node of each row of a table; of lanes at their ``start`` and their ``end``."""
    count: int
    lanes: pd.DataFrame
    """Every lane."""
    recipes: dict[str, Array]
    """``node`` of each row of ``recipes``, position of its process (``run``), ``input`` and ``output``."""
    processes: pd.DataFrame

    @classmethod
    def of(cls, whole: "Network") -> "Nodes":
        """The nodes that any table of an instance touches."""
        codes = whole.instance.codes
        row, run, site = whole.recipes
        material, taken, given = (cells[row] for cells in codes.pick("recipes", ["material", "input", "output"]))
        origin, destination, goods = whole.ends
        coming = codes["in_transit", "material"]
        pairs = {name: codes.pick(name, PAIR) for name in ("offers", "tiers", "demands", "stockpiles")} | {
            "recipes": [site, material],
            "start": [origin, goods],
            "end": [destination, goods],
            "sent": [codes["in_transit", "origin"], coming],
            "in_transit": [codes["in_transit", "destination"], coming],
        }
        numbers, first = grouped([np.concatenate(cells) for cells in zip(*pairs.values(), strict=True)])
        parts = np.split(numbers, np.cumsum([len(cells[0]) for cells in pairs.values()])[:-1])
        number = dict(zip(pairs, parts, strict=True))
        recipes = {"node": number["recipes"], "run": run, "input": taken, "output": given}
        return cls(number, len(first), whole.lanes, recipes, whole.instance.tables["processes"])


@dataclass(frozen=True)
class Network:
    """An instance whose names are sound, and what follows from its tables."""

    instance: Instance

    @cached_property
    def scope(self) -> Scope:
        """Places, owners, sites and groups."""
        return Scope.of(self.instance)

    @cached_property
    def lanes(self) -> pd.DataFrame:
        """Every lane, stated or derived."""
        return all_lanes(self.instance)

    @cached_property
    def ends(self) -> tuple[Ints, Ints, Ints]:
        """Codes of origin, destination and material of every lane."""
        origin, destination, material = (
            self.instance.codes.encode(self.lanes[name]) for name in ("origin", "destination", "material")
        )
        return origin, destination, material

    @cached_property
    def rates(self) -> Duties:
        """Duty rates and customs values of the lanes."""
        return duties(self.instance, self.lanes, self.scope)

    @cached_property
    def nodes(self) -> Nodes:
        """Materials at sites, numbered."""
        return Nodes.of(self)

    @cached_property
    def recipes(self) -> tuple[Ints, Ints, Ints]:
        """Rows of ``recipes`` that have a process: position, position of that process, and code of its site."""
        codes = self.instance.codes
        row, run = join([codes["recipes", "process"]], [codes["processes", "process"]])
        return row, run, codes["processes", "site"][run]

    @cached_property
    def made(self) -> Pairs:
        """Where which material is offered or made."""
        return self._with_recipes("offers", "output")

    @cached_property
    def used(self) -> Pairs:
        """Where which material is demanded or used."""
        return self._with_recipes("demands", "input")

    @cached_property
    def demanded(self) -> Pairs:
        """Where which material is demanded, more than nothing of it."""
        site, material, quantity = self.instance.codes.pick("demands", [*PAIR, "quantity"])
        return site[quantity > 0], material[quantity > 0]

    @cached_property
    def consumed(self) -> Pairs:
        """Where which material is demanded, more than nothing of it, or used."""
        asked, used = self.demanded, self._in_recipes("input")
        return np.concatenate([asked[0], used[0]]), np.concatenate([asked[1], used[1]])

    def _with_recipes(self, table: str, column: str) -> Pairs:
        codes, (site, material) = self.instance.codes, self._in_recipes(column)
        return np.concatenate([codes[table, "site"], site]), np.concatenate([codes[table, "material"], material])

    def _in_recipes(self, column: str) -> Pairs:
        codes, (row, _, site) = self.instance.codes, self.recipes
        filled = codes["recipes", column][row] > 0
        return site[filled], codes["recipes", "material"][row][filled]
