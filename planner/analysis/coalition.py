"""Acting together: what each participant pays alone, what any of them pay together, how the saving may be shared.

:math:`V(S)` is the least cost of meeting the demands of S with what S has (``acting.py``), of a plan of its own that
was solved and verified. Shares of :math:`V(N)` and who would leave: ``game.py``; from shadow prices: ``owen.py``. A
coalition without a plan is said to have none; it has no cost, and nothing that needs its cost is told.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.analysis.acting import Participants, acting
from planner.analysis.game import Sampled, Stable, leavers, nucleolus, sampled_shapley, shapley
from planner.analysis.owen import price_shares
from planner.errors import InputError, PlannerError
from planner.executor import run
from planner.instance import Instance
from planner.plan import Plan
from planner.settings import Settings
from planner.solve import solve

Mode = Literal["closed", "open"]
"""Whether the sites of participants who stay outside are closed, or open for what their own plans leave."""

SHARED = 1e-6
"""Part of the joint cost that shares may leave over and still share it."""

MOST = 12
"""Participants whose coalitions are all solved unless it is asked for otherwise: 4,096."""

ORDERS = 12
"""Pairs of orders drawn by lot for the Shapley value of more than :data:`MOST` participants."""


@dataclass(frozen=True)
class Value:
    """What one coalition pays."""

    members: tuple[str, ...]
    status: str
    cost: float
    """Present value in the instance's currency, unmet demand priced; ``nan`` without a plan."""
    unmet: float
    """Tonnes."""
    message: str
    """Why there is no plan."""


def value(who: Participants, members: Iterable[str], settings: Settings, left: Mapping[str, Plan] | None) -> Value:
    """Solve one coalition's plan."""
    inside = tuple(name for name in who.names if name in set(members))
    try:
        instance = acting(who, inside, left)
    except InputError as error:
        told = "; ".join(str(problem) for problem in error.problems[:3])
        return Value(inside, "infeasible", float("nan"), float("nan"), told)
    outcome = solve(instance, settings)
    plan = outcome.found
    if plan is None:
        told = "; ".join([outcome.message, *outcome.conflict[:3]])
        return Value(inside, outcome.status, float("nan"), float("nan"), told)
    return Value(inside, plan.status, plan.objective, plan.unmet, outcome.message)


@dataclass(frozen=True)
class _Study:
    """What every worker needs."""

    instance: Instance
    names: tuple[str, ...]
    settings: Settings
    left: Mapping[str, Plan] | None


def _task(study: _Study, members: tuple[str, ...]) -> dict[str, Any]:
    found = value(Participants.of(study.instance, study.names), members, study.settings, study.left)
    return {"status": found.status, "cost": found.cost, "unmet": found.unmet, "message": found.message}


