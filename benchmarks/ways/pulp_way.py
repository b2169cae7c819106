"""PuLP: an object a column and a row, handed over by its ``HiGHS`` interface, without a file."""

import highspy
import numpy as np
import pulp

from benchmarks import bare
from benchmarks.ways import COLD, Problem, cheapest, options, run


class Way:
    """``pulp.LpProblem`` and ``pulp.HiGHS``."""

    def build(self, problem: Problem) -> None:
        """Columns, rows and the objective."""
        self.problem = problem
        arrays = bare.arrays_of(bare.model_of(problem.tables, problem.periods, problem.rate))
        self.model = m = pulp.LpProblem("network", pulp.LpMinimize)
        bounds = zip(arrays.col_low.tolist(), arrays.col_high.tolist(), strict=True)
        self.columns = [
            m.add_variable(f"x{at}", None if low == -np.inf else low, None if high == np.inf else high)
            for at, (low, high) in enumerate(bounds)
        ]
        m += pulp.LpAffineExpression(zip(self.columns, arrays.cost.tolist(), strict=True))
        index, value, start = arrays.index.tolist(), arrays.value.tolist(), arrays.start.tolist()
        rows = zip(start[:-1], start[1:], arrays.row_low.tolist(), arrays.row_high.tolist(), strict=True)
        for at, (begin, end, low, high) in enumerate(rows):
            columns = (self.columns[column] for column in index[begin:end])
            entries = pulp.LpAffineExpression(zip(columns, value[begin:end], strict=True))
            sense = (
                pulp.LpConstraintEQ if low == high else pulp.LpConstraintLE if high < np.inf else pulp.LpConstraintGE
            )
            m += pulp.LpConstraint(entries, sense, f"r{at}", high if high < np.inf else low)

    def hand_over(self) -> None:
        """A call of HiGHS a column and a row."""
        self.solver = pulp.HiGHS(msg=False)
        self.solver.createAndConfigureSolver(self.model)
        self.solver.buildSolverModel(self.model)
        options(self.model.solverModel, COLD)

    def solve(self) -> float:
        """Run HiGHS."""
        return run(self.model.solverModel)

    def read_back(self) -> np.ndarray:
        """The values on PuLP's variables."""
        self.solver.findSolutionValues(self.model)
        return np.array([column.varValue for column in self.columns])

    def solve_again(self) -> float:
        """The bound changed on the model, which is handed over again."""
        self.columns[cheapest(self.problem)].upBound = self.problem.edited
        self.hand_over()
        return self.solve()

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """The problem's object."""
        return self.model.solverModel, 1.0, 1.0
