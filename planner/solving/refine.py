r"""Plans under caps on the HHI: pieces of the squares drawn closer round the plan until cost and bound meet.

The rows ``hhi.piece`` are taken as tangents, which gives a bound, and as chords, which gives a plan that keeps every
cap (``mineral_sourcing.hhi``). Round by round the pieces are drawn denser round the shares of the tangents' plan, at
which the chords touch the square. Only numbers of the same rows change, so that each run starts from the
last basis. How far the chords' plan will be from the bound is foretold by the duals:

.. math:: \sum_r |\lambda_r| \, \max \Big\{ 0, \sum_{g \in r} q_g^2 / Q - H_r Q - e_r \Big\}
"""

import time
from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.assembly.hhi import first_ends
from planner.assembly.pieces import PIECES, SIDE, ends, lines
from planner.solving.session import LARGE, End, Result, Session

EXACT = 5e-7
"""Relative distance of cost and bound at which a plan is exact: 1e-6 with room for what HiGHS rounds."""

STEPS = 1_000
"""Simplex steps that a run from the last basis may take, beside two for each row: after many numbers have moved it may
stall, and a cold one is sooner done."""

ENDLESS = 2**31 - 1
"""What HiGHS takes for no limit of steps."""

FINEST = 1e-8
"""The same in small models, where it costs nothing: shares and shadow prices are the finer."""

ROUNDS = 14
"""Times that the pieces are drawn closer."""

CLOSER = 16.0
"""How much shorter the innermost pieces become."""

SHORTEST = 2e-6
"""Least length of a piece: its square is beyond what HiGHS tells apart."""

FAR = 1e-3
"""Relative excess of the HHI from which no plan of chords is looked for yet."""

FINE = 1e-9
"""Model units within which HiGHS keeps rows, so that the HHI is what the rows say."""

EMPTY = 1e-9
"""Model units of a total below which it has no shares."""


class Pieces:
    """The pieces of a session's model, as they lie now.

    Args:
        session: the model.
        network: what it was made from.
    """

    def __init__(self, session: Session, network: Network) -> None:
        matrix, data = session.matrix, network.hhi
        self.session = session
        session.option("primal_feasibility_tolerance", FINE)
        self.cell = data.of_cell.rows
        """Of each subject."""
        self.rows = matrix.row_span("hhi.piece").start + np.arange(len(data.pieces)).reshape(-1, PIECES)
        """Of each subject (rows) and piece."""
        self.quantity = matrix.column_span("hhi.quantity").start + np.arange(len(data.subjects))
        self.square = matrix.column_span("hhi.square").start + np.arange(len(data.subjects))
        self.total = matrix.column_span("concentration.base").start + data.total_of.members[self.cell]  # type: ignore[index]
        self.cap = matrix.row_span("hhi.cap").start + np.arange(len(data.cells))
        self.first = first_ends(data.limit.array[self.cell])
        self.ends = self.first
        self._start = self._now = lines(self.first, above=True)

    def lay(self, ends: Array, *, above: bool) -> None:
        """Lay the pieces anew in the session's model: as chords, above the square, or as tangents."""
        self._change(lines(ends, above=above))
        self.ends = ends

    def reset(self) -> None:
        """Lay the pieces as the matrix says."""
        self._change(self._start)
        self.ends = self.first

    def _change(self, now: tuple[Array, Array]) -> None:
        signs = (1.0, -1.0)
        for old, new, column, sign in zip(self._now, now, (self.quantity, self.total), signs, strict=True):
            subject, piece = np.nonzero(old != new)
            self.session.change_coefficients(self.rows[subject, piece], column[subject], sign * new[subject, piece])
        self._now = now

    def laid(self, matrix: Matrix, ends: Array, *, above: bool) -> Matrix:
        """The session's matrix, with whatever bounds and costs, with the pieces laid anew."""
        subject = np.repeat(np.arange(len(ends)), PIECES)
        slope, height = ((new - old).ravel() for new, old in zip(lines(ends, above=above), self._start, strict=True))
        at = (np.tile(self.rows.ravel(), 2), np.concatenate([self.quantity[subject], self.total[subject]]))
        more = csc_array((np.concatenate([slope, -height]), at), matrix.by_column.shape)
        return replace(matrix, by_column=csc_array(matrix.by_column + more))

    def shares(self, values: Array) -> Array:
        """Share of each subject in its total; of nothing, the middle of its pieces."""
        total = values[self.total]
        some = total > EMPTY
        share = values[self.quantity] / np.where(some, total, 1.0)
        return np.clip(np.where(some, share, self.ends[:, SIDE]), 0.0, 1.0)

    def excess(self, values: Array) -> Array:
        """By how much each cell's squares are above what its cap and its price allow, in units of the total."""
        matrix = self.session.matrix
        quantity, total = values[self.quantity], values[self.total]
        square = np.where(total > EMPTY, quantity**2 / np.maximum(total, EMPTY), 0.0)
        rest = matrix.entries[self.cap] @ values - np.bincount(self.cell, values[self.square], len(self.cap))
        return np.asarray(np.bincount(self.cell, square, len(self.cap)) + rest - matrix.row_upper[self.cap])

    def coarse(self, values: Array) -> Array:
        """By how much each cell's chords are above its squares at a point, in units of the total."""
        share = self.shares(values)
        low, high = (self._piece(share, side) for side in (0, 1))
        over = (high - share) * (share - low) * np.maximum(values[self.total], 0.0)
        return np.bincount(self.cell, over, len(self.cap))

    def _piece(self, share: Array, side: int) -> Array:
        """Where the piece begins (0) or ends (1) in which each share lies."""
        at = np.clip((self.ends <= share[:, None]).sum(axis=1) - 1, 0, PIECES - 1)
        return np.asarray(self.ends[np.arange(len(share)), at + side])

    def closer(self, values: Array, moved: Array) -> Array:
        """Pieces dense round the shares of a point, shorter than those that these lie in; those of unmoved cells stay.

        Args:
            moved: whether the pieces of each cell are laid anew.
        """
        share = self.shares(values)
        length = self._piece(share, 1) - self._piece(share, 0)
        fresh = ends(share, np.maximum(length / CLOSER, SHORTEST))
        return np.where(moved[self.cell][:, None], fresh, self.ends)

    def run(self, seconds: float, *, hot: bool = False, within: float | None = None) -> Result:
        """The linear plan of least cost that keeps every cap, with the bound that the tangents prove.

        The pieces then lie as they did for the plan, as chords.

        Args:
            seconds: wall seconds at most.
            hot: start from the last basis.
            within: relative distance of cost and bound that is enough; what the session says where it is left out.
        """
        if within is None:
            within = EXACT if self.session.hhi == "exact" else max(self.session.gap, EXACT)
        small = within == EXACT and len(self.session.matrix.cost) < LARGE
        enough = FINEST if small else within
        return _Rounds(self, time.perf_counter() + seconds, enough).run(hot)


