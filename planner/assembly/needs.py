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

from mineral_sourcing.arrays import Array, Groups
from mineral_sourcing.network import Balance, Flow, Processing
from planner.assembly.carriers import own_contents
from planner.assembly.parts import Parts

ROUNDS = 100


class Needs:
    """The most that anything can need of each material, period by period.

    Args:
        more: what may be worth buying beyond that, a year, by material (``Ladders.beyond_need``).
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
        had = parts.numbers("awards_before", "quantity", 0.0).sum()
        columns = (rules[name] for name in ("kind", "basis", "base", "limit"))
        for kind, basis, base, limit in zip(*columns, strict=True):
            if kind == "min_quantity" and basis == "made":
                found += float(limit) * parts.mass
            elif kind == "min_share" and base == "before":
                found += float(limit) * had
            elif kind == "min_share" and basis == "made":
                found += found.sum()
        return found

    @cached_property
    def _floors(self) -> float:
        """What least quantities may make a plan buy of a material: tonnes of element take as much more of it as it
        holds less.
        """
        contents = own_contents(self.parts.elements, self.parts.materials.names.tolist())
        poorest = min([1.0, *(content for content in contents.values() if content > 0)])
        rules = self.parts.instance.tables["rules"]
        least = rules[(rules["kind"] == "min_quantity") & (rules["basis"] != "made")]
        element = least["basis"] == "origin"
        tonnes = least["limit"].where(~element, least["limit"] / poorest).sum()
        return float(tonnes) * self.parts.mass

    def _passed_on(self) -> Array:
        """What floors, awards and tiers make a plan buy beyond need, and all that may be made of it on the way out."""
        parts, processing = self.parts, self.processing
        material = parts.codes("offers", "material", parts.materials)
        awards = np.bincount(material, parts.numbers("offers", "min_award", 0.0), len(self.more))
        bought: Array = self.more + awards + self._floors
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
