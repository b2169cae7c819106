"""A built-in instance, a folder of CSV files, a workbook or frames made in Python: into a checked Instance.

Text columns have dtype ``str``; numbers are ``float64``, whole numbers (``lead_time``, ``rank``) ``int64``. An empty
cell holds its default: an empty text, a number, or ``NaN`` where emptiness has a meaning of its own. The index of a
table is the line of its file.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from pydantic import ValidationError

from planner.cells import read_columns
from planner.check import check
from planner.errors import InputError, Problem
from planner.findings import Findings, shown, suggest, written
from planner.instance import Instance
from planner.periods import ordinal
from planner.sheets import WORKBOOKS, Sheet, Uncomputed, folder_sheets, text_of, workbook_sheets
from planner.tables import LATER_TABLES, TABLES, Header

_NUMBERS = ("periods", "discount_rate", "price_year")
"""Keys of the header that are numbers."""

Table = pd.DataFrame | Sequence[Mapping[str, Any]]
"""A table made in Python: a frame, or a list of rows."""


def builtin_names() -> tuple[str, ...]:
    """Names of the instances that come with the planner."""
    return tuple(sorted(folder.parent.name for shelf in _shelves() for folder in shelf.glob("*/instance.toml")))


def builtin_folder(name: str) -> Path:
    """Folder of a built-in instance, in an installed wheel or in a checkout.

    Raises:
        InputError: there is no built-in instance of this name.
    """
    for shelf in _shelves():
        if name and re.fullmatch(r"[\w.-]+", name) and (shelf / name / "instance.toml").is_file():
            return shelf / name
    hint = suggest(name, builtin_names())
    told = f"'{name}' is no built-in instance, no folder and no workbook{hint}"
    if not hint:
        told += f"; built in are {', '.join(builtin_names())}"
    raise InputError(name, [Problem("instance", None, "", name, told)])


def _shelves() -> list[Path]:
    """Where built-in instances lie: inside an installed package, else beside it in a checkout."""
    inside, beside = Path(__file__).parent / "_instances", Path(__file__).parents[1] / "instances"
    return [inside] if inside.is_dir() else [beside]


@dataclass(frozen=True)
class Raw:
    """An instance as it is written: cells that know their place, nothing of them checked."""

    path: Path
    head: Mapping[str, Any] | None
    """Fields of the header; None where it cannot be read."""
    sheets: Mapping[str, Sheet]
    """Tables by name; in a workbook, the sheet ``instance`` too."""
    lines: Mapping[str, int]
    """Line of each key of the header."""
    unread: tuple[Problem, ...] = ()
    """What could not be read at all."""
    lost: frozenset[str] = frozenset()
    """Tables that could not be read at all."""
    beside: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    """What stands beside the tables (``planner.companions``), for those who write them again."""

    def place(self, table: str, line: int | None, column: str) -> str:
        """File and line, or sheet and cell, as a person finds it."""
        return _place(self.path, self.sheets, self.lines, table, line, column)


def load(source: str | Path) -> Instance:
    """Read and check an instance.

    Args:
        source: name of a built-in instance, a folder with ``instance.toml`` and a CSV file a table, or a workbook
            (.xlsx, .ods) with a sheet ``instance`` and a sheet a table.

    Raises:
        InputError: there is no such source, or it has problems: every one, with its place.
    """
    return checked(raw(source))


def checked(found: Raw) -> Instance:
    """The instance of what is written.

    Raises:
        InputError: it has problems: every one, with its place.
    """
    findings = Findings(found.place)
    findings.problems += found.unread
    findings.lost |= found.lost
    tables = {table: found.sheets[table] for table in TABLES if table in found.sheets}
    return _finish(found.path.stem, found.head, tables, findings, found.lines)


def raw(source: str | Path) -> Raw:
    """An instance as it is written, for those who mend it; ``source`` as for :func:`load`.

    Raises:
        InputError: there is no such source, or it cannot be opened.
    """
    path = Path(source)
    sheets: dict[str, Sheet] = {}
    lines: dict[str, int] = {}
    found = Findings(lambda table, line, column: _place(path, sheets, lines, table, line, column))
    try:
        if path.is_dir():
            head, read = _folder_header(path, lines, found), folder_sheets(path, found)
        elif path.is_file() and path.suffix.lower() in WORKBOOKS:
            every = list(workbook_sheets(path, found))
            sheets.update((sheet.table, sheet) for sheet in every if sheet.table == "instance")
            unread = any(problem.table == "instance" for problem in found.problems)
            head = None if unread else _sheet_header(sheets.get("instance"), lines, found)
            read = iter(sheet for sheet in every if sheet.table != "instance")
        elif path.is_file():
            told = f"{path.name} is no .xlsx or .ods; give its folder, or a workbook"
            raise InputError(path.name, [Problem("instance", None, "", path.name, told)])
        else:
            return raw(builtin_folder(str(source)))
        for sheet in read:
            sheets[sheet.table] = sheet
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
        raise InputError(path.name, [Problem("instance", None, "", str(source), told)]) from error
    return Raw(path, head, sheets, lines, tuple(found.problems), frozenset(found.lost))


def from_frames(header: Header | Mapping[str, Any], tables: Mapping[str, Table]) -> Instance:
    """Check an instance made in Python.

    A frame keeps an index of line numbers that came from :func:`load`; any other frame is numbered as if it stood in
    a CSV file, its first row on line 2.

    Args:
        header: the header, or its fields.
        tables: frames, or lists of rows, by table; tables that are not needed may be left out.

    Raises:
        InputError: every problem, with table, line and column.
    """
    found = Findings(lambda table, line, _: f"{table} line {line}" if line else table)
    sheets = {}
    for table, rows in tables.items():
        if table in TABLES:
            sheets[table] = _frame_sheet(table, rows)
        else:
            later = table in LATER_TABLES
            told = f"the table '{table}' is not yet supported" if later else f"there is no table '{table}'"
            found.fault(table, None, "", table, told + ("" if later else suggest(table, TABLES)))
    head = header.model_dump() if isinstance(header, Header) else dict(header)
    return _finish(written(head.get("name")) or "instance", head, sheets, found)


def replaced(instance: Instance, tables: Mapping[str, Table]) -> Instance:
    """An instance with whole tables replaced; these alone are read again, all is checked again.

    Raises:
        InputError: every problem, with table, line and column.
    """
    if not tables.keys() <= TABLES.keys():
        return from_frames(instance.header, {**instance.tables, **tables})  # which tells of the unknown ones
    found = Findings(lambda table, line, _: f"{table} line {line}" if line else table)
    read = {table: read_columns(_frame_sheet(table, rows), found) for table, rows in tables.items()}
    changed = Instance(instance.header, {**instance.tables, **read}).with_derived(instance)
    found.close_stage()
    check(changed, found)
    problems, warnings = found.in_order()
    if problems:
        raise InputError(instance.name, problems, warnings)
    return replace(changed, warnings=tuple(warnings)).with_derived(changed)


def _frame_sheet(table: str, rows: Table) -> Sheet:
    """A frame as a sheet."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), dtype=object)
    index = frame.index
    kept = pd.api.types.is_integer_dtype(index.dtype) and index.is_unique and (len(index) == 0 or index.min() >= 2)
    lines = index.to_numpy(dtype=np.int64) if kept else np.arange(2, len(frame) + 2)
    cells = [cells for _, cells in frame.items()]
    return Sheet(table, [str(name) for name in frame.columns], cells, lines, "")


