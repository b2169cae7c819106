"""A Pyomo model into one sparse matrix with bounds, costs and integrality, in Pyomo's own order of rows and columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csr_array

EQUAL, AT_MOST = 0, 1


@dataclass(frozen=True)
class Matrix:
    """min cost·x + offset, row_lower ≤ A x ≤ row_upper, col_lower ≤ x ≤ col_upper, x integer where said."""

    cost: np.ndarray
    offset: float
    entries: csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    col_lower: np.ndarray
    col_upper: np.ndarray
    integer: np.ndarray
    columns: list[tuple[str, Any]]
    """(family.variable, index) of each column."""
    rows: list[tuple[str, Any]]
    """(family.constraint, index) of each row."""

    @property
    def is_mip(self) -> bool:
        """Whether any column is integer."""
        return bool(self.integer.any())


def compile_model(m: pyo.ConcreteModel) -> Matrix:
    """The matrix of a model; minimisation, every ≥ row kept as such."""
    with PauseGC():
        form = LinearStandardFormCompiler().write(m, mixed_form=True)
    count = len(form.columns)
    sides = np.array([row.bound_type for row in form.rows], dtype=np.int8)
    rhs = np.asarray(form.rhs, dtype=np.float64)
    bounds = [variable.bounds for variable in form.columns]
    entries = csr_array(form.A)
    entries.eliminate_zeros()
    return Matrix(
        cost=np.asarray(form.c.todense(), dtype=np.float64).reshape(count),
        offset=float(form.c_offset[0]),
        entries=entries,
        row_lower=np.where(sides == AT_MOST, -np.inf, rhs),
        row_upper=np.where((sides == AT_MOST) | (sides == EQUAL), rhs, np.inf),
        col_lower=np.array([-np.inf if low is None else low for low, _ in bounds]),
        col_upper=np.array([np.inf if high is None else high for _, high in bounds]),
        integer=np.array([variable.is_integer() for variable in form.columns], dtype=bool),
        columns=[(variable.parent_component().name, variable.index()) for variable in form.columns],
        rows=[(row.constraint.parent_component().name, row.constraint.index()) for row in form.rows],
    )
