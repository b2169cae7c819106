"""Values and duals of a solve, labelled by component and index, in model units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.parts import Parts

NOTHING = 1e-9
"""Model units below which a quantity or a shadow price is nothing: a hundredth of the solver's tolerance."""


@dataclass(frozen=True)
class Solution:
    """Values and duals of every row and column, by component, and what turns them into tables."""

    parts: Parts
    network: Network
    values: Mapping[str, pd.DataFrame]
    """By family.variable: index columns 0, 1, … and ``value``, in model units."""
    duals: Mapping[str, pd.DataFrame]
    """By family.constraint: index columns and ``value``, in model units, non-zero ones."""

    @property
    def mass(self) -> float:
        """Tonnes per model unit."""
        return self.parts.units.mass

    @property
    def money(self) -> float:
        """Currency per model unit."""
        return self.parts.units.money

    def column(self, name: str, index: list[str]) -> pd.DataFrame:
        """Values of a variable that are not nothing; mass in tonnes."""
        frame = self.values.get(name)
        if frame is None:
            return pd.DataFrame({key: pd.Series(dtype=object) for key in index} | {"value": pd.Series(dtype=float)})
        frame = frame.set_axis([*index, "value"], axis=1)
        return frame.loc[frame["value"].abs() > NOTHING].reset_index(drop=True)

    def mass_of(self, name: str, index: list[str]) -> pd.DataFrame:
        """Values of a variable in tonnes."""
        frame = self.column(name, index)
        return frame.assign(value=frame["value"] * self.mass)

    def discounts(self, t: pd.Series) -> np.ndarray:
        """Discount factor of each period index."""
        return np.asarray(self.parts.discount[t.to_numpy(dtype=np.int64)])


def by_component(keys: list[tuple[str, Any]], values: np.ndarray) -> dict[str, pd.DataFrame]:
    """Values with their index, a frame a component."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for (component, index), value in zip(keys, values.tolist(), strict=True):
        rows.setdefault(component, []).append((*(index if isinstance(index, tuple) else (index,)), value))
    return {component: pd.DataFrame(found) for component, found in rows.items()}


def solution_of(parts: Parts, network: Network, matrix: Matrix, values: np.ndarray, duals: np.ndarray) -> Solution:
    """Arrays of a solve, labelled."""
    kept = np.flatnonzero(np.abs(duals) > NOTHING)
    return Solution(
        parts,
        network,
        by_component(matrix.columns, values),
        by_component([matrix.rows[row] for row in kept], duals[kept]),
    )
