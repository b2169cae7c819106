"""What the built-in supply chains share: sites of the facility tables, processes that ramp up, who trades with whom."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from instances.figures import Book, Figure, Record, Sources, exact, extract

PARTICIPANTS = ("USA", "KOR", "JPN", "AUS", "CAN", "DEU", "IND", "FRA", "ITA", "MEX", "GBR", "EU27_OTHER")
"""Those who met in January 2026; EU27_OTHER is the rest of the EU."""
REST_OF_EU = "POL"
"""Country whose distances and risk stand for EU27_OTHER: the rest of the EU outside DEU, FRA, ITA and named places."""


def port_country(place: str) -> str:
    """Country whose port and risk stand for a place."""
    return REST_OF_EU if place == "EU27_OTHER" else place


@dataclass(frozen=True)
class Plant:
    """A row of the facility tables: where it stands and how much it makes."""

    table: str
    facility: str
    material: str


class Chain:
    """An instance as it grows, table by table."""

    PLACES: ClassVar[Mapping[str, str]]
    """Every place, and whether it belongs to the ``allies`` or is a ``third`` country."""
    EU: ClassVar[Sequence[str]]
    """Places inside the EU."""
    PERIODS: ClassVar[Sequence[str]]
    """Names of the periods."""
    PERIODS_A_YEAR: ClassVar[int]
    """How many of them make a year."""
    OWNERS: ClassVar[Mapping[str, str]] = {}
    """Owners that the facility tables name in short, in full."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.book = Book()
        self.sites: dict[str, str] = {}
        self.ramp = self.parameter("all", "ramp_up_first_year")

    def build(self) -> Book:
        """All tables."""
        raise NotImplementedError

    # Sources

    def parameter(self, material: str, name: str) -> Figure:
        """A process parameter: central, low and high."""
        return self.sources.estimate("process_parameters_estimates", material=material, parameter=name)

    def transport(self, mode: str) -> Figure:
        """A cost of transport: central, low and high."""
        return self.sources.estimate("transport_costs_estimates", mode=mode)

    def distance(self, origin: str, destination: str, column: str) -> Figure:
        """Kilometres between two places."""
        ends = [port_country(place) for place in (origin, destination)]
        return self.sources.figure("distances", column, origin_iso3=ends[0], dest_iso3=ends[1])

    def capacity(self, plant: Plant) -> Figure:
        """Nameplate of a facility; figures from memory are good to 25 percent, as their basis says."""
        figure = self.sources.figure(plant.table, "capacity", facility=plant.facility, material=plant.material)
        if figure.kind == "source":
            return figure
        return replace(figure, low=0.75 * figure.value, high=1.25 * figure.value)

    # Tables

    def places(self) -> None:
        """Countries, and the groups that rules and duties speak of."""
        names = {row["iso3"]: row["country"] for row in self.sources.rows("ports")}
        for place in self.PLACES:
            iso3 = port_country(place)
            self.book.add(
                "places",
                {"place": place},
                name="Rest of the EU" if place == "EU27_OTHER" else names[place],
                latitude=self.sources.figure("ports", "latitude", iso3=iso3),
                longitude=self.sources.figure("ports", "longitude", iso3=iso3),
                risk=self.sources.figure("governance", "governance_risk_0_1", iso3=iso3),
            )
        for member in self.EU:
            self.book.add("groups", {"group": "EU27", "member": member})
        others = (place for place, side in self.PLACES.items() if side == "allies" and place not in self.EU)
        for member in ["EU27", *others]:
            self.book.add("groups", {"group": "allies", "member": member})

    def event(self, table: str, event: str, start: str, told: str, *rows: Mapping[str, str]) -> None:
        """A trade restriction that was met, as a scenario: when it comes again, what of it is planned, what it hits."""
        found = self.sources.rows(table, event_id=event)[0]
        since, ended = found["effective_date"], found["end_or_suspension_date"]
        held = f"in force from {since} to {ended}" if ended else f"in force since {since}"
        source = found.get("instrument") or found["basis"].partition(" (")[0] + " (from memory)"
        description = f"{source}, {held}. {told}"
        self.book.add("scenarios", {"scenario": event}, start=start, description=description)
        for line, row in enumerate(rows, 1):
            self.book.add("disruptions", {"scenario": event, "line": str(line)}, **row)

    def priorities(self, names: Iterable[str]) -> None:
        """Classes of demand in their order of service."""
        for rank, priority in enumerate(names, start=1):
            self.book.add(
                "priorities",
                {"priority": priority},
                rank=exact(rank, "order of service"),
                unmet_cost=self.sources.assumption(f"unmet_cost_{priority}"),
            )

    def site(
        self, name: str, place: str, kind: str, owner: str = "", plant: Plant | None = None, **cells: Figure
    ) -> str:
        """Add a site once; place, owner and coordinates are the facility's where there is one."""
        if name not in self.sites:
            if plant is not None:
                row = self.sources.rows(plant.table, facility=plant.facility, material=plant.material)[0]
                place = row["iso3"]
                owner = self.OWNERS.get(row["operator"], row["operator"])
                key = {"facility": plant.facility, "material": plant.material}
                cells |= {end: self.sources.figure(plant.table, end, **key) for end in ("latitude", "longitude")}
            self.sites[name] = place
            self.book.add("sites", {"site": name}, place=place, owner=owner, kind=kind, **cells)
        return name

    def process(
        self,
        name: str,
        site: str,
        start: int | str,
        capacity: Figure | None,
        cost: Figure | None,
        inputs: Mapping[str, Figure],
        outputs: Mapping[str, Figure],
        new: bool = False,
        until: int | str | None = None,
    ) -> None:
        """Add a process and its recipe; a ``new`` plant runs at the ramp of its first year, then in full."""
        first = self.PERIODS.index(str(start))
        if new:
            part = capacity * self.ramp if capacity else None
            last = self.PERIODS[min(first + self.PERIODS_A_YEAR, len(self.PERIODS)) - 1]
            self.process(f"{name} (first year)", site, start, part, cost, inputs, outputs, until=last)
            first += self.PERIODS_A_YEAR
            if first >= len(self.PERIODS):
                return
        cells = {column: cell for column, cell in (("capacity", capacity), ("cost", cost)) if cell}
        self.book.add(
            "processes",
            {"process": name},
            site=site,
            **cells,
            from_=self.PERIODS[first] if first else "",
            until=str(until) if until else "",
        )
        for material, figure in inputs.items():
            self.book.add("recipes", {"process": name, "material": material}, input=figure)
        for material, figure in outputs.items():
            self.book.add("recipes", {"process": name, "material": material}, output=figure)

    def offer(
        self,
        site: str,
        material: str,
        price: Figure,
        capacity: Figure | None,
        start: int | str | None = None,
        until: int | str | None = None,
        **cells: Figure,
    ) -> None:
        """Add what a site sells, from ``start`` (empty where that is the first period) ``until``."""
        begin = str(start) if start and str(start) != self.PERIODS[0] else ""
        if capacity:
            cells = {"capacity": capacity} | cells
        end = str(until) if until else ""
        self.book.add("offers", {"site": site, "material": material, "from": begin}, until=end, price=price, **cells)

    def trades(self, label: Mapping[str, str]) -> set[tuple[str, str, str]]:
        """Label of a material, place that sells it and place that needs it: what a freight rate is wanted for.

        Args:
            label: a name for each material, such as its stage; materials without one are never shipped.
        """
        tables: dict[str, list[Record]] = self.book.tables
        home = {row["process"]: self.sites[row["site"]] for row in tables["processes"]}
        held = {(row["material"], self.sites[row["site"]]) for row in tables["stockpiles"]}
        sold = {(row["material"], home[row["process"]]) for row in tables["recipes"] if row.get("output")}
        sold |= {(row["material"], self.sites[row["site"]]) for row in tables["offers"]} | held
        needed = {(row["material"], home[row["process"]]) for row in tables["recipes"] if row.get("input")}
        needed |= {(row["material"], self.sites[row["site"]]) for row in tables["demands"]} | held
        origins = {(label[material], place) for material, place in sold if material in label}
        return {
            (label[material], origin, place)
            for material, place in needed
            if material in label
            for name, origin in origins
            if name == label[material]
        }


def command(
    here: Path,
    told: str | None,
    chain: type[Chain],
    header: Mapping[str, str | int | float],
    wanted: Mapping[str, Callable[[Record], bool]],
) -> None:
    """The command line of a build script: build the tables, or extract the sources anew."""
    parser = argparse.ArgumentParser(description=(told or "").splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=here)
    parser.add_argument("--extract", type=Path, metavar="DATA")
    arguments = parser.parse_args()
    if arguments.extract:
        extract(arguments.extract, here / "sources", wanted)
    else:
        chain(Sources(here / "sources")).build().write(arguments.out, header)
