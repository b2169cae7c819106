"""The one place where tests reach between the model and HiGHS: a solve of a matrix that was altered first."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

import planner
from mineral_sourcing.compile import Matrix
from planner.plan import Plan
from planner.verify import verify as VERIFY


@dataclass(frozen=True)
class Accepted:
    """What a verifier says that looks at nothing."""

    ok: bool = True


@contextmanager
def altered(alter: Callable[[Matrix], Matrix], verified: bool = True) -> Iterator[list[Plan]]:
    """Solve whatever ``alter`` makes of each compiled matrix; gives the plans as they are made. May be nested.

    Args:
        verified: whether each plan is verified; an altered model's plan would hardly ever pass.
    """
    module = sys.modules[planner.solve.__module__]
    compile_model, verify = module.compile_model, module.verify
    plans: list[Plan] = []

    def seen(plan: Plan) -> object:
        plans.append(plan)
        return verify(plan) if verified or verify is not VERIFY else Accepted()

    with (
        patch.object(module, "compile_model", lambda model: alter(compile_model(model))),
        patch.object(module, "verify", seen),
    ):
        yield plans


def rows_of(matrix: Matrix, name: str) -> np.ndarray:
    """Numbers of the rows of a constraint, such as ``balance.node``."""
    span = matrix.row_span(name)
    return np.arange(span.start, span.stop)


def columns_of(matrix: Matrix, name: str) -> np.ndarray:
    """Numbers of the columns of a variable, such as ``flow.ship``."""
    span = matrix.column_span(name)
    return np.arange(span.start, span.stop)


def constraints(matrix: Matrix) -> list[str]:
    """Every constraint of the model, with rows in this matrix or without."""
    return [span.name for span in matrix.rows]


def variables(matrix: Matrix) -> list[str]:
    """Every variable of the model, with columns in this matrix or without."""
    return [span.name for span in matrix.columns]
