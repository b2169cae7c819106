"""The one place where tests reach between the model and HiGHS: a solve of a matrix that was altered first."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
import pyomo.environ as pyo

import planner
from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix
from planner.assemble import assemble
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
    return np.array([at for at, (found, _) in enumerate(matrix.rows) if found == name], dtype=np.int64)


def columns_of(matrix: Matrix, name: str) -> np.ndarray:
    """Numbers of the columns of a variable, such as ``flow.ship``."""
    return np.array([at for at, (found, _) in enumerate(matrix.columns) if found == name], dtype=np.int64)


def row_names(matrix: Matrix) -> list[str]:
    """Constraints with rows, in their order."""
    return list(dict.fromkeys(name for name, _ in matrix.rows))


def column_names(matrix: Matrix) -> list[str]:
    """Variables with columns, in their order."""
    return list(dict.fromkeys(name for name, _ in matrix.columns))


def constraints(instance: planner.Instance) -> list[str]:
    """Every constraint of the model, whether this instance gives it rows or not."""
    return [constraint.name for constraint in build(assemble(instance)).component_objects(pyo.Constraint)]
