"""One plan from one HiGHS object, stage by stage: ranks of demand, cost, duals of a mixed-integer plan, ties.

Ranks of demand are served first, each held at its least weighted unmet demand; then cost is minimised; then ties are
broken on the optimal face by weights that hang on the name of a column and the seed, so that the same input gives the
same plan on every path. Afterwards the object is as it was, and can be edited and run again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix, Span
from mineral_sourcing.network import Network
from planner.solving.mip import solve_whole
from planner.solving.outer import solve_mixed
from planner.solving.refine import EXACT, Pieces
from planner.solving.session import End, Result, Session

TINY = 1e-7
"""Model units within which HiGHS keeps rows, bounds and reduced costs."""

LAST_STAGES = 30.0
"""Least seconds for the stages after a mixed-integer incumbent: duals and ties are cheap and always wanted."""


@dataclass
class Clock:
    """Wall seconds by step."""

    limit: float
    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    @property
    def left(self) -> float:
        """Seconds left for HiGHS."""
        return max(self.limit - self.seconds.get("solve", 0.0), 0.0)


@dataclass(frozen=True)
class Solved:
    """What the stages found, in model units and the matrix's order."""

    end: End
    objective: float
    bound: float
    values: Array
    row_duals: Array
    held: dict[int, float]

    @property
    def has_point(self) -> bool:
        """Whether there is a feasible point; that of a model without columns is empty."""
        return bool(np.isfinite(self.objective))


def run_stages(session: Session, network: Network, seed: int, clock: Clock, *, hot: bool = False) -> Solved:
    """Every stage in turn.

    Args:
        session: the model; afterwards it is as its matrix says.
        network: what the matrix was made from.
        seed: of the weights that break ties.
        clock: how long HiGHS may take, and what it took.
        hot: start from the last basis.
    """
    pieces = Pieces(session, network) if len(network.hhi.cells) else None
    try:
        result, held = ranks_and_cost(session, network, clock, hot, pieces)
        if not result.has_point:
            return Solved(result.end, np.inf, -np.inf, result.values, result.row_duals, held)
        final = result
        with session.heedless():
            if session.matrix.is_mip:
                with clock.step("solve"):
                    final = _fix_integers(session, result, max(clock.left, LAST_STAGES), pieces)
            held_beside = held if hot and pieces is None and not session.matrix.is_mip else None
            values = _break_ties(session, network, final, seed, clock, held_beside)
        duals = final.row_duals if final.proof is None else final.proof
        return Solved(result.end, result.objective, result.bound, values, duals, held)
    finally:
        if pieces is not None:
            pieces.reset()
        session.restore()


def row_ranges(session: Session, network: Network, clock: Clock) -> tuple[Result, Array, Array]:
    """The last stage with duals, and between which values of each row's active side these hold; not under an HHI.

    Raises:
        ValueError: there is no optimal basis to tell it from.
    """
    try:
        result, _ = ranks_and_cost(session, network, clock, hot=not session.is_mip)
        if session.is_mip and result.has_point:
            with clock.step("solve"):
                result = _fix_integers(session, result, max(clock.left, LAST_STAGES), None)
        return result, *session.ranges()
    finally:
        session.restore()


def ranks_and_cost(
    session: Session, network: Network, clock: Clock, hot: bool, pieces: Pieces | None = None
) -> tuple[Result, dict[int, float]]:
    """Serve the ranks, then minimise cost. Where all ranks can be met in full, one run tells.

    Args:
        pieces: those of the caps on the HHI, where there are any.
    """
    ranks = list(network.priority.ranks)
    held: dict[int, float] = {}
    if ranks:
        columns = np.concatenate([ranked(session.matrix, network, rank)[0] for rank in ranks])
        session.column_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))
        with clock.step("solve"):
            result = _run(session, network, clock, pieces, "served", hot=hot)
        if result.end != "infeasible":
            return result, dict.fromkeys(ranks, 0.0)
        session.restore()
    for rank in ranks:
        columns, weights = ranked(session.matrix, network, rank)
        cost = np.zeros(len(session.matrix.cost))
        cost[columns] = weights
        session.costs(cost)
        with clock.step("solve"):
            result = _run(session, network, clock, pieces, f"rank {rank}", hot=hot or rank != ranks[0])
        if result.end != "optimal":
            return replace(result, objective=np.inf, values=np.empty(0), row_duals=np.empty(0)), held
        held[rank] = _hold(session, network, rank, result, columns, weights)
    if held:
        session.costs(session.matrix.cost, session.matrix.offset)
    with clock.step("solve"):
        return _run(session, network, clock, pieces, "cost", hot=hot or bool(held)), held


