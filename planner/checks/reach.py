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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.checks.context import Network
from planner.checks.windows import numbers
from planner.findings import Findings, written
from planner.instance import Instance
from planner.lanes import window
from planner.periods import horizon

_PAIR = ["site", "material"]
_ENDS = ["origin", "destination", "material"]
_MOST_ROUNDS = 500

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Nodes:
    """Materials at sites, numbered, and the lanes and recipes between them."""

    index: pd.MultiIndex
    lanes: pd.DataFrame
    """Every lane, with the numbers of its ends in ``start`` and ``end``."""
    recipes: pd.DataFrame
    """Every recipe, with the number of its node in ``node`` and of its process in ``run``."""
    processes: pd.DataFrame

    @classmethod
    def of(cls, whole: Network) -> "Nodes":
        """The nodes that any table of an instance touches."""
        tables, lanes = whole.instance.tables, whole.lanes
        processes = tables["processes"].reset_index(drop=True)
        runs = processes[["process", "site"]].assign(run=np.arange(len(processes)))
        recipes = tables["recipes"].merge(runs, on="process")
        pairs = [tables[name][_PAIR] for name in ("offers", "demands", "stockpiles")] + [recipes[_PAIR]]
        for frame in (lanes, tables["in_transit"]):
            pairs += [frame[[end, "material"]].set_axis(_PAIR, axis=1) for end in ("origin", "destination")]
        index = pd.MultiIndex.from_frame(pd.concat(pairs).drop_duplicates())
        nodes = cls(index, lanes, recipes, processes)
        ends = {name: nodes.number(lanes, end) for name, end in (("start", "origin"), ("end", "destination"))}
        return cls(index, lanes.assign(**ends), recipes.assign(node=nodes.number(recipes, "site")), processes)

    def number(self, frame: pd.DataFrame, site: str) -> Places:
        """Number of the node of each row."""
        return self.index.get_indexer(pd.MultiIndex.from_frame(frame[[site, "material"]].set_axis(_PAIR, axis=1)))


def _windows(instance: Instance, frame: pd.DataFrame) -> Flags:
    """Whether each row's window holds each period."""
    begins, ends = window(instance, frame)
    t = np.arange(instance.header.periods)
    inside: Flags = (begins[:, None] <= t) & (t <= ends[:, None])
    return inside


def suppliable(instance: Instance, nodes: Nodes) -> Flags:
    """Whether each node (rows) can be supplied at all in each period (columns)."""
    periods = instance.header.periods
    tables = instance.tables
    reach: Flags = np.zeros((len(nodes.index), periods), dtype=bool)
    offers = tables["offers"].loc[tables["offers"]["capacity"].fillna(1) > 0]
    np.logical_or.at(reach, nodes.number(offers, "site"), _windows(instance, offers))
    coming = tables["in_transit"].assign(at=numbers(instance, tables["in_transit"]["arrives"], -1))
    coming = coming.loc[(coming["quantity"] > 0) & (coming["at"] >= 0) & (coming["at"] < periods)]
    reach[nodes.number(coming, "destination"), coming["at"].to_numpy(dtype=np.int64)] = True
    piles = tables["stockpiles"]
    held: Flags = np.zeros_like(reach)
    np.logical_or.at(held, nodes.number(piles, "site"), _windows(instance, piles))
    full = piles.loc[(piles["initial"] > 0) & (piles["release_rate"].fillna(1) > 0)]
    begins, _ = window(instance, full)
    inside = begins < periods
    reach[nodes.number(full, "site")[inside], begins[inside]] = True
    for _ in range(_MOST_ROUNDS):
        before = int(reach.sum())
        _keep(reach, held)
        _carry(reach, nodes.lanes)
        _make(reach, instance, nodes)
        if int(reach.sum()) == before:
            break
    return reach


def _keep(reach: Flags, held: Flags) -> None:
    """What could be supplied before and can be stored can be supplied now."""
    for t in range(1, reach.shape[1]):
        reach[:, t] |= reach[:, t - 1] & held[:, t] & held[:, t - 1]


