"""The figures and decisions by which plans are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from planner.plan import Plan

NAMES = ["name", "material", "period"]


@dataclass(frozen=True)
class Decision:
    """One kind of decision: where it stands in the plan's tables."""

    name: str
    unit: str
    table: str
    names: tuple[str, ...]
    """Columns that together say what it is of."""
    value: str

    def of(self, plan: Plan) -> "pd.Series[float]":
        """Its values by name, material and period."""
        frame = plan.tables[self.table]
        rows = pd.DataFrame(index=frame.index)
        rows["name"] = frame[self.names[0]].astype(object)
        for other in self.names[1:]:
            more = frame[other].astype(object)
            rows["name"] = rows["name"].where(more == "", rows["name"] + " → " + more)
        rows["material"] = frame["material"].astype(object) if "material" in frame else ""
        rows["period"] = frame["period"].astype(object)
        rows["value"] = frame[self.value].astype(float)
        found: pd.Series[float] = rows.groupby(NAMES, sort=False)["value"].sum()
        return found


DECISIONS = (
    Decision("flow", "t", "flows", ("origin", "destination"), "quantity"),
    Decision("sale", "t", "sales", ("site",), "quantity"),
    Decision("activity", "t", "activity", ("process",), "activity"),
    Decision("stock", "t", "stock", ("site",), "closing"),
    Decision("unmet", "t", "demand", ("site", "priority"), "unmet"),
    Decision("yes or no", "-", "activations", ("kind", "site", "destination", "process", "rule", "subject"), "used"),
)
"""Every kind of decision."""


def figures(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Figures (rows) of plans (columns): figure, unit, then one column a plan.

    Cost and its components (present value), unmet demand by priority, largest share and HHI of what home buys over the
    horizon by stage and by country and owner (shares are fractions; the HHI is the sum of their squares, 0 to 1), least
    days of cover of each stock.
    """
    found = {name: _figures(plan) for name, plan in plans.items()}
    frame = pd.DataFrame(found).reset_index(names=["figure", "unit"])
    order = {key: at for at, key in enumerate(key for some in found.values() for key in some.index)}
    frame = frame.iloc[sorted(range(len(frame)), key=lambda at: order[frame["figure"][at], frame["unit"][at]])]
    return frame.reset_index(drop=True)


def _figures(plan: Plan) -> "pd.Series[float]":
    currency = plan.instance.header.currency
    found: dict[tuple[str, str], float] = {("cost", currency): plan.objective}
    for component, amount in plan.costs.groupby("component", sort=False)["present_value"].sum().items():
        found[f"cost: {component}", currency] = float(amount)
    found["unmet demand", "t"] = plan.unmet
    for priority, amount in plan.demand.groupby("priority", sort=False)["unmet"].sum().items():
        if priority:
            found[f"unmet demand: {priority}", "t"] = float(amount)
    for key, value in _concentration(plan).items():
        found[key] = value
    for covers, days in plan.cover.groupby("covers", sort=False)["days"].min().items():
        found[f"least days of cover: {covers}", "days"] = float(days)
    return pd.Series(found, dtype=float)


def _concentration(plan: Plan) -> dict[tuple[str, str], float]:
    """Largest share and HHI of what is bought over the horizon, stage by stage."""
    bought = plan.concentration[plan.concentration["basis"] == "purchases"]
    found = {}
    for (stage, by), rows in bought.groupby(["stage", "by"], sort=False):
        quantity = rows.groupby("subject")["quantity"].sum()
        total = float(quantity.sum())
        if total > 0:
            share = quantity / total
            told = f"{stage or 'all'} by {'country' if by == 'place' else by}"
            found[f"largest share bought: {told}", "fraction"] = float(share.max())
            found[f"HHI bought: {told}", "0 to 1"] = float((share**2).sum())
    return found
