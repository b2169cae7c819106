"""An instance in model units and in codes: the only place where units are converted and names are coded.

Every column of the tables states its unit (``tables.py``), so one rule converts them all: mass to ``mass`` tonnes,
money to ``money`` of currency, both powers of two near the instance's own typical quantity and price, so that
coefficients stay near 1 and a tonne written as 1 000 kg gives the same matrix. Codes follow the order of the names, so
that rows in another order give the same matrix too.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log2
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Index, Labels
from planner.assembly.carriers import Elements
from planner.assembly.disruptions import Disrupted
from planner.assembly.lanes import KEY, all_lanes, duties, lane_columns
from planner.assembly.origins import Origins
from planner.codes import keys, look_up
from planner.instance import Instance
from planner.periods import PER_YEAR, horizon
from planner.scope import Scope
from planner.tables import columns
from planner.windows import steps, windows

TONNES = {"t": 1.0, "kg": 0.001, "kt": 1000.0}
"""Tonnes per mass unit of an instance."""


@dataclass(frozen=True)
class Units:
    """What one unit of the model stands for."""

    mass: float
    """Tonnes."""
    money: float
    """Currency."""


def units_of(instance: Instance) -> Units:
    """Powers of two that bring typical quantities near 100 and typical prices near 10.

    Typical is the geometric mean of what demands, offers and processes state, within 1e-30 to 1e30.
    """
    header, of = instance.header, instance.codes
    quantity = _typical(of["demands", "quantity"], of["offers", "capacity"], of["stockpiles", "initial"])
    price = _typical(of["offers", "price"], of["lanes", "freight"], abs(of["processes", "cost"]))
    quantity, price = (min(max(typical, 1e-30), 1e30) for typical in (quantity, price))
    quantity *= TONNES[header.mass_unit] / PER_YEAR[header.period_length]
    mass = 2.0 ** round(log2(quantity / 100))
    return Units(mass, 2.0 ** round(log2(price / TONNES[header.mass_unit] * mass / 10)))


def _typical(*columns: Array) -> float:
    values = np.concatenate(columns).astype(np.float64)
    positive = values[values > 0]
    return float(np.exp(np.log(positive).mean())) if len(positive) else 1.0


@dataclass(frozen=True)
class Lanes:
    """Every lane, stated or derived, by origin, destination and material; codes, and terms in model units."""

    origin: Array
    destination: Array
    material: Array
    freight: Array
    loss: Array
    lead_time: Array
    capacity: Array
    """Per year; ``inf`` where there is none."""
    fixed_cost: Array
    duty: Array | None
    """Money per mass, lane by period; ``None`` where no lane has any."""

    def __len__(self) -> int:
        return len(self.origin)


class Parts:
    """The tables of a checked instance, as the families read them."""

    def __init__(self, instance: Instance, units: Units | None = None) -> None:
        self.instance, self._units = instance, units
        header = instance.header
        self.count = header.periods
        per_year = PER_YEAR[header.period_length]
        self.years = 1 / per_year
        """Years of a period."""
        self.periods = horizon(header.first_period, header.periods, header.period_length)
        self.discount = (1 + header.discount_rate) ** -(np.arange(header.periods) / per_year)
        self.calendar = tuple(period[:4] for period in self.periods)
        """Calendar year of each period."""
        self.steps = Labels(range(header.periods))
        self._numbers: dict[tuple[str, str], Array] = {}
        self._translations: dict[int, tuple[Labels, Array]] = {}
        self._windows: dict[str, tuple[Array, Array]] = {}

    @cached_property
    def units(self) -> Units:
        """What one unit of the model stands for."""
        return self._units or units_of(self.instance)

    @cached_property
    def mass(self) -> float:
        """Model units in a mass unit of the instance."""
        return TONNES[self.instance.header.mass_unit] / self.units.mass

    @cached_property
    def price(self) -> float:
        """Model units in one currency per mass unit of the instance."""
        return 1 / self.units.money / self.mass

    @cached_property
    def _factors(self) -> dict[str, float]:
        """Model units in one unit of a column."""
        return {
            "mass": self.mass,
            "mass/year": self.mass,
            "money": 1 / self.units.money,
            "money/mass": self.price,
            "money/mass/year": self.price,
        }

    def rows(self, table: str) -> int:
        """Number of rows of a table."""
        return len(self.instance.tables[table])

    def texts(self, table: str, column: str) -> list[str]:
        """Cells of a text column."""
        known = self.instance.codes
        return list(map(known.text, known[table, column].tolist()))

    def distinct(self, table: str, column: str) -> frozenset[str]:
        """The different cells of a text column, the empty one too."""
        return self.instance.codes.texts(self.instance.codes[table, column])

    def codes(self, table: str, column: str, labels: Labels) -> Array:
        """Codes of a column of names; −1 where a name is none of the labels."""
        cells = self.instance.codes[table, column]  # before the translation: it may hold texts that are new
        return self._translation(labels)[cells]

    def _translation(self, labels: Labels) -> Array:
        """Code among some labels of every text of the instance; −1 where it is none of them."""
        codes = self.instance.codes
        known, found = self._translations.get(id(labels), (labels, np.empty(0, dtype=np.int64)))
        if len(found) < len(codes):
            at = [codes.code(name) for name in labels.names.tolist()]
            found = np.full(len(codes), -1)
            found[at] = np.arange(len(labels))
            self._translations[id(labels)] = known, found
        return found

    def numbers(self, table: str, column: str, empty: float = np.nan) -> Array:
        """A column of numbers in model units; ``empty`` where the cell is."""
        found = self._numbers.get((table, column))
        if found is None and not self.rows(table):
            return np.empty(0)
        if found is None:
            found = self.instance.codes[table, column].astype(np.float64)
            found = found * self._factors.get(columns(table)[column].unit, 1.0)
            self._numbers[table, column] = found
        return found if np.isnan(empty) else np.where(np.isnan(found), empty, found)

    @cached_property
    def scope(self) -> Scope:
        """Names resolved."""
        return Scope.of(self.instance)

    @cached_property
    def elements(self) -> Elements:
        """What materials hold."""
        return Elements.of(self.instance)

    @cached_property
    def origins(self) -> Origins:
        """Origins that rules tell apart."""
        return Origins.of(self.instance, self.scope)

    @cached_property
    def sites(self) -> Labels:
        """Sites by name."""
        return Labels(sorted(self.distinct("sites", "site")))

    @cached_property
    def materials(self) -> Labels:
        """Materials by name."""
        return Labels(sorted(self.distinct("materials", "material")))

    @cached_property
    def stage_of(self) -> dict[str, str]:
        """Stage of each material."""
        return dict(zip(self.texts("materials", "material"), self.texts("materials", "stage"), strict=True))

    @cached_property
    def processes(self) -> Labels:
        """Processes by name."""
        return Labels(sorted(self.distinct("processes", "process")))

    @cached_property
    def process_site(self) -> Array:
        """Site of each process."""
        found = np.empty(len(self.processes), dtype=np.int64)
        found[self.codes("processes", "process", self.processes)] = self.codes("processes", "site", self.sites)
        return found

    @cached_property
    def rules(self) -> list[tuple[dict[str, Any], range]]:
        """Rows of ``rules`` in the order of their names, each with the periods in which it holds."""
        known, numbers = columns("rules"), self.instance.codes
        cells = (
            numbers["rules", name].tolist() if column.numeric else self.texts("rules", name)
            for name, column in known.items()
        )
        named = (dict(zip(known, row, strict=True)) for row in zip(*cells, strict=True))
        spans = (range(begin, end + 1) for begin, end in zip(*self.windows("rules"), strict=True))
        return sorted(zip(named, spans, strict=True), key=lambda found: (found[0]["rule"], found[0]["from"]))

    def rows_of(self, table: str, index: Index) -> Array:
        """Row of a table that each key of an index (site, material, from) stands for."""
        names = zip(("site", "material", "from"), index.labels, strict=True)
        return Index(*((labels, self.codes(table, name, labels)) for name, labels in names)).find(index.codes)

    def windows(self, table: str) -> tuple[Array, Array]:
        """First and last period index (inclusive) of each row's window, clipped to the horizon."""
        if table not in self._windows:
            self._windows[table] = windows(self.instance, table)
        return self._windows[table]

    @cached_property
    def lanes(self) -> Lanes:
        """Every lane, sorted."""
        frame = all_lanes(self.instance)
        coded, labels = lane_columns(self.instance, frame, *KEY), (self.sites, self.sites, self.materials)
        ends = [self._translation(known)[codes] for known, codes in zip(labels, coded, strict=True)]
        order = np.lexsort(ends[::-1])
        duty = None
        if self.rows("duties") or (lane_columns(self.instance, frame, "duty")[0] > 0).any():
            per_mass = duties(self.instance, frame, self.scope).per_mass[order] * self.price
            duty = per_mass if per_mass.any() else None

        def term(name: str, unit: str = "") -> Array:
            (values,) = lane_columns(self.instance, frame, name)
            return values.astype(np.float64)[order] * self._factors.get(unit, 1.0)

        capacity = term("capacity", "mass/year")
        origin, destination, material = (end[order] for end in ends)
        return Lanes(
            origin,
            destination,
            material,
            freight=term("freight", "money/mass"),
            loss=term("loss"),
            lead_time=term("lead_time").astype(np.int64),
            capacity=np.where(np.isnan(capacity), np.inf, capacity),
            fixed_cost=term("fixed_cost", "money"),
            duty=duty,
        )

    @cached_property
    def disrupted(self) -> Disrupted:
        """What the scenario that happens leaves."""
        return Disrupted.of(self, self.instance.header.scenario)

    @cached_property
    def coming(self) -> "Coming":
        """What was under way at the start."""
        return Coming.of(self)

    @cached_property
    def demand(self) -> "Demand":
        """Demand of every site, material, priority and period."""
        return Demand.of(self)


