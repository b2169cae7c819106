"""What the scenario that happens leaves, read a second time: fractions of capacities, factors of prices and demands."""

import numpy as np

from planner.verify.frames import Array, Flags, Floats, Frame
from planner.verify.world import World

HITS = ("place", "owner", "site", "group")
TEXTS = (*HITS, "scenario", "activity", "to", "material", "stage")


class Event:
    """One row of ``disruptions``."""

    def __init__(self, world: World, row: int, start: float) -> None:
        cells = world.texts("disruptions", row, TEXTS)
        numbers = world.table("disruptions", "keeps", "price_factor", "demand_factor", "from", "until")
        self.world, self.cells = world, cells
        named = [set(world.sites_of([cells[what]]).tolist()) for what in HITS if cells[what]]
        every = set(world.sites["site"].tolist())
        self.hit = every.intersection(*named)
        self.reached = set(world.sites_of([cells["to"]]).tolist()) if cells["to"] else every - self.hit or every
        first, last = (float(world.index(numbers[name])[row]) for name in ("from", "until"))
        self.first = start if np.isnan(first) else max(first, start)
        self.last = world.periods - 1 if np.isnan(last) else last
        self.price, self.demand = (float(numbers[name][row]) for name in ("price_factor", "demand_factor"))
        keeps = float(numbers["keeps"][row])
        plain = self.price == 1.0 and self.demand == 1.0
        self.keeps = (0.0 if plain else 1.0) if np.isnan(keeps) else keeps

    def concerns(self, activity: str) -> bool:
        """Whether it concerns selling, making or shipping."""
        return self.cells["activity"] in ("", activity) and not (self.cells["to"] and activity != "ship")

    def where(self, frame: Frame, site: str = "site") -> Flags:
        """Rows at its sites and in its periods."""
        found: Flags = np.isin(frame[site], [*self.hit]) & (frame["t"] >= self.first) & (frame["t"] <= self.last)
        return found

    def goods(self, materials: Array) -> Flags:
        """Which materials it concerns."""
        found = np.ones(len(materials), dtype=bool)
        if self.cells["material"]:
            found &= materials == self.world.names.code(self.cells["material"])
        if self.cells["stage"]:
            found &= self.world.of_material("stage", materials) == self.world.names.code(self.cells["stage"])
        return found


def events(world: World) -> list[Event]:
    """The rows of the scenario that happens."""
    scenario = world.header.scenario
    if not scenario:
        return []
    table = world.table("scenarios", "scenario", "start")
    code = world.names.code(scenario)
    start = world.index(table["start"][table["scenario"] == code])
    rows = np.flatnonzero(world.table("disruptions", "scenario")["scenario"] == code)
    return [Event(world, row, float(np.nan_to_num(start)[0])) for row in rows.tolist()]


def left(world: World, frame: Frame, activity: str) -> Floats:
    """Fraction of the capacity of offers (``sell``), processes (``make``, each with its ``site``) or lanes (``ship``)
    that is left in each row's period.
    """
    found = np.ones(len(frame))
    for event in events(world):
        if not event.concerns(activity):
            continue
        if activity == "ship":
            rows = event.where(frame, "origin") & np.isin(frame["destination"], [*event.reached])
            rows &= event.goods(frame["material"])
        elif activity == "make":
            made = world.recipes.take(world.recipes["output"] > 0)
            makers = made["process"][event.goods(made["material"])]
            rows = event.where(frame) & (np.isin(frame["process"], makers) | _whole(event))
        else:
            rows = event.where(frame) & event.goods(frame["material"])
        found[rows] *= event.keeps
    return found


def shared(world: World, frame: Frame) -> Floats:
    """Fraction of the capacity that a site's offers share."""
    found = np.ones(len(frame))
    for event in events(world):
        if event.concerns("sell") and _whole(event):
            found[event.where(frame)] *= event.keeps
    return found


def _whole(event: Event) -> bool:
    return not event.cells["material"] and not event.cells["stage"]


def factor(world: World, frame: Frame, what: str) -> Floats:
    """Factor of the ``price`` of offers, or of ``demand``."""
    found = np.ones(len(frame))
    for event in events(world):
        if what == "demand" or event.concerns("sell"):
            rows = event.where(frame) & event.goods(frame["material"])
            found[rows] *= event.price if what == "price" else event.demand
    return found


def cut(limits: Floats, fraction: Floats) -> Floats:
    """What is left of limits, also of those without end."""
    with np.errstate(invalid="ignore"):
        return np.where(fraction == 0, 0.0, limits * fraction)
