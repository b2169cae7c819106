r"""Price tags: what each rule of an instance costs, alone, one after the other, and on average.

Let V(S) be the least cost under the rules S, N all rules. The *price* of rule r is :math:`V(N) - V(N \setminus r)`,
both plans solved and verified: what letting it go would save, the others kept. Prices do not add up: where two rules
forbid the same, neither costs anything. So there is the *waterfall*, in which rules are added one after the other in
the order of the table and each is charged what it adds; and, since that hangs on the order, its average over orders,
the Shapley value (Shapley 1953; ``game.py``): exact up to :data:`EXACT` rules, else from a sample of orders with its
standard error. Both add up to :math:`V(N) - V(\emptyset)`.

V counts unmet demand at its price. Of yes-or-no decisions a plan is proven to a gap only; ``least`` and ``most`` are
what is proven of a price. Least costs of the waterfall, of the average and of steps are HiGHS's, unverified.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.analysis.game import sampled_shapley, shapley
from planner.analysis.ranging import ranges, steps
from planner.analysis.study import Study
from planner.analysis.switching import costs_of, rule_names
from planner.analysis.telling import money, page, percent, tonnes
from planner.instance import Instance
from planner.plan import Outcome, Plan
from planner.settings import Settings

EXACT = 8
"""Rules of which every choice is solved for the average: 256."""

ORDERS = 16
"""Pairs of orders, each with its reverse, that the average is taken from where there are more rules."""


ROUNDING = 1e-10
"""Share of the cost that is rounding of a price."""

TINY = 1e-6
"""Tonnes of unmet demand that are rounding."""


@dataclass(frozen=True)
class RulePrices:
    """What rules cost; money in the instance's currency, present value."""

    plan: Plan
    """The plan under all rules."""
    without: float
    """Least cost without any rule; ``nan`` where there is none."""
    rules: pd.DataFrame
    """One row a rule, in the order of the table: ``rule``, ``status`` of the plan without it, ``cost`` (of that plan),
    ``price``, ``least`` and ``most`` (what is proven of the price), ``share`` (price of the plan's cost), ``unmet`` (t
    that are unmet because of the rule), ``added`` (in the waterfall), ``average`` (over orders), ``error`` (standard
    error of the average; 0 where it is exact); and of one step of the limit ``step``, ``marginal``, ``looser`` and
    ``tighter``, as :func:`planner.analysis.ranging.steps` gives them."""
    ranges: pd.DataFrame
    """Each shadow price of the rules and how far it holds, as :func:`planner.analysis.ranging.ranges` gives it."""
    orders: int
    """Orders that the average is taken from; 0 where it is over all of them, by every choice of rules."""

    @property
    def together(self) -> float:
        """What all rules cost together."""
        return self.plan.objective - self.without

    @cached_property
    def waterfall(self) -> pd.DataFrame:
        """From no rules to all of them: ``rule``, ``added``, ``cost`` after it is added; the first row has no rule."""
        added = np.append(0.0, self.rules["added"])
        names = ["", *self.rules["rule"]]
        return pd.DataFrame({"rule": names, "added": added, "cost": self.without + np.cumsum(added)})

    @property
    def summary(self) -> str:
        """The answer in a sentence or two."""
        plan, currency = self.plan, self.plan.instance.header.currency
        if self.rules.empty:
            return f"{plan.instance.name} has no rules: none costs anything."
        dearest = self.rules.sort_values("price", ascending=False, kind="stable").iloc[0]
        total = f"{money(self.together)} {currency}"
        part = f" ({percent(self.together / plan.objective)} of the plan's cost)" if plan.objective > 0 else ""
        head = f"The {len(self.rules)} rules of {plan.instance.name} together cost {total}{part}"
        unmet = float(dearest["unmet"])
        if len(self.rules) == 1:
            told = f", and {_tonnes(unmet)} of demand unmet" if abs(unmet) > TINY else ""
            return f"The rule {dearest['rule']} costs {total}{part}{told}."
        tail = f"without {dearest['rule']}, the dearest, the plan would cost {money(dearest['price'])} {currency} less"
        return f"{head}; {tail}{f' and leave {_tonnes(-unmet)} of demand unmet' if abs(unmet) > TINY else ''}."

    def __repr__(self) -> str:
        return f"{self.summary}\n{self.rules.to_string(index=False, float_format='{:,.4g}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.summary, self.rules)


