r"""Balance: the one equation of every site, material and period.

.. math::

    \textbf{node} \quad \sum_{\ell \to i} (1 - \epsilon_\ell) \, x_{\ell, t - L_\ell} + \sum_o s_{ot}
    + \sum_p \omega_{pk} \, a_{pt} + \rho_{ikt} - \sum_{\ell \leftarrow i} x_{\ell t} - \sum_p \iota_{pk} \, a_{pt}
    - \phi_{ikt} + \sum_r u_{iktr} - z_{ikt} = d_{ikt} - y_{ikt}

=========================  ===================================================  ==========
:math:`x, s`               ``flow.ship`` (L periods under way), ``flow.sold``     mass
:math:`\epsilon_\ell`      loss on the way; ``flow.kept`` is what is left         --
:math:`\omega, \iota, a`   ``processing.output``, ``input``, ``activity``         mass
:math:`\rho, \phi`         ``stockpile.release``, ``fill``                        mass
:math:`u, d`               ``priority.unmet`` of the ``demand``                   mass
:math:`z_{ikt}`            ``surplus`` that leaves, where it is made              mass
:math:`y_{ikt}`            ``under_way``: arrivals dispatched before the start    mass
=========================  ===================================================  ==========

Cost: surplus at its disposal cost, :math:`\sum_t DF_t \, g_k \, z_{ikt}`; a by-product credit is negative.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network


def add(m: pyo.Block, network: Network) -> None:
    """Add ``balance.node`` and the columns ``balance.surplus``; reads flow, processing, stockpile, priority."""
    data = network.balance
    m.balance = balance = pyo.Block(doc=__doc__)
    balance.NODES = pyo.Set(dimen=3, initialize=data.nodes)
    for name, members, dimen in (
        ("ARRIVING", data.arriving, 4),
        ("LEAVING", data.leaving, 4),
        ("SELLING", data.selling, 4),
        ("MAKING", data.making, 3),
        ("USING", data.using, 3),
        ("STOCKED", data.stocked, 3),
        ("UNMET", data.unmet, 4),
        ("SPARE", data.spare, 3),
    ):
        balance.add_component(name, pyo.Set(balance.NODES, dimen=dimen, initialize=members))
    balance.SURPLUS = pyo.Set(dimen=3, initialize=data.surplus)
    balance.surplus = pyo.Var(balance.SURPLUS, domain=pyo.NonNegativeReals)
    balance.MATERIALS = pyo.Set(initialize=data.materials)
    balance.disposal_cost = pyo.Param(balance.MATERIALS, initialize=data.disposal_cost, within=pyo.Reals)
    balance.demand = pyo.Param(balance.NODES, within=pyo.Reals, initialize=data.demand)
    balance.under_way = pyo.Param(balance.NODES, within=pyo.Reals, initialize=data.under_way)

    @balance.Constraint(balance.NODES)
    def node(b: pyo.Block, i: str, k: str, t: int) -> pyo.Expression:
        m = b.parent_block()
        flow, processing, stockpile = m.flow, m.processing, m.stockpile
        arriving = sum(flow.kept[o, d, j] * flow.ship[o, d, j, s] for o, d, j, s in b.ARRIVING[i, k, t])
        sold = sum(flow.sold[sale] for sale in b.SELLING[i, k, t])
        made = sum(processing.output[p, j] * processing.activity[p, s] for p, j, s in b.MAKING[i, k, t])
        used = sum(processing.input[p, j] * processing.activity[p, s] for p, j, s in b.USING[i, k, t])
        shipped = sum(flow.ship[shipment] for shipment in b.LEAVING[i, k, t])
        drawn = sum(stockpile.release[at] - stockpile.fill[at] for at in b.STOCKED[i, k, t])
        unmet = sum(m.priority.unmet[demand] for demand in b.UNMET[i, k, t])
        spare = sum(b.surplus[at] for at in b.SPARE[i, k, t])
        return (
            arriving + sold + made + drawn - shipped - used + unmet - spare == b.demand[i, k, t] - b.under_way[i, k, t]
        )

    @balance.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        m = b.parent_block()
        return sum(m.discount[t] * b.disposal_cost[k] * b.surplus[i, k, t] for i, k, t in b.SURPLUS)
