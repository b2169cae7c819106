"""An instance and settings into an outcome: assemble, build, compile, solve, read back, verify."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix, compile_model
from planner.assemble import Assembled, assembled
from planner.conflict import conflict
from planner.errors import VerificationError
from planner.instance import Instance
from planner.plan import Outcome, Plan, Status
from planner.session import End, Progress, Session
from planner.settings import Settings
from planner.solution import Solution
from planner.stages import Clock, Solved, run_stages
from planner.tabulate import tables
from planner.verify import verify


def solve(
    instance: Instance,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
    **overrides: Any,
) -> Outcome:
    """The least-cost plan of an instance, verified.

    Args:
        instance: checked input.
        settings: limits and choices; the defaults where none are given.
        progress: is told a few times a second where HiGHS stands, in currency; called from another thread.
        overrides: single settings by name.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        VerificationError: HiGHS and the verifier disagree; the exception holds the plan as evidence.
    """
    settings = (settings or Settings()).changed(**overrides)
    clock = Clock(settings.time_limit)
    with clock.step("assemble"):
        found = assembled(instance)
        network = found.network
    with clock.step("build"):
        model = build(network)
    with clock.step("compile"):
        matrix = compile_model(model)
    told = None if progress is None else _in_currency(progress, network.unit_money)
    with clock.step("pass"):
        session = Session.of(matrix, settings, told)
    solved = run_stages(session, network, settings.seed, clock)
    return outcome_of(found, matrix, solved, settings, clock, session.interior)


def outcome_of(
    found: Assembled, matrix: Matrix, solved: Solved, settings: Settings, clock: Clock, method: str
) -> Outcome:
    """What the stages found as an outcome: a verified plan, or why there is none.

    Args:
        found: the network and its instance.
        matrix: what was solved.
        solved: how it ended.
        settings: what it was solved under.
        clock: seconds so far; reading back and verifying are added.
        method: the interior point method at hand.

    Raises:
        VerificationError: HiGHS and the verifier disagree; the exception holds the plan as evidence.
    """
    instance, network, status = found.parts.instance, found.network, _status(solved)
    said, warnings = _message(solved.end), instance.warnings
    outcome = Outcome(status, instance, clock.seconds, _size(matrix), said, (), warnings, method)
    if not solved.has_point:
        names = conflict(matrix, network, instance, settings, clock.left) if status == "infeasible" else ()
        return replace(outcome, conflict=names)
    with clock.step("read back"):
        made = tables(Solution(found, matrix, solved.values, solved.row_duals), solved.held)
        objective = float(made["costs"]["present_value"].sum())
        bound = min(solved.bound * network.unit_money, objective)
        plan = Plan(instance, made, status, objective, bound, matrix.is_mip)
    with clock.step("verify"):
        verification = verify(plan)
    if not verification.ok:
        raise VerificationError(instance.name, plan, verification)
    return replace(outcome, found=plan)


def _size(matrix: Matrix) -> dict[str, int]:
    return {
        "columns": len(matrix.cost),
        "rows": len(matrix.row_lower),
        "entries": int(matrix.entries.nnz),
        "integers": int(matrix.integer.sum()),
        "untraced": matrix.untraced,
    }


def _in_currency(progress: Callable[[Progress], None], money: float) -> Callable[[Progress], None]:
    """Progress with incumbent and bound in currency."""
    return lambda at: progress(replace(at, incumbent=at.incumbent * money, bound=at.bound * money))


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
