"""The tab of what-ifs: sliders of the instance's own rules and demands, suppliers on and off, charts that follow."""

from collections.abc import Callable
from html import escape

import plotly.graph_objects as go
from nicegui import ui

from planner.analysis.sliders import Control
from planner.app import shown
from planner.app.desk import PLAN, Desk
from planner.app.plantab import conflict, ended
from planner.errors import PlannerError
from planner.report import figures
from planner.report.facts import Facts, five
from planner.report.markup import figure_list

GROUPS = (
    ("Rules", ("limit", "rule")),
    ("Demand", ("demand",)),
    ("Countries that supply", ("place",)),
    ("Suppliers", ("site",)),
)


SHARES = "Share of the largest outside country in the last period, %. Open ring: before. Dot: with these changes."


class WhatIfTab:
    """Levers beside what they do.

    Args:
        desk: whose.
        narrow: whether the window is.
        kept: is called when a plan was kept under a name.
    """

    def __init__(self, desk: Desk, narrow: bool, kept: Callable[[], None]) -> None:
        self.desk, self.narrow, self._kept = desk, narrow, kept
        self.empty = ui.label("Solve the tables first; then pull a lever here.").classes("say")
        self.parts: dict[Control, shown.Slider | shown.Switch] = {}
        self.pulled: dict[Control, float] = {}
        self._running = False
        with ui.element("div").classes("whatif") as self.page:
            self.left = ui.element("div").classes("levers")
            with ui.element("div").classes("told") as self.right:
                self._results()
        self.show()

    def _results(self) -> None:
        """What the levers do: a sentence, figures, two charts."""
        self.state = ui.label().classes("say").props("role=status").mark("trial")
        self.refused = ui.label().classes("refused").props("role=alert")
        self.sentence = shown.markup("")
        self.why = ui.element("div")
        with ui.element("section") as self.shares:
            ui.html("<h2>Largest supplier of each material</h2>", sanitize=False)
            ui.label(SHARES).classes("note")
            self.dumbbells = shown.Plot(self.narrow)
        with ui.element("section") as self.cost:
            ui.html("<h2>What it costs</h2>", sanitize=False)
            ui.label("Cost by component, present value, from the plan before to this one; axis not from zero.").classes(
                "note"
            )
            self.waterfall = shown.Plot(self.narrow)
        with ui.element("div").classes("tools").style("margin-top:16px"):
            self.name = ui.input("Name of this plan").props("dense outlined").classes("field")
            ui.button("Keep it, to compare", on_click=self._keep).props("flat").classes("quiet")
            ui.button("All levers back", on_click=self._back).props("flat").classes("quiet")

    def show(self) -> None:
        """Levers of the instance there is now."""
        ready = self.desk.outcome is not None and self.desk.outcome.found is not None
        self.page.set_visibility(ready)
        self.empty.set_visibility(not ready)
        self.left.clear()
        self.parts.clear()
        self.pulled.clear()
        if not ready:
            return
        found = self.desk.levers()
        with self.left:
            for at, (title, kinds) in enumerate(GROUPS):
                some = [lever for lever in found if lever.kind in kinds]
                if some:
                    self._group(title, some, opened=at < 2)
        self._nothing()

    def _group(self, title: str, some: list[Control], *, opened: bool) -> None:
        details = ui.element("details")
        details.props["open"] = opened
        with details:
            with ui.element("summary"):
                ui.label(title)
            scroll = ui.element("div").classes("scroll").props(f'tabindex=0 role=group aria-label="{title}"')
            with scroll:
                for lever in some:
                    self._lever(lever, some)

    def _lever(self, lever: Control, some: list[Control]) -> None:
        """A slider under its name or the switch of its rule; a switch on a line."""
        if lever.kind == "rule":
            return
        switch = next((other for other in some if other.kind == "rule" and other.name == lever.name), None)
        with ui.element("div").classes("lever switch" if lever.is_switch else "lever"):
            if lever.is_switch:
                self.parts[lever] = shown.Switch(lever, self._pull(lever))
                return
            if switch is not None:
                self.parts[switch] = shown.Switch(switch, self._pull(switch))
            else:
                ui.label(lever.label).classes("name")
            self.parts[lever] = shown.Slider(lever, self._pull(lever))

    def _pull(self, lever: Control) -> shown.Pulled:
        async def pull(value: float) -> None:
            self.pulled[lever] = value
            await self._follow()

        return pull

    async def _follow(self) -> None:
        """Solve where the levers stand; where they move meanwhile, again, until they rest."""
        if self._running:
            return
        self._running = True
        self.right.classes(add="busy")
        try:
            done: dict[Control, float] | None = None
            while done != self.pulled:
                done = dict(self.pulled)
                await self._solve(done)
        finally:
            self._running = False
            self.right.classes(remove="busy")

    async def _solve(self, pulled: dict[Control, float]) -> None:
        self.refused.set_text("")
        try:
            outcome = await self.desk.run(self.desk.what_if, pulled)
        except PlannerError as error:
            self.refused.set_text(str(error))
            return
        self.why.clear()
        if outcome.found is None:
            self.state.set_text(ended(outcome))
            self._hide()
            with self.why:
                conflict(outcome)
            return
        facts = Facts(outcome.found, self.desk.plan, "With these changes", "Before")
        sentence, drawn = await self.desk.run(self._draw, facts)
        seconds = sum(outcome.seconds.get(step, 0.0) for step in ("follow", "solve"))
        changes = " · ".join(self.desk.changes) or "no lever is pulled"
        self.state.set_text(f"Re-solved in {1000 * seconds:,.0f} ms: {changes}")
        self._say(sentence, facts)
        self.dumbbells.show(drawn[0])
        self.waterfall.show(drawn[1])
        self._see(shares=len(facts.shares) > 0, cost=len(facts.steps) > 0 and abs(facts.extra) > 0)

    def _draw(self, facts: Facts) -> tuple[str, tuple[go.Figure, go.Figure]]:
        """In the desk's thread: the difference in words, and the charts."""
        from planner.analysis.compare import compare

        assert facts.reference is not None
        sentence = compare({PLAN: facts.reference, facts.name: facts.plan}).sentence
        return sentence, (figures.concentration(facts), figures.waterfall(facts))

    def _say(self, sentence: str, facts: Facts) -> None:
        numbers = figure_list(five(facts))
        self.sentence.set_content(f'<h2 class="answer">{escape(sentence)}</h2><dl class="five">{numbers}</dl>')

    def _see(self, *, shares: bool, cost: bool) -> None:
        """Show or hide the charts; hidden ones keep their width, in which the next picture is drawn."""
        for part, seen in ((self.shares, shares), (self.cost, cost)):
            part.classes(remove="gone") if seen else part.classes(add="gone")

    def _hide(self) -> None:
        self.sentence.set_content('<h2 class="answer">No plan with these changes</h2>')
        self._see(shares=False, cost=False)

    def _nothing(self) -> None:
        """Before any lever is pulled."""
        self.state.set_text("Pull a lever: the plan is solved again from where it is.")
        self.sentence.set_content("")
        self._see(shares=False, cost=False)

    async def _back(self) -> None:
        for lever, part in self.parts.items():
            part.put(lever.value)
        self.pulled.clear()
        await self._follow()

    def _keep(self) -> None:
        try:
            self.desk.keep(str(self.name.value or ""))
        except PlannerError as error:
            self.refused.set_text(str(error))
            return
        self.refused.set_text("")
        self.name.set_value("")
        self._kept()
        ui.notify("Kept: it stands under Compare", position="top")