@dataclass(frozen=True)
class Together:
    """What acting together is worth, in one mode."""

    name: str
    currency: str
    mode: Mode
    participants: tuple[str, ...]
    coalitions: pd.DataFrame
    """``members`` (joined by ``;``), ``size``, ``status``, ``cost``, ``alone`` (sum of what each pays alone),
    ``saving``, ``unmet`` (t), ``message``; ``nan`` where there is no plan.
    """
    priced: Mapping[str, float]
    """What each pays by the shadow prices of the joint plan; empty for plans with yes-or-no decisions. Rents of those
    who do not take part, and of rules, stand under ``""``.
    """
    sample: Sampled | None = None
    """The Shapley value from orders drawn by lot, where there are too many coalitions to solve them all."""

    @cached_property
    def costs(self) -> Array:
        """Cost of every coalition in the order of :mod:`planner.analysis.game`; ``nan`` where not solved or no plan."""
        found = np.full(2 ** len(self.participants), np.nan)
        found[0] = 0.0
        for members, cost in zip(self.coalitions["members"], self.coalitions["cost"], strict=True):
            found[_number(self.participants, members.split(";"))] = cost
        return found

    @property
    def joint(self) -> float:
        """Cost of all together; ``nan`` without a plan."""
        return float(self.coalitions["cost"].iloc[-1])

    @property
    def solved_all(self) -> bool:
        """Whether every coalition was asked for."""
        return bool(len(self.coalitions) == 2 ** len(self.participants) - 1)

    @cached_property
    def stable(self) -> Stable | None:
        """Nucleolus and least core; None unless every coalition was asked for and enough have a plan."""
        return nucleolus(self.costs) if self.solved_all and np.isfinite(self.joint) else None

    @cached_property
    def shares(self) -> pd.DataFrame:
        """By participant: ``alone``; and ``shapley``, ``nucleolus`` and ``prices``, ways to share the joint cost; of
        a sample ``error`` too, the standard error of ``shapley``.

        Shares by prices add up to it where those who do not take part, and rules, have no rent.
        """
        nothing = np.full(len(self.participants), np.nan)
        found = pd.DataFrame({"participant": list(self.participants)})
        cost = self.coalitions.set_index("members")["cost"]
        found["alone"] = [float(cost[name]) for name in self.participants]
        if self.sample is not None:
            found["shapley"], found["error"] = self.sample.shares, self.sample.error
        else:
            found["shapley"] = shapley(self.costs) if self.solved_all else nothing
        found["nucleolus"] = nothing if self.stable is None else self.stable.shares
        found["prices"] = [self.priced.get(name, np.nan) for name in self.participants]
        return found

    @cached_property
    def leavers(self) -> pd.DataFrame:
        """Coalitions that would pay less by themselves, of those that were solved, under each way of sharing that adds
        up to the joint cost: ``way``, ``members``, ``gain``; the most first.
        """
        rows, parts = [], self.coalitions.iloc[:-1]
        members = parts["members"].tolist()
        inside = np.array([[name in names.split(";") for name in self.participants] for names in members])
        for way in ("shapley", "nucleolus", "prices"):
            shares = self.shares[way].to_numpy()
            if not abs(shares.sum() - self.joint) <= SHARED * abs(self.joint):
                continue
            at, gains = leavers(inside, parts["cost"].to_numpy(), shares)
            rows += [
                {"way": way, "members": members[int(one)], "gain": gain} for one, gain in zip(at, gains, strict=True)
            ]
        return pd.DataFrame(rows, columns=["way", "members", "gain"])

    @property
    def saving(self) -> float:
        """What all save together; ``nan`` where one has no plan alone, or all have none."""
        return float(self.shares["alone"].sum(skipna=False) - self.joint)

    @property
    def sentence(self) -> str:
        """The answer in a sentence or two."""
        count, money = len(self.participants), self.currency
        lost = [name for name, cost in zip(self.participants, self.shares["alone"], strict=True) if cost != cost]
        sites = {"closed": "closed", "open": "open for what their own plans leave"}[self.mode]
        head = f"With the sites of others {sites}, "
        if not np.isfinite(self.joint):
            return f"{head}the {count} participants of {self.name} together have no plan."
        if lost:
            told = f"{head}{', '.join(lost)} would have no plan alone; "
            return f"{told}together the {count} pay {self.joint:,.0f} {money}."
        alone = self.shares["alone"].sum()
        verb = "save" if self.saving >= 0 else "lose"
        told = f"{head}the {count} participants {verb} {abs(self.saving):,.0f} {money} together"
        told += f" ({abs(self.saving) / alone:.1%} of the {alone:,.0f} that each pays alone)." if alone else "."
        return told if self.stable is None else f"{told} {self._stability()}"

    def _stability(self) -> str:
        excess = self.stable.excess if self.stable else 0.0
        if excess <= 1e-9 * max(1.0, abs(self.joint)):
            return "Some sharing leaves nobody better off outside: the nucleolus is one."
        return f"However it is shared, some would pay at least {excess:,.0f} {self.currency} less by themselves."

    @property
    def sampled(self) -> str:
        """What was drawn by lot, in words; nothing where every coalition was asked for."""
        if self.sample is None:
            return ""
        every = 2 ** len(self.participants) - 1
        told = f"{len(self.coalitions):,} of {every:,} coalitions were solved: each alone, all but one, all together,"
        told += f" and those of {self.sample.orders} orders drawn by lot, each beside its reverse. Shapley shares are"
        told += " the average over these orders, error is its standard error; who would leave is told of these alone."
        return told

    @property
    def _rents(self) -> str:
        """What shares by prices leave over, in words; nothing where that is nothing."""
        rest = self.priced.get("", 0.0)
        if abs(rest) <= SHARED * abs(self.joint):
            return ""
        told = f"Shares by prices add up to the joint cost with {rest:,.0f} {self.currency}"
        return f"{told} of rents of those who do not take part, and of rules: no sharing, a price tag."

    def __repr__(self) -> str:
        shares = self.shares.to_string(index=False, float_format="{:,.0f}".format)
        return "\n".join(filter(None, [self.sentence, shares, self.sampled, self._rents]))

    def _repr_html_(self) -> str:
        shares = self.shares.to_html(index=False, float_format="{:,.0f}".format)
        return f"<p>{escape(self.sentence)}</p>{shares}<p>{escape(self.sampled)} {escape(self._rents)}</p>"


