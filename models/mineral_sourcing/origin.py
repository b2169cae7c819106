r"""Origin: where the element was mined or recycled, carried through every plant and stock.

Every flow of a material that an origin rule reads is split by origin g; the parts add up to it.

.. math::

    \textbf{shipping} \quad & \sum_g x_{\ell g t} = x_{\ell t}, \qquad \text{likewise } \textbf{using}, \textbf{making},
        \textbf{holding}, \textbf{filling} \\
    \textbf{serving} \quad & \sum_g c_{ikgt} = \gamma_k \Big( d_{ikt} - \sum_r u_{iktr} \Big) \\
    \textbf{node} \quad & \sum_{\ell \to i} (1 - \epsilon_\ell) \, x_{\ell g, t - L_\ell} + s_{igt} + \sum_p m_{pkgt}
        + \rho_{ikgt} + y_{ikgt} \ge \sum_{\ell \leftarrow i} x_{\ell g t} + \sum_p n_{pkgt} + \phi_{ikgt}
        + c_{ikgt} / \gamma_k \\
    \textbf{recipe} \quad & \sum_k \eta_{pk} \, n_{pkgt} \ge \sum_k \gamma_k \, m_{pkgt} \\
    \textbf{carry} \quad & v_{ikgt} = \lambda_{ikt} \, v_{ikg,t-1} + \phi_{ikgt} - \rho_{ikgt} \\
    \textbf{bought} \quad & c_{\ell g t} = \gamma_k \big( (1 - \epsilon_\ell) \, x_{\ell g, t - L_\ell}
        + y_{\ell g t} \big), \qquad \textbf{consumed} \quad c_{ikgt} = \gamma_k \sum_p n_{pkgt}
        \qquad \forall\, g, t

==========================  ============================================================  ==========
:math:`x, n, m`             ``shipped``, ``used``, ``made``: the part of origin g          mass
:math:`v, \phi, \rho`       ``stock``, ``fill``, ``release``: the part of origin g         mass
:math:`c`                   ``counted``: element of origin g that a rule counts            mass
:math:`s, y`                sales and what was under way, of one origin each               mass
:math:`\gamma_k`            ``content``: element per tonne of the material                 --
:math:`\eta_{pk}`           ``passed``: element that comes out per tonne taken in          --
:math:`d, u`                demand and unmet demand                                        mass
:math:`\epsilon, \lambda`   loss on the way, what a stock keeps: alike for every origin    --
==========================  ============================================================  ==========

Mass balance: a plant may assign the origins of what it takes in to its outputs as it likes, as long as no origin comes
out more than it went in, times the recovery. What a ≥ leaves open went where nothing is counted: surplus, other
outputs, other buyers. As all parts add up to the flow, no more and no less is left than went there. A flow that one
origin alone can reach is that origin, and has no parts.
"""

from typing import Any

import pyomo.environ as pyo

from mineral_sourcing.network import Network, Origin
from mineral_sourcing.origin_parts import add_sums, sets


def _add_columns(origin: pyo.Block, data: Origin) -> None:
    for name, variables, index in (
        ("SHIPPED", ("shipped",), data.shipments),
        ("USED", ("used",), data.uses),
        ("MADE", ("made",), data.makings),
        ("HELD", ("stock", "fill", "release"), data.stocks),
    ):
        origin.add_component(name, pyo.Set(dimen=len(index.codes), initialize=index))
        for variable in variables:
            origin.add_component(variable, pyo.Var(origin.component(name), domain=pyo.NonNegativeReals))
    for name, param in (("CONTENTS", "content"), ("PASSED", "passed")):
        values = getattr(data, param)
        origin.add_component(name, pyo.Set(dimen=len(values.index.codes), initialize=values.index))
        origin.add_component(param, pyo.Param(origin.component(name), within=pyo.Reals, initialize=values))


