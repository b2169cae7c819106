r"""Checks of supply: what can reach a demand at all, and at what cost.

A node is a material at a site. It can be supplied in a period if it is offered there, under way and arriving, made by a
process all of whose inputs can be supplied, held in a stockpile since a period in which it could be supplied, or
carried there by a lane from a node that could be supplied a lead time earlier. Capacities are left aside, save those
that are 0, so a demand that this finds without supply has none.

The landed cost of a node is the least over its sources, by fixed-point iteration:

.. math::

    c_n = \min \Big\{ p_n,\; \min_{\ell: o \to n} \frac{c_o + f_\ell + a_\ell}{1 - \lambda_\ell},\;
    \min_j \frac{\max(0, w_j + \sum_i r_{ij} c_i)}{\sum_i y_{ij}} \Big\}

with the offer's dearest price p over time, freight f, largest duty a, loss λ, toll w, inputs r and outputs y of process
j. A process spreads its cost over all that it makes by mass: an estimate, used for a warning only.
"""

import numpy as np
import numpy.typing as npt

from mineral_sourcing.arrays import Array
from planner.checks.context import Network, Nodes
from planner.codes import Flags, Ints, grouped
from planner.findings import Findings, written
from planner.instance import Instance
from planner.periods import horizon
from planner.windows import steps, windows

_PAIR = ["site", "material"]
_MOST_ROUNDS = 500

Floats = npt.NDArray[np.float64]


def _windows(instance: Instance, table: str) -> Flags:
    """Whether each row's window holds each period."""
    begins, ends = windows(instance, table)
    t = np.arange(instance.header.periods)
    inside: Flags = (begins[:, None] <= t) & (t <= ends[:, None])
    return inside


def suppliable(whole: Network) -> Flags:
    """Whether each node (rows) can be supplied at all in each period (columns)."""
    instance, nodes = whole.instance, whole.nodes
    periods, codes = instance.header.periods, instance.codes
    reach: Flags = np.zeros((nodes.count, periods), dtype=bool)
    sells = _opened(codes["offers", "capacity"])
    np.logical_or.at(reach, nodes.number["offers"][sells], _windows(instance, "offers")[sells])
    at = steps(instance, "in_transit", "arrives", -1)
    coming = (codes["in_transit", "quantity"] > 0) & (at >= 0) & (at < periods)
    reach[nodes.number["in_transit"][coming], at[coming]] = True
    begins, ends = windows(instance, "stockpiles")
    full = (codes["stockpiles", "initial"] > 0) & _opened(codes["stockpiles", "release_rate"]) & (begins < periods)
    reach[nodes.number["stockpiles"][full], begins[full]] = True
    held: Flags = np.zeros_like(reach)
    t = np.arange(periods)
    np.logical_or.at(held, nodes.number["stockpiles"], (begins[:, None] <= t) & (t <= ends[:, None]))
    carriers = _carriers(nodes, periods)
    works = _windows(instance, "processes") & _opened(codes["processes", "capacity"])[:, None]
    for _ in range(_MOST_ROUNDS):
        before = int(reach.sum())
        _keep(reach, held)
        for step, start, ends_at, first in carriers:
            sent = reach[start, : periods - step]
            reach[ends_at, step:] |= np.logical_or.reduceat(sent, first, axis=0)
        _make(reach, works.copy(), nodes.recipes)
        if int(reach.sum()) == before:
            break
    return reach


def _opened(capacity: Array) -> Flags:
    """Where a capacity is not 0."""
    return np.isnan(capacity) | (capacity > 0)


def _keep(reach: Flags, held: Flags) -> None:
    """What could be supplied before and can be stored can be supplied now."""
    for t in range(1, reach.shape[1]):
        reach[:, t] |= reach[:, t - 1] & held[:, t] & held[:, t - 1]


def _carriers(nodes: Nodes, periods: int) -> list[tuple[int, Ints, Ints, Ints]]:
    """Lanes by lead time, those into one node together: lead time, start of each lane, the nodes that they end in, and
    the first lane into each of these.
    """
    lead, start, end = nodes.lanes["lead_time"].to_numpy(), nodes.number["start"], nodes.number["end"]
    found = []
    usable = _opened(nodes.lanes["capacity"].to_numpy()) & (lead < periods)
    for step in np.unique(lead[usable]).tolist():
        lanes = np.flatnonzero(usable & (lead == step))
        lanes = lanes[np.argsort(end[lanes], kind="stable")]
        ends, first = np.unique(end[lanes], return_index=True)
        found.append((int(step), start[lanes], ends, first))
    return found


def _make(reach: Flags, works: Flags, recipes: dict[str, Array]) -> None:
    """A process that works and whose inputs can all be supplied gives its outputs."""
    taken, given = (np.flatnonzero(recipes[name] > 0) for name in ("input", "output"))
    np.logical_and.at(works, recipes["run"][taken], reach[recipes["node"][taken]])
    np.logical_or.at(reach, recipes["node"][given], works[recipes["run"][given]])


