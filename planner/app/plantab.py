"""The tab of the plan: solve, see where it stands, stop and keep the best, read it, take it along."""

from collections.abc import Callable
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from nicegui import ui

from planner.app import shown
from planner.app.desk import Desk, Watch
from planner.errors import PlannerError
from planner.report.facts import Facts, hard_case, headline
from planner.report.html import DRAWN
from planner.report.markup import Cell, cells, strip, table
from planner.report.sections import Section, sections
from planner.report.summary import mass, money, percent

if TYPE_CHECKING:
    from planner.analysis.explain import Explanation
    from planner.plan import Outcome

OFTEN = 0.3
"""Seconds between two looks at where a solve stands."""


class PlanTab:
    """The plan of the tables as they are.

    Args:
        desk: whose.
        narrow: whether the window is.
        changed: is called when there is another plan.
    """

    def __init__(self, desk: Desk, narrow: bool, changed: Callable[[], None]) -> None:
        self.desk, self.narrow, self._changed = desk, narrow, changed
        with ui.element("div").classes("tools"):
            self.solve = ui.button("Solve", on_click=self._solve).props("unelevated")
            self.stop = ui.button("Stop and keep the best plan", on_click=desk.watch.stop.set)
            self.stop.props("flat").classes("quiet")
            self.report = ui.button("Report", on_click=self._report).props("flat").classes("quiet")
            self.book = ui.button("Workbook", on_click=self._workbook).props("flat").classes("quiet")
        self.bar = shown.markup("").classes("progress")
        self.state = ui.label().classes("say").props("role=status").mark("state")
        self.refused = ui.label().classes("refused").props("role=alert")
        self.body = ui.element("div").classes("told")
        ui.timer(OFTEN, self._tick)
        self.show()

    def _tick(self) -> None:
        """Say where the solve stands; nothing while nothing runs."""
        watch = self.desk.watch
        if watch.doing:
            self.state.set_text(standing(watch, self.desk.instance.header.currency))
            self.bar.set_content(f'<i style="width:{100 * done(watch, self.desk.settings.time_limit):.1f}%"></i>')
        self.bar.set_visibility(bool(watch.doing))
        self.stop.set_enabled(bool(watch.doing) and not watch.stop.is_set())
        self.solve.set_enabled(not watch.doing)

    async def _solve(self) -> None:
        self.refused.set_text("")
        self.body.clear()
        self.solve.disable()
        self.state.set_text("Solving")
        try:
            await self.desk.run(self.desk.solve)
        except PlannerError as error:
            self.refused.set_text(str(error))
        await self.draw()
        self._changed()

    async def draw(self) -> None:
        """The plan there is now."""
        outcome, reference = self.desk.outcome, self.desk.reference
        if outcome is None or outcome.found is None:
            self.show()
            return
        facts = Facts(outcome.found, reference)
        drawn = await self.desk.run(_drawn, facts)
        self.show(facts, drawn)

    def show(self, facts: Facts | None = None, drawn: "list[tuple[Section, go.Figure | None]] | None" = None) -> None:
        """What is known now: the plan with its sections, why there is none, or nothing yet."""
        self._tick()
        self.body.clear()
        outcome = self.desk.outcome
        for button in (self.report, self.book):
            button.set_enabled(outcome is not None and outcome.found is not None)
        if outcome is None:
            self.state.set_text("Not solved yet." if self.desk.book else "Load an instance first.")
            return
        self.state.set_text(ended(outcome))
        with self.body:
            if facts is None or drawn is None:
                _no_plan(outcome)
                self._offer()
                return
            shown.markup(f'<p class="status">{_status(outcome, facts)}</p>')
            shown.answer(headline(facts), hard_case(facts), facts)
            if outcome.found is not None and outcome.found.unmet > 0:
                self._offer()
            for section, figure in drawn:
                shown.section(section, facts, figure, self.narrow)

    def _offer(self) -> None:
        """Explain what is not as it should be, for those who ask."""
        with ui.element("div").classes("tools").style("margin-top:16px"):
            self.why = ui.button("Explain, and find repairs", on_click=self._explain).props("flat").classes("quiet")
        self.explained = ui.element("section").props("id=repairs")
        self.explained.set_visibility(False)

    async def _explain(self) -> None:
        self.refused.set_text("")
        self.why.disable()
        try:
            found = await self.desk.run(self.desk.explain)
        except PlannerError as error:
            self.refused.set_text(str(error))
            return
        finally:
            self.why.enable()
        self.explained.set_visibility(True)
        self.explained.clear()
        with self.explained:
            repairs(found)

    async def _report(self) -> None:
        await self._take(self.desk.report, "report.html")

    async def _workbook(self) -> None:
        await self._take(self.desk.workbook, "plan.xlsx")

    async def _take(self, made: Callable[[], bytes], name: str) -> None:
        self.refused.set_text("")
        try:
            ui.download.content(await self.desk.run(made), name)
        except PlannerError as error:
            self.refused.set_text(str(error))


