r"""Whether the plan keeps every row, and what its shadow prices prove.

For any prices y of the rows, with wrong signs set to 0, no plan costs less than

.. math:: \sum_i y_i b_i + \sum_j \min_{0 \le x_j \le u_j} (c_j - A_j^T y) x_j

which needs nothing of the solver but y (Neumaier and Shcherbina 2004, safe bounds in linear programming).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.verify.faults import Faults, describe, number, refuse
from planner.verify.matrix import NAMES, Matrix

Array = npt.NDArray[np.float64]

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
    "activation.most": ("activations", "it is used, but not charged for or set up"),
    "activation.link": ("activations", "the route is used, but not charged for"),
    "activation.least": ("activations", "it is used, but less than the least that must be"),
}
"""Table that a row comes from, and what it means to break it."""


@dataclass(frozen=True)
class Model:
    """The matrix as arrays."""

    columns: pd.DataFrame
    rows: pd.DataFrame
    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    coefficient: Array
    value: Array
    upper: Array
    cost: Array

    @classmethod
    def of(cls, matrix: Matrix) -> "Model":
        """All columns, rows and entries."""
        columns, rows, entries = matrix.frames()
        return cls(
            columns,
            rows,
            entries["row"].to_numpy(),
            entries["column"].to_numpy(),
            entries["coefficient"].to_numpy(dtype=float),
            columns["value"].to_numpy(dtype=float),
            columns["upper"].to_numpy(dtype=float),
            columns["cost"].to_numpy(dtype=float),
        )

    def by_row(self, values: Array) -> Array:
        """Sum over the entries of each row."""
        return np.bincount(self.row, weights=values, minlength=len(self.rows)).astype(float)

    def by_column(self, values: Array) -> Array:
        """Sum over the entries of each column."""
        return np.bincount(self.column, weights=values, minlength=len(self.columns)).astype(float)


def floor(model: Model) -> float:
    """The size, in tonnes, below which a difference is rounding: a thousandth of the largest quantity, at least 1 t
    (or that quantity).
    """
    largest = float(np.abs(model.value).max(initial=0.0))
    return largest if largest < 1 else max(1.0, 1e-3 * largest)


def kept(model: Model, matrix: Matrix, faults: Faults) -> None:
    """Every row and every limit holds, to :data:`TOLERANCE` of what enters it."""
    terms = model.coefficient * model.value[model.column]
    activity, size = model.by_row(terms), model.by_row(np.abs(terms))
    lower, upper = (model.rows[name].to_numpy(dtype=float) for name in ("lower", "upper"))
    for limit in (lower, upper):
        size = np.maximum(size, np.where(np.isfinite(limit), np.abs(limit), 0.0))
    allowed = TOLERANCE * np.maximum(size, floor(model))
    below, above = lower - activity > allowed, activity - upper > allowed
    broken = model.rows.assign(activity=activity, limit=np.where(below, lower, upper))[below | above]
    for _, row in broken.iterrows():
        table, sentence = SENTENCES[str(row["constraint"])]
        found, stated = float(row["activity"]), float(row["limit"])
        message = f"{sentence}: {number(found)} against {number(stated)} ({row['constraint']})"
        faults.add(table, describe(row, NAMES[1:]), str(row["constraint"]), found, stated, message)
    within_limits(model, matrix, faults)


def within_limits(model: Model, matrix: Matrix, faults: Faults) -> None:
    """No quantity is negative or above its limit."""
    allowed = TOLERANCE * np.maximum(np.where(np.isfinite(model.upper), np.abs(model.upper), 0.0), floor(model))
    below, above = model.value < -allowed, model.value - model.upper > allowed
    for column in np.flatnonzero(below | above):
        table, name, keys, cells = matrix.place(int(column))
        found, limit = float(model.value[column]), 0.0 if below[column] else float(model.upper[column])
        why = "is negative" if below[column] else f"is above the {number(limit)} that the input allows"
        faults.add(table, describe(cells, keys), name, found, limit, f"{name} of {number(found)} {why}")


def dual_values(model: Model, prices: pd.DataFrame, faults: Faults) -> Array:
    """The plan's shadow price of each row; a price of a row that does not exist is a fault."""
    named = model.rows[["row", *NAMES]].drop_duplicates(NAMES)
    both = prices[[*NAMES, "shadow_price"]].merge(named, on=NAMES, how="left")
    refuse(faults, "prices", both[both["row"].isna()], NAMES, "constraint", "the model has no such row")
    known = both[both["row"].notna()]
    y = np.zeros(len(model.rows))
    y[known["row"].to_numpy(dtype=int)] = known["shadow_price"].to_numpy(dtype=float)
    return y