def any_plan(session: Session, network: Network, seconds: float) -> Result:
    """A plan whatever its cost, or that there is none, from the last basis; the model is left as its matrix says."""
    pieces = Pieces(session, network) if len(network.hhi.cells) else None
    session.costs(np.zeros(len(session.matrix.cost)))
    try:
        if pieces is None:
            return session.run(seconds, hot=True)
        return solve_mixed(pieces, network, seconds) if session.is_mip else pieces.run(seconds, hot=True, within=np.inf)
    finally:
        if pieces is not None:
            pieces.reset()
        session.restore()


def _run(session: Session, network: Network, clock: Clock, pieces: Pieces | None, stage: str, *, hot: bool) -> Result:
    """One solve: by HiGHS alone, from where the stage ended last; with integers, block by block where these are many;
    by pieces where there is an HHI.
    """
    if pieces is not None and session.is_mip:
        return solve_mixed(pieces, network, clock.left)
    if pieces is not None:
        return pieces.run(clock.left, hot=hot)
    if session.is_mip:
        return solve_whole(session, network, clock.left, hot=hot)
    return _staged(session, stage, clock.left, hot=hot)


def _staged(session: Session, stage: str, seconds: float, *, hot: bool) -> Result:
    """One run of a linear model, hot from where the same stage ended last."""
    if hot:
        session.recall(stage, primal=session.is_primal and stage != "ties")
    result = session.run(seconds, hot=hot)
    if result.end in ("optimal", "infeasible"):
        session.remember(stage)
    return result


def ranked(matrix: Matrix, network: Network, rank: int) -> tuple[Array, Array]:
    """Columns of a rank's unmet demand and their weights."""
    priority = network.priority
    starts, members = priority.ranked.sorted
    at = priority.ranks.position[rank]
    columns = matrix.column_span("priority.unmet").start + members[starts[at] : starts[at + 1]]
    row = np.full(len(columns), matrix.row_span("priority.held").start + at)
    # the row's own coefficients: a kept model may have other weights than the network that it was made from
    return columns, np.asarray(matrix.entries[row, columns], dtype=np.float64).ravel()


def _hold(session: Session, network: Network, rank: int, result: Result, columns: Array, weights: Array) -> float:
    """Hold a rank at what was found: no unmet demand at all, or no more than this."""
    worst = float(session.matrix.col_upper[columns].sum() * weights.max())
    if result.objective <= TINY * max(1.0, worst):
        session.column_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))
        return 0.0
    row = np.array([session.matrix.row_span("priority.held").start + network.priority.ranks.position[rank]])
    session.row_bounds(row, np.array([-np.inf]), np.array([result.objective]))
    return result.objective


def _fix_integers(session: Session, result: Result, seconds: float, pieces: Pieces | None) -> Result:
    """The same plan as an LP with its integers fixed, which has duals; none where that does not end.

    What the LP leaves without supply is no supplier: such switches are turned off, and the rest is solved again.
    """
    matrix = session.matrix
    columns = np.flatnonzero(matrix.integer)
    chosen = np.round(result.values)
    session.column_bounds(columns, chosen[columns], chosen[columns])
    session.relax_integers(columns)
    fixed = _with_pieces(session, seconds, pieces)
    while fixed.has_point:
        idle = _idle_suppliers(matrix, fixed.values)
        idle = idle[chosen[idle] > matrix.col_lower[idle]]
        if not len(idle):
            return fixed
        chosen[idle] = matrix.col_lower[idle]
        session.column_bounds(idle, chosen[idle], chosen[idle])
        fixed = _with_pieces(session, seconds, pieces)
    empty = np.empty(0)  # HiGHS gives zeros for the duals that a mixed-integer plan does not have
    return replace(result, row_duals=empty, col_duals=empty)


def _with_pieces(session: Session, seconds: float, pieces: Pieces | None) -> Result:
    """One linear run; under caps on the HHI, exact."""
    return session.run(seconds) if pieces is None else pieces.run(seconds, within=EXACT)


