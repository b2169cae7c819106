r"""Frontiers: the least cost against the limit of a rule, the days that stocks must cover, or unmet demand.

Every point is a plan, solved and verified. Where the model is linear, the rows of the limit and what its shadow prices
prove give more (``duality.py``): between two points the cost lies above the *tangents* that their prices prove and,
where the plans mix, below the *chord*. If a tangent meets the other point, the cost is the chord, exactly; if not, it
is solved where the tangents cross, the widest gap first (Eisner and Severance 1976, whose method this is: of a cost
with n breakpoints all are found by about 2n solves; stopped before, each gap is shown). Where a share's base moves with
the plan (demand left unmet, process input), the cost is no chord: the gap shown is then that between a lower bound and
the cost at the stricter limit. With yes-or-no decisions points are spaced evenly and nothing is said of what lies
between.

Against unmet demand the price of a tonne is what moves (``unmetwalk.py``): linear models exactly, others at the plans
that are best at some price.

*Knee*: the point farthest below the straight line between the two ends, both axes scaled to 0–1 (Satopää et al. 2011).
*Marginal*: cost of one unit more strictness, from a point to the next stricter one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.axis import Axis, cover_axis, rule_axis
from planner.analysis.ends import Ends
from planner.analysis.study import Study
from planner.analysis.telling import limit, money, page
from planner.analysis.unmetwalk import by_price, prices_of
from planner.analysis.walk import SAME, Node, Segment, walk
from planner.errors import SettingsError
from planner.instance import Instance
from planner.plan import Plan
from planner.report.optional import Frontier as Reported
from planner.settings import Settings

POINTS = 33
"""Plans of a frontier at most."""

STOPS = 3
"""Plans of a frontier that a report's slider holds beside the plan told: each adds some 0.2 MB to the file."""

EVEN = 9
"""Plans of a frontier with yes-or-no decisions."""


@dataclass(frozen=True)
class Frontier:
    """Least cost against a number; loosest first. Money in the instance's currency, present value."""

    name: str
    currency: str
    label: str
    """What is moved: a rule's name, days of cover of somebody, or unmet demand."""
    unit: str
    """Unit of the limit: ``share``, ``t``, ``days``, …"""
    falling: bool
    """Whether a lower limit is the stricter one."""
    here: float
    """The limit of the instance as it is."""
    points: pd.DataFrame
    """``limit``, ``cost``, ``bound`` (no plan costs less), ``unmet`` (t), ``marginal`` (cost of one unit more
    strictness up to the next point; ``nan`` at the last), ``breakpoint`` and ``knee`` (yes or no)."""
    segments: pd.DataFrame
    """Between neighbouring points: ``from``, ``to``, ``gap`` (the cost between lies at most so far from the straight
    line), ``exact`` (yes: it is that line)."""
    plans: tuple[Plan, ...]
    """The plan of each point."""
    beyond: float
    """A stricter limit, next to the strictest here; the frontier ends before it for a reason. ``nan`` without one."""
    reason: str
    """Why it ends there: there is no plan, or more demand goes unmet."""

    @property
    def exact(self) -> bool:
        """Whether the cost is known everywhere between the points."""
        return bool((self.segments["exact"] == "yes").all())

    @property
    def knee(self) -> float:
        """The limit at the knee; ``nan`` where the frontier is straight."""
        found = self.points.loc[self.points["knee"] == "yes", "limit"]
        return float(found.iloc[0]) if len(found) else float("nan")

    @property
    def summary(self) -> str:
        """The answer in a sentence or two."""
        first, last = self.points.iloc[0], self.points.iloc[-1]
        head = f"Against {self.label}, the least cost of {self.name} is {money(first['cost'])} {self.currency}"
        if len(self.points) == 1:
            return f"{head} at {limit(first['limit'], self.unit)}, the only limit that was asked for."
        told = f"{head} at {limit(first['limit'], self.unit)} and {money(last['cost'])} at"
        told += f" {limit(last['limit'], self.unit)}"
        if self.reason:
            told += f", {'below' if self.falling else 'above'} which {self.reason}"
        if self.knee == self.knee:
            told += f"; the knee is at {limit(self.knee, self.unit)}"
        return f"{told}. {self._proven}"

    @property
    def _proven(self) -> str:
        breaks = int((self.points["breakpoint"] == "yes").sum())
        if self.exact:
            return f"It is straight between {len(self.points)} points, {breaks} of them breakpoints: exact."
        gap = self.segments["gap"].max()
        if gap != gap:
            return f"{len(self.points)} points; what lies between them is not proven."
        return f"{len(self.points)} points; between them it is known to {money(gap)} {self.currency}."

    @cached_property
    def reported(self) -> Reported:
        """What a report shows of it."""
        unit = "%" if self.unit == "share" else self.unit
        return Reported(self.label, unit, self.points[["limit", "cost"]], self.here, self.falling)

    def slider(self, told: Plan) -> list[tuple[str, Plan]]:
        """Named plans for the slider of a report, loosest first: both ends and some evenly spaced along the line.

        Args:
            told: the plan of the limit as it is, which stands in its place.
        """
        limits, costs = (self.points[name].to_numpy() for name in ("limit", "cost"))
        steps = [np.abs(np.diff(values)) / (np.ptp(values) or 1.0) for values in (limits, costs)]
        along = np.append(0.0, np.hypot(*steps).cumsum())
        chosen = {int(np.abs(along - at).argmin()) for at in np.linspace(0.0, along[-1], STOPS)}
        stops = [(float(limits[at]), self.plans[at]) for at in chosen if limits[at] != self.here]
        stops = sorted([*stops, (self.here, told)], key=lambda stop: stop[0], reverse=self.falling)
        return [(f"{self.label} at {limit(value, self.unit)}", plan) for value, plan in stops]

    def plan_at(self, limit: float) -> Plan:
        """The plan of the point nearest to a limit."""
        return self.plans[int((self.points["limit"] - limit).abs().to_numpy().argmin())]

    def __repr__(self) -> str:
        return f"{self.summary}\n{self.points.to_string(index=False, float_format='{:,.6g}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.summary, self.points)


