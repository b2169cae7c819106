r"""What the plan's flows would hold if everything mixed in proportion: the exposure beside what plants assign.

At every site, in every process and in every stock each tonne that leaves has the composition of all that entered,

.. math:: X_{ng} \, \Big( \sum_j w_{jn} + \sum_h s_{nh} \Big) = \sum_j w_{jn} X_{jg} + s_{ng}

with w what flows from one to the next and s what enters the network there, of origin g: one sparse linear system.
"""

import numpy as np
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import splu

from mineral_sourcing.arrays import Array
from planner.assembly.origins import ARRIVALS, DEMAND
from planner.assembly.tagged import Element
from planner.tabulation.solution import Solution, total

EDGE = 1e-12
"""What is added to each diagonal, of its size, so that what goes round without an entry has no origin at all."""


class _System:
    """The system in the making: nodes are materials at sites and periods, then runs of processes, then stocks."""

    def __init__(self, solution: Solution, element: Element) -> None:
        self.solution, self.element = solution, element
        self.count = solution.parts.count
        network = solution.network
        self.numbers = np.where(element.wanted, np.cumsum(element.wanted) - 1, -1)
        self.runs = int(element.wanted.sum()) * self.count
        self.stocks = self.runs + len(network.processing.processes) * self.count
        self.size = self.stocks + len(network.stock.nodes)
        self.flows: list[tuple[Array, Array, Array]] = []
        self.entries: list[tuple[Array, Array, Array]] = []

    def node(self, pair: Array, t: Array) -> Array:
        """Number of a material at a site in a period, −1 outside."""
        at = np.append(self.numbers, -1)[pair]
        return np.where((at >= 0) & (t < self.count), at * self.count + t, -1)

    def flow(self, into: Array, out: Array, amount: Array) -> None:
        """Amounts that flow from one to the next; nothing where either is outside."""
        here = np.flatnonzero((into >= 0) & (out >= 0) & (amount > 0))
        self.flows.append((into[here], out[here], amount[here]))

    def enter(self, into: Array, origin: Array, amount: Array) -> None:
        """Amounts that enter the network."""
        here = np.flatnonzero((into >= 0) & (amount > 0))
        self.entries.append((into[here], origin[here], amount[here]))

    def shares(self) -> Array:
        """Composition of each node (rows) by origin."""
        width = self.element.width
        into, out, amount = (np.concatenate(side) for side in zip(*self.flows, strict=True))
        at, origin, entry = (np.concatenate(side) for side in zip(*self.entries, strict=True))
        right = np.zeros((self.size, width))
        np.add.at(right, (at, origin), entry)
        total = np.bincount(into, amount, self.size) + right.sum(axis=1)
        diagonal = diags_array(np.where(total > 0, total * (1 + EDGE), 1.0))
        flows = coo_array((amount, (into, out)), (self.size, self.size))
        return np.asarray(splu((diagonal - flows).tocsc()).solve(right))


def compositions(solution: Solution, element: Element) -> tuple[_System, Array]:
    """Composition of every material at every site and period, by origin, under proportional mixing."""
    system, network, parts, reach = _System(solution, element), solution.network, solution.parts, element.reach
    flow, processing, entries = network.flow, network.processing, element.entries
    lane, ship = solution.assembled.lane, solution.value("flow.ship")
    start = np.where(reach.carries, reach.start, -1)[lane]
    sent, landed = system.node(start, flow.shipments.codes[3]), system.node(reach.end[lane], element.flows.arrives)
    system.flow(landed, sent, ship * flow.kept.array[lane])
    site, material, _, t = flow.sales.codes
    offer = parts.rows_of("offers", flow.offers)[flow.sales.project((0, 1, 2), flow.offers)]
    system.enter(system.node(reach.at(site, material), t), entries.offers[offer], solution.value("flow.sold"))
    coming = parts.coming
    arrived = system.node(reach.at(coming.destination, coming.material), coming.t)
    system.enter(arrived, entries.coming, coming.arriving)
    _processes(system, processing.outputs.codes[0])
    stocks = network.stock
    held, own = (
        system.stocks + np.arange(len(stocks.nodes)),
        system.node(reach.at(*stocks.nodes.codes[:2]), stocks.nodes.codes[2]),
    )
    stock, fill, release = (solution.value(f"stockpile.{name}") for name in ("stock", "fill", "release"))
    system.flow(own, held, release)
    system.flow(np.where(own >= 0, held, -1), own, fill)
    later, before = stocks.before.rows, stocks.before.members
    assert before is not None
    system.flow(held[later], held[before], (stocks.keeps.array[later] * stock[before]) * (own[later] >= 0))
    opening = stocks.keeps.array * stocks.opening.array * (own >= 0)
    system.enter(held, entries.stockpiles[solution.assembled.piles.row], opening)
    return system, system.shares()


