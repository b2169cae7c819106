r"""What can still be done after a loss: one kept model of a branch, in which what is lost has upper bound 0.

**Least cost.** Ranks of demand are served first, then cost, as ``planner.solve`` does on the branch with the loss among
its disruptions: the same network with other bounds, hence the same optimum.

**Least unmet demand.** :math:`\min \sum w u`, w the ``unmet_cost`` of each demand, 1 where it has none.

**Time to survive** (Simchi-Levi et al. 2015, *Identifying risks and mitigating disruptions in the automotive supply
chain*): the longest time in which no demand goes unmet that the plan meets. It is whole periods and a fraction f of the
next, t. In t all demand and every rate (capacities of offers, sites, processes, lanes and routes, fill and release of
stock) counts f times; stock, and what was dispatched in an earlier period, is there from the period's start:

.. math:: \max f \le 1: \quad u_{t'} \le \hat u_{t'} \; (t' < t), \quad x_t \le \bar x_t f, \quad A x_t = b_t f,
    \quad u_t \le \hat u_t f
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack, vstack

from mineral_sourcing.arrays import Array, Index, Labels
from mineral_sourcing.compile import Span
from planner.assembly.disruptions import Disrupted, Hit, everything_of, lane_of
from planner.instance import Instance
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.solving.session import Session
from planner.solving.stages import TINY, Clock, ranks_and_cost

SECONDS = 600.0
"""For one solve; what takes longer has no answer."""

WHOLE = 1e-7
"""A fraction of a period that lacks no more than this to 1 is the whole period."""

LOST = ("flow.ship", "flow.sold", "processing.activity")
"""Columns that a loss takes away."""


@dataclass(frozen=True)
class Shared:
    """What every worker gets."""

    instance: Instance
    """The branch, in which nothing happens."""
    unmet: Mapping[tuple[str, str, str, str], float]
    """Tonnes that the plan itself leaves unmet, by site, material, period and priority."""
    subjects: tuple[tuple[str, ...], ...] = ()
    """What may be lost together."""


def prepare(shared: Shared) -> "Recourse":
    """The kept model of a worker."""
    return Recourse(shared)


def lost(recourse: "Recourse", task: tuple[str, ...]) -> dict[str, Any]:
    """What a loss does: ``recourse.lose``."""
    return recourse.lose([task])


def least(recourse: "Recourse", task: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """Least unmet demand under several losses at once: ``recourse.least``."""
    return recourse.least(task)


class Recourse:
    """The branch as a kept model.

    A loss is (kind, name), (``lane``, origin, destination, material), or (``nothing``,).
    """

    def __init__(self, shared: Shared) -> None:
        self.kept = kept = Kept(shared.instance, Settings(threads=1))
        self.matrix, self.network, self.parts = kept.matrix, kept.assembled.network, kept.assembled.parts
        self.session, self.unit = kept.session, self.network.unit_money
        self.base, _ = ranks_and_cost(self.session, self.network, Clock(SECONDS), False)
        self.session.restore()
        self.basis = self.session.basis()
        demands = self.network.priority.demands
        self.unmet = self.matrix.column_span("priority.unmet")
        self.weight = self.network.priority.weight.array[demands.codes[3]]
        mass, periods, known = self.network.unit_mass, self.parts.periods, shared.unmet
        self.planned = np.array([known.get((i, k, periods[t], p), 0.0) / mass for i, k, t, p in demands])
        self.subjects = [self.gone([subject]) for subject in shared.subjects]
        self._fractions: dict[int, _Fraction] = {}
        self._least: tuple[Session, Any] | None = None

    def hits(self, losses: Sequence[tuple[str, ...]]) -> list[Hit]:
        """What losses hit."""
        return [
            lane_of(self.parts, loss[1], loss[2], loss[3]) if loss[0] == "lane" else everything_of(self.parts, loss[1])
            for loss in losses
            if loss[0] != "nothing"
        ]

    def gone(self, losses: Sequence[tuple[str, ...]]) -> Array:
        """Columns that losses take away, of those that could be more than 0."""
        disrupted = Disrupted(self.parts, self.hits(losses))
        ship, sold, run = (self.matrix.column_span(name) for name in LOST)
        site, goods, _, t = sold.index.codes
        left = (
            (ship, disrupted.shipments(*ship.index.codes)),
            (sold, disrupted.sales(site, goods, t)),
            (run, disrupted.runs(*run.index.codes)),
        )
        at = np.concatenate([span.start + np.flatnonzero(fraction == 0.0) for span, fraction in left])
        return np.asarray(at[self.matrix.col_upper[at] > 0])

    def lose(self, losses: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        """Cost, unmet demand, supply and time to survive of the least-cost recourse.

        Returns:
            ``cost`` and ``unmet_cost``, present value; ``unmet``, tonnes by demand; ``supply``, tonnes sold and made by
            material; ``survives``, periods, infinite where all of them are survived.
        """
        gone = self.gone(losses)
        values, objective = self.base.values, self.base.objective
        if (values[gone] > TINY).any():
            values, objective = self._recourse(gone)
        unmet = values[self.unmet.slice]
        discount = self.network.discount.array[self.network.priority.demands.codes[2]]
        price = self.network.priority.unmet_cost.array[self.network.priority.demands.codes[3]]
        unmet_cost = float((discount * price) @ unmet)
        return {
            "cost": (objective - unmet_cost) * self.unit,
            "unmet_cost": unmet_cost * self.unit,
            "unmet": np.where(unmet > TINY, unmet, 0.0) * self.network.unit_mass,
            "supply": self.supply(values),
            "survives": self.survives(gone, unmet),
        }

    def _recourse(self, gone: Array) -> tuple[Array, float]:
        """Values and objective of the least-cost plan without some columns.

        Raises:
            RuntimeError: HiGHS found none in time.
        """
        matrix, session = self.matrix, self.session
        upper = matrix.col_upper.copy()
        upper[gone] = 0.0
        session.from_basis(self.basis)
        session.matrix = replace(matrix, col_upper=upper)
        session.change_column_bounds(gone)
        try:
            found, _ = ranks_and_cost(session, self.network, Clock(SECONDS), True)
        finally:
            session.restore()
            session.matrix = matrix
            session.change_column_bounds(gone)
        if found.end != "optimal":
            raise RuntimeError(f"no recourse was found: {found.end}")
        return found.values, found.objective

    def supply(self, values: Array) -> Array:
        """Tonnes sold and made of each material over the branch."""
        sold = self.matrix.column_span("flow.sold")
        found = np.bincount(sold.index.codes[1], values[sold.slice], len(self.parts.materials))
        processing = self.network.processing
        making, ratio = processing.making, processing.output
        runs = values[self.matrix.column_span("processing.activity").slice]
        made = runs[making.project((0, 2), processing.runs)] * ratio.array[making.project((0, 1), processing.outputs)]
        found += np.bincount(making.codes[1], made, len(self.parts.materials))
        return np.asarray(found * self.network.unit_mass)

    def least(self, losses: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        """Least weighted unmet demand: its ``value`` in currency, undiscounted, and the subjects ``used``."""
        matrix = self.matrix
        if self._least is None:
            cost = np.zeros(len(matrix.cost))
            cost[self.unmet.slice] = self.weight
            session = Session.of(replace(matrix, cost=cost, offset=0.0), self.kept.settings)
            session.from_basis(self.basis)
            session.run(SECONDS, hot=True)
            self._least = session, session.basis()
        session, basis = self._least
        gone = self.gone(losses)
        session.from_basis(basis)
        session.column_bounds(gone, np.zeros(len(gone)), np.zeros(len(gone)))
        found = session.run(SECONDS, hot=True)
        session.restore()
        if found.end != "optimal":
            raise RuntimeError(f"no least unmet demand was found: {found.end}")
        used = np.flatnonzero([(found.values[columns] > TINY).any() for columns in self.subjects])
        return {"value": max(found.objective, 0.0) * self.unit, "used": used}

    def survives(self, gone: Array, unmet: Array) -> float:
        """Periods until demand goes unmet that the plan meets; infinite where none does.

        Args:
            gone: columns that are lost.
            unmet: unmet demand of some recourse: what it survives is survived.
        """
        t = self.network.priority.demands.codes[2]
        short = t[unmet > self.planned + TINY * np.maximum(1.0, self.planned)]
        step = int(short.min(initial=self.parts.count))
        while step < self.parts.count:
            if step not in self._fractions:
                self._fractions[step] = _Fraction(self, step)
            fraction = self._fractions[step].most(gone)
            if fraction < 1.0 - WHOLE:
                return step + fraction
            step += 1
        return np.inf


class _Fraction:
    """The largest fraction of one period that can be survived after all before it."""

    def __init__(self, recourse: Recourse, step: int) -> None:
        matrix, steps = recourse.matrix, recourse.parts.steps
        columns = np.concatenate([_period(span, steps) for span in matrix.columns])
        rows = np.concatenate([_period(span, steps) for span in matrix.rows])
        upper = matrix.col_upper.copy()
        upper[recourse.unmet.slice] = np.minimum(upper[recourse.unmet.slice], recourse.planned)
        rated = (columns == step) & np.isfinite(upper)
        rated[matrix.column_span("stockpile.stock").slice] = False
        self.columns, place = np.flatnonzero(columns <= step), np.flatnonzero(rows <= step)
        rate = np.where(rows == step, self._rates(recourse), 0.0)
        limits = np.flatnonzero(rated[self.columns])
        count, width = len(limits), len(self.columns)
        own = csr_array((np.ones(count), (np.arange(count), limits)), (count, width))
        body = vstack([matrix.entries[place][:, self.columns], own])
        share = -np.concatenate([rate[place], upper[self.columns[limits]]])[:, None]
        part = replace(
            matrix,
            cost=np.append(np.zeros(width), -1.0),
            offset=0.0,
            by_column=csc_array(hstack([body, csr_array(share)])),
            row_lower=np.append((matrix.row_lower - rate)[place], np.full(count, -np.inf)),
            row_upper=np.append((matrix.row_upper - rate)[place], np.zeros(count)),
            col_lower=np.append(matrix.col_lower[self.columns], 0.0),
            col_upper=np.append(np.where(rated, np.inf, upper)[self.columns], 1.0),
            integer=np.zeros(width + 1, dtype=bool),
            columns=(),
            rows=(),
        )
        self.session = Session.of(part, recourse.kept.settings)
        self.session.run(SECONDS)
        self.basis = self.session.basis()

    @staticmethod
    def _rates(recourse: Recourse) -> Array:
        """What of each row's side is a rate: demand, and capacities that are shared."""
        matrix = recourse.matrix
        found = np.zeros(len(matrix.row_upper))
        found[matrix.row_span("balance.node").slice] = recourse.network.balance.demand.array
        for name in ("capacity.site", "capacity.route"):
            found[matrix.row_span(name).slice] = matrix.row_upper[matrix.row_span(name).slice]
        return found

    def most(self, gone: Array) -> float:
        """The largest fraction without some columns of the whole model."""
        at = np.searchsorted(self.columns, gone)
        here = at[(at < len(self.columns)) & (self.columns[np.minimum(at, len(self.columns) - 1)] == gone)]
        self.session.from_basis(self.basis)
        self.session.column_bounds(here, np.zeros(len(here)), np.zeros(len(here)))
        found = self.session.run(SECONDS, hot=True)
        self.session.restore()
        if found.end != "optimal":
            raise RuntimeError(f"no time to survive was found: {found.end}")
        return -found.objective


def _period(span: Span, steps: Labels) -> Array:
    """Period of each key of a component; −1 where it has none."""
    index: Index = span.index
    for labels, codes in zip(index.labels, index.codes, strict=True):
        if labels is steps:
            return codes
    return np.full(len(index), -1)