def _drawn(facts: Facts) -> list[tuple[Section, go.Figure | None]]:
    """Every section there is something to say in, with its figure."""
    return [(section, DRAWN[section.id](facts) if section.figure else None) for section in sections(facts)]


def standing(watch: Watch, currency: str) -> str:
    """Where a solve stands, in words."""
    parts = [f"{watch.doing}: {watch.seconds:.0f} s"]
    at = watch.at
    if at is not None and isfinite(at.incumbent):
        parts.append(f"best plan {money(at.incumbent)} {currency}")
    if at is not None and isfinite(at.bound):
        parts.append(f"none below {money(at.bound)} {currency}")
    if at is not None and isfinite(at.gap):
        parts.append(f"gap {percent(max(at.gap, 0.0))}")
    if at is not None and at.iterations and len(parts) == 1:
        parts.append(f"{at.iterations:,} steps")
    if watch.stop.is_set():
        parts.append("stopping")
    return " · ".join(parts)


def done(watch: Watch, limit: float) -> float:
    """How far it is: the part of the gap that is closed, else of the time that is used."""
    at = watch.at
    part = 1 - min(at.gap, 1.0) if at is not None and isfinite(at.gap) else watch.seconds / limit
    return min(max(part, 0.02), 1.0)


def ended(outcome: "Outcome") -> str:
    """How a solve ended, in words."""
    seconds = f"{sum(outcome.seconds.values()):.1f} s"
    if outcome.found is not None:
        kept = f"Stopped after {seconds}: the best plan found until then is kept."
        return f"Solved in {seconds}: proven optimal." if outcome.status == "optimal" else kept
    return f"No plan after {seconds}: {outcome.message or outcome.status}."


def _status(outcome: "Outcome", facts: Facts) -> str:
    plan = facts.plan
    proven = "● proven optimal" if plan.status == "optimal" else "▲ best plan found in time"
    bound = "none" if not isfinite(plan.bound) else f"{money(plan.bound)} {facts.currency}"
    gap = percent(max(plan.gap, 0.0)) if isfinite(plan.gap) else "no bound"
    seconds = f"{sum(outcome.seconds.values()):.1f} s"
    parts: list[tuple[str, str]] = [(f"Sourcing plan {facts.when}", ""), ("", proven), ("bound", bound), ("gap", gap)]
    return strip([*parts, ("solved in", seconds), ("inputs", plan.instance.name), ("", "verified")])


def _no_plan(outcome: "Outcome") -> None:
    """Why there is no plan: what cannot all hold, in sentences."""
    ui.html('<h2 class="answer">There is no plan</h2>', sanitize=False)
    ui.label(f"{outcome.instance.name}: {outcome.message or outcome.status}.").classes("say")
    conflict(outcome)


def repairs(found: "Explanation") -> None:
    """An explanation: the answer, what cannot all hold, the repairs by rank."""
    shown.said("h2", found.sentence)
    if found.conflict:
        shown.markup(f"<ul>{''.join(f'<li>{escape(name)}</li>' for name in found.conflict)}</ul>")
    heads = [
        ("#", True),
        ("Repair", False),
        (f"Cost, {found.currency}", True),
        ("Given up, t", True),
        ("As a what-if", False),
    ]
    rows = [
        cells(
            Cell(str(rank), rank),
            repair.sentence,
            Cell(money(repair.cost), repair.cost),
            Cell(mass(repair.unmet), repair.unmet),
            "; ".join(repair.changes),
        )
        for rank, repair in enumerate(found.repairs, 1)
    ]
    if rows:
        shown.markup(table("Repairs, each solved and verified", heads, rows))


def conflict(outcome: "Outcome") -> None:
    """The fewest rules and promises that cannot all hold."""
    if outcome.conflict:
        ui.label("These cannot all hold; loosen or take out one of them:").classes("say")
        with ui.element("ul").mark("conflict"):
            for sentence in outcome.conflict:
                with ui.element("li"):
                    ui.label(sentence)