def _idle_suppliers(matrix: Matrix, values: Array) -> Array:
    """Switches of suppliers who supply nothing: a poor incumbent may leave them on, and pay for one too many."""
    link, on = matrix.row_span("suppliers.link"), matrix.column_span("suppliers.on")
    entries = matrix.entries[link.slice].tocoo()
    switch = (entries.col >= on.start) & (entries.col < on.stop)
    supplied = np.bincount(entries.row[~switch], (entries.data * values[entries.col])[~switch], len(link.index))
    return np.asarray(entries.col[switch & (supplied <= TINY)[entries.row]])


def _break_ties(
    session: Session, network: Network, result: Result, seed: int, clock: Clock, beside: dict[int, float] | None
) -> Array:
    """Among plans of the same cost the one of least seeded weight.

    Any optimal dual tells the whole optimal face: columns with a reduced cost stay at their bound, rows with a
    dual stay tight.

    Args:
        beside: how the ranks are held, where an object of its own breaks the ties: it then goes on from its last plan,
            and the session from its own.
    """
    if not len(result.row_duals):
        return result.values
    matrix = session.matrix
    scale = max(1.0, float(np.abs(matrix.cost).max(initial=0.0)))
    fixed = np.flatnonzero(np.abs(result.col_duals) > TINY * scale)
    tight = np.flatnonzero((np.abs(result.row_duals) > TINY * scale) & (matrix.row_lower != matrix.row_upper))
    span = matrix.row_span("priority.held")
    tight = tight[(tight < span.start) | (tight >= span.stop)]
    sides = np.where(result.row_duals > 0, matrix.row_lower, matrix.row_upper)[tight]
    weights = np.where(matrix.col_lower == -np.inf, 0.0, tie_weights(matrix.columns, seed))
    if beside is not None:
        held = _held(matrix, network, beside)
        held.col_lower[fixed] = held.col_upper[fixed] = result.values[fixed]
        held.row_lower[tight] = held.row_upper[tight] = sides
        session = session.beside(replace(held, cost=weights, offset=0.0), "ties")
    else:
        session.column_bounds(fixed, result.values[fixed], result.values[fixed])
        session.row_bounds(tight, sides, sides)
        session.costs(weights)
    with clock.step("solve"):
        broken = _staged(session, "ties", max(clock.left, LAST_STAGES), hot=True)
    values = broken.values if broken.end == "optimal" else result.values
    return np.asarray(np.clip(values, matrix.col_lower, matrix.col_upper))


def _held(matrix: Matrix, network: Network, held: dict[int, float]) -> Matrix:
    """The same matrix with bounds and sides of its own, the ranks held."""
    names = ("col_lower", "col_upper", "row_lower", "row_upper")
    found = replace(matrix, **{name: getattr(matrix, name).copy() for name in names})
    for rank, unmet in held.items():
        if unmet == 0.0:
            columns, _ = ranked(matrix, network, rank)
            found.col_lower[columns] = found.col_upper[columns] = 0.0
        else:
            row = matrix.row_span("priority.held").start + network.priority.ranks.position[rank]
            found.row_lower[row], found.row_upper[row] = -np.inf, unmet
    return found


def tie_weights(columns: tuple[Span, ...], seed: int) -> Array:
    """A number between 1 and 3 for each column, which hangs on nothing but what it is and the seed.

    Most of it hangs on the thing alone, not on the period: of plants that cost the same, one is used throughout.
    """
    return np.concatenate([np.empty(0), *(_weights(span, seed) for span in columns)])


@lru_cache(maxsize=64)
def _weights(span: Span, seed: int) -> Array:
    """Those of one span; names along dimensions that do not tell its things apart count as empty."""
    thing = np.full(len(span.index), pd.util.hash_array(np.array([f"{seed} {span.name}"], dtype=object))[0])
    whole = thing
    for j, (labels, codes) in enumerate(zip(span.index.labels, span.index.codes, strict=True)):
        is_period = len(labels) > 0 and isinstance(labels.names[0], int)
        names = [str(name) if j in span.index.identity else "" for name in labels.names.tolist()]
        hashed = pd.util.hash_array(np.array(names, dtype=object))[codes]
        whole = _mixed(whole, hashed)
        thing = thing if is_period else _mixed(thing, hashed)
    return 1.0 + _fraction(thing) + 0.01 * _fraction(whole)


def _mixed(hashes: Array, more: Array) -> Array:
    mixed = (hashes ^ more) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def _fraction(hashes: Array) -> Array:
    return np.asarray((hashes >> np.uint64(11)).astype(np.float64) / 2.0**53)
