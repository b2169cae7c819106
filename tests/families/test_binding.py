"""Every constraint of every family binds in at least one optimum of its own family that was solved by hand."""

import numpy as np

from mineral_sourcing.compile import Matrix
from tests.model_hook import altered, constraints, rows_of
from tests.optima import Optimum, optima


def binding(optimum: Optimum) -> tuple[set[str], set[str]]:
    """Every constraint of the model, and those that have a shadow price in the optimum; an equation with rows binds."""
    named: set[str] = set()
    bound: set[str] = set()

    def seen(matrix: Matrix) -> Matrix:
        named.update(constraints(matrix))
        for name in named:
            rows = rows_of(matrix, name)
            if len(rows) and np.array_equal(matrix.row_lower[rows], matrix.row_upper[rows]):
                bound.add(name)
        return matrix

    with altered(seen, verified=False) as plans:
        optimum.check()
    bound.update(*(plan.prices["constraint"] for plan in plans))
    if "hhi.supplied" in bound.intersection(*(plan.prices["constraint"] for plan in plans)):
        bound.add("hhi.piece")  # what a subject supplies has a price only through its pieces
    return named, bound


def test_every_constraint_binds_in_an_optimum_of_its_family() -> None:
    """The model names its constraints; one that no optimum of its own family makes bind is not tested."""
    slack: set[str] | None = None
    for optimum in optima():
        mine = {name for name in slack or () if name.startswith(f"{optimum.family}.")}
        if slack is None or mine:
            named, bound = binding(optimum)
            slack = (named if slack is None else slack) - {n for n in bound if n.startswith(f"{optimum.family}.")}

    assert slack == set()
