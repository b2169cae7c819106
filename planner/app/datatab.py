"""The tab of the data: load or upload, every problem at its cell, tables to edit."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import events, ui

from planner.app.book import HEADER, Book
from planner.app.desk import Desk
from planner.app.upload import LARGEST
from planner.errors import InputError, PlannerError, Problem
from planner.read import builtin_names
from planner.sheets import WORKBOOKS
from planner.tables import TABLES, Header, columns

MOST_ROWS = 5_000
"""Rows of a table that the grid shows; longer ones are edited in their file."""

MOST_PROBLEMS = 200

OPTIONS: dict[str, Any] = {
    ":getRowId": "params => String(params.data.line)",
    "rowSelection": {"mode": "multiRow", "headerCheckbox": False, "enableClickSelection": False},
    "stopEditingWhenCellsLoseFocus": True,
    "enterNavigatesVertically": True,
    "enterNavigatesVerticallyAfterEdit": True,
    "suppressMovableColumns": True,
    "suppressDragLeaveHidesColumns": True,
    "tooltipShowDelay": 200,
    "suppressColumnVirtualisation": True,
}
RULES = {":wrong": "params => Boolean((params.data.wrong || {})[params.colDef.field])"}
DROP = """
<div class="drop-head">
  <label>Drop it here, or<q-uploader-add-trigger></q-uploader-add-trigger></label>
  <button type="button" @click="props.pickFiles">choose a file</button>
