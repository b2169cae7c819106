"""An instance and settings into an outcome: assemble, build, compile, solve, read back, verify.

Ranks of demand are served first, each held at its least weighted unmet demand; then cost is minimised; then ties
are broken on the optimal face by fixed seeded weights, so that the same input gives the same plan on every path.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mineral_sourcing.build import build
from mineral_sourcing.compile import compile_model
from mineral_sourcing.network import Network
from planner.assemble import assembled
from planner.conflict import conflict
from planner.errors import VerificationError
from planner.instance import Instance
from planner.plan import Outcome, Plan, Status
from planner.session import End, Result, Session
from planner.settings import Settings
from planner.solution import Solution
from planner.tabulate import tables
from planner.verify import verify

TINY = 1e-7
"""Model units within which HiGHS keeps rows, bounds and reduced costs."""

LAST_STAGES = 30.0
"""Least seconds for the stages after a mixed-integer incumbent: duals and ties are cheap and always wanted."""


@dataclass
class _Clock:
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
    values: np.ndarray
    row_duals: np.ndarray
    held: dict[int, float]

    @property
    def has_point(self) -> bool:
        """Whether there is a feasible point."""
        return len(self.values) > 0


def solve(instance: Instance, settings: Settings | None = None, **overrides: Any) -> Outcome:
    """The least-cost plan of an instance, verified.

    Args:
        instance: checked input.
        settings: limits and choices; the defaults where none are given.
        overrides: single settings by name.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        VerificationError: HiGHS and the verifier disagree; the exception holds the plan as evidence.
    """
    settings = (settings or Settings()).changed(**overrides)
    clock = _Clock(settings.time_limit)
    with clock.step("assemble"):
        found = assembled(instance)
        network = found.network
    with clock.step("build"):
        model = build(network)
    with clock.step("compile"):
        matrix = compile_model(model)
    size = {
        "columns": len(matrix.cost),
        "rows": len(matrix.row_lower),
        "entries": int(matrix.entries.nnz),
        "integers": int(matrix.integer.sum()),
    }
    with clock.step("pass"):
        session = Session(
            matrix,
            threads=settings.threads,
            seed=settings.seed,
            gap=settings.gap,
            algorithm=settings.algorithm,
        )
    solved = _stages(session, network, settings.seed, clock)
    status = _status(solved)
    if not solved.has_point:
        names = conflict(matrix, network, instance, settings, clock.left) if status == "infeasible" else ()
        return Outcome(status, instance, clock.seconds, size, _message(solved.end), names, instance.warnings)
    with clock.step("read back"):
        made = tables(Solution(found, matrix, solved.values, solved.row_duals), solved.held)
        objective = float(made["costs"]["present_value"].sum())
        bound = min(solved.bound * network.unit_money, objective)
        plan = Plan(instance, made, status, objective, bound, matrix.is_mip)
    with clock.step("verify"):
        verification = verify(plan)
    if not verification.ok:
        raise VerificationError(instance.name, plan, verification)
    return Outcome(status, instance, clock.seconds, size, _message(solved.end), (), instance.warnings, plan)


def _status(solved: Solved) -> Status:
    if solved.has_point:
        return "optimal" if solved.end == "optimal" else "feasible"
    return {"infeasible": "infeasible", "unbounded": "unbounded"}.get(solved.end, "unknown")  # type: ignore[return-value]


def _message(end: End) -> str:
    return {
        "optimal": "",
        "limit": "the time limit was reached",
        "infeasible": "the rules and promises cannot all hold",
        "unbounded": "cost can fall without end: look for a negative disposal cost or toll without a capacity",
        "interrupted": "interrupted",
        "failed": "HiGHS failed on this model by every way tried: cold, without presolve, by interior point",
    }[end]


def _stages(session: Session, network: Network, seed: int, clock: _Clock) -> Solved:
    """Every stage in turn: ranks, cost, duals of a mixed-integer plan, ties."""
    held: dict[int, float] = {}
    for rank in network.priority.ranks:
        result = _rank(session, network, rank, clock)
        if result.end != "optimal":
            empty = np.empty(0)
            return Solved(result.end, np.inf, -np.inf, empty, empty, held)
        held[rank] = _hold(session, network, rank, result)
    matrix = session.matrix
    session.costs(matrix.cost, matrix.offset)
    with clock.step("solve"):
        result = session.run(clock.left, hot=bool(held))
    if not result.has_point:
        return Solved(result.end, result.objective, result.bound, result.values, result.row_duals, held)
    final = result
    if matrix.is_mip:
        with clock.step("solve"):
            final = _fix_integers(session, result, max(clock.left, LAST_STAGES))
    values = _break_ties(session, final, seed, clock)
    return Solved(result.end, result.objective, result.bound, values, final.row_duals, held)


def _columns(session: Session, network: Network, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns of a rank's unmet demand and their weights."""
    priority = network.priority
    starts, members = priority.ranked.sorted
    at = priority.ranks.position[rank]
    found = members[starts[at] : starts[at + 1]]
    weights = priority.weight.array[priority.demands.codes[3][found]]
    return session.matrix.column_span("priority.unmet").start + found, weights


