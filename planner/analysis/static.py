r"""What a plan delivers after a loss if nobody changes anything: no re-routing.

From the loss on, every sale, dispatch and activity is at most what the plan has and the loss leaves. What a site lacks
travels on, period by period, through lanes, plants and stock:

- what a site has of a material in a period is what arrives, what it sells and makes, and what it may take from its own
  stock (up to what is there and its release rate), whatever the plan releases;
- if that does not do for all planned uses there (dispatches, process input, demand served), each use has the same
  fraction :math:`\varphi` of what the plan gives it; demand gets its part rank by rank; what one use cannot take is
  not given to another;
- a process runs at its planned activity times the least :math:`\varphi` of its inputs;
- stock is filled with no more than planned, from what is left over; more than planned is never moved.

Where materials go round in one period (swarf, scrap), the largest such :math:`\varphi` are meant: they are reached
from the plan downwards. Shared capacities of sites and routes hold, for the plan keeps them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mineral_sourcing.arrays import Array, Index, Labels, Values
from planner.assembly.assemble import assembled
from planner.assembly.disruptions import Disrupted, left
from planner.codes import join, look_up
from planner.plan import Plan

EXACT = 1e-12
"""Rounds end when no fraction changes by more than this."""

ROUNDS = 10_000


@dataclass(frozen=True)
class Delivered:
    """What is left of a plan, one row a loss; tonnes."""

    consumed: Array
    """By row of the plan's table ``demand``."""
    supply: Array
    """Sold and made, by material, from the loss on."""


@dataclass(frozen=True)
class Moved:
    """One kind of quantity of the plan: what it is, when, and how many tonnes."""

    codes: tuple[Array, ...]
    t: Array
    planned: Array
    limit: Array
    """Most that the input allows."""

    def kept(self, fraction: Array) -> Array:
        """What is left of the plan where a fraction of the capacity is left."""
        return np.where(fraction == 1.0, self.planned, np.minimum(self.planned, left(self.limit, fraction)))


class Static:
    """A plan from a period on as arrays.

    Args:
        plan: the plan.
        first: index of the period from which on things are lost.
    """

    def __init__(self, plan: Plan, first: int) -> None:
        whole = assembled(plan.instance)
        self.parts, self.first, self.tables = whole.parts, first, plan.tables
        network, self.tonnes = whole.network, whole.parts.units.mass
        self.width = len(self.parts.materials)
        self.flow = self._moved("flows", "quantity", network.flow.shipments, network.flow.shipment_limit)
        self.sale = self._moved("sales", "quantity", network.flow.sales, network.flow.sale_limit)
        self.run = self._moved("activity", "activity", network.processing.runs, network.processing.run_limit)
        self.want = self._moved("demand", "consumed", network.priority.demands, network.priority.unmet_limit)
        flows = self.tables["flows"]
        self.arrives = _coded(flows["arrives"], Labels(self.parts.periods))
        shipped, arriving = (flows[name].to_numpy(dtype=np.float64) for name in ("quantity", "arriving"))
        self.stays = np.divide(arriving, shipped, out=np.zeros(len(flows)), where=shipped > 0)
        """1 − loss of each dispatch."""
        self.rank = self._ranks()
        self.piles = network.stock
        self.inputs, self.outputs = (self._lines(name) for name in ("input", "output"))

    def _moved(self, table: str, column: str, index: Index, limit: Values) -> Moved:
        """Rows of a table of the plan, as codes of an index of the network; its last dimension but ranks is time."""
        cells = self.tables[table]
        names = {
            "flows": ["origin", "destination", "material", "period"],
            "sales": ["site", "material", "from", "period"],
            "activity": ["process", "period"],
            "demand": ["site", "material", "period", "priority"],
        }[table]
        periods = Labels(self.parts.periods)
        labels = [periods if name == "period" else known for name, known in zip(names, index.labels, strict=True)]
        codes = [_coded(cells[name], known) for name, known in zip(names, labels, strict=True)]
        at = names.index("period")
        return Moved(
            tuple(code for j, code in enumerate(codes) if j != at),
            codes[at],
            cells[column].to_numpy(dtype=np.float64),
            limit.array[index.find(codes)] * self.tonnes,
        )

    def _ranks(self) -> Array:
        """Rank of each demand; that of demand that must be met goes before all."""
        table = self.parts.instance.tables["priorities"]
        known = dict(zip(table["priority"].tolist(), table["rank"].tolist(), strict=True))
        return np.array([known.get(name, 0) for name in self.tables["demand"]["priority"].tolist()], dtype=np.int64)

    def _lines(self, side: str) -> tuple[Array, Array, Array]:
        """Lines of recipes: process, pair of site and material, and tonnes a tonne."""
        parts = self.parts
        of = parts.codes("recipes", "process", parts.processes)
        goods = parts.codes("recipes", "material", parts.materials)
        ratio = parts.numbers("recipes", side, 0.0)
        at = np.flatnonzero(ratio > 0)
        return of[at], parts.process_site[of[at]] * self.width + goods[at], ratio[at]

    def after(self, losses: Sequence[Disrupted]) -> Delivered:
        """What is delivered after each loss; hits before the first period have no effect.

        Raises:
            RuntimeError: the fractions do not settle.
        """
        nothing = Disrupted(self.parts, ())
        cases = [nothing, *losses]  # the plan itself first: what it lacks by rounding is no shortage
        state = _State(self, cases)
        for t in range(self.first, self.parts.count):
            state.step(t)
        return Delivered(state.consumed[1:], state.supply[1:])


