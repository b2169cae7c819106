"""The second opinion: every rule and every dollar of a plan, computed again from the input tables alone.

Lanes, duties, groups, periods and units are derived again from ``docs/definitions.md``; neither the model nor what
assembles it is imported. What a plan says of itself (quantities) is put into every row that the input asks for, and
everything that follows (costs, arrivals, shares, days of cover, prices) is computed and compared cell by cell.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.plan import OPTIMAL, Plan
from planner.verify import (
    awards,
    balances,
    bases,
    hhi,
    ladders,
    ledger,
    measures,
    origin,
    policy,
    proof,
    reports,
    rows,
    rulebook,
    suppliers,
    switches,
    terms,
    traced,
)
from planner.verify.columns import KEYS, quantities, read
from planner.verify.faults import Fault, Faults, number
from planner.verify.frames import stacked
from planner.verify.matrix import Matrix, Model
from planner.verify.world import World

__all__ = ["Fault", "Verification", "verify"]


EQUAL = 1e-4
"""How far, with integers held, shadow prices may prove less than the objective under a cap on the HHI: where only equal
shares keep it, they grow without end, and rounding with them."""


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
    hhi: Mapping[tuple[str, ...], float]
    """HHI of every cell of a rule on it, computed again: by rule, from, material, market and period."""
    seconds: float
    custom: str = ""
    """What is not verified: a user's own rules."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def __str__(self) -> str:
        if self.ok:
            own = f"; {self.custom}" if self.custom else ""
            return f"verified: every rule and every cost recomputed, {self.bound_by} ({self.seconds:.1f} s){own}"
        more = f" and {len(self.faults) - 1:,} more" if len(self.faults) > 1 else ""
        return f"not verified: {self.faults[0]}{more}"


def verify(plan: Plan, custom: Sequence[str] = ()) -> Verification:
    """Compute every row, every derived number and, for linear plans, the bound of a plan again.

    A plan under a user's own rules has a bound that the prices of the others do not prove; of these rules only what
    their own check says is told (``custom``). Nothing is raised for a wrong plan: each disagreement is a :class:`Fault`
    that names its place.
    """
    started = time.perf_counter()
    world, matrix = World(plan.instance), Matrix()
    faults = Faults(world.names)
    found = read(world, plan, faults)
    q = quantities(world, matrix, found, faults)
    book = policy.book(world)
    counts, against = terms.terms(world, book, q)
    elements = origin.elements(world, q, book)
    tags = origin.tags(matrix, found, [origin.split(world, q, element) for element in elements], faults)
    cells = traced.counted(world, book, tags)
    sides = traced.terms(world, book, q, elements, cells)
    counts = stacked([counts, sides[0]], ["subject", *terms.TERM, "site", "goods"])
    against = stacked([against, sides[1]], terms.TERM)
    subjects = suppliers.candidates(world, book, counts)
    years = ladders.years(world, q)
    parts = (switches.candidates(world, q), ladders.switches(world, years), subjects)
    on, activations = switches.switched(stacked(parts, switches.CHARGE), found, faults)
    mixed = bool(on["free"].any())
    rows.every(world, matrix, q, found, on)
    balances.every(world, matrix, q, elements, tags)
    switches.switches(world, matrix, q, on)
    ladders.bands(world, matrix, q, years, on, faults)
    told = found["rules"]
    ruled = {
        "concentration.cap": rulebook.ruled(world, matrix, book, counts, against, told, faults),
        "averages.cap": measures.averaged(world, matrix, book, counts, told, faults),
        "spend.cap": measures.spent(world, matrix, book, q, told, faults),
    }
    numbers = suppliers.counted(world, matrix, book, counts, on, told, faults)
    least = awards.awarded(world, matrix, book, counts, against, on, found, faults)
    of = hhi.squares(book, counts, against)
    caps = hhi.capped(world, matrix, book, found, of, faults)
    numbered = [*(rules for rules, _ in ruled.values()), numbers, least, caps]
    every = stacked(numbered, [*KEYS["rules"], "t", "penalty"])
    model = Model.of(matrix)
    proof.kept(model, matrix, faults)
    costs = ledger.costs(world, q, every, on)
    ledger.follow(world, q, found, costs, faults)
    ledger.switched(activations, on, faults)
    ledger.ranked(found, q, mixed, faults)
    for constraint, (rules, listed) in ruled.items():
        reports.ruled(world, found, constraint, rules, listed, faults)
    bases.shares(world, book, q, told, faults)
    bases.words(world, told, faults)
    blend = traced.mixed(world, q, elements, tags)
    mixture = blend[cells["column"] - tags["column"][:1].sum()]
    traced.reported(world, book, cells, mixture, found, faults)
    reports.covered(world, q, found, faults)
    reports.undiscounted(world, found, stacked([every, of.rows], [*KEYS["rules"], "t"]), faults)
    variable = np.isin(costs["component"], world.names.of(VARIABLE))
    objective, charges = float(costs["present_value"].sum()), float(costs["present_value"][~variable].sum())
    promised = min(plan.bound, (1 - EQUAL * mixed) * objective) if len(caps) else objective
    if plan.custom:
        bound = plan.bound
        for broken in custom:
            faults.add("custom", "", "", plan.custom.file, "kept", broken)
    else:
        bound = proof.priced(world, model, matrix, found, charges, objective, promised, faults)
    figures(plan, objective, bound, mixed, len(caps) > 0, faults)
    mixed = plan.is_mip or plan.custom is not None
    return Verification(
        faults=faults.all(),
        objective=objective,
        dual_bound=None if mixed else bound,
        bound_by="bound by HiGHS" if mixed else "recomputed from the duals",
        hhi=hhi.told(world, of),
        seconds=time.perf_counter() - started,
        custom=str(plan.custom or ""),
    )


VARIABLE = ("purchase", "freight", "duty", "processing", "disposal", "holding", "unmet", "penalty")
"""Components that follow from quantities; the others are charges and what was under way unpaid."""


def figures(plan: Plan, objective: float, bound: float, mixed: bool, pieced: bool, faults: Faults) -> None:
    """The plan's own figures: objective, bound, status; ``pieced``: squares are met piece by piece, hence a gap."""
    size = max(abs(objective), 1e-9)
    allowed = proof.TOLERANCE * size
    if not abs(plan.objective - objective) <= allowed:
        message = f"objective is {number(plan.objective)}, but the costs computed again add up to {number(objective)}"
        faults.add("plan", "", "objective", plan.objective, objective, message)
    if plan.is_mip != mixed and not plan.custom:
        message = "is_mip does not say whether the input asks for yes-or-no decisions"
        faults.add("plan", "", "is_mip", str(plan.is_mip), str(mixed), message)
    if not plan.bound <= objective + allowed:
        message = f"bound {number(plan.bound)} is above the objective {number(objective)}"
        faults.add("plan", "", "bound", plan.bound, objective, message)
    if plan.status not in ("optimal", "feasible"):
        faults.add("plan", "", "status", plan.status, "optimal or feasible", f"a plan cannot be {plan.status}")
    gap = objective - plan.bound
    if (mixed or pieced) and plan.status == "optimal" and gap > OPTIMAL * size:
        message = f"status is optimal with a gap of {gap / size:.2%}"
        faults.add("plan", "", "status", plan.status, "feasible", message)
    near = plan.bound - bound <= 2 * allowed and (pieced or bound - plan.bound <= 2 * allowed)
    if not mixed and plan.status == "optimal" and not near:
        message = f"bound is {number(plan.bound)}, but the shadow prices prove {number(bound)}"
        faults.add("plan", "", "bound", plan.bound, bound, message)