def _tonnes(more: float) -> str:
    return f"{tonnes(abs(more))} {'more' if more > 0 else 'less'}"


def price_rules(
    instance: Instance,
    settings: Settings | None = None,
    *,
    orders: int = ORDERS,
    folder: str | Path | None = None,
    **overrides: Any,
) -> RulePrices:
    """What each rule costs: with it and without it, one after the other, and on average over orders.

    Args:
        instance: checked input.
        settings: of every solve, and of the executor.
        orders: pairs of orders for the average where there are more than :data:`EXACT` rules.
        folder: where finished choices of rules are kept, so that a study that was stopped goes on.
        overrides: single settings by name.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        NoPlanError: there is no plan under all rules.
        PlannerError: no plan is found within the limits for a choice of rules.
        VerificationError: HiGHS and the verifier disagree.
    """
    chosen = (settings or Settings()).changed(**overrides)
    study, names = Study(instance, chosen), rule_names(instance)
    plan = study.plan
    held = ranges(study.kept)
    stepped = steps(study, plan, names)
    rows = [_alone(study, plan, name) for name in names]
    free = study.apply(*(f'off "{name}"' for name in names)).solve().found if names else plan
    columns = ["rule", "status", "cost", "price", "least", "most", "share", "unmet"]
    rules = pd.DataFrame(rows, columns=columns)
    worth = _Worth(instance, chosen, names, folder)
    average, error, drawn = worth.average(orders)
    rules = pd.concat([rules.assign(added=worth.waterfall(), average=average, error=error), stepped], axis=1)
    return RulePrices(plan, float("nan") if free is None else free.objective, rules, held, drawn)


def _alone(study: Study, plan: Plan, rule: str) -> dict[str, Any]:
    """A rule's price with the others kept."""
    outcome: Outcome = study.off(rule).solve()
    study.undo()
    other, nothing = outcome.found, float("nan")
    if other is None:
        cost = price = least = most = unmet = nothing
    else:
        cost, price, unmet = other.objective, plan.objective - other.objective, plan.unmet - other.unmet
        least, most = plan.bound - other.objective, plan.objective - other.bound
    share = price / plan.objective if plan.objective else nothing
    return {
        "rule": rule, "status": outcome.status, "cost": cost, "price": price, "least": least, "most": most,
        "share": share, "unmet": unmet,
    }  # fmt: skip


class _Worth:
    """Costs of choices of rules, each solved once."""

    def __init__(self, instance: Instance, settings: Settings, names: tuple[str, ...], folder: Any) -> None:
        self.instance, self.settings, self.folder, self.count = instance, settings, folder, len(names)
        self.known: dict[int, float] = {}

    def costs(self, choices: list[int]) -> Array:
        """Cost of each choice less that of no rules."""
        missing = [choice for choice in dict.fromkeys([0, *choices]) if choice not in self.known]
        self.known |= costs_of(self.instance, missing, self.settings, self.folder)
        return np.array([self.known[choice] for choice in choices]) - self.known[0]

    def waterfall(self) -> Array:
        """What each rule adds to those before it."""
        return np.diff(self.costs([2**number - 1 for number in range(self.count + 1)]))

    def average(self, orders: int) -> tuple[Array, Array, int]:
        """The average of what each rule adds, its standard error, and the orders drawn for it (0: every one)."""
        if self.count <= EXACT:
            return shapley(self.costs(list(range(2**self.count)))), np.zeros(self.count), 0
        asked: list[int] = []
        seed = self.settings.seed

        def ask(choice: int) -> float:
            asked.append(choice)
            return 0.0

        sampled_shapley(ask, self.count, orders, seed)
        of = dict(zip(asked, self.costs(asked), strict=True))
        found = sampled_shapley(lambda choice: float(of[choice]), self.count, orders, seed)
        nothing = ROUNDING * max(map(abs, self.known.values()))
        shares = np.where(np.abs(found.shares) > nothing, found.shares, 0.0)
        return shares, np.where(found.error > nothing, found.error, 0.0), found.orders