</div>
"""
"""The head of the field that takes a file, which names its parts for those who do not see them."""

TIP = "params => (params.data.wrong || {})[params.colDef.field] || null"


class DataTab:
    """Tables of the desk's instance.

    Args:
        desk: whose.
        changed: is called after every change of the tables.
    """

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self.desk, self._changed = desk, changed
        self.table = ""
        with ui.element("div").classes("start"):
            self._choose()
            self._upload()
        self.refused = ui.label().classes("refused").props("role=alert").mark("refused")
        self.told = ui.element("div").classes("block")
        self.sheets = ui.element("div").classes("sheets").props('role=group aria-label="Tables"')
        self.grid = ui.aggrid({**OPTIONS, "columnDefs": [], "rowData": []}, auto_size_columns=False).classes("grid")
        self.grid.on("cellValueChanged", self._typed)
        with ui.element("div").classes("tools").style("margin-top:12px") as self.tools:
            ui.button("Add a row", on_click=self._ask_row).classes("quiet").props("flat")
            ui.button("Take selected rows out", on_click=self._drop).classes("quiet").props("flat")
            ui.button("Download these tables", on_click=self._download).classes("quiet").props("flat")
        self.form = ui.element("div").classes("block")
        self.show()

    def _choose(self) -> None:
        with ui.element("div").classes("block"):
            ui.html("<h2>Take an instance that comes with the planner</h2>", sanitize=False)
            with ui.element("div").classes("tools"):
                names = list(builtin_names())
                self.built_in = (
                    ui.select(names, value=names[0], label="Instance").classes("field").props("outlined dense")
                )
                ui.button("Load", on_click=self._open).props("flat").classes("quiet")

    def _upload(self) -> None:
        with ui.element("div").classes("block"):
            ui.html("<h2>or bring your own: a workbook, or the zipped folder</h2>", sanitize=False)
            self.upload = ui.upload(
                on_upload=self._uploaded,
                on_rejected=lambda: self._refuse(
                    f"Only .xlsx, .ods or .zip files up to {LARGEST // 2**20} MB are read."
                ),
                max_file_size=LARGEST,
                auto_upload=True,
            )
            self.upload.props(f'accept="{",".join((*WORKBOOKS, ".zip"))}" flat').classes("drop")
            self.upload.add_slot("header", DROP)

    async def _open(self) -> None:
        await self._do(self.desk.open, str(self.built_in.value))

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        self.upload.reset()
        await self._do(self.desk.upload, event.file.name, content)

    async def _do(self, work: Callable[..., None], *args: Any) -> bool:
        """Change the desk's tables and show them; False where it is refused."""
        self.refused.set_text("")
        try:
            await self.desk.run(work, *args)
        except PlannerError as error:
            self._refuse(told(error))
            return False
        self.show()
        self._changed()
        return True

    def _refuse(self, text: str) -> None:
        self.refused.set_text(text)

    def show(self) -> None:
        """Everything as it is now."""
        book = self.desk.book
        for element in (self.sheets, self.grid, self.tools):
            element.set_visibility(book is not None and bool(book.tables))
        self.told.clear()
        if book is None:
            return
        with self.told:
            _headline(book)
            _faults(book, self._go)
        if book.tables and self.table not in book.tables:
            preferred = [p.table for p in book.problems] + ["demands"]
            self.table = next((name for name in preferred if name in book.tables), next(iter(book.tables)))
        if book.tables:
            self._tabs(book)
            self._fill(book)

    def _tabs(self, book: Book) -> None:
        """A tab for each table, with how many problems it has."""
        self.sheets.clear()
        with self.sheets:
            for name, rows in book.tables.items():
                count = len(book.wrong(name))
                button = ui.element("button").props(
                    f"type=button aria-pressed={'true' if name == self.table else 'false'}"
                )
                button.on("click", lambda _, name=name: self._pick(name)).mark(f"sheet {name}")
                with button:
                    bad = f' <span class="bad">{count} ✕</span>' if count else ""
                    ui.html(f"{name} {rows:,}{bad}", sanitize=False, tag="span")

    def _pick(self, table: str) -> None:
        self.table = table
        self.form.clear()
        book = self.desk.book
        if book is not None:
            self._tabs(book)
            self._fill(book)

    def _fill(self, book: Book) -> None:
        """The rows of the table into the grid."""
        self.grid.options["columnDefs"] = _columns(book, self.table)
        self.grid.options["rowData"] = _rows(book, self.table)
        self.grid.update()

    def _go(self, problem: Problem) -> None:
        """Show the cell of a problem."""
        book = self.desk.book
        if book is None or problem.table not in book.tables:
            return
        self._pick(problem.table)
        lines = [line for line, _ in book.rows(problem.table)]
        heads = book.heads(problem.table)
        if problem.line in lines:
            field = f"c{heads.index(problem.column)}" if problem.column in heads else "line"
            at = lines.index(problem.line)
            ready = f"const grid = getElement({self.grid.id}); setTimeout(() => {{ if (!grid.api) return; "
            ready += f"grid.api.ensureIndexVisible({at}, 'middle'); grid.api.ensureColumnVisible('{field}'); "
            ui.run_javascript(f"{ready}grid.api.setFocusedCell({at}, '{field}'); }}, 250)")

    async def _typed(self, event: events.GenericEventArguments) -> None:
        """A cell was typed anew: keep it, or put back what stood there."""
        args, book = event.args, self.desk.book
        if book is None or args.get("source") not in ("edit", "paste", None):
            return
        line, at = int(args["data"]["line"]), int(str(args["colId"])[1:])
        heads = book.heads(self.table)
        row = dict(book.rows(self.table))[line]
        column = row[0] if self.table == HEADER else heads[at]
        text = "" if args.get("newValue") is None else str(args["newValue"])
        if text.strip() == row[at]:
            return
        self.refused.set_text("")
        try:
            await self.desk.run(self.desk.type, self.table, line, column, text)
        except PlannerError as error:
            self._refuse(f"Not taken, {self.table} keeps ‘{row[at]}’: {told(error)}")
        self._refresh()

    def _refresh(self) -> None:
        """The same table with what stands in it now, where the reader was."""
        book = self.desk.book
        assert book is not None
        self.told.clear()
        with self.told:
            _headline(book)
            _faults(book, self._go)
        self._tabs(book)
        rows = _rows(book, self.table)
        with self.grid.props.suspend_updates():
            self.grid.options["rowData"] = rows
        self.grid.run_grid_method("setGridOption", "rowData", rows)
        self.grid.run_grid_method("refreshCells", {"force": True})
        self._changed()

    async def _drop(self) -> None:
        rows = await self.grid.get_selected_rows()
        if not rows or self.table == HEADER:
            self._refuse("Select rows by the boxes on their left first.")
        elif await self._do(self.desk.drop_rows, self.table, [int(row["line"]) for row in rows]):
            ui.notify(f"{len(rows)} rows taken out", position="top")

    def _ask_row(self) -> None:
        """A form for a new row, below the grid."""
        self.form.clear()
        if self.table == HEADER or self.table not in TABLES:
            self._refuse("The header has no more rows: type into its values.")
            return
        table, fields = self.table, {}
        with self.form:
            ui.html(f'<h2 class="ask">A row more in {table}</h2>', sanitize=False)
            with ui.element("div").classes("form"):
                for name, column in columns(table).items():
                    label = f"{name}{' *' if column.required else ''}"
                    fields[name] = ui.input(label).props(f'dense outlined hint="{column.unit}"').mark(f"new {name}")

            async def add() -> None:
                if await self._do(self.desk.add_row, table, {name: str(fields[name].value or "") for name in fields}):
                    self.form.clear()

            with ui.element("div").classes("tools").style("margin-top:14px"):
                ui.button("Add", on_click=add).props("unelevated").mark("add row")
                ui.button("Cancel", on_click=self.form.clear).props("flat").classes("quiet")

    async def _download(self) -> None:
        try:
            content = await self.desk.run(self.desk.tables)
        except PlannerError as error:
            self._refuse(str(error))
            return
        ui.download.content(content, f"{self.desk.instance.name}.xlsx")


