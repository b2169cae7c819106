r"""Averages: what a rule counts is on average at most, or at least, so risky, carbon-rich, recycled or pure.

.. math::

    \textbf{cap} \quad \pm \sum_{j \in J_r} (a_j - \bar a_r) \, \gamma_j q_j - e_r \le
        \mp \sum_{w \in W_r} (a_w - \bar a_r) \, g_w, \qquad 0 \le e_r \le \bar e_r \qquad \forall\, r

======================  ============================================================  ===========
:math:`q_j`             ``flow.ship``, ``flow.sold`` or ``processing.activity``        mass
                        that counts, as in ``concentration``
:math:`\gamma_j`        what a tonne of it counts: 1 − loss, or the recipe             --
:math:`a_j`             ``value``, or ``made_value`` of a process: the rule's          unit
                        attribute of the site that sells and the material
:math:`\bar a_r`        ``limit`` of the average                                       unit
:math:`g_w`             what was under way at the start: ``given`` is their sum,       mass
                        ``given_value`` that of :math:`a_w g_w`
:math:`e_r`             ``excess``; at most ``most``, 0 where the rule is hard         unit × mass
======================  ============================================================  ===========

+ for a cap, − for a floor: the quantity-weighted average of :math:`a` is on the right side of the limit, written
without its denominator, so that it is linear; an average of nothing is kept. Cost of a priced rule: penalty times
excess. Shadow price: change of least cost per unit of the attribute times a tonne of excess allowed.

Source: the blending constraint of Charnes, Cooper and Mellon 1952, Blending aviation gasolines.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network

RULES = {"cap": "rules"}


def _above(b: pyo.Block, r: tuple[str, ...]) -> pyo.Expression:
    """Σ (a − limit) · x of all that a rule counts."""
    m, limit = b.parent_block(), b.limit[r]
    flow, processing = m.flow, m.processing
    bought = sum(
        (b.value[a, o, k] - limit) * flow.kept[o, d, k] * flow.ship[o, d, k, t]
        for a in b.ATTRIBUTE[r]
        for o, d, k, t in b.SHIPMENTS[r]
    )
    sold = sum((b.value[a, i, k] - limit) * flow.sold[i, k, f, t] for a in b.ATTRIBUTE[r] for i, k, f, t in b.SALES[r])
    made = sum(
        (b.made_value[a, p, k] - limit) * processing.output[p, k] * processing.activity[p, t]
        for a in b.ATTRIBUTE[r]
        for p, k, t in b.RUNS[r]
    )
    return bought + sold + made


def add(m: pyo.Block, network: Network) -> None:
    """Add the limits of averages; reads ``flow`` and ``processing``."""
    data = network.averages
    if not len(data.caps):
        return
    m.averages = averages = pyo.Block(doc=__doc__)
    averages.CAPS = pyo.Set(dimen=6, initialize=data.caps)
    for name, members, dimen in (
        ("ATTRIBUTE", data.attribute, 1),
        ("SHIPMENTS", data.shipments, 4),
        ("SALES", data.sales, 4),
        ("RUNS", data.runs, 3),
    ):
        averages.add_component(name, pyo.Set(averages.CAPS, dimen=dimen, initialize=members))
    averages.SOLD = pyo.Set(dimen=3, initialize=data.value.index)
    averages.MADE = pyo.Set(dimen=3, initialize=data.made_value.index)
    averages.value = pyo.Param(averages.SOLD, initialize=data.value, within=pyo.Reals)
    averages.made_value = pyo.Param(averages.MADE, initialize=data.made_value, within=pyo.Reals)
    averages.sign = pyo.Param(averages.CAPS, initialize=data.sign, within=pyo.Reals)
    averages.limit = pyo.Param(averages.CAPS, within=pyo.Reals, initialize=data.limit, mutable=True)
    averages.given = pyo.Param(averages.CAPS, within=pyo.Reals, initialize=data.given)
    averages.given_value = pyo.Param(averages.CAPS, initialize=data.given_value, within=pyo.Reals)
    averages.penalty = pyo.Param(averages.CAPS, within=pyo.Reals, initialize=data.penalty)
    averages.most = pyo.Param(averages.CAPS, within=pyo.Reals, initialize=data.most)

    def excess_bounds(b: pyo.Block, *r: str) -> tuple[float, pyo.Expression]:
        return 0.0, b.most[r]

    averages.excess = pyo.Var(averages.CAPS, bounds=excess_bounds)

    @averages.Constraint(averages.CAPS)
    def cap(b: pyo.Block, *r: str) -> pyo.Expression:
        under_way = b.limit[r] * b.given[r] - b.given_value[r]
        return b.sign[r] * _above(b, r) - b.excess[r] <= b.sign[r] * under_way

    @averages.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        return sum(b.penalty[r] * b.excess[r] for r in b.CAPS)
