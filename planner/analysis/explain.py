"""No plan, or unmet demand: why, and what to do about it, in the rules' own units.

::

    print(planner.explain(planner.load("mine")))

The irreducible conflict (``conflict.py``), the least repairs, each solved and verified (``repair.py``), and for demand
that a plan leaves unmet what binds behind it (``unmet.py``). Repairs that meet all demand come first, by cost.
"""

import time
from dataclasses import dataclass, field
from html import escape
from threading import Event
from typing import Any, Literal

import pandas as pd

from planner.analysis.elastic import Elastic
from planner.analysis.levers import levers
from planner.analysis.repair import Repair, Search
from planner.analysis.study import Study
from planner.analysis.telling import money
from planner.analysis.unmet import binding, must_meet, unmet_of
from planner.instance import Instance
from planner.plan import Plan
from planner.settings import Settings
from planner.solving.conflict import conflict

Question = Literal["no plan", "unmet demand", "nothing"]

WANTED = 3
"""Repairs that are looked for unless it is asked for otherwise; where rules and promises give fewer, capacities that
would have to grow are looked at too.
"""

STOPPED = "the search was stopped before its end, and what is told may be more than is needed"

_REPAIR = ["repair", "cost", "unmet", "kind", "name", "unit", "limit", "becomes", "by", "used_in", "told"]
_UNMET = ["site", "material", "priority", "unmet"]
_BINDING = ["kind", "name", "unit", "limit", "met"]


@dataclass(frozen=True)
class Explanation:
    """Why there is no plan, or why demand stays unmet, and the repairs."""

    name: str
    currency: str
    question: Question
    """What there was to explain; nothing where there is a plan that meets all demand."""
    seconds: float
    """Wall time."""
    conflict: tuple[str, ...] = ()
    """Rules, promises and capacities that cannot all hold, none of which can be spared."""
    repairs: tuple[Repair, ...] = ()
    """Ranked: what meets all demand first, then by the tonnes given up, then by cost."""
    unmet: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_UNMET))
    """What the plan leaves unmet: ``site``, ``material``, ``priority``, ``unmet`` (t)."""
    least_unmet: float = float("nan")
    """Tonnes that go unmet at least, whatever that costs; ``nan`` where it was not asked or not found."""
    binding: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_BINDING))
    """Behind unmet demand: ``kind``, ``name``, ``unit``, ``limit``, ``met`` (t of demand that one more unit serves)."""
    dearer: float = float("nan")
    """What meeting all demand would add to the cost of supply; ``nan`` where it cannot be met."""
    complete: bool = False
    """Whether it is proven that nothing else that may be loosened, alone or together, makes a plan possible."""
    message: str = ""
    """What could not be told, and why."""
    plan: Plan | None = field(default=None, repr=False)
    """The plan that leaves demand unmet."""

    @property
    def table(self) -> pd.DataFrame:
        """All repairs, a row a lever: ``repair`` (its rank), ``cost``, ``unmet`` (t given up), and as in ``Repair``."""
        rows = [
            repair.table.assign(repair=rank, cost=repair.cost, unmet=repair.unmet)
            for rank, repair in enumerate(self.repairs, 1)
        ]
        return pd.concat(rows, ignore_index=True)[_REPAIR] if rows else pd.DataFrame(columns=_REPAIR)

    @property
    def sentence(self) -> str:
        """The answer in a sentence or two."""
        if self.question == "nothing":
            return f"{self.name} has a plan and it meets all demand."
        if self.question == "unmet demand" and self.dearer == self.dearer:
            tonnes = float(self.unmet["unmet"].sum())
            told = f"{self.name} leaves {tonnes:,.6g} t unmet because that is cheaper: meeting it costs "
            each = self.dearer / tonnes
            return f"{told}{money(self.dearer)} {self.currency} more, {money(each)} a tonne, which unmet_cost is below."
        cannot = "cannot meet all demand" if self.conflict or self.least_unmet > 0 else "leaves demand unmet"
        head = f"{self.name} {'has no plan' if self.question == 'no plan' else cannot}"
        if not self.repairs:
            return f"{head}, and no repair was found: {self.message or 'what is protected stands in the way'}."
        best = self.repairs[0]
        more = len(self.repairs) - 1
        others = f"; {more} other repair{'s' if more > 1 else ''} follow{'' if more > 1 else 's'}" if more else ""
        others += f"{' and' if more else ';'} there is no other" if self.complete else ""
        return f"{head}; the cheapest repair found: {best.sentence}, at {money(best.cost)} {self.currency}{others}."

    def __repr__(self) -> str:
        lines = [self.sentence]
        if self.conflict:
            lines += ["These cannot all hold:", *(f"  {name}" for name in self.conflict)]
        lines += [f"  {rank}. {repair!r}" for rank, repair in enumerate(self.repairs, 1)]
        return "\n".join(lines + ([self.message] if self.message else []))

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(name)}</li>" for name in self.conflict)
        cannot = f"<p>These cannot all hold:</p><ul>{items}</ul>" if items else ""
        shown = self.table[["repair", "told", "cost", "unmet", "used_in"]].to_html(
            index=False, border=0, float_format="{:,.6g}".format
        )
        return f"<p>{escape(self.sentence)}</p>{cannot}{shown if self.repairs else ''}"


