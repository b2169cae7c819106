"""The tab that holds one plan against another: a sentence, the changed flows, figures, input."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from nicegui import ui

from planner.app import shown
from planner.app.desk import CHEAPEST, PLAN, Desk
from planner.errors import PlannerError
from planner.report.differences import MOST as DRAWN
from planner.report.differences import changed_flows
from planner.report.markup import Cell, cells, table

if TYPE_CHECKING:
    from planner.analysis.compare import Comparison

NOTHING = 1e-6
"""Part of a figure by which two may differ and count as the same."""

MOST = 200
"""Changed decisions that are listed; the rest are counted."""


class CompareTab:
    """Two of the desk's plans."""

    def __init__(self, desk: Desk, narrow: bool) -> None:
        self.desk, self.narrow = desk, narrow
        self.empty = ui.label().classes("say")
        with ui.element("div").classes("tools") as self.choice:
            self.first = ui.select([], label="Plan").props("outlined dense").classes("field")
            self.second = ui.select([], label="beside plan").props("outlined dense").classes("field")
            ui.button("Compare", on_click=self._compare).props("unelevated")
        self.refused = ui.label().classes("refused").props("role=alert")
        self.body = ui.element("div").classes("told")
        self.show()

    def show(self) -> None:
        """The plans there are now."""
        names = list(self.desk.plans)
        self.choice.set_visibility(len(names) > 1)
        self.empty.set_visibility(len(names) < 2)
        self.empty.set_text("Two plans are needed: solve, then keep a plan of a what-if under a name.")
        last = names[-1] if names else None
        first = PLAN if PLAN in names and last != PLAN else (CHEAPEST if CHEAPEST in names else None)
        self.first.set_options(names, value=first)
        self.second.set_options(names, value=last)
        self.body.clear()

    async def _compare(self) -> None:
        self.refused.set_text("")
        self.body.clear()
        try:
            found = await self.desk.run(self.desk.compare, str(self.first.value), str(self.second.value))
        except PlannerError as error:
            self.refused.set_text(str(error))
            return
        with self.body:
            self._told(found)

    def _told(self, found: "Comparison") -> None:
        shown.said("h2", found.sentence, "answer")
        if len(found.flows):
            with ui.element("section").props("id=flows"):
                count = len(found.flows.groupby(["name", "material"]))
                most = "; these change most" if count > DRAWN else ""
                shown.said("h2", f"{count} flow{'s' if count > 1 else ''} change{'s' if count == 1 else ''}{most}")
                ui.label(f"t over the horizon, {found.names[1]} less {found.names[0]}.").classes("note")
                shown.Plot(self.narrow).show(changed_flows(found))
        same = np.isclose(found.figures[found.names[0]], found.figures[found.names[1]], rtol=NOTHING)
        self._section("figures", "Figures that differ", found.figures[~same])
        self._section("input", "What differs in the tables", found.input)
        self._section("changes", "What differs in the decisions", found.decisions, folded=True)

    def _section(self, name: str, title: str, frame: pd.DataFrame, *, folded: bool = False) -> None:
        """A table of the comparison under its title; a long one is folded and cut."""
        if frame.empty:
            return
        more = f", the first {MOST} of {len(frame):,}" if len(frame) > MOST else ""
        with ui.element("section").props(f"id={name}"):
            shown.said("h2", title + more)
            told = _table(title, frame.head(MOST))
            shown.markup(f"<details><summary>The list</summary><div>{told}</div></details>" if folded else told)


def _table(caption: str, frame: pd.DataFrame) -> str:
    """A frame as a table of the report; the plan's name is said above."""
    frame = frame.drop(columns="plan", errors="ignore")
    heads = [(str(name), frame[name].dtype.kind == "f") for name in frame]
    return table(
        caption, heads, [cells(*(_cell(value) for value in row[1:])) for row in map(tuple, frame.itertuples())]
    )


def _cell(value: object) -> "Cell | str":
    if isinstance(value, float):
        return Cell("" if value != value else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}", value)
    return str(value)
