r"""What the plan pays, followed along the chain to where it is used.

Money paid to sellers (``sales.cost``) and to plants (``activity.cost``) rides on the tonnes: a site's material passes
on what it cost in proportion to the tonnes that leave it, and a process shares what went in among its products in
proportion to tonnes × shadow price (sales value at the split-off point, the joint-cost method of cost accounting), or
to tonnes where no product has a price. Surplus that leaves unused carries nothing. Over the whole horizon,

.. math:: X = S + F^\top X

with X the value through each node (site, material), S what is paid there, F the parts passed on: one sparse system.
Freight, duty, holding and fixed charges are left out: they are paid between nodes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import splu

from planner.plan import Plan
from planner.report.summary import place_names

Array = np.ndarray[Any, np.dtype[Any]]
Nodes = pd.MultiIndex


@dataclass(frozen=True)
class Chain:
    """A plan's chain over the horizon: nodes are pairs of site and material."""

    plan: Plan

    @cached_property
    def place(self) -> dict[str, str]:
        """Name of the place of each site; a site without one stands for itself."""
        sites, names = self.plan.instance.tables["sites"], place_names(self.plan.instance)
        pairs = zip(map(str, sites["site"]), map(str, sites["place"]), strict=True)
        return {site: names.get(place, place) or site for site, place in pairs}

    @cached_property
    def nodes(self) -> Nodes:
        """Every site and material that anything happens to."""
        plan = self.plan
        ends = [
            plan.flows[[end, "material"]].set_axis(["site", "material"], axis=1) for end in ("origin", "destination")
        ]
        frames = [*ends, *(plan.tables[name][["site", "material"]] for name in ("sales", "made", "demand", "stock"))]
        every = pd.concat(frames).drop_duplicates().sort_values(["site", "material"])
        return pd.MultiIndex.from_frame(every)

    @cached_property
    def at(self) -> list[str]:
        """Place of each node."""
        return [self.place[site] for site in self.nodes.get_level_values("site")]

    @cached_property
    def material(self) -> list[str]:
        """Material of each node."""
        return [str(name) for name in self.nodes.get_level_values("material")]

    def total(self, frame: pd.DataFrame, column: str, site: str = "site") -> Array:
        """A column summed by node."""
        total = frame.groupby([site, "material"])[column].sum()
        return np.asarray(total.rename_axis(["site", "material"]).reindex(self.nodes).fillna(0.0), dtype=float)

    @cached_property
    def consumed(self) -> Array:
        """Tonnes that meet demand."""
        return self.total(self.plan.demand, "consumed")

    @cached_property
    def stored(self) -> Array:
        """Tonnes by which stock has grown at the end."""
        last = self.plan.stock.sort_values("period").drop_duplicates(["site", "material"], keep="last")
        first = self.plan.stock.sort_values("period").drop_duplicates(["site", "material"])
        return np.asarray(np.maximum(self.total(last, "closing") - self.total(first, "opening"), 0.0))

    @cached_property
    def leaving(self) -> Array:
        """Tonnes that leave a node for a use; 1 where none do."""
        out = self.total(self.plan.flows, "quantity", "origin") + self.total(self.plan.made, "input")
        out = out + self.consumed + self.stored
        return np.asarray(np.where(out > 0, out, 1.0))

    @cached_property
    def kept(self) -> Array:
        """Part of what is made at a node that does not leave unused."""
        made, surplus = self.total(self.plan.made, "output"), self.total(self.plan.surplus, "quantity")
        return np.asarray(np.clip(1 - surplus / np.where(made > 0, made, 1.0), 0.0, 1.0))

    @cached_property
    def shipped(self) -> csr_matrix:
        """Part of a node's tonnes that goes to each other site."""
        flows = self.plan.flows.groupby(["origin", "destination", "material"])["quantity"].sum().reset_index()
        start = self.nodes.get_indexer(pd.MultiIndex.from_frame(flows[["origin", "material"]]))
        end = self.nodes.get_indexer(pd.MultiIndex.from_frame(flows[["destination", "material"]]))
        return self._matrix(flows["quantity"].to_numpy() / self.leaving[start], start, end)

    @cached_property
    def recipes(self) -> pd.DataFrame:
        """What processes used and made over the horizon, with each product's part of the cost (``part``)."""
        made = self.plan.made.groupby(["process", "site", "material"])[["input", "output"]].sum().reset_index()
        prices = self.plan.prices[self.plan.prices["constraint"] == "balance.node"]
        mean = prices.groupby(["site", "material"])["shadow_price"].mean().clip(lower=0.0)
        made["node"] = self.nodes.get_indexer(pd.MultiIndex.from_frame(made[["site", "material"]]))
        kept = made["output"] * self.kept[made["node"]]
        worth = kept * mean.reindex(self.nodes).fillna(0.0).to_numpy()[made["node"]]
        for other in (kept, made["output"]):
            none = worth.groupby(made["process"]).transform("sum") <= 0
            worth = worth.where(~none, other)
        total = worth.groupby(made["process"]).transform("sum")
        made["part"] = (worth / total.where(total > 0, 1.0)).fillna(0.0)
        return made

    @cached_property
    def processed(self) -> csr_matrix:
        """Part of a node's value that processes pass to each product."""
        rows = self.recipes
        pairs = rows[rows["input"] > 0].merge(rows[rows["part"] > 0], on="process", suffixes=("", "_made"))
        start, end = pairs["node"].to_numpy(), pairs["node_made"].to_numpy()
        return self._matrix(pairs["input"].to_numpy() / self.leaving[start] * pairs["part_made"].to_numpy(), start, end)

    def _matrix(self, values: Array, start: Array, end: Array) -> csr_matrix:
        return csr_matrix((values, (start, end)), shape=(len(self.nodes), len(self.nodes)))

    @cached_property
    def paid(self) -> pd.DataFrame:
        """What is paid at each node (rows) to each place (columns): sellers and plants."""
        rows, activity = self.recipes, self.plan.activity.groupby("process")["cost"].sum()
        tolls = rows["process"].map(activity).astype("float64").fillna(0.0) * rows["part"]
        bought = self.plan.sales.groupby(["site", "material"])["cost"].sum().reset_index()
        node = self.nodes.get_indexer(pd.MultiIndex.from_frame(bought[["site", "material"]]))
        amounts = pd.DataFrame(
            {
                "node": [*node, *rows["node"]],
                "place": [self.place[site] for site in [*bought["site"], *rows["site"]]],
                "money": [*bought["cost"], *tolls],
            }
        )
        wide = amounts.pivot_table(index="node", columns="place", values="money", aggfunc="sum", fill_value=0.0)
        return wide.reindex(range(len(self.nodes)), fill_value=0.0)

    @cached_property
    def through(self) -> Array:
        """Value through each node (rows) by the place paid (columns)."""
        left = identity(len(self.nodes), format="csc") - (self.shipped + self.processed).T.tocsc()
        return np.asarray(splu(left.tocsc()).solve(self.paid.to_numpy(dtype=float)))

    @cached_property
    def used(self) -> Array:
        """Part of what is made or sold at a node that is consumed as the same material."""
        left = identity(len(self.nodes), format="csc") - self.shipped.tocsc()
        return np.asarray(splu(left.tocsc()).solve(self.consumed / self.leaving))


