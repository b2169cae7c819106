r"""What a reduced cost is made of: price, freight, duty, what inputs are worth, and the rules.

The first tonne of an unused supplier takes a way: a sale or a run at its site, then a lane. Its reduced cost is

.. math:: \sum_{j} w_j \Big( c_j - \sum_i y_i a_{ij} \Big)

over the columns j of the way, :math:`w_j` per tonne dispatched. Every term has a name: a cost is price, freight, duty
or toll; a balance row is what a material is worth there; any other row is the rule or capacity that it belongs to.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.analysis.supply import Supply
from planner.solving.stages import Solved

RULES = frozenset({"concentration", "averages", "spend", "hhi", "suppliers"})
"""Families whose rows begin with the name of a rule."""

COLUMNS = ["part", "name", "amount"]


def reasons(supply: Supply, solved: Solved) -> pd.DataFrame:
    """Why the cheapest way of a tonne does not pay: ``part``, ``name``, ``amount`` (currency of the period a tonne).

    Parts: price, toll, freight, duty; input (what goes into a run); rule; limit (capacities, stocks, promises); worth
    (what a tonne saves where it arrives, below 0). They add up to the reduced cost of the way. Empty without duals.
    """
    if not len(solved.row_duals):
        return pd.DataFrame(columns=COLUMNS)
    kept = supply.kept
    matrix, network = kept.matrix, kept.assembled.network
    reduced = matrix.cost - matrix.by_column.T @ solved.row_duals
    start, nodes = matrix.column_span("flow.ship").start, matrix.row_span("balance.node")
    best: tuple[float, int, tuple[tuple[int, float], ...]] | None = None
    for at in supply.at.tolist():
        origin, _, material, period = network.flow.shipments[at]
        node = nodes.start + network.balance.nodes.position[origin, material, period]
        discount = float(network.discount.array[network.flow.shipments.codes[3][at]])
        for column, entry in _sources(supply, node):
            way = ((start + at, 1.0), (column, 1.0 / entry))
            total = sum(weight * reduced[j] for j, weight in way) / discount
            if best is None or total < best[0]:
                best = total, node, way
    if best is None:
        return pd.DataFrame(columns=COLUMNS)
    return _parts(supply, solved.row_duals, best[2], best[1])


def _sources(supply: Supply, node: int) -> Iterator[tuple[int, float]]:
    """Columns that bring a material into a balance without a lane: a sale, or a run and its output per activity."""
    matrix = supply.kept.matrix
    row = matrix.entries[[node], :].tocoo()
    for column, entry in zip(row.coords[1].tolist(), row.data.tolist(), strict=True):
        if entry > 0 and matrix.column_name(column)[0] in ("flow.sold", "processing.activity"):
            yield column, entry


def _parts(supply: Supply, duals: Array, way: tuple[tuple[int, float], ...], node: int) -> pd.DataFrame:
    matrix, network = supply.kept.matrix, supply.kept.assembled.network
    period = network.flow.shipments.codes[3][way[0][0] - matrix.column_span("flow.ship").start]
    unit = supply.money / supply.mass / float(network.discount.array[period])
    found: dict[tuple[str, str], float] = {}
    for column, weight in way:
        named, columns = matrix.column_name(column), matrix.by_column
        for part, name, amount in _cost(supply, column, named):
            found[part, name] = found.get((part, name), 0.0) + weight * amount * unit
        for at in range(columns.indptr[column], columns.indptr[column + 1]):
            row, entry = int(columns.indices[at]), float(columns.data[at])
            if row == node or duals[row] == 0:
                continue
            key = _row(*matrix.row_name(row), bought=named[0] == "flow.ship")
            found[key] = found.get(key, 0.0) - weight * entry * float(duals[row]) * unit
    rows = [(part, name, amount) for (part, name), amount in found.items() if abs(amount) > 1e-9]
    return pd.DataFrame(rows, columns=COLUMNS)


def _cost(supply: Supply, column: int, named: tuple[str, Any]) -> Iterator[tuple[str, str, float]]:
    """What a column costs, by kind; discounted model units."""
    matrix, network = supply.kept.matrix, supply.kept.assembled.network
    if named[0] != "flow.ship":
        kind = "price" if named[0] == "flow.sold" else "toll"
        yield kind, f"{named[1][0]}", float(matrix.cost[column])
        return
    at = column - matrix.column_span("flow.ship").start
    discount = float(network.discount.array[network.flow.shipments.codes[3][at]])
    duty = discount * float(np.broadcast_to(network.flow.duty.array, len(network.flow.shipments))[at])
    way = f"{named[1][0]} → {named[1][1]}"
    yield "freight", way, float(matrix.cost[column]) - duty
    yield "duty", way, duty


def _row(name: str, key: Any, *, bought: bool) -> tuple[str, str]:
    """Part and name of what a row's dual adds."""
    family = name.partition(".")[0]
    names = key if isinstance(key, tuple) else (key,)
    if name == "balance.node":
        return ("worth" if bought else "input"), f"{names[1]} at {names[0]}"
    if family in RULES:
        return "rule", str(names[0])
    told = ", ".join(str(part) for part in names if part is not None and not isinstance(part, int | np.integer))
    return "limit", f"{name} {told}".strip()
