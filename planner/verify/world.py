"""What the input says, read a second time: units, periods, windows, names and who is held by which group.

Nothing here is shared with the model: the definitions are those of ``docs/definitions.md``.
Everything is in tonnes and in money per tonne, whatever the instance's ``mass_unit``; every name is a code of
:class:`~planner.verify.frames.Names`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from planner.instance import Instance
from planner.tables import columns
from planner.verify.frames import Array, Flags, Floats, Frame, Ints, Names, find, join, runs

TONNES = {"t": 1.0, "kg": 1e-3, "kt": 1e3}
"""Tonnes in one unit of mass."""

PARTS = {"year": 1, "quarter": 4, "month": 12}
"""Periods in a year."""


def place_in_time(name: str, parts: int) -> int:
    """Number of a period counted from year 0: the year times the periods of a year, and its place in the year."""
    year, *rest = re.findall(r"\d+", name)
    return int(year) * parts + (int(rest[0]) - 1 if rest else 0)


def name_in_time(number: int, length: str) -> str:
    """Name of the period with a number: 2027, 2027Q1 or 2027-03."""
    year, part = divmod(number, PARTS[length])
    return {"year": f"{year}", "quarter": f"{year}Q{part + 1}", "month": f"{year}-{part + 1:02}"}[length]


def words(cell: str) -> list[str]:
    """Names that a cell lists with ``;``."""
    return [word.strip() for word in cell.split(";") if word.strip()]


class World:
    """An instance in tonnes, with its horizon and its names."""

    def __init__(self, instance: Instance) -> None:
        head = instance.header
        self.instance = instance
        self._known: dict[tuple[str, str], Array] = {}
        self._texts: dict[tuple[str, str], list[str]] = {}
        self.header = head
        self.names = Names()
        self.periods = head.periods
        self.parts = PARTS[head.period_length]
        self.years_of_period = 1.0 / self.parts
        self.start = place_in_time(head.first_period, self.parts)
        self.labels = [self.label(t) for t in range(self.periods)]
        self.calendar = [label[:4] for label in self.labels]
        self.period, self.year = self.names.of(self.labels), self.names.of(self.calendar)
        self.discount: Floats = (1 + head.discount_rate) ** (-np.arange(self.periods) / self.parts)

    def texts(self, table: str, row: int, names: Sequence[str]) -> dict[str, str]:
        """Cells of a row, as they are written."""
        cells = self.instance.tables[table]
        for name in names:
            if (table, name) not in self._texts:
                self._texts[table, name] = [str(cell) for cell in cells[name].tolist()]
        return {name: self._texts[table, name][row] for name in names}

    def label(self, t: int) -> str:
        """Name of the period that lies t periods after the first, after the horizon too."""
        return name_in_time(self.start + t, self.header.period_length)

    def table(self, table: str, *names: str) -> Frame:
        """Columns of a table of the input: masses in tonnes, prices per tonne, names as codes."""
        return Frame({name: self._column(table, name) for name in names}, len(self.instance.tables[table]))

    def _column(self, table: str, name: str) -> Array:
        if (table, name) not in self._known:
            cells, column = self.instance.tables[table][name], columns(table)[name]
            self._known[table, name] = (
                cells.to_numpy(dtype=np.float64) * self._factor(table, name, column.unit)
                if column.numeric
                else self.names.codes(cells)
            )
        return self._known[table, name]

    def _factor(self, table: str, name: str, unit: str) -> float | Floats:
        """What turns a column into tonnes, or into money per tonne."""
        tonnes = TONNES[self.header.mass_unit]
        if (table, name) == ("rules", "limit"):
            kinds, base = self.instance.tables[table]["kind"], self.instance.tables[table]["base"]
            masses = kinds.isin(["max_quantity", "min_quantity"]) | ((kinds == "min_award") & (base == ""))
            return np.where(masses, tonnes, 1.0)
        if (table, name) == ("rules", "penalty"):
            kinds = self.instance.tables[table]["kind"]
            own = ["max_suppliers", "min_suppliers", "max_spend", "min_spend"]
            return np.where(kinds.isin(own), 1.0, 1.0 / tonnes)
        return {
            "mass": tonnes,
            "mass/year": tonnes,
            "money/mass": 1.0 / tonnes,
            "money/mass/year": 1.0 / tonnes,
        }.get(unit, 1.0)

    def index(self, periods: Ints) -> Floats:
        """How many periods each named period lies after the first; a name that is no period is no number."""
        known = np.full(len(self.names), np.nan)
        for code in np.flatnonzero(self.names.flags(periods)).tolist():
            if re.match(r"\d{4}", self.names[code]):
                known[code] = place_in_time(self.names[code], self.parts) - self.start
        found: Floats = known[periods]
        return found

    def span(self, frame: Frame) -> tuple[Ints, Ints]:
        """First and last period of the window of each row, cut to the horizon."""
        first, last = self.index(frame["from"]), self.index(frame["until"])
        first = np.maximum(np.where(np.isnan(first), 0, first), 0)
        last = np.minimum(np.where(np.isnan(last), self.periods - 1, last), self.periods - 1)
        return first.astype(np.int64), last.astype(np.int64)

    def spread(self, frame: Frame) -> Frame:
        """Each row once for every period ``t`` of its window, with the names of that period and of its year."""
        first, last = self.span(frame)
        rows, step = runs(np.maximum(last - first + 1, 0))
        return self.dated(frame.take(rows).plus(t=first[rows] + step))

    def dated(self, frame: Frame) -> Frame:
        """A frame with ``period`` and ``year`` beside its ``t``."""
        return frame.plus(period=self.period[frame["t"]], year=self.year[frame["t"]])

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """Direct members of each group."""
        groups = self.instance.tables["groups"]
        found: dict[str, list[str]] = {}
        for group, member in zip(groups["group"].tolist(), groups["member"].tolist(), strict=True):
            found.setdefault(group, []).append(member)
        return found

    def unfold(self, name: str) -> set[str]:
        """A name and, if it is a group, everything inside it, inner groups included; ``home`` is the home group."""
        name = self.header.home if name == "home" and self.header.home else name
        inside, todo = {name}, [name]
        while todo:
            for member in self.members.get(todo.pop(), []):
                if member not in inside:
                    inside.add(member)
                    todo.append(member)
        return inside

    def unfolded(self, names: Iterable[str]) -> Flags:
        """For every code, whether it is one of these names or inside one of them; never the empty name."""
        inside: set[str] = set().union(*map(self.unfold, names))
        return self.names.flags(self.names.of(sorted(inside - {""})))

    @cached_property
    def sites(self) -> Frame:
        """Every ``site`` with its ``place`` and ``owner``, empty where it has none."""
        return self.table("sites", "site", "place", "owner")

    @cached_property
    def _site_codes(self) -> frozenset[int]:
        return frozenset(self.sites["site"].tolist())

    def sites_of(self, names: Sequence[str]) -> Ints:
        """Sites that names stand for: by name, by owner, by place, or inside a group."""
        if len(names) == 1 and self.names.code(names[0]) in self._site_codes:
            return self.names.of(names)  # sites share one namespace with places, owners and groups
        site, place, owner = self.sites.pick(["site", "place", "owner"])
        inside = self.unfolded(names)
        found: Ints = site[inside[site] | inside[place] | inside[owner]]
        return found

    def of_site(self, what: str, sites: Ints) -> Ints:
        """The ``place`` or ``owner`` of each site."""
        found: Ints = self.names.map(self.sites["site"], self.sites[what], 0)[sites]
        return found

    def of_material(self, what: str, materials: Ints) -> Array:
        """What the table of materials says of each material."""
        table = self.table("materials", "material", what)
        found: Array = self.names.map(table["material"], table[what], 0)[materials]
        return found

    def attribute(self, name: Ints, site: Ints, goods: Ints) -> Floats:
        """Value of an attribute of what a site sells: its own row, else the row of all that the site sells, else for
        risk that of the place, and nothing for recycled content.
        """
        rows, places = (
            self.table("attributes", "attribute", "site", "material", "value"),
            self.table("places", "place", "risk"),
        )
        key, all_goods = rows.pick(["attribute", "site", "material"]), np.zeros(len(name), dtype=np.int64)
        own, general = (find([name, site, what], key) for what in (goods, all_goods))
        risk = self.names.map(places["place"], places["risk"], np.nan)[self.of_site("place", site)]
        usual = np.where(name == self.names.code("risk"), risk, np.nan)
        usual = np.where(name == self.names.code("recycled"), 0.0, usual)
        at = np.where(own >= 0, own, general)
        found: Floats = np.where(at >= 0, np.append(rows["value"], np.nan)[at], usual)
        return found

    @cached_property
    def recipes(self) -> Frame:
        """What each process takes in and gives out, with its site."""
        recipes = self.table("recipes", "process", "material", "input", "output")
        processes = self.table("processes", "process", "site")
        rows, at = join([recipes["process"]], [processes["process"]])
        return recipes.take(rows).plus(site=processes["site"][at])
