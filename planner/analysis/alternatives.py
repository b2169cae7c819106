r"""Whole plans that cost little more than the best one and look as different as can be.

By the method of Hop, Skip and Jump (Brill, Chang and Hopkins 1982, Modeling to generate alternatives): minimise what
moves on lanes that earlier plans used, each lane as often as it was used, among plans that cost at most (1 + ε) C*;
tonnes are counted as a share of what the best plan moves of their material. Unlike is measured as half of

.. math:: \frac{1}{|K|} \sum_k \frac{\sum_\ell |x_\ell - x'_\ell|}{X_k}

over lanes :math:`\ell` and materials k that the best plan moves, :math:`X_k` of each: 0 the same, 1 nothing in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.analysis.compare import Comparison, compare
from planner.analysis.near import Near
from planner.analysis.telling import money, page, percent
from planner.errors import VerificationError
from planner.instance import Instance
from planner.plan import Plan, Status
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.tabulation.solution import Solution
from planner.tabulation.tabulate import tables
from planner.verify import verify

UNPROVEN = ("prices", "", "shadow_price")
"""Where the verifier says that a plan is not proven to be the cheapest."""

SAME = 1e-3
"""Plans less unlike than this are the same."""


@dataclass(frozen=True)
class Alternatives:
    """Near-least-cost plans, the best first."""

    name: str
    currency: str
    within: float
    """ε: how much dearer a plan may be, a fraction."""
    plans: Mapping[str, Plan]
    """Every plan by name, each computed again by the verifier; only the first is proven to be the cheapest."""
    table: pd.DataFrame
    """``plan``, ``cost`` (present value), ``extra`` (over the least), ``unlike`` (the best), ``nearest`` (least
    unlike any plan before it), ``new`` (lanes that no plan before it used)."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        count = len(self.plans) - 1
        if not count:
            return f"No plan within {percent(self.within)} of the least cost differs from it."
        most, far = self.table.iloc[1:]["extra"].max(), self.table.iloc[1:]["unlike"].max()
        return (
            f"{count} other plan{'s' if count > 1 else ''} within {percent(self.within)} of the least cost "
            f"({money(most)} {self.currency} dearer at most) move up to {percent(far)} of the tonnes otherwise."
        )

    @property
    def comparison(self) -> Comparison:
        """The plans held against the best one."""
        return compare(self.plans)

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.table.to_string(index=False, float_format='{:,.3f}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.sentence, self.table)


def alternatives(
    instance: Instance, count: int = 4, *, within: float = 0.01, settings: Settings | None = None
) -> Alternatives:
    """The best plan and others as unlike it, and each other, as can be.

    Args:
        instance: checked input.
        count: how many others at most; fewer where no more differ.
        within: ε, a fraction of the least cost.
        settings: of each solve.

    Raises:
        PlannerError: there is no optimal plan, or a cap on the HHI.
        VerificationError: a plan breaks a rule or balance.
    """
    kept = Kept(instance, settings)
    lanes, materials = kept.assembled.lane, kept.assembled.network.flow.lanes.codes[2]
    span = kept.matrix.column_span("flow.ship")
    near = Near(kept, within)

    def moved(values: Array) -> Array:
        return np.bincount(lanes, np.maximum(values[span.slice], 0.0), len(materials))

    found, flows = [near.best.values], [moved(near.best.values)]
    totals = np.bincount(materials, flows[0])[materials]
    scale = np.divide(1.0, totals, where=totals > 0, out=np.zeros(len(totals)))
    used, cost = np.zeros(len(materials)), np.zeros(len(kept.matrix.cost))
    try:
        while len(found) <= count:
            used += flows[-1] * scale > SAME / 10
            cost[span.slice] = (used * scale)[lanes]
            values = near.least(cost)
            if min(_unlike(moved(values), flow, scale, materials) for flow in flows) < SAME:
                break
            found.append(values)
            flows.append(moved(values))
    finally:
        near.close()
    plans = {"best" if not at else f"alternative {at}": _plan(kept, near, values) for at, values in enumerate(found)}
    return Alternatives(instance.name, instance.header.currency, within, plans, _table(plans, flows, scale, materials))


def _unlike(one: Array, other: Array, scale: Array, materials: Array) -> float:
    return float((np.abs(one - other) * scale).sum() / 2 / max(len(set(materials[scale > 0].tolist())), 1))


def _table(plans: Mapping[str, Plan], flows: list[Array], scale: Array, materials: Array) -> pd.DataFrame:
    rows, least = [], next(iter(plans.values())).objective
    for at, (name, plan) in enumerate(plans.items()):
        apart = [_unlike(flows[at], flow, scale, materials) for flow in flows[:at]]
        before = (
            np.any([flow * scale > SAME / 10 for flow in flows[:at]], axis=0) if at else np.ones(len(scale), dtype=bool)
        )
        new = int(((flows[at] * scale > SAME / 10) & ~before).sum())
        far, close = (apart[0], min(apart)) if at else (0.0, 0.0)
        rows.append((name, plan.objective, plan.objective - least, far, close, new))
    return pd.DataFrame(rows, columns=["plan", "cost", "extra", "unlike", "nearest", "new"])


def _plan(kept: Kept, near: Near, values: Array) -> Plan:
    """A plan from its values, computed again by the verifier; nothing but its being the cheapest is left unproven.

    Raises:
        VerificationError: it breaks a rule or balance.
    """
    best = near.best
    optimal = values is best.values
    duals = best.row_duals if optimal else np.zeros(len(kept.matrix.row_lower))
    values = np.clip(values, kept.matrix.col_lower, kept.matrix.col_upper)
    made = tables(Solution(kept.assembled, kept.matrix, values, duals), best.held)
    objective, money = float(made["costs"]["present_value"].sum()), kept.assembled.network.unit_money
    status: Status = "optimal" if optimal else "feasible"
    instance = kept.assembled.parts.instance
    plan = Plan(instance, made, status, objective, min(best.bound * money, objective), kept.matrix.is_mip)
    verification = verify(plan)
    if not optimal:  # it has no shadow prices that could prove it the cheapest
        kept_faults = [each for each in verification.faults if (each.table, each.row, each.column) != UNPROVEN]
        verification = replace(verification, faults=tuple(kept_faults))
    if not verification.ok:
        raise VerificationError(instance.name, plan, verification)
    return plan
