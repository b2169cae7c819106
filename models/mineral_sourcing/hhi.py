r"""HHI: the sum of the squared shares of all that a rule counts stays below its cap.

.. math::

    \textbf{supplied} \quad & q_g = \sum_{j \in J_g} \gamma_j q_j + A_g \qquad \forall\, g \\
    \textbf{piece} \quad & v_g \ge \beta_n \, q_g - \eta_n \, Q \qquad \forall\, g, n \\
    \textbf{cap} \quad & \sum_{g \in r} v_g - H_r \, Q_{b(r)} - e_r \le 0 \qquad \forall\, r

======================  ============================================================  ==========
:math:`q_g`             ``quantity``, what subject g supplies                          mass
:math:`v_g`             ``square``, no less than :math:`q_g^2 / Q`                     mass
:math:`Q`               ``concentration.base``, the total that shares are taken of     mass
:math:`q_j`             ``flow.ship``, ``flow.sold`` or ``processing.activity``        mass
                        that counts, as in ``concentration``
:math:`\gamma_j`        what a tonne of it counts: 1 − loss, or the recipe             --
:math:`A_g`             ``given``, what was under way at the start                     mass
:math:`\beta_n`         ``slope`` of a piece: a + b                                    --
:math:`\eta_n`          ``height`` of a piece: a b                                     --
:math:`H_r`             ``limit``, 0 to 1                                              --
:math:`e_r`             ``excess``, only where the rule is priced                      mass
======================  ============================================================  ==========

HHI = :math:`\sum_g (q_g / Q)^2`, so that :math:`\sum_g q_g^2 / Q \le H Q` is the cap whatever the total; the left
side is convex in q and Q (a perspective), and Q = 0 leaves q = 0. Between two shares a and b the chord lies above the
square, hence a plan of these pieces never is above the cap. The tangent at the middle of a and b lies below the chord
by :math:`(b - a)^2 / 4`: with :math:`\eta = ((a + b) / 2)^2` the same rows bound the cost from below. Both are brought
together by ``planner.solving.refine``. Cost of a priced rule: penalty times excess. Shadow price: change of least cost
per tonne of :math:`\sum_g q_g^2 / Q` allowed beyond :math:`H Q`; times Q / 100 that is the change per 0.01 of HHI.

Source: Hirschman (1945), Herfindahl (1950); perspective cuts: Frangioni and Gentile (2006), Mathematical Programming
106, 225-236; Günlük and Linderoth (2010), Mathematical Programming 124, 183-205.
"""

import pyomo.environ as pyo

from mineral_sourcing.concentration import counted, traced
from mineral_sourcing.network import Network
from mineral_sourcing.rules import Hhi

RULES = {"cap": "rules"}


def add(m: pyo.Block, network: Network) -> None:
    """Add the caps on the HHI; reads ``flow``, ``processing`` and ``concentration``."""
    data = network.hhi
    if not len(data.cells):
        return
    m.hhi = hhi = pyo.Block(doc=__doc__)
    hhi.SUBJECTS = pyo.Set(dimen=6, initialize=data.subjects)
    for name, members, dimen in (
        ("SHIPMENTS", data.shipments, 4),
        ("SALES", data.sales, 4),
        ("RUNS", data.runs, 3),
        ("TAGGED", data.tagged, 7),
    ):
        hhi.add_component(name, pyo.Set(hhi.SUBJECTS, dimen=dimen, initialize=members))
    hhi.given = pyo.Param(hhi.SUBJECTS, within=pyo.Reals, initialize=data.given)
    hhi.quantity = pyo.Var(hhi.SUBJECTS, domain=pyo.Reals)
    hhi.square = pyo.Var(hhi.SUBJECTS, domain=pyo.NonNegativeReals)

    @hhi.Constraint(hhi.SUBJECTS)
    def supplied(b: pyo.Block, *g: str) -> pyo.Expression:
        return b.quantity[g] - counted(b, g) - traced(b, g) == b.given[g]

    _add_pieces(hhi, data)
    _add_caps(hhi, data)


def _add_pieces(hhi: pyo.Block, data: Hhi) -> None:
    hhi.PIECES = pyo.Set(dimen=7, initialize=data.pieces)
    hhi.OF_PIECE = pyo.Set(hhi.PIECES, dimen=6, initialize=data.of_piece)
    hhi.TOTAL_OF_PIECE = pyo.Set(hhi.PIECES, dimen=5, initialize=data.total_of_piece)
    hhi.slope = pyo.Param(hhi.PIECES, within=pyo.Reals, initialize=data.slope)
    hhi.height = pyo.Param(hhi.PIECES, within=pyo.Reals, initialize=data.height)

    @hhi.Constraint(hhi.PIECES)
    def piece(b: pyo.Block, *n: str) -> pyo.Expression:
        base = b.parent_block().concentration.base
        line = sum(b.slope[n] * b.quantity[g] - b.square[g] for g in b.OF_PIECE[n])
        return line - sum(b.height[n] * base[total] for total in b.TOTAL_OF_PIECE[n]) <= 0


def _add_caps(hhi: pyo.Block, data: Hhi) -> None:
    hhi.CELLS = pyo.Set(dimen=5, initialize=data.cells)
    hhi.OF_CELL = pyo.Set(hhi.CELLS, dimen=6, initialize=data.of_cell)
    hhi.TOTAL_OF = pyo.Set(hhi.CELLS, dimen=5, initialize=data.total_of)
    hhi.PRICED = pyo.Set(dimen=5, initialize=data.priced)
    hhi.PRICED_IN = pyo.Set(hhi.CELLS, dimen=5, initialize=data.priced_in)
    hhi.limit = pyo.Param(hhi.CELLS, within=pyo.Reals, initialize=data.limit, mutable=True)
    hhi.penalty = pyo.Param(hhi.PRICED, within=pyo.Reals, initialize=data.penalty)
    hhi.excess = pyo.Var(hhi.PRICED, domain=pyo.NonNegativeReals)

    @hhi.Constraint(hhi.CELLS)
    def cap(b: pyo.Block, *r: str) -> pyo.Expression:
        base = b.parent_block().concentration.base
        squares = sum(b.square[g] for g in b.OF_CELL[r])
        allowed = sum(b.limit[r] * base[total] for total in b.TOTAL_OF[r])
        return squares - allowed - sum(b.excess[priced] for priced in b.PRICED_IN[r]) <= 0

    @hhi.Expression()
    def cost(b: pyo.Block) -> pyo.Expression:
        return sum(b.penalty[priced] * b.excess[priced] for priced in b.PRICED)
