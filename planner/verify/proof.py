r"""Whether the plan keeps every row, and what its shadow prices prove.

For any prices y of the rows, with wrong signs set to 0, no plan costs less than

.. math:: \sum_i y_i b_i + \sum_j \min_{0 \le x_j \le u_j} (c_j - A_j^T y) x_j

which needs nothing of the solver but y (Neumaier and Shcherbina 2004, safe bounds in linear programming). The sums are
taken in floating point and rounded down by what they can be off: n additions of rounded products are within
:math:`\gamma_{n+1} = (n+1)\varepsilon / (1 - (n+1)\varepsilon)` times the sum of their sizes (Higham 2002, Accuracy and
Stability of Numerical Algorithms, section 3.1), whatever the order in which they are added.
"""

import numpy as np

from planner.verify.columns import Tables
from planner.verify.faults import SHOWN, Faults, number
from planner.verify.frames import Flags, Floats, find, stacked, summed
from planner.verify.matrix import NAMES, Matrix, Model
from planner.verify.world import World

TOLERANCE = 1e-6
"""Rows hold to this fraction of what enters them; the bound meets the objective to this fraction."""

ROUNDS = 30
"""Times that limits are passed on along the rows."""

SENTENCES = {
    "balance.node": ("flows", "what leaves is not what enters"),
    "capacity.site": ("sites", "more is sold than the site's capacity"),
    "capacity.route": ("routes", "more is dispatched than the route's capacity"),
    "stockpile.carry": ("stock", "closing stock is not opening stock less loss, plus fill, less release"),
    "stockpile.final": ("stockpiles", "less is left at the end than must be"),
    "stockpile.cover": ("stockpiles", "the stock does not cover the days that it must"),
    "priority.held": ("priorities", "more of the rank stays unmet than was found to be necessary"),
    "concentration.cap": ("rules", "the rule is broken"),
    "origin.bought": ("tagged", "what arrives of an origin is not what was sent of it"),
    "origin.carry": ("tagged", "closing stock of an origin is not opening stock less loss, plus fill, less release"),
    "origin.consumed": ("tagged", "what is taken in of an origin is not what processes use of it"),
    "origin.filling": ("tagged", "what is filled of all origins is not what is filled"),
    "origin.holding": ("tagged", "the stock of all origins is not the stock"),
    "origin.making": ("tagged", "what is made of all origins is not what is made"),
    "origin.node": ("tagged", "more of an origin leaves than comes"),
    "origin.recipe": ("tagged", "more of an origin is made than goes in"),
    "origin.serving": ("tagged", "what serves a demand of all origins is not what serves it"),
    "origin.shipping": ("tagged", "what is sent of all origins is not what is sent"),
    "origin.using": ("tagged", "what is used of all origins is not what is used"),
    "concentration.total": ("rules", "it is not what shares are taken of"),
    "hhi.supplied": ("hhi", "it is not what the subject supplies"),
    "hhi.cap": ("rules", "the rule is broken"),
    "averages.cap": ("rules", "the average is not within the rule's limit"),
    "spend.cap": ("rules", "what is paid is not within the rule's limit"),
    "suppliers.award": ("rules", "it supplies less than the least that a supplier must"),
    "suppliers.count": ("rules", "more or fewer suppliers than the rule allows"),
    "suppliers.link": ("activations", "it supplies, but is not counted as a supplier"),
    "tiers.split": ("tiers", "what is bought in the tiers is not what is sold"),
    "tiers.band": ("tiers", "more is bought in the tier than it holds"),
    "tiers.full": ("tiers", "the tier is reached, but the quantity below it is not"),
    "activation.most": ("activations", "it is used, but not charged for or set up"),
    "activation.link": ("activations", "the route is used, but not charged for"),
    "activation.least": ("activations", "it is used, but less than the least that must be"),
}
"""Table that a row comes from, and what it means to break it."""


EPSILON = 2.0**-52
"""Twice the largest relative error of one rounding, so that the errors of these bounds themselves are covered."""

DUAL = 1e-7
"""Part of the dearest column's cost within which solvers leave reduced costs below 0."""

NEAR = 1e-9
"""Limits are tightened until what they leave open of the bound is this fraction of the objective."""


def floor(model: Model) -> float:
    """The size, in tonnes, below which a difference is rounding: a thousandth of the largest quantity, at least 1 t
    (or that quantity).
    """
    largest = float(np.abs(model.value).max(initial=0.0))
    return largest if largest < 1 else max(1.0, 1e-3 * largest)


