"""A plan as a workbook: a summary with native charts, one Excel table a result, what is broken or short in red.

Numbers are the plan's own, to the last bit; no cell is a formula.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from planner.plan import PLAN_TABLES, TEXT, Plan
from planner.workbook.figures import charts
from planner.workbook.style import (
    BREACH,
    BREACH_FILL,
    GOOD,
    INK,
    LIGHT,
    WHITE,
    Book,
    new_book,
    text,
    width_of,
)
from planner.workbook.summary import chart_data, summary
from planner.workbook.units import BY_ROW, form, title

MEANING = {
    "rules": "Every rule against what the plan does: limit, actual, slack, shadow price. Red: broken at a price.",
    "demand": "What each site needs and gets. Red: unmet.",
    "sales": "What is bought from each offer.",
    "flows": "What moves on each lane.",
    "tiers": "What is bought in each price tier.",
    "activity": "What each process runs.",
    "made": "What each process takes in and gives out.",
    "stock": "Every stockpile, period by period.",
    "hhi": "Who supplies how much under each rule on the HHI, and the effective number of sources.",
    "cover": "Days of cover of every stock. Red: below what is required.",
    "surplus": "What leaves a plant unused.",
    "activations": "What is used and charged for, yes or no.",
    "costs": "Every cost by component; present values add up to the objective.",
    "concentration": "Shares of every country and owner, and the HHI.",
    "measures": "Largest supplier, HHI and effective number of sources, by stage and material, year by year.",
    "origins": "Where the element was mined or recycled: as assigned, and under proportional mixing.",
    "tagged": "Every flow that is split by origin, part by part.",
    "prices": "Shadow price of every row of the model that has one.",
    "held": "Least unmet demand of each rank that was held.",
}
"""What each table of a plan holds, in the order of the sheets."""

LARGEST = 20_000
"""Rows of a table beyond which it stays in the run's folder only: a workbook of more opens slowly."""

TOLERANCE = 1e-6
"""Fraction of what is asked below which a difference is rounding."""


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as a workbook.

    Args:
        plan: what was solved and verified.
        path: the workbook; replaced once the new one is whole.

    Raises:
        PlannerError: a text is longer than a cell holds.
        OSError: the file cannot be written.
    """
    sizes = {name: len(plan.tables[name]) for name in MEANING if len(plan.tables[name])}
    held = [name for name, count in sizes.items() if count <= LARGEST]
    left = {name: count for name, count in sizes.items() if count > LARGEST}
    drawn = charts(plan)
    with new_book(path, f"Plan of {plan.instance.name}") as book:
        summary(book, plan, drawn, {name: MEANING[name] for name in held}, left)
        for name in held:
            _table(book, name, plan.tables[name], plan.instance.header.currency)
        chart_data(book, drawn)


def _table(book: Book, name: str, frame: pd.DataFrame, currency: str) -> None:
    """One result as an Excel table, its units in the headings."""
    sheet = book.sheet(name, LIGHT)
    last = len(frame)
    heads = [title(name, column, currency) for column in PLAN_TABLES[name]]
    dark = {"bold": True, "bg_color": INK, "font_color": WHITE, "text_wrap": True, "valign": "vcenter"}
    sides = ["left" if column in TEXT else "right" for column in PLAN_TABLES[name]]
    sheet.add_table(
        *(0, 0, last, len(heads) - 1),
        {
            "name": f"plan_{name}",
            "style": "Table Style Light 1",
            "columns": [
                {"header": heading, "header_format": book.style(**dark, align=side)}
                for heading, side in zip(heads, sides, strict=True)
            ],
        },
    )
    units = frame["unit"].tolist() if "unit" in frame else None
    for at, (column, heading) in enumerate(zip(PLAN_TABLES[name], heads, strict=True)):
        values = frame[column].tolist()
        if column in TEXT:
            _texts(book, sheet, at, values)
            sheet.set_column(at, at, width_of([heading[:16], *frame[column].unique()], 9, 34))
        else:
            _numbers(book, sheet, at, values, column, units if column in BY_ROW else None)
            sheet.set_column(at, at, 15)
    sheet.set_row(0, 30)
    sheet.freeze_panes(1, _frozen(name))
    sheet.repeat_rows(0)
    _marks(book, sheet, name, frame)


def _frozen(name: str) -> int:
    """Columns that stay in sight: those before the first period or number."""
    columns = PLAN_TABLES[name]
    return min(2, next((at for at, column in enumerate(columns) if column not in TEXT or column == "period"), 0))


def _texts(book: Book, sheet: Any, at: int, values: Sequence[str]) -> None:
    style = book.style()
    for row, value in enumerate(values, start=1):
        if value:
            text(sheet, row, at, value, style)


def _numbers(
    book: Book, sheet: Any, at: int, values: Sequence[float], column: str, units: Sequence[str] | None
) -> None:
    """The numbers of a column; nothing where there is none, a word where it is not finite."""
    styles: Mapping[str, Any] = {unit: book.style(num_format=form(column, unit)) for unit in set(units or [""])}
    for row, value in enumerate(values, start=1):
        style = styles[units[row - 1] if units else ""]
        if isfinite(value):
            sheet.write_number(row, at, value, style)
        elif value == value:
            text(sheet, row, at, "unlimited" if value > 0 else "-unlimited", style)


def _marks(book: Book, sheet: Any, name: str, frame: pd.DataFrame) -> None:
    """Red rows where something is broken or short, bars beside shares."""
    columns = {column: at for at, column in enumerate(PLAN_TABLES[name])}
    wide = len(columns) - 1
    red = book.style(font_color=BREACH, bg_color=BREACH_FILL)
    for row in (frame.index.get_indexer_for(frame.index[broken(name, frame)]) + 1).tolist():
        sheet.conditional_format(row, 0, row, wide, {"type": "no_errors", "format": red})
    if name == "concentration":
        at = columns["share"]
        bar = {"type": "data_bar", "bar_color": GOOD, "min_type": "num", "min_value": 0}
        sheet.conditional_format(1, at, len(frame), at, bar | {"max_type": "num", "max_value": 1})


def broken(name: str, frame: pd.DataFrame) -> "pd.Series[bool]":
    """Rows of a table of a plan in which a rule is broken at its price, demand is unmet or cover is short."""
    if name == "rules":
        return frame["excess"] > TOLERANCE * frame["limit"].clip(lower=1.0)
    if name == "demand":
        return frame["unmet"] > TOLERANCE * frame["demand"].clip(lower=1.0)
    if name == "cover":
        return frame["days"] < frame["required_days"] * (1 - TOLERANCE)
    return pd.Series(False, index=frame.index)
