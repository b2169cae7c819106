r"""Capacity: what a site sells and what a route carries share one capacity.

.. math::

    \textbf{site} \quad & \sum_{o \in i} \big( \kappa_o \, s_{ot} + \eta_o \, y_{ot} \big) \le \bar q_{it} \\
    \textbf{route} \quad & \sum_k x_{\ell(k) t} \le \bar r_{ijt}

==================  ========================================================  ====
:math:`s_{ot}`      ``flow.sold``                                              mass
:math:`y_{ot}`      ``activation.on`` of a set-up, 1 if anything is sold       --
:math:`\kappa_o`    ``capacity_use`` per tonne                                 --
:math:`\eta_o`      ``setup_use`` per period when used                         mass
:math:`x`           ``flow.ship``, all materials between two sites             mass
==================  ========================================================  ====

Capacities of one offer, lane or process alone are bounds of its column.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network

RULES = {"site": "sites", "route": "routes"}


def add(m: pyo.Block, network: Network) -> None:
    """Add shared capacities; reads ``flow`` and ``activation``."""
    data = network.capacity
    m.capacity = capacity = pyo.Block(doc=__doc__)
    capacity.SITES = pyo.Set(dimen=2, initialize=data.sites)
    capacity.SELLING_AT = pyo.Set(capacity.SITES, dimen=4, initialize=data.selling_at)
    capacity.SETTING_UP_AT = pyo.Set(capacity.SITES, dimen=7, initialize=data.setting_up_at)
    capacity.SETUPS = pyo.Set(dimen=7, initialize=data.setups)
    capacity.site_limit = pyo.Param(capacity.SITES, within=pyo.Reals, initialize=data.site_limit)
    capacity.capacity_use = pyo.Param(m.flow.OFFERS, within=pyo.Reals, initialize=data.capacity_use)
    capacity.setup_use = pyo.Param(capacity.SETUPS, within=pyo.Reals, initialize=data.setup_use)

    @capacity.Constraint(capacity.SITES)
    def site(b: pyo.Block, i: str, t: int) -> pyo.Expression:
        m = b.parent_block()
        sold = sum(b.capacity_use[j, k, f] * m.flow.sold[j, k, f, s] for j, k, f, s in b.SELLING_AT[i, t])
        set_up = sum(b.setup_use[switch] * m.activation.on[switch] for switch in b.SETTING_UP_AT[i, t])
        return sold + set_up <= b.site_limit[i, t]

    capacity.ROUTES = pyo.Set(dimen=3, initialize=data.routes)
    capacity.ON_ROUTE = pyo.Set(capacity.ROUTES, dimen=4, initialize=data.on_route)
    capacity.route_limit = pyo.Param(capacity.ROUTES, within=pyo.Reals, initialize=data.route_limit)

    @capacity.Constraint(capacity.ROUTES)
    def route(b: pyo.Block, o: str, d: str, t: int) -> pyo.Expression:
        m = b.parent_block()
        return sum(m.flow.ship[shipment] for shipment in b.ON_ROUTE[o, d, t]) <= b.route_limit[o, d, t]
