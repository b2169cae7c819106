"""A branch: the rest of the horizon from a period on, with what a plan has stocked, sent and built until then.

It is an instance of its own, so that ``planner.solve``, ``planner.verify`` and every report apply to it unchanged:

- the horizon starts at the branch's period; demands and stockpiles that end before it are gone;
- stock starts at the plan's closing stock; what the plan had dispatched before and arrives later is in transit, paid;
- what was promised for calm times lapses: rules, days of cover and final stock, for stock is there to be used, and
  every yes-or-no (charges, awards, least loads, set-ups, prices that fall with quantity), for what stands can be used;
- demand that must be met may stay unmet at last, so that a loss can be measured: as the first rank where there are
  other ranks, else at :data:`DEAR` times the dearest landed cost.

Money is present value at the branch's start.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from planner.assembly.parts import TONNES
from planner.checks.context import Network
from planner.checks.reach import landed_costs
from planner.errors import SettingsError
from planner.instance import Instance
from planner.periods import horizon, ordinal
from planner.plan import Plan
from planner.read import from_frames

DEAR = 100.0
"""What a tonne of demand that must be met counts, in dearest landed costs of any demand."""

MUST = "must be met"
"""Priority of demand that must be met, in a branch."""

LOSS = "loss"
"""Scenario of a branch that is given rows of its own."""

PAIR = ["site", "material"]
Tables = dict[str, pd.DataFrame]
Rows = Sequence[Mapping[str, Any]]


def branch(plan: Plan, start: str = "", scenario: str = "", loss: Rows = ()) -> Instance:
    """The instance that is left of a plan's from a period on.

    Args:
        plan: what was planned until then.
        start: first period of the branch; empty = the scenario's, else the plan's first.
        scenario: what happens in it, a name of the instance's ``scenarios``; nothing where it is empty.
        loss: rows of ``disruptions`` that happen instead, without their scenario and line.

    Raises:
        SettingsError: no such scenario, or no such period in the plan.
        InputError: what is left has problems of its own.
    """
    base = plan.instance
    head, tables = base.header, {name: base[name] for name in base.tables}
    start = first_period(base, start, scenario)
    tables |= _happening(tables, start, scenario, loss)
    ends = tables["stockpiles"]["until"]
    tables["stockpiles"] = tables["stockpiles"].loc[(ends == "") | (ends >= start)]
    dated = tables["demands"]["period"]
    tables["demands"] = tables["demands"].loc[(dated == "") | (dated >= start)]
    tables["stockpiles"] = _stocked(plan, tables["stockpiles"], start)
    tables["in_transit"] = _under_way(plan, tables["in_transit"], start)
    _lapse(tables)
    _soften(base, tables)
    what = scenario or (LOSS if loss else "")
    left = {
        "name": f"{head.name}-{what}" if what else head.name,
        "first_period": start,
        "periods": head.periods - before(base, start),
        "scenario": what,
    }
    rows = {name: frame.reset_index(drop=True) for name, frame in tables.items()}
    return from_frames(head.model_copy(update=left), rows)


def first_period(base: Instance, start: str, scenario: str) -> str:
    """The branch's first period, as :func:`branch` chooses it.

    Raises:
        SettingsError: no such scenario, or no such period in the plan.
    """
    scenarios, head = base.tables["scenarios"], base.header
    row = scenarios.loc[scenarios["scenario"] == scenario]
    if scenario and row.empty:
        known = ", ".join(scenarios["scenario"]) or "none"
        raise SettingsError(f"{base.name} has no scenario '{scenario}'; it has {known}")
    start = start or (str(row["start"].iloc[0]) if scenario else "") or head.first_period
    periods = horizon(head.first_period, head.periods, head.period_length)
    if start not in periods:
        raise SettingsError(f"'{start}' is no period of {base.name}, whose periods are {periods[0]} to {periods[-1]}")
    return start


def before(base: Instance, period: str) -> int:
    """How many periods of the horizon lie before one."""
    length = base.header.period_length
    return (ordinal(period, length) or 0) - (ordinal(base.header.first_period, length) or 0)


def _happening(tables: Tables, start: str, scenario: str, loss: Rows) -> Tables:
    """Tables of the one scenario that happens."""
    scenarios, rows = tables["scenarios"], tables["disruptions"]
    if loss:
        usual = {name: np.nan if name == "keeps" else 1.0 if "factor" in name else "" for name in rows.columns}
        lost = pd.DataFrame([{**usual, "line": str(line), **row, "scenario": LOSS} for line, row in enumerate(loss, 1)])
        return {"scenarios": _row(scenarios, scenario=LOSS), "disruptions": lost}
    scenarios = scenarios.loc[scenarios["scenario"] == scenario].copy()
    scenarios.loc[scenarios["start"] <= start, "start"] = ""
    return {"scenarios": scenarios, "disruptions": rows.loc[rows["scenario"] == scenario]}


def _row(frame: pd.DataFrame, **cells: Any) -> pd.DataFrame:
    """One row of a table with these cells, the others empty."""
    empty = {name: np.nan if frame[name].dtype.kind in "fi" else "" for name in frame.columns}
    return pd.DataFrame([{**empty, **cells}])


def _stocked(plan: Plan, piles: pd.DataFrame, start: str) -> pd.DataFrame:
    """Stockpiles with what the plan has left in them; nothing need be left at the end, nor be covered."""
    tonnes = TONNES[plan.instance.header.mass_unit]
    stock = plan.stock.astype({"site": str, "material": str, "period": str})
    held = stock.loc[stock["period"] < start].sort_values("period").groupby(PAIR)["closing"].last() / tonnes
    piles = piles.sort_values([*PAIR, "from"], kind="stable")
    names = pd.MultiIndex.from_frame(piles[PAIR])
    closing = held.reindex(names).to_numpy(dtype=np.float64)
    initial = np.where(np.isnan(closing), piles["initial"], np.maximum(closing, 0.0))
    first, last = ~names.duplicated(), ~names.duplicated(keep="last")
    return piles.assign(
        initial=np.where(first, initial, 0.0), final=np.where(last, 0.0, np.nan), cover_days=0.0, initial_origin=""
    )


def _under_way(plan: Plan, earlier: pd.DataFrame, start: str) -> pd.DataFrame:
    """What arrives from the branch's start on: of before the plan, and of the plan's own dispatches until then."""
    key = ["origin", "destination", "material", "arrives"]
    flows = plan.flows.astype(dict.fromkeys((*key, "period"), str))
    late = flows.loc[(flows["period"] < start) & (flows["arrives"] >= start), [*key, "quantity"]]
    sent = late.groupby(key, as_index=False).sum()
    earlier = earlier.loc[earlier["arrives"] >= start]
    if sent.empty:
        return earlier
    tonnes = TONNES[plan.instance.header.mass_unit]
    sent = sent.assign(quantity=sent["quantity"] / tonnes, paid="yes", final=np.nan)
    both = pd.concat([earlier, sent[earlier.columns]]) if len(earlier) else sent
    summed = both.groupby(key, as_index=False, sort=False).agg({"quantity": "sum", "paid": "first", "final": "max"})
    return summed[earlier.columns]


def _lapse(tables: Tables) -> None:
    """Rules, and every yes-or-no, no longer hold."""
    tables["rules"] = tables["rules"].iloc[:0]
    tables["offers"] = tables["offers"].assign(fixed_cost=0.0, min_award=0.0, setup_use=0.0)
    tables["processes"] = tables["processes"].assign(fixed_cost=0.0, min_load=0.0)
    for name in ("lanes", "routes"):
        tables[name] = tables[name].assign(fixed_cost=0.0)
    tables["tiers"] = _rising(tables["tiers"], tables["offers"])


def _rising(tiers: pd.DataFrame, offers: pd.DataFrame) -> pd.DataFrame:
    """Tiers of incremental prices that never fall: those need no yes or no."""
    if tiers.empty:
        return tiers
    dearest = offers.groupby(PAIR)["price"].max()
    ladders = tiers.sort_values([*PAIR, "from_quantity"])
    listed = dearest.reindex(pd.MultiIndex.from_frame(ladders[PAIR])).to_numpy(dtype=np.float64)
    first = ~ladders.duplicated(PAIR)
    below = ladders["price"].shift().where(~first, np.where(ladders["from_quantity"] == 0, 0.0, listed))
    spoilt = ladders.loc[(ladders["price"] < below) | (ladders["scheme"] == "all_units"), PAIR]
    return tiers.loc[~pd.MultiIndex.from_frame(tiers[PAIR]).isin(pd.MultiIndex.from_frame(spoilt))]


def _soften(base: Instance, tables: Tables) -> None:
    """Demand that must be met becomes the first rank, or a dear one where there is no other rank."""
    demands, priorities = tables["demands"], tables["priorities"]
    used = priorities.loc[priorities["priority"].isin(demands["priority"])]
    bare = bool((demands["priority"] == "").any())
    if bare:
        tables["demands"] = demands.assign(priority=demands["priority"].replace("", MUST))
        must = _row(priorities, priority=MUST, rank=1)
        later = priorities.assign(rank=priorities["rank"] + 1)
        priorities = pd.concat([later, must]) if len(later) else must
    ranks = used["rank"].nunique() + bare
    if ranks < 2 and (bare or used["unmet_cost"].isna().any()):
        dear = priorities["unmet_cost"].astype(np.float64).fillna(dear_unmet(base))
        priorities = priorities.assign(unmet_cost=dear)
    tables["priorities"] = priorities


def dear_unmet(instance: Instance) -> float:
    """A cost of unmet demand above all supply, per mass: :data:`DEAR` times the dearest landed cost of any demand."""
    whole = Network(instance)
    cost = landed_costs(whole, whole.nodes)[whole.nodes.number["demands"]]
    return DEAR * float(cost[np.isfinite(cost)].max(initial=1.0))
