r"""What the shadow prices of one linear model prove of another of the same rows and columns.

For any row prices y, :math:`\sum_r \min(y_r b_r) + \sum_j \min(d_j x_j)`, :math:`d = c - A^\top y`, each over the sides
of its row or column, is at most the least cost (weak duality). Where A and the sides move in proportion along a line,
it is concave along it: so it lies above the straight line between its values at two points, and so does the least cost.
Prices of rows that define a free column (``concentration.total``) are first set so that its d is 0.
"""

from dataclasses import dataclass, replace

import numpy as np

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.solving.stages import Solved, ranked

DEFINED = {"concentration.base": "concentration.total"}
"""Free columns and the rows that define them, one each."""

ROUNDING = 1e-7
"""Share of the largest cost within which a reduced cost is 0, and of a value within which two are the same."""


@dataclass(frozen=True)
class Proof:
    """A solved linear model: its matrix as the last stage had it, values and row prices; model units."""

    matrix: Matrix
    values: Array
    duals: Array

    @classmethod
    def of(cls, matrix: Matrix, network: Network, solved: Solved) -> "Proof | None":
        """What a solve proves; None of yes-or-no decisions, under an HHI, and where a rank is not met in full."""
        if matrix.is_mip or len(network.hhi.cells) or not len(solved.row_duals) or any(solved.held.values()):
            return None
        upper = matrix.col_upper.copy()
        for rank in solved.held:
            upper[ranked(matrix, network, rank)[0]] = 0.0
        return cls(replace(matrix, col_upper=upper), solved.values, solved.row_duals)

    def comparable(self, other: "Proof") -> bool:
        """Whether the other has the same rows and columns."""
        mine, others = self.matrix, other.matrix
        return mine.rows == others.rows and mine.columns == others.columns

    def bound(self, other: "Proof") -> float:
        """Lower bound on the least cost of this model by the row prices of another; −inf where they prove nothing."""
        matrix, prices = self.matrix, other.duals.copy()
        for column, row in DEFINED.items():
            columns, rows = matrix.column_span(column), matrix.row_span(row)
            if len(rows.index):
                prices[rows.slice] += (matrix.cost - matrix.by_column.T @ prices)[columns.slice]
        reduced = matrix.cost - matrix.by_column.T @ prices
        nothing = ROUNDING * max(1.0, float(np.abs(matrix.cost).max(initial=0.0)))
        return float(
            matrix.offset
            + _least(prices, matrix.row_lower, matrix.row_upper, nothing)
            + _least(reduced, matrix.col_lower, matrix.col_upper, nothing)
        )

    def mixes(self, other: "Proof") -> bool:
        r"""Whether what lies between the two plans keeps the rows of the models between.

        With a and b the two and :math:`\lambda` the weight of a, the rows at the mixed plan are the mixed rows less
        :math:`\lambda (1 - \lambda) (A_b - A_a)(x_b - x_a)`.
        """
        moved = (other.matrix.by_column - self.matrix.by_column) @ (other.values - self.values)
        nothing = ROUNDING * max(1.0, float(np.abs(self.values).max(initial=0.0)))
        rises = (moved < -nothing) & np.isfinite(self.matrix.row_upper)
        falls = (moved > nothing) & np.isfinite(self.matrix.row_lower)
        return not bool((rises | falls).any())


def _least(price: Array, lower: Array, upper: Array, nothing: float) -> float:
    """Σ of the least of price × anything between two sides; a price within ``nothing`` of 0 has no infinite side."""
    side = np.where(price > 0, lower, upper)
    infinite = ~np.isfinite(side)
    if (infinite & (np.abs(price) > nothing)).any():
        return -np.inf
    return float(price[~infinite] @ side[~infinite])
