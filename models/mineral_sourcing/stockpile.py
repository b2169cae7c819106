r"""Stockpile: stock carried between periods, and the days of cover it must hold.

.. math::

    \textbf{carry} \quad & v_{ikt} = \lambda_{ikt} \, v_{ik,t-1} + \phi_{ikt} - \rho_{ikt} \\
    \textbf{final} \quad & v_{ikT} \ge \underline v_{ik} \\
    \textbf{cover} \quad & \sum_{i \in C} v_{ikt} \ge \sum_{u > t} \theta_{tu} \Big( d_{ku}
        + \sum_p \iota_{pk} \, a_{pu} \Big) \qquad \forall\, C, k, t

======================  =====================================================  ==========
:math:`v_{ikt}`         ``stock`` at the end of t                               mass
:math:`\phi, \rho`      ``fill``, ``release``                                   mass
:math:`\lambda`         ``keeps``, (1 − loss) to the years of a period          --
:math:`\underline v`    ``final``                                               mass
:math:`\theta_{tu}`     ``share``: how much of period u lies within the days    --
:math:`d_{ku}`          demand rows, before unmet, of the sites covered         mass
:math:`\iota_{pk} a`    process input of the sites covered                      mass
:math:`C`               stockpiles that cover the same sites add up             --
======================  =====================================================  ==========

D days are :math:`n = D / (365 \Delta)` periods: whole ones, and a fraction of the next; past the horizon the last
period's consumption counts. Cost: holding on closing stock, :math:`\sum_t DF_t \, h_{ikt} \, v_{ikt}`.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network, Stock

RULES = {"final": "stockpiles", "cover": "stockpiles"}


def _add_cover(stockpile: pyo.Block, data: Stock) -> None:
    stockpile.COVER = pyo.Set(dimen=3, initialize=data.cover)
    stockpile.COVERING = pyo.Set(stockpile.COVER, dimen=3, initialize=data.covering)
    stockpile.AHEAD = pyo.Set(dimen=5, initialize=data.ahead)
    stockpile.USE = pyo.Set(stockpile.COVER, dimen=5, initialize=data.cover_use)
    stockpile.share = pyo.Param(stockpile.AHEAD, within=pyo.Reals, initialize=data.share)
    stockpile.demand = pyo.Param(stockpile.COVER, within=pyo.Reals, initialize=data.cover_demand)

    @stockpile.Constraint(stockpile.COVER)
    def cover(b: pyo.Block, c: str, k: str, t: int) -> pyo.Expression:
        processing = b.parent_block().processing
        held = sum(b.stock[node] for node in b.COVERING[c, k, t])
        used = sum(
            b.share[d, j, s, p, u] * processing.input[p, j] * processing.activity[p, u]
            for d, j, s, p, u in b.USE[c, k, t]
        )
        return held - used >= b.demand[c, k, t]


def add(m: pyo.Block, network: Network) -> None:
    """Add the columns ``stock``, ``fill`` and ``release``; reads ``processing``."""
    data = network.stock
    m.stockpile = stockpile = pyo.Block(doc=__doc__)
    stockpile.NODES = pyo.Set(dimen=3, initialize=data.nodes)
    stockpile.BEFORE = pyo.Set(stockpile.NODES, dimen=3, initialize=data.before)
    for name, values in (
        ("limit", data.limit),
        ("fill_limit", data.fill_limit),
        ("release_limit", data.release_limit),
        ("keeps", data.keeps),
        ("opening", data.opening),
        ("holding_cost", data.holding_cost),
    ):
        stockpile.add_component(name, pyo.Param(stockpile.NODES, within=pyo.Reals, initialize=values))

    def stock_bounds(b: pyo.Block, i: str, k: str, t: int) -> tuple[float, pyo.Expression]:
        return 0.0, b.limit[i, k, t]

    def fill_bounds(b: pyo.Block, i: str, k: str, t: int) -> tuple[float, pyo.Expression]:
        return 0.0, b.fill_limit[i, k, t]

    def release_bounds(b: pyo.Block, i: str, k: str, t: int) -> tuple[float, pyo.Expression]:
        return 0.0, b.release_limit[i, k, t]

    stockpile.stock = pyo.Var(stockpile.NODES, bounds=stock_bounds)
    stockpile.fill = pyo.Var(stockpile.NODES, bounds=fill_bounds)
    stockpile.release = pyo.Var(stockpile.NODES, bounds=release_bounds)

    @stockpile.Constraint(stockpile.NODES)
    def carry(b: pyo.Block, i: str, k: str, t: int) -> pyo.Expression:
        carried = sum(b.keeps[i, k, t] * b.stock[before] for before in b.BEFORE[i, k, t])
        return (
            b.stock[i, k, t] - carried - b.fill[i, k, t] + b.release[i, k, t] == b.keeps[i, k, t] * b.opening[i, k, t]
        )

    stockpile.FINAL = pyo.Set(dimen=2, initialize=data.finals)
    stockpile.LAST = pyo.Set(stockpile.FINAL, dimen=3, initialize=data.last)
    stockpile.least = pyo.Param(stockpile.FINAL, within=pyo.Reals, initialize=data.final)

    @stockpile.Constraint(stockpile.FINAL)
    def final(b: pyo.Block, i: str, k: str) -> pyo.Expression:
        return sum(b.stock[last] for last in b.LAST[i, k]) >= b.least[i, k]

    _add_cover(stockpile, data)

    @stockpile.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        m = b.parent_block()
        return sum(m.discount[t] * b.holding_cost[i, k, t] * b.stock[i, k, t] for i, k, t in b.NODES)
