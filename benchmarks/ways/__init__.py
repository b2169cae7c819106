"""The same model by every way that a user could pick: one module each, with a class ``Way``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import highspy
import numpy as np
import pandas as pd

from planner.instance import Instance

NAMES = {
    "bare": "bare arrays",
    "repeated": "bare arrays, one period repeated",
    "planner_way": "planner",
    "linopy_way": "linopy",
    "pyoptinterface_way": "pyoptinterface",
    "ortools_way": "OR-Tools",
    "pulp_way": "PuLP",
    "pyomo_way": "Pyomo appsi_highs",
}
"""Modules and what they are called."""
COLD = {"solver": "ipx", "threads": 1, "output_flag": False}
"""Options of the first solve, the same for every way: interior point with crossover, one thread."""
HOT = {**COLD, "solver": "simplex"}
"""Options of the solve after an edit, where the way keeps HiGHS and its basis."""


@dataclass
class Problem:
    """A generated network, checked, in memory: where every way starts."""

    instance: Instance

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables, in the units in which people write them."""
        return dict(self.instance.tables)

    @property
    def periods(self) -> int:
        """How many years."""
        return self.instance.header.periods

    @property
    def rate(self) -> float:
        """Discount rate."""
        return self.instance.header.discount_rate

    @property
    def edited(self) -> float:
        """The edit of every way: half the capacity of the cheapest offer, in the first year."""
        return float(self.tables["offers"]["capacity"].iloc[cheapest(self)]) / 2.0


def cheapest(problem: Problem) -> int:
    """The row of the cheapest offer: with numbers period by period and sales first, also its first column."""
    return int(problem.tables["offers"]["price"].to_numpy().argmin())


class Way(Protocol):
    """Tables to plan by one way; each step is timed."""

    def build(self, problem: Problem) -> None:
        """From tables to the way's own model."""

    def hand_over(self) -> None:
        """From its model to a HiGHS object that could run."""

    def solve(self) -> float:
        """Run HiGHS; the least cost in the instance's currency."""

    def read_back(self) -> np.ndarray:
        """The value of every column."""

    def solve_again(self) -> float:
        """Edit one bound and run again."""

    def highs(self) -> tuple[highspy.Highs, float, float]:
        """What HiGHS was given, and the tonnes and the money that one unit of it stands for."""


def options(highs: highspy.Highs, values: dict[str, Any]) -> None:
    """Set options of HiGHS.

    Raises:
        ValueError: it refuses one.
    """
    for name, value in values.items():
        if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS refuses {name} = {value!r}")


def run(highs: highspy.Highs) -> float:
    """Run HiGHS; the least cost.

    Raises:
        ArithmeticError: it found none.
    """
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError(f"HiGHS ended {highs.modelStatusToString(highs.getModelStatus())}")
    return float(highs.getInfo().objective_function_value)


def from_mps(path: Path) -> highspy.Highs:
    """A HiGHS object that read a file."""
    highs = highspy.Highs()
    options(highs, {"output_flag": False})
    if highs.readModel(str(path)) == highspy.HighsStatus.kError:
        raise ValueError(f"HiGHS cannot read {path}")
    return highs
