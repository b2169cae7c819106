"""pyoptinterface: a call a column and a row, straight into HiGHS (its own build, of ``highsbox``)."""

import tempfile
from pathlib import Path

import highspy
import numpy as np
import pyoptinterface as poi
from pyoptinterface import highs

from benchmarks import bare
from benchmarks.ways import COLD, HOT, Problem, cheapest, from_mps


class Way:
    """``pyoptinterface.highs.Model``."""

    def build(self, problem: Problem) -> None:
        """Columns, rows and the objective; the model is HiGHS's own from the start."""
        self.problem = problem
        arrays = bare.arrays_of(bare.model_of(problem.tables, problem.periods, problem.rate))
        self.model = m = highs.Model()
        bounds = zip(arrays.col_low.tolist(), arrays.col_high.tolist(), strict=True)
        self.columns = [m.add_variable(lb=low, ub=high) for low, high in bounds]
        numbers = [column.index for column in self.columns]
        index, value, start = arrays.index.tolist(), arrays.value.tolist(), arrays.start.tolist()
        rows = zip(start[:-1], start[1:], arrays.row_low.tolist(), arrays.row_high.tolist(), strict=True)
        for begin, end, low, high in rows:
            entries = poi.ScalarAffineFunction(value[begin:end], [numbers[at] for at in index[begin:end]])
            if low == high:
                m.add_linear_constraint(entries, poi.Eq, low)
            elif high < np.inf:
                m.add_linear_constraint(entries, poi.Leq, high)
            else:
                m.add_linear_constraint(entries, poi.Geq, low)
        m.set_objective(poi.ScalarAffineFunction(arrays.cost.tolist(), numbers), poi.ObjectiveSense.Minimize)

    def hand_over(self) -> None:
        """Nothing is left to do but the options."""
        self._set(COLD)

    def _set(self, options: dict[str, object]) -> None:
        for name, value in options.items():
            self.model.set_raw_parameter(name, value)

    def solve(self) -> float:
        """Run HiGHS."""
        self.model.optimize()
        if self.model.get_model_attribute(poi.ModelAttribute.TerminationStatus) != poi.TerminationStatusCode.OPTIMAL:
            raise ArithmeticError("HiGHS found no optimum")
        return float(self.model.get_obj_value())

    def read_back(self) -> np.ndarray:
        """A call a column."""
        return np.array([self.model.get_value(column) for column in self.columns])

    def solve_again(self) -> float:
        """The bound changed in HiGHS, simplex from the last basis."""
        self._set(HOT)
        self.model.set_variable_upper_bound(self.columns[cheapest(self.problem)], self.problem.edited)
        return self.solve()

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """What it writes as a file, read again."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.mps"
            self.model.write(str(path))
            return from_mps(path), 1.0, 1.0
