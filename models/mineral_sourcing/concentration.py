r"""Concentration: no country, owner or site has more than its share; floors the same way round.

.. math::

    \textbf{cap} \quad & \pm \Big( \sum_{j \in J_r} \gamma_j q_j - \bar\sigma_r \, Q_{b(r)} \Big) - e_r \le \pm A_r
        \qquad \forall\, r \\
    \textbf{total} \quad & Q_b = \sum_{j \in B_b} \gamma_j q_j - \sum_{j \in R_b} \rho_j \gamma_j q_j
        - \sum_{j \in U_b} u_j + A_b \qquad \forall\, b

======================  ============================================================  ==========
:math:`q_j`             ``flow.ship``, ``flow.sold``, ``processing.activity`` or       mass
                        ``stockpile.release`` less ``fill`` that counts, or
                        ``origin.counted``
:math:`\gamma_j`        what a tonne of it counts: 1 − loss, or the recipe             --
:math:`Q_b`             ``base``: consumption (demand − unmet u + process input),      mass
                        or all that is bought or made
:math:`\rho_j`          ``recycled`` part, or ``made_recycled`` of a process, where     --
                        the base leaves it out
:math:`\bar\sigma_r`    ``share``; 0 for a quantity                                    --
:math:`A_r`             ``amount``: limit of a quantity, share of a demand, less       mass
                        what was under way
:math:`e_r`             ``excess``, only where the rule is priced                      mass
======================  ============================================================  ==========

+ for a cap, − for a floor. A base of consumption forbids buying from a sole supplier at all; a base of demand does not:
the rule names its base. :math:`Q` is a column of its own, so that a row of a rule with many subjects stays short.
Cost of a priced rule: penalty times excess. Shadow price: change of least cost per tonne of excess allowed.

Source of the share of consumption: Regulation (EU) 2024/1252, Art. 5(1)(b), where :math:`\bar\sigma = 0.65`.
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network
from mineral_sourcing.rules import Concentration

RULES = {"cap": "rules"}


def _recycled(b: pyo.Block, flow: pyo.Block, processing: pyo.Block, q: tuple[str, ...]) -> pyo.Expression:
    """What a base leaves out of what is bought or made, because it is recycled."""
    bought = sum(
        b.recycled[o, k] * flow.kept[o, d, k] * flow.ship[o, d, k, t] for o, d, k, t in b.RECYCLED_SHIPMENTS[q]
    )
    sold = sum(b.recycled[i, k] * flow.sold[i, k, f, t] for i, k, f, t in b.RECYCLED_SALES[q])
    made = sum(
        b.made_recycled[p, k] * processing.output[p, k] * processing.activity[p, t] for p, k, t in b.RECYCLED_RUNS[q]
    )
    return bought + sold + made


def _add_bases(concentration: pyo.Block, data: Concentration) -> None:
    concentration.BASES = pyo.Set(dimen=5, initialize=data.bases)
    for name, members, dimen in (
        ("BASE_SHIPMENTS", data.base_shipments, 4),
        ("BASE_SALES", data.base_sales, 4),
        ("BASE_RUNS", data.base_runs, 3),
        ("BASE_TAGGED", data.base_tagged, 7),
        ("BASE_UNMET", data.base_unmet, 4),
        ("BASE_USE", data.base_use, 3),
        ("BASE_RELEASES", data.base_releases, 3),
        ("RECYCLED_SHIPMENTS", data.recycled_shipments, 4),
        ("RECYCLED_SALES", data.recycled_sales, 4),
        ("RECYCLED_RUNS", data.recycled_runs, 3),
    ):
        concentration.add_component(name, pyo.Set(concentration.BASES, dimen=dimen, initialize=members))
    concentration.SOLD_RECYCLED = pyo.Set(dimen=2, initialize=data.recycled.index)
    concentration.MADE_RECYCLED = pyo.Set(dimen=2, initialize=data.made_recycled.index)
    concentration.recycled = pyo.Param(concentration.SOLD_RECYCLED, within=pyo.Reals, initialize=data.recycled)
    concentration.made_recycled = pyo.Param(
        concentration.MADE_RECYCLED, within=pyo.Reals, initialize=data.made_recycled
    )
    concentration.base_constant = pyo.Param(concentration.BASES, within=pyo.Reals, initialize=data.base_constant)
    concentration.base = pyo.Var(concentration.BASES, domain=pyo.Reals)

    @concentration.Constraint(concentration.BASES)
    def total(b: pyo.Block, *q: str) -> pyo.Expression:
        m = b.parent_block()
        flow, processing = m.flow, m.processing
        bought = sum(flow.kept[o, d, k] * flow.ship[o, d, k, t] for o, d, k, t in b.BASE_SHIPMENTS[q])
        sold = sum(flow.sold[sale] for sale in b.BASE_SALES[q])
        made = sum(processing.output[p, k] * processing.activity[p, t] for p, k, t in b.BASE_RUNS[q])
        tagged = sum(m.origin.counted[part] for part in b.BASE_TAGGED[q])
        unmet = sum(m.priority.unmet[demand] for demand in b.BASE_UNMET[q])
        used = sum(processing.input[p, k] * processing.activity[p, t] for p, k, t in b.BASE_USE[q])
        released = sum(m.stockpile.release[at] - m.stockpile.fill[at] for at in b.BASE_RELEASES[q])
        every = bought + sold + made + tagged + used + released - unmet
        return b.base[q] - every + _recycled(b, flow, processing, q) == b.base_constant[q]


def counted(b: pyo.Block, r: tuple[str, ...]) -> pyo.Expression:
    """What a rule counts under a key: arrivals, sales and output, of the block's SHIPMENTS, SALES and RUNS."""
    m = b.parent_block()
    flow, processing = m.flow, m.processing
    return (
        sum(flow.kept[o, d, k] * flow.ship[o, d, k, t] for o, d, k, t in b.SHIPMENTS[r])
        + sum(flow.sold[sale] for sale in b.SALES[r])
        + sum(processing.output[p, k] * processing.activity[p, t] for p, k, t in b.RUNS[r])
    )


