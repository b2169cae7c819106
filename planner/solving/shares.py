"""Plans of single blocks, each within its own share of what the blocks of a linear model have in common.

The shares of a coupling row add up to its sides, so plans of all blocks that keep theirs are a plan of the whole. At
first a block may use what it uses in a known plan of the whole, and an equal part of what that leaves. A block that
cannot live with its shares takes what it lacks at a price above all others; the room for it comes from what others
leave of theirs, and then from what they use, in proportion. Source: allocation of shared resources to subproblems,
Geoffrion 1970, *Primal resource-directive approaches for optimizing nonlinear decomposable systems*, with a plan to
start from.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array, hstack, vstack

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix, Span
from mineral_sourcing.network import Network
from planner.settings import Settings
from planner.solving.blocks import Blocks, blocks_of
from planner.solving.session import Session

SECONDS = 600.0
"""For one block."""

ROUNDS = 6
"""Times that others make room before a plan is given up."""

DEAR = 100.0
"""Price of what a block takes beyond its share, in dearest columns of the model."""

TINY = 1e-7
"""Model units within which HiGHS keeps rows."""

Bounds = tuple[Array, Array, Array]
"""Places of columns in a block, their lower bounds and their upper bounds."""


@dataclass(frozen=True)
class _Found:
    """Plan of one block; by its coupling rows what it uses and what it takes beyond its share, above and below."""

    cost: float
    used: Array
    above: Array
    below: Array


@dataclass(frozen=True)
class _Block:
    """One block as a model of its own: its rows, then its coupling rows; its columns, then what eases these rows."""

    session: Session
    basis: Any
    """Of its own base plan."""
    cost: float
    """In the plan of the whole."""
    coupling: Array
    """Its coupling rows, as positions among all of them."""
    shared: csr_array
    """Their entries in its own columns."""

    def solve(self, moved: Bounds | None, low: Array, high: Array) -> _Found | str:
        """A cheapest plan within its shares, or beyond them as little as need be; how it ended where there is none."""
        session, (count, width) = self.session, self.shared.shape
        height = len(session.matrix.row_lower)
        session.from_basis(self.basis)
        if moved is not None:
            session.column_bounds(*moved)
        session.row_bounds(np.arange(height - count, height), low, high)
        found = session.run(SECONDS, hot=True)
        session.restore()
        if found.end != "optimal":
            return found.end
        plan, above, below = np.split(found.values, [width, width + count])
        above, below = (np.where(part > TINY, part, 0.0) for part in (above, below))
        return _Found(float(session.matrix.cost[:width] @ plan), self.shared @ plan, above, below)


class Shares:
    """Every block of a model, ready to be solved again.

    Args:
        matrix: the model, linear.
        network: what it was made from.
        values: a plan of it.
        settings: of every solve.
    """

    def __init__(self, matrix: Matrix, network: Network, values: Array, settings: Settings) -> None:
        own, columns = _without_totals(matrix)
        blocks, values = blocks_of(own, network), values[columns]
        self.of_column, self.place = (np.full(len(matrix.cost), -1) for _ in range(2))
        """Block of each column, and its place there."""
        self.of_column[columns] = blocks.of_column
        self.used, self.low, self.high = _shared_out(own, blocks, values)
        self.blocks: list[_Block] = []
        for number in range(blocks.count):
            part, rows = blocks.columns(number), blocks.rows(number)
            self.place[columns[part]] = np.arange(len(part))
            mine = np.flatnonzero(np.isfinite(self.used[number]))
            sides = self.low[number, mine], self.high[number, mine]
            session = Session.of(_alone(own, part, rows, blocks.coupling[mine], *sides), settings)
            session.run(SECONDS)
            cost = float(own.cost[part] @ values[part])
            shared = csr_array(own.entries[blocks.coupling[mine]][:, part])
            self.blocks.append(_Block(session, session.basis(), cost, mine, shared))
        loose = np.flatnonzero(blocks.of_column < 0)
        self.rest = own.offset + float(own.cost[loose] @ values[loose])

    def cost(self, columns: Array, lower: Array, upper: Array) -> tuple[float, bool]:
        """Cost of a plan under other bounds of some columns, in which only blocks that they touch or crowd change.

        Returns:
            the cost in model units, infinite where no plan was found; and whether there is none: the rows of one block
            alone allow none.
        """
        of = self.of_column[columns]
        if (of < 0).any():
            return np.inf, False
        moved: dict[int, Bounds] = {}
        for block in np.unique(of).tolist():
            mine = np.flatnonzero(of == block)
            moved[block] = self.place[columns[mine]], lower[mine], upper[mine]
        room, found, crowded = _Room(self), dict[int, _Found](), list(moved)
        for _ in range(ROUNDS):
            for number in crowded:
                block = self.blocks[number]
                plan = block.solve(moved.get(number), *room.of(number, block.coupling))
                if isinstance(plan, str):
                    return np.inf, plan == "infeasible"
                found[number] = plan
                room.note(number, block.coupling, plan)
            crowded = room.make()
            if not crowded:
                costs = (found[at].cost if at in found else block.cost for at, block in enumerate(self.blocks))
                return self.rest + sum(costs), False
        return np.inf, False


class _Room:
    """The shares of all blocks (rows) in all coupling rows (columns) as they are moved for one case."""

    def __init__(self, shares: Shares) -> None:
        self.low, self.high, self.used = shares.low.copy(), shares.high.copy(), shares.used.copy()
        self.above, self.below = np.zeros_like(self.low), np.zeros_like(self.low)
        """What blocks took beyond their shares since these last added up."""

    def of(self, block: int, rows: Array) -> tuple[Array, Array]:
        """The sides of a block's coupling rows."""
        return self.low[block, rows], self.high[block, rows]

    def note(self, block: int, rows: Array, plan: _Found) -> None:
        """Take a block's plan: what it took beyond its share is its own from now on."""
        self.used[block, rows] = plan.used
        self.above[block, rows], self.below[block, rows] = plan.above, plan.below
        self.high[block, rows] += plan.above
        self.low[block, rows] -= plan.below

    def make(self) -> list[int]:
        """Cut shares until they add up again; the blocks whose plans no longer keep theirs."""
        self.high, crowded = _cut(self.high, self.used, self.above)
        low, others = _cut(-self.low, -self.used, self.below)
        self.low = -low
        self.above[:], self.below[:] = 0.0, 0.0
        return np.flatnonzero(crowded | others).tolist()