def signed(model: Model, y: Array) -> Array:
    """Prices with the sign that their row allows: positive only where there is a lower limit, negative only where
    there is an upper one.
    """
    lower, upper = (model.rows[name].to_numpy(dtype=float) for name in ("lower", "upper"))
    return np.where((y > 0) & ~np.isfinite(lower) | (y < 0) & ~np.isfinite(upper), 0.0, y)


def implied_limits(model: Model, constant: float) -> Array:
    """An upper limit of each column that no optimal plan passes: its own; what it can cost, given a plan of this cost;
    and what the rows leave for it, given the limits of the others. Where none exists, a thousand times the largest
    quantity of the plan.
    """
    upper = model.upper.copy()
    objective = float(model.cost @ model.value) + constant
    gains = np.where(model.cost < 0, model.cost, 0.0)
    if np.isfinite(upper[gains < 0]).all():
        room = objective - constant - float(gains[gains < 0] @ upper[gains < 0])
        dear = model.cost > 0
        upper[dear] = np.minimum(upper[dear], max(room, 0.0) / model.cost[dear])
    lower_row, upper_row = (model.rows[name].to_numpy(dtype=float) for name in ("lower", "upper"))
    for _ in range(ROUNDS):
        before = upper.copy()
        upper = passed_on(model, upper, model.coefficient, upper_row)
        upper = passed_on(model, upper, -model.coefficient, -lower_row)
        if np.array_equal(before, upper):
            break
    return np.where(np.isfinite(upper), upper, 1e3 * max(floor(model), float(model.value.max(initial=0.0))))


def passed_on(model: Model, upper: Array, coefficient: Array, limit: Array) -> Array:
    """Limits that follow from Σ coefficient × column ≤ limit: a positive entry can take what the limit and the largest
    negative entries together allow.
    """
    negative = coefficient < 0
    reach = np.where(negative, -coefficient * np.where(negative, upper[model.column], 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        room = limit + model.by_row(reach)
    takes = (coefficient > 0) & np.isfinite(room[model.row])
    found = upper.copy()
    np.minimum.at(found, model.column[takes], np.maximum(room[model.row[takes]], 0.0) / coefficient[takes])
    return found


def dual_bound(model: Model, y: Array, constant: float) -> float:
    """The least cost that the prices prove, with the charges of what is switched on as ``constant``."""
    y = signed(model, y)
    lower, upper = (model.rows[name].to_numpy(dtype=float) for name in ("lower", "upper"))
    right = np.where(y > 0, lower, np.where(y < 0, upper, 0.0))
    reduced = model.cost - model.by_column(model.coefficient * y[model.row])
    gain = reduced < 0
    limits = implied_limits(model, constant)
    return constant + float(y @ right) + float(reduced[gain] @ limits[gain])


def priced(model: Model, found: pd.DataFrame, constant: float, objective: float, faults: Faults) -> float:
    """The bound that the plan's shadow prices prove; a fault if it does not reach the objective."""
    bound = dual_bound(model, dual_values(model, found, faults), constant)
    size = max(abs(objective), float(np.abs(model.cost) @ np.abs(model.value)), 1e-9)
    if not abs(objective - bound) <= TOLERANCE * size:
        faults.add(
            "prices", "", "shadow_price", bound, objective,
            f"the shadow prices prove a least cost of {number(bound)}, not the objective of {number(objective)}: "
            "they are not those of this plan, or the plan is not optimal",
        )  # fmt: skip
    return bound
