"""Cells as written into columns of one kind: texts (dtype ``str``), numbers (``float64``), whole numbers (``int64``).

Columns are checked as a whole (``tables.Column.adapter``, 0.25 s for a million numbers); only a column with a fault is
looked at cell by cell, so that each fault is told with its remedy.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from planner.findings import Findings, shown, suggest, written
from planner.sheets import Sheet, Uncomputed
from planner.tables import Column, columns

Faults = dict[int, tuple[object, str]]
"""Row position: the cell and what is wrong with it."""

_EXCEL_ERRORS = re.compile(r"#(N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)|Err:\d{3}")
_NOTHING = frozenset({"na", "n/a", "n.a.", "nan", "null", "none", "-", "--", "–", "—", "?", "unlimited", "unknown"})
_COMMA = re.compile(r"[+-]?\d{1,12},\d+")
_GROUPED = re.compile(r"[+-]?\d{1,3}([ ,._'\u00a0\u202f]\d{3})+([.,]\d+)?")


def read_columns(sheet: Sheet, found: Findings) -> pd.DataFrame:
    """A table with every column of its row model, defaults filled in; the index is the line.

    A cell with a problem holds its default, or nothing.
    """
    known = columns(sheet.table)
    at = _positions(sheet, known, found)
    frame: dict[str, Any] = {}
    rows = len(sheet.lines)
    for name, column in known.items():
        if name not in at:
            if column.required and (rows or sheet.header):
                near = suggest(name, [title for title in sheet.header if title not in known])
                told = f"the column '{name}' is missing: {column.meaning[0].lower()}{column.meaning[1:]}"
                found.fault(sheet.table, None, name, "", told.rstrip(".") + near)
            frame[name] = _filled(column, rows)
            continue
        cells = sheet.cells[at[name]]
        values, faults = _numbers(cells, column) if column.numeric else _texts(cells, column, sheet.table)
        frame[name] = values
        _report(sheet, name, faults, found)
    return pd.DataFrame(frame, index=pd.Index(sheet.lines, dtype=np.int64, name="line"))


def _report(sheet: Sheet, column: str, faults: Faults, found: Findings) -> None:
    """Note the faults of one column, all those with the same message as one group."""
    groups: dict[str, list[int]] = {}
    for at, (_, message) in faults.items():
        groups.setdefault(message, []).append(at)
    for message, places in groups.items():
        cells = pd.DataFrame({column: [written(faults[at][0]) for at in places]}, index=sheet.lines[places])
        found.rows(sheet.table, cells, np.ones(len(places), dtype=bool), column, message)


def _positions(sheet: Sheet, known: Mapping[str, Column], found: Findings) -> dict[str, int]:
    """Where each known column stands; unknown, unnamed and repeated columns are problems."""
    at: dict[str, int] = {}
    line = max(1, int(sheet.lines[0]) - 1) if len(sheet.lines) else 1
    for position, name in enumerate(sheet.header):
        if name in at:
            found.fault(sheet.table, line, name, name, f"the column '{name}' stands twice; take one out")
        elif name in known:
            at[name] = position
        elif not name:
            found.fault(sheet.table, line, "", "", f"column {position + 1} has no name")
        else:
            hint = suggest(name, [title for title in known if title not in sheet.header]) or suggest(name, known)
            hint = hint or f"; its columns are {', '.join(known)}"
            found.fault(sheet.table, line, name, name, f"{sheet.table} has no column '{name}'{hint}")
    return at


def _filled(column: Column, rows: int) -> Any:
    """A column of empty cells."""
    if column.numeric:
        whole = isinstance(column.default, int)
        return np.full(
            rows, np.nan if column.default is None else column.default, dtype="int64" if whole else "float64"
        )
    return pd.array([column.default or ""] * rows, dtype="str")


def _missing(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    empty: npt.NDArray[np.bool_] = np.asarray(pd.isna(cells)) | (cells == "")
    return empty


def _numbers(cells: Any, column: Column) -> tuple[npt.NDArray[Any], Faults]:
    """A column of numbers and its faults."""
    values = _filled(column, len(cells))
    array = _objects(cells)
    missing = _missing(array)
    faults: Faults = {}
    if missing.any() and column.required:
        faults = {int(at): ("", f"is empty; give a number ({column.unit})") for at in np.flatnonzero(missing)}
    filled = np.flatnonzero(~missing)
    given = array[filled].tolist()
    try:
        if _disguised(given):
            raise ValueError
        values[filled] = column.adapter.validate_python(given)
    except (ValidationError, ValueError):
        for at, cell in zip(filled.tolist(), given, strict=True):
            blank = isinstance(cell, str) and not cell.strip()
            if blank and not column.required:
                continue
            fault = f"is empty; give a number ({column.unit})" if blank else number_fault(cell, column)
            if fault:
                faults[at] = (cell, fault)
            else:
                values[at] = column.adapter.validate_python([cell])[0]
    return values, faults


def _objects(cells: Any) -> npt.NDArray[np.object_]:
    """Cells as an array of objects, whatever holds them."""
    if isinstance(cells, pd.Series):
        return cells.to_numpy(dtype=object, copy=True)
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def _disguised(cells: Sequence[Any]) -> bool:
    """Whether a cell is a number to Python and not to people: a text with an underscore, a truth value."""
    return any("_" in cell if isinstance(cell, str) else isinstance(cell, bool | np.bool_) for cell in cells)


def number_fault(cell: object, column: Column) -> str:
    """What is wrong with a cell that should hold a number, and what would be right; empty if nothing is."""
    whole = isinstance(column.default, int)
    if isinstance(cell, Uncomputed):
        return _uncomputed(cell)
    if isinstance(cell, bool | np.bool_) or str(cell).strip().lower() in ("true", "false"):
        return f"{shown(cell)} is a truth value, not a number ({column.unit})"
    if isinstance(cell, datetime.date | datetime.time | datetime.timedelta):
        return f"{shown(cell)} is a date, not a number ({column.unit}); format the cell as a number"
    if isinstance(cell, str):
        fault = _text_fault(cell.strip(), column)
        if fault:
            return fault
    try:
        column.adapter.validate_python([cell])
    except ValidationError as error:
        kind, limits = error.errors()[0]["type"], error.errors()[0].get("ctx", {})
    else:
        return ""
    if kind == "greater_than_equal":
        return f"{shown(cell)} is below {written(float(limits['ge']))} ({column.unit})"
    if kind in ("less_than_equal", "less_than"):
        return _too_large(cell, limits, column)
    if kind == "finite_number":
        hint = "leave the cell empty for no limit" if column.default is None else "give a finite number"
        return f"{shown(cell)} is not finite; {hint}"
    return f"{shown(cell)} is not a {'whole number' if whole else 'number'} ({column.unit})"


def _too_large(cell: object, limits: Mapping[str, Any], column: Column) -> str:
    most = float(limits["le"] if "le" in limits else limits["lt"])
    told = f"{shown(cell)} is {'above' if 'le' in limits else 'not below'} {written(most)}"
    number = float(str(cell))
    if most == 1 and number > 1:
        return f"{told} (a fraction: {number / 100:.10g} for {number:.10g} %)"
    return f"{told} ({column.unit})"


def _text_fault(text: str, column: Column) -> str:
    """What is wrong with a text that should be a number, where its form tells."""
    if _EXCEL_ERRORS.fullmatch(text):
        return f"{text} is an error of the spreadsheet; mend the formula or type the number"
    if text.lower() in _NOTHING:
        remedy = "give one" if column.required else "leave the cell empty"
        return f"{shown(text)} is not a number ({column.unit}); {remedy}"
    if text.lower().lstrip("+-") in ("inf", "infinity", "∞"):
        hint = "leave the cell empty for no limit" if column.default is None else "give a finite number"
        return f"{shown(text)} is not finite; {hint}"
    if text.endswith("%"):
        number = text[:-1].strip().replace(",", ".")
        if re.fullmatch(r"[+-]?\d*\.?\d+", number):
            return f"{shown(text)} is a percentage, not a number; type {float(number) / 100:.10g}"
    if _GROUPED.fullmatch(text) and not re.fullmatch(r"[+-]?\d+\.\d+", text):
        return f"{shown(text)} is text, not a number; type {_ungrouped(text)}"
    if "_" in text:
        return f"{shown(text)} is not a number; type {text.replace('_', '')}"
    if _COMMA.fullmatch(text):
        return f"{shown(text)} is text, not a number; type {text.replace(',', '.')}"
    return ""


def _ungrouped(text: str) -> str:
    """The ways in which a number with separators may have been meant."""
    last = re.search(r"[.,](\d+)$", text)
    marks = set(re.sub(r"[\d+-]", "", text))
    plain = re.sub(r"[^\d+-]", "", text)
    if last and len(marks) == 2:
        return re.sub(r"[^\d+-]", "", text[: last.start()]) + "." + last[1]
    if last and len(re.findall(r"[.,]", text)) == 1:
        return f"{plain}, or {text.replace(',', '.')} if it is a decimal"
    return plain


def _uncomputed(cell: Uncomputed) -> str:
    return f"{shown(str(cell))} is a formula without a value; open the workbook, let it calculate and save it"


def _texts(cells: Any, column: Column, table: str) -> tuple[Any, Faults]:
    """A column of texts and its faults; each different text is looked at once."""
    array = _objects(cells)
    array[_missing(array)] = ""
    codes, uniques = pd.factorize(array)
    clean, wrong = [], {}
    for code, cell in enumerate(uniques):
        text, fault = _text(cell, column, table)
        clean.append(text)
        if fault:
            wrong[code] = fault
    texts = np.array(clean, dtype=object)[codes] if clean else np.empty(0, dtype=object)
    values = pd.array(texts, dtype="str")
    if not wrong:
        return values, {}
    bad = np.flatnonzero(np.isin(codes, list(wrong)))
    return values, {int(at): (array[at], wrong[int(codes[at])]) for at in bad}


def _text(cell: object, column: Column, table: str) -> tuple[str, str]:
    """One text, clean, and what is wrong with it."""
    default = column.default or ""
    text = written(cell).strip()
    if isinstance(cell, Uncomputed):
        return default, _uncomputed(cell)
    if _EXCEL_ERRORS.fullmatch(text):
        return default, f"{text} is an error of the spreadsheet; mend the formula or type the text"
    if isinstance(cell, datetime.date):
        return default, f"{shown(cell)} is a date; format the cell as text and type it as 2027, 2027Q1 or 2027-03"
    if not text:
        return default, f"is empty; give {_what(column)}" if column.required else ""
    if column.choices:
        return (text, "") if text in column.choices else (default, _no_choice(text, column, cell))
    if column.unit == "period":
        good = re.fullmatch(r"\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?", text)
        return (text, "") if good else (default, f"{shown(text)} is no period: write 2027, 2027Q1 or 2027-03")
    return text, ""


def _what(column: Column) -> str:
    return f"one of {', '.join(column.choices)}" if column.choices else "a name" if column.unit == "name" else "it"


def _no_choice(text: str, column: Column, cell: object) -> str:
    choices = [choice for choice in column.choices if choice]
    if isinstance(cell, bool) and "yes" in choices:
        return f"{shown(text)} is a truth value; type {'yes' if cell else 'no'}"
    return f"{shown(text)} is none of {', '.join(choices)}{suggest(text, choices)}"
