"""What if: an instance whose tables change, its plan solved again from where the last one ended.

::

    study = planner.study(planner.load("allied-magnets"))
    study.scale("demands", {"material": "hot magnet"}, quantity=1.1)
    print(study.compare())
    study.undo()

Every change gives a new checked instance; the model is made from it anew and HiGHS, kept with its last basis, is told
what differs. So a plan here is the plan that ``planner.solve`` of the changed instance gives, verified from its tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.analysis.changes import Add, Ban, Change, Drop, Off, Operator, Set, changed
from planner.analysis.compare import Comparison, compare
from planner.analysis.draft import Draft, Where
from planner.analysis.overrides import read_change
from planner.errors import InputError, PlannerError
from planner.findings import suggest
from planner.instance import Instance
from planner.plan import Outcome, Plan
from planner.settings import Settings
from planner.solve import outcome_of
from planner.solving.kept import Kept
from planner.solving.stages import Clock, Solved

if TYPE_CHECKING:
    from planner.analysis.widget import Widget

BASE = "base"
"""Name of the plan without changes."""

During = str | tuple[str, str] | None
"""One period, or the first and the last of several."""


@dataclass(frozen=True)
class State:
    """An instance and how it came from the one the study began with."""

    instance: Instance
    changes: tuple[Change, ...] = ()


class Study:
    """Changes of one instance, each solved from the last basis; not to be used from two threads at once.

    Args:
        instance: checked input.
        settings: limits and choices; the defaults where none are given.
        stop: once it is set, by another thread, a solve ends and gives what it has.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
    """

    def __init__(self, instance: Instance, settings: Settings | None = None, stop: Event | None = None) -> None:
        self.kept = Kept(instance, settings, stop)
        self.plans: dict[str, Plan] = {}
        """Plans by the name that they were given."""
        self._states = [State(instance)]
        self._outcomes: dict[int, Outcome] = {}
        """Outcomes of states, by their number on the stack."""
        self._held: Instance | None = instance
        """The instance that the kept model is of; nobody knows where a change of it broke off."""
        self._solved: tuple[Instance, Solved, Clock] | None = None

    @property
    def instance(self) -> Instance:
        """The instance as it is now."""
        return self._states[-1].instance

    @property
    def changes(self) -> tuple[str, ...]:
        """What was changed since the beginning, as it is written on the command line."""
        return tuple(map(str, self._states[-1].changes))

    def apply(self, *changes: Change | str) -> "Study":
        """Make changes, all at once or not at all; they are undone at once too.

        Args:
            changes: changes, or texts such as ``"demands[site=Tokyo].quantity*=1.1"``.

        Raises:
            InputError: one of them cannot be made, or the result has problems; nothing has changed.
        """
        state, name = self._states[-1], self.instance.name
        read = tuple(read_change(change, name) if isinstance(change, str) else change for change in changes)
        self._states.append(State(changed(state.instance, read), (*state.changes, *read)))
        return self

    def set(self, table: str, where: Where | None = None, during: During = None, **values: Any) -> "Study":
        """Set cells of the rows that match: ``study.set("rules", {"rule": "cap"}, limit=0.5)``.

        Args:
            table: which; ``instance`` for the header.
            where: column and value, or values; also place, owner, stage and the like of a row's site or material.
            during: a period, or the first and the last; rows that hold for others too are split.
            values: column and new value; ``None`` empties the cell. Columns such as ``from`` go by ``**{"from": …}``.

        Raises:
            InputError: nothing matches, or the result has problems; nothing has changed.
        """
        return self._each(table, where, during, values, "=")

    def scale(self, table: str, where: Where | None = None, during: During = None, **factors: float) -> "Study":
        """Multiply cells of the rows that match: ``study.scale("offers", {"place": "CHN"}, price=1.2)``.

        Raises:
            InputError: nothing matches, a cell is empty, or the result has problems; nothing has changed.
        """
        return self._each(table, where, during, factors, "*=")

    def _each(
        self, table: str, where: Where | None, during: During, values: Mapping[str, Any], operator: Operator
    ) -> "Study":
        window = (during, during) if isinstance(during, str) else during
        return self.apply(*(Set(table, where or {}, name, value, operator, window) for name, value in values.items()))

    def add(self, table: str, **row: Any) -> "Study":
        """Add a row: ``study.add("offers", site="Kuantan", material="oxide", price=50)``.

        Raises:
            InputError: the result has problems; nothing has changed.
        """
        return self.apply(Add(table, row))

    def drop(self, table: str, where: Where) -> "Study":
        """Take rows out: ``study.drop("offers", {"site": "Baotou"})``.

        Raises:
            InputError: nothing matches, or the result has problems; nothing has changed.
        """
        return self.apply(Drop(table, where))

    def off(self, rule: str) -> "Study":
        """Switch a rule off.

        Raises:
            InputError: there is no such rule; nothing has changed.
        """
        return self.apply(Off(rule))

    def on(self, rule: str) -> "Study":
        """Put the rows of a rule back as they were in the beginning.

        Raises:
            InputError: it had no such rule, or the result has problems; nothing has changed.
        """
        rows = self._states[0].instance.tables["rules"]
        rows = rows[rows["rule"] == rule]
        if rows.empty:
            Off(rule).make(Draft.of(self._states[0].instance))  # which tells what may be meant
        now = [Drop("rules", {"rule": rule})] if (self.instance.tables["rules"]["rule"] == rule).any() else []
        return self.apply(*now, *(Add("rules", row) for row in _written(rows)))

    def ban(
        self,
        *,
        place: str = "",
        owner: str = "",
        site: str = "",
        group: str = "",
        to: str = "",
        material: str = "",
        stage: str = "",
        during: tuple[str, str] | None = None,
    ) -> "Study":
        """Cut supply off: ``study.ban(place="CHN", to="allies", during=("2028", "2029"))``.

        Args:
            place: who cannot supply; exactly one of place, owner, site and group, a name or several joined by ``;``.
            owner: the same.
            site: the same.
            group: the same.
            to: site, place or group at which nothing arrives any more; empty = nothing is sold or made at all.
            material: of which materials; empty = all.
            stage: of which stages; empty = all.
            during: first and last period, either may be empty; ``None`` = always.

        Raises:
            InputError: an unknown name, or what is under way arrives within the ban; nothing has changed.
            PlannerError: none or several subjects are given; nothing has changed.
        """
        given = {"place": place, "owner": owner, "site": site, "group": group}
        named = [name for name, subject in given.items() if subject]
        if len(named) != 1:
            raise PlannerError(f"a ban is of one place, owner, site or group; given: {', '.join(named) or 'none'}")
        since, until = during or ("", "")
        return self.apply(Ban(named[0], given[named[0]], to, material, stage, since, until))  # type: ignore[arg-type]

    def undo(self) -> "Study":
        """Take the last change back.

        Raises:
            PlannerError: there is none.
        """
        if len(self._states) == 1:
            raise PlannerError("there is no change to take back")
        self._outcomes.pop(len(self._states) - 1, None)
        self._states.pop()
        return self

    def reset(self) -> "Study":
        """Take all changes back."""
        while len(self._states) > 1:
            self.undo()
        return self

    def resolve(self) -> Solved:
        """Solve the model as it is now, from the last basis: its end, cost and decisions in model units.

        No plan: that takes :meth:`solve`, which makes the tables and verifies them.
        """
        instance = self.instance
        if self._solved is None or self._solved[0] is not instance:
            clock = Clock(self.kept.settings.time_limit)
            with clock.step("follow"):
                self._follow(instance)
            with clock.step("solve"):
                solved = self.kept.solve()
            self._solved = instance, solved, clock
        return self._solved[1]

    def has_plan(self, seconds: float | None = None) -> bool | None:
        """Whether there is any plan as it is now, whatever its cost; ``None`` where the time does not tell.

        Args:
            seconds: how long HiGHS may take; the setting where not given.
        """
        return self.has_plan_of(self.instance, seconds)

    def has_plan_of(self, instance: Instance, seconds: float | None = None) -> bool | None:
        """Whether there is any plan of an instance that was made from the one as it is now; it need not be checked.

        Args:
            instance: with the same header.
            seconds: how long HiGHS may take; the setting where not given.

        Raises:
            InputError: a fixed charge or minimum that nothing bounds.
        """
        self._follow(instance)
        return self.kept.has_plan(seconds)

    @property
    def model(self) -> Kept:
        """The kept model of the instance as it is now.

        Raises:
            InputError: a fixed charge or minimum that nothing bounds.
        """
        self._follow(self.instance)
        return self.kept

    def _follow(self, instance: Instance) -> None:
        """Make the kept model that of an instance; anew where the last time broke off half way."""
        self._solved, before = None, self._held
        if before is instance:
            return
        self._held = None
        if before is None:
            self.kept = Kept(instance, self.kept.settings, self.kept.stop)
        else:
            try:
                self.kept.follow(instance)
            except InputError:
                self._held = before
                raise
        self._held = instance

    @property
    def cost(self) -> float:
        """Least cost as it is now, present value, by HiGHS alone; ``inf`` where there is no plan."""
        return self.resolve().objective * self.kept.assembled.network.unit_money

    def solve(self) -> Outcome:
        """The outcome as it is now: a verified plan, or why there is none.

        Raises:
            InputError: a fixed charge or minimum that nothing bounds.
            VerificationError: HiGHS and the verifier disagree; the exception holds the plan as evidence.
        """
        number = len(self._states) - 1
        if number in self._outcomes:
            return self._outcomes[number]
        solved, kept = self.resolve(), self.kept
        assert self._solved is not None
        clock = self._solved[2]
        outcome = outcome_of(
            kept.assembled, kept.matrix, solved, kept.settings, clock, kept.session.interior, stop=kept.stop
        )
        if solved.end == "interrupted":
            self._solved = None  # to be solved when it is next asked for
        else:
            self._outcomes[number] = outcome
        return outcome

    @property
    def plan(self) -> Plan:
        """The verified plan as it is now.

        Raises:
            NoPlanError: there is none.
            VerificationError: HiGHS and the verifier disagree.
        """
        return self.solve().plan

    def name(self, name: str) -> Plan:
        """Give the plan as it is now a name, by which :meth:`compare` finds it.

        Raises:
            NoPlanError: there is none.
        """
        self.plans[name] = self.plan
        return self.plans[name]

    def compare(self, *plans: str | Plan) -> Comparison:
        """What lies between plans: input, decisions, figures.

        Args:
            plans: plans or names of plans, the first the one that the others are held against; nothing = the plan
                without changes and the one as it is now.

        Raises:
            PlannerError: no plan has the name.
            NoPlanError: there is no plan without changes, or now.
        """
        if not plans:
            return compare({BASE: self.base, "now": self.plan})
        found = {}
        for number, plan in enumerate(plans, 1):
            name = plan if isinstance(plan, str) else f"plan {number}"
            found[name] = self._plan_of(plan) if isinstance(plan, str) else plan
        return compare(found)

    def _plan_of(self, name: str) -> Plan:
        if name in self.plans:
            return self.plans[name]
        if name == BASE:
            return self.base
        if name == "now":
            return self.plan
        known = [*self.plans, BASE, "now"]
        hint = suggest(name, known) or f"; named are {', '.join(known)}"
        raise PlannerError(f"no plan is named '{name}'{hint}")

    @property
    def base(self) -> Plan:
        """The verified plan without any change; solved when it is first asked for.

        Raises:
            NoPlanError: there is none.
        """
        states, self._states = self._states, self._states[:1]
        try:
            return self.solve().plan
        finally:
            self._states = states

    def widget(self) -> "Widget":
        """Sliders of the instance's own rules, demands and suppliers beside figures that follow, for a notebook.

        Raises:
            PlannerError: the extra ``notebook`` is not installed.
            NoPlanError: there is no plan as it is now.
        """
        try:
            from planner.analysis.widget import Widget
        except ImportError as error:
            told = "pip install 'mineral-sourcing-planner[notebook]'"
            raise PlannerError(f"a widget needs {error.name}, which is not installed: {told}") from error
        return Widget(self)

    def __repr__(self) -> str:
        made = "".join(f"\n  {change}" for change in self.changes) or " no changes"
        return f"Study of {self.instance.name}:{made}"


def study(instance: Instance, settings: Settings | None = None, **overrides: Any) -> Study:
    """A study of an instance: change it, solve it again, undo, compare.

    Args:
        instance: checked input.
        settings: limits and choices; the defaults where none are given.
        overrides: single settings by name.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
    """
    return Study(instance, (settings or Settings()).changed(**overrides))


def _written(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as cells, empty ones left out."""
    return [
        {str(name): value for name, value in row.items() if value != "" and not pd.isna(value)}
        for row in rows.to_dict("records")
    ]