def finite(limits: Floats) -> Floats:
    """The size of limits, 0 where there is none."""
    return np.where(np.isfinite(limits), np.abs(limits), 0.0)


def kept(model: Model, matrix: Matrix, faults: Faults) -> None:
    """Every row and every limit holds, to :data:`TOLERANCE` of what enters it."""
    terms = model.coefficient * model.value[model.column]
    activity, size = model.by_row(terms), model.by_row(np.abs(terms))
    size = np.maximum(size, np.maximum(finite(model.low), finite(model.high)))
    allowed = TOLERANCE * np.maximum(size, floor(model))
    below, above = model.low - activity > allowed, activity - model.high > allowed
    for block in matrix.blocks:
        inside = slice(block.start, block.start + len(block.names))
        table, sentence = SENTENCES[block.constraint]
        broken = np.flatnonzero((below | above)[inside])
        for row in broken[:SHOWN].tolist():
            at = block.start + row
            found, stated = float(activity[at]), float((model.low if below[at] else model.high)[at])
            message = f"{sentence}: {number(found)} against {number(stated)} ({block.constraint})"
            names = [name for name in NAMES if name in block.names]
            faults.add(table, faults.describe(block.names, row, names), block.constraint, found, stated, message)
        faults.count(table, block.constraint, max(0, len(broken) - SHOWN))
    within_limits(model, matrix, faults)


def within_limits(model: Model, matrix: Matrix, faults: Faults) -> None:
    """No quantity is negative or above its limit."""
    allowed = TOLERANCE * np.maximum(finite(model.upper), floor(model))
    below, above = model.value < -allowed, model.value - model.upper > allowed
    for column in np.flatnonzero(below | above).tolist():
        family, row = matrix.place(column)
        found, limit = float(model.value[column]), 0.0 if below[column] else float(model.upper[column])
        why = "is negative" if below[column] else f"is above the {number(limit)} that the input allows"
        where = faults.describe(family.frame, row, family.keys)
        faults.add(family.table, where, family.name, found, limit, f"{family.name} of {number(found)} {why}")


def dual_values(world: World, model: Model, matrix: Matrix, found: Tables, faults: Faults) -> Floats:
    """The plan's shadow price of each row; a price of a row that does not exist is a fault."""
    prices, y = found["prices"], np.zeros(len(model.low))
    unknown = np.ones(len(prices), dtype=bool)
    for block in matrix.blocks:
        asked = np.flatnonzero(prices["constraint"] == world.names.code(block.constraint))
        of_block = prices.take(asked)
        at = find(of_block.pick(NAMES), stacked([block.names], NAMES).pick(NAMES))
        y[block.start + at[at >= 0]] = of_block["shadow_price"][at >= 0]
        unknown[asked[at >= 0]] = False
    faults.refuse("prices", prices.take(unknown), ("constraint", *NAMES), "constraint", "the model has no such row")
    return y


def signed(model: Model, y: Floats) -> Floats:
    """Prices with the sign that their row allows: positive only where there is a lower limit, negative only where
    there is an upper one.
    """
    return np.where((y > 0) & ~np.isfinite(model.low) | (y < 0) & ~np.isfinite(model.high), 0.0, y)


def reduced_costs(model: Model, y: Floats) -> Floats:
    """Least that c − Aᵀy can be for each column, whatever the roundings."""
    terms = model.coefficient * y[model.row]
    count = np.bincount(model.column, minlength=len(model.cost)) + 2
    size = np.abs(model.cost) + model.by_column(np.abs(terms))
    least: Floats = model.cost - model.by_column(terms) - EPSILON * count * size
    return least


def dual_bound(model: Model, y: Floats, constant: float) -> float:
    """The least cost that the prices prove, with the charges of what is switched on as ``constant``."""
    y = signed(model, y)
    right = y * np.where(y > 0, model.low, np.where(y < 0, model.high, 0.0))
    least = reduced_costs(model, y)
    gain = least < 0
    spent = least[gain] * implied_limits(model, constant, gain, least)[gain]
    size = abs(constant) + float(np.abs(right).sum()) - float(spent.sum())
    rounding = EPSILON * (len(right) + len(spent) + 3) * size
    return constant + float(right.sum()) + float(spent.sum()) - rounding


