r"""What a yes-or-no can let through at most: every big-M, derived from data.

An optimal plan with costs that are not negative brings in no more of a material than is needed. With
:math:`N_{kt}` the most of material k that anything can need in period t,

.. math::

    N_{kt} = \Big( d_{kt} + \sum_p \iota_{pk} \, A_{pt} + g_{kt} \Big) / (1 - \epsilon_k)^{h_k}, \qquad
    A_{pt} = \min \Big( \bar a_{pt}, \max_{k} \frac{N_{kt}}{\omega_{pk}} \Big)

where :math:`d` is demand, :math:`\iota, \omega` the recipe, :math:`\bar a` the capacity, :math:`g` what stock, cover,
floors and minimum quantities may ask for on top, and what awards and tiers make worth buying without need, with all
that processes may make of it, :math:`\epsilon` the largest loss of the material's lanes and
:math:`h` the most lanes that a tonne can usefully pass.
A material that can be stored, or that travels for some periods, may be
bought early: its
need in t is all that follows. A switch then lets through the least of its columns' own limits and of the need.
"""

from functools import cached_property

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Values
from mineral_sourcing.network import Activation, Balance, Flow, Processing
from planner.errors import InputError, Problem
from planner.parts import Names, Parts, keys, look_up

ROUNDS = 100


class Needs:
    """The most that anything can need of each material, period by period.

    Args:
        more: what may be worth buying beyond that, a year, by material (``planner.tiers.beyond_need``).
    """

    def __init__(self, parts: Parts, processing: Processing, more: Array) -> None:
        self.parts, self.processing, self.more = parts, processing, more
        size = len(parts.materials)
        self.storable = np.zeros(size, dtype=bool)
        self.storable[parts.codes("stockpiles", "material", parts.materials)] = True
        self.storable[parts.lanes.material[parts.lanes.lead_time > 0]] = True
        self.must_run = np.zeros(len(parts.processes), dtype=bool)
        must = parts.numbers("processes", "min_load", 0.0) > 0
        self.must_run[parts.codes("processes", "process", parts.processes)[must]] = True

    @cached_property
    def need(self) -> Array:
        """By material and period; computed only where a switch asks for it."""
        parts = self.parts
        profits = (parts.numbers("processes", "cost") < 0).any() or (
            parts.numbers("materials", "disposal_cost") < 0
        ).any()
        shape = (len(parts.materials), parts.count)
        # what pays for being done may be worth while beyond any need
        return np.full(shape, np.inf) if profits else self._fixed_point()

    def _amplification(self) -> Array:
        """1 / (1 − ε)^h: h is one more than the sites that the material both reaches and leaves."""
        parts, lanes = self.parts, self.parts.lanes
        width = len(parts.materials)
        reached, left = (np.unique(end * width + lanes.material) for end in (lanes.destination, lanes.origin))
        hops = 1 + np.bincount(np.intersect1d(reached, left) % width, minlength=width)
        loss, decay = np.zeros(width), np.zeros(width)
        np.maximum.at(loss, lanes.material, lanes.loss)
        stored = parts.codes("stockpiles", "material", parts.materials)
        np.maximum.at(decay, stored, parts.numbers("stockpiles", "loss", 0.0))
        return np.asarray((1 - loss) ** -hops * (1 - decay) ** -(parts.count * parts.years))

    def _base(self) -> Array:
        """Demand, and what stock at the end, cover, floors, minimum awards and last shipments may add."""
        parts = self.parts
        found = np.zeros((len(parts.materials), parts.count))
        np.add.at(found, (parts.demand.material, parts.demand.t), parts.demand.amount)
        for table, extra in (
            (
                "stockpiles",
                np.fmax(parts.numbers("stockpiles", "final", 0.0), parts.numbers("stockpiles", "initial", 0.0)),
            ),
            ("in_transit", parts.numbers("in_transit", "final", 0.0)),
        ):
            material = parts.codes(table, "material", parts.materials)
            found += np.bincount(material, extra, len(found))[:, None]
        found += self._passed_on()[:, None]
        rules = parts.instance.tables["rules"]
        for kind, basis, limit in zip(rules["kind"], rules["basis"], rules["limit"], strict=True):
            if kind == "min_quantity":
                found += float(limit) * parts.mass
            elif kind == "min_share" and basis == "made":
                found += found.sum()
        return found

    def _passed_on(self) -> Array:
        """What awards and tiers make a plan buy beyond need, and all that may be made of it on the way out."""
        parts, processing = self.parts, self.processing
        material = parts.codes("offers", "material", parts.materials)
        bought = self.more + np.bincount(material, parts.numbers("offers", "min_award", 0.0), len(self.more))
        user, used = processing.inputs.codes
        maker, made = processing.outputs.codes
        found = bought
        for _ in range(ROUNDS):
            activity = np.bincount(user, found[used] / processing.input.array, len(parts.processes))
            fresh = bought + np.bincount(made, activity[maker] * processing.output.array, len(bought))
            if np.allclose(fresh, found, rtol=1e-12):
                return fresh
            found = fresh
        return np.full(len(bought), np.inf)

    def _fixed_point(self) -> Array:
        parts, processing = self.parts, self.processing
        base, amplified = self._base(), self._amplification()[:, None]
        cover = np.bincount(
            parts.codes("stockpiles", "material", parts.materials),
            parts.numbers("stockpiles", "cover_days", 0.0),
            len(base),
        ) / (365 * parts.years)
        limits = processing.run_limit.array
        floor = np.where(self.must_run[processing.runs.codes[0]], limits, 0.0)
        made, used = processing.making, processing.using
        of_made, of_used = made.project((0, 2), processing.runs), used.project((0, 2), processing.runs)
        output = processing.output.array[made.project((0, 1), processing.outputs)]
        input_ = processing.input.array[used.project((0, 1), processing.inputs)]
        need = base.copy()
        for _ in range(ROUNDS):
            wanted = floor.copy()
            np.maximum.at(wanted, of_made, need[made.codes[1], made.codes[2]] / output)
            fresh = base.copy()
            np.add.at(fresh, (used.codes[1], used.codes[2]), input_ * np.minimum(limits, wanted)[of_used])
            fresh = (fresh + cover[:, None] * fresh.max(axis=1, initial=0.0)[:, None]) * amplified
            fresh = np.where(self.storable[:, None], fresh[:, ::-1].cumsum(axis=1)[:, ::-1], fresh)
            if np.allclose(fresh, need, rtol=1e-12):
                return need
            need = np.maximum(need, fresh)
        return np.full_like(need, np.inf)

    @cached_property
    def runs(self) -> Array:
        """The most activity of each run that is worth while: its capacity, or what its outputs are needed for."""
        made, limit = self.processing.making, self.processing.run_limit.array
        output = self.processing.output.array[made.project((0, 1), self.processing.outputs)]
        wanted = np.zeros(len(limit))
        need = self.need[made.codes[1], made.codes[2]]
        np.maximum.at(wanted, made.project((0, 2), self.processing.runs), need / output)
        return np.where(self.must_run[self.processing.runs.codes[0]], limit, np.minimum(limit, wanted))

    def over(self, group: Array, count: int, material: Array, t: Array) -> Array:
        """The most that can be needed of what each group (numbers, in any order) buys of one material."""
        need = self.need[material, t]
        most, total = np.zeros(count), np.bincount(group, need, count)
        np.maximum.at(most, group, need)
        storable = np.zeros(count, dtype=bool)
        storable[group] = self.storable[material]
        return np.where(storable, most, total)


