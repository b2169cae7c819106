"""The least changes that make a plan possible: which levers, by how much, and what the plan then costs.

Sets of levers are found by the elastic model (``elastic.py``): first the least weighted loosening, then every lever
that does by itself, then what is left, least weighted loosening first. Each set is cut down until none of its levers
can be left alone, and the next one must leave alone at least one lever of every set found before (a no-good cut,
branch by branch: Reiter 1987, A theory of diagnosis from first principles). A branch ends where all levers that it may
loosen do not do together: when all have ended, there is no other set. Sets are judged and amounts found by exact solves
of the loosened tables, on the kept model, from the last basis; what is known of more or of fewer steps is not solved
again. Amounts are the least number of steps with which there is a plan. Of several levers at once none can be tightened
by a step with the others as they are.
"""

import heapq
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count, islice
from math import ceil

import numpy as np
import pandas as pd

from planner.analysis.changes import Change, changed
from planner.analysis.elastic import TINY, Elastic, Loosening
from planner.analysis.levers import MAY_BE_UNMET, Lever, figure, loosened, softening
from planner.analysis.study import Study
from planner.errors import InputError
from planner.instance import Instance
from planner.plan import Plan
from planner.settings import Settings

Steps = Mapping[int, int]
"""Levers by number, and by how many steps each is loosened."""

Names = frozenset[tuple[str, str]]
"""Levers by kind and name."""

BISECTIONS = 6
"""Halvings of the common part of a repair of several levers, before each is tightened by itself."""


@dataclass(frozen=True)
class Repair:
    """One way to a plan: what is loosened by how much, and the verified plan that there then is."""

    table: pd.DataFrame
    """By lever: ``kind``, ``name``, ``unit``, ``limit`` and ``becomes`` (the first of its rows), ``by``, ``told``,
    ``used_in`` (periods in which the plan needs it, of rules); demand: ``by`` is what goes unmet over the horizon.
    """
    cost: float
    """Of the plan, present value in the instance's currency; the price of demand that it gives up left out."""
    unmet: float
    """Tonnes of demand given up over the horizon."""
    changes: tuple[str, ...]
    """As ``planner what-if --set`` takes them."""
    plan: Plan = field(repr=False)

    @property
    def names(self) -> Names:
        """The levers."""
        return frozenset(zip(self.table["kind"], self.table["name"], strict=True))

    @property
    def sentence(self) -> str:
        """What is done, in words."""
        return " and ".join(self.table["told"])

    def __repr__(self) -> str:
        return f"{self.sentence}: {self.cost:,.0f} {self.plan.instance.header.currency}"


