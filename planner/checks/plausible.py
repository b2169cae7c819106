"""Checks of size: values that lie far out of what their neighbours, or the trade, make plausible. Warnings all."""

from functools import partial
from itertools import islice

import pandas as pd

from planner.findings import MOST_AT_ONCE, Findings, written
from planner.instance import Instance

FAR = 1000.0
"""A value this many times its neighbours' median, or its inverse, is far out."""

FEWEST = 3
"""How many positive values a median needs."""

NEIGHBOURS = (
    ("offers", "price", ("material",)),
    ("offers", "capacity", ("material",)),
    ("lanes", "freight", ("material",)),
    ("lanes", "customs_value", ("material",)),
    ("demands", "quantity", ("material",)),
    ("stockpiles", "initial", ("material",)),
    ("stockpiles", "holding_cost", ("material",)),
    ("freight", "freight", ()),
    ("processes", "cost", ()),
    ("priorities", "unmet_cost", ()),
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
        rows = instance.tables[table]
        filled = rows.loc[rows[column] > 0]
        if len(filled) < FEWEST:
            continue
        if shared:
            groups = filled.groupby(list(shared), sort=False)[column]
            median, count = groups.transform("median"), groups.transform("size")
        else:
            median = pd.Series(filled[column].median(), index=filled.index)
            count = pd.Series(len(filled), index=filled.index)
        far = (filled[column] > FAR * median) | (filled[column] < median / FAR)
        out = filled.loc[far & (count >= FEWEST)]
        triples = zip(out.index, out[column].tolist(), median.loc[out.index].tolist(), strict=True)
        listed = ((int(line), value, _far(f"{table}.{column}", value, usual)) for line, value, usual in triples)
        found.several(table, column, list(islice(listed, MOST_AT_ONCE)), len(out), warning=True)


def _far(where: str, value: float, usual: float) -> str:
    way = "above" if value > usual else "below"
    return f"'{written(value)}' is far {way} the usual {usual:,.6g} of {where}; is the unit right?"


def hard_to_believe(instance: Instance, found: Findings) -> None:
    """Fractions and days beyond what the trade knows."""
    for table, column, most, told in LIMITS:
        rows = instance.tables[table]
        found.rows(table, rows.loc[rows[column] > most], column, partial(_with_value, told), warning=True)
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
