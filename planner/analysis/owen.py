r"""Shares of a joint plan's cost by its shadow prices.

By duality the cost of a linear plan is :math:`\sum_r y_r b_r + \sum_j d_j \bar x_j`: every demand, capacity and opening
stock at its price. What stands at a site is its owner's. Where the rest (rents of those who do not take part, and of
rules on all together) is nothing, no coalition pays less by itself: its model has a part of these rows, so that the
same prices bound its cost from below (Owen 1975, linear production games).
"""

import numpy as np

from mineral_sourcing.arrays import Array, Index
from planner.analysis.acting import Participants, acting
from planner.assembly.assemble import Assembled
from planner.settings import Settings
from planner.solving.kept import Kept


def price_shares(who: Participants, settings: Settings) -> dict[str, float]:
    """What each participant pays at the prices of the joint plan, in currency; the rest under ``""``.

    Returns:
        Nothing where the plan has yes-or-no decisions, ranks that cannot be met in full, or does not exist.
    """
    kept = Kept(acting(who, who.names), settings)
    if kept.matrix.is_mip:
        return {}
    solved, matrix = kept.solve(), kept.matrix
    if solved.end != "optimal" or any(solved.held.values()):
        return {}
    dual, found = solved.row_duals, kept.assembled
    reduced = matrix.cost - matrix.by_column.T @ dual
    owner, nobody = _owners(who, found), len(who.names)
    upper = matrix.col_upper.copy()
    upper[matrix.column_span("priority.unmet").start + found.network.priority.ranked.sorted[1]] = 0.0  # met in full
    shares = np.zeros(len(who.names) + 1)
    for spans, price, low, high in (
        (matrix.rows, dual, matrix.row_lower, matrix.row_upper),
        (matrix.columns, reduced, matrix.col_lower, upper),
    ):
        side = np.where(price > 0, low, high)
        term = np.where(np.abs(price) > 1e-9, price * np.where(np.isfinite(side), side, 0.0), 0.0)
        for span in spans:
            np.add.at(shares, _owner(span.index, owner, nobody, found), term[span.slice])
    shares[-1] += matrix.offset
    return dict(zip((*who.names, ""), (shares * found.network.unit_money).tolist(), strict=True))


def _owners(who: Participants, found: Assembled) -> Array:
    """Number of the participant that each site belongs to; that of nobody is the last."""
    owner = np.full(len(found.parts.sites), len(who.names))
    for number, sites in enumerate(who.sites.values()):
        owner[[found.parts.sites.code[name] for name in sites]] = number
    return owner


def _owner(index: Index, owner: Array, nobody: int, found: Assembled) -> Array:
    """The participant of each row or column: of its site, of its process, of where its lane begins."""
    for labels, codes in zip(index.labels, index.codes, strict=True):
        if labels is found.parts.sites:
            return np.asarray(owner[codes])
        if labels is found.parts.processes:
            return np.asarray(owner[found.parts.process_site[codes]])
    return np.full(len(index), nobody)
