"""The second opinion: every rule and every dollar of a plan, computed again from the input tables alone.

Lanes, duties, groups, periods and units are derived again from ``docs/definitions.md``; neither the model nor what
assembles it is imported. What a plan says of itself (quantities) is put into every row that the input asks for, and
everything that follows (costs, arrivals, shares, days of cover, prices) is computed and compared cell by cell.
"""

import time
from dataclasses import dataclass

import pandas as pd

from planner.plan import Plan
from planner.verify import ledger, policy, proof, rows, rulebook, switches
from planner.verify.columns import Quantities, quantities, read
from planner.verify.faults import Fault, Faults, number
from planner.verify.matrix import Matrix
from planner.verify.world import World

__all__ = ["Fault", "Verification", "verify"]

GAP = 0.05
"""A plan with a larger gap than this is not optimal in any setting."""


@dataclass(frozen=True)
class Verification:
    """What the verifier says of a plan."""

    faults: tuple[Fault, ...]
    objective: float
    """Cost computed again, present value."""
    dual_bound: float | None
    """Least cost that the shadow prices prove; ``None`` where the plan has yes-or-no decisions."""
    bound_by: str
    """Who stands for the bound."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def __str__(self) -> str:
        if self.ok:
            return f"verified: every rule and every cost recomputed, {self.bound_by} ({self.seconds:.1f} s)"
        more = f" and {len(self.faults) - 1:,} more" if len(self.faults) > 1 else ""
        return f"not verified: {self.faults[0]}{more}"


def verify(plan: Plan) -> Verification:
    """Compute every row, every derived number and, for linear plans, the bound of a plan again.

    Nothing is raised for a wrong plan: each disagreement is a :class:`Fault` that names its place.
    """
    started = time.perf_counter()
    faults = Faults()
    world = World(plan.instance)
    found = read(plan, faults)
    matrix = Matrix()
    q = quantities(world, matrix, found, faults)
    on = switches.switched(switches.candidates(world, q), found["activations"], faults)
    nodes(world, matrix, q, on, found)
    rules = rulebook.ruled(world, matrix, q, found, faults)
    model = proof.Model.of(matrix)
    proof.kept(model, matrix, faults)
    costs = ledger.costs(world, q, rules, on)
    follow(world, q, found, rules, on, costs, faults)
    objective = float(costs["present_value"].sum())
    charges = costs[~costs["component"].isin(VARIABLE)]["present_value"].sum()
    bound = proof.priced(model, found["prices"], float(charges), objective, faults)
    figures(plan, objective, bound, len(on) > 0, faults)
    mixed = plan.is_mip
    return Verification(
        faults=faults.all(),
        objective=objective,
        dual_bound=None if mixed else bound,
        bound_by="bound by HiGHS" if mixed else "recomputed from the duals",
        seconds=time.perf_counter() - started,
    )


VARIABLE = ("purchase", "freight", "duty", "processing", "disposal", "holding", "unmet", "penalty")
"""Components that follow from quantities; the others are charges and what was under way unpaid."""


def nodes(world: World, matrix: Matrix, q: Quantities, on: pd.DataFrame, found: dict[str, pd.DataFrame]) -> None:
    """Every row that is no rule."""
    rows.balance(world, matrix, q)
    rows.capacities(world, matrix, q, on[(on["kind"] == "setup") & (on["on"] > 0)])
    rows.stockpiles(matrix, q)
    rows.cover(world, matrix, q)
    rows.held_ranks(matrix, q, found["held"])
    switches.switches(matrix, q, on)


def follow(
    world: World,
    q: Quantities,
    found: dict[str, pd.DataFrame],
    rules: pd.DataFrame,
    on: pd.DataFrame,
    costs: pd.DataFrame,
    faults: Faults,
) -> None:
    """Every column that follows from the quantities."""
    ledger.moved(found, q, faults)
    ledger.converted(world, found, q, faults)
    ledger.held(found, q, faults)
    ledger.wanted(found, q, faults)
    ledger.switched(found, on, faults)
    ledger.paid(found, costs, faults)
    ledger.ruled(world, found, rules, faults)
    ledger.covered(world, q, found, faults)
    report = ledger.concentration(world, q, policy.arrivals(world, q), policy.makes(world, q))
    ledger.concentrated(found, report, faults)
    ledger.ranked(found, q, len(on) > 0, faults)
    ledger.undiscounted(world, found, rules, faults)


def figures(plan: Plan, objective: float, bound: float, mixed: bool, faults: Faults) -> None:
    """The plan's own figures: objective, bound, status."""
    size = max(abs(objective), 1e-9)
    allowed = proof.TOLERANCE * size
    if not abs(plan.objective - objective) <= allowed:
        message = f"objective is {number(plan.objective)}, but the costs computed again add up to {number(objective)}"
        faults.add("plan", "", "objective", plan.objective, objective, message)
    if plan.is_mip != mixed:
        message = "is_mip does not say whether the input asks for yes-or-no decisions"
        faults.add("plan", "", "is_mip", str(plan.is_mip), str(mixed), message)
    if not plan.bound <= objective + allowed:
        message = f"bound {number(plan.bound)} is above the objective {number(objective)}"
        faults.add("plan", "", "bound", plan.bound, objective, message)
    if plan.status not in ("optimal", "feasible"):
        faults.add("plan", "", "status", plan.status, "optimal or feasible", f"a plan cannot be {plan.status}")
    if mixed:
        if plan.status == "optimal" and objective - plan.bound > GAP * size:
            message = f"status is optimal with a gap of {(objective - plan.bound) / size:.2%}"
            faults.add("plan", "", "status", plan.status, "feasible", message)
    elif plan.status == "optimal" and not abs(plan.bound - bound) <= 2 * allowed:
        message = f"bound is {number(plan.bound)}, but the shadow prices prove {number(bound)}"
        faults.add("plan", "", "bound", plan.bound, bound, message)
