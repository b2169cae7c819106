r"""A plan with many yes-or-no decisions, block by block: incumbent and bound long before HiGHS alone has either.

.. math::

    z \ge \; y^{\top} b + \sum_B \min \big\{ (c - A^{\top} y)_B^{\top} x_B : \; A_B x_B \lessgtr b_B, \;
    x_B \text{ integer where said} \big\} + \sum_{j \text{ loose}} \min_{l_j \le x_j \le u_j} (c - A^{\top} y)_j \, x_j

1. The linear relaxation gives a point and the duals y of the coupling rows (``planner.blocks``).
2. **Incumbent.** Each block in turn as a small plan of its own, while all the others stay as they are, the relaxation's
   point at first: what they take of the coupling rows is not for sale. Then the integers are fixed and one linear
   plan sets all quantities anew. Where that finds no plan, a dive does: round up, solve, step back when it went
   too far.
3. **Bound.** With y as the price of coupling rows the blocks fall apart; the sum of their bounds is one for
   the whole, whatever y is (Geoffrion 1974), and never below the relaxation's.
4. While the gap is above the setting: the blocks in turn again, from the incumbent; then HiGHS on the whole, from there.

Small runs end by numbers of nodes and simplex steps, never by the clock, so that the path is the same on every machine.
"""

import time
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.blocks import Blocks, blocks_of
from planner.session import End, Result, Session

MANY = 300
"""Integers from which a plan is made block by block; fewer are left to HiGHS."""

NODES = 50
"""Nodes of the search tree that one block may take."""

SWEEPS = 3
"""How often the blocks are gone through; later rounds find less and less."""

WORTH = 0.1
"""A sweep that closes less than this part of the gap is the last."""

STEPS_BACK = 30
"""Times that a dive may go too far before it is given up."""

ZERO = 1e-7
"""Reduced cost, in units of the dearest column, and distance from a whole number that count as none."""


