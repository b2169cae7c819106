"""Files as people keep them: a folder of CSV files or a workbook, into raw cells that know their line."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from planner.findings import Findings, suggest
from planner.tables import LATER_TABLES, TABLES

COMPANIONS = ("provenance", "unused", "readme", "expected", "problems")
"""CSV files and sheets that may stand beside the tables; they are not read."""

WORKBOOKS = (".xlsx", ".ods")
"""Workbooks that are read."""

_NOT_READ = (".tsv", ".txt", ".xls", ".xlsx", ".ods", ".json", ".parquet")


class Uncomputed(str):
    """A formula whose value the workbook does not hold."""

    __slots__ = ()


@dataclass
class Sheet:
    """The cells of one table, as written."""

    table: str
    header: list[str]
    """Column names, in order."""
    cells: list[Any]
    """One sequence of cells a column."""
    lines: npt.NDArray[np.int64]
    """Line of the file, or row of the sheet, of each row."""
    file: str
    """File name; empty in a workbook or in Python."""
    letters: dict[str, str] = field(default_factory=dict)
    """In a workbook, the letter of each column."""

    def place(self, line: int | None, column: str) -> str:
        """``offers.csv line 13``, or ``offers!F13``."""
        if self.letters:
            letter = self.letters.get(column, "")
            return f"{self.table}!{letter or 'A'}{line or 1}"
        return f"{self.file or self.table} line {line}" if line else self.file or self.table


def text_of(path: Path, table: str, found: Findings) -> str | None:
    """The text of a file in UTF-8, with or without a byte order mark; a problem and None if it is not."""
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:1000]:
        found.fault(table, 1, "", "", f"{path.name} is not UTF-8 but UTF-16; save it as 'CSV UTF-8'")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        start = data.rfind(b"\n", 0, error.start) + 1
        near = data[start : error.start + 12].split(b"\n")[0].decode("cp1252", errors="replace")[-24:]
        found.fault(table, line, "", near, f"is not UTF-8 near '{near.strip()}'; save the file as 'CSV UTF-8'")
        return None


def folder_sheets(folder: Path, found: Findings) -> Iterator[Sheet]:
    """The tables of a folder, one CSV file each; files that look like a table and are none are problems."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~")) or path.is_dir():
            continue
        table, kind = path.stem, path.suffix.lower()
        if kind == ".csv":
            if table not in COMPANIONS and _known(table, found, path.name):
                sheet = csv_sheet(path, found)
                if sheet is None:
                    found.lost.add(table)
                else:
                    yield sheet
        elif kind in _NOT_READ and table in TABLES:
            found.fault(table, None, "", path.name, f"{path.name} is not read; save the table as {table}.csv")


def _known(table: str, found: Findings, name: str) -> bool:
    """Whether a table is read; a problem if not."""
    if table in TABLES:
        return True
    if table in LATER_TABLES:
        found.fault(table, None, "", name, f"the table '{table}' is not yet supported; take it out")
    else:
        hint = suggest(table, [*TABLES, *LATER_TABLES]) or f"; the tables are {', '.join(TABLES)}"
        found.fault(table, None, "", name, f"there is no table '{table}'{hint}")
    return False


def csv_sheet(path: Path, found: Findings) -> Sheet | None:
    """One CSV file: comma, quotes where needed, UTF-8; None where it cannot be taken apart."""
    table = path.stem
    text = text_of(path, table, found)
    if text is None:
        return None
    try:
        rows, lines = _csv_rows(text)
    except csv.Error as error:
        line = _last_quote(text) if "unexpected end" in str(error) or "field larger" in str(error) else None
        told = "a quote is opened here and never closed" if line else f"cannot be read as CSV: {error}"
        found.fault(table, line, "", "", told)
        return None
    keep = np.fromiter((bool("".join(row).strip()) for row in rows), dtype=bool, count=len(rows))
    if not keep.all():
        rows = [row for row, kept in zip(rows, keep, strict=True) if kept]
        lines = lines[keep]
    if not rows:
        found.fault(table, None, "", "", f"{path.name} is empty: it needs a header line, or take the file out")
        return None
    header = [name.strip() for name in rows[0]]
    for mark, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and mark in header[0]:
            told = f"its columns are separated by {called}; save the file with commas, or as .xlsx"
            found.fault(table, int(lines[0]), "", header[0], told)
            return None
    body = rows[1:]
    _even_out(table, body, lines[1:], len(header), found)
    cells: list[Any] = list(zip(*body, strict=True)) if body else [() for _ in header]
    return Sheet(table, header, cells, lines[1:], path.name)