def implied_limits(model: Model, constant: float, gain: Flags, least: Floats) -> Floats:
    """An upper limit of each column that no optimal plan passes: its own; what it can cost, given a plan of this cost;
    and what the rows leave for it, given the limits of the others, passed on until those of the ``gain`` columns, at
    their ``least`` reduced costs, leave nothing open. Where none exists, a thousand times the largest quantity of the
    plan.
    """
    upper = model.upper.copy()
    objective = float(model.cost @ model.value) + constant
    gains = model.cost < 0
    if np.isfinite(upper[gains]).all():
        room = objective - constant - float(model.cost[gains] @ upper[gains])
        room = max(room, 0.0) * (1 + TOLERANCE)
        dear = model.cost > 0
        upper[dear] = np.minimum(upper[dear], room / model.cost[dear])
    for _ in range(ROUNDS):
        if -float(least[gain] @ upper[gain]) <= NEAR * abs(objective):
            break
        before = upper
        upper = passed_on(model, upper, model.coefficient, model.high)
        upper = passed_on(model, upper, -model.coefficient, -model.low)
        if np.array_equal(before, upper):
            break
    return np.where(np.isfinite(upper), upper, 1e3 * max(floor(model), float(model.value.max(initial=0.0))))


def passed_on(model: Model, upper: Floats, coefficient: Floats, limit: Floats) -> Floats:
    """Limits that follow from Σ coefficient × column ≤ limit: a positive entry can take what the limit and the largest
    negative entries together allow; rounded up.
    """
    negative = np.flatnonzero(coefficient < 0)
    reach = summed(model.row[negative], -coefficient[negative] * upper[model.column[negative]], len(limit))
    room = np.maximum(limit + reach, 0.0) + NEAR * (finite(limit) + finite(reach))
    takes = np.flatnonzero((coefficient > 0) & np.isfinite(room[model.row]))
    found = upper.copy()
    np.minimum.at(found, model.column[takes], room[model.row[takes]] / coefficient[takes])
    return found


def unpriced(model: Model, matrix: Matrix, y: Floats, pieced: bool, faults: Faults) -> None:
    """No column below its limit has a reduced cost below 0: the shadow prices are those of the plan, not only such that
    their bound holds because something else keeps the column at nothing. A price that may as well be 0 is no fault.

    Args:
        pieced: whether the prices are those of tangents, whose plan may lie elsewhere: then only columns without a
            limit are told of.
    """
    terms = model.coefficient * y[model.row]
    size = np.abs(model.cost) + model.by_column(np.abs(terms))
    allowed = TOLERANCE * size + DUAL * float(np.abs(model.cost).max(initial=0.0))
    least = model.cost - model.by_column(terms)
    room = np.isinf(model.upper) if pieced else model.upper - model.value > TOLERANCE * floor(model)
    wrong = np.flatnonzero((least < -allowed) & room)
    for column in wrong[:SHOWN].tolist():
        family, row = matrix.place(column)
        where = faults.describe(family.frame, row, family.keys)
        saved = number(-float(least[column]))
        message = (
            f"at the shadow prices one more unit of {family.name} there would save {saved}: a price is missing or wrong"
        )
        faults.add("prices", f"{family.table} {where}", "shadow_price", float(least[column]), 0.0, message)
    faults.count("prices", "shadow_price", max(0, len(wrong) - SHOWN))


def priced(
    world: World,
    model: Model,
    matrix: Matrix,
    found: Tables,
    constant: float,
    objective: float,
    promised: float,
    faults: Faults,
) -> float:
    """The bound that the plan's shadow prices prove; a fault if it does not reach what is promised: the objective, or
    where squares are met piece by piece, the plan's own bound.
    """
    y = dual_values(world, model, matrix, found, faults)
    bound = dual_bound(model, y, constant)
    unpriced(model, matrix, signed(model, y), promised < objective, faults)
    size = max(abs(objective), float(np.abs(model.cost) @ np.abs(model.value)), 1e-9)
    if not (objective >= bound - TOLERANCE * size and bound >= min(promised, objective) - TOLERANCE * size):
        faults.add(
            "prices", "", "shadow_price", bound, objective,
            f"the shadow prices prove a least cost of {number(bound)}, not the objective of {number(objective)}: "
            "they are not those of this plan, or the plan is not optimal",
        )  # fmt: skip
    return bound
