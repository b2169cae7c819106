"""How every workbook of the planner looks, and how cells are written: text stays text, a number keeps every digit."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from planner.errors import PlannerError

INK, MUTED, HAIRLINE, LIGHT, WHITE = "#14213D", "#5B6778", "#DDE2E8", "#E8ECF1", "#FFFFFF"
GOOD, BREACH, BREACH_FILL, DOUBT_FILL = "#0F766E", "#C2410C", "#FBE3D9", "#FFF4CC"
SERIES = ("#14213D", "#2F6FB5", "#DE5A1B", "#2E9C8A", "#98285A", "#9C86D9", "#5B6778", "#C8CED6")
"""Colours of chart series, told apart by colour-blind readers."""

FONT = "Arial"
LONGEST = 32_767
"""Letters that a cell of a workbook holds."""
MOST_ROWS = 1_048_576
"""Rows that a sheet of a workbook holds."""


class ExactSheet(Worksheet):  # type: ignore[misc]
    """A sheet that keeps a float to the last bit: xlsxwriter writes 16 digits, and some need 17."""

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        told = "".join(f' {name}="{value}"' for name, value in attributes)
        self.fh.write(f"<c{told}><v>{number!r}</v></c>")


class Book:
    """A workbook in the making."""

    def __init__(self, file: Workbook) -> None:
        self.file = file
        self._style = cache(self._made)

    def _made(self, named: frozenset[tuple[str, Any]]) -> Any:
        return self.file.add_format({"font_name": FONT, "font_size": 10, "valign": "top", **dict(named)})

    def style(self, **properties: Any) -> Any:
        """A format; the same one where it was asked for before."""
        return self._style(frozenset(properties.items()))

    def sheet(self, name: str, colour: str = "") -> Worksheet:
        """One more sheet, printed on A4 landscape, as wide as the page."""
        sheet = self.file.add_worksheet(name, worksheet_class=ExactSheet)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&8&A&R&8&P / &N")
        sheet.hide_gridlines(2)
        if colour:
            sheet.set_tab_color(colour)
        return sheet


@contextmanager
def new_book(path: Path, title: str) -> Iterator[Book]:
    """A workbook that stands at ``path`` once it is whole, and not before.

    Raises:
        PlannerError: a text or a table is longer than a workbook holds.
        OSError: the file cannot be written.
    """
    part = path.with_name(f".writing-{path.name}")
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = Workbook(str(part), {**plain, "default_format_properties": {"font_name": FONT, "font_size": 10}})
    file.set_properties({"title": title, "author": "planner"})
    try:
        yield Book(file)
        file.close()
        part.replace(path)
    except FileCreateError as error:
        raise OSError(f"{path} cannot be written: {error}") from error
    finally:
        file.fileclosed = True
        part.unlink(missing_ok=True)


def text(sheet: Worksheet, row: int, column: int, value: str, style: Any = None) -> None:
    """A text, whatever it looks like; it may not be empty.

    Raises:
        PlannerError: it is longer than a cell holds.
    """
    if sheet.write_string(row, column, value, style) < 0:
        place = f"{sheet.name}!{xl_rowcol_to_cell(row, column)}"
        raise PlannerError(
            f"{place}: a workbook has no room for it (a cell holds {LONGEST:,} letters, a sheet {MOST_ROWS:,} rows)"
        )


def width_of(texts: Any, least: int = 8, most: int = 40) -> int:
    """Width of a column that shows these texts."""
    return min(most, max(least, 2 + max((len(str(value)) for value in texts), default=0)))
