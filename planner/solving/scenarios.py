r"""Many disruptions of one kept model: each bracketed by two bounds, exactly solved where it matters.

A scenario changes bounds of columns. With y the duals of a plan under bounds l, u (the base plan, or that of another
scenario), z its cost and :math:`d = c - A^T y`, no plan of the scenario costs less than

.. math:: z + \sum_j \big( \min_{l'_j \le x \le u'_j} d_j x - \min_{l_j \le x \le u_j} d_j x \big)

over the columns j whose bounds differ. Demand of ranks may go unmet that the base plan met in full, and rows that hold
a rank may let more through: with :math:`y_R \le 0` the dual of the row that holds rank R at :math:`U_R`, and
:math:`\bar U_R` all of its weighted demand, :math:`y_R (\bar U_R - U_R)` is added. Source: weak duality, the
right-hand side moved.

No plan need cost more than one in which only the blocks (materials that belong together) that the scenario touches are
solved again, each within its own share of what blocks have in common (``shares.py``). Ranks stay met in full
there; where the base plan could not, nothing is known. Where the rows of one block alone allow no plan, there is none.
"""

import bisect
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array
from planner.solving.kept import Kept
from planner.solving.session import Result
from planner.solving.shares import Shares
from planner.solving.stages import TINY, Clock, ranks_and_cost

SECONDS = 600.0
"""For one scenario."""


@dataclass(frozen=True)
class Disruption:
    """Other bounds of some columns of the matrix."""

    name: str
    columns: Array
    lower: Array
    upper: Array


