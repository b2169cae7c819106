r"""Least cost of supply against unmet demand, by the price that is put on a tonne of it.

At a price p the plan is least by :math:`C + p \, U`, the cost of its supply and its unmet tonnes, discounted as money
is: a straight line in p. Where the lines of two plans cross, :math:`p = (C_2 - C_1) / (U_1 - U_2)`, either no plan is
below them, and between the two the least cost of a linear model is the straight line from :math:`(U_1, C_1)` to
:math:`(U_2, C_2)`; or the plan found there lies between (Eisner and Severance 1976). So every breakpoint is found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from planner.analysis.branch import dear_unmet
from planner.analysis.draft import Draft
from planner.analysis.study import Study
from planner.analysis.walk import SAME, Node, Segment
from planner.errors import SettingsError
from planner.instance import Instance

CHEAP = 1e-6
"""Part of a price above all supply at which the walk begins: hardly anything is worth supplying."""


@dataclass(frozen=True)
class Price:
    """A change of the tables: all demand that may go unmet has one price, and one rank."""

    value: float

    def make(self, draft: Draft) -> None:
        """Write the price."""
        table = draft.frame("priorities")
        draft.put("priorities", table.assign(rank=1, unmet_cost=np.where(_soft(table), self.value, np.nan)))

    def __str__(self) -> str:
        return f"price of unmet demand = {self.value:.10g}"


def _soft(table: pd.DataFrame) -> pd.Series:
    """Priorities whose demand may go unmet: with a price, or of several ranks."""
    return table["unmet_cost"].notna() | (table["rank"].nunique() > 1)


def prices_of(instance: Instance, between: tuple[float, float] | None) -> tuple[float, float]:
    """Between which two prices of a tonne the walk goes.

    Raises:
        SettingsError: nothing may go unmet, or these are no two prices.
    """
    table = instance.tables["priorities"]
    if not (_soft(table) & table["priority"].isin(instance.tables["demands"]["priority"])).any():
        raise SettingsError(f"no demand of {instance.name} may go unmet: give its priority an unmet_cost")
    dear = dear_unmet(instance)
    low, high = sorted(between or (CHEAP * dear, dear))
    if not 0 < low < high:
        raise SettingsError(f"unmet demand is walked between two prices above 0, not from {low:g} to {high:g}")
    return low, high


@dataclass(frozen=True)
class _Line:
    """A plan and its line: cost of supply and discounted tonnes unmet."""

    node: Node
    cost: float
    tonnes: float

    @classmethod
    def of(cls, study: Study, price: float) -> "_Line":
        node = Node.of(study, Price(price), price)
        costs = node.plan.costs
        priced = float(costs.loc[costs["component"] == "unmet", "present_value"].sum())
        cost, tonnes = node.plan.objective - priced, priced / price
        return cls(Node(tonnes, node.plan, cost, None, node.money), cost, tonnes)

    def at(self, price: float) -> float:
        """What the plan costs at a price."""
        return self.cost + price * self.tonnes


def by_price(
    study: Study, between: tuple[float, float], most: int, made: Callable[[int], None]
) -> tuple[list[Node], list[Segment]]:
    """Plans with ever less unmet demand, and what is proven between them.

    Args:
        study: the instance.
        between: two prices of a tonne.
        most: plans at most.
        made: told how many solves there were.
    """
    low, high = between
    lines = [_Line.of(study, low), _Line.of(study, high)]
    proven: set[tuple[int, int]] = set()
    solves = 2
    while solves < most:
        made(solves)
        pairs = [
            (_below(one, other, low, high), at)
            for at, (one, other) in enumerate(pairwise(lines))
            if (id(one), id(other)) not in proven and _crossing(one, other) is not None
        ]
        if not pairs:
            break
        at = max(pairs)[1]
        one, other = lines[at], lines[at + 1]
        price = _crossing(one, other)
        assert price is not None
        found, solves = _Line.of(study, price), solves + 1
        if found.at(price) >= one.at(price) - SAME * max(abs(one.at(price)), 1.0):
            proven.add((id(one), id(other)))
        else:
            lines.insert(at + 1, found)
    kept = [lines[0], *(b for a, b in pairwise(lines) if _crossing(a, b) is not None)]
    linear = not lines[0].node.plan.is_mip
    known = [linear and (id(a), id(b)) in proven for a, b in pairwise(kept)]
    segments = [
        Segment(a.node, b.node, 0.0 if exact else float("nan"), exact, 0.0, (a.tonnes + b.tonnes) / 2)
        for a, b, exact in zip(kept, kept[1:], known, strict=False)
    ]
    return [line.node for line in kept], segments


def _crossing(one: _Line, other: _Line) -> float | None:
    """The price at which the lines of two plans cross; none where they are the same."""
    fewer = one.tonnes - other.tonnes
    if fewer <= SAME * max(one.tonnes, 1.0):
        return None
    price = (other.cost - one.cost) / fewer
    return price if price > 0 else None


def _below(one: _Line, other: _Line, low: float, high: float) -> float:
    """How much there may be to find at the crossing: tonnes by the distance to the nearer end."""
    price = _crossing(one, other)
    if price is None:
        return 0.0
    return (one.tonnes - other.tonnes) * min(price - low, high - price)
