r"""Flow: what offers sell and what lanes carry.

.. math::

    0 \le x_{\ell t} \le \bar x_{\ell t}, \qquad 0 \le s_{ot} \le \bar s_{ot}, \qquad
    \textbf{cost} = \sum_t DF_t \Big( \sum_\ell (f_\ell + \tau_{\ell t}) \, x_{\ell t} + \sum_o p_o \, s_{ot}
    + \sum_{o \in O'_t} p'_{ot} \, s_{ot} + w_t \Big)

======================  =====================================================  ==========
:math:`x_{\ell t}`      ``ship``, dispatched on lane :math:`\ell` in t          mass
:math:`s_{ot}`          ``sold``, bought from offer o in t                      mass
:math:`f_\ell`          ``freight``                                             money/mass
:math:`\tau_{\ell t}`   ``duty``, rate times customs value in t                 money/mass
:math:`p_o`             ``price`` at the seller's gate                          money/mass
:math:`p'_{ot}`         ``surcharge``, what a scenario adds to the price       money/mass
:math:`w_t`             ``unpaid``, due in t for what was under way             money
======================  =====================================================  ==========

Price, freight and duty fall in the period of dispatch, on dispatched tonnes. A dispatch that would arrive after the
horizon has a column only where ``in_transit.final`` allows it, and that is its bound. Offers with tiers are paid for
in ``tiers``.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network


def add(m: pyo.Block, network: Network) -> None:
    """Add the columns ``flow.ship`` and ``flow.sold`` and their cost."""
    data = network.flow
    m.flow = flow = pyo.Block(doc=__doc__)
    flow.SHIPMENTS = pyo.Set(dimen=4, initialize=data.shipments)
    flow.SALES = pyo.Set(dimen=4, initialize=data.sales)
    flow.LANES = pyo.Set(dimen=3, initialize=data.lanes)
    flow.LISTED = pyo.Set(dimen=4, initialize=data.listed)
    flow.OFFERS = pyo.Set(dimen=3, initialize=data.offers)
    flow.ship_limit = pyo.Param(flow.SHIPMENTS, within=pyo.Reals, initialize=data.shipment_limit)
    flow.sold_limit = pyo.Param(flow.SALES, within=pyo.Reals, initialize=data.sale_limit)
    flow.kept = pyo.Param(flow.LANES, within=pyo.Reals, initialize=data.kept)
    flow.freight = pyo.Param(flow.LANES, within=pyo.Reals, initialize=data.freight)
    flow.duty = pyo.Param(flow.SHIPMENTS, within=pyo.Reals, initialize=data.duty)
    flow.price = pyo.Param(flow.OFFERS, within=pyo.Reals, initialize=data.price)
    flow.SURCHARGED = pyo.Set(dimen=4, initialize=data.surcharged)
    flow.surcharge = pyo.Param(flow.SURCHARGED, within=pyo.Reals, initialize=data.surcharge)
    flow.unpaid = pyo.Param(m.PERIODS, within=pyo.Reals, initialize=data.unpaid)

    def ship_bounds(b: pyo.Block, o: str, d: str, k: str, t: int) -> tuple[float, pyo.Expression]:
        return 0.0, b.ship_limit[o, d, k, t]

    def sold_bounds(b: pyo.Block, i: str, k: str, f: str, t: int) -> tuple[float, pyo.Expression]:
        return 0.0, b.sold_limit[i, k, f, t]

    flow.ship = pyo.Var(flow.SHIPMENTS, bounds=ship_bounds)
    flow.sold = pyo.Var(flow.SALES, bounds=sold_bounds)

    @flow.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        m = b.parent_block()
        carried = sum(
            m.discount[t] * (b.freight[o, d, k] + b.duty[o, d, k, t]) * b.ship[o, d, k, t] for o, d, k, t in b.SHIPMENTS
        )
        bought = sum(m.discount[t] * b.price[i, k, f] * b.sold[i, k, f, t] for i, k, f, t in b.LISTED)
        dearer = sum(m.discount[t] * b.surcharge[i, k, f, t] * b.sold[i, k, f, t] for i, k, f, t in b.SURCHARGED)
        return carried + bought + dearer + sum(m.discount[t] * b.unpaid[t] for t in m.PERIODS)
