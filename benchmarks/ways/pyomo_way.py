"""Pyomo's rules, one expression a row, and its persistent interface ``appsi_highs``."""

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.contrib.appsi.base import TerminationCondition
from pyomo.contrib.appsi.solvers import Highs

from benchmarks import bare
from benchmarks.ways import COLD, HOT, Problem, cheapest


class Way:
    """``pyomo.environ.ConcreteModel`` and ``appsi`` HiGHS."""

    def build(self, problem: Problem) -> None:
        """Columns, rows and the objective."""
        self.problem = problem
        arrays = bare.arrays_of(bare.model_of(problem.tables, problem.periods, problem.rate))
        index, value, start = arrays.index.tolist(), arrays.value.tolist(), arrays.start.tolist()
        low, high, cost = arrays.row_low.tolist(), arrays.row_high.tolist(), arrays.cost.tolist()
        bounds = list(zip(arrays.col_low.tolist(), arrays.col_high.tolist(), strict=True))

        def row(m: pyo.ConcreteModel, at: int) -> pyo.Expression:
            entries = range(start[at], start[at + 1])
            total = pyo.quicksum(value[entry] * m.x[index[entry]] for entry in entries)
            if low[at] == high[at]:
                return total == low[at]
            return total <= high[at] if high[at] < np.inf else total >= low[at]

        with PauseGC():
            self.model = m = pyo.ConcreteModel()
            m.x = pyo.Var(range(len(cost)), bounds=lambda _, at: bounds[at])
            m.row = pyo.Constraint(range(len(low)), rule=row)
            m.cost = pyo.Objective(expr=pyo.quicksum(price * m.x[at] for at, price in enumerate(cost)))

    def hand_over(self) -> None:
        """The model to HiGHS."""
        self.solver = Highs()
        self.solver.config.load_solution = False
        self.solver.highs_options = COLD
        with PauseGC():
            self.solver.set_instance(self.model)

    def solve(self) -> float:
        """Look for changes of the model and run HiGHS."""
        result = self.solver.solve(self.model)
        if result.termination_condition != TerminationCondition.optimal:
            raise ArithmeticError(f"HiGHS ended {result.termination_condition}")
        return float(result.best_feasible_objective)

    def read_back(self) -> np.ndarray:
        """The values on Pyomo's variables."""
        self.solver.load_vars()
        return np.array([column.value for column in self.model.x.values()])

    def solve_again(self) -> float:
        """The bound changed on the model, simplex from the last basis."""
        self.solver.highs_options = HOT
        self.model.x[cheapest(self.problem)].setub(self.problem.edited)
        return self.solve()

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """The interface's object."""
        return self.solver._solver_model, 1.0, 1.0
