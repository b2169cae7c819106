"""One page: a head, four tabs, a desk for each browser tab."""

from importlib.resources import files

from nicegui import app, ui

from planner.app.comparetab import CompareTab
from planner.app.datatab import DataTab
from planner.app.desk import Desk
from planner.app.plantab import PlanTab
from planner.app.shown import NARROW
from planner.app.whatiftab import WhatIfTab
from planner.errors import InputError
from planner.settings import Settings

DESK = "desk"


async def page(settings: Settings, source: str = "") -> None:
    """The desk of whoever opens the page, as it was left in this browser tab.

    Args:
        settings: of every solve.
        source: instance that lies on a new desk.
    """
    ui.colors(primary="#14213D", secondary="#5B6778", accent="#1D5A9B", negative="#C2410C", positive="#0F766E")
    ui.add_head_html(f"<style>.told{{{_text('planner.report', 'report.css')}}}</style>")
    ui.add_head_html(f"<style>{_text('planner.app', 'app.css')}</style>")
    for package, name in (("planner.report", "tables.js"), ("planner.app", "app.js")):
        ui.add_body_html(f"<script>{_text(package, name)}</script>")
    ui.add_body_html('<p id="said" role="status" class="unseen"></p>')
    await ui.context.client.connected()
    if not ui.context.client.has_socket_connection:
        return  # nobody is there: a request without a browser behind it
    desk = app.storage.tab.get(DESK)
    if desk is None:
        desk = app.storage.tab[DESK] = Desk(settings, source)
        if source:
            try:
                await desk.run(desk.open, source)
            except InputError as error:
                ui.notify(str(error), type="negative")
    width = await ui.run_javascript("window.innerWidth", timeout=5.0)
    await Pages(desk, isinstance(width, int | float) and width < NARROW).start()


class Pages:
    """The four tabs and what one has to tell the others."""

    def __init__(self, desk: Desk, narrow: bool) -> None:
        self.desk = desk
        with ui.element("header").classes("top"):
            ui.html("<h1>Mineral sourcing planner</h1>", sanitize=False)
            self.name = ui.html("", sanitize=False, tag="p").mark("name")
        with ui.element("main").classes("desk"):
            with ui.tabs().props('align=left no-caps inline-label aria-label="Steps"') as tabs:
                names = {name: ui.tab(name) for name in ("Data", "Plan", "What if", "Compare")}
            with ui.tab_panels(tabs, value=names["Data"], animated=False).classes("w-full"):
                with ui.tab_panel(names["Data"]):
                    self.data = DataTab(desk, self._tables_changed)
                with ui.tab_panel(names["Plan"]):
                    self.plan = PlanTab(desk, narrow, self._plan_changed)
                with ui.tab_panel(names["What if"]):
                    self.what_if = WhatIfTab(desk, narrow, self._kept)
                with ui.tab_panel(names["Compare"]):
                    self.compare = CompareTab(desk, narrow)
        self._title()

    async def start(self) -> None:
        """Show the plan that the desk holds already."""
        await self.plan.draw()

    def _title(self) -> None:
        from html import escape

        book = self.desk.book
        self.name.set_content(escape(book.raw.path.stem) if book else "no instance yet")

    def _tables_changed(self) -> None:
        self._title()
        self.plan.show()
        self.what_if.show()
        self.compare.show()

    def _plan_changed(self) -> None:
        self.what_if.show()
        self.compare.show()

    def _kept(self) -> None:
        self.compare.show()


def _text(package: str, name: str) -> str:
    """A file of a page."""
    return files(package).joinpath("page", name).read_text("utf-8")