def together(
    instance: Instance,
    participants: Iterable[str] = (),
    *,
    mode: Mode = "closed",
    coalitions: Iterable[Iterable[str]] | None = None,
    orders: int = ORDERS,
    settings: Settings | None = None,
    folder: str | Path | None = None,
) -> Together:
    """What each participant pays alone, any of them together, and all.

    Args:
        instance: checked input.
        participants: names; the direct members of the home group where none is given.
        mode: whether the sites of participants outside are closed, or open for what their own plans leave.
        coalitions: the ones to solve besides each alone and all together; every one where not given and there are at
            most :data:`MOST` participants, else all but one, and those of a sample of orders.
        orders: pairs of orders in the sample, at least 2.
        settings: of each solve, and of the executor.
        folder: where finished coalitions are kept, so that a study that was stopped goes on.

    Raises:
        InputError: participants that are unknown or overlap.
        PlannerError: a coalition's solve failed, with its reason.
    """
    chosen, who = settings or Settings(), Participants.of(instance, participants)
    left = _stand_alone(who, chosen) if mode == "open" else None
    study = _Study(instance, who.names, chosen, left)
    drawn = _Draw(who.names, orders, chosen.seed) if coalitions is None and len(who.names) > MOST else None
    asked = list(_asked(who.names, coalitions if drawn is None else drawn.coalitions()))
    found = {}
    for finished in run(_task, study, asked, settings=chosen, folder=folder):
        if finished.error:
            raise PlannerError(f"{', '.join(finished.task)}: {finished.error}")
        found[finished.task] = finished.result
    rows = pd.DataFrame([{"members": ";".join(task), "size": len(task)} | found[task] for task in asked])
    alone = rows.loc[rows["size"] == 1].set_index("members")["cost"]
    rows["alone"] = [sum(alone[name] for name in members.split(";")) for members in rows["members"]]
    rows["saving"] = rows["alone"] - rows["cost"]
    columns = ["members", "size", "status", "cost", "alone", "saving", "unmet", "message"]
    priced = price_shares(who, chosen) if np.isfinite(rows["cost"].iloc[-1]) else {}
    sample = None if drawn is None else drawn.value(dict(zip(asked, rows["cost"].tolist(), strict=True)))
    return Together(instance.name, instance.header.currency, mode, who.names, rows[columns], priced, sample)


def _number(names: tuple[str, ...], members: Iterable[str]) -> int:
    """A coalition's number in the order of :mod:`planner.analysis.game`."""
    return sum(2 ** names.index(name) for name in members)


@dataclass(frozen=True)
class _Draw:
    """Orders drawn by lot, the same whenever they are asked for."""

    names: tuple[str, ...]
    orders: int
    seed: int

    def coalitions(self) -> list[tuple[str, ...]]:
        """What they need, and all but one."""
        asked: list[int] = []

        def ask(number: int) -> float:
            asked.append(number)
            return 0.0

        sampled_shapley(ask, len(self.names), self.orders, self.seed)
        return [*combinations(self.names, len(self.names) - 1), *map(self._members, asked)]

    def value(self, cost: Mapping[tuple[str, ...], float]) -> Sampled:
        """The average over them."""
        return sampled_shapley(lambda number: cost[self._members(number)], len(self.names), self.orders, self.seed)

    def _members(self, number: int) -> tuple[str, ...]:
        return tuple(name for at, name in enumerate(self.names) if number >> at & 1)


def _asked(
    names: tuple[str, ...], coalitions: Iterable[Iterable[str]] | None
) -> Generator[tuple[str, ...], None, None]:
    """Coalitions by size, each once, its members in the order of the participants."""
    if coalitions is None:
        for size in range(1, len(names) + 1):
            yield from combinations(names, size)
        return
    more = (frozenset(one) for one in coalitions)
    wanted = {tuple(name for name in names if name in one) for one in more} | {(name,) for name in names} | {names}
    yield from sorted(wanted - {()}, key=lambda one: (len(one), [names.index(name) for name in one]))


def _stand_alone(who: Participants, settings: Settings) -> dict[str, Plan]:
    """The plan of each participant alone; none for those who have none: their sites stay closed."""
    plans = {}
    for name in who.names:
        try:
            found = solve(acting(who, [name]), settings).found
        except InputError:
            found = None
        if found is not None:
            plans[name] = found
    return plans
