r"""A plan with many yes-or-no decisions, block by block: incumbent and bound long before HiGHS alone has either.

.. math::

    z \ge \; y^{\top} b + \sum_B \min \big\{ (c - A^{\top} y)_B^{\top} x_B : \; A_B x_B \lessgtr b_B, \;
    x_B \text{ integer where said} \big\} + \sum_{j \text{ loose}} \min_{l_j \le x_j \le u_j} (c - A^{\top} y)_j \, x_j

1. The linear relaxation gives a point and the duals y of the coupling rows (``blocks.py``). From the point a dive
   may find a first plan: round up what is used most, solve again, fewer at a time where that goes too far.
2. **Incumbent.** Each block in turn as a small plan of its own, while all the others stay as they are, the relaxation's
   point at first: what they take of the coupling rows is not for sale. A coupling row may be missed at a high price,
   which blocks whose turn comes later, or the next round, make good. Then the integers are fixed and one linear plan
   sets all quantities anew.
3. **Bound.** With y as the price of coupling rows the blocks fall apart; the sum of their bounds is one for
   the whole, whatever y is (Geoffrion 1974), and never below the relaxation's.
4. While the gap is wide: the blocks in turn again, from the incumbent. Then HiGHS on the whole from it, until the gap
   is that of the settings, or time is up.

One block alone, as a choice of warehouses, has strong links added to its relaxation first (``planner.solving.links``).

Small runs end by numbers of nodes and simplex steps, never by the clock, so that the path is the same on every machine.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, hstack

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.solving.blocks import NONE, Blocks, blocks_of
from planner.solving.links import strengthened
from planner.solving.session import LARGE, End, Result, Session

MANY = 300
"""Integers from which a plan is made block by block; fewer are left to HiGHS."""

NODES = 50
"""Nodes of the search tree that one block may take."""

SWEEPS = 3
"""Rounds through the blocks, at most so many until there is a plan, and so many from it."""

FINE = 0.001
"""Least gap of the small plans: HiGHS's search on the whole is for what is left."""

CLOSE = 0.02
"""Gap from which on HiGHS's own search closes it sooner than more rounds do."""

FIRST = 0.005
"""Gap of the small plans of the first round: an incumbent early; later rounds are finer."""

DEAR = 4.0
"""Price of a missed coupling row, as a multiple of the dearest dual of the relaxation."""

STEPS = 40
"""Linear plans that a dive may take."""

ZERO = 1e-7
"""Reduced cost, in units of the dearest column, and distance from a whole number that count as none."""


@dataclass
class _Search:
    """What is known so far of one plan."""

    session: Session
    matrix: Matrix
    blocks: Blocks
    deadline: float
    best: Result | None = None
    bound: float = -np.inf
    stopped: End | None = None
    relaxation: Result | None = None

    def __post_init__(self) -> None:
        self.integers = np.flatnonzero(self.matrix.integer)
        self.relaxed = self.session.like(_continuous(self.matrix), 0.0)

    def run(self, session: Session, *, hot: bool = False) -> Result:
        """Run within the time left; remember that it was up, or that somebody broke off."""
        result = session.run(max(self.deadline - time.perf_counter(), 0.0), hot=hot)
        self.tell()
        if result.end == "interrupted":
            self.stopped = "interrupted"
        elif time.perf_counter() >= self.deadline:
            self.stopped = self.stopped or "limit"
        return result

    def tell(self) -> None:
        """Say where the search stands."""
        self.session.tell(self.best.objective if self.best else np.inf, self.bound)

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


def _continuous(matrix: Matrix) -> Matrix:
    return replace(matrix, integer=np.zeros_like(matrix.integer))


