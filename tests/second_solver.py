"""A second opinion: the matrix of Pyomo's own compiler, solved by GLOP, or by SCIP where there are integers."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
from ortools.linear_solver import pywraplp
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from mineral_sourcing import build
from mineral_sourcing.arrays import Values
from mineral_sourcing.network import Network

SLACK = 1e-9
"""Relative room left to what an earlier rank found, against rounding."""


class SecondSolver:
    """A model loaded once; objectives and right-hand sides may change between solves."""

    def __init__(self, model: pyo.Block) -> None:
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
        integers = any(not column.is_continuous() for column in form.columns)
        self.solver = pywraplp.Solver.CreateSolver("SCIP" if integers else "GLOP")
        self.columns = {}
        infinity = self.solver.infinity()
        for number, column in enumerate(form.columns):
            low = -infinity if column.lb is None else float(column.lb)
            high = infinity if column.ub is None else float(column.ub)
            self.columns[column.name] = self.solver.Var(low, high, not column.is_continuous(), f"x{number}")
        variables = list(self.columns.values())
        matrix, self.rows = form.A.tocsr(), {}
        for number, (row, right) in enumerate(zip(form.rows, form.rhs, strict=True)):
            low = -infinity if row.bound_type == 1 else float(right)
            high = infinity if row.bound_type == -1 else float(right)
            line = self.solver.Constraint(low, high)
            span = slice(matrix.indptr[number], matrix.indptr[number + 1])
            for place, value in zip(matrix.indices[span], matrix.data[span], strict=True):
                line.SetCoefficient(variables[place], float(value))
            self.rows[row.constraint.name] = line
        costs = np.asarray(form.c.todense()).ravel()
        self.costs = dict(zip(self.columns, map(float, costs), strict=True))
        self.constant = float(form.c_offset[0])

    def least(self, costs: dict[str, float]) -> float | None:
        """Least value of the sum of costs × columns; ``None`` where no column values keep every row."""
        objective = self.solver.Objective()
        objective.Clear()
        for name, value in costs.items():
            objective.SetCoefficient(self.columns[name], value)
        objective.SetMinimization()
        exact = pywraplp.MPSolverParameters()
        exact.SetDoubleParam(exact.RELATIVE_MIP_GAP, 0.0)
        status = self.solver.Solve(exact)
        if status in (pywraplp.Solver.INFEASIBLE, pywraplp.Solver.ABNORMAL):
            return None
        assert status == pywraplp.Solver.OPTIMAL, status
        return float(objective.Value())


def wider(network: Network, factor: float) -> Network:
    """The same network with every big-M so many times as large: the optimum of a valid model cannot move.

    Of tiers, the big-M is the width of the last one of a site, material and year; without a switch it has no row or
    only room.
    """
    old = network.activation
    switches = Values(old.switches, factor * old.most.array)
    of, last = network.tiers.bands.codes, {}
    for band, key in enumerate(zip(*(codes.tolist() for codes in of[:3]), strict=True)):
        last[key] = band
    width = network.tiers.width.array.copy()
    width[list(last.values())] *= factor
    tiers = replace(network.tiers, width=Values(network.tiers.bands, width))
    links = Values(old.links, factor * old.link_most.array)
    suppliers = replace(network.suppliers, most=Values(network.suppliers.links, factor * network.suppliers.most.array))
    return replace(network, activation=replace(old, most=switches, link_most=links), suppliers=suppliers, tiers=tiers)


def least_cost(network: Network) -> float | None:
    """Least cost in the instance's currency, rank after rank; ``None`` where there is no plan."""
    model = build.construct(network)
    second = SecondSolver(model)
    for rank in model.priority.RANKS:
        ranked = [model.priority.unmet[demand] for demand in model.priority.RANKED[rank]]
        weights = {unmet.name: network.priority.weight[unmet.index()[3]] for unmet in ranked}
        held = second.least({name: weight for name, weight in weights.items() if name in second.columns})
        if held is None:
            return None
        second.rows[model.priority.held[rank].name].SetUb(held + SLACK * max(1.0, held))
    found = second.least(second.costs)
    return None if found is None else (found + second.constant) * network.unit_money
