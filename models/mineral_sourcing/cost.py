r"""Cost: what each family costs, discounted, in one objective.

.. math:: \min \sum_{\text{families}} \textbf{cost}
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network


def add(m: pyo.Block, network: Network) -> None:
    """Add the objective: the sum of every family's ``cost``."""
    del network
    blocks = m.component_objects(pyo.Block, descend_into=False)
    costly = [block.local_name for block in blocks if "cost" in block.component_map()]

    @m.Objective()
    def objective(b: pyo.Block) -> pyo.Expression:
        return sum(b.component(name).cost for name in costly)
