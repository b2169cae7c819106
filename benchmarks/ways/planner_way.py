"""The planner: rules written once in Pyomo, to HiGHS by ``planner.solving.session``."""

import highspy
import numpy as np

from benchmarks.ways import Problem, cheapest
from mineral_sourcing.build import build
from mineral_sourcing.compile import compile_model
from planner.assembly.assemble import assemble
from planner.solving.session import Session

SECONDS = 3_600.0
"""More than any measurement may take."""


class Way:
    """Assemble, build, compile, pass."""

    def build(self, problem: Problem) -> None:
        """Tables to the matrix."""
        self.problem = problem
        self.network = assemble(problem.instance)
        self.matrix = compile_model(build(self.network))

    def hand_over(self) -> None:
        """The matrix to HiGHS."""
        self.session = Session(self.matrix, threads=1, seed=1, gap=0.0, algorithm="ipm")

    def solve(self) -> float:
        """Run HiGHS."""
        self.result = self.session.run(SECONDS)
        return self.result.objective * self.network.unit_money

    def read_back(self) -> np.ndarray:
        """Values as an array, made by the run."""
        return self.result.values

    def solve_again(self) -> float:
        """The bound changed in the session, simplex from the last basis."""
        offer = self.problem.tables["offers"].iloc[cheapest(self.problem)]
        span = self.matrix.column_span("flow.sold")
        column = span.start + span.index.position[offer["site"], offer["material"], offer["from"], 0]
        high = np.array([self.problem.edited / self.network.unit_mass])
        self.session.column_bounds(np.array([column]), np.zeros(1), high)
        self.result = self.session.run(SECONDS, hot=True)
        return self.result.objective * self.network.unit_money

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """The session's object, in model units."""
        return self.session.highs, self.network.unit_mass, self.network.unit_money
