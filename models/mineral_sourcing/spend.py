r"""Spend: at most, or at least, so much money is paid for what a rule counts.

.. math::

    \textbf{cap} \quad & \pm \Big( \sum_{\ell t \in X_r} (f_\ell + \tau_{\ell t}) \, x_{\ell t}
        + \sum_{\ell o t \in P_r} p_o \, x_{\ell t} + \sum_{ot \in S_r} p_o \, s_{ot} \\
    & \quad + \sum_{ont \in Z_r} p_{on} \, z_{ont} + \sum_{pt \in A_r} c_p \, y_{pt} \Big) - e_r
        \le \pm (\bar m_r - g_r), \qquad 0 \le e_r \le \bar e_r \qquad \forall\, r

======================  ============================================================  ==========
:math:`x_{\ell t}`      ``flow.ship``, dispatched in t from outside the market         mass
:math:`f, \tau`         ``flow.freight`` and ``flow.duty``                             money/mass
:math:`p_o`             ``flow.price`` of the offer that holds at the origin in t      money/mass
:math:`s_{ot}`          ``flow.sold`` of offers without tiers                          mass
:math:`z_{ont}`         ``tiers.bought`` at ``tiers.price``, below the first           mass
                        threshold at the offer's
:math:`y_{pt}, c_p`     ``processing.activity`` and its ``processing.toll``            mass
:math:`g_r`             ``given``: due in the group for what was under way unpaid      money
:math:`\bar m_r`        ``limit``                                                      money
:math:`e_r`             ``excess``; at most ``most``, 0 where the rule is hard         money
======================  ============================================================  ==========

+ for a cap, − for a floor. Money is undiscounted and falls in the period in which it is paid, that of the dispatch.
Purchases count what they cost at the market: price, freight and duty; what is made counts what is paid to those who
make it: the price of offers and the toll of processes. Where an offer has tiers, its price is what is paid in them.
Cost of a priced rule: penalty times excess. Shadow price: change of least cost per unit of money allowed.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network

RULES = {"cap": "rules"}


def add(m: pyo.Block, network: Network) -> None:
    """Add the limits of what is spent; reads ``flow``, ``tiers`` and ``processing``."""
    data = network.spend
    if not len(data.caps):
        return
    m.spend = spend = pyo.Block(doc=__doc__)
    spend.CAPS = pyo.Set(dimen=6, initialize=data.caps)
    for name, members, dimen in (
        ("SHIPMENTS", data.shipments, 4),
        ("PURCHASES", data.purchases, 5),
        ("SALES", data.sales, 4),
        ("PRICED", data.priced, 5),
        ("LISTED", data.listed, 5),
        ("RUNS", data.runs, 2),
    ):
        spend.add_component(name, pyo.Set(spend.CAPS, dimen=dimen, initialize=members))
    spend.sign = pyo.Param(spend.CAPS, initialize=data.sign, within=pyo.Reals)
    spend.limit = pyo.Param(spend.CAPS, within=pyo.Reals, initialize=data.limit, mutable=True)
    spend.given = pyo.Param(spend.CAPS, within=pyo.Reals, initialize=data.given)
    spend.penalty = pyo.Param(spend.CAPS, within=pyo.Reals, initialize=data.penalty)
    spend.most = pyo.Param(spend.CAPS, within=pyo.Reals, initialize=data.most)

    def excess_bounds(b: pyo.Block, *r: str) -> tuple[float, pyo.Expression]:
        return 0.0, b.most[r]

    spend.excess = pyo.Var(spend.CAPS, bounds=excess_bounds)

    @spend.Constraint(spend.CAPS)
    def cap(b: pyo.Block, *r: str) -> pyo.Expression:
        m = b.parent_block()
        flow, tiers, processing = m.flow, m.tiers, m.processing
        delivered = sum(
            (flow.freight[o, d, k] + flow.duty[o, d, k, t]) * flow.ship[o, d, k, t] for o, d, k, t in b.SHIPMENTS[r]
        )
        bought = sum(flow.price[o, k, f] * flow.ship[o, d, k, t] for o, d, k, f, t in b.PURCHASES[r])
        sold = sum(flow.price[i, k, f] * flow.sold[i, k, f, t] for i, k, f, t in b.SALES[r])
        tiered = sum(tiers.price[i, k, n] * tiers.bought[i, k, f, t, n] for i, k, f, t, n in b.PRICED[r])
        listed = sum(flow.price[i, k, f] * tiers.bought[i, k, f, t, n] for i, k, f, t, n in b.LISTED[r])
        tolls = sum(processing.toll[p] * processing.activity[p, t] for p, t in b.RUNS[r])
        paid = delivered + bought + sold + tiered + listed + tolls
        return b.sign[r] * paid - b.excess[r] <= b.sign[r] * (b.limit[r] - b.given[r])

    @spend.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        return sum(b.penalty[r] * b.excess[r] for r in b.CAPS)