def frontier(
    instance: Instance,
    rule: str = "",
    *,
    cover: str = "",
    material: str = "",
    unmet: bool = False,
    between: tuple[float, float] | None = None,
    points: int | None = None,
    tolerance: float = 0.0,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
    **overrides: Any,
) -> Frontier:
    """The least cost against the limit of a rule, the days of cover of stockpiles, or unmet demand.

    Args:
        instance: checked input.
        rule: name of the rule; the limit meant is that of its row that holds last, other rows move with it: shares by
            as many points, within 0 and 1, other limits by the same factor.
        cover: instead of a rule, a site, place or group whose stockpiles must cover so many days, all alike.
        material: of which material; empty = all.
        unmet: instead of a rule, tonnes of demand that go unmet, of what may, at whatever price; cost is that of
            supply, and ``marginal`` the price of a tonne at which the next plan is the better one.
        between: two limits; where not given, from where the rule costs nothing to the strictest under which there is a
            plan that leaves no more demand unmet than now. Of unmet demand two prices of a tonne; where not given,
            from hardly anything to above all supply.
        points: plans at most (:data:`POINTS`; with yes-or-no decisions :data:`EVEN`); of unmet demand solves.
        tolerance: of the cost's rise, within which the cost between two points is known well enough; 0 = exactly.
        settings: of every solve.
        progress: called with how many plans are made and how many there may be.
        overrides: single settings by name.

    Raises:
        InputError: a limit that the tables cannot take, or a fixed charge or minimum that nothing bounds.
        NoPlanError: there is no plan within the limits asked for.
        SettingsError: not one of rule, cover and unmet is given, or there is none of that name.
        VerificationError: HiGHS and the verifier disagree.
    """
    if (bool(rule), bool(cover), unmet).count(True) != 1:
        raise SettingsError("a frontier is against one thing: name a rule, or whose days of cover, or unmet demand")
    chosen = (settings or Settings()).changed(**overrides)
    report = progress or (lambda done, most: None)
    if unmet:
        return _against_unmet(instance, chosen, between, points or POINTS, report)
    axis = rule_axis(instance, rule) if rule else cover_axis(instance, cover, material)
    study = Study(instance, chosen)
    ends = Ends.of(study, axis, rule, between)
    nodes, segments = _walked(study, axis, ends, points, tolerance, report)
    if between is None and rule:
        nodes, segments = _from_where_it_costs(nodes, segments)
    return answer(study, axis, nodes, segments, ends)


