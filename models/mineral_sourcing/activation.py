r"""Activation: what is used at all is charged for, and at least a minimum is taken.

.. math::

    \textbf{most} \quad & \sum_{j \in J_a} q_j \le M_a \, y_a \\
    \textbf{least} \quad & \sum_{j \in J_a} q_j \ge m_a \, y_a \\
    \textbf{link} \quad & \sum_{j \in J_a(k)} q_j \le M_{ak} \, y_a, \qquad y_a \in \{0, 1\}, \qquad
    \textbf{cost} = \sum_a F_a \, y_a

==================  =====================================================================  =====
:math:`y_a`         ``on``: an offer, lane, route or process in a year, a set-up or a run   --
                    in a period
:math:`q_j`         ``flow.sold``, ``processing.activity`` or ``flow.ship``                 mass
:math:`M_a`         ``most``: capacities, or what demand can ever take                      mass
:math:`m_a`         ``min_award``, or ``min_load`` of the capacity                          mass
:math:`F_a`         ``fixed_cost``, in the first period of the year, present value          money
==================  =====================================================================  =====

**link** follows from **most** and the integers; it holds each material of a charged route apart, which tightens the
relaxation (Chouman, Crainic and Gendron 2017, strong inequalities). How :math:`M` is derived:
``planner.assembly.needs``.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network

RULES = {"least": "offers"}


def add(m: pyo.Block, network: Network) -> None:
    """Add the yes-or-no columns ``activation.on`` and their cost; reads ``flow`` and ``processing``."""
    data = network.activation
    m.activation = activation = pyo.Block(doc=__doc__)
    activation.SWITCHES = pyo.Set(dimen=7, initialize=data.switches)
    activation.SALES = pyo.Set(activation.SWITCHES, dimen=4, initialize=data.sales)
    activation.RUNS = pyo.Set(activation.SWITCHES, dimen=2, initialize=data.runs)
    activation.SHIPMENTS = pyo.Set(activation.SWITCHES, dimen=4, initialize=data.shipments)
    activation.most_limit = pyo.Param(activation.SWITCHES, within=pyo.Reals, initialize=data.most)
    activation.charge = pyo.Param(activation.SWITCHES, within=pyo.Reals, initialize=data.cost)
    activation.on = pyo.Var(activation.SWITCHES, domain=pyo.Binary)

    def quantity(b: pyo.Block, *a: str) -> pyo.Expression:
        m = b.parent_block()
        sold = sum(m.flow.sold[sale] for sale in b.SALES[a])
        run = sum(m.processing.activity[run] for run in b.RUNS[a])
        return sold + run + sum(m.flow.ship[shipment] for shipment in b.SHIPMENTS[a])

    @activation.Constraint(activation.SWITCHES)
    def most(b: pyo.Block, *a: str) -> pyo.Expression:
        return quantity(b, *a) - b.most_limit[a] * b.on[a] <= 0

    activation.FLOORS = pyo.Set(dimen=7, initialize=data.floors)
    activation.least_limit = pyo.Param(activation.FLOORS, within=pyo.Reals, initialize=data.least)

    @activation.Constraint(activation.FLOORS)
    def least(b: pyo.Block, *a: str) -> pyo.Expression:
        return b.least_limit[a] * b.on[a] - quantity(b, *a) <= 0

    activation.LINKS = pyo.Set(dimen=7, initialize=data.links)
    activation.LINK_OF = pyo.Set(activation.LINKS, dimen=7, initialize=data.link_of)
    activation.LINKED = pyo.Set(activation.LINKS, dimen=4, initialize=data.link_shipments)
    activation.link_limit = pyo.Param(activation.LINKS, within=pyo.Reals, initialize=data.link_most)

    @activation.Constraint(activation.LINKS)
    def link(b: pyo.Block, *a: str) -> pyo.Expression:
        m = b.parent_block()
        shipped = sum(m.flow.ship[shipment] for shipment in b.LINKED[a])
        return shipped - sum(b.link_limit[a] * b.on[switch] for switch in b.LINK_OF[a]) <= 0

    @activation.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        return sum(b.charge[switch] * b.on[switch] for switch in b.SWITCHES)