def _rank(session: Session, network: Network, rank: int, clock: _Clock) -> Result:
    """Minimise the weighted unmet demand of one rank."""
    columns, weights = _columns(session, network, rank)
    cost = np.zeros(len(session.matrix.cost))
    cost[columns] = weights
    session.costs(cost)
    with clock.step("solve"):
        return session.run(clock.left, hot=rank != network.priority.ranks[0])


def _hold(session: Session, network: Network, rank: int, result: Result) -> float:
    """Hold a rank at what was found: no unmet demand at all, or no more than this."""
    columns, weights = _columns(session, network, rank)
    worst = float(session.matrix.col_upper[columns].sum() * weights.max())
    if result.objective <= TINY * max(1.0, worst):
        session.column_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))
        return 0.0
    row = np.array([session.matrix.row_span("priority.held").start + network.priority.ranks.position[rank]])
    session.row_bounds(row, np.array([-np.inf]), np.array([result.objective]))
    return result.objective


def _fix_integers(session: Session, result: Result, seconds: float) -> Result:
    """The same plan as an LP with its integers fixed, which has duals."""
    columns = np.flatnonzero(session.matrix.integer)
    chosen = np.round(result.values[columns])
    session.column_bounds(columns, chosen, chosen)
    session.relax_integers(columns)
    fixed = session.run(seconds)
    return fixed if fixed.has_point else result


def _break_ties(session: Session, result: Result, seed: int, clock: _Clock) -> np.ndarray:
    """Among plans of the same cost the one of least seeded weight.

    Any optimal dual tells the whole optimal face: columns with a reduced cost stay at their bound, rows with a
    dual stay tight.
    """
    if not len(result.row_duals):
        return result.values
    matrix = session.matrix
    scale = max(1.0, float(np.abs(matrix.cost).max(initial=0.0)))
    fixed = np.flatnonzero(np.abs(result.col_duals) > TINY * scale)
    session.column_bounds(fixed, result.values[fixed], result.values[fixed])
    tight = np.flatnonzero((np.abs(result.row_duals) > TINY * scale) & (matrix.row_lower != matrix.row_upper))
    sides = np.where(result.row_duals > 0, matrix.row_lower, matrix.row_upper)[tight]
    span = matrix.row_span("priority.held")
    held = (tight >= span.start) & (tight < span.stop)
    session.row_bounds(tight[~held], sides[~held], sides[~held])
    weights = np.random.default_rng(seed).uniform(1.0, 2.0, len(matrix.cost))
    weights[matrix.col_lower == -np.inf] = 0.0
    session.costs(weights)
    with clock.step("solve"):
        broken = session.run(max(clock.left, LAST_STAGES), hot=True)
    values = broken.values if broken.end == "optimal" else result.values
    return np.asarray(np.clip(values, matrix.col_lower, matrix.col_upper))