def _walked(
    study: Study, axis: Axis, ends: Ends, points: int | None, tolerance: float, report: Callable[[int, int], None]
) -> tuple[list[Node], list[Segment]]:
    """Points between the ends and what is known between them, loosest first."""
    most = points or (EVEN if study.model.matrix.is_mip else POINTS)
    made = count(1)

    def make(value: float) -> Node:
        node = Node.of(study, axis.at(value), value)
        report(next(made), most)
        return node

    low, high = sorted((ends.loose, ends.strict))
    first = axis.kinks(low, high) + [value for value in (axis.here,) if low < value < high]
    nodes, segments = walk(make, sorted({low, *first, high}), most, tolerance, whole=axis.step == 1.0)
    if axis.falling:
        return nodes[::-1], [segment.reversed for segment in segments[::-1]]
    return nodes, segments


def _against_unmet(
    instance: Instance,
    chosen: Settings,
    between: tuple[float, float] | None,
    most: int,
    report: Callable[[int, int], None],
) -> Frontier:
    """The least cost of supply against unmet demand, most unmet first; tonnes discounted as money is."""
    prices, study = prices_of(instance, between), Study(instance, chosen)
    now = study.solve().found
    nodes, segments = by_price(study, prices, most, lambda done: report(done, most))
    unit = f"{instance.header.mass_unit}, discounted" if instance.header.discount_rate else instance.header.mass_unit
    here = float("nan") if now is None or now.unmet > 0 else 0.0
    axis = Axis("priorities", "unmet_cost", (), (), here, unit, "unmet demand", True, "level")
    return answer(study, axis, nodes, segments, Ends(prices[0], prices[1], float("nan"), ""))


def _from_where_it_costs(nodes: list[Node], segments: list[Segment]) -> tuple[list[Node], list[Segment]]:
    """Without the loosest limits at which nothing changes, but for the last of them."""
    flat = 0
    while flat + 2 < len(nodes) and abs(nodes[flat + 1].cost - nodes[0].cost) <= SAME * abs(nodes[0].cost):
        flat += 1
    return nodes[flat:], segments[flat:]


def answer(study: Study, axis: Axis, nodes: Sequence[Node], segments: Sequence[Segment], ends: Ends) -> Frontier:
    """Points and segments, loosest first, as tables."""
    instance = study.instance
    values = np.array([node.value for node in nodes])
    costs = np.array([node.cost for node in nodes])
    slopes = np.diff(costs) / np.maximum(np.abs(np.diff(values)), 1e-300)
    points = pd.DataFrame(
        {
            "limit": values,
            "cost": costs,
            "bound": [node.cost - (node.plan.objective - node.plan.bound) for node in nodes],
            "unmet": [node.plan.unmet for node in nodes],
            "marginal": np.append(slopes, np.nan),
            "breakpoint": _breaks(slopes, segments),
            "knee": _knee(values, costs),
        }
    )
    rows = [
        {
            "from": segment.start.value,
            "to": segment.end.value,
            "gap": segment.gap,
            "exact": "yes" if segment.exact else "no",
        }
        for segment in segments
    ]
    table = pd.DataFrame(rows, columns=["from", "to", "gap", "exact"])
    plans = tuple(node.plan for node in nodes)
    head, told = instance.header, (axis.label, axis.unit, axis.falling, axis.here)
    return Frontier(instance.name, head.currency, *told, points, table, plans, ends.beyond, ends.reason)


def _breaks(slopes: np.ndarray, segments: Sequence[Segment]) -> list[str]:
    """Points between two exact segments of different slope."""
    found = ["no"]
    most = float(np.abs(slopes).max(initial=0.0))
    for at in range(1, len(slopes)):
        sharp = abs(slopes[at] - slopes[at - 1]) > 1e-6 * most
        found.append("yes" if sharp and segments[at - 1].exact and segments[at].exact else "no")
    return found + ["no"] * (len(slopes) > 0)


def _knee(values: np.ndarray, costs: np.ndarray) -> list[str]:
    """The point farthest below the line between the ends, if any lies below it."""
    found = ["no"] * len(values)
    width, rise = values[-1] - values[0], costs[-1] - costs[0]
    if width != 0 and rise > 0:
        below = (values - values[0]) / width - (costs - costs[0]) / rise
        if below.max() > 1e-6:
            found[int(below.argmax())] = "yes"
    return found
