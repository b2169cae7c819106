"""Every rule against what the plan does: limit, actual, slack and shadow price; and every shadow price by its row."""

from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array, Index, Labels
from mineral_sourcing.rules import Concentration
from planner.assembly.caps import BASES, has_bases, rebased
from planner.codes import Names
from planner.sentences import sentences
from planner.tabulation.solution import Found, Solution, counted, stacked, total

EMPTY = 1e-9
"""Model units of a base below which a share of it is nothing."""


def rule_report(solution: Solution) -> dict[str, Any]:
    """One row a cap or floor; quantities in tonnes, ``t`` the first period that it holds in."""
    data, parts = solution.network.concentration, solution.parts
    rows, row = parts.instance.tables["rules"], rows_of(solution, data.caps)
    kind = rows["kind"].to_numpy(dtype=object)[row]
    share = np.array([str(name).endswith("_share") for name in kind], dtype=bool)
    cap = np.array([str(name).startswith("max_") for name in kind], dtype=bool)
    sides = data.counted_shipments, data.counted_sales, data.counted_runs, data.counted_tagged
    quantity = counted(solution, data.given, *sides)
    base = _base(solution, data, rows["base"].to_numpy(dtype=object)[row])
    limit = rows["limit"].to_numpy()[row] * np.where(share, 1.0, parts.mass * solution.mass)
    empty = share & (base <= EMPTY)
    with np.errstate(divide="ignore", invalid="ignore"):
        actual = np.where(share, np.where(empty, 0.0, quantity / base), quantity * solution.mass)
    excess = np.zeros(len(data.caps))
    excess[data.priced_in.rows] = solution.value("concentration.excess") * solution.mass
    penalty = np.nan_to_num(rows["penalty"].to_numpy(dtype=np.float64)[row]) * parts.price * solution.price
    t = first_periods(solution, data.caps.column(1), data.caps.column(5))
    price = solution.dual("concentration.cap") * solution.price
    kinds = Labels(sorted(set(kind)))
    columns = ("rule", "from", "subject", "material", "market", "period")
    found: dict[str, Any] = dict(zip(columns, zip(data.caps.labels, data.caps.codes, strict=True), strict=True)) | {
        "kind": (kinds, np.array([kinds.code[name] for name in kind], dtype=np.int64)),
        "unit": (Labels(["share", "t"]), np.where(share, 0, 1)),
        "limit": limit,
        "actual": actual,
        "slack": np.where(cap, limit - actual, np.where(empty, 0.0, actual - limit)),
        "quantity": quantity * solution.mass,
        "base": np.where(share, base * solution.mass, np.nan),
        **_of_bases(solution, rows, row, share, quantity),
        "excess": excess,
        "penalty": excess * penalty,
        "shadow_price": price,
        "shadow_price_undiscounted": price / parts.discount[t],
        "binding": (Labels(["no", "yes"]), (price != 0).astype(np.int64)),
        "t": t,
    }
    order = by_name(data.caps)
    return {name: (of[0], of[1][order]) if isinstance(of, tuple) else of[order] for name, of in found.items()}


def worded(solution: Solution, *reports: Found) -> Found:
    """The reports on all kinds of rules as one table: every row with the unit of its price and the rule's sentence."""
    nothing = {f"of_{base}": np.nan for base in BASES}
    found = stacked(*({name: np.full(len(of["t"]), nan) for name, nan in nothing.items()} | of for of in reports))
    currency, told = solution.parts.instance.header.currency, sentences(solution.parts.instance)
    units, unit = found["unit"]
    per = {"share": "t", "t": "t", "hhi": "t", "suppliers": "supplier", currency: currency}
    priced = Labels([f"{currency} per {per.get(name, f't × {name}')}" for name in units.names.tolist()])
    (rules, rule), (since, start) = found["rule"], found["from"]
    row, at = np.unique(rule * len(since) + start, return_inverse=True)
    names = [told[rules.names[one], since.names[start]] for one, start in zip(*np.divmod(row, len(since)), strict=True)]
    return found | {"price_unit": (priced, unit), "sentence": (Labels(names), at)}


def rows_of(solution: Solution, index: Index) -> Array:
    """Row of the table of each key that begins with rule and from."""
    rows = solution.parts.instance.tables["rules"]
    number = {pair: at for at, pair in enumerate(zip(rows["rule"], rows["from"], strict=True))}
    names = zip(index.column(0).tolist(), index.column(1).tolist(), strict=True)
    return np.array([number[pair] for pair in names], dtype=np.int64)


