"""OR-Tools' ModelBuilder: a call a column and a row, handed to the HiGHS that it brings along."""

import highspy
import numpy as np
from ortools.linear_solver.python import model_builder

from benchmarks import bare
from benchmarks.ways import COLD, Problem, cheapest, options


class Way:
    """``ortools.linear_solver.python.model_builder``."""

    def build(self, problem: Problem) -> None:
        """Columns, rows and the objective."""
        self.problem = problem
        arrays = bare.arrays_of(bare.model_of(problem.tables, problem.periods, problem.rate))
        self.model = m = model_builder.Model()
        bounds = zip(arrays.col_low.tolist(), arrays.col_high.tolist(), strict=True)
        self.columns = [m.new_num_var(low, high, None) for low, high in bounds]
        index, value, start = arrays.index.tolist(), arrays.value.tolist(), arrays.start.tolist()
        rows = zip(start[:-1], start[1:], arrays.row_low.tolist(), arrays.row_high.tolist(), strict=True)
        for begin, end, low, high in rows:
            columns = [self.columns[at] for at in index[begin:end]]
            entries = model_builder.LinearExpr.weighted_sum(columns, value[begin:end])
            m.add_linear_constraint(entries, low, high)
        m.minimize(model_builder.LinearExpr.weighted_sum(self.columns, arrays.cost.tolist()))

    def hand_over(self) -> None:
        """Only the options: the model itself goes over within each solve."""
        self.solver = model_builder.Solver("highs")
        told = "\n".join(f"{name}={value}" for name, value in COLD.items() if name != "output_flag")
        self.solver.set_solver_specific_parameters(told)

    def solve(self) -> float:
        """Hand the model over and run HiGHS."""
        if self.solver.solve(self.model) != model_builder.SolveStatus.OPTIMAL:
            raise ArithmeticError("HiGHS found no optimum")
        return float(self.solver.objective_value)

    def read_back(self) -> np.ndarray:
        """All values in one call."""
        return np.asarray(self.solver.values(self.model.get_variables()))

    def solve_again(self) -> float:
        """The bound changed on the model, which is handed over again."""
        self.columns[cheapest(self.problem)].upper_bound = self.problem.edited
        return self.solve()

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """Its protocol buffer, which holds every digit, passed as arrays."""
        proto = self.model.export_to_proto()
        columns, rows = proto.variable, proto.constraint
        cost, low, high = (
            np.array([getattr(column, name) for column in columns])
            for name in ("objective_coefficient", "lower_bound", "upper_bound")
        )
        arrays = bare.Arrays(
            cost=cost,
            col_low=low,
            col_high=high,
            row_low=np.array([row.lower_bound for row in rows]),
            row_high=np.array([row.upper_bound for row in rows]),
            start=np.cumsum([0, *(len(row.var_index) for row in rows)], dtype=np.int32),
            index=np.concatenate([np.array(row.var_index, np.int32) for row in rows]),
            value=np.concatenate([np.array(row.coefficient) for row in rows]),
        )
        given = highspy.Highs()
        options(given, {"output_flag": False})
        bare.pass_to(given, arrays)
        return given, 1.0, 1.0