def _finish(
    name: str,
    head: Mapping[str, Any] | None,
    sheets: Mapping[str, Sheet],
    found: Findings,
    lines: Mapping[str, int] | None = None,
) -> Instance:
    """Header and sheets into a checked instance; ``lines`` holds the line of each key of the header."""
    header = _header(head, name, found)
    found.close_stage()
    tables = {}
    for table in TABLES:
        sheet = sheets.get(table) or Sheet(table, [], [], np.empty(0, dtype=np.int64), "")
        tables[table] = read_columns(sheet, found)
    home = str((head or {}).get("home", ""))
    instance = Instance(header or Header(name=name, first_period="2000", periods=1, home=home), tables)
    found.close_stage()
    check(instance, found, header_known=header is not None)
    problems, warnings = (_with_lines(group, lines or {}) for group in found.in_order())
    if problems:
        raise InputError(header.name if header else name, problems, warnings)
    return replace(instance, warnings=tuple(warnings)).with_derived(instance)


def _with_lines(problems: Iterable[Problem], lines: Mapping[str, int]) -> list[Problem]:
    """Problems of the header with the line of their key."""
    return [
        replace(problem, line=lines.get(problem.column))
        if problem.table == "instance" and problem.line is None
        else problem
        for problem in problems
    ]


def _place(
    path: Path, sheets: Mapping[str, Sheet], lines: Mapping[str, int], table: str, line: int | None, column: str
) -> str:
    """File and line, or sheet and cell."""
    workbook = path.suffix.lower() in WORKBOOKS and not path.is_dir()
    if table == "instance":
        line = line or lines.get(column)
        if workbook:
            return f"instance!B{line}" if line else path.name
        return f"instance.toml line {line}" if line else "instance.toml"
    if table in sheets:
        return sheets[table].place(line, column)
    name = table if workbook else f"{table}.csv"
    return f"{name} line {line}" if line else name


