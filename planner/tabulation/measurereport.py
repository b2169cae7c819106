"""Averages and spend against what the plan does: rows of the rule report."""

import numpy as np

from mineral_sourcing.arrays import Array, Index, Labels
from planner.tabulation.rulereport import EMPTY, by_name, first_periods, rows_of
from planner.tabulation.solution import NOTHING, Found, Solution, counted


def average_report(solution: Solution) -> Found:
    """One row an average: quantity is Σ value × tonnes, base the tonnes, actual their ratio."""
    data, mass = solution.network.averages, solution.mass
    base = counted(solution, data.given, data.shipments, data.sales, data.runs)
    quantity = _activity(solution, "averages") + data.limit.array * (base - data.given.array) + data.given_value.array
    empty = base <= EMPTY
    actual = np.divide(quantity, base, out=np.zeros(len(base)), where=~empty)
    limit = data.limit.array
    found = {
        "unit": (data.attribute.of.labels[0], data.attribute.members),
        "limit": limit,
        "actual": actual,
        "slack": np.where(empty & (data.sign.array < 0), 0.0, data.sign.array * (limit - actual)),
        "quantity": quantity * mass,
        "base": base * mass,
    }
    return _report(solution, "averages", data.caps, found, mass, solution.price, solution.parts.price * solution.price)


def spend_report(solution: Solution) -> Found:
    """One row a sum of money: quantity and actual are what is paid, undiscounted."""
    data, money = solution.network.spend, solution.money
    paid = (_activity(solution, "spend") + data.given.array) * money
    limit = data.limit.array * money
    found = {
        "unit": (Labels([solution.parts.instance.header.currency]), np.zeros(len(paid), dtype=np.int64)),
        "limit": limit,
        "actual": paid,
        "slack": data.sign.array * (limit - paid),
        "quantity": paid,
        "base": np.full(len(paid), np.nan),
    }
    return _report(solution, "spend", data.caps, found, money, 1.0, 1.0)


def _activity(solution: Solution, family: str) -> Array:
    """What each row of a family holds against its limit, in model units."""
    rows, values = solution.matrix.row_span(f"{family}.cap").slice, solution.values
    activity = solution.matrix.entries[rows] @ np.where(np.abs(values) > NOTHING, values, 0.0)
    sign = getattr(solution.network, family).sign.array
    return np.asarray(sign * (activity + solution.value(f"{family}.excess")))


def _report(
    solution: Solution, family: str, caps: Index, found: Found, size: float, price: float, penalty: float
) -> Found:
    """The columns that averages and spend have in common.

    Args:
        size: what a model unit of excess is.
        price: what a model unit of a shadow price is.
        penalty: what a penalty of 1 in the table costs per unit of excess.
    """
    rules, row = solution.parts.instance.tables["rules"], rows_of(solution, caps)
    kind = rules["kind"].to_numpy(dtype=object)[row]
    kinds = Labels(sorted(set(kind)))
    excess = solution.value(f"{family}.excess") * size
    dual = solution.dual(f"{family}.cap") * price
    t = first_periods(solution, caps.column(1), caps.column(5))
    names = ("rule", "from", "subject", "material", "market", "period")
    named: Found = dict(zip(names, zip(caps.labels, caps.codes, strict=True), strict=True))
    found = {
        **named,
        **found,
        "kind": (kinds, np.array([kinds.code[name] for name in kind], dtype=np.int64)),
        "excess": excess,
        "penalty": excess * penalty * np.nan_to_num(rules["penalty"].to_numpy(dtype=np.float64)[row]),
        "shadow_price": dual,
        "shadow_price_undiscounted": dual / solution.parts.discount[t],
        "binding": (Labels(["no", "yes"]), (dual != 0).astype(np.int64)),
        "t": t,
    }
    order = by_name(caps)
    return {name: (of[0], of[1][order]) if isinstance(of, tuple) else of[order] for name, of in found.items()}
