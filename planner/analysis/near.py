r"""The kept model among plans that cost at most :math:`(1 + \varepsilon) C^*`, with any other objective."""

import numpy as np

from mineral_sourcing.arrays import Array
from planner.errors import PlannerError
from planner.solving.kept import Kept
from planner.solving.stages import Clock, Solved


class Near:
    """Near-least-cost plans of a kept model, from which nobody else takes solves meanwhile.

    Args:
        kept: the model.
        within: ε, a fraction of the least cost.

    Raises:
        PlannerError: there is no optimal plan, or a cap on the HHI, whose pieces hold near one plan only.
    """

    def __init__(self, kept: Kept, within: float) -> None:
        self.kept, name = kept, kept.assembled.parts.instance.name
        network = kept.assembled.network
        if len(network.hhi.cells):
            raise PlannerError(
                f"{name} has a cap on the HHI: near-least-cost plans are only told without one (off RULE)"
            )
        self.best: Solved = kept.solve()
        if self.best.end != "optimal":
            raise PlannerError(f"{name} has no optimal plan to compare with: {self.best.end}")
        self.cost = self.best.objective * network.unit_money
        self._hold()
        matrix = kept.matrix
        used = np.flatnonzero(matrix.cost)
        limit = self.best.objective + within * abs(self.best.objective) - matrix.offset
        kept.add_row("near.cost", dict(zip(used.tolist(), matrix.cost[used].tolist(), strict=True)), -np.inf, limit)
        self.solves = 0
        self._clock = Clock(kept.settings.time_limit)

    def _hold(self) -> None:
        """No rank is served worse than in the least-cost plan."""
        held = self.best.held
        if held:
            ranks = self.kept.assembled.network.priority.ranks
            at = np.array([ranks.position[rank] for rank in held])
            self.kept.row_bounds("priority.held", at, np.full(len(at), -np.inf), np.array([*held.values()]))

    def least(self, cost: Array) -> Array:
        """Values of the plan that is least by another objective, in model units and the order of the columns.

        Raises:
            PlannerError: it was not found within the time limit.
        """
        session = self.kept.session
        session.costs(cost)
        session.recall("near", primal=True)
        with self._clock.step("solve"):
            found = session.run(self._clock.left, hot=True)
        if found.end != "optimal":
            raise PlannerError(f"a near-least-cost plan was not found: {found.end}; raise the time limit")
        session.remember("near")
        session.restore()
        self.solves += 1
        return found.values

    def close(self) -> None:
        """Give the model back as it was."""
        self.kept.undo()
        if self.best.held:
            self.kept.undo()