class _Soft:
    """The model with coupling rows that may be missed at a price, which a plan of blocks starts from.

    One column a side of a coupling row, in no block, behind the columns of the model.
    """

    def __init__(self, search: _Search, duals: Array) -> None:
        matrix, coupling = search.matrix, search.blocks.coupling
        self.search, self.width = search, len(matrix.cost)
        below = coupling[matrix.row_lower[coupling] > -np.inf]
        above = coupling[matrix.row_upper[coupling] < np.inf]
        missed = len(below) + len(above)
        sides = (np.repeat([1.0, -1.0], [len(below), len(above)]), (np.concatenate([below, above]), np.arange(missed)))
        sides = coo_array(sides, (len(matrix.row_lower), missed))
        price = DEAR * max(1.0, float(np.abs(duals).max(initial=0.0)))

        def wider(old: Array, new: float) -> Array:
            return np.concatenate([old, np.full(missed, new)])

        self.matrix = replace(
            matrix,
            cost=wider(matrix.cost, price),
            by_column=csc_array(hstack([matrix.by_column, sides])),
            col_lower=wider(matrix.col_lower, 0.0),
            col_upper=wider(matrix.col_upper, np.inf),
            integer=np.concatenate([matrix.integer, np.zeros(missed, dtype=bool)]),
        )
        self.of_column = np.concatenate([search.blocks.of_column, np.full(missed, NONE)])
        self.loose = np.flatnonzero(self.of_column == NONE)
        self.relaxed = search.session.like(_continuous(self.matrix), 0.0)

    def wide(self, values: Array) -> Array:
        """Values of the model, with no row missed."""
        return np.concatenate([values, np.zeros(len(self.matrix.cost) - self.width)])

    def sweep(self, values: Array, gap: float, *, known: bool) -> tuple[Array, bool]:
        """Every block in turn, the others as they are; then all quantities anew with the integers so found.

        Args:
            values: where the blocks start.
            gap: relative gap of each block's plan.
            known: whether the values are a plan, hence a start for each block's.

        Returns:
            The new values, and whether they are a plan.
        """
        search, matrix = self.search, self.matrix
        values = np.clip(values, matrix.col_lower, matrix.col_upper)
        for block in range(search.blocks.count):
            own = search.blocks.columns(block)
            if not matrix.integer[own].any():
                continue
            near = np.isin(self.loose, matrix.entries[self._rows(own)].indices)
            columns = np.concatenate([own, self.loose[near]])
            part = self._alone(columns, values, gap)
            if known:
                part.start(values[columns])
            found = search.run(part)
            if search.stopped and search.best is not None:
                return values, False
            if search.stopped:
                break
            if found.has_point:
                values[columns] = found.values
        return self._fixed(values)

    def _rows(self, columns: Array) -> Array:
        """Rows that have some of these columns."""
        return np.unique(self.matrix.by_column[:, columns].indices)

    def _alone(self, columns: Array, values: Array, gap: float) -> Session:
        """Some columns as a plan of their own, all the others at these values."""
        matrix, rows = self.matrix, self._rows(columns)
        entries = csr_array(matrix.entries[rows])
        own = csr_array(entries[:, columns])
        level = entries @ values
        others = level - own @ values[columns]
        shared = np.diff(entries.indptr) > np.diff(own.indptr)
        lower, upper = matrix.row_lower[rows], matrix.row_upper[rows]
        lower = np.where(shared, np.minimum(lower, level) - others, lower)
        upper = np.where(shared, np.maximum(upper, level) - others, upper)
        return _small(self.search, _part(matrix, columns, own, matrix.cost[columns], lower, upper), gap)

    def _fixed(self, values: Array) -> tuple[Array, bool]:
        """The best plan with the integers of these values; where there is none, one that misses coupling rows."""
        search = self.search
        found = _fixed(search, values[: self.width])
        if found.has_point:
            search.offer(found)
            return self.wide(found.values), True
        chosen = np.round(values[search.integers])
        self.relaxed.column_bounds(search.integers, chosen, chosen)
        found = search.run(self.relaxed, hot=True)
        return found.values if found.has_point else values, False


