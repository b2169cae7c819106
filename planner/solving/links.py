r"""Strong links: what a yes-or-no permits, flow by flow, added to the linear relaxation where it is violated.

.. math::

    x_j \le u_j \, y \qquad \text{where } y = 0 \Rightarrow x_j = 0

A capacity times a switch bounds the sum of what a site sends; :math:`u_j`, what this one flow can be at all, bounds it
far better: a warehouse that is open to a tenth cannot meet all of a customer's demand (Van Roy 1986; Cornuéjols,
Sridharan and Thizy 1991). Both are read from the rows: a row :math:`\sum_{j \in P} a_j x_j \le a_n x_n` of columns that
are never negative leaves nothing of P where :math:`x_n = 0`, from row to row until a switch; every row gives the most
that its columns can be.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, diags_array, vstack

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner.solving.session import Session

DEPTH = 3
"""Rows between a flow and the switch that permits it: shipment, sale, switch."""

ROUNDS = 30
"""Linear plans until no link is violated, at most."""

VIOLATED = 1e-4
"""Part of a switch by which a flow must be above it for its link to be added."""

GAIN = 1e-5
"""Relative rise of the relaxation from which one more round is worth its time."""


@dataclass(frozen=True)
class Links:
    """Pairs of a flow and the yes-or-no without which there is none of it."""

    flow: Array
    switch: Array
    most: Array
    """What the flow can be at all, model units."""

    def violated(self, values: Array) -> Array:
        """Links that a point of the relaxation breaks."""
        return np.flatnonzero(values[self.flow] / self.most > values[self.switch] + VIOLATED)

    def rows(self, chosen: Array, width: int) -> csr_array:
        """Rows of some links, each at most 0."""
        count = len(chosen)
        columns = np.concatenate([self.flow[chosen], self.switch[chosen]])
        values = np.concatenate([np.ones(count), -self.most[chosen]])
        return csr_array(coo_array((values, (np.tile(np.arange(count), 2), columns)), (count, width)))


def links_of(matrix: Matrix) -> Links:
    """Every strong link that the rows of a matrix imply."""
    entries, side = _at_most(matrix)
    switch = matrix.integer & (matrix.col_lower == 0.0) & (matrix.col_upper == 1.0)
    flow, over = _permitted(entries, side, matrix, switch)
    most = np.minimum(matrix.col_upper, _most(entries, side, matrix))
    good = np.isfinite(most[flow]) & (most[flow] > 0.0)
    return Links(flow[good], over[good], most[flow[good]])


def _at_most(matrix: Matrix) -> tuple[csr_array, Array]:
    """All rows as entries · x ≤ side."""
    above, below = np.isfinite(matrix.row_upper), np.isfinite(matrix.row_lower)
    entries = csr_array(vstack([matrix.entries[above], -matrix.entries[below]]))
    return entries, np.concatenate([matrix.row_upper[above], -matrix.row_lower[below]])


def _permitted(entries: csr_array, side: Array, matrix: Matrix, switch: Array) -> tuple[Array, Array]:
    """Flows and the switches that permit them."""
    rows, columns, values = _coordinates(entries)
    height = len(side)
    from_zero = np.bincount(rows, matrix.col_lower[columns] < 0.0, height) == 0
    permits = from_zero & (side == 0.0) & (np.bincount(rows, values < 0.0, height) == 1)
    used = permits[rows]
    rows, columns, positive = rows[used], columns[used], values[used] > 0.0
    permit = np.zeros(height, dtype=np.int64)
    permit[rows[~positive]] = columns[~positive]
    child, parent = columns[positive], permit[rows[positive]]
    width = len(matrix.cost)
    step = csr_array(coo_array((np.ones(len(child)), (child, parent)), (width, width)))
    onward = csr_array(step @ diags_array((~matrix.integer).astype(float)))
    found = reached = csr_array(step @ diags_array(switch.astype(float)))
    for _ in range(DEPTH - 1):
        reached = csr_array(onward @ reached)
        found = found + reached
    flow, over = found.nonzero()
    is_flow = ~matrix.integer[flow]
    return flow[is_flow].astype(np.int64), over[is_flow].astype(np.int64)


def _most(entries: csr_array, side: Array, matrix: Matrix) -> Array:
    """The most that each column can be, by the rows that it adds to."""
    rows, columns, values = _coordinates(entries)
    bound = np.where(values > 0.0, matrix.col_lower[columns], matrix.col_upper[columns])
    least = np.bincount(rows, values * bound, len(side))
    told = (values > 0.0) & np.isfinite(least[rows])
    row, column, value = rows[told], columns[told], values[told]
    most = np.full(len(matrix.cost), np.inf)
    np.minimum.at(most, column, (side[row] - least[row]) / value + matrix.col_lower[column])
    return most


def _coordinates(entries: csr_array) -> tuple[Array, Array, Array]:
    """Row, column and value of every entry that is not zero."""
    at = entries.tocoo()
    real = at.data != 0.0
    return at.row[real], at.col[real], at.data[real]


def strengthened(session: Session, matrix: Matrix, deadline: float) -> Matrix | None:
    """The matrix with the strong links behind its rows that its relaxation would break; itself where there are none.

    Args:
        session: whose threads, seed and algorithm the linear plans take.
        matrix: the model.
        deadline: of the clock ``time.perf_counter``.

    Returns:
        None where somebody broke off.
    """
    links = links_of(matrix)
    if not len(links.flow):
        return matrix
    relaxed = session.like(replace(matrix, integer=np.zeros_like(matrix.integer)), 0.0)
    found = relaxed.run(max(deadline - time.perf_counter(), 0.0))
    added: list[csr_array] = []
    for _ in range(ROUNDS):
        broken = links.violated(found.values) if found.end == "optimal" else np.empty(0, dtype=np.int64)
        if not len(broken):
            break
        added.append(links.rows(broken, len(matrix.cost)))
        relaxed.add_rows(added[-1], np.zeros(len(broken)))
        before = found.objective
        found = relaxed.run(max(deadline - time.perf_counter(), 0.0), hot=True)
        if found.end == "optimal" and found.objective - before <= GAIN * abs(before):
            break
    if found.end == "interrupted":
        return None
    return _with_rows(matrix, added) if added else matrix


def _with_rows(matrix: Matrix, added: list[csr_array]) -> Matrix:
    """The matrix with more rows behind its own, each at most 0."""
    entries = csc_array(vstack([matrix.by_column, *added]))
    more = entries.shape[0] - len(matrix.row_lower)
    return replace(
        matrix,
        by_column=entries,
        row_lower=np.append(matrix.row_lower, np.full(more, -np.inf)),
        row_upper=np.append(matrix.row_upper, np.zeros(more)),
    )
