"""What checks of the network share: the names resolved and every lane, derived once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.assembly.lanes import Duties, all_lanes, duties
from planner.codes import Ints, grouped, join
from planner.instance import Instance
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
        return cls(number, len(first), whole.lanes, recipes)


class Noting(Protocol):
    """What notes what is read."""

    def note(self, *what: Any) -> None:
        """Something is read."""

    def make(self, make: "Callable[[Network], Any]", whole: "Network") -> Any:
        """A value of the network."""


Made = TypeVar("Made")


class _Once(Generic[Made]):
    """An attribute of a network that is made when it is first asked for, and read as one thing."""

    def __init__(self, make: "Callable[[Network], Made]") -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, whole: "Network", _: type) -> Made:
        return whole.known(self._make)


@dataclass(frozen=True)
class Network:
    """An instance whose names are sound, and what follows from its tables."""

    instance: Instance
    noting: Noting | None = None
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def known(self, make: "Callable[[Network], Made]") -> Made:
        """What follows from the tables, made once; noted as read itself, not by what it was made from."""
        if make not in self._known:
            self._known[make] = make(self) if self.noting is None else self.noting.make(make, self)
        if self.noting is not None:
            self.noting.note(make)
        found: Made = self._known[make]
        return found

    @_Once
    def scope(self) -> Scope:
        """Places, owners, sites and groups."""
        return Scope.of(self.instance)

    @_Once
    def lanes(self) -> pd.DataFrame:
        """Every lane, stated or derived."""
        return all_lanes(self.instance)

    @_Once
    def ends(self) -> tuple[Ints, Ints, Ints]:
        """Codes of origin, destination and material of every lane."""
        origin, destination, material = (
            self.instance.codes.encode(self.lanes[name]) for name in ("origin", "destination", "material")
        )
        return origin, destination, material

    @_Once
    def rates(self) -> Duties:
        """Duty rates and customs values of the lanes."""
        return duties(self.instance, self.lanes, self.scope)

    @_Once
    def nodes(self) -> Nodes:
        """Materials at sites, numbered."""
        return Nodes.of(self)

    @_Once
    def recipes(self) -> tuple[Ints, Ints, Ints]:
        """Rows of ``recipes`` that have a process: position, position of that process, and code of its site."""
        codes = self.instance.codes
        row, run = join([codes["recipes", "process"]], [codes["processes", "process"]])
        return row, run, codes["processes", "site"][run]

    @_Once
    def made(self) -> Pairs:
        """Where which material is offered or made."""
        return self._with_recipes("offers", "output")

    @_Once
    def used(self) -> Pairs:
        """Where which material is demanded or used."""
        return self._with_recipes("demands", "input")

    @_Once
    def demanded(self) -> Pairs:
        """Where which material is demanded, more than nothing of it."""
        site, material, quantity = self.instance.codes.pick("demands", [*PAIR, "quantity"])
        return site[quantity > 0], material[quantity > 0]

    @_Once
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