def _base(solution: Solution, data: Concentration, named: Array | str) -> Array:
    """What each cap is held against, of the name given, in model units."""
    moving = np.isin(np.broadcast_to(named, len(data.caps)), ("consumption", "purchases"))
    base = data.base_given.array.copy()
    of_base = np.full(len(data.caps), 0)
    of_base[data.base_of.rows] = data.base_of.members
    base[moving] = _totals(solution, data)[of_base[moving]]
    return base


def _totals(solution: Solution, data: Concentration) -> Array:
    """The bases that ``concentration.total`` of the model defines, from the values of what they are made of."""
    flow, processing = solution.network.flow, solution.network.processing
    sides = data.base_shipments, data.base_sales, data.base_runs, data.base_tagged
    every = counted(solution, data.base_constant, *sides)
    input_of = processing.input.array[processing.using.project((0, 1), processing.inputs)]
    activity = solution.value("processing.activity")
    every += total(data.base_use, input_of, activity[processing.using.project((0, 2), processing.runs)])
    stock = solution.value("stockpile.release") - solution.value("stockpile.fill")
    every += total(data.base_releases, np.ones(len(stock)), stock)
    unmet = solution.value("priority.unmet")
    every -= total(data.base_unmet, np.ones(len(unmet)), unmet)
    bought, sold, made = (
        np.append(part.array, 0.0)[keys.project(at, part.index)]
        for keys, at, part in (
            (flow.shipments, (0, 2), data.recycled),
            (flow.sales, (0, 1), data.recycled),
            (processing.making, (0, 1), data.made_recycled),
        )
    )
    shipped = bought * flow.kept.array[solution.assembled.lane]
    every -= total(data.recycled_shipments, shipped, solution.value("flow.ship"))
    every -= total(data.recycled_sales, sold, solution.value("flow.sold"))
    output = made * processing.output.array[processing.making.project((0, 1), processing.outputs)]
    runs = activity[processing.making.project((0, 2), processing.runs)]
    return np.asarray(every - total(data.recycled_runs, output, runs))


def _of_bases(solution: Solution, rules: pd.DataFrame, row: Array, share: Array, quantity: Array) -> dict[str, Array]:
    """The share that each row is of every base, where it can be told."""
    pairs = zip(rules["basis"], rules["base"], strict=True)
    told = np.array([has_bases({"basis": basis, "base": base}) for basis, base in pairs], dtype=np.bool_)
    here = share & told[row]
    found = {f"of_{name}": np.full(len(row), np.nan) for name in BASES}
    if here.any():
        assembled = solution.assembled
        for name, data in rebased(solution.parts, solution.network, assembled.lane, assembled.arrives).items():
            base, of = _base(solution, data, name), found[f"of_{name}"]
            of[here] = np.divide(quantity[here], base, out=of[here], where=base > EMPTY)
    return found


def by_name(index: Index) -> Array:
    """Order of the keys by their names."""
    ranks = []
    for labels, codes in zip(index.labels, index.codes, strict=True):
        rank = np.empty(len(labels), dtype=np.int64)
        rank[np.argsort(np.array([str(name) for name in labels.names]), kind="stable")] = np.arange(len(labels))
        ranks.append(rank[codes])
    return np.lexsort(ranks[::-1])


def first_periods(solution: Solution, since: Array, period: Array) -> Array:
    """First period of labels: a period, a calendar year from the rule's own start on, or ``first..last``; 0 of none."""
    parts = solution.parts
    step = {name: t for t, name in enumerate(parts.periods)}
    known: dict[tuple[str, str], int] = {}
    for pair in set(zip(since.tolist(), period.tolist(), strict=True)):
        name = pair[1].split("..", maxsplit=1)[0]
        if not name:
            known[pair] = 0
        else:
            known[pair] = step[name] if name in step else max(parts.calendar.index(name), step.get(pair[0], 0))
    return np.array([known[pair] for pair in zip(since.tolist(), period.tolist(), strict=True)], dtype=np.int64)


