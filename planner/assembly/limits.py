"""Every yes-or-no of an instance: what it lets through at most (``needs.py``) and at least, and what it costs."""

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Values
from mineral_sourcing.network import Activation, Flow, Processing
from planner.assembly.needs import LaneLimits, Needs, sale_limits
from planner.assembly.parts import Parts
from planner.codes import Names, keys, look_up
from planner.errors import InputError, Problem


def activation(parts: Parts, flow: Flow, processing: Processing, limits: LaneLimits) -> Activation:
    """Every switch of the instance: offers, set-ups, processes, runs, lanes and routes.

    Raises:
        InputError: nothing bounds what a switch lets through.
    """
    rows = _Switches(parts, flow, processing, limits.needs)
    rows.offers()
    rows.processes()
    if (parts.lanes.fixed_cost > 0).any() or (parts.numbers("routes", "fixed_cost", 0.0) > 0).any():
        rows.lanes_and_routes(limits)
    return rows.done()


class _Switches:
    """An Activation in the making."""

    def __init__(self, parts: Parts, flow: Flow, processing: Processing, needs: Needs) -> None:
        self.parts, self.flow, self.processing, self.needs = parts, flow, processing, needs
        self.years = list(dict.fromkeys(parts.calendar))
        self.year = np.array([self.years.index(name) for name in parts.calendar])
        """Calendar year of each period, by number."""
        self.first = np.array([parts.calendar.index(name) for name in self.years])
        """First period of each calendar year."""
        self.names = tuple(Names() for _ in range(7))
        self.codes: list[list[Array]] = []
        self.data: dict[str, list[Array]] = {"most": [], "cost": [], "least": []}
        self.members: dict[str, list[tuple[Array, Array]]] = {"sales": [], "runs": [], "shipments": []}
        self.links: list[tuple[Array, Array, Array, Array, Array]] = []
        self.count = 0
        self.problems: list[Problem] = []

    def add(
        self,
        kind: str,
        names: tuple[list[str], ...],
        most: Array,
        charge: Array,
        t: Array,
        members: tuple[str, Array, Array],
        least: Array | None = None,
    ) -> None:
        """Switches of one kind; ``names`` along all dimensions but the first, ``members`` by switch and item."""
        count = len(most)
        for at in np.flatnonzero(~np.isfinite(most)).tolist():
            self.problems.append(_unbounded(kind, *(some[at] for some in names[:4])))
        columns = ([kind] * count, *names)
        self.codes.append([known.codes(column) for known, column in zip(self.names, columns, strict=True)])
        least = np.zeros(count) if least is None else least
        for name, values in (("most", most), ("cost", charge * self.parts.discount[t]), ("least", least)):
            self.data[name].append(values)
        what, switch, item = members
        self.members[what].append((switch + self.count, item))
        self.count += count

    def by_year(self, rows: Array, t: Array) -> tuple[Array, Array, Array]:
        """Switches of rows of a table by calendar year: row and year of each, and the switch of every member."""
        pairs, switch = np.unique(rows * len(self.years) + self.year[t], return_inverse=True)
        row, year = np.divmod(pairs, len(self.years))
        return row, year, switch

    def offers(self) -> None:
        """Yearly charges and awards, and set-ups by period."""
        parts, flow = self.parts, self.flow
        sales, offers = flow.sales, flow.offers
        offer, t = sales.project((0, 1, 2), offers), sales.codes[3]
        by_offer = parts.rows_of("offers", offers)
        fixed, award, setup = (
            parts.numbers("offers", name, 0.0)[by_offer] for name in ("fixed_cost", "min_award", "setup_use")
        )
        limit = sale_limits(parts, flow)

        def names(rows: Array, ends: list[str]) -> tuple[list[str], ...]:
            site, material, since = (offers.column(j)[rows].tolist() for j in range(3))
            return site, [""] * len(rows), material, [""] * len(rows), since, ends

        here = np.flatnonzero((fixed + award)[offer] > 0)
        if len(here):
            rows, year, switch = self.by_year(offer[here], t[here])
            most = np.bincount(switch, limit[here], len(rows))
            most = np.minimum(most, self.needs.over(switch, len(rows), sales.codes[1][here], t[here]))
            ends = [self.years[at] for at in year.tolist()]
            most = np.maximum(most, award[rows])
            self.add(
                "offer", names(rows, ends), most, fixed[rows], self.first[year], ("sales", switch, here), award[rows]
            )
        here = np.flatnonzero(setup[offer] > 0)
        if len(here):
            most = np.minimum(limit[here], self.needs.need[sales.codes[1][here], t[here]])
            ends = [parts.periods[at] for at in t[here].tolist()]
            free = np.zeros(len(here))
            self.add("setup", names(offer[here], ends), most, free, t[here], ("sales", np.arange(len(here)), here))

    def processes(self) -> None:
        """Yearly charges and, where there is a least load, runs by period."""
        parts, processing = self.parts, self.processing
        fixed, load = np.zeros(len(parts.processes)), np.zeros(len(parts.processes))
        code = parts.codes("processes", "process", parts.processes)
        fixed[code], load[code] = (parts.numbers("processes", name, 0.0) for name in ("fixed_cost", "min_load"))
        process, t = processing.runs.codes
        limit = processing.run_limit.array

        def names(rows: Array, ends: list[str]) -> tuple[list[str], ...]:
            nothing = [""] * len(rows)
            return nothing, nothing, nothing, parts.processes.names[rows].tolist(), nothing, ends

        here = np.flatnonzero(fixed[process] > 0)
        if len(here):
            most = self.needs.runs
            rows, year, switch = self.by_year(process[here], t[here])
            ends = [self.years[at] for at in year.tolist()]
            total = np.bincount(switch, most[here], len(rows))
            self.add("process", names(rows, ends), total, fixed[rows], self.first[year], ("runs", switch, here))
        here = np.flatnonzero(load[process] > 0)
        if len(here):
            ends = [parts.periods[at] for at in t[here].tolist()]
            free, least = np.zeros(len(here)), load[process[here]] * limit[here]
            switch = np.arange(len(here))
            self.add("run", names(process[here], ends), limit[here], free, t[here], ("runs", switch, here), least)

    def lanes_and_routes(self, limits: LaneLimits) -> None:
        """Yearly charges of lanes; yearly charges of routes, and each material's own link."""
        parts, lanes = self.parts, self.parts.lanes
        names = parts.sites.names
        here = np.flatnonzero(lanes.fixed_cost[limits.lane] > 0)
        if len(here):
            rows, year, switch = self.by_year(limits.lane[here], limits.t[here])
            nothing = [""] * len(rows)
            ends = [self.years[at] for at in year.tolist()]
            known = names[lanes.origin[rows]].tolist(), names[lanes.destination[rows]].tolist()
            material = parts.materials.names[lanes.material[rows]].tolist()
            most = limits.of(here, switch, len(rows))
            self.add(
                "lane",
                (*known, material, nothing, nothing, ends),
                most,
                lanes.fixed_cost[rows],
                self.first[year],
                ("shipments", switch, here),
            )
        self._routes(limits)

    def _routes(self, limits: LaneLimits) -> None:
        parts, lanes, names = self.parts, self.parts.lanes, self.parts.sites.names
        width = len(parts.sites)
        charge, room = parts.numbers("routes", "fixed_cost", 0.0), parts.numbers("routes", "capacity", np.inf)
        ends = [parts.codes("routes", name, parts.sites) for name in ("origin", "destination")]
        charged = np.flatnonzero(charge > 0)
        charged = charged[np.lexsort((ends[1][charged], ends[0][charged]))]
        pairs = keys([end[charged] for end in ends], (0, width))
        route = look_up(pairs, keys((lanes.origin, lanes.destination), (0, width)))[limits.lane]
        here = np.flatnonzero(route >= 0)
        if not len(here):
            return
        rows, year, switch = self.by_year(route[here], limits.t[here])
        single, link = np.unique(switch * len(lanes) + limits.lane[here], return_inverse=True)
        of_link, lane = np.divmod(single, len(lanes))
        each = limits.of(here, link, len(single))
        steps = np.unique(switch * parts.count + limits.t[here]) // parts.count
        held = room[charged[rows]] * parts.years * np.bincount(steps, minlength=len(rows))
        most = np.minimum(np.bincount(of_link, each, len(rows)), held)
        nothing = [""] * len(rows)
        known = [names[end[charged[rows]]].tolist() for end in ends]
        labels = [self.years[at] for at in year.tolist()]
        tight = np.flatnonzero((np.bincount(of_link, minlength=len(rows))[of_link] > 1) & (each < most[of_link]))
        kept = np.full(len(single), -1)
        kept[tight] = np.arange(len(tight))
        inside = np.flatnonzero(kept[link] >= 0)
        self.links.append(
            (of_link[tight] + self.count, lanes.material[lane[tight]], each[tight], kept[link[inside]], here[inside])
        )
        self.add(
            "route",
            (known[0], known[1], nothing, nothing, nothing, labels),
            most,
            charge[charged[rows]],
            self.first[year],
            ("shipments", switch, here),
        )

    def done(self) -> Activation:
        """The finished family.

        Raises:
            InputError: a switch has no finite limit.
        """
        if self.problems:
            raise InputError(self.parts.instance.name, self.problems)
        empty = np.empty(0, dtype=np.int64)
        links = self.links or [(empty, empty, np.empty(0), empty, empty)]
        of_link, material, link_most, link, item = (np.concatenate(part) for part in zip(*links, strict=True))
        material_names = self.parts.materials.names[material].tolist()
        link_material = self.names[3].codes(material_names)
        codes = [np.concatenate(part) for part in zip(*self.codes, strict=True)] if self.codes else [empty] * 7
        labels = [known.labels() for known in self.names]
        switches = Index(*zip(labels, codes, strict=True))
        of_switch = [code[of_link] for code in codes]
        of_switch[3] = link_material
        linked = Index(*zip(labels, of_switch, strict=True))
        groups = {}
        of = {"sales": self.flow.sales, "runs": self.processing.runs, "shipments": self.flow.shipments}
        for name, pairs in self.members.items():
            found = [np.concatenate(part) for part in zip(*pairs, strict=True)] if pairs else [empty, empty]
            groups[name] = Groups(switches, of[name], found[0], found[1])
        most, cost, least = (np.concatenate([np.empty(0), *self.data[name]]) for name in ("most", "cost", "least"))
        must = np.flatnonzero(least > 0)
        floors = switches.take(must)
        floors.link((0, 1, 2, 3, 4, 5, 6), switches, must)
        return Activation(
            switches=switches,
            most=Values(switches, most),
            cost=Values(switches, cost),
            floors=floors,
            least=Values(floors, least[must]),
            links=linked,
            link_of=Groups(linked, switches, np.arange(len(of_link)), of_link),
            link_most=Values(linked, link_most),
            link_shipments=Groups(linked, self.flow.shipments, link, item),
            **groups,
        )


def _unbounded(kind: str, site: str, destination: str, material: str, process: str) -> Problem:
    what = " ".join(part for part in (material, process, f"from {site}" * bool(site), destination) if part)
    table = {"offer": "offers", "setup": "offers", "lane": "lanes", "route": "routes"}.get(kind, "processes")
    told = (
        f"{what} has a fixed charge or a minimum, and nothing bounds how much of it can be worth while: give a capacity"
    )
    return Problem(table, None, "capacity", "", told)