def sale_limits(parts: Parts, flow: Flow) -> Array:
    """The most of each sale: the offer's capacity, and the site's."""
    offers = flow.offers
    use = parts.numbers("offers", "capacity_use", 0.0)[parts.rows_of("offers", offers)]
    capacity = np.full(len(parts.sites), np.inf)
    capacity[parts.codes("sites", "site", parts.sites)] = parts.numbers("sites", "capacity", np.inf) * parts.years
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(use > 0, capacity[offers.codes[0]] / use, np.inf)
    return np.minimum(flow.sale_limit.array, own[flow.sales.project((0, 1, 2), offers)])


def activation(parts: Parts, flow: Flow, processing: Processing, limits: "LaneLimits") -> Activation:
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


class LaneLimits:
    """The most that is worth while on each lane over some of its shipments.

    Args:
        lane: lane of each shipment.
    """

    def __init__(self, parts: Parts, flow: Flow, balance: Balance, needs: Needs, lane: Array) -> None:
        self.parts, self.lane, self.t = parts, lane, flow.shipments.codes[3]
        self.flow, self.balance, self.needs = flow, balance, needs

    @cached_property
    def supply(self) -> Array:
        """The most that is sold and made at each node, or was under way to it."""
        balance, processing = self.balance, self.needs.processing
        making = processing.making
        output = processing.output.array[making.project((0, 1), processing.outputs)]
        made = output * processing.run_limit.array[making.project((0, 2), processing.runs)]
        found = balance.under_way.array.copy()
        for groups, limit in ((balance.selling, self.flow.sale_limit.array), (balance.making, made)):
            np.add.at(found, groups.rows, limit[slice(None) if groups.members is None else groups.members])
        return found

    def of(self, shipments: Array, group: Array, count: int) -> Array:
        """By group of shipments, each of one lane."""
        flow, balance = self.flow, self.balance
        lane = self.lane[shipments]
        material = self.parts.lanes.material[lane]
        most = np.minimum(
            np.bincount(group, flow.shipment_limit.array[shipments], count),
            self.needs.over(group, count, material, self.t[shipments]),
        )
        size = len(balance.nodes)

        def some(groups: Groups) -> Array:
            return np.bincount(groups.rows, minlength=size) > 0

        leaving, arriving = (np.full(len(flow.shipments), -1) for _ in range(2))
        for at, groups in ((leaving, balance.leaving), (arriving, balance.arriving)):
            at[slice(None) if groups.members is None else groups.members] = groups.rows
        at_origin, landing = leaving[shipments], arriving[shipments]
        passing = some(balance.arriving) | some(balance.stocked)
        own = np.bincount(group, passing[at_origin], count) == 0
        most = np.where(own, np.minimum(most, np.bincount(group, self.supply[at_origin], count)), most)
        going_on = some(balance.leaving) | some(balance.using) | some(balance.stocked) | some(balance.spare)
        ends = np.bincount(group, (landing < 0) | going_on[landing], count) == 0
        wanted = np.bincount(group, balance.demand.array[landing] / flow.kept.array[lane], count)
        return np.where(ends, np.minimum(most, wanted), most)


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
