"""How many subjects supply, who, and how much at least: rows of the rule report and of the activations."""

import numpy as np

from mineral_sourcing.arrays import Array, Index, Labels
from planner.tabulation.rulereport import EMPTY, first_periods, rows_of
from planner.tabulation.solution import Found, Solution, counted, stacked

ENOUGH = 1 + 1e-6
"""Times the smallest award from which a subject supplies enough to count whatever its switch says."""


def supplied(solution: Solution) -> Array:
    """What each candidate supplies, what was under way included, in model units."""
    data = solution.network.suppliers
    return counted(solution, data.given, data.shipments, data.sales, data.runs)


def supplying(solution: Solution) -> Array:
    """Whether each candidate supplies anything, or enough where a switch counts that; one whose switch is off does not,
    whatever is left by rounding.
    """
    data = solution.network.suppliers
    quantity = supplied(solution)
    on, asked, switch = quantity > 0, data.switch_of.rows, data.switch_of.members
    on[asked] &= solution.value("suppliers.on")[switch] > 0
    loose = asked[data.loose.array[switch] > 0]
    enough = np.full(len(on), np.inf)
    enough[_of_award(solution)] = data.least.array * ENOUGH
    on[loose] |= quantity[loose] >= enough[loose]
    return on


def _of_award(solution: Solution) -> Array:
    """The candidate of each award."""
    data = solution.network.suppliers
    return data.awards.project((0, 1, 2, 3, 4, 5), data.candidates)


def used_suppliers(solution: Solution, supplying: Array) -> Found:
    """Who supplies, for the activations."""
    index = solution.network.suppliers.candidates
    at = np.flatnonzero(supplying)
    names = ("rule", "from", "subject", "material", "market", "period")
    columns = zip(names, index.labels, (codes[at] for codes in index.codes), strict=True)
    nothing = np.zeros(len(at))
    return {
        "kind": (Labels(["supplier"]), nothing.astype(np.int64)),
        **{name: (labels, codes) for name, labels, codes in columns},
        "used": np.ones(len(at)),
        "cost": nothing,
        "t": nothing.astype(np.int64),
    }


def supplier_report(solution: Solution, supplying: Array) -> Found:
    """One row a count and one row an award; ``t`` is the first period that it holds in."""
    return stacked(_counts(solution, supplying), _awards(solution, supplying))


def _of_table(solution: Solution, index: Index) -> tuple[Array, Array, Array]:
    """The row of the table that each key (rule, from, …) stands for, its limit and its penalty."""
    rules, row = solution.parts.instance.tables["rules"], rows_of(solution, index)
    limit, penalty = (rules[name].to_numpy(dtype=np.float64)[row] for name in ("limit", "penalty"))
    return row, limit, np.nan_to_num(penalty)


def _told(names: Array) -> tuple[Labels, Array]:
    """Texts as labels and codes."""
    known, codes = np.unique(names.astype(str), return_inverse=True)
    return Labels(known.tolist()), codes.ravel()


def _counts(solution: Solution, supplying: Array) -> Found:
    data = solution.network.suppliers
    cells, count = data.cells, len(data.cells)
    row, limit, penalty = _of_table(solution, cells)
    kind = solution.parts.instance.tables["rules"]["kind"].to_numpy(dtype=object)[row]
    least = kind == "min_suppliers"
    counting, cell = data.of_cell.members, data.of_cell.rows
    actual = np.bincount(cell, supplying[counting], count)
    counted = data.counts.project((0, 1, 2, 3, 4), cells)
    excess, price = np.zeros(count), np.zeros(count)
    excess[counted[data.priced_in.rows]] = solution.value("suppliers.excess")
    price[counted] = solution.dual("suppliers.count") * solution.money
    slack = np.where(least, actual - limit, limit - actual)
    return {
        **_named(solution, cells, (0, 1, 2, 3, 4), ("rule", "from", "material", "market", "period"), price),
        "kind": _told(kind),
        "unit": (Labels(["suppliers"]), np.zeros(count, dtype=np.int64)),
        "limit": limit,
        "actual": actual,
        "slack": slack,
        "quantity": np.bincount(cell, supplied(solution)[counting], count) * solution.mass,
        "base": np.full(count, np.nan),
        "excess": excess,
        "penalty": excess * penalty,
        "binding": (Labels(["no", "yes"]), (slack <= 0).astype(np.int64)),
    }


def _awards(solution: Solution, supplying: Array) -> Found:
    """Awards of rules; one of a subject that supplies nothing is kept whatever it is."""
    data, parts = solution.network.suppliers, solution.parts
    at = np.flatnonzero(data.told.array > 0)
    awards, candidate = data.awards.take(at), _of_award(solution)[at]
    row, limit, penalty = _of_table(solution, awards)
    share = solution.parts.instance.tables["rules"]["base"].to_numpy(dtype=object)[row] != ""
    quantity, base = supplied(solution)[candidate], data.award_base.array.copy()
    base[data.base_of.rows] = solution.value("concentration.base")[data.base_of.members]
    base = base[at]
    empty = share & (base <= EMPTY)
    with np.errstate(divide="ignore", invalid="ignore"):
        actual = np.where(share, np.where(empty, 0.0, quantity / base), quantity * solution.mass)
    limit = limit * np.where(share, 1.0, parts.mass * solution.mass)
    short, price = np.zeros(len(data.awards)), np.zeros(len(data.awards))
    short[data.short_in.rows] = solution.value("suppliers.short") * solution.mass
    price = solution.dual("suppliers.award")[at] * solution.price
    names = ("rule", "from", "subject", "material", "market", "period")
    return {
        **_named(solution, awards, (0, 1, 2, 3, 4, 5), names, price),
        "kind": (Labels(["min_award"]), np.zeros(len(at), dtype=np.int64)),
        "unit": (Labels(["share", "t"]), np.where(share, 0, 1)),
        "limit": limit,
        "actual": actual,
        "slack": np.where(supplying[candidate] & ~empty, actual - limit, 0.0),
        "quantity": quantity * solution.mass,
        "base": np.where(share, base * solution.mass, np.nan),
        "excess": short[at],
        "penalty": short[at] * penalty * parts.price * solution.price,
        "binding": (Labels(["no", "yes"]), (price != 0).astype(np.int64)),
    }


def _named(
    solution: Solution, index: Index, dimensions: tuple[int, ...], names: tuple[str, ...], price: Array
) -> Found:
    """Names and shadow prices of rows; the period is the last dimension."""
    t = first_periods(solution, index.column(1), index.column(len(dimensions) - 1))
    columns = ((index.labels[at], index.codes[at]) for at in dimensions)
    return {
        **dict(zip(names, columns, strict=True)),
        "shadow_price": price,
        "shadow_price_undiscounted": price / solution.parts.discount[t],
        "t": t,
    }