def supply(chain: Chain) -> pd.DataFrame:
    """Where the money for what is consumed goes, dearest first.

    Columns: ``paid_in`` (place of the seller or plant paid), ``made_in`` (place where what is consumed was sold or
    last made), ``material`` consumed, ``money`` [undiscounted, over the horizon].
    """
    made = chain.paid.to_numpy(dtype=float) + np.asarray(chain.processed.T @ chain.through)
    value = made * chain.used[:, None]
    node, paid = np.nonzero(value > 1e-9 * max(value.sum(), 1e-30))
    frame = pd.DataFrame(
        {
            "paid_in": chain.paid.columns.to_numpy()[paid],
            "made_in": [chain.at[n] for n in node],
            "material": [chain.material[n] for n in node],
            "money": value[node, paid],
        }
    )
    found = frame.groupby(["paid_in", "made_in", "material"], sort=False)["money"].sum().reset_index()
    return found.sort_values("money", ascending=False, kind="stable", ignore_index=True)


def shipments(chain: Chain) -> pd.DataFrame:
    """Value on the way between places, dearest first: ``origin``, ``destination``, ``material``, ``money``."""
    lanes, value = chain.shipped.tocoo(), chain.through.sum(axis=1)
    frame = pd.DataFrame(
        {
            "origin": [chain.at[n] for n in lanes.row],
            "destination": [chain.at[n] for n in lanes.col],
            "material": [chain.material[n] for n in lanes.row],
            "money": lanes.data * value[lanes.row],
        }
    )
    found = frame[frame["origin"] != frame["destination"]]
    found = found.groupby(["origin", "destination", "material"], sort=False)["money"].sum().reset_index()
    return found.sort_values("money", ascending=False, kind="stable", ignore_index=True)