def _carry(reach: Flags, lanes: pd.DataFrame) -> None:
    """What could be supplied at a lane's origin a lead time ago can be supplied at its end."""
    open_lanes = lanes.loc[(lanes["capacity"].fillna(1) > 0) & (lanes["lead_time"] < reach.shape[1])]
    for lead, group in open_lanes.groupby("lead_time"):
        step = int(str(lead))
        sent = reach[group["start"].to_numpy()][:, : reach.shape[1] - step]
        order = np.argsort(group["end"].to_numpy(), kind="stable")
        ends, first = np.unique(group["end"].to_numpy()[order], return_index=True)
        reach[ends, step:] |= np.logical_or.reduceat(sent[order], first, axis=0)


def _make(reach: Flags, instance: Instance, nodes: Nodes) -> None:
    """A process whose inputs can all be supplied gives its outputs."""
    if nodes.processes.empty:
        return
    runs: Flags = _windows(instance, nodes.processes) & (nodes.processes["capacity"].fillna(1) > 0).to_numpy()[:, None]
    inputs = nodes.recipes.loc[nodes.recipes["input"] > 0]
    np.logical_and.at(runs, inputs["run"].to_numpy(), reach[inputs["node"].to_numpy()])
    outputs = nodes.recipes.loc[nodes.recipes["output"] > 0]
    np.logical_or.at(reach, outputs["node"].to_numpy(), runs[outputs["run"].to_numpy()])


def unreachable_demands(whole: Network, found: Findings) -> None:
    """A demand that nothing can reach: a problem where it must be met, else a warning."""
    instance = whole.instance
    rows = instance.tables["demands"]
    if rows.empty:
        return
    nodes = Nodes.of(whole)
    reach = suppliable(instance, nodes)
    asked = _asked(instance, rows) & (rows["quantity"] > 0).to_numpy()[:, None]
    short: Flags = asked & ~reach[nodes.number(rows, "site")]
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


def _asked(instance: Instance, rows: pd.DataFrame) -> Flags:
    """In which periods each demand row holds: its own, or those for which no row of its own is given."""
    periods = instance.header.periods
    at = numbers(instance, rows["period"], -1)
    asked: Flags = at[:, None] == np.arange(periods)
    general = (rows["period"] == "").to_numpy()
    if general.any():
        key = rows.groupby([*_PAIR, "priority"], sort=False).ngroup().to_numpy()
        dated: Flags = np.zeros((int(key.max()) + 1, periods), dtype=bool)
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
    cost: Floats = np.full(len(nodes.index), np.inf)
    offers = whole.instance.tables["offers"]
    offers = offers.assign(node=nodes.number(offers, "site"))
    dearest = offers.groupby("node")["price"].max()
    cost[dearest.index.to_numpy()] = dearest.fillna(np.inf).to_numpy()
    lanes = nodes.lanes
    duty = whole.rates.per_mass
    extra = lanes["freight"].to_numpy() + (duty.max(axis=1) if len(lanes) else 0.0)
    keeps = 1 - lanes["loss"].to_numpy()
    recipes = nodes.recipes
    inputs, outputs = recipes.loc[recipes["input"] > 0], recipes.loc[recipes["output"] > 0]
    made = np.bincount(outputs["run"], outputs["output"], minlength=len(nodes.processes))
    for _ in range(_MOST_ROUNDS):
        before = cost.copy()
        np.fmin.at(cost, lanes["end"].to_numpy(), (cost[lanes["start"].to_numpy()] + extra) / keeps)
        spent = inputs["input"].to_numpy() * cost[inputs["node"].to_numpy()]
        run = nodes.processes["cost"].to_numpy() + np.bincount(inputs["run"], spent, minlength=len(made))
        each = np.maximum(run, 0.0)[outputs["run"].to_numpy()] / made[outputs["run"].to_numpy()]
        np.fmin.at(cost, outputs["node"].to_numpy(), each)
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
    nodes = Nodes.of(whole)
    cost = landed_costs(whole, nodes)
    demands = rows[[*_PAIR, "priority"]].assign(cost=cost[nodes.number(rows, "site")])
    demands = demands.loc[np.isfinite(demands["cost"])].sort_values("cost", ascending=False, kind="stable")
    for line, priority, unmet in priced[["priority", "unmet_cost"]].itertuples():
        dear = demands.loc[(demands["priority"] == priority) & (demands["cost"] > unmet)]
        if len(dear):
            site, material, _, least = dear.iloc[0]
            told = (
                f"'{written(unmet)}' is below the cost of supplying {material} to {site}, about {least:,.6g}: "
                "demand may be left unmet because that is cheaper"
            )
            found.warn("priorities", line, "unmet_cost", unmet, told)
