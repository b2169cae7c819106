"""What of every flow is of which origin, as the plan assigns it, and what markets would get if all were mixed."""

import numpy as np

from mineral_sourcing.arrays import Array, Index, Labels
from planner.assembly.rules import rules_of, supply
from planner.codes import Names, keys
from planner.tabulation.mixing import mixed
from planner.tabulation.rulereport import first_periods
from planner.tabulation.solution import Found, Solution, stacked

FLOWS = {
    "ship": ("origin.shipped", ("element", "site", "destination", "material", "place", "t")),
    "use": ("origin.used", ("element", "process", "material", "place", "t")),
    "make": ("origin.made", ("element", "process", "material", "place", "t")),
    "stock": ("origin.stock", ("element", "site", "material", "place", "t")),
    "fill": ("origin.fill", ("element", "site", "material", "place", "t")),
    "release": ("origin.release", ("element", "site", "material", "place", "t")),
}
"""Columns of the model of each kind of flow, and what its dimensions are called."""

COUNTED = ("flow", "element", "site", "destination", "material", "place", "t")


def tagged(solution: Solution) -> Found:
    """Every flow that is split, by origin: tonnes of material; of arrivals, demand and input, tonnes of element."""
    if not len(solution.network.origin.counted):
        return {"t": np.empty(0, dtype=np.int64), "quantity": np.empty(0)}
    parts = [
        _part(solution, name, dimensions) | {"flow": (Labels([flow]), None)}
        for flow, (name, dimensions) in FLOWS.items()
    ]
    found = stacked(*(_filled(part) for part in (*parts, _part(solution, "origin.counted", COUNTED))))
    return found | {"period": (Labels(solution.parts.periods), found["t"])}


def _part(solution: Solution, name: str, dimensions: tuple[str, ...]) -> Found:
    """What is not nothing of one variable."""
    value = solution.value(name)
    at = np.flatnonzero(value)
    index = solution.matrix.column_span(name).index if len(solution.matrix.column_span(name).index) else None
    columns = () if index is None else zip(dimensions, index.labels, index.codes, strict=True)
    found: Found = {own: (labels, codes[at]) for own, labels, codes in columns}
    t = found.pop("t", (None, np.empty(0, dtype=np.int64)))[1]
    return found | {"quantity": value[at] * solution.mass, "t": t}


def _filled(part: Found) -> Found:
    """The same with the kind of flow on every row."""
    labels, codes = part.get("flow", (Labels([""]), None))
    return part | {"flow": (labels, np.zeros(len(part["t"]), dtype=np.int64) if codes is None else codes)}


def origins(solution: Solution) -> Found:
    """Of every cell of a rule on origin, what is of which origin, as assigned and under proportional mixing."""
    network, parts, assembled = solution.network, solution.parts, solution.assembled
    names = tuple(Names() for _ in range(6))
    found: list[list[Array]] = []
    amounts: list[tuple[Array, Array]] = []
    assigned = solution.value("origin.counted")
    blended = np.sum([mixed(solution, element) for element in assembled.elements], axis=0)
    for rule in rules_of(parts, "share", "quantity", "hhi") if len(network.origin.counted) else ():
        if not rule.traced:
            continue
        counted = supply(
            parts, network.flow, network.processing, rule, assembled.lane, assembled.arrives, network.origin
        )
        cell, item, place = counted.tagged
        key, at = np.unique(cell * len(parts.origins.labels) + place, return_inverse=True)
        cell, place = np.divmod(key, max(len(parts.origins.labels), 1))
        amounts.append(tuple(np.bincount(at, side[item], len(key)) for side in (assigned, blended)))  # type: ignore[arg-type]
        rest, label = np.divmod(cell, len(rule.labels))
        pool, market = np.divmod(rest, len(rule.markets))
        some = (
            [rule.row["rule"]],
            [rule.row["from"]],
            rule.pools,
            rule.markets,
            rule.labels,
            parts.origins.labels.names.tolist(),
        )
        nothing = np.zeros(len(key), dtype=np.int64)
        codes = (nothing, nothing, pool, market, label, place)
        found.append([known.codes(of)[code] for known, of, code in zip(names, some, codes, strict=True)])
    empty = [np.empty(0, dtype=np.int64)] * 6
    index = Index(
        *zip((known.labels() for known in names), map(np.concatenate, zip(empty, *found, strict=True)), strict=True)
    )
    quantity, blend = (np.concatenate([np.empty(0), *side]) for side in zip((np.empty(0),) * 2, *amounts, strict=True))
    return _shares(solution, index, quantity, blend)


def _shares(solution: Solution, index: Index, quantity: Array, blend: Array) -> Found:
    """Shares of each cell's total, where there is any; rows of nothing are left out."""
    cells, cell = np.unique(keys(index.codes[:5], [len(labels) for labels in index.labels[:5]]), return_inverse=True)
    columns = {}
    for name, amount in (("quantity", quantity), ("mixed_quantity", blend)):
        total = np.bincount(cell, amount, len(cells))[cell]
        columns[name] = amount * solution.mass
        columns[name.replace("quantity", "share")] = np.divide(
            amount, total, out=np.zeros(len(amount)), where=total > 0
        )
    here = np.flatnonzero((quantity > 0) | (blend > EMPTY))
    names = ("rule", "from", "material", "market", "period", "place")
    found: Found = {
        name: (labels, codes[here]) for name, labels, codes in zip(names, index.labels, index.codes, strict=True)
    }
    t = first_periods(solution, index.column(1)[here], index.column(4)[here])
    return found | {name: values[here] for name, values in columns.items()} | {"t": t}


EMPTY = 1e-9
"""Model units of element below which mixing leaves nothing of an origin."""