@dataclass(frozen=True)
class Coming:
    """Rows of ``in_transit`` that arrive within the horizon."""

    origin: Array
    destination: Array
    material: Array
    t: Array
    quantity: Array
    arriving: Array
    """After the loss of the lane, if there is one."""
    charges: Array
    """Freight and duty of the lane, per mass."""
    paid: Array

    @classmethod
    def of(cls, parts: Parts) -> "Coming":
        """Those of an instance."""
        t, quantity = steps(parts.instance, "in_transit", "arrives", 0), parts.numbers("in_transit", "quantity", 0.0)
        here = np.flatnonzero((t >= 0) & (t < parts.count) & (quantity > 0))
        origin, destination, material = ends = [
            parts.codes("in_transit", name, labels)[here]
            for name, labels in zip(KEY, (parts.sites, parts.sites, parts.materials), strict=True)
        ]
        lanes, sizes = parts.lanes, (0, len(parts.sites), len(parts.materials))
        lane = look_up(keys((lanes.origin, lanes.destination, lanes.material), sizes), keys(ends, sizes))

        def term(values: Array) -> Array:
            return np.where(lane >= 0, values[lane], 0.0) if len(lanes) else np.zeros(len(lane))

        duty = lanes.duty[:, 0] if lanes.duty is not None else np.zeros(len(lanes))
        paid = np.array(parts.texts("in_transit", "paid"), dtype=object)[here] != "no"
        arriving = quantity[here] * (1 - term(lanes.loss))
        charges = term(lanes.freight + duty)
        return cls(origin, destination, material, t[here], quantity[here], arriving, charges, paid)