def traced(b: pyo.Block, r: tuple[str, ...]) -> pyo.Expression:
    """What a rule on origin counts under a key, of the block's TAGGED."""
    return sum(b.parent_block().origin.counted[part] for part in b.TAGGED[r])


def add(m: pyo.Block, network: Network) -> None:
    """Add caps, floors and their bases; reads flow, processing, priority, stockpile and origin."""
    data = network.concentration
    m.concentration = concentration = pyo.Block(doc=__doc__)
    _add_bases(concentration, data)
    concentration.CAPS = pyo.Set(dimen=6, initialize=data.caps)
    concentration.PRICED = pyo.Set(dimen=6, initialize=data.priced)
    for name, members, dimen in (
        ("SHIPMENTS", data.counted_shipments, 4),
        ("SALES", data.counted_sales, 4),
        ("RUNS", data.counted_runs, 3),
        ("TAGGED", data.counted_tagged, 7),
        ("BASE_OF", data.base_of, 5),
        ("PRICED_IN", data.priced_in, 6),
    ):
        concentration.add_component(name, pyo.Set(concentration.CAPS, dimen=dimen, initialize=members))
    concentration.sign = pyo.Param(concentration.CAPS, initialize=data.sign, within=pyo.Reals)
    concentration.share = pyo.Param(concentration.CAPS, within=pyo.Reals, initialize=data.share, mutable=True)
    concentration.amount = pyo.Param(concentration.CAPS, initialize=data.amount, mutable=True, within=pyo.Reals)
    concentration.penalty = pyo.Param(concentration.PRICED, within=pyo.Reals, initialize=data.penalty)
    concentration.excess = pyo.Var(concentration.PRICED, domain=pyo.NonNegativeReals)

    @concentration.Constraint(concentration.CAPS)
    def cap(b: pyo.Block, *r: str) -> pyo.Expression:
        allowed = sum(b.share[r] * b.base[base] for base in b.BASE_OF[r])
        excess = sum(b.excess[priced] for priced in b.PRICED_IN[r])
        return b.sign[r] * (counted(b, r) + traced(b, r) - allowed) - excess <= b.sign[r] * b.amount[r]

    @concentration.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        return sum(b.penalty[priced] * b.excess[priced] for priced in b.PRICED)