_PRICE_INDEX: dict[str, tuple[str, ...]] = {
    "activation.least": ("rule", "site", "destination", "material", "process", "from", "period"),
    "activation.link": ("rule", "site", "destination", "material", "process", "from", "period"),
    "activation.most": ("rule", "site", "destination", "material", "process", "from", "period"),
    "averages.cap": ("rule", "from", "subject", "material", "market", "period"),
    "balance.node": ("site", "material", "t"),
    "capacity.route": ("site", "destination", "t"),
    "capacity.site": ("site", "t"),
    "concentration.total": ("rule", "from", "material", "market", "period"),
    "concentration.cap": ("rule", "from", "subject", "material", "market", "period"),
    "origin.bought": ("from", "rule", "site", "destination", "material", "subject", "t"),
    "origin.carry": ("rule", "site", "material", "subject", "t"),
    "origin.consumed": ("from", "rule", "site", "destination", "material", "subject", "t"),
    "origin.filling": ("rule", "site", "material", "t"),
    "origin.holding": ("rule", "site", "material", "t"),
    "origin.making": ("rule", "process", "material", "t"),
    "origin.node": ("rule", "site", "material", "subject", "t"),
    "origin.recipe": ("rule", "process", "subject", "t"),
    "origin.serving": ("rule", "site", "material", "t"),
    "origin.shipping": ("rule", "site", "destination", "material", "t"),
    "origin.using": ("rule", "process", "material", "t"),
    "hhi.cap": ("rule", "from", "material", "market", "period"),
    "hhi.supplied": ("rule", "from", "subject", "material", "market", "period"),
    "priority.held": ("rule",),
    "spend.cap": ("rule", "from", "subject", "material", "market", "period"),
    "stockpile.carry": ("site", "material", "t"),
    "stockpile.cover": ("site", "material", "t"),
    "stockpile.final": ("site", "material"),
    "suppliers.award": ("rule", "from", "subject", "material", "market", "period"),
    "suppliers.count": ("rule", "from", "material", "market", "period"),
    "suppliers.link": ("rule", "from", "subject", "material", "market", "period"),
    "tiers.band": ("site", "material", "period", "tier"),
    "tiers.full": ("site", "material", "period", "tier"),
    "tiers.split": ("site", "material", "from", "t"),
}


def prices(solution: Solution) -> dict[str, Any]:
    """Every shadow price that is not zero, present value and undiscounted."""
    parts = solution.parts
    met = dict.fromkeys(name for dimensions in _PRICE_INDEX.values() for name in (*dimensions, "period"))
    names = {name: Names() for name in (*met, "constraint") if name not in ("t", "tier")}
    codes: dict[str, list[Array]] = {name: [] for name in names}
    duals, steps = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for constraint, dimensions in _PRICE_INDEX.items():
        dual = solution.dual(constraint)
        if constraint == "concentration.total":  # those of shares are put in where they are used
            squared = np.zeros(len(dual), dtype=bool)
            squared[solution.network.hhi.total_of.members] = len(dual) > 0
            dual = np.where(squared, dual, 0.0)
        at = np.flatnonzero(dual)
        if not len(at):
            continue
        index = solution.matrix.row_span(constraint).index
        found = {name: (index.labels[j], index.codes[j][at]) for j, name in enumerate(dimensions)}
        step = _step(solution, index, dimensions, at)
        nothing = Labels([""]), np.zeros(len(at), dtype=np.int64)
        if "tier" in found:
            site, material, _, tier = (column[at] for column in index.codes)
            found["from"] = _coded(solution.thresholds(site, material, tier))
        if "t" in found:
            found["period"] = Labels(parts.periods), step
        found["constraint"] = Labels([constraint]), nothing[1]
        for name, known in names.items():
            labels, code = found.get(name, nothing)
            codes[name].append(known.codes([str(text) for text in labels.names.tolist()])[code])
        steps.append(step)
        unit = {"priority.held": 1.0, "spend.cap": 1.0, "suppliers.count": solution.money}.get(
            constraint, solution.price
        )
        duals.append(dual[at] * unit)
    price, step = np.concatenate(duals), np.concatenate(steps)
    empty = np.empty(0, dtype=np.int64)
    return {name: (known.labels(), np.concatenate([empty, *codes[name]])) for name, known in names.items()} | {
        "shadow_price": price,
        "shadow_price_undiscounted": price / parts.discount[step],
    }


def _step(solution: Solution, index: Index, dimensions: tuple[str, ...], at: Array) -> Array:
    """Period in which the money of each row falls: a final stock's in the last, a rank's in the first."""
    if "t" in dimensions:
        return index.codes[dimensions.index("t")][at]
    if "period" not in dimensions:
        return np.full(len(at), solution.parts.count - 1 if dimensions == ("site", "material") else 0)
    # the window of a rule may begin inside a year; that of an offer changes nothing: charges are the year's
    since = index.column(dimensions.index("from"))[at] if "market" in dimensions else np.full(len(at), "", dtype=object)
    return first_periods(solution, since, index.column(dimensions.index("period"))[at])


def _coded(names: Array) -> tuple[Labels, Array]:
    """Labels and codes of names as they come."""
    known = Names()
    codes = known.codes([str(name) for name in names.tolist()])
    return known.labels(), codes
