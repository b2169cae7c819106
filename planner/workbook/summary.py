"""The first sheet of a plan's workbook: the answer, five figures, charts, what binds, what is bought, what else is."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from planner.plan import Plan
from planner.report.summary import Summary, percent, span, summarise
from planner.workbook.figures import Chart, tiles
from planner.workbook.style import BREACH, FONT, HAIRLINE, INK, MUTED, SERIES, Book, text

WIDE = 15
"""Columns of the sheet, three a tile."""
CHART_ROWS = 17
"""Rows that a chart takes."""
DATA = "chart data"
APART = 4
"""Rows of the chart data from the end of one chart to the start of the next, headings included."""
LINES = 8
"""Lines of each list."""


def summary(book: Book, plan: Plan, drawn: list[Chart], held: Mapping[str, str], left: Mapping[str, int]) -> None:
    """Write the sheet ``summary``; :func:`chart_data` writes the sheet that its charts read.

    Args:
        book: the workbook.
        plan: the plan.
        drawn: its charts.
        held: sheets of the workbook and what they hold.
        left: tables that are too long for it, and their rows.
    """
    facts = summarise(plan)
    sheet = book.sheet("summary", INK)
    sheet.set_column(0, 0, 2)
    sheet.set_column(1, WIDE, 10.5)
    sheet.set_portrait()
    sheet.print_area(0, 0, 0, 0)
    _head(book, sheet, plan, facts)
    row = _charts(book, sheet, drawn, 10)
    row = _binding(book, sheet, facts, row)
    row = _purchases(book, sheet, facts, row)
    row = _contents(book, sheet, held, left, row)
    sheet.print_area(0, 0, row, WIDE)
    sheet.fit_to_pages(1, 0)


def _head(book: Book, sheet: Any, plan: Plan, facts: Summary) -> None:
    """The answer, what is proven of it, and the figures."""
    head = plan.instance.header
    big = book.style(bold=True, font_size=15, font_color=INK, text_wrap=True)
    sheet.merge_range(1, 1, 2, WIDE, "", big)
    text(sheet, 1, 1, facts.sentence, big)
    sheet.set_row(1, 22)
    sheet.set_row(2, 22)
    proof = next(told for name, told in facts.figures if name == "proof")
    proven = "every other rule and cost recomputed" if plan.custom else "every rule and cost recomputed"
    told = f"{head.title or head.name} · {proof} · {proven}"
    muted = book.style(font_color=MUTED)
    text(sheet, 3, 1, told, muted)
    for at, tile in enumerate(tiles(plan)):
        column = 1 + 3 * at
        bad = tile.label.startswith("Unmet") and tile.value > 0.5
        value = book.style(
            bold=True, font_size=20, num_format=tile.form, align="left", font_color=BREACH if bad else INK
        )
        sheet.merge_range(5, column, 5, column + 2, "", muted)
        text(sheet, 5, column, tile.label, book.style(font_color=MUTED, font_size=9, top=1, top_color=HAIRLINE))
        sheet.merge_range(6, column, 6, column + 2, "", value)
        sheet.write_number(6, column, tile.value, value)
        small = book.style(font_color=MUTED, font_size=9, text_wrap=True)
        sheet.merge_range(7, column, 8, column + 2, "", small)
        text(sheet, 7, column, tile.note, small)
    sheet.set_row(6, 28)


def _charts(book: Book, sheet: Any, drawn: list[Chart], row: int) -> int:
    """Two charts beside each other."""
    at = 0
    for number, chart in enumerate(drawn):
        made = _chart(book, chart, at)
        column = 1 + 8 * (number % 2)
        place = row + CHART_ROWS * (number // 2)
        sheet.insert_chart(place, column, made, {"object_position": 2, "description": f"{chart.title}; {chart.told}"})
        at += len(chart.frame) + APART
    return row + CHART_ROWS * (-(-len(drawn) // 2))


def chart_data(book: Book, drawn: list[Chart]) -> None:
    """Write the numbers of the charts."""
    if drawn:
        data = book.sheet(DATA, HAIRLINE)
        data.set_column(0, 0, 40)
        data.set_column(1, 8, 14)
        at = 0
        for chart in drawn:
            _block(book, data, chart, at)
            at += len(chart.frame) + APART


def _chart(book: Book, chart: Chart, at: int) -> Any:
    """A native chart of the cells from a row of the chart data on."""
    kind = {"bar": {"type": "bar"}, "stacked": {"type": "column", "subtype": "stacked"}, "line": {"type": "line"}}
    made = book.file.add_chart(kind[chart.kind])
    first, last = at + 3, at + 2 + len(chart.frame)
    names = list(chart.frame.columns[1:])
    for number, name in enumerate(names, start=1):
        colour = _colour(chart, number - 1, str(name))
        series: dict[str, Any] = {
            "name": [DATA, at + 2, number],
            "categories": [DATA, first, 0, last, 0],
            "values": [DATA, first, number, last, number],
            "gap": 60,
        }
        series |= {"line": {"color": colour, "width": 2}} if chart.kind == "line" else {"fill": {"color": colour}}
        if chart.kind == "bar" and number == 1:
            series["data_labels"] = {"value": True, "num_format": chart.form, "font": {"size": 8, "name": FONT}}
        made.add_series(series)
    title = {"name": f"{chart.title}\n{chart.told}", "overlay": False}
    made.set_title(title | {"name_font": {"size": 10, "bold": True, "color": INK, "name": FONT}})
    small = {"size": 8, "color": MUTED, "name": FONT}
    lines = {"visible": True, "line": {"color": HAIRLINE, "width": 0.5}}
    values = {"num_format": chart.form, "num_font": small, "major_gridlines": lines, "line": {"none": True}}
    labels = {"num_font": small, "major_gridlines": {"visible": False}, "line": {"color": HAIRLINE}}
    if chart.kind == "bar":
        made.set_x_axis(values | {"min": 0})
        made.set_y_axis(labels | {"reverse": True})
    else:
        made.set_x_axis(labels | {"label_position": "low"})
        made.set_y_axis(values)
    made.set_legend({"position": "bottom", "font": small})
    made.set_size({"width": 576, "height": 20 * CHART_ROWS - 14})
    made.set_chartarea({"border": {"none": True}})
    return made


def _colour(chart: Chart, number: int, name: str) -> str:
    """Colour of a series: a cap and the rest are grey."""
    return SERIES[-1] if name == "cap" or name.endswith(" others") else SERIES[number]


def _block(book: Book, data: Any, chart: Chart, at: int) -> None:
    """The numbers of a chart."""
    text(data, at, 0, f"{chart.title}: {chart.told}", book.style(bold=True))
    style, head = book.style(num_format="0.0%" if "%" in chart.form else "#,##0.0"), {"bold": True, "bottom": 1}
    for column, name in enumerate(chart.frame.columns):
        text(data, at + 2, column, str(name), book.style(**head, align="right" if column else "left"))
        for row, value in enumerate(chart.frame[name].tolist(), start=at + 3):
            if column:
                data.write_number(row, column, value, style)
            else:
                text(data, row, column, str(value), book.style())


def _heading(book: Book, sheet: Any, row: int, told: str) -> None:
    for column in range(1, WIDE + 1):
        sheet.write_blank(row, column, None, book.style(bottom=1, bottom_color=INK))
    text(sheet, row, 1, told, book.style(bold=True, font_size=12, font_color=INK, bottom=1, bottom_color=INK))


def _list(book: Book, sheet: Any, row: int, heads: list[tuple[str, int, str]], lines: list[list[Any]]) -> int:
    """Lines under headings (text, first column, form of numbers); gives the row after them."""
    for name, column, form in heads:
        text(sheet, row, column, name, book.style(font_color=MUTED, font_size=9, align="right" if form else "left"))
    for line in lines:
        row += 1
        for (_, column, form), value in zip(heads, line, strict=True):
            if isinstance(value, str):
                text(sheet, row, column, value, book.style()) if value else None
            elif value == value:
                sheet.write_number(row, column, value, book.style(num_format=form))
    return row + 2


def _binding(book: Book, sheet: Any, facts: Summary, row: int) -> int:
    if facts.rules.empty:
        return row
    _heading(book, sheet, row, f"Rules that bind, and what loosening each is worth, {facts.currency}")
    heads = [("rule", 1, ""), ("holds", 4, ""), ("material", 7, ""), ("binds in", 9, "")]
    heads += [("limit", 11, "#,##0"), ("most per unit", 12, "#,##0"), ("one point, m", 14, "#,##0.000")]
    lines = []
    for rule in facts.rules.head(LINES).to_dict("records"):
        limit = percent(rule["last_limit"]) if rule["unit"] == "share" else f"{rule['last_limit']:,.4g} {rule['unit']}"
        about = [rule["rule"], rule["name"], rule["material"], span(rule["since"], rule["until"])]
        lines.append([*about, limit, rule["most_price"], rule["worth"] / 1e6])
    return _list(book, sheet, row + 1, heads, lines)


def _purchases(book: Book, sheet: Any, facts: Summary, row: int) -> int:
    if facts.purchases.empty:
        return row
    _heading(book, sheet, row, "Largest purchases over the horizon, undiscounted")
    heads = [("site", 1, ""), ("country", 4, ""), ("material", 6, ""), ("mostly to", 8, "")]
    heads += [("t", 12, "#,##0"), ("of supply", 13, "0%"), (f"m {facts.currency}", 14, "#,##0.0")]
    kept: pd.DataFrame = facts.purchases.head(LINES)
    lines = [
        [row["site"], row["country"], row["material"], row["to"], row["quantity"], row["share"], row["cost"] / 1e6]
        for row in kept.to_dict("records")
    ]
    return _list(book, sheet, row + 1, heads, lines)


def _contents(book: Book, sheet: Any, held: Mapping[str, str], left: Mapping[str, int], row: int) -> int:
    """Every sheet with a link, and what is too long for a workbook."""
    _heading(book, sheet, row, "In this workbook")
    link = book.style(font_color="#2F6FB5", underline=1)
    for name, meaning in held.items():
        row += 1
        sheet.write_url(row, 1, f"internal:'{name}'!A1", link, name)
        text(sheet, row, 3, meaning, book.style())
    for name, count in left.items():
        row += 1
        text(sheet, row, 1, name, book.style(font_color=MUTED))
        text(sheet, row, 3, f"{count:,} rows, too many for a workbook: tables/{name}.parquet of the run", book.style())
    return row + 1
