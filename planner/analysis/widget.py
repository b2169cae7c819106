"""A study to move by hand in a notebook: sliders and switches beside figures that follow.

Every move takes back the widget's last changes, makes new ones and solves the kept model from its last basis; the
figures are updated in place. What was changed by other means stays, and is what the figures compare with.
"""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import anywidget  # noqa: F401  plotly's FigureWidget asks for it only when one is made
import ipywidgets as widgets
import plotly.graph_objects as go

from planner.analysis.sliders import Control, controls
from planner.analysis.study import Study
from planner.errors import PlannerError
from planner.plan import Outcome
from planner.report import figures, look
from planner.report.facts import Facts
from planner.report.notebook import facts_html

GROUPS = {
    "Limits of rules": ("limit",),
    "Rules": ("rule",),
    "Demand": ("demand",),
    "Countries that supply": ("place",),
    "Suppliers": ("site",),
}
"""Kinds of levers under each heading."""

DRAWN: dict[str, Callable[[Facts], go.Figure]] = {
    "concentration": figures.concentration,
    "cover": figures.cover,
    "waterfall": figures.waterfall,
}
"""Figures that follow."""

BEFORE = "Before"
WIDE = {"description_width": "initial"}


class Widget:
    """Controls and figures of one study; shown by being the last value of a cell.

    Args:
        study: what is moved; it must have a plan as it is now.

    Raises:
        NoPlanError: it has none.
    """

    def __init__(self, study: Study) -> None:
        self.study, self.base = study, study.plan
        self.controls: dict[tuple[str, str], Any] = {}
        """Sliders and boxes by kind and name of what they move: ``("limit", "country-cap")``."""
        self.outcome: Outcome = study.solve()
        """Of the last move."""
        self.text = widgets.HTML()
        """The answer, or why there is none."""
        self.figures = {name: go.FigureWidget() for name in DRAWN}
        self._levers = controls(study.instance)
        self._mine: object = None
        """The instance that the widget's own changes made."""
        groups = {title: self._group(kinds) for title, kinds in GROUPS.items()}
        shown = {title: box for title, box in groups.items() if box.children}
        left = widgets.Accordion(children=[*shown.values()], titles=(*shown,), selected_index=0)
        left.layout.width = "34%"
        right = widgets.VBox([self.text, *self.figures.values()], layout={"width": "66%"})
        self.box = widgets.HBox([left, right])
        self._show()

    def _group(self, kinds: Iterable[str]) -> Any:
        """The controls of some kinds."""
        found = [lever for lever in self._levers if lever.kind in kinds]
        for lever in found:
            self.controls[lever.kind, lever.name] = control = _control(lever)
            control.observe(self._moved, names="value")
        return widgets.VBox([self.controls[lever.kind, lever.name] for lever in found])

    def _moved(self, _: Any) -> None:
        """Solve where the controls stand."""
        if self._mine is not None and self._mine is self.study.instance:
            self.study.undo()
        self._mine = None
        places = ((lever, float(self.controls[lever.kind, lever.name].value)) for lever in self._levers)
        changes = [change for lever, value in places for change in lever.changes(value)]
        try:
            if changes:
                self._mine = self.study.apply(*changes).instance
            self.outcome = self.study.solve()
        except PlannerError as error:
            self.text.value = _warning("These changes cannot be made", [str(error)])
            return
        self._show()

    def _show(self) -> None:
        """Text and figures of the last outcome; without a plan the figures stay as they are."""
        plan = self.outcome.found
        if plan is None:
            self.text.value = _warning("No plan with these changes", self.outcome.conflict or [self.outcome.message])
            return
        alone = Facts(plan)
        self.text.value = facts_html(alone)
        facts = alone.beside(None if plan is self.base else self.base, "With these changes", BEFORE)
        for name, shown in self.figures.items():
            _follow(shown, DRAWN[name](facts))

    def _repr_mimebundle_(self, **given: Any) -> Any:
        return self.box._repr_mimebundle_(**given)


def _control(lever: Control) -> Any:
    """A box where there is on and off only, else a slider that tells its value when it is let go."""
    if lever.is_switch:
        return widgets.Checkbox(value=True, description=lever.label, indent=False)
    told = ".0%" if lever.unit == "%" else ",.4g"
    ends = {"min": min(lever.least, lever.value), "max": lever.most, "step": lever.step}
    slider = widgets.FloatSlider(lever.value, **ends, description=lever.label, readout_format=told, style=WIDE)
    slider.continuous_update, slider.layout.width = False, "97%"
    return slider


def _follow(shown: Any, new: go.Figure) -> None:
    """Make a figure that is shown into another one, without replacing it."""
    with shown.batch_update():
        if [trace.type for trace in shown.data] == [trace.type for trace in new.data]:
            for trace, other in zip(shown.data, new.data, strict=True):
                trace.update(other.to_plotly_json(), overwrite=True)
        else:
            shown.data = ()
            shown.add_traces(new.data)
        shown.layout = new.layout


def _warning(title: str, lines: Iterable[str]) -> str:
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<div style="color:{look.BREACH}"><b>{escape(title)}</b><ul>{told}</ul></div>'