@dataclass(frozen=True)
class Bracket:
    """What a scenario costs at least and at most, in currency; at most ``inf`` where no plan is known."""

    name: str
    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether the two are one."""
        return self.low == self.high

    @property
    def has_no_plan(self) -> bool:
        """Whether it is proven that there is no plan."""
        return self.low == np.inf


@dataclass(frozen=True)
class _Proof:
    """What the duals of one plan prove: its cost in model units, reduced costs, and the scenario that it is of."""

    objective: float
    reduced: Array
    scenario: Disruption


class Scenarios:
    """Disruptions of a linear plan.

    Args:
        kept: the model, which is not to be edited as long as its scenarios are asked for; its bounds are as they were
            after each call.

    Raises:
        ValueError: the model has integers, a cap on the HHI, or no base plan.
    """

    def __init__(self, kept: Kept) -> None:
        self.kept, self.matrix, self.network = kept, kept.matrix, kept.assembled.network
        if self.matrix.is_mip:
            raise ValueError("scenarios are bracketed by duals, and a plan with yes-or-no decisions has none")
        if len(self.network.hhi.cells):
            raise ValueError("scenarios are bracketed by duals, and those under a cap on the HHI are of its pieces")
        base, held = ranks_and_cost(kept.session, self.network, Clock(SECONDS), False)
        kept.session.restore()
        if not base.has_point:
            raise ValueError(f"there is no base plan: {base.end}")
        self.base, self.unit = base, self.network.unit_money
        self._proof = self._proven(base, Disruption("", np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)))
        self._released = self._rank_release(held)
        self._all_met = not any(held.values())
        self._shares: Shares | None = None
        self._basis = kept.session.basis()

    def low(self, scenario: Disruption) -> float:
        """A bound below which no plan of the scenario costs."""
        return self._bound(scenario, self._proof)

    def high(self, scenario: Disruption) -> float:
        """The cost of some plan of the scenario that serves the ranks as well as any; ``inf`` where none is known."""
        return self._planned(scenario)[0]

    def cost(self, scenario: Disruption) -> float:
        """The least cost of the scenario; ``inf`` where there is no plan.

        Raises:
            RuntimeError: HiGHS cannot tell in time.
        """
        found, _ = self._solved(scenario, self._basis)
        return found.objective * self.unit if found.end == "optimal" else np.inf

    def bracket(self, scenario: Disruption) -> Bracket:
        """Both bounds."""
        low, (high, none) = self.low(scenario), self._planned(scenario)
        return Bracket(scenario.name, np.inf if none else min(low, high), high)

    def worst(self, scenarios: Iterable[Disruption], count: int) -> tuple[list[Bracket], list[Bracket]]:
        """The ``count`` dearest scenarios, exactly and dearest first, and the brackets of all.

        Solved are those whose bracket reaches above the dearest ones known, the widest reach first, each from the basis
        of the nearest one solved; what their duals prove raises the lower bounds of the others. Scenarios without a
        plan are dearer than any.

        Raises:
            RuntimeError: HiGHS cannot tell what one costs in time.
            ValueError: two scenarios have one name.
        """
        drawn = list(scenarios)
        known = {scenario.name: scenario for scenario in drawn}
        if len(known) < len(drawn):
            raise ValueError("two scenarios have one name")
        brackets = {name: self.bracket(scenario) for name, scenario in known.items()}
        heap = [(-bracket.high, name) for name, bracket in brackets.items()]
        heapq.heapify(heap)
        dearest: list[float] = []
        proofs: list[_Proof] = []
        solved: list[tuple[Disruption, Any]] = []
        while heap and not (len(dearest) >= count and dearest[-count] >= -heap[0][0]):
            _, name = heapq.heappop(heap)
            if not brackets[name].exact:
                found, basis = self._solved(known[name], self._nearest(known[name], solved))
                cost = found.objective * self.unit if found.end == "optimal" else np.inf
                brackets[name] = Bracket(name, cost, cost)
                if found.end == "optimal":
                    solved.append((known[name], basis))
                if found.end == "optimal" and not len(self.network.priority.ranks):
                    proofs.append(self._proven(found, known[name]))
            bisect.insort(dearest, brackets[name].high)
        exact = sorted((bracket for bracket in brackets.values() if bracket.exact), key=lambda b: (-b.high, b.name))
        return exact[:count], [self._raised(bracket, known[name], proofs) for name, bracket in brackets.items()]

    def _raised(self, bracket: Bracket, scenario: Disruption, proofs: Iterable[_Proof]) -> Bracket:
        """A bracket with the best lower bound that is proven."""
        if bracket.exact:
            return bracket
        low = max((self._bound(scenario, proof) for proof in proofs), default=bracket.low)
        return replace(bracket, low=min(max(bracket.low, low), bracket.high))

    def _nearest(self, scenario: Disruption, solved: Iterable[tuple[Disruption, Any]]) -> Any:
        """The basis of the scenario, or of the base plan, in which the fewest columns have other bounds."""
        nearest, basis = len(scenario.columns), self._basis
        for other, known in solved:
            at = np.union1d(scenario.columns, other.columns)
            pairs = zip(self._bounds(at, scenario), self._bounds(at, other), strict=True)
            apart = int(np.logical_or(*(one != two for one, two in pairs)).sum())
            if apart < nearest:
                nearest, basis = apart, known
        return basis

    def _solved(self, scenario: Disruption, basis: Any) -> tuple[Result, Any]:
        """The least-cost plan of the scenario, or that there is none, from a basis; and the basis where it ended."""
        session = self.kept.session
        moved = scenario.columns, scenario.lower, scenario.upper
        kept = replace(self.matrix, col_lower=self.matrix.col_lower.copy(), col_upper=self.matrix.col_upper.copy())
        kept.col_lower[moved[0]], kept.col_upper[moved[0]] = moved[1], moved[2]
        session.from_basis(basis)
        session.matrix = kept
        session.change_column_bounds(moved[0])
        try:
            found, _ = ranks_and_cost(session, self.network, Clock(SECONDS), True)
            basis = session.basis()
        finally:
            session.restore()
            session.matrix = self.matrix
            session.change_column_bounds(moved[0])
        if found.end not in ("optimal", "infeasible"):
            raise RuntimeError(f"what {scenario.name} costs was not found: {found.end}")
        return found, basis

    def _planned(self, scenario: Disruption) -> tuple[float, bool]:
        """Cost of some plan, ``inf`` where none was found, and whether there is none."""
        if not self._all_met:
            return np.inf, False
        if self._shares is None:
            served = replace(self.matrix, col_upper=self.matrix.col_upper.copy())
            served.col_upper[self._ranked] = 0.0
            self._shares = Shares(served, self.network, self.base.values, self.kept.settings)
        cost, none = self._shares.cost(scenario.columns, scenario.lower, scenario.upper)
        return cost * self.unit, none and not len(self.network.priority.ranks)

    def _proven(self, plan: Result, scenario: Disruption) -> _Proof:
        """What the duals of the plan of a scenario prove."""
        reduced = self.matrix.cost - self.matrix.by_column.T @ plan.row_duals
        reduced[np.abs(reduced) <= TINY * max(1.0, np.abs(self.matrix.cost).max(initial=0.0))] = 0.0
        return _Proof(plan.objective, reduced, scenario)

    def _bound(self, scenario: Disruption, proof: _Proof) -> float:
        """What the duals of some plan prove of a scenario."""
        at = np.union1d(scenario.columns, proof.scenario.columns)
        new, old = (_least(proof.reduced[at], *self._bounds(at, one)) for one in (scenario, proof.scenario))
        return float((proof.objective + (new - old).sum() + self._released) * self.unit)

    def _bounds(self, at: Array, scenario: Disruption) -> tuple[Array, Array]:
        """Bounds of some columns, in order, in a scenario."""
        lower, upper, moved = (
            self.matrix.col_lower[at],
            self.matrix.col_upper[at],
            np.searchsorted(at, scenario.columns),
        )
        lower[moved], upper[moved] = scenario.lower, scenario.upper
        return lower, upper

    @property
    def _ranked(self) -> Array:
        """Columns of unmet demand of the held ranks."""
        return self.matrix.column_span("priority.unmet").start + self.network.priority.ranked.sorted[1]

    def _rank_release(self, held: Mapping[int, float]) -> float:
        """What letting demand of the held ranks go unmet could save at most, by the base plan's duals."""
        at, span = self._ranked, self.matrix.row_span("priority.held")
        known = np.array([held.get(rank, 0.0) for rank in span.index])
        more = self.matrix.row_upper[span.slice] - known
        saved = np.minimum(self.base.row_duals[span.slice], 0.0) @ np.maximum(more, 0.0)
        return float(saved + np.minimum(self._proof.reduced[at], 0.0) @ self.matrix.col_upper[at])


def _least(reduced: Array, lower: Array, upper: Array) -> Array:
    """Min of reduced × x between two bounds; nothing where the reduced cost is."""
    side = np.where(reduced > 0, lower, upper)
    return np.where(reduced == 0, 0.0, reduced * np.where(reduced == 0, 0.0, side))
