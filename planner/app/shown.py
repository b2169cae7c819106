"""Pieces of pages: the report's HTML, figures that are updated in place, sliders and switches of the browser's own.

Texts of an instance reach a page only as properties of elements, which are escaped, or through the report's markup,
which escapes.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from nicegui import ui

from planner.analysis.sliders import Control
from planner.report.facts import Facts, five
from planner.report.flowpicture import sankey
from planner.report.html import legend
from planner.report.markup import figure_list
from planner.report.sections import Section

NARROW = 640
"""Pixels of a window below which figures take their narrow form."""

Pulled = Callable[[float], Awaitable[None]]


def markup(content: str) -> ui.html:
    """HTML whose texts are escaped already."""
    return ui.html(content, sanitize=False)


def said(tag: str, text: str, style: str = "") -> None:
    """An element with a text."""
    markup(f'<{tag} class="{style}">{escape(text)}</{tag}>')


class Plot:
    """A figure of the report; another one takes its place without a new picture.

    There is no picture before the first figure: plotly does not draw two at once.
    """

    def __init__(self, narrow: bool) -> None:
        self.narrow = narrow
        self._frame = ui.element("div").classes("plot")
        self._drawn: ui.plotly | None = None

    def show(self, figure: go.Figure) -> None:
        """Draw a figure."""
        content = {**figure.to_plotly_json(), "config": CONFIG}
        layout = content["layout"]
        if self.narrow:
            _patch(layout, layout["meta"]["narrow"])
            for trace in content["data"]:
                _patch(trace, trace.get("meta", {}).get("narrow", {}))
        if self._drawn is None:
            with self._frame:
                self._drawn = ui.plotly(content).classes("plot").props("role=img")
        else:
            self._drawn.update_figure(content)
        self._drawn.props["aria-label"] = layout["meta"]["told"]
        self._drawn.style(f"height:{layout['height']}px")


CONFIG = {"displayModeBar": False, "doubleClick": False, "showTips": False, "responsive": False}
"""Of every figure; ``page/app.js`` fits them to the window."""


def _patch(target: dict[str, Any], changes: dict[str, Any]) -> None:
    """Set values by path: ``margin.l``, ``annotations[0].x``."""
    for path, value in changes.items():
        *way, last = path.replace("]", "").replace("[", ".").split(".")
        at: Any = target
        for key in way:
            at = at[int(key)] if isinstance(at, Sequence) else at.setdefault(key, {})
        at[last] = value


def answer(headline: str, under: str, facts: Facts) -> None:
    """The answer in large letters, and its figures."""
    markup(
        f'<h2 class="answer">{escape(headline)}</h2><p class="hard">{escape(under)}</p>'
        f'<dl class="five">{figure_list(five(facts))}</dl>'
    )


def section(told: Section, facts: Facts, figure: go.Figure | None, narrow: bool) -> None:
    """A section of the report."""
    with ui.element("section").props(f"id={told.id}"):
        markup(f'<h2>{escape(told.title)}</h2><p class="note">{escape(told.note)}</p>')
        if figure is None:
            markup(told.table)
            return
        markup(legend(told, facts))
        plot = Picks(told, facts, narrow).plot if told.picks else Plot(narrow)
        plot.show(figure)
        markup(f"<details><summary>The numbers</summary><div>{told.table}</div></details>")


class Picks:
    """Buttons that follow one material, or all in money, in the figure below them."""

    def __init__(self, told: Section, facts: Facts, narrow: bool) -> None:
        self.facts = facts
        with ui.element("div").classes("chips").props('role=group aria-label="Material"'):
            self.chips = {name: self._chip(name) for name in ("", *told.picks)}
        self.plot = Plot(narrow)

    def _chip(self, name: str) -> ui.element:
        chip = ui.element("button").classes("pick").mark(f"pick {name or 'all'}")
        chip.props.update({"type": "button", "aria-pressed": "true" if not name else "false"})
        colour = f'<i style="background:{self.facts.colours[name]}"></i>' if name else ""
        with chip:
            ui.html(colour + escape(name or "All, in money"), sanitize=False, tag="span")
        return chip.on("click", lambda: self._pick(name))

    def _pick(self, name: str) -> None:
        for other, chip in self.chips.items():
            chip.props["aria-pressed"] = "true" if other == name else "false"
            chip.update()
        self.plot.show(sankey(self.facts, name))


class Slider:
    """A lever that slides: the browser's own slider, and a field for the exact number."""

    def __init__(self, lever: Control, pulled: Pulled) -> None:
        self.lever, self._pulled = lever, pulled
        self.scale = 100.0 if lever.unit == "%" else 1.0
        label = f"{lever.label}, {'percent' if lever.unit else 'limit'}"
        ends = {"min": self._shown(lever.least), "max": self._shown(lever.most), "step": self._shown(lever.step)}
        with ui.element("div").classes("pull"):
            self.range = self._input("range", f"{label}, slider", ends)
            self.number = self._input("number", label, {**ends, "step": "any"})
            ui.label(lever.unit).classes("unit")

    def _input(self, kind: str, label: str, ends: dict[str, str]) -> ui.element:
        element = ui.element("input").mark(f"{kind} {self.lever.name}")
        element.props.update({"type": kind, "aria-label": label, **ends, DEFAULT: self._shown(self.lever.value)})
        event = "input" if kind == "range" else "change"
        return element.on(event, self._moved, js_handler="(event) => emit(event.target.value)", throttle=0.15)

    def _shown(self, value: float) -> str:
        return f"{value * self.scale:.10g}"

    async def _moved(self, event: Any) -> None:
        try:
            value = float(str(event.args)) / self.scale
        except ValueError:
            return
        value = min(max(value, self.lever.least), self.lever.most)
        text = self._shown(value)
        for element in (self.range, self.number):
            _put(element, DEFAULT, text, "value" if element is not event.sender or text != event.args else "")
        await self._pulled(value)

    def put(self, value: float) -> None:
        """Move it without anybody being told."""
        for element in (self.range, self.number):
            _put(element, DEFAULT, self._shown(value), "value")


class Switch:
    """A lever that is on or off: the browser's own box."""

    def __init__(self, lever: Control, pulled: Pulled) -> None:
        self.lever, self._pulled = lever, pulled
        with ui.element("label"):
            self.box = ui.element("input").mark(f"box {lever.kind} {lever.name}")
            self.box.props.update({"type": "checkbox", DEFAULT_CHECKED: True})
            self.box.on("change", self._moved, js_handler="(event) => emit(event.target.checked)")
            ui.label(lever.label)

    async def _moved(self, event: Any) -> None:
        _put(self.box, DEFAULT_CHECKED, bool(event.args), "")
        await self._pulled(1.0 if event.args else 0.0)

    def put(self, value: float) -> None:
        """Move it without anybody being told."""
        _put(self.box, DEFAULT_CHECKED, bool(value), "checked")


DEFAULT, DEFAULT_CHECKED = ".defaultValue", ".defaultChecked"
"""Where a field of the browser's own stands when it is drawn; what it is moved to afterwards is the browser's."""


def _put(element: ui.element, default: str, value: str | bool, now: str) -> None:
    """Have a field stand somewhere when it is drawn again; and at once, where ``now`` names the property."""
    element.props[default] = value
    if now:
        script = f"const field = document.getElementById('{element.html_id}'); if (field) field.{now} = "
        ui.run_javascript(script + json.dumps(value))
