r"""How far shadow prices of rules hold: the range of each, and the true step beside the marginal one.

The price of a row is the slope of the least cost in its right-hand side, the excess that is allowed. HiGHS's ranging
tells between which values the optimal basis stays: there the price is the same. Where the range has no width on one
side, another basis gives another price there: the price is *degenerate*, and holds on the other side alone (or on
neither). With yes-or-no decisions prices and ranges hold with these as they are. Under a cap on the HHI, which is no
linear model, there are prices but no ranges.

A *step* moves the whole rule, as a frontier does: one percentage point of a share, one supplier, one percent of any
other limit. Its marginal worth is what the prices say; the true one is the difference of two least costs.
"""

from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.axis import Axis, rule_axis
from planner.analysis.study import Study
from planner.plan import Plan
from planner.report.summary import binding_rules
from planner.solving.kept import Kept
from planner.solving.stages import Clock, row_ranges

NAMES = ("rule", "from", "subject", "material", "market", "period")
"""What tells the rows of caps and floors apart."""

PRICED = ("concentration.cap", "averages.cap", "spend.cap")
"""Rows of rules that have a price at the margin."""

COLUMNS = [*NAMES, "shadow_price", "lower", "upper", "degenerate"]

NOTHING = 1e-7
"""Model units of a range that are no width."""

ROUNDING = 1e-9
"""Model units of a price that are none."""

FLAT = {(False, False): "no", (True, False): "downwards", (False, True): "upwards", (True, True): "yes"}
"""How a price is degenerate whose range has no width below, above."""


def ranges(kept: Kept) -> pd.DataFrame:
    """Every rule's shadow price that is not zero, and the excess between which it holds.

    Returns:
        One row a cap or floor: names, ``shadow_price`` (present value, per unit of excess: a tonne, the currency for
        spend, a tonne times the unit of an average), ``lower`` ≤ 0 and ``upper`` ≥ 0 (excess allowed between which it
        holds, in that unit), ``degenerate``: no, ``upwards`` or ``downwards`` (it does not hold that way), or yes.

    Raises:
        ValueError: the model has no optimal basis.
    """
    network, matrix = kept.assembled.network, kept.matrix
    if len(network.hhi.cells):
        return pd.DataFrame(columns=COLUMNS)
    result, low, high = row_ranges(kept.session, network, Clock(kept.settings.time_limit))
    rows = []
    for span in (matrix.row_span(name) for name in PRICED if len(result.row_duals)):
        unit = network.unit_money if span.name == "spend.cap" else network.unit_mass
        duals = result.row_duals[span.slice]
        sides = np.where(duals < 0, matrix.row_upper[span.slice], matrix.row_lower[span.slice])
        for at in np.flatnonzero(np.abs(duals) > ROUNDING).tolist():
            lower = min(float(low[span.start + at] - sides[at]), 0.0)
            upper = max(float(high[span.start + at] - sides[at]), 0.0)
            row: dict[str, Any] = dict(zip(NAMES, map(str, span.index[at]), strict=True))
            row["shadow_price"] = float(duals[at]) * network.unit_money / unit
            row |= {"lower": lower * unit, "upper": upper * unit}
            rows.append({**row, "degenerate": FLAT[lower > -NOTHING, upper < NOTHING]})
    return pd.DataFrame(rows, columns=COLUMNS)


def steps(study: Study, plan: Plan, names: tuple[str, ...]) -> pd.DataFrame:
    """What one step of each rule is worth, by its prices and in truth.

    Returns:
        One row a rule: ``step`` (in the unit of the limit), ``marginal`` (what a step looser saves by the shadow
        prices; ``nan`` of a number of suppliers), ``looser`` (what it does save), ``tighter`` (what a step stricter
        costs; infinite where there is no plan).
    """
    worth = binding_rules(plan).groupby("rule")["worth"].sum()
    now = study.cost
    rows: list[dict[str, Any]] = []
    for name in names:
        axis = rule_axis(study.instance, name)
        step = 0.01 if axis.most == 1.0 else axis.step or axis.here / 100
        way = step if axis.falling else -step
        looser, tighter = (_cost(study, axis, value) for value in (axis.here + way, axis.here - way))
        marginal = float("nan") if axis.step == 1.0 else float(worth.get(name, 0.0))
        rows.append({"step": step, "marginal": marginal, "looser": now - looser, "tighter": tighter - now})
    return pd.DataFrame(rows, columns=["step", "marginal", "looser", "tighter"])


def _cost(study: Study, axis: Axis, value: float) -> float:
    study.apply(axis.at(value))
    try:
        return study.cost
    finally:
        study.undo()
