"""Every constraint of every family binds in at least one optimum of its own family that was solved by hand."""

import numpy as np

import planner
from mineral_sourcing.compile import Matrix
from tests.builders import Trade
from tests.model_hook import altered, constraints, row_names, rows_of
from tests.optima import Optimum, optima


def binds(constraint: str, optimum: Optimum) -> bool:
    """Whether a row of the constraint has a shadow price in the optimum; an equation binds wherever it has rows."""
    equations: set[str] = set()

    def seen(matrix: Matrix) -> Matrix:
        for name in row_names(matrix):
            rows = rows_of(matrix, name)
            if np.array_equal(matrix.row_lower[rows], matrix.row_upper[rows]):
                equations.add(name)
        return matrix

    with altered(seen, verified=False) as plans:
        optimum.check()
    return constraint in equations or any((plan.prices["constraint"] == constraint).any() for plan in plans)


def test_every_constraint_binds_in_an_optimum_of_its_family() -> None:
    """The model names its constraints; one that no optimum of its family makes bind is not tested."""
    trade = Trade()
    trade.seller("a", 10.0)
    trade.demand(1.0)
    names = constraints(planner.from_frames(trade.header, trade.tables))
    known = list(optima())

    slack = [
        name
        for name in names
        if not any(binds(name, optimum) for optimum in known if optimum.family == name.partition(".")[0])
    ]

    assert len(names) > 10
    assert not slack
