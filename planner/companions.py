"""What stands beside the tables of an instance: where each number comes from, and which sources were left out.

Nothing of it is read into the plan; it is carried as it is, text by text, from folder to workbook and back.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from planner.errors import InputError, Problem
from planner.findings import written
from planner.read import builtin_folder
from planner.sheets import WORKBOOKS

NAMES = ("provenance", "unused")
"""CSV files and sheets that are carried."""

Companions = Mapping[str, Sequence[Sequence[str]]]
"""Rows of texts by name, the header first."""


def companions(source: str | Path) -> dict[str, list[list[str]]]:
    """What stands beside the tables of a built-in instance, a folder or a workbook.

    Raises:
        InputError: a file of it is no CSV in UTF-8.
    """
    path = Path(source)
    if path.is_file() and path.suffix.lower() in WORKBOOKS:
        return _of_workbook(path)
    folder = path if path.is_dir() else builtin_folder(str(source))
    files = {name: folder / f"{name}.csv" for name in NAMES}
    return {name: _of_file(file) for name, file in files.items() if file.is_file()}


def _of_file(file: Path) -> list[list[str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return [row for row in csv.reader(lines, strict=True) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        told = f"cannot be read as CSV in UTF-8: {error}; save it as 'CSV UTF-8', or take it out"
        raise InputError(file.parent.name, [Problem(file.stem, None, "", file.name, told, file.name)]) from error


def _of_workbook(path: Path) -> dict[str, list[list[str]]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    found = {}
    for name in book.sheet_names:
        if name.strip().lower() in NAMES:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            found[name.strip().lower()] = [[written(cell) for cell in row] for row in rows if any(row)]
    return found


def write_companions(found: Companions, folder: Path) -> None:
    """Write them as CSV files beside the tables of a folder.

    Raises:
        OSError: the folder cannot be written.
    """
    for name, rows in found.items():
        plain = not any("\r" in cell for row in rows for cell in row)  # which is not quoted by itself
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            form = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_MINIMAL if plain else csv.QUOTE_ALL)
            form.writerows(rows)
