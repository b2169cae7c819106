"""Exposure: what a plan does when a place, an owner, a site or a lane is lost, each in turn.

What the plan has stocked, sent and built until the loss stands (``planner.analysis.branch``). Two answers: with nothing
changed (``static``) and with the rest decided anew (``recourse``). For each loss

- coverage: demand met of the demand from then on, the N−1 coverage; static and after recourse;
- time to survive: how long no demand goes unmet that the plan meets;
- impact: demand unmet by priority, and what the recourse costs more than the branch without a loss, unmet demand aside.

Losses are ranked by the unmet demand after recourse, each tonne at its ``unmet_cost`` (1 where it has none), then by
what they cost more, then by the unmet demand without re-routing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.analysis.branch import MUST, before, branch, first_period
from planner.analysis.recourse import Shared, lost, prepare
from planner.analysis.static import Delivered, Static
from planner.analysis.telling import days, money, page, percent
from planner.assembly.disruptions import Disrupted, everything_of, lane_of
from planner.assembly.parts import Parts
from planner.errors import PlannerError, SettingsError
from planner.executor import run
from planner.instance import Instance
from planner.plan import Outcome, Plan
from planner.settings import Settings

KINDS = ("place", "owner", "site", "lane")
"""What may be lost."""

Loss = tuple[str, ...]
NOTHING: Loss = ("nothing",)
ROUNDING = 1e-6
"""Share of a demand below which unmet demand is rounding."""


@dataclass(frozen=True)
class Exposure:
    """What a plan does under each loss; worst first. Tonnes, money of the instance, present value at ``start``."""

    plan: Plan
    start: str
    """First period in which things are lost."""
    losses: pd.DataFrame
    """One row a loss: by, subject, coverage_static, coverage, unmet_static, unmet, unmet_value (what the unmet demand
    counts), cost (what recourse costs more), survives (days; infinite: to the end of the horizon), material (that most
    demand of goes unmet, after recourse, else static; empty where none does), stage."""
    priorities: pd.DataFrame
    """By loss and priority: demand, unmet_static, unmet."""
    materials: pd.DataFrame
    """By loss and material: stage, planned (sold and made in the plan), static and recourse (what is left), demand,
    unmet_static, unmet."""
    seconds: float

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """N−1 coverage by kind: the least coverage_static and coverage of any one loss, and the subject of each."""
        rows = []
        for kind, of in self.losses.groupby("by", sort=False):
            static, recourse = (of.nsmallest(1, name).iloc[0] for name in ("coverage_static", "coverage"))
            told = {"coverage_static": static["coverage_static"], "subject_static": static["subject"]}
            rows.append({"by": kind, **told, "coverage": recourse["coverage"], "subject": recourse["subject"]})
        return pd.DataFrame(rows, columns=["by", "coverage_static", "subject_static", "coverage", "subject"])

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        if self.losses.empty:
            return f"Nothing that {self.plan.instance.name} plans from {self.start} on can be lost."
        worst, currency = self.losses.iloc[0], self.plan.instance.header.currency
        if worst["unmet"] == 0:
            told = (
                f"no single loss leaves demand unmet; the dearest, of {worst['subject']}, costs {money(worst['cost'])}"
            )
            return f"From {self.start} on {told} {currency} more."
        survived = f"is survived for {days(worst['survives'])}" if worst["survives"] > 0 else "bites at once"
        first = self._first_rank(worst)
        return (
            f"The worst single loss from {self.start} on is that of {worst['subject']}: {percent(worst['coverage'])} "
            f"of demand is still met after re-routing ({percent(worst['coverage_static'])} without){first}; it "
            f"{survived}, and what bites is {worst['material']}."
        )

    def _first_rank(self, worst: "pd.Series[Any]") -> str:
        """How much of the demand that is served first is met after a loss."""
        rows = self.priorities
        rows = rows.loc[(rows["by"] == worst["by"]) & (rows["subject"] == worst["subject"])].set_index("priority")
        ranks = self.plan.instance.tables["priorities"].set_index("priority")["rank"].astype(float)
        if len(rows) < 2:
            return ""
        first = str(ranks.reindex(rows.index).fillna(0.0).idxmin())
        unmet, static = (rows[name][first] / rows["demand"][first] for name in ("unmet", "unmet_static"))
        return f", of {first} demand {percent(1 - unmet)} ({percent(1 - static)})"

    def recourse(self, *subjects: str, settings: Settings | None = None) -> Outcome:
        """The best plan without some places, owners, sites, groups or lanes, solved and verified.

        Args:
            subjects: names as in ``losses``; a lane as ``origin → destination: material``.
            settings: limits and choices; the defaults where none are given.

        Raises:
            SettingsError: no such name.
        """
        from planner.solve import solve

        rows = [disruption(self.plan.instance, name) for name in subjects]
        return solve(branch(self.plan, self.start, loss=rows), settings)

    def __repr__(self) -> str:
        shown = self.losses.head(10).to_string(index=False, float_format="{:,.3g}".format)
        return f"{self.summary}\n{shown}"

    def _repr_html_(self) -> str:
        return page(self.summary, self.losses.head(25))


def exposure(
    plan: Plan | Instance,
    start: str = "",
    by: Sequence[str] = ("place", "owner", "site"),
    *,
    settings: Settings | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Exposure:
    """What a plan does when each place, owner, site or lane is lost.

    Args:
        plan: a plan; of an instance, the least-cost plan is found first.
        start: first period of the loss; empty = the first of the plan.
        by: kinds of losses, of :data:`KINDS`; lanes are those that the plan uses from then on.
        settings: ``workers``, ``dask`` and, where an instance is given, those of its solve.
        folder: where finished losses are kept and looked for.
        progress: called with how many losses are done and how many there are.

    Raises:
        SettingsError: a kind or a period that does not exist.
        NoPlanError: the instance has no plan.
        PlannerError: a loss could not be solved.
    """
    began = time.perf_counter()
    plan = planned(plan, settings)
    start = first_period(plan.instance, start, "")
    losses = subjects(plan, by, start)
    data = shared(plan, start)
    found = solved(data, [NOTHING, *losses], settings, folder, progress)
    static = Static(plan, before(plan.instance, start))
    delivered = static.after([_disrupted(static, loss) for loss in (NOTHING, *losses)])
    table, priorities, materials = _Tables(plan, static, data.instance, start).of((NOTHING, *losses), found, delivered)
    return Exposure(plan, start, table, priorities, materials, time.perf_counter() - began)


def planned(plan: Plan | Instance, settings: Settings | None) -> Plan:
    """The plan itself, or the least-cost plan of an instance.

    Raises:
        NoPlanError: there is none.
    """
    from planner.solve import solve

    return solve(plan, settings).plan if isinstance(plan, Instance) else plan


def shared(plan: Plan, start: str, together: Sequence[Loss] = ()) -> Shared:
    """What workers get: the branch, what the plan leaves unmet in it, and what may be lost together."""
    demand = plan.demand.astype(dict.fromkeys(("site", "material", "period", "priority"), str))
    short = demand.loc[(demand["unmet"] > 0) & (demand["period"] >= start)]
    names = zip(*(short[name] for name in ("site", "material", "period", "priority")), strict=True)
    unmet = {(i, k, t, p or MUST): float(amount) for (i, k, t, p), amount in zip(names, short["unmet"], strict=True)}
    return Shared(branch(plan, start), unmet, tuple(together))


def solved(
    data: Shared,
    losses: Sequence[Loss],
    settings: Settings | None,
    folder: str | Path | None,
    progress: Callable[[int, int], None] | None,
) -> list[Mapping[str, Any]]:
    """The recourse after each loss, in their order.

    Raises:
        PlannerError: a loss could not be solved.
    """
    found = {}
    for done in run(
        lost, data, losses, prepare=prepare, folder=folder, settings=settings, where="threads", progress=progress
    ):
        if done.error:
            raise PlannerError(f"the loss of {title(done.task)} could not be solved: {done.error}")
        found[done.task] = done.result
    return [found[loss] for loss in losses]


def title(loss: Loss) -> str:
    """A loss as tables name it."""
    return f"{loss[1]} → {loss[2]}: {loss[3]}" if loss[0] == "lane" else loss[-1]


def subjects(plan: Plan, by: Sequence[str], start: str) -> list[Loss]:
    """Everything of some kinds that can be lost.

    Raises:
        SettingsError: a kind that does not exist.
    """
    sites, found = plan.instance.tables["sites"], list[Loss]()
    for kind in dict.fromkeys(by):
        if kind not in KINDS:
            raise SettingsError(f"what is lost is '{kind}'; it can be one of {', '.join(KINDS)}")
        if kind == "lane":
            flows = plan.flows.astype(dict.fromkeys(("origin", "destination", "material", "period"), str))
            used = flows.loc[flows["period"] >= start, ["origin", "destination", "material"]].drop_duplicates()
            found += [("lane", *cells) for cells in sorted(used.itertuples(index=False, name=None))]
        else:
            found += [(kind, name) for name in sorted(set(sites[kind]) - {""})]
    return found


def disruption(instance: Instance, name: str) -> dict[str, str]:
    """The row of ``disruptions`` that is the loss of a name.

    Raises:
        SettingsError: no such name.
    """
    from planner.scope import Scope

    origin, _, rest = name.partition(" → ")
    if rest:
        destination, _, material = rest.rpartition(": ")
        return {"site": origin, "activity": "ship", "to": destination, "material": material}
    kind = Scope.of(instance).kind(name)
    if not kind:
        raise SettingsError(f"no place, owner, site or group '{name}' in {instance.name}")
    return {kind: name}


def _disrupted(static: Static, loss: Loss) -> Disrupted:
    """A loss from the first period on."""
    if loss == NOTHING:
        return Disrupted(static.parts, ())
    parts = static.parts
    hit = lane_of(parts, loss[1], loss[2], loss[3]) if loss[0] == "lane" else everything_of(parts, loss[1])
    return Disrupted(parts, [replace(hit, begins=static.first)])


class _Tables:
    """The tables of the answer."""

    def __init__(self, plan: Plan, static: Static, left: Instance, start: str) -> None:
        self.static = static
        demand = plan.demand.astype(dict.fromkeys(("site", "material", "period", "priority"), str))
        self.rows = np.flatnonzero((demand["period"] >= start).to_numpy())
        self.demand = demand.iloc[self.rows].reset_index(drop=True)
        priorities = plan.instance.tables["priorities"].set_index("priority")["unmet_cost"]
        self.weight = np.nan_to_num(priorities.reindex(self.demand["priority"]).to_numpy(dtype=np.float64), nan=1.0)
        self.demand["priority"] = self.demand["priority"].replace("", MUST)
        self.order = self._in_branch(left)
        self.days = 365.0 * static.parts.years
        materials = static.parts.materials.names.tolist()
        self.stages = pd.DataFrame(
            {"material": materials, "stage": [static.parts.stage_of[name] for name in materials]}
        )

    def of(
        self, losses: Sequence[Loss], found: Sequence[Mapping[str, Any]], delivered: Delivered
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Losses, priorities, materials; the first loss is none."""
        wanted = self.demand["demand"].to_numpy(dtype=np.float64)
        rows, priorities, materials = [], [], []
        calm = found[0]
        for loss, result, consumed, supply in zip(
            losses[1:], found[1:], delivered.consumed[1:], delivered.supply[1:], strict=True
        ):
            static, unmet = (
                _whole(part, wanted) for part in (wanted - consumed[self.rows], result["unmet"][self.order])
            )
            told = self.demand.assign(unmet_static=static, unmet=unmet)
            names = {"by": loss[0], "subject": title(loss)}
            sums = ["demand", "unmet_static", "unmet"]
            by_priority = told.groupby("priority", as_index=False)[sums].sum()
            priorities.append(by_priority.assign(**names))
            by_material = told.groupby("material")[sums].sum()
            supplied = self.stages.assign(planned=delivered.supply[0], static=supply, recourse=result["supply"])
            materials.append(supplied.join(by_material, on="material").fillna(dict.fromkeys(sums, 0.0)).assign(**names))
            most = next((name for name in ("unmet", "unmet_static") if by_material[name].any()), "")
            rows.append(
                {
                    **names,
                    "coverage_static": _share(static, wanted),
                    "coverage": _share(unmet, wanted),
                    "unmet_static": static.sum(),
                    "unmet": unmet.sum(),
                    "unmet_value": float(unmet @ self.weight),
                    "cost": result["cost"] - calm["cost"],
                    "survives": result["survives"] * self.days,
                    "material": by_material[most].idxmax() if most else "",
                }
            )
        return _ranked(rows, self.stages), _named(priorities), _named(materials)

    def _in_branch(self, left: Instance) -> Array:
        """Where each demand of the plan stands among those of the branch."""
        parts = Parts(left)
        demand, periods = parts.demand, parts.periods
        names = zip(
            parts.sites.names[demand.site].tolist(),
            parts.materials.names[demand.material].tolist(),
            [periods[t] for t in demand.t.tolist()],
            demand.priorities.names[demand.priority].tolist(),
            strict=True,
        )
        place = {key: at for at, key in enumerate(names)}
        own = self.demand[["site", "material", "period", "priority"]].itertuples(index=False, name=None)
        return np.array([place[key] for key in own], dtype=np.int64)


