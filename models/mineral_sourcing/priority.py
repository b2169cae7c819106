r"""Priority: demand left unmet, the first ranks served first.

.. math::

    0 \le u_{iktr} \le d_{iktr}, \qquad
    \textbf{held} \quad \sum_{(i,k,t,r) \in R} w_r \, u_{iktr} \le U_R, \qquad
    \textbf{cost} = \sum_t DF_t \sum c_r \, u_{iktr}

=================  =====================================================  ==========
:math:`u_{iktr}`   ``unmet``, demand of priority r left unmet              mass
:math:`d_{iktr}`   ``limit``, that demand                                  mass
:math:`w_r`        ``weight``: unmet cost, 1 where there is none           money/mass
:math:`c_r`        ``unmet_cost``, 0 where there is none                   money/mass
:math:`U_R`        ``least``: what the solve of rank R found               money
=================  =====================================================  ==========

Ranks are served in order: the weighted unmet demand of a rank is minimised, undiscounted, and held before the next
rank is looked at; only the last is traded against cost. Demand that must be met has no column.
Before its own solve a rank's row cannot bind: :math:`U_R = \sum w_r d_{iktr}`.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network

RULES = {"held": "priorities"}


def add(m: pyo.Block, network: Network) -> None:
    """Add the columns ``priority.unmet``, the rows ``priority.held`` and the cost of unmet demand."""
    data = network.priority
    m.priority = priority = pyo.Block(doc=__doc__)
    priority.DEMANDS = pyo.Set(dimen=4, initialize=data.demands)
    priority.RANKS = pyo.Set(initialize=data.ranks)
    priority.RANKED = pyo.Set(priority.RANKS, dimen=4, initialize=data.ranked)
    priority.PRIORITIES = pyo.Set(initialize=data.priorities)
    priority.limit = pyo.Param(priority.DEMANDS, within=pyo.Reals, initialize=data.unmet_limit)
    priority.unmet_cost = pyo.Param(priority.PRIORITIES, within=pyo.Reals, initialize=data.unmet_cost)
    priority.weight = pyo.Param(priority.PRIORITIES, within=pyo.Reals, initialize=data.weight)

    def bounds(b: pyo.Block, i: str, k: str, t: int, r: str) -> tuple[float, pyo.Expression]:
        return 0.0, b.limit[i, k, t, r]

    priority.unmet = pyo.Var(priority.DEMANDS, bounds=bounds)

    @priority.Constraint(priority.RANKS)
    def held(b: pyo.Block, rank: int) -> pyo.Expression:
        worst = sum(b.weight[r] * b.limit[i, k, t, r] for i, k, t, r in b.RANKED[rank])
        return sum(b.weight[r] * b.unmet[i, k, t, r] for i, k, t, r in b.RANKED[rank]) <= worst

    @priority.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        m = b.parent_block()
        return sum(m.discount[t] * b.unmet_cost[r] * b.unmet[i, k, t, r] for i, k, t, r in b.DEMANDS)
