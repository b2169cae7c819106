r"""Many disruptions of one kept model: each bracketed by two bounds, exactly solved where it matters.

A scenario changes bounds of columns. With y the duals of the base plan and :math:`d = c - A^T y`, no plan of the
scenario costs less than

.. math:: z + \sum_j \big( \min_{l'_j \le x \le u'_j} d_j x - \min_{l_j \le x \le u_j} d_j x \big)

over the changed columns j. Demand of ranks may go unmet that the base plan met in full, and rows that hold a rank may
let more through: with :math:`y_R \le 0` the dual of the row that holds rank R at :math:`U_R`, and :math:`\bar U_R` all
of its weighted demand, :math:`y_R (\bar U_R - U_R)` is added. Source: weak duality, the right-hand side moved.

No plan need cost more than one in which only the blocks (materials that belong together, ``planner.blocks``) that the
scenario touches are solved again, each within its own part of what blocks share: what it used in the base plan and an
equal part of what was left. Ranks stay met in full there; where the base plan could not, nothing is known.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix, Span
from planner.blocks import Blocks, blocks_of
from planner.kept import Kept
from planner.session import Session
from planner.stages import TINY, Clock, ranks_and_cost

SECONDS = 600.0
"""For one scenario; what takes longer counts as not solved."""


@dataclass(frozen=True)
class Disruption:
    """Other bounds of some columns of the matrix."""

    name: str
    columns: Array
    lower: Array
    upper: Array


@dataclass(frozen=True)
class Bracket:
    """What a scenario costs at least and at most, in currency; ``inf`` where no plan is known, or there is none."""

    name: str
    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether the two are one."""
        return self.low == self.high


class Scenarios:
    """Disruptions of a linear plan.

    Args:
        kept: the model, which is not to be edited as long as its scenarios are asked for; its bounds are as they were
            after each call.

    Raises:
        ValueError: the model has integers, a cap on the HHI, or no base plan.
    """

    def __init__(self, kept: Kept) -> None:
        self.kept, self.matrix, self.network = kept, kept.matrix, kept.assembled.network
        if self.matrix.is_mip:
            raise ValueError("scenarios are bracketed by duals, and a plan with yes-or-no decisions has none")
        if len(self.network.hhi.cells):
            raise ValueError("scenarios are bracketed by duals, and those under a cap on the HHI are of its pieces")
        base, held = ranks_and_cost(kept.session, self.network, Clock(SECONDS), False)
        kept.session.restore()
        if not base.has_point:
            raise ValueError(f"there is no base plan: {base.end}")
        self.base = base
        self.reduced = self.matrix.cost - self.matrix.entries.T @ base.row_duals
        self.reduced[np.abs(self.reduced) <= TINY * max(1.0, np.abs(self.matrix.cost).max(initial=0.0))] = 0.0
        self.unit = self.network.unit_money
        self._released = self._rank_release(held)
        self._all_met = not any(held.values())
        self._parts: _Parts | None = None
        self._basis = kept.session.basis()

    def low(self, scenario: Disruption) -> float:
        """A bound below which no plan of the scenario costs."""
        at, matrix = scenario.columns, self.matrix
        old = _least(self.reduced[at], matrix.col_lower[at], matrix.col_upper[at])
        new = _least(self.reduced[at], scenario.lower, scenario.upper)
        return float((self.base.objective + (new - old).sum() + self._released) * self.unit)

    def high(self, scenario: Disruption) -> float:
        """The cost of some plan of the scenario that serves the ranks as well as any; ``inf`` where none is known."""
        if not self._all_met:
            return np.inf
        if self._parts is None:
            served = replace(self.matrix, col_upper=self.matrix.col_upper.copy())
            served.col_upper[self._ranked] = 0.0
            self._parts = _Parts(served, self.kept, self.base.values)
        return self._parts.cost(scenario) * self.unit

    def cost(self, scenario: Disruption) -> float:
        """The least cost of the scenario; ``inf`` where there is no plan."""
        session = self.kept.session
        moved = scenario.columns, scenario.lower, scenario.upper
        kept = replace(self.matrix, col_lower=self.matrix.col_lower.copy(), col_upper=self.matrix.col_upper.copy())
        kept.col_lower[moved[0]], kept.col_upper[moved[0]] = moved[1], moved[2]
        session.from_basis(self._basis)
        session.matrix = kept
        session.change_column_bounds(moved[0])
        try:
            found, _ = ranks_and_cost(session, self.network, Clock(SECONDS), True)
        finally:
            session.restore()
            session.matrix = self.matrix
            session.change_column_bounds(moved[0])
        return found.objective * self.unit if found.end == "optimal" else np.inf

    def bracket(self, scenario: Disruption) -> Bracket:
        """Both bounds."""
        low, high = self.low(scenario), self.high(scenario)
        return Bracket(scenario.name, min(low, high), high)

    def worst(self, scenarios: Iterable[Disruption], count: int) -> tuple[list[Bracket], list[Bracket]]:
        """The ``count`` dearest scenarios, exactly and dearest first, and the brackets of all.

        Solved are those whose bracket reaches above the dearest ones known, the widest reach first.

        Raises:
            ValueError: two scenarios have one name.
        """
        drawn = list(scenarios)
        known = {scenario.name: scenario for scenario in drawn}
        if len(known) < len(drawn):
            raise ValueError("two scenarios have one name")
        brackets = {name: self.bracket(scenario) for name, scenario in known.items()}
        heap = [(-bracket.high, name) for name, bracket in brackets.items()]
        heapq.heapify(heap)
        found: list[float] = []
        while heap and not (len(found) >= count and sorted(found)[-count] >= -heap[0][0]):
            _, name = heapq.heappop(heap)
            cost = self.cost(known[name])
            brackets[name] = Bracket(name, cost, cost)
            found.append(cost)
        exact = sorted((bracket for bracket in brackets.values() if bracket.exact), key=lambda b: (-b.high, b.name))
        return exact[:count], list(brackets.values())

    @property
    def _ranked(self) -> Array:
        """Columns of unmet demand of the held ranks."""
        return self.matrix.column_span("priority.unmet").start + self.network.priority.ranked.sorted[1]

    def _rank_release(self, held: Mapping[int, float]) -> float:
        """What letting demand of the held ranks go unmet could save at most, by the base plan's duals."""
        at, span = self._ranked, self.matrix.row_span("priority.held")
        known = np.array([held.get(rank, 0.0) for rank in span.index])
        more = self.matrix.row_upper[span.slice] - known
        saved = np.minimum(self.base.row_duals[span.slice], 0.0) @ np.maximum(more, 0.0)
        return float(saved + np.minimum(self.reduced[at], 0.0) @ self.matrix.col_upper[at])