def _cut(share: Array, used: Array, taken: Array) -> tuple[Array, Array]:
    """Shares less what some blocks took of each row, and the blocks that use more than what is left to them.

    What is not used goes first; then others give of what they use, in proportion, or all the same where none uses any.
    """
    rows = np.flatnonzero(taken.any(axis=0))
    wanted, reach, mine = taken[:, rows].sum(axis=0), np.isfinite(used[:, rows]), np.nan_to_num(used[:, rows])
    spare = np.where(reach, np.maximum(share[:, rows] - mine, 0.0), 0.0)
    idle = np.minimum(wanted, spare.sum(axis=0))
    others = reach & (taken[:, rows] == 0)
    weight = np.where(others, mine.clip(0.0), 0.0)
    for instead in (others, reach):
        weight = np.where(weight.any(axis=0), weight, instead)
    share = share.copy()
    share[:, rows] -= _split(idle, spare) + _split(wanted - idle, weight)
    return share, np.asarray(((mine - share[:, rows] > TINY) & reach).any(axis=1))


def _split(amount: Array, weight: Array) -> Array:
    """Amounts (columns) split in proportion to weights (blocks by columns)."""
    total = weight.sum(axis=0)
    return np.asarray(weight * np.divide(amount, total, out=np.zeros_like(amount), where=total > 0))