def _whole(unmet: Array, wanted: Array) -> Array:
    """Unmet demand without what is rounding."""
    return np.where(unmet > ROUNDING * np.maximum(wanted, 1.0), unmet, 0.0)


def _share(unmet: Array, wanted: Array) -> float:
    """Coverage; 1 where nothing is demanded."""
    total = wanted.sum()
    return float(1.0 - unmet.sum() / total) if total else 1.0


def _ranked(rows: list[dict[str, Any]], stages: pd.DataFrame) -> pd.DataFrame:
    """Losses, worst first."""
    names = ["by", "subject", "coverage_static", "coverage", "unmet_static", "unmet", "unmet_value", "cost", "survives"]
    frame = pd.DataFrame(rows, columns=[*names, "material"]).merge(stages, on="material", how="left")
    frame = frame.assign(stage=frame["stage"].fillna(""))
    worst = frame.assign(value=frame["unmet_value"].round(3), more=frame["cost"].round(2))
    order = worst.sort_values(
        ["value", "more", "unmet_static", "by", "subject"], ascending=[False, False, False, True, True]
    )
    return frame.loc[order.index].reset_index(drop=True)


def _named(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of every loss, its names first."""
    if not parts:
        return pd.DataFrame(columns=["by", "subject"])
    frame = pd.concat(parts, ignore_index=True)
    return frame[["by", "subject", *(name for name in frame.columns if name not in ("by", "subject"))]]