class _State:
    """What is left, case by case (rows), as time goes on."""

    def __init__(self, static: Static, cases: Sequence[Disrupted]) -> None:
        self.of, self.count = static, len(cases)
        flow, sale, run = static.flow, static.sale, static.run
        origin, destination, goods = flow.codes
        self.flows = np.array([flow.kept(case.shipments(origin, destination, goods, flow.t)) for case in cases])
        self.sales = np.array([sale.kept(case.sales(sale.codes[0], sale.codes[1], sale.t)) for case in cases])
        self.runs = np.array([run.kept(case.runs(run.codes[0], run.t)) for case in cases])
        before = flow.t < static.first
        self.flows[:, before] = flow.planned[before]
        self.consumed = np.zeros((self.count, len(static.want.t)))
        self.consumed[:, static.want.t < static.first] = static.want.planned[static.want.t < static.first]
        self.supply = np.zeros((self.count, static.width))
        stock = static.tables["stock"]
        opening = stock["opening"].to_numpy(dtype=np.float64)
        self.stock = np.repeat(opening[None], self.count, axis=0)
        """Opening stock of each pile in each period; carried over from the first period on."""

    def step(self, t: int) -> None:
        """One period."""
        now = _Period(self, t)
        now.settle()
        now.keep()


class _Period:
    """One period of every case; nodes are pairs of site and material that anything touches."""

    def __init__(self, state: _State, t: int) -> None:
        of, width = state.of, state.of.width
        self.state, self.of, self.t = state, of, t
        origin, destination, goods = of.flow.codes
        self.out = np.flatnonzero(of.flow.t == t)
        self.into = np.flatnonzero((of.flow.t < t) & (of.arrives == t))
        self.sale, self.run, self.want, self.pile = (
            np.flatnonzero(times == t) for times in (of.sale.t, of.run.t, of.want.t, of.piles.nodes.codes[2])
        )
        self.taken, self.given = (_of_runs(lines, of.run.codes[0][self.run]) for lines in (of.inputs, of.outputs))
        coming = of.parts.coming
        came = np.flatnonzero(coming.t == t)
        pairs = {
            "from": origin[self.out] * width + goods[self.out],
            "to": destination[self.out] * width + goods[self.out],
            "into": destination[self.into] * width + goods[self.into],
            "came": coming.destination[came] * width + coming.material[came],
            "sold": of.sale.codes[0][self.sale] * width + of.sale.codes[1][self.sale],
            "taken": self.taken[1],
            "given": self.given[1],
            "want": of.want.codes[0][self.want] * width + of.want.codes[1][self.want],
            "pile": of.piles.nodes.codes[0][self.pile] * width + of.piles.nodes.codes[1][self.pile],
        }
        nodes, numbers = np.unique(np.concatenate([*pairs.values()]), return_inverse=True)
        self.size = len(nodes)
        self.at = dict(
            zip(pairs, np.split(numbers, np.cumsum([len(some) for some in pairs.values()])[:-1]), strict=True)
        )
        self.flows, self.runs = state.flows[:, self.out], state.runs[:, self.run]
        same = (of.arrives == t)[self.out] * of.stays[self.out]
        self.arriving = _sums(self.at["to"], self.size, same)
        self.leaving = _sums(self.at["from"], self.size)
        self.using = _sums(self.at["taken"], self.size, self.taken[2], self.taken[0], len(self.run))
        self.making = _sums(self.at["given"], self.size, self.given[2], self.given[0], len(self.run))
        self.wanting = _sums(self.at["want"], self.size)
        self.given_in = (
            state.sales[:, self.sale] @ _sums(self.at["sold"], self.size)
            + state.flows[:, self.into] @ _sums(self.at["into"], self.size, of.stays[self.into])
            + np.bincount(self.at["came"], coming.arriving[came] * of.tonnes, self.size)
        )
        held = state.stock[:, self.pile] * of.piles.keeps.array[self.pile]
        self.held = held @ _sums(self.at["pile"], self.size)
        most = np.bincount(self.at["pile"], of.piles.release_limit.array[self.pile] * of.tonnes, self.size)
        self.draw = np.minimum(self.held, most)
        self.served = of.want.planned[self.want]
        self.planned = self.flows @ self.leaving + self.runs @ self.using + self.served @ self.wanting
        lacking = self.planned[0] - self._supply(self.flows[:1], self.runs[:1], self.planned[:1])[0]
        self.given_in += np.maximum(lacking, 0.0)
        self.share = np.ones((state.count, self.size))

    def _supply(self, flows: Array, runs: Array, wanted: Array) -> Array:
        """What there is at each node, with what its stock may give."""
        rows = slice(0, len(flows))
        there = self.given_in[rows] + flows @ self.arriving + runs @ self.making
        return np.asarray(there + np.clip(wanted - there, 0.0, self.draw[rows]))

    def _left(self) -> tuple[Array, Array]:
        """Dispatches and activities at the fractions of their nodes."""
        least = np.ones((self.state.count, len(self.run)))
        if len(self.taken[0]):
            starts = np.flatnonzero(np.diff(self.taken[0], prepend=-1))
            least[:, self.taken[0][starts]] = np.minimum.reduceat(self.share[:, self.at["taken"]], starts, axis=1)
        return self.flows * self.share[:, self.at["from"]], self.runs * least

    def settle(self) -> None:
        """The largest fractions at which everything that is used is there."""
        for _ in range(ROUNDS):
            supply = self._supply(*self._left(), self.planned)
            share = np.divide(supply, self.planned, out=np.ones_like(supply), where=self.planned > 0)
            share = np.minimum(share, self.share)
            if (self.share - share).max(initial=0.0) <= EXACT:
                return
            self.share = share
        raise RuntimeError(f"what is left of the plan in {self.of.parts.periods[self.t]} does not settle")

    def keep(self) -> None:
        """Note what is left, and carry stock over."""
        state, of = self.state, self.of
        flows, runs = self._left()
        served = self._by_rank()
        there = self.given_in + flows @ self.arriving + runs @ self.making
        used = flows @ self.leaving + runs @ self.using + served @ self.wanting
        state.flows[:, self.out], state.consumed[:, self.want] = flows, served
        goods = of.sale.codes[1][self.sale]
        state.supply += state.sales[:, self.sale] @ _sums(goods, of.width)
        made = _sums(self.given[1] % of.width, of.width, self.given[2], self.given[0], len(self.run))
        state.supply += runs @ made
        node = self.at["pile"]
        fill = of.tables["stock"]["fill"].to_numpy(dtype=np.float64)[self.pile]
        spare, lacking = (there - used)[:, node], (used - there)[:, node]
        closing = self.held[:, node] + np.clip(spare, 0.0, fill) - np.clip(lacking, 0.0, self.draw[:, node])
        later = look_up(self._pile_keys(self.t + 1), self._pile_keys(self.t))
        here = np.flatnonzero(later >= 0)
        following = np.flatnonzero(of.piles.nodes.codes[2] == self.t + 1)
        state.stock[:, following[later[here]]] = closing[:, here]

    def _pile_keys(self, t: int) -> Array:
        site, goods, when = self.of.piles.nodes.codes
        at = when == t
        return np.asarray(site[at] * self.of.width + goods[at])

    def _by_rank(self) -> Array:
        """Demand served: of the fraction that each node has for it, rank by rank."""
        node, rank = self.at["want"], self.of.rank[self.want]
        order = np.lexsort((rank, node))
        planned, place = self.served[order], node[order]
        total = np.cumsum(planned)
        first = np.searchsorted(place, place)
        before = total - planned - (total - planned)[first]
        room = self.share * (self.served @ self.wanting)
        found = np.zeros((self.state.count, len(order)))
        found[:, order] = np.clip(room[:, place] - before, 0.0, planned)
        return found


def _coded(cells: pd.Series, labels: Labels) -> Array:
    """Codes of a column of names; −1 where a name is none of the labels."""
    known = labels.code
    return np.array([known.get(name, -1) for name in cells.tolist()], dtype=np.int64)


def _sums(at: Array, size: int, weight: Array | None = None, row: Array | None = None, rows: int = 0) -> csr_array:
    """What turns amounts into sums at nodes: an amount a row (each its own, if none are given), a node a column."""
    row, rows = (np.arange(len(at)), len(at)) if row is None else (row, rows)
    return csr_array((np.ones(len(at)) if weight is None else weight, (row, at)), (rows, size))


def _of_runs(lines: tuple[Array, Array, Array], process: Array) -> tuple[Array, Array, Array]:
    """Lines of recipes of some runs: position of the run, pair, ratio; in the order of the runs."""
    run, at = join([process], [lines[0]])
    return run, lines[1][at], lines[2][at]