def solve_whole(session: Session, network: Network, seconds: float, *, hot: bool = False) -> Result:
    """A plan and a bound: block by block where there are many integers in several blocks; else by HiGHS, from a
    relaxation with strong links.
    """
    deadline = time.perf_counter() + seconds
    matrix = session.as_it_is()
    many = matrix.integer.sum() >= MANY
    if many and blocks_of(matrix, network).count > 1:
        return solve_by_blocks(session, network, seconds)
    stronger = strengthened(session, matrix, deadline)
    if stronger is None:
        return Result("interrupted", np.inf, -np.inf, np.empty(0), np.empty(0), np.empty(0))
    whole = session if stronger is matrix else session.like(stronger, session.gap, telling=True)
    left = max(deadline - time.perf_counter(), 0.0)
    if many or (whole is not session and len(matrix.cost) >= LARGE):
        found = solve_by_blocks(whole, network, left)
    else:
        found = whole.run(left, hot=hot and whole is session)
    return replace(found, row_duals=found.row_duals[: len(matrix.row_lower)])


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
    search.bound, search.relaxation = relaxation.objective, relaxation
    try:
        if search.blocks.count == 1:
            _rounded(search, relaxation)
        if search.best is None and not search.stopped:
            _dive(search)
        if search.blocks.count > 1 and not search.done:
            _by_turns(search, relaxation)
        if not search.done:
            _whole(search)
    except KeyboardInterrupt:
        search.stopped = "interrupted"
    search.tell()
    return _told(search)


def _told(search: _Search) -> Result:
    """What was found, and why it ended."""
    best, end = search.best, search.stopped or "limit"
    empty = np.empty(0)
    if best is None:
        return Result(end, np.inf, search.bound, empty, empty, empty)
    enough = search.gap <= search.session.gap
    return replace(best, end="optimal" if enough else end, bound=min(search.bound, best.objective))


def _part(matrix: Matrix, columns: Array, entries: csr_array, cost: Array, lower: Array, upper: Array) -> Matrix:
    """Some columns of a matrix as one of their own."""
    bounds = matrix.col_lower[columns], matrix.col_upper[columns]
    return Matrix(cost, 0.0, csc_array(entries), lower, upper, *bounds, matrix.integer[columns], (), ())


def _small(search: _Search, part: Matrix, gap: float) -> Session:
    session = search.session.like(part, gap)
    session.option("mip_max_nodes", NODES)
    return session


def _fixed(search: _Search, values: Array) -> Result:
    """The best plan with the integers of these values."""
    chosen = np.round(values[search.integers])
    return _bounded(search, chosen, chosen)


def _priced(search: _Search, duals: Array) -> float:
    """The bound that prices of the coupling rows give."""
    matrix, blocks = search.matrix, search.blocks
    price = np.zeros(len(duals))
    price[blocks.coupling] = duals[blocks.coupling]
    side = np.where(price > 0, matrix.row_lower, matrix.row_upper)
    charged = price != 0
    cost = matrix.cost - matrix.by_column.T @ price
    cost[np.abs(cost) <= ZERO * 1e-3 * max(1.0, float(np.abs(matrix.cost).max(initial=0.0)))] = 0.0
    bound = matrix.offset + float(price[charged] @ side[charged])
    loose = np.flatnonzero((blocks.of_column < 0) & (cost != 0))
    bound += float(cost[loose] @ np.where(cost[loose] > 0, matrix.col_lower[loose], matrix.col_upper[loose]))
    for block in range(blocks.count):
        columns, rows = blocks.columns(block), blocks.rows(block)
        entries = csr_array(matrix.entries[rows][:, columns])
        part = _part(matrix, columns, entries, cost[columns], matrix.row_lower[rows], matrix.row_upper[rows])
        bound += search.run(_small(search, part, max(search.session.gap / 4.0, FINE))).bound
        if search.stopped:
            return -np.inf
    return bound