def _csv_rows(text: str) -> tuple[list[list[str]], npt.NDArray[np.int64]]:
    """Rows of a CSV text and the line on which each begins.

    Raises:
        csv.Error: a quote is not closed.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    if '"' not in text:
        rows = list(reader)
        return rows, np.arange(1, len(rows) + 1)
    rows, lines, line = [], [], 1
    for row in reader:
        rows.append(row)
        lines.append(line)
        line = reader.line_num + 1
    return rows, np.array(lines, dtype=np.int64)


def _last_quote(text: str) -> int:
    """The line on which the quote opens that is never closed."""
    opened, line = 1, 1
    inside = False
    for number, content in enumerate(text.split("\n"), start=1):
        if content.count('"') % 2:
            inside = not inside
            if inside:
                opened = number
        line = number
    return opened if inside else line


def _even_out(table: str, rows: list[list[str]], lines: npt.NDArray[np.int64], width: int, found: Findings) -> None:
    """Give each row as many cells as the header; rows with too few or too many filled cells are problems."""
    widths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    for at in np.flatnonzero(widths != width):
        row = rows[at]
        filled = max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)
        if filled > width:
            told = f"has {filled} cells where the header has {width}; a text with a comma needs quotes around it"
            found.fault(table, int(lines[at]), "", row[width], f"{told}, a decimal a point")
        elif len(row) < width:
            told = f"has {len(row)} cells where the header has {width}; empty cells need their commas too"
            found.fault(table, int(lines[at]), "", row[-1], told)
        rows[at] = row[:width] + [""] * (width - len(row))


def workbook_sheets(path: Path, found: Findings) -> Iterator[Sheet]:
    """The sheets of a workbook, the sheet ``instance`` included; empty sheets are passed over."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        faulty = dict(_faulty_cells(path)) if path.suffix.lower() == ".xlsx" else {}
    except (CalamineError, OSError, ValueError, KeyError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        found.fault("instance", None, "", path.name, f"{path.name} cannot be read as a workbook: {error}")
        return
    for name in book.sheet_names:
        rows: list[list[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for (line, column), text in faulty.get(name, {}).items():
            _set_cell(rows, line, column, text)
        filled = [i for i, row in enumerate(rows) if any(cell != "" for cell in row)]
        if not filled or name.strip().lower() in COMPANIONS or not (name == "instance" or _known(name, found, name)):
            continue
        yield _sheet_of(name, rows, filled)


_NOTE = re.compile(r"\[[^\[\]]{1,200}\] \S")
"""How every cell of the row below the header begins in a workbook to fill in: unit, then meaning; it is no data."""


def _set_cell(rows: list[list[Any]], line: int, column: int, text: str) -> None:
    """Put a text into a cell of a sheet, which grows where it has to."""
    while len(rows) < line:
        rows.append([])
    row = rows[line - 1]
    row.extend([""] * (column - len(row)))
    row[column - 1] = text


def _sheet_of(name: str, rows: list[list[Any]], filled: list[int]) -> Sheet:
    """A sheet whose first filled row is the header; columns without name and cells are left out."""
    width = max(len(rows[i]) for i in filled)
    body = [[*rows[i], *[""] * (width - len(rows[i]))] for i in filled]
    named = [str(cell).strip() for cell in body[0]]
    columns = [column for column in range(width) if named[column] or any(row[column] != "" for row in body[1:])]
    header = [named[column] for column in columns]
    if len(body) > 1 and all(_NOTE.match(str(body[1][column])) for column in columns):
        del body[1], filled[1]
    return Sheet(
        name,
        header,
        [[row[column] for row in body[1:]] for column in columns],
        np.array(filled[1:], dtype=np.int64) + 1,
        "",
        {title: _letter(column + 1) for title, column in reversed(list(zip(header, columns, strict=True)))},
    )


def _letter(number: int) -> str:
    """Letter of a column: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def _faulty_cells(path: Path) -> Iterator[tuple[str, dict[tuple[int, int], str]]]:
    """Sheet by sheet, cells with an Excel error or with a formula that has no value, which readers give as blank.

    Raises:
        KeyError, zipfile.BadZipFile, ElementTree.ParseError: the file is no workbook.
    """
    with zipfile.ZipFile(path) as archive:
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
            target = targets.get(sheet.get(_LINK), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part not in archive.namelist():
                continue
            data = archive.read(part)
            if b't="e"' in data or b"<f" in data:
                yield sheet.get("name", ""), dict(_faulty_in(data))


def _faulty_in(data: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    """Cells of one sheet, as (row, column), with their error or :class:`Uncomputed` formula."""
    for _, cell in ElementTree.iterparse(io.BytesIO(data)):
        if cell.tag != f"{_MAIN}c":
            continue
        formula, value, at = cell.find(f"{_MAIN}f"), cell.find(f"{_MAIN}v"), _position(cell.get("r", ""))
        text = value.text if value is not None and value.text else ""
        if at and cell.get("t") == "e":
            yield at, text or "#N/A"
        elif at and formula is not None and not text and cell.get("t") != "str":
            yield at, Uncomputed(f"={formula.text or ''}")


def _position(reference: str) -> tuple[int, int] | None:
    """Row and column of ``F13``."""
    match = re.fullmatch(r"([A-Z]+)(\d+)", reference)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column