def _shared_out(matrix: Matrix, blocks: Blocks, values: Array) -> tuple[Array, Array, Array]:
    """What each block (rows) uses of each coupling row (columns), NaN where it has no part; and its sides there."""
    shared = matrix.entries[blocks.coupling].tocoo()
    block, size = blocks.of_column[shared.col], (blocks.count, len(blocks.coupling))
    mine = block >= 0
    reach = np.zeros(size, dtype=bool)
    reach[block[mine], shared.row[mine]] = True
    used = np.zeros(size)
    np.add.at(used, (block[mine], shared.row[mine]), (shared.data * values[shared.col])[mine])
    whole, sharing = matrix.entries[blocks.coupling] @ values, np.maximum(reach.sum(axis=0), 1)
    below = np.maximum((whole - matrix.row_lower[blocks.coupling]) / sharing, 0.0)
    above = np.maximum((matrix.row_upper[blocks.coupling] - whole) / sharing, 0.0)
    return np.where(reach, used, np.nan), used - below, used + above


def _alone(own: Matrix, part: Array, private: Array, shared: Array, low: Array, high: Array) -> Matrix:
    """One block as a matrix of its own, with the columns that ease its coupling rows.

    They are never shut: to prove that a block cannot live with its shares has cost dual simplex minutes, where the
    plan that takes what it lacks was found in a tenth of a second.
    """
    count, width = len(shared), len(part) + 2 * len(shared)
    ease = csr_array(hstack([-eye_array(count), eye_array(count)]))
    bare = csr_array((len(private), 2 * count))
    entries = hstack([own.entries[np.concatenate([private, shared])][:, part], vstack([bare, ease])])
    dear = DEAR * max(1.0, float(np.abs(own.cost).max(initial=0.0)))
    return replace(
        own,
        cost=np.append(own.cost[part], np.full(2 * count, dear)),
        offset=0.0,
        by_column=csc_array(entries),
        row_lower=np.concatenate([own.row_lower[private], low]),
        row_upper=np.concatenate([own.row_upper[private], high]),
        col_lower=np.append(own.col_lower[part], np.zeros(2 * count)),
        col_upper=np.append(own.col_upper[part], np.full(2 * count, np.inf)),
        integer=np.zeros(width, dtype=bool),
        columns=(),
        rows=(),
    )


def _without_totals(matrix: Matrix) -> tuple[Matrix, Array]:
    """The same model with the totals of the rules put in where they are used, and its columns in the old one.

    A total is a free column defined by a row of its own; between blocks it would hold each to its old consumption.
    """
    total, base = matrix.row_span("concentration.total"), matrix.column_span("concentration.base")
    rows = np.delete(np.arange(len(matrix.row_lower)), np.s_[total.start : total.stop])
    columns = np.delete(np.arange(len(matrix.cost)), np.s_[base.start : base.stop])
    defined = matrix.entries[total.start : total.stop]
    factors = matrix.entries[rows][:, base.start : base.stop]
    constant = factors @ matrix.row_lower[total.slice]
    entries = matrix.entries[rows] - factors @ defined
    own = replace(
        matrix,
        cost=matrix.cost[columns],
        by_column=csc_array(entries[:, columns]),
        row_lower=matrix.row_lower[rows] - constant,
        row_upper=matrix.row_upper[rows] - constant,
        col_lower=matrix.col_lower[columns],
        col_upper=matrix.col_upper[columns],
        integer=matrix.integer[columns],
        columns=_closed_up(matrix.columns, base),
        rows=_closed_up(matrix.rows, total),
    )
    return own, columns


def _closed_up(spans: tuple[Span, ...], gone: Span) -> tuple[Span, ...]:
    """Spans where one is gone: those behind it move up."""
    return tuple(
        replace(span, start=span.start - len(gone.index) * (span.start >= gone.stop))
        for span in spans
        if span.name != gone.name
    )
