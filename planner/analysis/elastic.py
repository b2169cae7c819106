r"""The elastic model: a column for every lever, so that the least loosening that makes a plan possible is one solve.

.. math::

    \min \sum_j \frac{e_j}{w_j} \quad \text{with} \quad A x - \sum_j c_j e_j \le b, \qquad
    c_j = \frac{\Delta_j b - (\Delta_j A) \, \hat x}{\Delta_j}, \qquad e_j \ge 0

:math:`e_j` is the loosening of lever j in its own unit, :math:`w_j` its scale. What it does to rows, coefficients and
bounds is read off the model: its table is loosened by :math:`\Delta_j`, and the two matrices are held side by side.
Where a limit is multiplied by a quantity of the plan (a share of a base that moves, an average), the row is exact at
:math:`\hat x`, a plan with every lever let go; what is found there is a guess, from which
``repair.py`` starts its exact solves. Source of the elastic model: Chinneck 2008, Feasibility and Infeasibility in
Optimization, section 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, hstack, vstack

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.analysis.effects import Effect, effects
from planner.analysis.levers import Lever, loosened
from planner.analysis.study import Study
from planner.assembly.assemble import assembled
from planner.errors import InputError
from planner.instance import Instance
from planner.settings import Settings
from planner.solve import compiled
from planner.solving.session import Session

TINY = 1e-7
"""Amounts, in scales, below which a lever is not touched: as far as HiGHS keeps its rows."""

PART = 0.01
"""Loosening, in scales, from which the effect of a lever is read off."""


@dataclass(frozen=True)
class Loosening:
    """An answer of the elastic model."""

    weight: float
    """Sum of the amounts, each in its scale."""
    amounts: Array
    """By lever, in its own unit; demand in tonnes of the model."""


class Elastic:
    """The elastic model of an instance.

    Args:
        study: of the instance.
        levers: what may be loosened.
        settings: limits and choices of each solve.
    """

    def __init__(self, study: Study, levers: Sequence[Lever], settings: Settings) -> None:
        self.levers, self.settings, self.stop = levers, settings, study.kept.stop
        instance, model = study.instance, study.model
        self.found, self.matrix = model.assembled, model.matrix
        self.effects = self._found_effects(instance)
        self._unmet = {at: self._demand(instance, lever) for at, lever in enumerate(levers) if lever.kind == "demand"}
        self.session: Session | None = None
        """The elastic model; ``None`` where there is no plan even with every lever let go."""
        point = self._everything_let_go()
        if point is not None:
            self._first = len(self.matrix.cost)
            self.session = Session.of(self._extended(point), settings, stop=self.stop)

    def _found_effects(self, instance: Instance) -> list[Effect]:
        """What each lever does to the matrix when it is loosened by one of its unit."""
        firm = [at for at, lever in enumerate(self.levers) if lever.kind != "demand"]
        steps = [max(1, min(round(PART * lever.scale / lever.step), lever.most)) for lever in self.levers]

        def let(some: Sequence[int]) -> Matrix | None:
            moved = [(self.levers[firm[one]], steps[firm[one]]) for one in some]
            try:
                return compiled(assembled(loosened(instance, moved), self.found.parts.units).network)
            except InputError:
                return None

        found = [Effect.nothing(len(self.matrix.cost)) for _ in self.levers]
        for at, effect in zip(firm, effects(self.matrix, len(firm), let), strict=True):
            found[at] = effect.by_unit(steps[at] * self.levers[at].step)
        return found

    def _demand(self, instance: Instance, lever: Lever) -> tuple[Array, Array]:
        """Columns of unmet demand that a lever lets go, and the demand that bounds each."""
        row, demands = instance.tables["demands"].iloc[lever.rows[0]], self.found.parts.demand
        named = zip(("sites", "materials"), ("site", "material"), strict=True)
        codes = [getattr(self.found.parts, labels).code[row[name]] for labels, name in named]
        here = (demands.site == codes[0]) & (demands.material == codes[1])
        at = np.flatnonzero(here & (demands.priority == demands.priorities.code[row["priority"]]))
        return at + self.matrix.column_span("priority.unmet").start, demands.amount[at]

    def _everything_let_go(self) -> Array | None:
        """A plan with every lever let go, demand only where it must be; ``None`` where there is none."""
        session = Session.of(self.matrix, self.settings.changed(gap=1.0), stop=self.stop)
        for effect in self.effects:
            infinite = np.full(len(effect.rows), np.inf)
            session.row_bounds(effect.rows, -infinite, infinite)
            lower = self.matrix.col_lower[effect.columns]
            session.column_bounds(effect.columns, lower, np.full(len(lower), np.inf))
        result = session.run(self.settings.time_limit)
        if not result.has_point and self._unmet:
            cost = np.zeros(len(self.matrix.cost))
            for columns, demand in self._unmet.values():
                session.column_bounds(columns, np.zeros(len(columns)), demand)
                cost[columns] = 1.0
            session.costs(cost)
            result = session.run(self.settings.time_limit)
        return result.values if result.has_point else None

    def _extended(self, point: Array) -> Matrix:
        """The matrix with a column for each lever; bounds that a lever moves become rows."""
        matrix, count = self.matrix, len(self.levers)
        reach = np.where(matrix.integer, matrix.col_upper, point)
        bounded = np.unique(np.concatenate([np.empty(0, np.int64), *(effect.columns for effect in self.effects)]))
        rows, size = len(matrix.row_lower), len(matrix.cost)
        at, lever, value = [], [], []
        for j, effect in enumerate(self.effects):
            moved = effect.sides - effect.entries @ reach
            still = np.abs(moved) <= TINY
            moved[still] -= (effect.entries @ np.ones(size))[still]  # a unit of what is multiplied, where it is 0
            gone = np.isinf(moved)
            moved[gone] = self._slack(effect.rows[gone]) / self.levers[j].step
            at += [effect.rows, rows + np.searchsorted(bounded, effect.columns)]
            value += [-moved, -effect.bounds]
            lever += [np.full(len(effect.rows) + len(effect.columns), j)]
        unmet = list(self._unmet.items())
        at += [rows + len(bounded) + np.arange(len(unmet))]
        value, lever = [*value, np.full(len(unmet), -1.0)], [*lever, np.array([j for j, _ in unmet], dtype=np.int64)]
        total = rows + len(bounded) + len(unmet)
        where = tuple(np.concatenate(part).astype(np.int64) for part in (at, lever))
        elastic = coo_array((np.concatenate(value), where), (total, count))
        ones = csr_array((np.ones(len(bounded)), (np.arange(len(bounded)), bounded)), (len(bounded), size))
        summed = [csr_array((np.ones(len(c)), (np.zeros(len(c), dtype=int), c)), (1, size)) for _, (c, _) in unmet]
        upper = matrix.col_upper.copy()
        upper[bounded] = np.where(matrix.integer[bounded], upper[bounded], np.inf)
        for _, (columns, demand) in unmet:
            upper[columns] = demand
        weights = [1.0 / (self._mass(j) * lever.scale) for j, lever in enumerate(self.levers)]
        return replace(
            matrix,
            cost=np.concatenate([np.zeros(size), weights]),
            offset=0.0,
            by_column=csc_array(hstack([vstack([matrix.by_column, ones, *summed]), elastic])),
            row_lower=np.concatenate([matrix.row_lower, np.full(total - rows, -np.inf)]),
            row_upper=np.concatenate([matrix.row_upper, matrix.col_upper[bounded], np.zeros(len(unmet))]),
            col_lower=np.concatenate([matrix.col_lower, np.zeros(count)]),
            col_upper=np.concatenate([upper, np.full(count, np.inf)]),
            integer=np.concatenate([matrix.integer, np.zeros(count, dtype=bool)]),
        )

    def _mass(self, at: int) -> float:
        """Model units in one unit of a lever: its column holds its own unit, that of demand the model's mass."""
        if at not in self._unmet:
            return 1.0
        return float(self._unmet[at][1].sum()) / self.levers[at].scale

    def _slack(self, rows: Array) -> Array:
        """How far rows can be from their side, all columns at their bounds, at least as far as the side is from 0."""
        matrix = self.matrix
        reach = np.where(np.isfinite(matrix.col_upper), matrix.col_upper, 0.0)
        above = np.isfinite(matrix.row_upper[rows])
        side = np.where(above, matrix.row_upper[rows], matrix.row_lower[rows])
        far = np.maximum(np.abs(matrix.entries[rows]) @ reach, np.abs(side)) + 1.0
        return np.asarray(np.where(above, far, -far))

    def least(self, kept: frozenset[int], seconds: float) -> Loosening | None:
        """The least loosening that leaves some levers alone; ``None`` where there is none, or the time runs out."""
        assert self.session is not None
        columns = self._first + np.array(sorted(kept), dtype=np.int64)
        self.session.column_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))
        try:
            result = self.session.run(seconds, hot=True)
        finally:
            self.session.restore()
        if result.end == "interrupted" and not (self.stop is not None and self.stop.is_set()):
            raise KeyboardInterrupt
        if not result.has_point:
            return None
        return Loosening(result.objective, result.values[self._first :])

    def gains(self, seconds: float) -> tuple[float, Array] | None:
        """Least unmet demand of what must be met, and how much less there would be for a unit of each lever.

        Both in the mass of the model; of a plan with yes-or-no decisions, with these as they are. ``None`` where
        there is no plan, or the time runs out.
        """
        assert self.session is not None
        session, count = self.session, len(self.levers)
        span = self.matrix.column_span("priority.unmet")
        columns = np.arange(span.start, span.stop)
        cost = np.zeros(self._first + count)
        cost[columns] = 1.0
        session.costs(cost)
        session.column_bounds(columns, np.zeros(len(columns)), np.full(len(columns), np.inf))
        levers = self._first + np.arange(count)
        session.column_bounds(levers, np.zeros(count), np.zeros(count))
        try:
            result = session.run(seconds)
            if result.has_point and session.is_mip:
                integer = np.flatnonzero(self.matrix.integer)
                chosen = np.round(result.values[integer])
                session.column_bounds(integer, chosen, chosen)
                session.relax_integers(integer)
                result = session.run(seconds)
        finally:
            session.restore()
        return (result.objective, -result.col_duals[self._first :]) if result.has_point else None