def unreachable_demands(whole: Network, found: Findings) -> None:
    """A demand that nothing can reach: a problem where it must be met, else a warning."""
    instance = whole.instance
    rows = instance.tables["demands"]
    if rows.empty:
        return
    nodes = whole.nodes
    reach = whole.known(suppliable)
    asked = _asked(instance) & (instance.codes["demands", "quantity"] > 0)[:, None]
    short: Flags = asked & ~reach[nodes.number["demands"]]
    if not short.any():
        return
    hard = _must_be_met(instance)
    lines, materials, sites = rows.index.to_numpy(), rows["material"].to_numpy(), rows["site"].to_numpy()
    remedy = "add a lane or take the row out"
    labels = horizon(instance.header.first_period, instance.header.periods, instance.header.period_length)
    must = rows["priority"].isin(sorted(hard)).to_numpy()
    for warning in (False, True):
        places = np.flatnonzero(short.any(axis=1) & (must != warning)).tolist()
        listed = (
            (int(lines[at]), materials[at], f"nothing supplies '{materials[at]}' to '{sites[at]}' {when}; {remedy}")
            for at, when in ((at, _when(short[at], asked[at], labels)) for at in places)
        )
        found.several("demands", "material", listed, len(places), warning=warning)


def _when(short: Flags, asked: Flags, labels: tuple[str, ...]) -> str:
    periods = [labels[t] for t in np.flatnonzero(short)]
    if len(periods) == 1:
        return f"in {periods[0]}"
    if int(short.sum()) == int(asked.sum()) == len(labels):
        return "in any period"
    return f"in {len(periods)} periods, the first {periods[0]}"


def _asked(instance: Instance) -> Flags:
    """In which periods each demand row holds: its own, or those for which no row of its own is given."""
    periods, codes = instance.header.periods, instance.codes
    at = steps(instance, "demands", "period", -1)
    asked: Flags = at[:, None] == np.arange(periods)
    general = codes["demands", "period"] == 0
    if general.any():
        key, first = grouped(codes.pick("demands", [*_PAIR, "priority"]))
        dated: Flags = np.zeros((len(first), periods), dtype=bool)
        inside = ~general & (at >= 0) & (at < periods)
        dated[key[inside], at[inside]] = True
        asked[general] = ~dated[key[general]]
    return asked


def _must_be_met(instance: Instance) -> frozenset[str]:
    """Priorities whose demand must be met: none named, or no cost and a single rank among those in use."""
    table = instance.tables["priorities"]
    used = table.loc[table["priority"].isin(instance.tables["demands"]["priority"].unique())]
    free = used.loc[used["unmet_cost"].isna() & (used["rank"].nunique() == 1), "priority"]
    return frozenset(["", *free])


def landed_costs(whole: Network, nodes: Nodes) -> Floats:
    """Least cost of a tonne at each node, as the module describes; infinite where nothing supplies it."""
    codes, recipes, start, end = whole.instance.codes, nodes.recipes, nodes.number["start"], nodes.number["end"]
    dearest: Floats = np.full(nodes.count, -np.inf)
    for table in ("offers", "tiers"):
        np.fmax.at(dearest, nodes.number[table], codes[table, "price"])
    cost = np.where(np.isneginf(dearest), np.inf, dearest)
    freight, loss = (nodes.lanes[name].to_numpy() for name in ("freight", "loss"))
    extra = freight + (whole.rates.per_mass.max(axis=1) if len(freight) else 0.0)
    taken, given = (np.flatnonzero(recipes[name] > 0) for name in ("input", "output"))
    runs, node, tolls = recipes["run"], recipes["node"], codes["processes", "cost"]
    made = np.bincount(runs[given], recipes["output"][given], minlength=len(tolls))
    for _ in range(_MOST_ROUNDS):
        before = cost.copy()
        np.fmin.at(cost, end, (cost[start] + extra) / (1 - loss))
        spent = recipes["input"][taken] * cost[node[taken]]
        run = tolls + np.bincount(runs[taken], spent, minlength=len(made))
        np.fmin.at(cost, node[given], np.maximum(run, 0.0)[runs[given]] / made[runs[given]])
        if np.allclose(cost, before, rtol=1e-9, equal_nan=True):
            break
    return cost


def cheap_unmet(whole: Network, found: Findings) -> None:
    """An unmet_cost below what supplying some demand costs, in its dearest period: a warning for each priority.

    Compared with the landed cost of each site and material that has a demand of the priority.
    """
    instance = whole.instance
    table, rows = instance.tables["priorities"], instance.tables["demands"]
    priced = table.loc[table["unmet_cost"].notna()]
    if priced.empty or rows.empty:
        return
    codes, nodes = instance.codes, whole.nodes
    cost = landed_costs(whole, nodes)[nodes.number["demands"]]
    for line, priority, unmet in priced[["priority", "unmet_cost"]].itertuples():
        dear = np.isfinite(cost) & (codes["demands", "priority"] == codes.code(priority)) & (cost > unmet)
        if dear.any():
            at = int(np.argmax(np.where(dear, cost, -np.inf)))
            site, material = rows["site"].iloc[at], rows["material"].iloc[at]
            told = (
                f"'{written(unmet)}' is below the cost of supplying {material} to {site}, about {cost[at]:,.6g}: "
                "demand may be left unmet because that is cheaper"
            )
            found.warn("priorities", line, "unmet_cost", unmet, told)
