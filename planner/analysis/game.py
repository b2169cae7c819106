r"""Shares of a joint cost: Shapley value, core, least core and nucleolus of a game whose values are all known.

A game of n players is an array of :math:`2^n` costs: that of coalition S stands at :math:`\sum_{i \in S} 2^i`, that of
nobody is 0, ``nan`` where S has no plan by itself. Shares x with :math:`x(N) = c(N)` are in the core if no coalition
could do better alone, :math:`x(S) \le c(S)`; a coalition without a plan cannot leave. The least core is the least
:math:`\varepsilon` with :math:`x(S) \le c(S) + \varepsilon` for all S but nobody and N; the nucleolus has the least
excess, then the next, and so on (Schmeidler 1969; by linear programs as Kopelowitz 1967, those coalitions fixed whose
excess no best point can lower).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
from scipy.optimize import linprog

from mineral_sourcing.arrays import Array

TOLERANCE = 1e-9
"""Share of the largest cost that counts as nothing."""


def sets(count: int) -> Array:
    """Membership of every coalition: rows coalitions, columns players."""
    return np.asarray((np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1)


def shapley(cost: Array) -> Array:
    r"""Average marginal cost of each player over all orders.

    Returns:
        n shares; ``nan`` where a coalition has no plan.

    Source: Shapley 1953, :math:`\sum_{S \not\ni i} |S|!(n-|S|-1)!/n! \, (c(S+i) - c(S))`.
    """
    count = int(np.log2(len(cost)))
    inside = sets(count)
    size = inside.sum(axis=1)
    orders = np.array([factorial(s) * factorial(count - s - 1) for s in range(count)]) / factorial(count)
    shares = []
    for player in range(count):
        without = np.flatnonzero(~inside[:, player])
        shares.append(float(orders[size[without]] @ (cost[without + 2**player] - cost[without])))
    return np.array(shares)


@dataclass(frozen=True)
class Sampled:
    """Shapley value from a sample of orders."""

    shares: Array
    error: Array
    """Standard error of each share."""
    orders: int


def sampled_shapley(cost: Callable[[int], float], count: int, orders: int, seed: int) -> Sampled:
    """Average marginal cost over random orders, each beside its reverse.

    Args:
        cost: of a coalition, asked for once each.
        count: players.
        orders: pairs of orders; with all ``count!`` of them or fewer, every order once.
        seed: of the draw.
    """
    known: dict[int, float] = {0: 0.0}

    def of(coalition: int) -> float:
        if coalition not in known:
            known[coalition] = cost(coalition)
        return known[coalition]

    def marginal(order: Array) -> Array:
        before = np.concatenate([[0], np.cumsum(2**order)])
        values = np.array([of(int(coalition)) for coalition in before])
        found = np.empty(count)
        found[order] = np.diff(values)
        return found

    if 2 * orders >= factorial(count):
        every = [marginal(np.array(order)) for order in permutations(range(count))]
        return Sampled(np.mean(every, axis=0), np.zeros(count), len(every))
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(count) for _ in range(orders)]
    pairs = np.array([(marginal(order) + marginal(order[::-1])) / 2 for order in drawn])
    return Sampled(pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(orders), 2 * orders)


@dataclass(frozen=True)
class Stable:
    """Shares that leave the least reason to leave."""

    shares: Array
    excess: float
    r"""Least :math:`\varepsilon` of the least core; the core has points where it is not above 0."""


def nucleolus(cost: Array) -> Stable | None:
    """Nucleolus of the game of costs, and the excess of the least core.

    Returns:
        None where too few coalitions have a plan to limit what each may be charged.

    Raises:
        ValueError: all together have no plan.
    """
    if not np.isfinite(cost[-1]):
        raise ValueError("all together have no plan: there is nothing to share")
    count = int(np.log2(len(cost)))
    inside = sets(count).astype(np.float64)
    free = np.flatnonzero(np.isfinite(cost))[1:-1]
    scale = max(1.0, float(np.abs(cost[np.isfinite(cost)]).max()))
    cost = cost / scale
    fixed, sides = inside[-1:], cost[-1:]
    excess = None
    shares = np.full(count, cost[-1] / count)
    if not len(free) and count > 1:
        return None
    while np.linalg.matrix_rank(fixed) < count and len(free):
        found = _least(inside[free], cost[free], fixed, sides)
        if found is None:
            return None
        shares, least, held = found
        excess = least if excess is None else excess
        fixed, sides = np.vstack([fixed, inside[free[held]]]), np.append(sides, cost[free[held]] + least)
        free = free[~held]
    return Stable(shares * scale, (0.0 if excess is None else excess) * scale)


def _least(inside: Array, cost: Array, fixed: Array, sides: Array) -> tuple[Array, float, Array] | None:
    """The least excess over some coalitions with others fixed, and which reach it at every best point; None if there
    is no least.
    """
    count = inside.shape[1]
    rows = np.column_stack([inside, -np.ones(len(inside))])
    found = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=rows,
        b_ub=cost,
        A_eq=np.column_stack([fixed, np.zeros(len(fixed))]),
        b_eq=sides,
        bounds=(None, None),
    )
    if found.x is None:
        return None
    return found.x[:-1], float(found.x[-1]), found.ineqlin.marginals < -TOLERANCE


def leavers(inside: Array, cost: Array, shares: Array) -> tuple[Array, Array]:
    """Which of some coalitions would pay less alone, and how much, the most first.

    Args:
        inside: membership: rows coalitions, columns players.
        cost: of each coalition; ``nan`` where it has no plan.
        shares: of all together.
    """
    gain = np.where(np.isfinite(cost), inside @ shares - cost, -np.inf)
    least = TOLERANCE * max(1.0, float(np.abs(cost[np.isfinite(cost)]).max()))
    found = np.flatnonzero(gain > least)
    found = found[np.argsort(-gain[found], kind="stable")]
    return found, gain[found]
