"""Caps on the HHI in a plan with yes-or-no decisions: outer approximation (Duran and Grossmann 1986).

The linear relaxation, its pieces drawn close, gives a bound and shares round which chords are laid: one mixed-integer
plan of these keeps every cap. With its integers fixed, the quantities are set anew, exactly. Then plans of tangents,
which bound the cost from below, propose integers, each with its own exact quantities, whose tangents are added; until
bound and incumbent meet, or time is up.
"""

import time
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array, csc_array, vstack

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.assembly.pieces import ends
from planner.solving.mip import solve_whole
from planner.solving.refine import EXACT, Pieces
from planner.solving.session import End, Result

ENOUGH = 2.0 * EXACT
"""Relative gap that is enough whatever the settings say."""

WIDE = 1.0 / 64.0
"""Length of the innermost pieces round the relaxation's shares: a whole plan has others."""

FIRST = 0.5
"""Part of the time that the plan of chords may take."""

PLANS = 40
"""Mixed-integer plans of tangents at most."""


class _Search:
    """What is known so far of one plan."""

    def __init__(self, pieces: Pieces, network: Network, seconds: float) -> None:
        session = pieces.session
        self.session, self.network, self.pieces = session, network, pieces
        self.deadline = time.perf_counter() + seconds
        self.matrix = session.as_it_is()
        self.integers = np.flatnonzero(self.matrix.integer)
        relaxed = replace(self.matrix, integer=np.zeros_like(self.matrix.integer))
        self.relaxed = Pieces(session.like(relaxed, 0.0), network)
        self.best: Result | None = None
        self.bound = -np.inf
        self.stopped: End | None = None

    @property
    def left(self) -> float:
        """Seconds left."""
        return max(self.deadline - time.perf_counter(), 0.0)

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do: good enough, or time is up."""
        if self.stopped is not None or self.left <= 0.0:
            return True
        gap = max(self.session.gap, ENOUGH)
        return self.best is not None and self.best.objective - self.bound <= gap * abs(self.best.objective)

    def offer(self, values: Array) -> Array | None:
        """Set the quantities of a plan anew, exactly, its integers fixed; their shares, where there is such a plan."""
        chosen, session = np.round(values[self.integers]), self.relaxed.session
        session.column_bounds(self.integers, chosen, chosen)
        found = self.relaxed.run(self.left, hot=True, within=EXACT)
        shares = self.relaxed.shares(found.values) if found.has_point else None
        session.restore()
        self.relaxed.reset()
        if found.has_point and (self.best is None or found.objective < self.best.objective):
            self.best = found
            self.session.tell(found.objective, self.bound)
        return shares

    def solve(self, matrix: Matrix, seconds: float) -> Result:
        """One mixed-integer plan."""
        found = solve_whole(self.session.like(matrix, max(self.session.gap, ENOUGH) / 4.0), self.network, seconds)
        if found.end == "interrupted":
            self.stopped = "interrupted"
        return found


def solve_mixed(pieces: Pieces, network: Network, seconds: float) -> Result:
    """A plan that keeps every cap, and a bound, of the session's model as it is now.

    Args:
        pieces: those of the session's model.
        network: what it was made from.
        seconds: wall seconds at most.
    """
    search = _Search(pieces, network, seconds)
    root = search.relaxed.run(search.left, within=EXACT)
    if root.end != "optimal":
        return replace(root, objective=np.inf, values=np.empty(0), bound=-np.inf)
    search.bound = root.bound
    near = ends(search.relaxed.shares(root.values), np.full(len(pieces.cell), WIDE))
    search.relaxed.reset()
    found = search.solve(pieces.laid(search.matrix, near, above=True), search.left * FIRST)
    if found.has_point:
        search.offer(found.values)
    if pieces.session.hhi == "exact":
        _outer(search, pieces.laid(search.matrix, near, above=False))
    return _told(search)


def _outer(search: _Search, matrix: Matrix) -> None:
    """Plans of tangents until bound and incumbent meet."""
    for _ in range(PLANS):
        if search.done:
            return
        found = search.solve(matrix, search.left)
        search.bound = max(search.bound, found.bound)
        if found.end == "infeasible":
            search.stopped = "infeasible" if search.best is None else None
            search.bound = search.best.objective if search.best else np.inf
            return
        if not found.has_point:
            return
        for shares in (search.pieces.shares(found.values), search.offer(found.values)):
            if shares is not None:
                matrix = _with_tangents(search.pieces, matrix, shares)


def _with_tangents(pieces: Pieces, matrix: Matrix, shares: Array) -> Matrix:
    """The matrix with one more row for each subject: the tangent of its square at this share."""
    count, width = len(shares), len(matrix.cost)
    columns = np.concatenate([pieces.quantity, pieces.total, pieces.square])
    values = np.concatenate([2.0 * shares, -(shares**2), np.full(count, -1.0)])
    rows = coo_array((values, (np.tile(np.arange(count), 3), columns)), (count, width))
    return replace(
        matrix,
        by_column=csc_array(vstack([matrix.by_column, rows])),
        row_lower=np.append(matrix.row_lower, np.full(count, -np.inf)),
        row_upper=np.append(matrix.row_upper, np.zeros(count)),
    )


def _told(search: _Search) -> Result:
    """What was found, and why it ended."""
    best = search.best
    if best is None:
        empty = np.empty(0)
        end: End = search.stopped or "limit"
        return Result(end, np.inf, search.bound, empty, empty, empty)
    bound = min(search.bound, best.objective)
    enough = best.objective - bound <= max(search.session.gap, ENOUGH) * abs(best.objective)
    return replace(best, end="optimal" if enough else search.stopped or "limit", bound=bound)
