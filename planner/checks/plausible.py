"""Checks of size: values that lie far out of what their neighbours, or the trade, make plausible. Warnings all."""

from functools import partial
from itertools import islice

import numpy as np

from mineral_sourcing.arrays import Array
from planner.codes import Ints
from planner.findings import MOST_AT_ONCE, Findings, written
from planner.instance import Instance

FAR = 1000.0
"""A value this many times its neighbours' median, or its inverse, is far out."""

FEWEST = 3
"""How many positive values a median needs."""

NEIGHBOURS = (
    ("offers", "price", "material"),
    ("offers", "capacity", "material"),
    ("lanes", "freight", "material"),
    ("lanes", "customs_value", "material"),
    ("demands", "quantity", "material"),
    ("stockpiles", "initial", "material"),
    ("stockpiles", "holding_cost", "material"),
    ("freight", "freight", ""),
    ("processes", "cost", ""),
    ("priorities", "unmet_cost", ""),
)
"""Table, column, and what its rows share with those that they are compared with."""

LIMITS = (
    ("duties", "duty", 2.0, "is above 200 % of the customs value; is it a fraction?"),
    ("lanes", "duty", 2.0, "is above 200 % of the customs value; is it a fraction?"),
    ("lanes", "loss", 0.5, "loses more than half on the way"),
    ("freight", "loss", 0.5, "loses more than half on the way"),
    ("stockpiles", "loss", 0.5, "loses more than half in a year"),
    ("stockpiles", "cover_days", 1095.0, "is more than three years of consumption"),
)
"""Table, column, and the value above which a cell is hard to believe."""

HIGHEST_DISCOUNT = 0.3


def far_from_neighbours(instance: Instance, found: Findings) -> None:
    """A value more than a thousand times the median of its column (of the same material), or below a thousandth."""
    for table, column, shared in NEIGHBOURS:
        values = instance.codes[table, column]
        filled = np.flatnonzero(values > 0)
        if len(filled) < FEWEST:
            continue
        values = values[filled]
        group = instance.codes[table, shared][filled] if shared else np.zeros(len(filled), dtype=np.int64)
        median, count = medians(group, values)
        far = (values > FAR * median) | (values < median / FAR)
        out = np.flatnonzero(far & (count >= FEWEST))
        lines = instance.tables[table].index[filled[out]]
        triples = zip(lines, values[out].tolist(), median[out].tolist(), strict=True)
        listed = ((int(line), value, _far(f"{table}.{column}", value, usual)) for line, value, usual in triples)
        found.several(table, column, list(islice(listed, MOST_AT_ONCE)), len(out), warning=True)


def medians(group: Ints, values: Array) -> tuple[Array, Ints]:
    """Median and number of the values in the group of each value."""
    order = np.lexsort((values, group))
    count = np.bincount(group)
    start = np.cumsum(count) - count
    low, high = (
        order[np.minimum(start + step, len(order) - 1)] for step in (np.maximum(count - 1, 0) // 2, count // 2)
    )
    middle: Array = (values[low] + values[high]) / 2
    return middle[group], count[group]


def _far(where: str, value: float, usual: float) -> str:
    way = "above" if value > usual else "below"
    return f"'{written(value)}' is far {way} the usual {usual:,.6g} of {where}; is the unit right?"


def hard_to_believe(instance: Instance, found: Findings) -> None:
    """Fractions and days beyond what the trade knows."""
    for table, column, most, told in LIMITS:
        wrong = instance.codes[table, column] > most
        found.rows(table, instance.tables[table], wrong, column, partial(_with_value, told), warning=True)
    rate = instance.header.discount_rate
    if rate > HIGHEST_DISCOUNT:
        told = f"'{written(rate)}' is a discount of {rate:.0%} a year; 0.05 is 5 %"
        found.warn("instance", None, "discount_rate", rate, told)


def _with_value(told: str, value: float) -> str:
    return f"'{written(value)}' {told}"


def no_demand(instance: Instance, found: Findings) -> None:
    """An instance without demand has nothing to plan."""
    if instance.tables["demands"].empty:
        found.warn("demands", None, "", "", "there are no demands: nothing needs to be bought")
