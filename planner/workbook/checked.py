"""The user's own workbook returned: what is wrong is marked in its cell, with the repair in a note, and listed first.

The user's file is left as it is; ``my.checked.xlsx`` stands beside it. What openpyxl cannot keep (macros, charts,
pictures, …) is named, so that nobody takes the copy for the whole.
"""

import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from planner.errors import InputError, Problem
from planner.workbook.style import BREACH, BREACH_FILL, DOUBT_FILL, FONT, INK, MUTED

SHEET = "problems"
AUTHOR = "planner"
LOST = {
    "xl/vbaProject": "macros",
    "xl/charts/": "charts",
    "xl/media/": "pictures",
    "xl/drawings/drawing": "drawings",
    "xl/pivotTables/": "pivot tables",
    "xl/slicers/": "slicers",
    "xl/ctrlProps/": "form controls",
    "xl/activeX/": "form controls",
    "xl/embeddings/": "embedded files",
    "xl/threadedComments/": "threads of comments",
    "xl/model/": "the data model",
}
"""Parts of a workbook that are not kept, and what people call them."""


@dataclass(frozen=True)
class Marked:
    """The workbook that was written."""

    path: Path
    lost: tuple[str, ...]
    """What the user's own file holds and this one does not."""


def checked_path(path: Path) -> Path:
    """``my.checked.xlsx`` beside ``my.xlsx``; itself, where it is one already."""
    return path if path.stem.endswith(".checked") else path.with_name(f"{path.stem}.checked.xlsx")


def mark(path: Path, error: InputError) -> Marked:
    """Write the marked copy of a workbook.

    Args:
        path: the user's workbook (.xlsx).
        error: what is wrong with it.

    Raises:
        OSError: the copy cannot be written.
        ValueError, KeyError, zipfile.BadZipFile: the file cannot be taken apart.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    lost = [told for part, told in LOST.items() if any(name.startswith(part) for name in names)]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        book = load_workbook(path)
    lost += [
        str(told.message).split(" extension is not")[0].lower() for told in said if "not supported" in str(told.message)
    ]
    _unmark(book)
    for problem, colour in [(each, BREACH_FILL) for each in error.problems] + [
        (each, DOUBT_FILL) for each in error.warnings
    ]:
        _mark(book, problem, colour)
    _list(book, error)
    target = checked_path(path)
    part = target.with_name(f".writing-{target.name}")
    try:
        book.save(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Marked(target, tuple(dict.fromkeys(lost)))


def _unmark(book: Any) -> None:
    """Take earlier marks out."""
    if SHEET in book.sheetnames and book[SHEET].sheet_properties.tabColor is not None:
        del book[SHEET]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment is not None and cell.comment.author == AUTHOR:
                    cell.comment = None
                    cell.fill = PatternFill()


def _target(book: Any, problem: Problem) -> tuple[str, str] | None:
    """Sheet and cell of a problem; None where the workbook has no such sheet."""
    name, _, cell = problem.place.rpartition("!")
    if name in book.sheetnames and re.fullmatch(r"[A-Z]+\d+", cell):
        return name, cell
    return (problem.table, "A1") if problem.table in book.sheetnames else None


def _mark(book: Any, problem: Problem, colour: str) -> None:
    """Colour the cell and say in a note what would be right, beneath what stands there."""
    place = _target(book, problem)
    if place is None:
        return
    cell = book[place[0]][place[1]]
    if isinstance(cell, MergedCell):
        return
    cell.fill = PatternFill("solid", fgColor=colour[1:])
    told = problem.message if not problem.column else f"{problem.column}: {problem.message}"
    before = f"{cell.comment.text}\n" if cell.comment is not None else ""
    cell.comment = Comment(before + told, AUTHOR, height=90, width=320)


def _list(book: Any, error: InputError) -> None:
    """The first sheet: every problem, with a link to its cell."""
    sheet = book.create_sheet(SHEET, 0)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
    sheet.sheet_properties.tabColor = BREACH[1:]
    sheet.sheet_view.showGridLines = False
    count, doubts = len(error.problems), len(error.warnings)
    _put(sheet, 1, 1, f"{count:,} problem{'s' if count != 1 else ''}" + (f", {doubts:,} to look at" if doubts else ""))
    sheet["A1"].font = Font(name=FONT, size=15, bold=True, color=INK[1:])
    _put(sheet, 2, 1, "Mend the marked cells, save, check again. This sheet is passed over.")
    sheet["A2"].font = Font(name=FONT, size=9, color=MUTED[1:])
    for column, (name, width) in enumerate(
        (("cell", 20), ("column", 20), ("value", 26), ("what is wrong, what would be right", 96)), start=1
    ):
        _put(sheet, 4, column, name)
        sheet.cell(4, column).font = Font(name=FONT, size=10, bold=True, color="FFFFFF")
        sheet.cell(4, column).fill = PatternFill("solid", fgColor=INK[1:])
        sheet.column_dimensions[get_column_letter(column)].width = width
    _lines(book, sheet, error.problems, error.warnings)
    sheet.freeze_panes = "A5"
    sheet.auto_filter.ref = f"A4:D{max(4 + count + doubts, 5)}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _lines(book: Any, sheet: Any, problems: Sequence[Problem], doubts: Iterable[Problem]) -> None:
    doubtful = set(map(id, doubts := list(doubts)))
    for row, problem in enumerate([*problems, *doubts], start=5):
        place = _target(book, problem)
        said = f"warning: {problem.message}" if id(problem) in doubtful else problem.message
        for column, value in enumerate((problem.place or problem.table, problem.column, problem.value, said), start=1):
            _put(sheet, row, column, value)
            sheet.cell(row, column).font = Font(name=FONT, size=10)
            sheet.cell(row, column).alignment = Alignment(vertical="top", wrap_text=column > 2)
        if place is not None:
            sheet.cell(row, 1).hyperlink = f"#'{place[0]}'!{place[1]}"
            sheet.cell(row, 1).font = Font(name=FONT, size=10, color="2F6FB5", underline="single")


def _put(sheet: Any, row: int, column: int, value: str) -> None:
    """A text, whatever it looks like."""
    cell = sheet.cell(row, column)
    if value:
        cell.value = re.sub(r"[\x00-\x08\x0b-\x1f]", " ", value)
        cell.data_type = "s"