class Search:
    """Repairs of one instance.

    Args:
        study: an instance without a plan.
        elastic: its elastic model, with the levers that may be loosened.
        settings: limits and choices; the time limit is that of the whole search, and again of each repair's plan.
        known: sets of levers that are not looked for again, by kind and name.
    """

    def __init__(self, study: Study, elastic: Elastic, settings: Settings, known: Collection[Names] = ()) -> None:
        self.study, self.elastic, self.levers = study, elastic, elastic.levers
        self._deadline = time.perf_counter() + settings.time_limit
        self._known = frozenset(known)
        self._soft = self._softened()
        self._enough: list[Steps] = []
        """Steps with which there is a plan; so there is with more."""
        self._few: list[Steps] = []
        """Steps with which there is none; so there is none with fewer."""
        self._number = count()
        self.complete = False
        """Whether it is proven that no other set of levers makes a plan possible."""
        self._sure = True

    def _softened(self) -> Instance:
        """The instance, with the priority of demand that may be unmet where some of it may be let go."""
        instance = self.study.instance
        asked = any(lever.kind == "demand" for lever in self.levers)
        return changed(instance, softening(instance)) if asked else instance

    @property
    def left(self) -> float:
        """Seconds left of the search; none once the study is asked to stop."""
        if self.study.kept.stop is not None and self.study.kept.stop.is_set():
            return 0.0
        return max(self._deadline - time.perf_counter(), 0.0)

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return not self.left

    def repairs(self, wanted: int) -> Iterator[Repair]:
        """Up to so many distinct repairs, the least weighted loosening first."""
        if self.elastic.session is None:
            return
        for chosen, guess in self._sets():
            steps = self._sized(chosen, guess)
            if self.late:  # nobody knows then whether these steps are the least
                return
            found = None if steps is None else self._repair(steps)
            self._sure = self._sure and found is not None
            if found is not None:
                yield found
                wanted -= 1
            if not wanted or self.late:
                return
        self.complete = self._sure and not self.late

    def _sets(self) -> Iterator[tuple[tuple[int, ...], Loosening]]:
        """Sets of levers that make a plan possible, none of which can be spared, no set twice."""
        found: set[tuple[int, ...]] = set()
        least = self._least_first()
        for chosen, guess in chain(islice(least, 1), self._alone(), least):
            if chosen not in found and self._names(chosen) not in self._known:
                found.add(chosen)
                yield chosen, guess

    def _names(self, chosen: Iterable[int]) -> Names:
        return frozenset((self.levers[one].kind, self.levers[one].name) for one in chosen)

    def _alone(self) -> Iterator[tuple[tuple[int, ...], Loosening]]:
        """Levers that do by themselves, the least weighted loosening first."""
        every, guesses = frozenset(range(len(self.levers))), []
        for one in self._doing(sorted(every)):
            guess = self.elastic.least(every - {one}, self.left)
            guesses.append(((one,), guess or self._whole([one])))
        yield from sorted(guesses, key=lambda single: single[1].weight)

    def _doing(self, some: list[int]) -> list[int]:
        """Of some levers those that do by themselves: none of a half that does not even together."""
        if self.late or not some or not self._works(self._most(some)):
            return []
        half = len(some) // 2
        return some if len(some) == 1 else [*self._doing(some[:half]), *self._doing(some[half:])]

    def _most(self, some: Iterable[int]) -> dict[int, int]:
        return {one: self.levers[one].most for one in some}

    def _whole(self, some: Iterable[int]) -> Loosening:
        """Levers let go entirely, where the elastic model has no guess."""
        amounts = np.zeros(len(self.levers))
        for one in some:
            amounts[one] = self.levers[one].most * self.levers[one].step
        return Loosening(np.inf, amounts)

    def _least_first(self) -> Iterator[tuple[tuple[int, ...], Loosening]]:
        """Sets of levers, the least weighted loosening first; each but the first leaves one of every other alone."""
        seen: set[frozenset[int]] = {frozenset()}
        heap: list[tuple[float, int, frozenset[int], Loosening]] = []
        self._push(heap, frozenset())
        while heap and not self.late:
            _, _, kept, guess = heapq.heappop(heap)
            chosen = self._needed(kept, guess)
            if chosen:
                yield chosen, guess
            for one in chosen:
                more = kept | {one}
                if more not in seen:
                    seen.add(more)
                    self._push(heap, more)

    def _push(self, heap: list[tuple[float, int, frozenset[int], Loosening]], kept: frozenset[int]) -> None:
        """The least loosening that leaves some levers alone, to be looked at in its turn."""
        guess = self.elastic.least(kept, self.left)
        guess = guess or self._whole(one for one in range(len(self.levers)) if one not in kept)
        heapq.heappush(heap, (guess.weight, next(self._number), kept, guess))

    def _needed(self, kept: frozenset[int], guess: Loosening) -> tuple[int, ...]:
        """A set that leaves some levers alone, none of which can be spared, of those of a guess as far as these do;
        nothing where all others together do not.
        """
        weight = guess.amounts / [lever.scale for lever in self.levers]
        order = [one for one in np.argsort(weight, kind="stable").tolist() if one not in kept]
        touched = [one for one in order if weight[one] > TINY]
        some = touched if touched and self._works(self._most(touched)) else order
        if not some or not self._works(self._most(some)):
            return ()
        loose, batches = self._most(some), [some]
        while batches:
            batch = batches.pop()
            rest = {one: steps for one, steps in loose.items() if one not in batch}
            if rest and self._works(rest):
                loose = rest
            elif len(batch) > 1:
                half = len(batch) // 2
                batches += [batch[half:], batch[:half]]
        return tuple(sorted(loose))

    def _sized(self, chosen: tuple[int, ...], guess: Loosening) -> dict[int, int] | None:
        """Least steps, together first, then one by one; demand is let go whole, and the plan tells how much."""
        first = {one: self._guess(one, guess) for one in chosen}
        sized = [one for one in chosen if self.levers[one].kind != "demand"]
        if len(sized) > 1:
            first = self._together(first, sized)
        for one in sized:
            least = self._least({**first}, one)
            if least is None:
                return None
            first[one] = least
        return first

    def _guess(self, one: int, guess: Loosening) -> int:
        lever = self.levers[one]
        if lever.kind == "demand":
            return lever.most
        return max(1, min(ceil(float(guess.amounts[one]) / lever.step - 1e-3), lever.most))

    def _scaled(self, first: Steps, sized: list[int], factor: float) -> dict[int, int]:
        moved = {one: min(ceil(first[one] * factor), self.levers[one].most) for one in sized}
        return {**first, **moved}

    def _together(self, first: dict[int, int], sized: list[int]) -> dict[int, int]:
        """The guess, all in the same proportion as far as they must go; as it is where it is hardly too much."""
        low, high = 0.0, 1.0
        while not self._works(self._scaled(first, sized, high)):
            if all(steps >= self.levers[one].most for one, steps in self._scaled(first, sized, high).items()):
                break
            low, high = high, 2.0 * high
        if low == 0.0 and not self._works(self._scaled(first, sized, 1.0 - 0.5**BISECTIONS)):
            return first
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._works(self._scaled(first, sized, middle)) else (middle, high)
        return self._scaled(first, sized, high)

    def _least(self, steps: dict[int, int], one: int) -> int | None:
        """Least steps of one lever with the others as they are; ``None`` where none will do."""
        low, high, most, width = 0, steps[one], self.levers[one].most, 1

        def works(at: int) -> bool:
            return self._works({**steps, one: at})

        while not works(high):
            if high >= most:
                return None
            low, high, width = high, min(high + width, most), 4 * width
        width = 1
        while high - low > 1:  # near the guess first, then farther off, then by halves
            middle = max(high - width, (low + high) // 2)
            low, high = (low, middle) if works(middle) else (middle, high)
            width *= 4
        return high

    def _changes(self, steps: Steps) -> list[Change]:
        instance = self.study.instance
        made = [change for one in sorted(steps) for change in self.levers[one].changes(instance, steps[one])]
        return [*(softening(instance) if any(self.levers[one].kind == "demand" for one in steps) else []), *made]

    def _works(self, steps: Steps) -> bool:
        """Whether there is a plan with levers loosened; not where the time does not tell."""
        if any(_no_more(other, steps) for other in self._enough):
            return True
        if any(_no_more(steps, other) for other in self._few):
            return False
        some = [(self.levers[one], at) for one, at in steps.items()]
        soft = any(lever.kind == "demand" for lever, _ in some)
        try:
            found = self.study.has_plan_of(loosened(self._soft if soft else self.study.instance, some), self.left)
        except InputError:
            return False
        if found is None:
            self._sure = False
        else:
            (self._enough if found else self._few).append(dict(steps))
        return bool(found)

    def _repair(self, steps: Steps) -> Repair | None:
        """The verified plan with levers loosened; ``None`` where time limit or the check of the tables leaves none."""
        changes = self._changes(steps)
        try:
            self.study.apply(*changes)
        except InputError:
            return None
        try:
            plan = self.study.solve().found
        finally:
            self.study.undo()
        if plan is None:
            return None
        costs, demand = plan.costs, plan.demand
        given_up = float(demand.loc[demand["priority"] == MAY_BE_UNMET, "unmet"].sum())
        priced = costs.loc[(costs["component"] == "unmet") & (costs["priority"] == MAY_BE_UNMET), "present_value"]
        rows = [_row(self.levers[one], at, plan) for one, at in sorted(steps.items())]
        cost = plan.objective - float(priced.sum())
        return Repair(pd.DataFrame(rows), cost, given_up, tuple(map(str, changes)), plan)


def _no_more(steps: Steps, other: Steps) -> bool:
    """Whether others are loosened at least as far."""
    return all(other.get(one, 0) >= at for one, at in steps.items())


def _row(lever: Lever, steps: int, plan: Plan) -> dict[str, object]:
    """One line of a repair."""
    if lever.kind == "demand":
        by, unit = _given_up(lever, plan), "t"
        told = f"leave {figure(by, unit)} of the demand of {lever.name} unmet"
        return _cells(lever, unit, np.nan, np.nan, by, told, "")
    made = lever.limits(steps)
    by = max(abs(new - old) for new, old in zip(made, lever.values, strict=True))
    return _cells(lever, lever.unit, lever.values[0], made[0], by, lever.told(steps), _used_in(lever, steps, plan))


def _cells(
    lever: Lever, unit: str, limit: float, becomes: float, by: float, told: str, used_in: str
) -> dict[str, object]:
    names = ("kind", "name", "unit", "limit", "becomes", "by", "told", "used_in")
    return dict(zip(names, (lever.kind, lever.name, unit, limit, becomes, by, told, used_in), strict=True))


def _given_up(lever: Lever, plan: Plan) -> float:
    """Tonnes of a lever's demand that the plan leaves unmet."""
    demand = plan.demand
    ends = demand["site"].astype(str) + " for " + demand["material"].astype(str)
    return float(demand.loc[(ends == lever.name) & (demand["priority"] == MAY_BE_UNMET), "unmet"].sum())


def _used_in(lever: Lever, steps: int, plan: Plan) -> str:
    """Periods in which the plan is beyond a rule's limit as it was; nothing for what is no rule."""
    if lever.kind != "rule":
        return ""
    rules = plan.rules.loc[plan.rules["rule"] == lever.name]
    table = plan.instance.tables["rules"].iloc[list(lever.rows)]
    before = dict(zip(table["from"].astype(str), lever.values, strict=True))
    old = rules["from"].astype(str).map(before).astype(float)
    slack = (old - rules["actual"]) * lever.sign
    beyond = rules.loc[slack < -1e-6 * np.maximum(old.abs(), 1e-6), "period"].astype(str)
    return ", ".join(dict.fromkeys(sorted(beyond)))
