r"""One supplier's deliveries of one material in a kept model, as its price moves.

With :math:`X(x) = \sum_t DF_t x_t` the discounted tonnes it dispatches and :math:`c(x)` what a plan costs, a price cut
of :math:`\delta` per tonne makes the least cost :math:`V(\delta) = \min_x c(x) - \delta X(x)`: concave and piecewise
linear, of slope :math:`-X`. Two rules follow, exact for linear and, to the gap, for mixed-integer plans:

* between two plans nothing else is best, or the plan at the cut where their lines cross is cheaper than both: so every
  breakpoint is found (Eisner and Severance 1976, Mathematical techniques for efficient record segmentation);
* with W the least cost without the supplier, the break-even cut is the least :math:`(c(x) - W) / X(x)` over plans that
  use it, found by solving at each ratio in turn (Dinkelbach 1967, On nonlinear fractional programming). Below 0 it is
  a rise that a supplier in use can afford.

The list price behind duties stays as it is: the cut is what the buyer gets, not what customs sees.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from mineral_sourcing.arrays import Array
from planner.errors import PlannerError
from planner.solving.kept import Kept
from planner.solving.stages import Solved

EXACT = 1e-8
"""Share of the cost below which two costs are the same."""

MOST = 60
"""Solves after which a search gives up."""

NOTHING = 1e-6
"""Share of what is dispatched of the material below which a supplier delivers nothing."""


@dataclass(frozen=True)
class Point:
    """The least-cost plan at one price cut."""

    cut: float
    """Currency per tonne, undiscounted; below 0 a rise."""
    cost: float
    """Present value of the plan at list prices."""
    quantity: float
    """Tonnes dispatched over the horizon."""
    weight: float
    """Discounted tonnes."""
    solved: Solved

    def at(self, cut: float) -> float:
        """What this plan costs at another cut."""
        return self.cost - cut * self.weight


class Supply:
    """Dispatches of a material from some sites, in a kept model.

    Args:
        kept: the model; as it was after every question.
        sites: the supplier's.
        material: what it delivers.
    """

    def __init__(self, kept: Kept, sites: frozenset[str], material: str) -> None:
        self.kept, self.sites, self.material = kept, sites, material
        network = kept.assembled.network
        self.mass, self.money = network.unit_mass, network.unit_money
        ships, lanes = network.flow.shipments, network.flow.lanes
        goods = ships.column(2) == material
        self.at = np.flatnonzero(goods & np.isin(ships.column(0), list(sites)))
        """Its shipments."""
        self._lanes = np.flatnonzero((lanes.column(2) == material) & np.isin(lanes.column(0), list(sites)))
        self._discount = network.discount.array[ships.codes[3][self.at]]
        self._goods = np.flatnonzero(goods)
        self.base = self._point(self._checked(kept.solve()), 0.0)
        total = self.dispatched(self.base.solved)[self._goods].sum()
        self.nothing = NOTHING * max(float(total), 1.0)
        """Tonnes below which it delivers nothing."""
        self.step = 0.01 * float(total) or 1.0
        """Tonnes that are forced to see what the first ones do."""

    def _checked(self, solved: Solved) -> Solved:
        if solved.end != "optimal":
            raise PlannerError(
                f"{self.kept.assembled.parts.instance.name} has no optimal plan to explain: {solved.end}"
            )
        return solved

    def dispatched(self, solved: Solved) -> Array:
        """Tonnes of every shipment."""
        return np.asarray(solved.values[self.kept.matrix.column_span("flow.ship").slice] * self.mass)

    def _point(self, solved: Solved, cut: float) -> Point:
        tonnes = self.dispatched(solved)[self.at]
        weight = float(self._discount @ tonnes)
        return Point(cut, solved.objective * self.money + cut * weight, float(tonnes.sum()), weight, solved)

    def price(self, cut: float) -> Point:
        """The plan when each tonne is so much cheaper."""
        freight = self.kept.assembled.network.flow.freight.array[self._lanes]
        self.kept.set("flow.freight", self._lanes, freight - cut * self.mass / self.money)
        try:
            return self._point(self._checked(self.kept.solve()), cut)
        finally:
            self.kept.undo()

    def without(self) -> Solved:
        """The plan when it delivers nothing."""
        nothing = np.zeros(len(self.at))
        self.kept.column_bounds("flow.ship", self.at, nothing, nothing)
        try:
            return self.kept.solve()
        finally:
            self.kept.undo()

    def force(self, quantity: float) -> Point | None:
        """The plan when it delivers at least so many tonnes; None where there is none."""
        with self._at_least(quantity):
            solved = self.kept.solve()
        return self._point(solved, 0.0) if solved.end == "optimal" else None

    @contextmanager
    def _at_least(self, quantity: float) -> Iterator[None]:
        start = self.kept.matrix.column_span("flow.ship").start
        self.kept.add_row("why.use", {start + int(at): 1.0 for at in self.at}, quantity / self.mass, np.inf)
        try:
            yield
        finally:
            self.kept.undo()

    def same(self, one: float, other: float) -> bool:
        """Whether two costs are the same: to the solver's tolerance, or to the gap of mixed-integer plans."""
        exact = self.kept.settings.gap if self.kept.matrix.is_mip else EXACT
        return abs(one - other) <= exact * max(abs(one), abs(other), 1.0)

    def break_even(self, without: float, start: Point) -> Point:
        """The least cut at which a plan that uses it costs no more than the best without it, and that plan.

        Args:
            without: least cost when it delivers nothing.
            start: any plan that uses it.
        """
        best = start
        for _ in range(MOST):
            cut = (best.cost - without) / best.weight
            found = self.price(cut)
            if found.quantity <= self.nothing or self.same(found.at(cut), without):
                return replace(best, cut=cut)
            best = found
        raise PlannerError(f"the break-even price was not found within {MOST} solves")

    def curve(self, low: float, high: float, steps: int) -> list[tuple[Point, bool]]:
        """Plans that are best somewhere between two cuts, by rising cut, widest steps first where there are many.

        Args:
            low: least cut.
            high: largest cut.
            steps: solves at most between the two.

        Returns:
            Each plan, and whether its cut is the one from which it is best: else it is one at which it was found.
        """
        first, last = self.price(low), self.price(high)
        found, wide = [(first, True)], [(first, last)]
        while wide:
            wide.sort(key=lambda pair: pair[1].weight - pair[0].weight)
            one, other = wide.pop()
            if other.weight - one.weight <= self.nothing:
                continue
            if steps == 0:
                found.append((other, False))
                continue
            cut, steps = (other.cost - one.cost) / (other.weight - one.weight), steps - 1
            between = self.price(cut)
            if self.same(between.at(cut), one.at(cut)):
                found.append((replace(other, cut=cut), True))
            else:
                wide += [(one, between), (between, other)]
        return sorted(found, key=lambda each: each[0].cut)
