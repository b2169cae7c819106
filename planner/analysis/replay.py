"""A scenario replayed on a plan: what it does if it happens, with nothing changed and with the rest decided anew.

Until the scenario starts all is as planned; from then on ``planner.analysis.branch`` holds. What it costs is the best
branch with it less the best branch without it, unmet demand aside, at the start's money. Scenarios with one start share
a kept model, which follows them from one to the next; every plan is verified.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from planner.analysis.branch import MUST, before, branch, first_period
from planner.analysis.exposure import ROUNDING, planned
from planner.analysis.static import Static
from planner.analysis.telling import more, page, percent, tonnes
from planner.assembly.disruptions import Disrupted
from planner.errors import SettingsError
from planner.instance import Instance
from planner.plan import Plan
from planner.settings import Settings
from planner.solve import outcome_of
from planner.solving.kept import Kept
from planner.solving.stages import Clock

KEY = ["site", "material", "period", "priority"]


@dataclass(frozen=True)
class Replay:
    """What a scenario does to a plan; tonnes, money present value at ``start``."""

    plan: Plan
    """As it was made."""
    scenario: str
    start: str
    recourse: Plan
    """The best that can still be done, verified: a plan of the branch."""
    calm: Plan
    """The best branch without the scenario, verified."""
    demand: pd.DataFrame
    """Each demand from the start on: site, material, period, priority, demand, unmet_static, unmet."""

    @cached_property
    def priorities(self) -> pd.DataFrame:
        """By priority: demand, unmet_static, unmet."""
        return self.demand.groupby("priority", as_index=False)[["demand", "unmet_static", "unmet"]].sum()

    @cached_property
    def materials(self) -> pd.DataFrame:
        """By material and period: demand, unmet_static, unmet, where anything is unmet."""
        found = self.demand.groupby(["material", "period"], as_index=False)[["demand", "unmet_static", "unmet"]].sum()
        return found.loc[(found["unmet_static"] > 0) | (found["unmet"] > 0)].reset_index(drop=True)

    @cached_property
    def unmet(self) -> tuple[float, float]:
        """Shares of demand from the start on that go unmet: with nothing changed, and after re-routing."""
        total = self.demand["demand"].sum()
        static, unmet = (float(self.demand[name].sum() / total) for name in ("unmet_static", "unmet"))
        return static, unmet

    @cached_property
    def cost(self) -> float:
        """What the recourse costs more than the branch without the scenario, unmet demand aside."""
        return _spent(self.recourse) - _spent(self.calm)

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        total, currency = self.demand["demand"].sum(), self.plan.instance.header.currency
        static, unmet = self.demand["unmet_static"].sum(), self.demand["unmet"].sum()
        left = f"{tonnes(unmet)} ({percent(unmet / total)})" if unmet else "nothing"
        costs = more(self.cost, currency)
        if not static and not unmet:
            return f"{self.scenario} from {self.start} on leaves no demand unmet; the best answer to it {costs}."
        return (
            f"{self.scenario} from {self.start} on leaves {tonnes(static)} of demand unmet ({percent(static / total)}) "
            f"if nothing is changed and {left} after re-routing, which {costs}."
        )

    def __repr__(self) -> str:
        return f"{self.summary}\n{self.priorities.to_string(index=False, float_format='{:,.1f}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.summary, self.priorities)


def replay(plan: Plan | Instance, scenario: str, start: str = "", *, settings: Settings | None = None) -> Replay:
    """What a scenario of the instance does to a plan.

    Args:
        plan: a plan; of an instance, the least-cost plan is found first.
        scenario: a name of the table ``scenarios``.
        start: period in which it starts; empty = as the table says, else the first of the plan.
        settings: limits and choices of the solves.

    Raises:
        SettingsError: no such scenario or period.
        NoPlanError: there is no plan, of the instance or of the branch.
        VerificationError: HiGHS and the verifier disagree on a plan of the branch.
    """
    return next(replays(plan, [scenario], start, settings=settings))


def replays(
    plan: Plan | Instance, scenarios: Iterable[str], start: str = "", *, settings: Settings | None = None
) -> Iterator[Replay]:
    """What each of several scenarios does to a plan, as :func:`replay` tells it, one after the other.

    Args:
        plan: a plan; of an instance, the least-cost plan is found first.
        scenarios: names of the table ``scenarios``.
        start: period in which they start; empty = as the table says, else the first of the plan.
        settings: limits and choices of the solves.

    Raises:
        SettingsError: no such scenario or period.
        NoPlanError: there is no plan, of the instance or of a branch.
        VerificationError: HiGHS and the verifier disagree on a plan of a branch.
    """
    base, names = plan if isinstance(plan, Instance) else plan.instance, list(scenarios)
    if "" in names:
        raise SettingsError("name a scenario")
    starts = {name: first_period(base, start, name) for name in names}
    plan = planned(plan, settings)
    branches: dict[str, _Branch] = {}
    for name in names:
        if starts[name] not in branches:
            branches[starts[name]] = _Branch(plan, starts[name], settings or Settings())
        yield branches[starts[name]].replay(name)


class _Branch:
    """What follows from one start: the model, kept, and the best there is without a scenario."""

    def __init__(self, plan: Plan, start: str, settings: Settings) -> None:
        self.plan, self.start = plan, start
        self.kept = Kept(branch(plan, start), settings)
        self.calm = self._planned()
        self.static = Static(plan, before(plan.instance, start))

    def replay(self, scenario: str) -> Replay:
        """One scenario."""
        self.kept.follow(branch(self.plan, self.start, scenario))
        recourse = self._planned()
        demand = _demand(self.plan, self.static, recourse, scenario, self.start)
        return Replay(self.plan, scenario, self.start, recourse, self.calm, demand)

    def _planned(self) -> Plan:
        """The verified plan of the model as it is."""
        kept, clock = self.kept, Clock(self.kept.settings.time_limit)
        with clock.step("solve"):
            solved = kept.solve()
        return outcome_of(kept.assembled, kept.matrix, solved, kept.settings, clock, kept.session.interior).plan


def _demand(plan: Plan, static: Static, recourse: Plan, scenario: str, start: str) -> pd.DataFrame:
    """Demand under the scenario, and what goes unmet of it."""
    hits = Disrupted.of(static.parts, scenario)
    consumed = static.after([hits]).consumed[0]
    told = plan.demand[KEY].astype(str).assign(consumed=consumed)
    told["priority"] = told["priority"].replace("", MUST)
    told = told.loc[told["period"] >= start]
    wanted = recourse.demand.astype(dict.fromkeys(KEY, str))[[*KEY, "demand", "unmet"]]
    both = wanted.merge(told, on=KEY, how="left").fillna({"consumed": 0.0})
    short = np.maximum(both["demand"] - both["consumed"], 0.0)
    rounding = ROUNDING * np.maximum(both["demand"], 1.0)
    return both[[*KEY, "demand"]].assign(
        unmet_static=np.where(short > rounding, short, 0.0),
        unmet=np.where(both["unmet"] > rounding, both["unmet"], 0.0),
    )


def _spent(plan: Plan) -> float:
    """Cost without what unmet demand counts, present value."""
    costs = plan.costs
    return float(costs.loc[costs["component"] != "unmet", "present_value"].sum())