@dataclass
class _Search:
    """What is known so far of one plan."""

    session: Session
    matrix: Matrix
    blocks: Blocks
    deadline: float
    relaxed: Session = field(init=False)
    best: Result | None = None
    bound: float = -np.inf
    stopped: End | None = None

    def __post_init__(self) -> None:
        self.relaxed = self.session.like(replace(self.matrix, integer=np.zeros_like(self.matrix.integer)), 0.0)
        self.by_column = self.matrix.entries.tocsc()
        self.integers = np.flatnonzero(self.matrix.integer)

    def run(self, session: Session, *, hot: bool = False) -> Result:
        """Run within the time left; remember that it was up, or that somebody broke off."""
        result = session.run(max(self.deadline - time.perf_counter(), 0.0), hot=hot)
        if result.end == "interrupted":
            self.stopped = "interrupted"
        elif time.perf_counter() >= self.deadline:
            self.stopped = self.stopped or "limit"
        return result

    @property
    def gap(self) -> float:
        """Relative gap between the incumbent and the bound."""
        if self.best is None:
            return np.inf
        return max(self.best.objective - self.bound, 0.0) / max(abs(self.best.objective), ZERO)

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do: good enough, or time is up."""
        return self.stopped is not None or self.gap <= self.session.gap

    def offer(self, result: Result) -> None:
        """Keep a plan if it is the best so far."""
        if result.has_point and (self.best is None or result.objective < self.best.objective):
            self.best = result


def solve_by_blocks(session: Session, network: Network, seconds: float) -> Result:
    """A plan and a bound of the model as the session has it now; the session stays as it is.

    Args:
        session: the model.
        network: what it was made from.
        seconds: wall seconds at most.
    """
    matrix = session.as_it_is()
    search = _Search(session, matrix, blocks_of(matrix, network), time.perf_counter() + seconds)
    relaxation = search.run(search.relaxed)
    if relaxation.end != "optimal":
        return replace(relaxation, bound=-np.inf, values=np.empty(0))
    search.bound = relaxation.objective
    if search.blocks.count > 1:
        _sweep(search, relaxation.values)
    if search.best is None:
        _dive(search)
    if search.blocks.count > 1 and not search.done:
        search.bound = max(search.bound, _priced(search, relaxation.row_duals))
    _improve(search)
    if not search.done:
        _whole(search)
    return _told(search)


def _told(search: _Search) -> Result:
    """What was found, and why it ended."""
    best, end = search.best, search.stopped or "limit"
    empty = np.empty(0)
    if best is None:
        return Result(end, np.inf, search.bound, empty, empty, empty)
    enough = search.gap <= search.session.gap
    return replace(best, end="optimal" if enough else end, bound=min(search.bound, best.objective))


def _sweep(search: _Search, values: Array) -> None:
    """Every block in turn, the others as they are; then all quantities anew with the integers so found."""
    matrix, blocks = search.matrix, search.blocks
    values = np.clip(values, matrix.col_lower, matrix.col_upper)
    loose = np.flatnonzero(blocks.of_column < 0)
    for block in range(blocks.count):
        own = blocks.columns(block)
        if not matrix.integer[own].any():
            continue
        near = np.isin(loose, csr_array(matrix.entries[self_rows(search, own)]).indices)
        columns = np.concatenate([own, loose[near]])
        found = search.run(_alone(search, columns, values))
        if search.stopped:
            return
        if not found.has_point:
            return
        values[columns] = found.values
    search.offer(_fixed(search, values))


def self_rows(search: _Search, columns: Array) -> Array:
    """Rows that have some of these columns."""
    return np.unique(search.by_column[:, columns].indices)


def _alone(search: _Search, columns: Array, values: Array) -> Session:
    """Some columns as a plan of their own, all the others at these values."""
    matrix = search.matrix
    rows = self_rows(search, columns)
    entries = csr_array(matrix.entries[rows])
    own = csr_array(entries[:, columns])
    level = entries @ values
    others = level - own @ values[columns]
    shared = np.diff(entries.indptr) > np.diff(own.indptr)
    lower, upper = matrix.row_lower[rows], matrix.row_upper[rows]
    part = Matrix(
        matrix.cost[columns],
        0.0,
        own,
        np.where(shared, np.minimum(lower, level) - others, lower),
        np.where(shared, np.maximum(upper, level) - others, upper),
        matrix.col_lower[columns],
        matrix.col_upper[columns],
        matrix.integer[columns],
        (),
        (),
    )
    return _small(search, part)


def _small(search: _Search, part: Matrix) -> Session:
    session = search.session.like(part, search.session.gap / 4.0)
    session.option("mip_max_nodes", NODES)
    return session


def _fixed(search: _Search, values: Array) -> Result:
    """The best plan with the integers of these values."""
    columns = search.integers
    chosen = np.round(values[columns])
    search.relaxed.column_bounds(columns, chosen, chosen)
    found = search.run(search.relaxed, hot=True)
    search.relaxed.restore()
    return found


def _priced(search: _Search, duals: Array) -> float:
    """The bound that prices of the coupling rows give."""
    matrix, blocks = search.matrix, search.blocks
    price = np.zeros(len(duals))
    price[blocks.coupling] = duals[blocks.coupling]
    side = np.where(price > 0, matrix.row_lower, matrix.row_upper)
    charged = price != 0
    cost = matrix.cost - matrix.entries.T @ price
    cost[np.abs(cost) <= ZERO * 1e-3 * max(1.0, float(np.abs(matrix.cost).max(initial=0.0)))] = 0.0
    bound = matrix.offset + float(price[charged] @ side[charged])
    loose = np.flatnonzero((blocks.of_column < 0) & (cost != 0))
    bound += float(cost[loose] @ np.where(cost[loose] > 0, matrix.col_lower[loose], matrix.col_upper[loose]))
    for block in range(blocks.count):
        columns, rows = blocks.columns(block), blocks.rows(block)
        part = Matrix(
            cost[columns],
            0.0,
            csr_array(matrix.entries[rows][:, columns]),
            matrix.row_lower[rows],
            matrix.row_upper[rows],
            matrix.col_lower[columns],
            matrix.col_upper[columns],
            matrix.integer[columns],
            (),
            (),
        )
        bound += search.run(_small(search, part)).bound
        if search.stopped:
            return -np.inf
    return bound


def _improve(search: _Search) -> None:
    """The blocks in turn again, as long as that closes the gap."""
    for _ in range(SWEEPS - 1):
        if search.done or search.best is None or search.blocks.count == 1:
            return
        before = search.best.objective
        _sweep(search, search.best.values)
        if before - search.best.objective < WORTH * (before - search.bound):
            return


def _dive(search: _Search) -> None:
    """Round up what the linear plan uses most, solve, and so on; what cannot be goes down instead."""
    session, columns = search.relaxed, search.integers
    lower, upper = search.matrix.col_lower[columns].copy(), search.matrix.col_upper[columns].copy()
    part, steps_back = 0.5, 0
    found = search.run(session, hot=True)
    while found.end == "optimal" and steps_back < STEPS_BACK and not search.stopped:
        values = found.values[columns]
        open_ = np.flatnonzero(np.abs(values - np.round(values)) > ZERO)
        if not len(open_):
            search.offer(_fixed(search, found.values))
            break
        order = open_[np.argsort(np.floor(values[open_]) - values[open_], kind="stable")]
        chosen = order[: max(1, int(part * len(order)))]
        tried = lower.copy()
        tried[chosen] = np.ceil(values[chosen] - ZERO)
        further = _bounded(search, tried, upper)
        while further.end == "infeasible" and steps_back < STEPS_BACK:
            steps_back += 1
            if len(chosen) == 1:
                upper[chosen] = np.floor(values[chosen])
                tried = lower
                further = _bounded(search, tried, upper)
                break
            part /= 2.0
            chosen = chosen[: max(1, len(chosen) // 4)]
            tried = lower.copy()
            tried[chosen] = np.ceil(values[chosen] - ZERO)
            further = _bounded(search, tried, upper)
        lower, found = tried, further
    session.restore()


def _bounded(search: _Search, lower: Array, upper: Array) -> Result:
    """The linear plan with these bounds of the integers."""
    search.relaxed.column_bounds(search.integers, lower, upper)
    return search.run(search.relaxed, hot=True)


def _whole(search: _Search) -> None:
    """HiGHS on the whole model, from the incumbent, for the time that is left."""
    session = search.session.like(search.matrix, search.session.gap)
    if search.best is not None:
        session.start(search.best.values)
        session.option("objective_target", search.bound / (1.0 - search.session.gap))
    found = search.run(session)
    if found.end == "infeasible" and search.best is None:
        search.stopped = "infeasible"
    search.offer(found)
    search.bound = max(search.bound, found.bound)
