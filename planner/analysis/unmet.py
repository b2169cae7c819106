"""Why demand stays unmet: what binds behind it, what would meet it, and what meeting it would cost.

The instance is taken with all of its demand as demand that must be met. If there is a plan then, leaving some unmet
was a matter of cost: its ``unmet_cost`` is below what supplying it costs. If there is none, the conflict and its
repairs say why, capacities among them.
"""

from dataclasses import dataclass

import pandas as pd

from planner.analysis.elastic import Elastic
from planner.instance import Instance
from planner.plan import Plan

LEAST = 1e-9
"""Part of all demand below which what is unmet counts as met."""


def must_meet(instance: Instance) -> Instance:
    """The instance with all demand to be met.

    Raises:
        InputError: something that nothing bounds any more.
    """
    table = instance.tables["priorities"]
    if table.empty:
        return instance
    return instance.with_tables(priorities=table.assign(rank=1, unmet_cost=float("nan")))


@dataclass(frozen=True)
class Binding:
    """What binds behind unmet demand."""

    least: float
    """Tonnes that go unmet at least, whatever that costs."""
    levers: pd.DataFrame
    """``kind``, ``name``, ``unit``, ``limit``, ``met``: tonnes of demand that one more of the unit would serve over the
    horizon, at the margin; the largest effect of a hundredth of the limit first.
    """


def binding(elastic: Elastic) -> Binding | None:
    """Limits that hold back the least unmet demand, from the shadow prices of the plan that leaves least unmet.

    Args:
        elastic: the elastic model of an instance whose demand must all be met.
    """
    found = elastic.levers
    gains = elastic.gains(elastic.settings.time_limit) if elastic.session is not None else None
    if gains is None:
        return None
    mass = elastic.found.network.unit_mass
    rows = [
        (lever.kind, lever.name, lever.unit, lever.values[0], float(gain) * mass, float(gain) * lever.scale)
        for lever, gain in zip(found, gains[1], strict=True)
        if gain * lever.scale > 1e-9
    ]
    rows.sort(key=lambda row: -row[-1])
    columns = ["kind", "name", "unit", "limit", "met"]
    return Binding(gains[0] * mass, pd.DataFrame([row[:-1] for row in rows], columns=columns))


def unmet_of(plan: Plan) -> pd.DataFrame:
    """What a plan leaves unmet, the most first: ``site``, ``material``, ``priority``, ``unmet`` (t, whole horizon)."""
    keys = ["site", "material", "priority"]
    all_demand = float(plan.demand["demand"].sum())
    summed = plan.demand.astype(dict.fromkeys(keys, str)).groupby(keys)["unmet"].sum().reset_index()
    found: pd.DataFrame = summed.loc[summed["unmet"] > LEAST * all_demand]
    return found.sort_values("unmet", ascending=False, ignore_index=True)