def _by_turns(search: _Search, relaxation: Result) -> None:
    """Plans of blocks until they make one for the whole, then the bound, then finer ones while that closes the gap."""
    soft = _Soft(search, relaxation.row_duals)
    values = soft.wide(relaxation.values)
    for _ in range(SWEEPS):
        values, whole = soft.sweep(values, max(search.session.gap / 2.0, FIRST), known=False)
        if whole or search.stopped:
            break
    if search.stopped is None:
        search.bound = max(search.bound, _priced(search, relaxation.row_duals))
    for _ in range(SWEEPS):
        if search.done or search.best is None or search.gap <= CLOSE:
            return
        soft.sweep(soft.wide(search.best.values), max(search.session.gap / 4.0, FINE), known=True)


def _rounded(search: _Search, relaxation: Result) -> None:
    """The best plan that has every integer as the relaxation has it, where that is whole (Berthold 2014, RENS)."""
    matrix, values = search.matrix, relaxation.values
    whole = matrix.integer & (np.abs(values - np.round(values)) <= ZERO)
    lower = np.where(whole, np.round(values), matrix.col_lower)
    upper = np.where(whole, np.round(values), matrix.col_upper)
    search.offer(search.run(_small(search, replace(matrix, col_lower=lower, col_upper=upper), FIRST)))


def _dive(search: _Search) -> None:
    """Round up what the linear plan uses most, solve, and so on; fewer at a time where that leaves no plan."""
    columns = search.integers
    lower, upper = search.matrix.col_lower[columns].copy(), search.matrix.col_upper[columns].copy()
    part = 0.5
    found = _bounded(search, lower, upper)
    for _ in range(STEPS):
        if found.end != "optimal":
            return
        values = found.values[columns]
        between = np.flatnonzero(np.abs(values - np.round(values)) > ZERO)
        if not len(between):
            search.offer(_fixed(search, found.values))
            return
        order = between[np.argsort(np.floor(values[between]) - values[between], kind="stable")]
        chosen = order[: max(1, int(part * len(order)))]
        tried = lower.copy()
        tried[chosen] = np.ceil(values[chosen])
        further = _bounded(search, tried, upper)
        if further.end == "infeasible" and len(chosen) > 1:
            part /= 4.0
        elif further.end == "infeasible":
            upper[chosen] = np.floor(values[chosen])
            found = _bounded(search, lower, upper)
        else:
            lower, found = tried, further


def _bounded(search: _Search, lower: Array, upper: Array) -> Result:
    """The linear plan with these bounds of the integers."""
    search.relaxed.column_bounds(search.integers, lower, upper)
    found = search.run(search.relaxed, hot=True)
    search.relaxed.restore()
    return found


def _whole(search: _Search) -> None:
    """HiGHS on the whole model, from the incumbent, for the time that is left."""
    session, matrix = search.session, search.matrix
    settled = np.empty(0, dtype=np.int64)
    if search.best is not None and search.relaxation is not None:
        settled = _settled(search, search.relaxation, search.best.objective)
        values = np.round(search.relaxation.values[settled])
        session.column_bounds(settled, values, values)
        session.start(search.best.values)
        session.option("objective_target", _enough(search.bound, session.gap))
    found = search.run(session)
    session.option("objective_target", -np.inf)
    session.column_bounds(settled, matrix.col_lower[settled], matrix.col_upper[settled])
    if found.end == "infeasible" and search.best is None:
        search.stopped = "infeasible"
    search.offer(found)
    beaten = found.end == "infeasible" and search.best is not None
    search.bound = max(search.bound, search.best.objective if beaten and search.best else found.bound)


def _settled(search: _Search, relaxation: Result, best: float) -> Array:
    """Integers that, by the relaxation's reduced costs, are as it has them in every plan cheaper than the incumbent."""
    room = best - relaxation.objective + ZERO * abs(best)
    return search.integers[np.abs(relaxation.col_duals[search.integers]) > room]


def _enough(bound: float, gap: float) -> float:
    """The objective from which on a plan is within the gap of a bound."""
    if bound < 0:
        return bound / (1.0 + gap)
    return bound / (1.0 - gap) if gap < 1 else np.inf
