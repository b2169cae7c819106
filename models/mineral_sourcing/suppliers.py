r"""Suppliers: at most so many of a rule's subjects supply a market.

.. math::

    \textbf{link} \quad & \sum_{j \in J_c} \gamma_j q_j \le M_c \, y_c \qquad \forall\, c \\
    \textbf{count} \quad & \sum_{c \in r} y_c - e_r \le N_r, \qquad y_c \in \{0, 1\} \qquad \forall\, r

======================  ============================================================  ==========
:math:`y_c`             ``on``, 1 if subject c supplies anything; never 0 for one      --
                        of which something was under way at the start
:math:`q_j`             ``flow.ship``, ``flow.sold`` or ``processing.activity``        mass
                        that counts, as in ``concentration``
:math:`\gamma_j`        what a tonne of it counts: 1 − loss, or the recipe             --
:math:`M_c`             ``most``: capacities, or what anything can need                mass
:math:`N_r`             ``limit``, suppliers at most                                   --
:math:`e_r`             ``excess``, only where the rule is priced                      --
======================  ============================================================  ==========

One row r for each pool of materials, market and group of periods of a rule. Where no more subjects could supply than
the limit allows there is neither row nor switch. Cost of a priced rule: penalty times excess suppliers.
How :math:`M` is derived: ``planner.suppliers``.
"""

import pyomo.environ as pyo

from mineral_sourcing.concentration import counted
from mineral_sourcing.network import Network

RULES = {"count": "rules"}


def add(m: pyo.Block, network: Network) -> None:
    """Add the limits on the number of suppliers; reads ``flow`` and ``processing``."""
    data = network.suppliers
    if not len(data.counts):
        return
    m.suppliers = suppliers = pyo.Block(doc=__doc__)
    suppliers.CANDIDATES = pyo.Set(dimen=6, initialize=data.candidates)
    for name, members, dimen in (("SHIPMENTS", data.shipments, 4), ("SALES", data.sales, 4), ("RUNS", data.runs, 3)):
        suppliers.add_component(name, pyo.Set(suppliers.CANDIDATES, dimen=dimen, initialize=members))
    suppliers.SWITCHES = pyo.Set(dimen=6, initialize=data.switches)
    suppliers.LINKS = pyo.Set(dimen=6, initialize=data.links)
    suppliers.most = pyo.Param(suppliers.LINKS, initialize=data.most)
    suppliers.surely = pyo.Param(suppliers.SWITCHES, initialize=data.surely)

    def bounds(b: pyo.Block, *c: str) -> tuple[pyo.Expression, float]:
        return b.surely[c], 1.0

    suppliers.on = pyo.Var(suppliers.SWITCHES, domain=pyo.Binary, bounds=bounds)

    @suppliers.Constraint(suppliers.LINKS)
    def link(b: pyo.Block, *c: str) -> pyo.Expression:
        return counted(b, c) - b.most[c] * b.on[c] <= 0

    suppliers.COUNTS = pyo.Set(dimen=5, initialize=data.counts)
    suppliers.COUNTED = pyo.Set(suppliers.COUNTS, dimen=6, initialize=data.counted)
    suppliers.PRICED = pyo.Set(dimen=5, initialize=data.priced)
    suppliers.PRICED_IN = pyo.Set(suppliers.COUNTS, dimen=5, initialize=data.priced_in)
    suppliers.limit = pyo.Param(suppliers.COUNTS, initialize=data.limit, mutable=True)
    suppliers.penalty = pyo.Param(suppliers.PRICED, initialize=data.penalty)
    suppliers.excess = pyo.Var(suppliers.PRICED, domain=pyo.NonNegativeReals)

    @suppliers.Constraint(suppliers.COUNTS)
    def count(b: pyo.Block, *r: str) -> pyo.Expression:
        excess = sum(b.excess[priced] for priced in b.PRICED_IN[r])
        return sum(b.on[c] for c in b.COUNTED[r]) - excess <= b.limit[r]

    @suppliers.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        return sum(b.penalty[priced] * b.excess[priced] for priced in b.PRICED)