def _add_balances(origin: pyo.Block, data: Origin) -> None:
    """No origin leaves a site, a plant or a stock more than it came in."""
    nodes = sets(origin, "NODES", data.nodes, **data.at_node)
    runs = sets(origin, "RUNS", data.runs, **data.at_run)
    origin.BEFORE = pyo.Set(origin.HELD, dimen=5, initialize=data.before)
    origin.under_way = pyo.Param(nodes, within=pyo.Reals, initialize=data.under_way)
    origin.opening = pyo.Param(origin.HELD, within=pyo.Reals, initialize=data.opening)

    def node(b: pyo.Block, *n: Any) -> pyo.Expression:
        m = b.parent_block()
        flow, processing = m.flow, m.processing
        parts = sum(flow.kept[o, d, k] * b.shipped[e, o, d, k, g, t] for e, o, d, k, g, t in b.ARRIVING[n])
        alone = sum(flow.kept[o, d, k] * flow.ship[o, d, k, t] for o, d, k, t in b.ARRIVING_ALONE[n])
        sold = sum(flow.sold[sale] for sale in b.SELLING[n])
        made = sum(b.made[part] for part in b.MAKING[n])
        pure = sum(processing.output[p, k] * processing.activity[p, t] for p, k, t in b.MAKING_ALONE[n])
        drawn = sum(b.release[part] - b.fill[part] for part in b.STOCKED[n])
        left = sum(b.shipped[part] for part in b.LEAVING[n]) + sum(b.used[part] for part in b.USING[n])
        served = sum((1 / b.content[e, k]) * b.counted[w, e, o, i, k, g, t] for w, e, o, i, k, g, t in b.SERVING[n])
        return parts + alone + sold + made + pure + drawn - left - served >= -b.under_way[n]

    def recipe(b: pyo.Block, *r: Any) -> pyo.Expression:
        processing = b.parent_block().processing
        taken = sum(b.passed[e, p, k] * b.used[e, p, k, g, t] for e, p, k, g, t in b.TAKING[r])
        pure = sum(
            b.passed[r[0], p, k] * processing.input[p, k] * processing.activity[p, t] for p, k, t in b.TAKING_ALONE[r]
        )
        return taken + pure - sum(b.content[e, k] * b.made[e, p, k, g, t] for e, p, k, g, t in b.GIVING[r]) >= 0

    def carry(b: pyo.Block, e: str, i: str, k: str, g: str, t: int) -> pyo.Expression:
        keeps = b.parent_block().stockpile.keeps
        carried = sum(keeps[i, k, t] * b.stock[before] for before in b.BEFORE[e, i, k, g, t])
        moved = b.fill[e, i, k, g, t] - b.release[e, i, k, g, t]
        return b.stock[e, i, k, g, t] - carried - moved == keeps[i, k, t] * b.opening[e, i, k, g, t]

    origin.node = pyo.Constraint(nodes, rule=node)
    origin.recipe = pyo.Constraint(runs, rule=recipe)
    origin.carry = pyo.Constraint(origin.HELD, rule=carry)


def _add_counts(origin: pyo.Block, data: Origin) -> None:
    """What arrives at a market, and what its processes take in, by origin."""
    purchases = sets(origin, "BOUGHT", data.bought, **data.of_bought)
    origin.coming = pyo.Param(purchases, within=pyo.Reals, initialize=data.coming)
    inputs = sets(origin, "CONSUMED", data.consumed, **data.of_consumed)

    def bought(b: pyo.Block, w: str, e: str, o: str, d: str, k: str, g: str, t: int) -> pyo.Expression:
        flow = b.parent_block().flow
        at = w, e, o, d, k, g, t
        parts = sum(flow.kept[i, j, n] * b.shipped[f, i, j, n, h, s] for f, i, j, n, h, s in b.ARRIVED[at])
        alone = sum(flow.kept[i, j, n] * flow.ship[i, j, n, s] for i, j, n, s in b.ARRIVED_ALONE[at])
        return b.counted[at] - b.content[e, k] * (parts + alone) == b.content[e, k] * b.coming[at]

    def consumed(b: pyo.Block, w: str, e: str, o: str, d: str, k: str, g: str, t: int) -> pyo.Expression:
        processing = b.parent_block().processing
        at = w, e, o, d, k, g, t
        parts = sum(b.used[part] for part in b.TAKEN[at])
        alone = sum(processing.input[p, n] * processing.activity[p, s] for p, n, s in b.TAKEN_ALONE[at])
        return b.counted[at] - b.content[e, k] * (parts + alone) == 0

    origin.bought = pyo.Constraint(purchases, rule=bought)
    origin.consumed = pyo.Constraint(inputs, rule=consumed)


def add(m: pyo.Block, network: Network) -> None:
    """Add the columns of every origin, and what rules count of it; reads flow, processing, priority and stockpile.

    Without a rule on origin there is nothing to add but an empty ``counted``.
    """
    data = network.origin
    m.origin = origin = pyo.Block(doc=__doc__)
    origin.COUNTED = pyo.Set(dimen=7, initialize=data.counted)
    origin.counted = pyo.Var(origin.COUNTED, domain=pyo.NonNegativeReals)
    if len(data.counted):
        _add_columns(origin, data)
        add_sums(origin, data)
        _add_balances(origin, data)
        _add_counts(origin, data)
