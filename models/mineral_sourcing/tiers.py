r"""Tiers: what a year's quantity of one site and material costs, incremental or for all units.

.. math::

    \textbf{split} \quad & \sum_n z_{on t} = s_{ot} \qquad \forall\, o, t \\
    \textbf{band} \quad & \sum_{o, t \in y} z_{ont} - \sum_{j \in O_n} w_n \, h_j \le r_n \qquad \forall\, n, y \\
    \textbf{full} \quad & \sum_{n \in F_j} \sum_{o, t \in y} z_{ont} \ge v_j \, h_j, \qquad h_j \in \{0, 1\}
        \qquad \forall\, j, y \\
    & \textbf{cost} = \sum_t DF_t \sum_{o, n} p_{on} \, z_{ont}

==================  ======================================================================  ==========
:math:`z_{ont}`     ``bought``, of sale (o, t) in tier n                                     mass
:math:`s_{ot}`      ``flow.sold``; an offer with tiers has no cost there                     mass
:math:`h_j`         ``reached``, 1 if the year's quantity reaches tier j                     --
:math:`p_{on}`      ``price`` of the tier; below the first, the offer's ``flow.price``       money/mass
:math:`w_n`         ``width`` that the switches :math:`O_n` of a tier give it                mass
:math:`r_n`         ``room`` of the tier without them                                        mass
:math:`v_j`         ``least`` that :math:`F_j` hold if tier j is reached                     mass
==================  ======================================================================  ==========

Let :math:`\tau_n` be the thresholds, :math:`\tau_0 = 0`, and M the most that is bought in the year
(``planner.assembly.tiers``).

*Incremental*: tier n holds at most :math:`\tau_{n+1} - \tau_n`. Where the price rises from n to n + 1, a plan of least
cost fills n first by itself: a tonne moved down costs no more, and cost is convex. So :math:`O_n = \emptyset`,
:math:`r_n = \tau_{n+1} - \tau_n`, the last tier has no row, and rising prices alone stay a linear program. Where it
falls into tier j, :math:`h_j` opens the tiers from j up to the next fall, :math:`O_n = \{j\}`,
:math:`w_n = \tau_{n+1} - \tau_n` (the last: :math:`M - \tau_n`), :math:`r_n = 0`, and all tiers :math:`F_j` between
the fall before and j must be full, :math:`v_j = \sum_{F_j} (\tau_{n+1} - \tau_n)`.

*All units*: one tier holds the whole year. :math:`O_n = F_n = \{n\}`, :math:`w_n = \tau_{n+1}` (the last: M),
:math:`v_n = \tau_n`, :math:`r_n = 0` for n > 0; below the first threshold :math:`O_0` is every tier,
:math:`w_0 = -\tau_1` and :math:`r_0 = \tau_1`, so that at most one switch is 1.

Source: Croxton, Gendron and Magnanti 2003, A comparison of mixed-integer programming models for nonconvex piecewise
linear cost minimization problems (incremental and multiple choice models).
"""

import pyomo.environ as pyo

from mineral_sourcing.network import Network, Tiers


def _add_sets(tiers: pyo.Block, data: Tiers) -> None:
    tiers.SALES = pyo.Set(dimen=4, initialize=data.sales)
    tiers.PARTS = pyo.Set(dimen=5, initialize=data.parts)
    tiers.PRICED = pyo.Set(dimen=5, initialize=data.priced)
    tiers.LISTED = pyo.Set(dimen=5, initialize=data.listed)
    tiers.TIERS = pyo.Set(dimen=3, initialize=data.tiers)
    tiers.BANDS = pyo.Set(dimen=4, initialize=data.bands)
    tiers.SWITCHES = pyo.Set(dimen=4, initialize=data.switches)
    tiers.OF_SALE = pyo.Set(tiers.SALES, dimen=5, initialize=data.of_sale)
    tiers.IN_BAND = pyo.Set(tiers.BANDS, dimen=5, initialize=data.in_band)
    tiers.OPENED_BY = pyo.Set(tiers.BANDS, dimen=4, initialize=data.opened_by)
    tiers.FILLED = pyo.Set(tiers.SWITCHES, dimen=5, initialize=data.filled)


def add(m: pyo.Block, network: Network) -> None:
    """Add what is bought in each tier and its cost; reads ``flow``."""
    data = network.tiers
    m.tiers = tiers = pyo.Block(doc=__doc__)
    _add_sets(tiers, data)
    tiers.price = pyo.Param(tiers.TIERS, within=pyo.Reals, initialize=data.price)
    tiers.width = pyo.Param(tiers.BANDS, initialize=data.width, within=pyo.Reals)
    tiers.room = pyo.Param(tiers.BANDS, within=pyo.Reals, initialize=data.room)
    tiers.least = pyo.Param(tiers.SWITCHES, within=pyo.Reals, initialize=data.least)
    tiers.bought = pyo.Var(tiers.PARTS, domain=pyo.NonNegativeReals)
    tiers.reached = pyo.Var(tiers.SWITCHES, domain=pyo.Binary)

    @tiers.Constraint(tiers.SALES)
    def split(b: pyo.Block, *s: str) -> pyo.Expression:
        m = b.parent_block()
        return sum(b.bought[part] for part in b.OF_SALE[s]) - m.flow.sold[s] == 0

    @tiers.Constraint(tiers.BANDS)
    def band(b: pyo.Block, *n: str) -> pyo.Expression:
        held = sum(b.bought[part] for part in b.IN_BAND[n])
        return held - sum(b.width[n] * b.reached[j] for j in b.OPENED_BY[n]) <= b.room[n]

    @tiers.Constraint(tiers.SWITCHES)
    def full(b: pyo.Block, *j: str) -> pyo.Expression:
        return b.least[j] * b.reached[j] - sum(b.bought[part] for part in b.FILLED[j]) <= 0

    @tiers.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        m = b.parent_block()
        tiered = sum(m.discount[t] * b.price[i, k, n] * b.bought[i, k, f, t, n] for i, k, f, t, n in b.PRICED)
        listed = sum(m.discount[t] * m.flow.price[i, k, f] * b.bought[i, k, f, t, n] for i, k, f, t, n in b.LISTED)
        return tiered + listed