def _processes(system: _System, makers: Array) -> None:
    """What processes take in and give out."""
    element, processing = system.element, system.solution.network.processing
    reach, activity = element.reach, system.solution.value("processing.activity")
    using, making = processing.using, processing.making
    used, made = element.of_use, element.of_making
    taken = reach.passed[used] * processing.input.array[used] * activity[using.project((0, 2), processing.runs)]
    given = processing.output.array[made] * activity[making.project((0, 2), processing.runs)]
    out = np.where(reach.gives, reach.out, -1)[made]
    through = system.runs + making.codes[0] * system.count + making.codes[2]
    system.flow(
        system.runs + using.codes[0] * system.count + using.codes[2],
        system.node(reach.into[used], using.codes[2]),
        taken,
    )
    system.flow(system.node(out, making.codes[2]), through, given)
    source = np.isin(making.codes[0], reach.sources)
    system.enter(np.where(source, through, -1), element.entries.processes[making.codes[0]], given)


def mixed(solution: Solution, element: Element) -> Array:
    """What each key of ``counted`` would be of its origin under proportional mixing; 0 for other elements."""
    origin, network, parts = solution.network.origin, solution.network, solution.parts
    system, shares = compositions(solution, element)
    shares = np.vstack([shares, np.zeros(element.width)])  # the last row is nowhere
    what, own, _, site, material, place, t = origin.counted.codes
    node = system.node(element.reach.at(site, material), t)
    flow, processing = network.flow, network.processing
    amount = np.zeros(len(origin.counted))
    ship = solution.value("flow.ship") * flow.kept.array[solution.assembled.lane]
    _, sender, _, goods, g, dispatch = origin.shipments.codes
    start = system.node(element.reach.at(sender, goods), dispatch)
    parent = origin.shipments.project((1, 2, 3, 5), flow.shipments)
    rows = origin.bought.project(tuple(range(7)), origin.counted)
    for name, moved in (("ARRIVED", ship[parent] * shares[start, g]), ("ARRIVED_ALONE", ship)):
        groups = origin.of_bought[name]
        assert groups.members is not None
        np.add.at(amount, rows[groups.rows], moved[groups.members])
    amount[rows] += origin.coming.array
    unmet = network.balance.unmet
    consumed = network.balance.demand.array - total(unmet, np.ones(len(unmet.of)), solution.value("priority.unmet"))
    using = processing.using
    taken = (
        processing.input.array[element.of_use]
        * solution.value("processing.activity")[using.project((0, 2), processing.runs)]
    )
    at = network.balance.nodes.find((parts.process_site[using.codes[0]], using.codes[1], using.codes[2]))
    fed = np.bincount(at, taken, len(network.balance.nodes))
    local = network.balance.nodes.find((site, material, t))
    local_amount = np.where(what == DEMAND, consumed[local], fed[local]) * shares[node, place]
    amount = np.where(what == ARRIVALS, amount, local_amount)
    return np.where(own == element.e, amount * element.reach.content[material], 0.0)