class _Rounds:
    """The rounds of one linear plan."""

    def __init__(self, pieces: Pieces, deadline: float, enough: float) -> None:
        self.pieces, self.deadline, self.enough = pieces, deadline, enough
        self.best: Result | None = None
        self.best_ends = pieces.ends
        self.bound, self.proof = -np.inf, np.empty(0)
        self.felt = np.zeros(len(pieces.cap), dtype=bool)
        """Cells whose cap has been felt."""

    def run(self, hot: bool) -> Result:
        """Tangents, then chords where their plan promises to be near enough, until it is."""
        pieces, end = self.pieces, None
        start = pieces.ends
        for number in range(ROUNDS):
            outer = self._solve(pieces.ends, above=False, hot=hot or number > 0)
            if outer.end != "optimal":
                if self.best is None:
                    return outer
                end = outer.end if outer.end != "infeasible" else None
                break
            if outer.objective > self.bound:
                self.bound, self.proof = outer.objective, outer.row_duals
            if self._promises(outer) or number == ROUNDS - 1:
                self._offer(pieces.ends)
                if self._done(outer):
                    return self._told(end)
            pieces.ends = pieces.closer(outer.values, self.felt)
        for chosen in (start, pieces.first):  # where nothing but equal shares keeps a cap, the first pieces meet them
            self._offer(chosen)
        return self._told(end)

    def _solve(self, ends: Array, *, above: bool, hot: bool) -> Result:
        session = self.pieces.session
        self.pieces.lay(ends, above=above)
        if hot and (above or session.is_flat):
            session.option("simplex_iteration_limit", STEPS + 2 * len(session.matrix.row_lower))
            found = session.run(self._left, hot=True)
            session.option("simplex_iteration_limit", ENDLESS)
            if found.end != "limit" or not self._left:
                return found
        return session.run(self._left)

    @property
    def _left(self) -> float:
        return max(self.deadline - time.perf_counter(), 0.0)

    def _offer(self, ends: Array) -> None:
        """Keep the chords' plan if it is the best so far."""
        inner = self._solve(ends, above=True, hot=True)
        if inner.has_point:
            self.felt |= inner.row_duals[self.pieces.cap] < 0.0
        if inner.end == "optimal" and (self.best is None or inner.objective < self.best.objective):
            self.best, self.best_ends = inner, ends

    def _promises(self, outer: Result) -> bool:
        """Whether the chords of these pieces will have a plan that is near enough."""
        pieces = self.pieces
        excess = pieces.excess(outer.values) + pieces.coarse(outer.values)
        price = -outer.row_duals[pieces.cap]
        self.felt |= (price > 0.0) | (excess > -EMPTY)
        total = np.bincount(pieces.cell, np.maximum(outer.values[pieces.total], 0.0), len(pieces.cap))
        near = float(price @ np.maximum(excess, 0.0)) <= self._allowed(outer)
        return near and bool((excess <= FAR * total + EMPTY).all())

    def _allowed(self, outer: Result) -> float:
        """Distance of cost and bound that is enough, of the size of what makes up the cost."""
        return self.enough * max(abs(outer.objective), EMPTY) if np.isfinite(self.enough) else np.inf

    def _done(self, outer: Result) -> bool:
        return self.best is not None and self.best.objective - self.bound <= self._allowed(outer) + EMPTY

    def _told(self, end: End | None) -> Result:
        """The best plan with its pieces laid; no plan where chords have none though tangents do."""
        pieces, best = self.pieces, self.best
        if best is None:
            empty = np.empty(0)
            return Result(end or "limit", np.inf, self.bound, empty, empty, empty)
        pieces.lay(self.best_ends, above=True)
        far = best.objective - self.bound > max(pieces.session.gap, 2.0 * EXACT) * abs(best.objective) + EMPTY
        end = end or ("limit" if far and np.isfinite(self.enough) else "optimal")
        return replace(best, end=end, bound=min(self.bound, best.objective), proof=self.proof)
