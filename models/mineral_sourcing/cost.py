r"""Cost: what each family costs, discounted, in one objective.

.. math:: \min \sum_{\text{families}} \textbf{cost}
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network


def add(m: pyo.ConcreteModel, network: Network) -> None:
    """Add the objective: the sum of every family's ``cost``."""
    del network
    blocks = list(m.component_objects(pyo.Block, descend_into=False))
    m.objective = pyo.Objective(expr=sum(block.cost for block in blocks if block.component("cost") is not None))
