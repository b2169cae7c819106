"""Least cost under caps on the HHI by a cone solver (Clarabel): Σ q² / Q ≤ H·Q as rotated second-order cones.

A second method: it knows neither pieces nor tangents. ``of_matrix`` takes the linear rows of the model and puts a cone
in place of its pieces; ``Cone`` is a small way to say a whole program from the facts of a case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import clarabel
import numpy as np
from scipy.sparse import coo_array, csc_matrix

from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network

Terms = Mapping[int, float]
"""Coefficient by column."""


@dataclass
class Cone:
    """A program: columns, rows Σ ≤ right or = right, and cones q² ≤ v·Q of three columns."""

    cost: list[float] = field(default_factory=list)
    below: list[tuple[Terms, float]] = field(default_factory=list)
    equal: list[tuple[Terms, float]] = field(default_factory=list)
    squares: list[tuple[int, int, int]] = field(default_factory=list)

    def column(self, cost: float = 0.0, lower: float = 0.0, upper: float = np.inf) -> int:
        """A column between two bounds."""
        at = len(self.cost)
        self.cost.append(cost)
        if lower > -np.inf:
            self.below.append(({at: -1.0}, -lower))
        if upper < np.inf:
            self.below.append(({at: 1.0}, upper))
        return at

    def total(self, terms: Terms, constant: float = 0.0) -> int:
        """A column that is a sum."""
        at = self.column(lower=-np.inf)
        self.equal.append(({**terms, at: -1.0}, -constant))
        return at

    def cap(self, quantities: list[int], total: int, limit: float, penalty: float | None = None) -> None:
        """A cap on the HHI of some quantities in a total, hard or at a price."""
        row: dict[int, float] = {total: -limit}
        for quantity in quantities:
            square = self.column()
            self.squares.append((quantity, square, total))
            row[square] = 1.0
        if penalty is not None:
            row[self.column(penalty)] = -1.0
        self.below.append((row, 0.0))

    def least(self) -> float | None:
        """Least cost; None where nothing keeps every row.

        Raises:
            ValueError: the solver did not come to an end.
        """
        rows: list[tuple[Terms, float]] = [*self.equal, *self.below]
        kinds = [clarabel.ZeroConeT(len(self.equal)), clarabel.NonnegativeConeT(len(self.below))]
        for quantity, square, total in self.squares:  # |(2q, v − Q)| ≤ v + Q
            rows += [
                ({square: -1.0, total: -1.0}, 0.0),
                ({square: -1.0, total: 1.0}, 0.0),
                ({quantity: -2.0}, 0.0),
            ]
            kinds.append(clarabel.SecondOrderConeT(3))
        entries = [(row, at, value) for row, (terms, _) in enumerate(rows) for at, value in terms.items()]
        row, at, value = (np.array(part) for part in zip(*entries, strict=True))
        size = len(self.cost)
        a = csc_matrix(coo_array((value, (row, at)), (len(rows), size)))
        right = np.array([right for _, right in rows])
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
        nothing = csc_matrix((size, size))
        found = clarabel.DefaultSolver(nothing, np.array(self.cost), a, right, kinds, settings).solve()
        status = str(found.status)
        if status in ("PrimalInfeasible", "AlmostPrimalInfeasible"):
            return None
        if status not in ("Solved", "AlmostSolved"):
            raise ValueError(f"Clarabel ends with {status}")
        return float(found.obj_val)


def of_matrix(matrix: Matrix, network: Network) -> float | None:
    """Least cost of a linear model, in currency, each subject's pieces replaced by the cone; None without a plan."""
    program, data, entries = Cone(), network.hhi, matrix.entries
    for cost, lower, upper in zip(matrix.cost, matrix.col_lower, matrix.col_upper, strict=True):
        program.column(float(cost), float(lower), float(upper))
    pieces = matrix.row_span("hhi.piece")
    for row in range(len(matrix.row_lower)):
        if pieces.start <= row < pieces.stop:
            continue
        span = slice(entries.indptr[row], entries.indptr[row + 1])
        terms = dict(zip(entries.indices[span].tolist(), entries.data[span].tolist(), strict=True))
        low, high = float(matrix.row_lower[row]), float(matrix.row_upper[row])
        if low == high:
            program.equal.append((terms, low))
        elif high < np.inf:
            program.below.append((terms, high))
        if low > -np.inf and low != high:
            program.below.append(({at: -value for at, value in terms.items()}, -low))
    quantity, square, base = (
        matrix.column_span(name).start for name in ("hhi.quantity", "hhi.square", "concentration.base")
    )
    for subject, cell in enumerate(data.of_cell.rows.tolist()):
        program.squares.append((quantity + subject, square + subject, base + int(data.total_of.members[cell])))  # type: ignore[index]
    least = program.least()
    return None if least is None else (least + matrix.offset) * network.unit_money