def tonnes(chain: Chain, material: str) -> pd.DataFrame:
    """One material from where it is made or sold to what becomes of it, largest first.

    Columns: ``made_in``, ``goes_to`` (places), ``becomes`` (the product with most of the cost, ``demand`` or
    ``stock``), ``quantity`` [t as made, losses on the way included].
    """
    at = np.flatnonzero(chain.nodes.get_level_values("material") == material)
    made = (chain.total(chain.plan.made, "output") + chain.total(chain.plan.sales, "quantity"))[at]
    surplus = chain.total(chain.plan.surplus, "quantity")[at]
    used = np.maximum(made - surplus, 0.0)
    passed = np.linalg.inv(np.eye(len(at)) - chain.shipped[at][:, at].toarray())
    uses = _uses(chain, material).groupby("node")
    rows = []
    for number, node in enumerate(at):
        if node not in uses.groups:
            continue
        for _, use in uses.get_group(node).iterrows():
            amounts = used * passed[:, number] * use["quantity"] / chain.leaving[node]
            place = chain.at[int(node)]
            rows += [(chain.at[n], place, use["becomes"], x) for n, x in zip(at, amounts, strict=True)]
    frame = pd.DataFrame(rows, columns=["made_in", "goes_to", "becomes", "quantity"])
    found = frame[frame["quantity"] > 1e-9].groupby(["made_in", "goes_to", "becomes"])["quantity"].sum().reset_index()
    return found.sort_values("quantity", ascending=False, kind="stable", ignore_index=True)


def _uses(chain: Chain, material: str) -> pd.DataFrame:
    """What leaves the nodes of a material for a use: ``node``, ``becomes``, ``quantity`` [t]."""
    recipes = chain.recipes
    main = recipes.sort_values("part", ascending=False, kind="stable").drop_duplicates("process")
    into = recipes[(recipes["material"] == material) & (recipes["input"] > 0)]
    product = into["process"].map(main.set_index("process")["material"])
    at = np.flatnonzero(chain.nodes.get_level_values("material") == material)
    pieces = [pd.DataFrame({"node": into["node"], "becomes": product, "quantity": into["input"]})]
    for becomes, amount in (("demand", chain.consumed[at]), ("stock", chain.stored[at])):
        pieces.append(pd.DataFrame({"node": at, "becomes": becomes, "quantity": amount}))
    uses = pd.concat(pieces)
    return uses[uses["quantity"] > 0].groupby(["node", "becomes"], sort=False)["quantity"].sum().reset_index()
