"""An instance as a workbook to fill in: a sheet a table, units, meanings, drop-downs, a first sheet that explains.

The reader takes the same instance from it as from the folder (``planner.sheets``): the grey row under each header is
known by its form and passed over.
"""

from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from planner.checks.names import REFERENCES
from planner.companions import Companions
from planner.errors import PlannerError
from planner.instance import Instance
from planner.schema import bounds
from planner.tables import TABLES, Column, Header, columns
from planner.workbook.style import INK, LIGHT, MOST_ROWS, MUTED, WHITE, Book, new_book, text, width_of

SPARE = 500
"""Rows below the last that drop-downs and number checks reach."""
FIRST = 2
"""Row of the first data (from 0): below the header and the grey row."""
LISTS = {
    "material": ("materials", "material"),
    "stage": ("materials", "stage"),
    "place": ("places", "place"),
    "site": ("sites", "site"),
    "process": ("processes", "process"),
    "priority": ("priorities", "priority"),
}
"""Kinds of names with a drop-down, and the column that lists them."""


def write_instance(instance: Instance, path: Path, *, every: bool = False, beside: Companions | None = None) -> None:
    """Write an instance as a workbook; read again it is the same instance.

    Args:
        instance: checked input.
        path: the workbook; replaced once the new one is whole.
        every: sheets also for tables without rows, to be filled in.
        beside: what stands beside the tables, a sheet each after them.

    Raises:
        PlannerError: a text or a table is longer than a workbook holds.
        OSError: the file cannot be written.
    """
    held = [table for table in TABLES if every or len(instance.tables[table])]
    with new_book(path, instance.header.title or instance.name) as book:
        _readme(book, instance, held, path.name)
        _header(book, instance.header)
        for table in held:
            _table(book, instance, table, held)
        for name, rows in (beside or {}).items():
            _beside(book, name, rows)


def _readme(book: Book, instance: Instance, held: Sequence[str], name: str) -> None:
    sheet = book.sheet("readme", INK)
    sheet.set_column(0, 0, 2)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 104)
    sheet.set_column(3, 3, 10)
    plain, strong, muted = book.style(text_wrap=True), book.style(bold=True), book.style(font_color=MUTED)
    text(sheet, 1, 1, instance.header.title or instance.name, book.style(bold=True, font_size=16, font_color=INK))
    text(sheet, 2, 1, "The input of a plan: a sheet a table. Sheets that are not needed may stay empty.", muted)
    legend = (
        (book.style(bold=True, bg_color=INK, font_color=WHITE), "required", "may not be empty"),
        (book.style(bold=True, bg_color=LIGHT, font_color=INK), "optional", "empty takes the default in the grey row"),
        (
            book.style(italic=True, font_color=MUTED, bg_color="#F5F6F8"),
            "[unit]",
            "the grey row: unit, bounds, meaning",
        ),
    )
    for row, (style, label, told) in enumerate(legend, start=4):
        text(sheet, row, 1, label, style)
        text(sheet, row, 2, told, plain)
    steps = (
        ("1", "Fill in the sheets from left to right; drop-downs offer the names given in earlier sheets."),
        ("2", f"planner check {name}: names every problem, and returns this workbook with the cells marked."),
        ("3", f"planner solve {name}: the plan, verified, in a folder of its own with a workbook to read."),
        ("", "Periods are text: 2027, 2027Q1 or 2027-03. Shares are fractions: 0.65 for 65 %. Decimals have a point."),
    )
    for row, (number, told) in enumerate(steps, start=8):
        text(sheet, row, 1, number, strong) if number else None
        text(sheet, row, 2, told, plain)
    for column, told in enumerate(("sheet", "what it holds", "rows"), start=1):
        text(sheet, 13, column, told, book.style(bold=True, bottom=1, bottom_color=INK))
    link = book.style(font_color="#2F6FB5", underline=1)
    listed: list[tuple[str, str, int | None]] = [
        ("instance", "What holds for all of it: currency, units, horizon, discount rate.", None)
    ]
    listed += [(table, (TABLES[table].__doc__ or "").strip(), len(instance.tables[table])) for table in held]
    for row, (table, meaning, count) in enumerate(listed, start=14):
        sheet.write_url(row, 1, f"internal:'{table}'!A1", link, table)
        text(sheet, row, 2, meaning, plain)
        if count is not None:
            sheet.write_number(row, 3, count, book.style(num_format="#,##0"))


def _header(book: Book, header: Header) -> None:
    """The sheet ``instance``: key, value, what it means."""
    sheet = book.sheet("instance", INK)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 44, book.style(num_format="@"))
    sheet.set_column(2, 2, 78)
    dark = book.style(bold=True, bg_color=INK, font_color=WHITE)
    for column, name in enumerate(("key", "value", "meaning")):
        text(sheet, 0, column, name, dark)
    sheet.freeze_panes(1, 1)
    schema = Header.model_json_schema()["properties"]
    for row, (key, field) in enumerate(Header.model_fields.items(), start=1):
        value = getattr(header, key)
        text(sheet, row, 0, key, book.style(bold=True) if field.is_required() else None)
        text(sheet, row, 2, (field.description or "").replace("`", ""), book.style(font_color=MUTED, text_wrap=True))
        if isinstance(value, str) and value:
            text(sheet, row, 1, value, book.style(num_format="@", text_wrap=True))
        elif isinstance(value, int | float):
            sheet.write_number(row, 1, value, book.style(num_format="General", align="left"))
        if "enum" in schema[key]:
            sheet.data_validation(row, 1, row, 1, _choice(schema[key]["enum"]))


