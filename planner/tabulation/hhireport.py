"""The HHI that a plan has under each rule, and who makes it up: rows of the rule report and of the plan's ``hhi``."""

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from planner.tabulation.rulereport import EMPTY, first_periods
from planner.tabulation.solution import Found, Solution, counted


def _shares(solution: Solution) -> tuple[Array, Array, Array]:
    """Quantity and share of each subject, and the total of each cell; model units."""
    data = solution.network.hhi
    quantity = counted(solution, data.given, data.shipments, data.sales, data.runs, data.tagged)
    total = solution.value("concentration.base")[data.total_of.members]
    of_subject = total[data.of_cell.rows]
    share = np.where(of_subject > EMPTY, quantity / np.where(of_subject > EMPTY, of_subject, 1.0), 0.0)
    return quantity, share, total


def hhi_report(solution: Solution) -> Found:
    """One row a cell: limit, actual, slack and shadow price; ``t`` is the first period that it holds in."""
    data, rules, parts = solution.network.hhi, solution.parts.instance.tables["rules"], solution.parts
    cells, count = data.cells, len(data.cells)
    number = {pair: at for at, pair in enumerate(zip(rules["rule"], rules["from"], strict=True))}
    row = np.array([number[pair] for pair in zip(cells.column(0), cells.column(1), strict=True)], dtype=np.int64)
    limit, penalty = (rules[name].to_numpy(dtype=np.float64)[row] for name in ("limit", "penalty"))
    quantity, share, total = _shares(solution)
    cell = data.of_cell.rows
    actual = np.bincount(cell, share**2, count)
    excess = np.where(np.isnan(penalty), 0.0, np.maximum((actual - limit) * np.maximum(total, 0.0), 0.0))
    price = solution.dual("hhi.cap") * solution.price
    t = first_periods(solution, cells.column(1), cells.column(4))
    nothing = np.zeros(count, dtype=np.int64)
    names = ("rule", "from", "material", "market", "period")
    found: Found = dict(zip(names, zip(cells.labels, cells.codes, strict=True), strict=True))
    return found | {
        "kind": (Labels(["max_hhi"]), nothing),
        "unit": (Labels(["hhi"]), nothing),
        "limit": limit,
        "actual": actual,
        "slack": limit - actual,
        "quantity": np.bincount(cell, quantity, count) * solution.mass,
        "base": total * solution.mass,
        "excess": excess * solution.mass,
        "penalty": excess * np.nan_to_num(penalty) * parts.price * solution.money,
        "shadow_price": price,
        "shadow_price_undiscounted": price / parts.discount[t],
        "binding": (Labels(["no", "yes"]), (price != 0).astype(np.int64)),
        "t": t,
    }


def hhi_parts(solution: Solution) -> Found:
    """One row a subject: quantity, share, and the HHI and effective number of sources of its cell."""
    data = solution.network.hhi
    quantity, share, _ = _shares(solution)
    cell = data.of_cell.rows
    hhi = np.bincount(cell, share**2, len(data.cells))[cell]
    names = ("rule", "from", "subject", "material", "market", "period")
    found: Found = dict(zip(names, zip(data.subjects.labels, data.subjects.codes, strict=True), strict=True))
    return found | {
        "quantity": quantity * solution.mass,
        "share": share,
        "hhi": hhi,
        "sources": np.where(hhi > 0, 1.0 / np.where(hhi > 0, hhi, 1.0), 0.0),
        "t": np.zeros(len(share), dtype=np.int64),
    }