def _folder_header(folder: Path, lines: dict[str, int], found: Findings) -> Mapping[str, Any] | None:
    """Fields of ``instance.toml``, the line of each in ``lines``; None where it cannot be read."""
    path = folder / "instance.toml"
    if not path.is_file():
        found.fault("instance", None, "", "", f"there is no instance.toml in {folder.name}")
        return None
    text = text_of(path, "instance", found)
    if text is None:
        return None
    for number, content in enumerate(text.splitlines(), start=1):
        match = re.match(r"\s*\[?([A-Za-z0-9_-]+)\"?\s*(=|\])", content)
        if match:
            lines.setdefault(match[1], number)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        content = text.splitlines()[line - 1].strip() if line <= len(text.splitlines()) else ""
        told = f"is no TOML: {re.sub(r' *[(]at .*[)]', '', str(error))}; write key = value, texts in quotes"
        found.fault("instance", line, "", content, told)
        return None


def _sheet_header(sheet: Sheet | None, lines: dict[str, int], found: Findings) -> Mapping[str, Any] | None:
    """Fields of the sheet ``instance`` (columns key, value), the row of each in ``lines``."""
    if sheet is None:
        found.fault("instance", None, "", "", "the workbook has no sheet 'instance' with the columns key and value")
        return None
    if not {"key", "value"} <= set(sheet.header):
        found.fault("instance", 1, "", ", ".join(sheet.header), "needs the columns key and value")
        return None
    head: dict[str, Any] = {}
    keys, values = (sheet.cells[sheet.header.index(name)] for name in ("key", "value"))
    for key, value, line in zip(keys, values, sheet.lines, strict=True):
        name = written(key).strip()
        if name in head:
            found.fault("instance", int(line), name, value, f"'{name}' stands twice: in rows {lines[name]} and {line}")
        lines.setdefault(name, int(line))
        whole = isinstance(value, float) and value.is_integer()
        head.setdefault(name, int(value) if whole else value)
    return {name: value for name, value in head.items() if value != ""}


def _header(head: Mapping[str, Any] | None, name: str, found: Findings) -> Header | None:
    """The header without what is wrong in it, or None where it leaves the horizon unknown."""
    if head is None:
        return None
    fields = Header.model_fields
    values: dict[str, Any] = {}
    for key, value in head.items():
        if key not in fields:
            hint = suggest(key, fields) or f"; the keys are {', '.join(fields)}"
            found.fault("instance", None, key, value, f"there is no key '{key}'{hint}")
        elif isinstance(value, bool | Uncomputed):
            found.fault("instance", None, key, value, f"{shown(value)} is no value for {key}")
        elif key in _NUMBERS and isinstance(value, str):
            told = f"{shown(value)} is text; write a number without quotes"
            found.fault("instance", None, key, value, told)
        else:
            values[key] = written(value) if key not in _NUMBERS and isinstance(value, int | float) else value
    try:
        header = Header.model_validate(values)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]): dict(fault) for fault in error.errors()}
        for key, fault in wrong.items():
            if key in values or key not in head:
                found.fault("instance", None, key, values.get(key), _header_fault(key, values, fault))
        if not wrong.keys().isdisjoint({"first_period", "periods", "period_length"}):
            return None
        values = {"name": name} | {key: value for key, value in values.items() if key not in wrong}
        header = Header.model_validate(values)
    if ordinal(header.first_period, header.period_length) is None:
        form = {"year": "2027", "quarter": "2027Q1", "month": "2027-03"}[header.period_length]
        told = f"'{header.first_period}' is no {header.period_length}; write it as {form}, or mend period_length"
        found.fault("instance", None, "first_period", header.first_period, told)
        return None
    return header


def _header_fault(key: str, values: Mapping[str, Any], fault: Mapping[str, Any]) -> str:
    """What is wrong with a key of the header, and what would be right."""
    kind, limits = fault["type"], fault.get("ctx", {})
    value = shown(values.get(key))
    if kind == "missing":
        meaning = Header.model_fields[key].description or ""
        return f"the key '{key}' is missing: {meaning[0].lower()}{meaning[1:]}".rstrip(".").replace("`", "")
    if kind == "literal_error":
        choices = [str(choice) for choice in get_args(Header.model_fields[key].annotation)]
        return f"{value} is none of {', '.join(choices)}{suggest(str(values[key]), choices)}"
    if kind == "less_than_equal" and key == "discount_rate":
        return f"{value} is above 1 (a fraction: {float(values[key]) / 100:.10g} for {float(values[key]):.10g} %)"
    if kind in ("greater_than_equal", "less_than_equal"):
        side = "below" if "ge" in limits else "above"
        return f"{value} is {side} {written(float(limits.get('ge', limits.get('le'))))}"
    if kind == "string_pattern_mismatch":
        return f"{value} is no period: write 2027, 2027Q1 or 2027-03"
    if kind == "string_too_short":
        return "is empty; give a name"
    kinds: Iterable[tuple[str, str]] = (
        ("int", "a whole number"),
        ("float", "a number"),
        ("string", "a text in quotes"),
    )
    wanted = next((told for start, told in kinds if kind.startswith(start)), "a number")
    return f"{value} is not {wanted}"