def _least(reduced: Array, lower: Array, upper: Array) -> Array:
    """Min of reduced × x between two bounds; nothing where the reduced cost is."""
    side = np.where(reduced > 0, lower, upper)
    return np.where(reduced == 0, 0.0, reduced * np.where(reduced == 0, 0.0, side))


class _Parts:
    """Every block as a model of its own, with its part of what blocks share."""

    def __init__(self, matrix: Matrix, kept: Kept, values: Array) -> None:
        own, columns = _without_totals(matrix)
        blocks, values = blocks_of(own, kept.assembled.network), values[columns]
        self.of_column, self.place = (np.full(len(matrix.cost), -1) for _ in range(2))
        """Block of each column, and its place there."""
        self.of_column[columns] = blocks.of_column
        shares = _Shares.of(own, blocks, values)
        self.sessions: list[tuple[Session, Any]] = []
        """Of each block, with the basis of its own base plan."""
        self.base: list[float] = []
        for block in range(blocks.count):
            part, rows = blocks.columns(block), blocks.rows(block)
            self.place[columns[part]] = np.arange(len(part))
            self.sessions.append(_session(_alone(own, part, rows, *shares.of_block(block, part)), kept))
            self.base.append(float(own.cost[part] @ values[part]))
        loose = np.flatnonzero(blocks.of_column < 0)
        self.rest = own.offset + float(own.cost[loose] @ values[loose])

    def cost(self, scenario: Disruption) -> float:
        """Cost in model units of a plan that solves only the touched blocks again."""
        of = self.of_column[scenario.columns]
        if (of < 0).any():
            return np.inf
        total = self.rest
        touched = set(of.tolist())
        for block, (session, basis) in enumerate(self.sessions):
            if block not in touched:
                total += self.base[block]
                continue
            mine = np.flatnonzero(of == block)
            session.from_basis(basis)
            at = self.place[scenario.columns[mine]]
            session.column_bounds(at, scenario.lower[mine], scenario.upper[mine])
            found = session.run(SECONDS, hot=True)
            session.restore()
            if found.end != "optimal":
                return np.inf
            total += found.objective
        return total


@dataclass(frozen=True)
class _Shares:
    """Coupling rows, and how they are shared out among the blocks that have columns in them."""

    matrix: Matrix
    rows: Array
    values: Array
    """Of the base plan, by column."""
    reach: Array
    """Whether a block (rows) has a column in a coupling row (columns)."""

    @classmethod
    def of(cls, matrix: Matrix, blocks: Blocks, values: Array) -> "_Shares":
        """Those of a matrix and its blocks."""
        entries = matrix.entries[blocks.coupling].tocoo()
        block = blocks.of_column[entries.col]
        reach = np.zeros((blocks.count, len(blocks.coupling)), dtype=bool)
        reach[block[block >= 0], entries.row[block >= 0]] = True
        return cls(matrix, blocks.coupling, values, reach)

    def of_block(self, block: int, part: Array) -> tuple[Array, Array, Array]:
        """Coupling rows of a block with these columns, and its sides there: what it used, and its part of the rest."""
        touched = np.flatnonzero(self.reach[block])
        rows, sharing = self.rows[touched], self.reach.sum(axis=0)[touched]
        shared = self.matrix.entries[rows]
        used, mine = shared @ self.values, shared[:, part] @ self.values[part]
        below = np.maximum((used - self.matrix.row_lower[rows]) / sharing, 0.0)
        above = np.maximum((self.matrix.row_upper[rows] - used) / sharing, 0.0)
        return rows, mine - below, mine + above


def _alone(own: Matrix, part: Array, private: Array, shared: Array, low: Array, high: Array) -> Matrix:
    """One block as a matrix of its own: its rows, then its part of the coupling rows."""
    rows = np.concatenate([private, shared])
    return replace(
        own,
        cost=own.cost[part],
        offset=0.0,
        entries=csr_array(own.entries[rows][:, part]),
        row_lower=np.concatenate([own.row_lower[private], low]),
        row_upper=np.concatenate([own.row_upper[private], high]),
        col_lower=own.col_lower[part],
        col_upper=own.col_upper[part],
        integer=own.integer[part],
        columns=(),
        rows=(),
    )


def _session(matrix: Matrix, kept: Kept) -> tuple[Session, Any]:
    """A HiGHS object of its own, solved once, and its basis."""
    session = Session.of(matrix, kept.settings)
    session.run(SECONDS)
    return session, session.basis()


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
        entries=csr_array(entries[:, columns]),
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