def _table(book: Book, instance: Instance, table: str, held: Sequence[str]) -> None:
    """One table: header, grey row, rows, drop-downs."""
    frame, known = instance.tables[table], columns(table)
    if len(frame) + FIRST > MOST_ROWS:
        raise PlannerError(f"{table} has {len(frame):,} rows; a sheet of a workbook holds {MOST_ROWS - FIRST:,}")
    sheet = book.sheet(table, INK if len(frame) else LIGHT)
    last = FIRST + len(frame) + SPARE
    note = book.style(italic=True, font_size=8, font_color=MUTED, bg_color="#F5F6F8", text_wrap=True, bottom=1)
    tallest = 1
    for at, (name, column) in enumerate(known.items()):
        dark = {"bg_color": INK, "font_color": WHITE} if column.required else {"bg_color": LIGHT, "font_color": INK}
        text(sheet, 0, at, name, book.style(bold=True, **dark))
        told = note_of(table, column, instance.header)
        wide = width_of([name, *(frame[name].head(2000) if not column.numeric else ())], 13, 34)
        text(sheet, 1, at, told, note)
        tallest = max(tallest, -(-len(told) // int(wide * 1.3)))
        style = book.style(num_format="General") if column.numeric else book.style(num_format="@")
        sheet.set_column(at, at, wide, style)
        _cells(sheet, at, column, frame[name].tolist(), style)
        check = _validation(table, column, instance, held)
        if check:
            sheet.data_validation(FIRST, at, last, at, check)
    sheet.set_row(1, 11.5 * tallest + 4)
    sheet.freeze_panes(FIRST, 1)
    sheet.repeat_rows(0, 1)
    sheet.autofilter(1, 0, max(FIRST, FIRST + len(frame) - 1), len(known) - 1)


def _beside(book: Book, name: str, rows: Sequence[Sequence[str]]) -> None:
    """Texts as they are."""
    sheet = book.sheet(name, MUTED)
    head, plain = book.style(bold=True, bg_color=LIGHT, font_color=INK), book.style(num_format="@")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell:
                text(sheet, at, column, cell, plain if at else head)
    for column in range(max(map(len, rows), default=0)):
        sheet.set_column(column, column, width_of([row[column] for row in rows[:2000] if column < len(row)], 10, 34))
    sheet.freeze_panes(1, 0)


def _cells(sheet: Any, at: int, column: Column, values: Sequence[Any], style: Any) -> None:
    """The filled cells of one column; what stands at its default stays empty."""
    default = (column.default or "") if not column.numeric else column.default
    for row, value in enumerate(values, start=FIRST):
        if not column.required and (value == default or (column.numeric and isnan(value))):
            continue
        if column.numeric:
            sheet.write_number(row, at, value, style)
        else:
            text(sheet, row, at, value, style)


def note_of(table: str, column: Column, header: Header) -> str:
    """What the grey row says of a column: ``[USD/t, ≥ 0] Price at the seller's gate``."""
    unit = column.unit.replace("money", header.currency).replace("mass", header.mass_unit)
    limits = bounds(table)[column.name]
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    told = ", ".join([unit, *(f"{signs[name]} {value:,g}" for name, value in limits.items())])
    shown = f"{column.default:g}" if column.numeric and column.default is not None else column.default
    default = f" Default: {shown}." if shown and not column.required else ""
    return f"[{told}] {column.meaning.replace('`', '')}{default}"


def _choice(choices: Sequence[str]) -> dict[str, Any]:
    told = f"One of: {', '.join(filter(None, choices))}."
    return {
        "validate": "list",
        "source": [*filter(None, choices)],
        "error_title": "Not a choice",
        "error_message": told,
    }


def _validation(table: str, column: Column, instance: Instance, held: Sequence[str]) -> dict[str, Any] | None:
    """The drop-down, or the bounds, of a column."""
    if column.choices:
        return _choice(column.choices)
    kind = next((kind for where, name, kind in REFERENCES if (where, name) == (table, column.name)), "")
    if kind in LISTS and LISTS[kind][0] in held:
        sheet, name = LISTS[kind]
        letter = xl_col_to_name(list(columns(sheet)).index(name))
        source = f"={sheet}!${letter}${FIRST + 1}:${letter}${FIRST + len(instance.tables[sheet]) + SPARE}"
        told = f"The sheet {sheet} has no such {kind} yet."
        common = {"error_type": "warning", "error_title": "Not in the list", "error_message": told}
        return {"validate": "list", "source": source, **common}
    limits = bounds(table)[column.name]
    if not column.numeric or "minimum" not in limits:
        return None
    whole, least = isinstance(column.default, int), limits["minimum"]
    most = limits.get("maximum", limits.get("exclusiveMaximum"))
    span = {"criteria": ">=", "value": least} if most is None else _between(least, most)
    told = f"A {'whole ' if whole else ''}number of at least {least:g}{'' if most is None else f', at most {most:g}'}."
    return {"validate": "integer" if whole else "decimal", **span, "error_title": "Number", "error_message": told}


def _between(least: float, most: float) -> dict[str, Any]:
    return {"criteria": "between", "minimum": least, "maximum": most}
