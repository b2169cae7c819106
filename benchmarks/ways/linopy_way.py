"""linopy's sparse models: variables by thing and year, sums by ``groupby``, handed over without a file."""

import highspy
import linopy
import numpy as np
import pandas as pd
import xarray as xr
from linopy.solvers import Solver

from benchmarks import bare
from benchmarks.ways import COLD, HOT, Problem, cheapest, options

linopy.options["semantics"] = "v1"


class Way:
    """``linopy.Model(sparse=True)`` and its persistent solver."""

    def build(self, problem: Problem) -> None:
        """Variables, constraints and the objective, a kind at a time."""
        self.problem = problem
        self.plan = plan = bare.model_of(problem.tables, problem.periods, problem.rate)
        self.model = m = linopy.Model(sparse=True)
        years = pd.RangeIndex(plan.periods, name="year")
        self.columns = {}
        cost = 0
        for name, block in plan.columns.items():
            things = pd.RangeIndex(block.size, name=name)
            low, high = (np.broadcast_to(bound, (plan.periods, block.size)) for bound in (block.low, block.high))
            column = m.add_variables(low, high, coords=[years, things], name=name)
            self.columns[name] = column
            if np.any(block.cost):
                price = np.multiply.outer(plan.discount, np.broadcast_to(block.cost, block.size))
                cost = cost + (column * xr.DataArray(price, coords=[years, things])).sum()
        m.add_objective(cost)
        for name, block in plan.rows.items():
            self._add_rows(name, block, years)

    def _add_rows(self, name: str, block: bare.Block, years: pd.RangeIndex) -> None:
        """One kind of row: its terms summed, its bounds as the right-hand side."""
        things = pd.RangeIndex(block.size, name="row")
        terms = [self._term(term, things) for term in self.plan.terms if term.row == name]
        left = linopy.merge(terms, dim="_term") if len(terms) > 1 else terms[0]
        bounds = (np.broadcast_to(bound, (len(years), block.size)) for bound in (block.low, block.high))
        low, high = (xr.DataArray(bound, coords=[years, things]) for bound in bounds)
        if block.last:
            low, high = low.isel(year=[-1]), high.isel(year=[-1])
        if np.array_equal(low, high):
            self.model.add_constraints(left, "=", low, name=name)
        elif np.isfinite(high).all():
            self.model.add_constraints(left, "<=", high, name=name)
        else:
            self.model.add_constraints(left, ">=", low, name=name)

    def _term(self, term: bare.Term, things: pd.RangeIndex) -> linopy.LinearExpression:
        """A term: columns times values, summed by row."""
        column = self.columns[term.column]
        if self.plan.rows[term.row].last:
            column = column.isel(year=[-1])
        if term.lag < 0:
            column = column.shift(year=-term.lag)
        elif term.lag > 0:
            years = np.minimum(np.arange(self.plan.periods) + term.lag, self.plan.periods - 1)
            column = column.isel(year=years).assign_coords(year=np.arange(self.plan.periods))
        entries = pd.RangeIndex(len(term.at), name=term.column)
        if len(term.of) != column.sizes[term.column] or (term.of != np.arange(len(term.of))).any():
            column = column.isel({term.column: term.of}).assign_coords({term.column: entries})
        value = xr.DataArray(np.broadcast_to(term.value, len(term.at)), coords=[entries])
        at = xr.DataArray(term.at, coords=[entries], name="row")
        return (column * value).groupby(at).sum().reindex(row=things).fillna(0)

    def hand_over(self) -> None:
        """The model to HiGHS, kept for edits."""
        self.solver = Solver.from_name("highs", self.model, io_api="direct", options=COLD, track_updates=True)

    def solve(self) -> float:
        """Run HiGHS."""
        self.result = self.solver.solve()
        return float(self.result.solution.objective)

    def read_back(self) -> np.ndarray:
        """The values on the model's variables."""
        self.model.assign_result(self.result, self.solver)
        return np.concatenate([column.solution.values.ravel() for column in self.columns.values()])

    def solve_again(self) -> float:
        """The bound changed on the model, and the difference handed over."""
        options(self.solver.solver_model, HOT)
        upper = self.columns["sold"].upper.copy()
        upper[0, cheapest(self.problem)] = self.problem.edited
        self.columns["sold"].update(upper=upper)
        self.result = self.solver.solve(self.model)
        return float(self.result.solution.objective)

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """The solver's object."""
        return self.solver.solver_model, 1.0, 1.0
