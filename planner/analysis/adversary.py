r"""The worst that can be lost together: the set of at most k places, owners or sites that leaves most demand unmet.

What counts is the least weighted unmet demand after recourse, :math:`W(S) = \min \sum w u` without what is lost in S
(w the ``unmet_cost``, 1 where there is none). The search is exact without trying every set: let a best recourse after
S use the subjects U(S). A larger set that holds none of U(S) leaves that recourse possible, so it is no worse than S;
so the worst superset of S either is as bad as S or holds one of U(S). From the empty set on, only sets S ∪ {u} with
u in U(S) are solved, each once (Scaparra and Church 2008, *A bilevel mixed-integer program for critical infrastructure
protection planning*, observation 1). Sets that leave as much unmet as the loss of everything are not followed further.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from planner.analysis.branch import first_period
from planner.analysis.exposure import Loss, planned, shared, subjects, title
from planner.analysis.recourse import Shared, least, prepare
from planner.analysis.telling import money, page
from planner.errors import PlannerError, SettingsError
from planner.executor import run
from planner.instance import Instance
from planner.plan import Plan
from planner.settings import Settings

SAME = 1e-9
"""Unmet demand within this share of all that can go unmet is the same."""


@dataclass(frozen=True)
class WorstLosses:
    """The worst single loss, pair, triple …; money undiscounted."""

    plan: Plan
    start: str
    by: str
    """What was lost: places, owners or sites."""
    losses: pd.DataFrame
    """One row a number of losses: count, subjects (by ``;``), unmet_value, alone (the most that one of them does
    alone), solved (recourses solved to prove it), sets (all sets of at most so many)."""
    seconds: float

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        worst, currency = self.losses.iloc[-1], self.plan.instance.header.currency
        names = " and ".join(str(worst["subjects"]).split("; "))
        return (
            f"The worst {int(worst['count'])} {self.by}s to lose together from {self.start} on are {names}: demand "
            f"worth {money(worst['unmet_value'])} {currency} goes unmet, "
            f"{money(worst['unmet_value'] - worst['alone'])} more than with the worst of them alone."
        )

    def __repr__(self) -> str:
        return f"{self.summary}\n{self.losses.to_string(index=False, float_format='{:,.6g}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.summary, self.losses)


def worst_losses(
    plan: Plan | Instance,
    count: int = 2,
    start: str = "",
    by: str = "place",
    *,
    settings: Settings | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> WorstLosses:
    """The worst losses of one, two, … ``count`` places, owners or sites at once; proven, none is worse.

    Args:
        plan: a plan; of an instance, the least-cost plan is found first.
        count: how many are lost at most.
        start: first period of the loss; empty = the first of the plan.
        by: ``place``, ``owner`` or ``site``.
        settings: ``workers``, ``dask`` and, where an instance is given, those of its solve.
        folder: where finished solves are kept and looked for.
        progress: called with how many sets of one size are done and how many there are.

    Raises:
        SettingsError: a kind or a period that does not exist, or fewer than one loss.
        NoPlanError: the instance has no plan.
        PlannerError: a loss could not be solved.
    """
    if by not in ("place", "owner", "site") or count < 1:
        raise SettingsError("lost together are one or more of one kind: place, owner or site")
    began = time.perf_counter()
    plan = planned(plan, settings)
    start = first_period(plan.instance, start, "")
    everything = subjects(plan, [by], start)
    search = _Search(shared(plan, start, everything), everything, settings, folder, progress)
    rows = search.rows(min(count, len(everything)))
    return WorstLosses(plan, start, by, pd.DataFrame(rows), time.perf_counter() - began)


class _Search:
    """Sets of subjects, smaller ones first."""

    def __init__(
        self,
        data: Shared,
        everything: Sequence[Loss],
        settings: Settings | None,
        folder: str | Path | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.data, self.everything, self.settings, self.folder = data, everything, settings, folder
        self.progress = progress
        self.value: dict[frozenset[int], float] = {}
        self.used: dict[frozenset[int], frozenset[int]] = {}

    def rows(self, count: int) -> list[dict[str, object]]:
        """The worst set of each size, of those of at most that size."""
        whole = frozenset(range(len(self.everything)))
        self._solve([frozenset(), whole])
        most, rows, sets = self.value[whole], list[dict[str, object]](), 0
        level: set[frozenset[int]] = {frozenset()}
        seen = {frozenset[int]()}
        ways = 1
        for size in range(1, count + 1):
            open_sets = [chosen for chosen in level if self.value[chosen] < most * (1 - SAME)]
            level = {chosen | {more} for chosen in open_sets for more in self.used[chosen]}
            self._solve([chosen for chosen in level if chosen not in self.value])
            seen |= level
            ways = ways * (len(whole) - size + 1) // size
            sets += ways
            small = [chosen for chosen in seen if len(chosen) <= size]
            worst = min(small, key=lambda chosen: (-round(self.value[chosen], 6), len(chosen), sorted(chosen)))
            rows.append(self._row(size, worst, sets))
        return rows

    def _row(self, size: int, worst: frozenset[int], sets: int) -> dict[str, object]:
        self._solve([frozenset([one]) for one in worst if frozenset([one]) not in self.value])
        return {
            "count": size,
            "subjects": "; ".join(title(self.everything[at]) for at in sorted(worst)),
            "unmet_value": self.value[worst],
            "alone": max((self.value[frozenset([one])] for one in worst), default=self.value[frozenset()]),
            "solved": len(self.value),
            "sets": sets,
        }

    def _solve(self, chosen: Sequence[frozenset[int]]) -> None:
        """Least weighted unmet demand of some sets, and what its recourse uses.

        Raises:
            PlannerError: one could not be solved.
        """
        known = {tuple(self.everything[at] for at in sorted(one)): one for one in chosen}
        for done in run(
            least,
            self.data,
            list(known),
            prepare=prepare,
            folder=self.folder,
            settings=self.settings,
            where="threads",
            progress=self.progress,
        ):
            if done.error:
                names = ", ".join(title(loss) for loss in done.task)
                raise PlannerError(f"the loss of {names} could not be solved: {done.error}")
            one = known[done.task]
            self.value[one] = float(done.result["value"])
            self.used[one] = frozenset(np.asarray(done.result["used"]).astype(int).tolist())
