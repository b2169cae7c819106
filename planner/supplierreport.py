"""How many subjects supply, and who: rows of the rule report and of the activations."""

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from planner.rulereport import first_periods, rows_of
from planner.solution import Found, Solution, counted


def supplied(solution: Solution) -> Array:
    """What each candidate supplies, what was under way included, in model units."""
    data = solution.network.suppliers
    return counted(solution, data.given, data.shipments, data.sales, data.runs)


def supplying(solution: Solution) -> Array:
    """Whether each candidate supplies anything; one whose switch is off does not, whatever is left by rounding."""
    data = solution.network.suppliers
    on = supplied(solution) > 0
    on[data.switches.project((0, 1, 2, 3, 4, 5), data.candidates)] &= solution.value("suppliers.on") > 0
    return on


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
    """One row a count: limit, actual and what binds; ``t`` is the first period that it holds in."""
    data, rules = solution.network.suppliers, solution.parts.instance.tables["rules"]
    cells, count = data.cells, len(data.cells)
    row = rows_of(solution, cells)
    limit, penalty = (rules[name].to_numpy(dtype=np.float64)[row] for name in ("limit", "penalty"))
    actual = np.bincount(data.of_cell.rows, supplying, count)
    counted = data.counts.project((0, 1, 2, 3, 4), cells)
    excess, price = np.zeros(count), np.zeros(count)
    excess[counted[data.priced_in.rows]] = solution.value("suppliers.excess")
    price[counted] = solution.dual("suppliers.count") * solution.money if len(solution.duals) else 0.0
    t = first_periods(solution, cells.column(1), cells.column(4))
    nothing = np.zeros(count, dtype=np.int64)
    names = ("rule", "from", "material", "market", "period")
    found: Found = dict(zip(names, zip(cells.labels, cells.codes, strict=True), strict=True))
    return found | {
        "kind": (Labels(["max_suppliers"]), nothing),
        "unit": (Labels(["suppliers"]), nothing),
        "limit": limit,
        "actual": actual,
        "slack": limit - actual,
        "quantity": np.bincount(data.of_cell.rows, supplied(solution), count) * solution.mass,
        "base": np.full(count, np.nan),
        "excess": excess,
        "penalty": excess * np.nan_to_num(penalty),
        "shadow_price": price,
        "shadow_price_undiscounted": price / solution.parts.discount[t],
        "binding": (Labels(["no", "yes"]), (actual >= limit).astype(np.int64)),
        "t": t,
    }