def told(error: PlannerError) -> str:
    """A fault in words: of tables, each problem on a line."""
    if isinstance(error, InputError):
        return "\n".join(str(problem) for problem in error.problems[:6])
    return str(error)


def _headline(book: Book) -> None:
    rows = sum(rows for name, rows in book.tables.items() if name != HEADER)
    count = len(book.problems)
    verdict = "no problems" if not count else f"{count:,} problem{'s' if count > 1 else ''}"
    doubts = f", {len(book.warnings)} warnings" if book.warnings else ""
    with ui.element("h2").style("margin-top:22px"):
        ui.label(f"{rows:,} rows read, {verdict}{doubts}").mark("verdict")
    head = book.instance.header if book.instance else None
    if head is not None:
        span = f"{head.periods} {head.period_length}s from {head.first_period}"
        ui.label(
            f"{head.title or head.name}: {span}, {head.currency} of {head.price_year or 'no stated year'}."
        ).classes("say")


def _faults(book: Book, go: Callable[[Problem], None]) -> None:
    """Problems, then warnings, each at its cell."""
    listed: Sequence[tuple[str, Problem]] = [
        *(("problem", problem) for problem in book.problems[:MOST_PROBLEMS]),
        *(("warning", problem) for problem in book.warnings[:MOST_PROBLEMS]),
    ]
    if not listed:
        return
    with ui.element("table").classes("faults").mark("faults"):
        with ui.element("thead"), ui.element("tr"):
            for head in ("cell", "column", "value", "problem"):
                with ui.element("th").props("scope=col"):
                    ui.label(head)
        with ui.element("tbody"):
            for kind, problem in listed:
                _fault(book, kind, problem, go)


def _fault(book: Book, kind: str, problem: Problem, go: Callable[[Problem], None]) -> None:
    with ui.element("tr"):
        with ui.element("th").props("scope=row"):
            place = problem.place or book.raw.place(problem.table, problem.line, problem.column)
            with ui.element("button").props("type=button").on("click", lambda: go(problem)):
                ui.label(place)
        doubt = "warning: " if kind == "warning" else ""
        for text in (problem.column, problem.value[:120], doubt + problem.message):
            with ui.element("td"):
                ui.label(text)


def _columns(book: Book, table: str) -> list[dict[str, Any]]:
    """The grid's columns: the line, then those of the table with unit and meaning."""
    line = {"headerName": "", "field": "line", "width": 62, "pinned": "left", "cellClass": "line", "sortable": False}
    known = {} if table == HEADER else columns(table)
    found: list[dict[str, Any]] = [line | {"headerTooltip": "Line of the file"}]
    for at, name in enumerate(book.heads(table)):
        column = known.get(name)
        tip = f"{column.unit}: {column.meaning}" if column else ""
        found.append(
            {
                "headerName": name,
                "field": f"c{at}",
                "headerTooltip": tip,
                "editable": table != HEADER or name == "value",
                "cellClassRules": RULES,
                ":tooltipValueGetter": TIP,
                "cellClass": "number" if column is not None and column.numeric else "",
                "width": 330 if table == HEADER else _width(book, table, at),
                "cellDataType": "text",
            }
        )
    return found


def _width(book: Book, table: str, at: int) -> int:
    """Pixels that the texts of a column need."""
    texts = [book.heads(table)[at], *(cells[at] for _, cells in book.rows(table)[:300])]
    return min(max(8 * max(map(len, texts)) + 34, 84), 330)


def _rows(book: Book, table: str) -> list[dict[str, Any]]:
    """The grid's rows, with what is wrong in each."""
    wrong = book.wrong(table)
    places = {name: f"c{at}" for at, name in enumerate(book.heads(table))}
    found = []
    for line, cells in book.rows(table)[:MOST_ROWS]:
        key = cells[0] if table == HEADER else line
        bad = {places.get(column, "line"): message for (at, column), message in wrong.items() if at == key}
        values = {f"c{at}": text for at, text in enumerate(cells)}
        meaning = (
            Header.model_fields[cells[0]].description if table == HEADER and cells[0] in Header.model_fields else ""
        )
        found.append({"line": line, **values, "wrong": bad, "meaning": meaning or ""})
    return found
