"""An instance and settings into an outcome: assemble, build and compile, solve, read back, verify."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

from mineral_sourcing.build import BLOCKS, build
from mineral_sourcing.compile import Matrix, compile_model
from mineral_sourcing.network import Network
from planner.assembly.assemble import Assembled, assembled
from planner.custom import Rules
from planner.custom import load as load_rules
from planner.errors import VerificationError
from planner.instance import Instance
from planner.plan import OPTIMAL, Outcome, Plan, Status
from planner.settings import Settings
from planner.solving.conflict import conflict
from planner.solving.session import End, Progress, Session
from planner.solving.stages import Clock, Solved, run_stages
from planner.tabulation.solution import Solution
from planner.tabulation.tabulate import tables
from planner.verify import verify


def solve(
    instance: Instance,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
    **overrides: Any,
) -> Outcome:
    """The least-cost plan of an instance, verified.

    Args:
        instance: checked input.
        settings: limits and choices; the defaults where none are given.
        progress: is told a few times a second where HiGHS stands, in currency; called from another thread.
        stop: once it is set, by another thread, the search ends and the best plan so far is given.
        overrides: single settings by name.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        SettingsError: the user's own rules fail, or are not linear.
        VerificationError: HiGHS and the verifier disagree; the exception holds the plan as evidence.
    """
    settings = (settings or Settings()).changed(**overrides)
    clock = Clock(settings.time_limit)
    with clock.step("assemble"):
        found = assembled(instance)
        network = found.network
    rules = load_rules(settings.rules) if settings.rules else None
    with clock.step("compile"):
        matrix = compiled(network, rules)
    told = None if progress is None else _in_currency(progress, network.unit_money)
    with clock.step("pass"):
        session = Session.of(matrix, settings, told, stop)
    solved = run_stages(session, network, settings.seed, clock)
    return outcome_of(found, matrix, solved, settings, clock, session.interior, rules, stop)


def outcome_of(
    found: Assembled,
    matrix: Matrix,
    solved: Solved,
    settings: Settings,
    clock: Clock,
    method: str,
    rules: Rules | None = None,
    stop: Event | None = None,
) -> Outcome:
    """What the stages found as an outcome: a verified plan, or why there is none.

    Args:
        found: the network and its instance.
        matrix: what was solved.
        solved: how it ended.
        settings: what it was solved under.
        clock: seconds so far; reading back and verifying are added.
        method: the interior point method at hand.
        rules: the user's own, that the matrix holds.
        stop: once it is set, by another thread, the search for what cannot all hold ends.

    Raises:
        VerificationError: HiGHS and the verifier disagree; the exception holds the plan as evidence.
    """
    instance, network, status = found.parts.instance, found.network, _status(solved)
    said, warnings = _message(solved.end), instance.warnings
    outcome = Outcome(status, instance, clock.seconds, _size(matrix), said, (), warnings, method)
    if not solved.has_point:
        if status != "infeasible":
            return outcome
        return replace(outcome, conflict=conflict(matrix, network, instance, settings, clock.left, stop=stop))
    with clock.step("read back"):
        made = tables(Solution(found, matrix, solved.values, solved.row_duals), solved.held)
        objective = float(made["costs"]["present_value"].sum())
        bound = min(solved.bound * network.unit_money, objective)
        if status == "optimal" and objective - bound > OPTIMAL * abs(objective):
            status, said = "feasible", f"the gap asked for ({settings.gap:.0%}) was reached"
            outcome = replace(outcome, status=status, message=said)
        note = rules.note(own_rows(matrix), matrix.untraced) if rules else None
        plan = Plan(instance, made, status, objective, bound, matrix.is_mip, note)
    with clock.step("verify"):
        verification = verify(plan, rules.faults(plan)) if rules else verify(plan)
    if not verification.ok:
        raise VerificationError(instance.name, plan, verification)
    return replace(outcome, found=plan)


def compiled(network: Network, rules: Rules | None = None) -> Matrix:
    """The matrix of a network, under a user's own rules where there are any.

    Raises:
        SettingsError: these rules fail, or are not linear.
    """
    if rules is None:
        return compile_model(build(network))
    with rules.blamed():
        return compile_model(build(network, [rules.add]), lambda: build(network, [rules.add]))


def own_rows(matrix: Matrix) -> int:
    """How many rows a user's own rules add."""
    return sum(len(span.index) for span in matrix.rows if span.name.partition(".")[0] not in BLOCKS)


def _size(matrix: Matrix) -> dict[str, int]:
    return {
        "columns": len(matrix.cost),
        "rows": len(matrix.row_lower),
        "entries": int(matrix.by_column.nnz),
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