def explain(
    instance: Instance,
    settings: Settings | None = None,
    *,
    repairs: int = WANTED,
    stop: Event | None = None,
    **overrides: Any,
) -> Explanation:
    """Why there is no plan, or why demand stays unmet, and the least repairs.

    Args:
        instance: checked input.
        settings: limits and choices; the time limit is that of the search for repairs, and again of each plan.
        repairs: how many to look for.
        stop: once it is set, by another thread, the search ends and tells what it has found.
        overrides: single settings by name.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        SettingsError: the settings name rules of the user's own.
        VerificationError: HiGHS and the verifier disagree.
    """
    chosen, start = (settings or Settings()).changed(**overrides), time.perf_counter()
    study = Study(instance, chosen, stop)
    solved = study.resolve()
    plan = study.plan if solved.has_point else None
    found: dict[str, Any] = {"question": "nothing", "plan": plan}
    if solved.end == "infeasible":
        elastic = Elastic(study, levers(instance, capacities=False, demand=True), chosen)
        found |= {"question": "no plan", **_stuck(study, elastic, chosen, repairs)}
    elif plan is None:
        found |= {"question": "no plan", "message": f"HiGHS does not tell whether there is a plan ({solved.end})"}
    elif len(unmet_of(plan)):
        found |= {"question": "unmet demand", **_behind(plan, chosen, repairs, stop)}
    return Explanation(
        name=instance.name, currency=instance.header.currency, seconds=time.perf_counter() - start, **found
    )


def _behind(plan: Plan, chosen: Settings, repairs: int, stop: Event | None) -> dict[str, Any]:
    """What an explanation says of a plan that leaves demand unmet."""
    found: dict[str, Any] = {"unmet": unmet_of(plan)}
    study = Study(must_meet(plan.instance), chosen, stop)
    possible = study.has_plan()
    if possible is None and stop is not None and stop.is_set():
        return found | {"message": STOPPED}
    if possible:
        costs = plan.costs
        supply = plan.objective - float(costs.loc[costs["component"] == "unmet", "present_value"].sum())
        return found | {"dearer": study.plan.objective - supply, "least_unmet": 0.0}
    elastic = Elastic(study, levers(study.instance, capacities=True, demand=False), chosen)
    behind = binding(elastic)
    if behind is not None:
        found |= {"least_unmet": behind.least, "binding": behind.levers}
    return found | _stuck(study, elastic, chosen, repairs)


def _stuck(study: Study, elastic: Elastic, chosen: Settings, repairs: int) -> dict[str, Any]:
    """Conflict and repairs of an instance without a plan."""
    kept, instance, limit = study.model, study.instance, chosen.time_limit
    named = conflict(kept.matrix, kept.assembled.network, instance, chosen, limit, capacities=True, stop=kept.stop)
    search = Search(study, elastic, chosen)
    found = [*search.repairs(repairs)]
    if len(found) < min(repairs, WANTED) and not search.late:
        every = levers(instance, capacities=True, demand=any(lever.kind == "demand" for lever in elastic.levers))
        if len(every) > len(elastic.levers):
            search = Search(study, Elastic(study, every, chosen), chosen, [repair.names for repair in found])
            found += search.repairs(min(repairs, WANTED) - len(found))
    message = ""
    if kept.stop is not None and kept.stop.is_set():
        message = STOPPED
    elif search.elastic.session is None:
        message = "even with every rule and promise that may be loosened let go there is no plan"
    elif search.late:
        message = f"the search for repairs ended after the time limit of {limit:g} s"
    ranked = sorted(found, key=lambda repair: (round(repair.unmet, 6), repair.cost))
    return {"conflict": named, "repairs": tuple(ranked), "complete": search.complete, "message": message}
