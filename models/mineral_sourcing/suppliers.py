r"""Suppliers: at most or at least so many of a rule's subjects supply a market, and whoever does supplies enough.

.. math::

    \textbf{link} \quad & \sum_{j \in J_c} \gamma_j q_j \le M_c \, y_c \qquad \forall\, c \\
    \textbf{count} \quad & \pm \Big( \sum_{c \in r} y_c - N_r \Big) - e_r \le 0, \qquad y_c \in \{0, 1\}
        \qquad \forall\, r \\
    \textbf{award} \quad & (A_a + \sigma_a \bar Q_a) \, y_a + \sigma_a Q_a - \sum_{j \in J_a} \gamma_j q_j - e_a
        \le \sigma_a \bar Q_a + g_a \qquad \forall\, a

======================  ============================================================  ==========
:math:`y_c`             ``on``, 1 if subject c supplies anything; never 0 for one      --
                        of which something was under way at the start
:math:`q_j`             ``flow.ship``, ``flow.sold`` or ``processing.activity``        mass
                        that counts, as in ``concentration``
:math:`\gamma_j`        what a tonne of it counts: 1 − loss, or the recipe             --
:math:`M_c`             ``most``: capacities, or what anything can need                mass
:math:`N_r`             ``limit``, suppliers at most (+) or at least (−)               --
:math:`A_a`             ``least``, smallest award: a quantity, or a share of demand    mass
:math:`\sigma_a`        ``share`` of a base that varies; else 0                        --
:math:`Q_a`             ``concentration.base``                                         mass
:math:`\bar Q_a`        ``reach``, the most that the base can be                       mass
:math:`g_a`             ``given``, what was under way                                  mass
:math:`e_r, e_a`        ``excess`` and ``short``, only where the rule is priced        --, mass
======================  ============================================================  ==========

One row r for each pool of materials, market and group of periods of a rule that counts, one row a for each subject too
of a rule on awards. Rules that ask the same of the same subject (the tonnes of the same materials, market and periods)
share one switch: then y says "at least the smallest award" to the count, and a gram is no supplier. With
:math:`y = 0` an award with a varying base asks nothing, as :math:`\sigma Q \le \sigma \bar Q`.
Where no more subjects could supply than the limit allows there is neither row nor switch. Cost of a priced rule:
penalty times excess suppliers, or times tonnes short. How :math:`M` and :math:`\bar Q` are derived:
``planner.assembly.suppliers``.
"""

import pyomo.environ as pyo

from mineral_sourcing.concentration import counted
from mineral_sourcing.network import Network
from mineral_sourcing.rules import Suppliers

RULES = {"count": "rules", "award": "rules"}


def add(m: pyo.Block, network: Network) -> None:
    """Add counts of suppliers and smallest awards; reads ``flow``, ``processing`` and ``concentration``."""
    data = network.suppliers
    if not len(data.counts) + len(data.awards):
        return
    m.suppliers = suppliers = pyo.Block(doc=__doc__)
    suppliers.CANDIDATES = pyo.Set(dimen=6, initialize=data.candidates)
    for name, members, dimen in (("SHIPMENTS", data.shipments, 4), ("SALES", data.sales, 4), ("RUNS", data.runs, 3)):
        suppliers.add_component(name, pyo.Set(suppliers.CANDIDATES, dimen=dimen, initialize=members))
    suppliers.SWITCHES = pyo.Set(dimen=6, initialize=data.switches)
    suppliers.LINKS = pyo.Set(dimen=6, initialize=data.links)
    suppliers.most = pyo.Param(suppliers.LINKS, within=pyo.Reals, initialize=data.most)
    suppliers.surely = pyo.Param(suppliers.SWITCHES, within=pyo.Reals, initialize=data.surely)

    def bounds(b: pyo.Block, *c: str) -> tuple[pyo.Expression, float]:
        return b.surely[c], 1.0

    suppliers.on = pyo.Var(suppliers.SWITCHES, domain=pyo.Binary, bounds=bounds)

    @suppliers.Constraint(suppliers.LINKS)
    def link(b: pyo.Block, *c: str) -> pyo.Expression:
        return counted(b, c) - b.most[c] * b.on[c] <= 0

    _add_counts(suppliers, data)
    _add_awards(suppliers, data)

    @suppliers.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        many = sum(b.penalty[priced] * b.excess[priced] for priced in b.PRICED)
        return many + sum(b.price[priced] * b.short[priced] for priced in b.SHORT)


def _add_counts(suppliers: pyo.Block, data: Suppliers) -> None:
    suppliers.COUNTS = pyo.Set(dimen=5, initialize=data.counts)
    suppliers.COUNTED = pyo.Set(suppliers.COUNTS, dimen=6, initialize=data.counted)
    suppliers.PRICED = pyo.Set(dimen=5, initialize=data.priced)
    suppliers.PRICED_IN = pyo.Set(suppliers.COUNTS, dimen=5, initialize=data.priced_in)
    suppliers.sign = pyo.Param(suppliers.COUNTS, initialize=data.sign, within=pyo.Reals)
    suppliers.limit = pyo.Param(suppliers.COUNTS, within=pyo.Reals, initialize=data.limit, mutable=True)
    suppliers.penalty = pyo.Param(suppliers.PRICED, within=pyo.Reals, initialize=data.penalty)
    suppliers.excess = pyo.Var(suppliers.PRICED, domain=pyo.NonNegativeReals)

    @suppliers.Constraint(suppliers.COUNTS)
    def count(b: pyo.Block, *r: str) -> pyo.Expression:
        excess = sum(b.excess[priced] for priced in b.PRICED_IN[r])
        return b.sign[r] * sum(b.on[c] for c in b.COUNTED[r]) - excess <= b.sign[r] * b.limit[r]


def _add_awards(suppliers: pyo.Block, data: Suppliers) -> None:
    suppliers.AWARDS = pyo.Set(dimen=6, initialize=data.awards)
    suppliers.AWARD_ON = pyo.Set(suppliers.AWARDS, dimen=6, initialize=data.award_on)
    suppliers.BASE_OF = pyo.Set(suppliers.AWARDS, dimen=5, initialize=data.base_of)
    suppliers.SHORT = pyo.Set(dimen=6, initialize=data.short)
    suppliers.SHORT_IN = pyo.Set(suppliers.AWARDS, dimen=6, initialize=data.short_in)
    for name in ("least", "share"):
        suppliers.add_component(
            name, pyo.Param(suppliers.AWARDS, within=pyo.Reals, initialize=getattr(data, name), mutable=True)
        )
    suppliers.reach = pyo.Param(suppliers.AWARDS, within=pyo.Reals, initialize=data.reach)
    suppliers.given = pyo.Param(suppliers.AWARDS, within=pyo.Reals, initialize=data.award_given)
    suppliers.price = pyo.Param(suppliers.SHORT, within=pyo.Reals, initialize=data.price)
    suppliers.short = pyo.Var(suppliers.SHORT, domain=pyo.NonNegativeReals)

    @suppliers.Constraint(suppliers.AWARDS)
    def award(b: pyo.Block, *a: str) -> pyo.Expression:
        base = sum(b.parent_block().concentration.base[q] for q in b.BASE_OF[a])
        owed = sum((b.least[a] + b.share[a] * b.reach[a]) * b.on[c] for c in b.AWARD_ON[a]) + b.share[a] * base
        short = sum(b.short[priced] for priced in b.SHORT_IN[a])
        return owed - counted(b, a) - short <= b.share[a] * b.reach[a] + b.given[a]
