"""Arrays by hand and ``passModel``."""

import highspy
import numpy as np

from benchmarks import bare
from benchmarks.ways import COLD, HOT, Problem, cheapest, options, run


class Way:
    """``benchmarks/bare.py``."""

    arrays_of = staticmethod(bare.arrays_of)

    def build(self, problem: Problem) -> None:
        """Tables to arrays."""
        self.problem = problem
        self.arrays = self.arrays_of(bare.model_of(problem.tables, problem.periods, problem.rate))

    def hand_over(self) -> None:
        """Arrays to HiGHS."""
        self.kept = highspy.Highs()
        options(self.kept, COLD)
        bare.pass_to(self.kept, self.arrays)

    def solve(self) -> float:
        """Run HiGHS."""
        return run(self.kept)

    def read_back(self) -> np.ndarray:
        """Values as an array."""
        return np.array(self.kept.getSolution().col_value)

    def solve_again(self) -> float:
        """The bound changed in HiGHS, simplex from the last basis."""
        options(self.kept, HOT)
        self.kept.changeColBounds(cheapest(self.problem), 0.0, self.problem.edited)
        return run(self.kept)

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """The object itself, in tonnes and currency."""
        return self.kept, 1.0, 1.0