@dataclass(frozen=True)
class Demand:
    """Every demand that is not nothing, by site, material, priority and period.

    A period's own row beats the general one.
    """

    site: Array
    material: Array
    priority: Array
    t: Array
    amount: Array
    priorities: Labels
    """Priorities that some demand has."""

    @classmethod
    def of(cls, parts: Parts) -> "Demand":
        """That of an instance."""
        count = parts.count
        priorities = Labels(sorted(parts.distinct("demands", "priority")))
        site, material = (
            parts.codes("demands", "site", parts.sites),
            parts.codes("demands", "material", parts.materials),
        )
        priority = parts.codes("demands", "priority", priorities)
        sizes = (0, len(parts.materials), len(priorities))
        places, place = np.unique(keys((site, material, priority), sizes), return_inverse=True)
        period = parts.codes("demands", "period", Labels([*parts.periods, ""]))
        amount = np.zeros((len(places), count))
        quantity = parts.numbers("demands", "quantity", 0.0) * parts.years
        general = np.flatnonzero(period == count)
        amount[place[general]] = quantity[general, None]
        own = np.flatnonzero((period >= 0) & (period < count))
        amount[place[own], period[own]] = quantity[own]
        rest, level = np.divmod(places, max(len(priorities), 1))
        sites, materials = np.divmod(rest, max(len(parts.materials), 1))
        row, step = (part.ravel() for part in np.indices(amount.shape))
        amount *= parts.disrupted.demands(sites[row], materials[row], step).reshape(amount.shape)
        at, t = np.nonzero(amount > 0)
        return cls(sites[at], materials[at], level[at], t, amount[at, t], priorities)
