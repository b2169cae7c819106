r"""Processing: plants convert by recipe, several outputs at once.

.. math::

    0 \le a_{pt} \le \bar a_{pt}, \qquad \textbf{cost} = \sum_t DF_t \sum_p c_p \, a_{pt}

=================  =====================================================  ==========
:math:`a_{pt}`     ``activity`` of process p                               mass
:math:`c_p`        ``toll`` per tonne of activity                          money/mass
:math:`\bar a`     ``limit``: capacity times the years of a period         mass
=================  =====================================================  ==========

A tonne of activity takes in ``input[p, k]`` and gives out ``output[p, k]`` tonnes; the balance counts both.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network


def add(m: pyo.Block, network: Network) -> None:
    """Add the columns ``processing.activity`` and their toll."""
    data = network.processing
    m.processing = processing = pyo.Block(doc=__doc__)
    processing.PROCESSES = pyo.Set(initialize=data.processes)
    processing.RUNS = pyo.Set(dimen=2, initialize=data.runs)
    processing.INPUTS = pyo.Set(dimen=2, initialize=data.inputs)
    processing.OUTPUTS = pyo.Set(dimen=2, initialize=data.outputs)
    processing.limit = pyo.Param(processing.RUNS, within=pyo.Reals, initialize=data.run_limit)
    processing.toll = pyo.Param(processing.PROCESSES, initialize=data.toll, within=pyo.Reals)
    processing.input = pyo.Param(processing.INPUTS, within=pyo.Reals, initialize=data.input)
    processing.output = pyo.Param(processing.OUTPUTS, within=pyo.Reals, initialize=data.output)

    def bounds(b: pyo.Block, p: str, t: int) -> tuple[float, pyo.Expression]:
        return 0.0, b.limit[p, t]

    processing.activity = pyo.Var(processing.RUNS, bounds=bounds)

    @processing.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        m = b.parent_block()
        return sum(m.discount[t] * b.toll[p] * b.activity[p, t] for p, t in b.RUNS)
